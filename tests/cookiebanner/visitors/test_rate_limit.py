"""One guard for all public POSTs: each kind has its allowance."""

from __future__ import annotations

import asyncio
import json
import uuid

import pytest

from cookiebanner.lane.app import Lane
from cookiebanner.visitors import rate_limit, rate_limit_table
from cookiebanner.visitors.rate_limit import HOUR
from cookiebanner.visitors.rate_limit_table import RateLimitTable
from cookiebanner.wsgi import application as wsgi
from tests import corpus
from tests.cookiebanner.lane.asgi import Running, ask
from tests.cookiebanner.sample_releases import release, site


@pytest.fixture(autouse=True)
def _fresh(monkeypatch):
    monkeypatch.setattr(rate_limit, "rate_limit", RateLimitTable())
    monkeypatch.setattr(rate_limit, "_hours", RateLimitTable(unit=60))


@pytest.fixture(autouse=True)
def _no_thread(monkeypatch):
    monkeypatch.setattr("cookiebanner.visitors.counts.Counters.start", lambda self: None)


def send(client, kind, shop, peer="203.0.113.7"):
    body, path = {"site": str(shop.uuid)}, f"/api/v1/{kind}"
    if kind == "consents":
        body = corpus.DATA["body"] | body | {"id": str(uuid.uuid4())}
    elif kind == "impressions":
        body |= {"kind": "banner"}
    data = json.dumps(body)
    if kind == "state":
        path, data = "/.well-known/fairgate/state", "v=1&r=3&t=1795294000&g=eu_opt_in&c=C0002:1"
    return client.post(
        path, data, content_type="text/plain", headers={"Origin": "https://shop.example", "Host": "shop.example"},
        REMOTE_ADDR=peer,
    )  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(("kind", "passes"), [("consents", 4), ("impressions", 4), ("reports", 2), ("state", 40)])
def test_every_public_post_is_limited_per_client_and_says_when_to_come_back(client, settings, kind, passes):
    settings.FAIRGATE_RATE_LIMIT = 4
    shop = site()
    release(shop)
    answers = [send(client, kind, shop) for _ in range(passes + 3)]
    assert [answer.status_code == 429 for answer in answers] == [False] * passes + [True] * 3
    refused = answers[-1]
    assert refused["Content-Type"] == "application/problem+json"
    assert (refused.json()["code"], 1 <= int(refused["Retry-After"]) <= 61) == ("rate_limited", True)
    assert send(client, kind, shop, "203.0.113.8").status_code != 429
    for other in {"consents", "impressions", "reports", "state"} - {kind}:
        assert send(client, other, shop).status_code != 429


@pytest.mark.django_db
def test_each_allowance_has_its_setting_and_nought_is_no_limit(client, settings):
    shop = site()
    release(shop)
    settings.FAIRGATE_RATE_LIMIT = 1
    settings.FAIRGATE_IMPRESSION_LIMIT, settings.FAIRGATE_REPORT_LIMIT = 3, 0
    assert [send(client, "impressions", shop).status_code for _ in range(4)] == [204, 204, 204, 429]
    assert {send(client, "reports", shop).status_code for _ in range(50)} == {204}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", ["consents", "impressions", "reports"])
def test_a_request_that_had_to_wait_for_the_database_counts_once(settings, kind):
    settings.FAIRGATE_RATE_LIMIT = settings.FAIRGATE_IMPRESSION_LIMIT = settings.FAIRGATE_REPORT_LIMIT = 1
    shop = site()
    release(shop)
    body = {"site": str(shop.uuid)}
    if kind == "consents":
        body = corpus.DATA["body"] | body | {"id": str(uuid.uuid4())}
    elif kind == "impressions":
        body["kind"] = "banner"
    headers = [("Origin", "https://shop.example"), ("Content-Type", "text/plain")]

    async def go():
        async with Running(Lane(wsgi)) as lane:
            sent = json.dumps(body).encode()
            return [(await ask(lane, "POST", f"/api/v1/{kind}", headers, sent)).status for _ in range(2)]

    first, second = asyncio.run(go())
    assert first != 429
    assert second == 429


def test_a_client_counts_at_most_ten_minutes_worth_in_an_hour(settings, monkeypatch):
    settings.FAIRGATE_RATE_LIMIT = 6
    clock = [0.0]
    monkeypatch.setattr(rate_limit_table.time, "monotonic", lambda: clock[0])
    passed = 0
    for minute in range(60):
        clock[0] = minute * 60.0
        for _ in range(20):
            try:
                rate_limit.admit("impressions", {}, "203.0.113.7")
                passed += 1
            except rate_limit.RateLimited as refused:
                assert 1 <= refused.wait <= 3660
    assert passed == 6 * HOUR
