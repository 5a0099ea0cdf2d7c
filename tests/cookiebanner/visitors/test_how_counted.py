"""What is counted from now on, through both doors: devices, layers, times to answer, GPC; and nothing of it is kept."""

from __future__ import annotations

import asyncio
import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError
from django.db.models import Sum

from consent.answers import schema
from consent.models import AnsweredTotal, AskedTotal, ConsentRecord, DailyTotal, ShownTotal
from consent.stats import numbers, queries
from cookiebanner.lane.app import Lane
from cookiebanner.visitors.counts import counters
from cookiebanner.wsgi import application as django
from tests import corpus
from tests.cookiebanner.lane.asgi import Running, ask
from tests.values import present

pytestmark = pytest.mark.django_db(transaction=True)
PHONE = {"User-Agent": "Mozilla/5.0 (iPhone) Mobile/15E148", "Sec-CH-UA-Mobile": "?1"}
DESKTOP = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0"}
ALL = {"categories": {"C0001": "granted", "C0002": "granted", "C0004": "granted"}}
NONE = {"categories": {"C0001": "granted", "C0002": "denied", "C0004": "denied"}}


def answer(headers, **changes):
    body = corpus.DATA["body"] | {"id": str(uuid.uuid4()), "visitor": str(uuid.uuid4())} | changes
    return "/api/v1/consents", headers, body


def impression(headers, kind, **changes):
    body = {"site": corpus.DATA["site"], "kind": kind, "release": 1, "regime": "eu_opt_in", "language": "en", **changes}
    return "/api/v1/impressions", headers, body


def walk():
    """Requests as gates send them, and the statuses they get."""
    twice = answer(PHONE, action="accept_all", choices=ALL, layer="banner", time_to_answer=2500)
    first = str(uuid.uuid4())
    return [
        *[(impression(PHONE, "banner"), 204)] * 4,
        (impression(DESKTOP, "banner", gpc=True), 204),
        (impression(DESKTOP | {"Sec-GPC": "1"}, "view"), 204),
        *[(impression(PHONE, "view", gpc=False), 204)] * 3,
        (twice, 201),
        (twice, 200),  # a replay is counted once
        (answer(PHONE, id=first, action="custom", layer="preferences", time_to_answer=45_000), 201),
        (answer(PHONE, replaces=first, action="withdraw", choices=NONE, layer="preferences"), 201),
        (answer(DESKTOP | {"Sec-GPC": "1"}, action="gpc", choices=NONE, layer="signal"), 201),
        (answer(DESKTOP, action="reject_all", choices=NONE, layer="made up by a client", time_to_answer=None), 201),
        (answer(DESKTOP, action="reject_all", choices=NONE, layer="banner", time_to_answer=-1), 400),
        (answer(DESKTOP, action="reject_all", choices=NONE, layer="banner", time_to_answer=86_400_001), 400),
        (answer(DESKTOP, action="reject_all", choices=NONE, layer="banner", time_to_answer="soon"), 400),
        (answer(DESKTOP, action="reject_all", choices=NONE, layer="banner", time_to_answer=True), 400),
        (impression(DESKTOP, "banner", gpc=1), 400),
    ]


def through_django(client, requests):
    found = []
    for path, headers, body in requests:
        got = client.post(path, json.dumps(body), "text/plain", headers={"Origin": "https://shop.example", **headers})
        found.append(got.status_code)
    return found


def through_the_lane(client, requests):
    async def go():
        async with Running(Lane(django)) as lane:
            sent = [
                (path, [("Origin", "https://shop.example"), ("Content-Type", "text/plain"), *headers.items()], body)
                for path, headers, body in requests
            ]
            return [
                (await ask(lane, "POST", path, pairs, json.dumps(body).encode())).status for path, pairs, body in sent
            ]

    return asyncio.run(go())


@pytest.mark.parametrize("send", [through_django, through_the_lane])
def test_what_is_counted(client, send):
    site = corpus.make_world()
    counters.flush()
    steps = walk()
    assert send(client, [request for request, _ in steps]) == [status for _, status in steps]
    counters.flush()
    today = datetime.now(UTC).date()
    found = queries.circumstances(site.pk, today - timedelta(days=1), today)  # it may be midnight
    chosen = numbers.Chosen(today - timedelta(days=1), today)
    by = {name: numbers.outcomes(site.pk, chosen, name) for name in numbers.BY}
    assert [(r.name, r.banners, r.yes, r.some, r.no, r.unanswered) for r in by["device"]] == [
        ("phone", 4, 1, 1, 0, 2),
        ("desktop", 1, 0, 0, 0, 1),
    ]
    assert [(r.name, r.banners, r.decisions) for r in by["layer"]] == [("banner", 0, 1), ("preferences", 0, 1)]
    for name in ("place", "law", "language", "release", "arm", "day"):
        whole = numbers.total(by[name])
        assert (name, whole.banners, whole.yes, whole.some, whole.decisions) == (name, 5, 1, 1, 2)
        assert (whole.granted, whole.denied) == ({"C0002": 2, "C0004": 1}, {"C0004": 1})
    assert [[r.name for r in by[name]] for name in ("place", "law", "language", "release", "arm")] == [
        ["*"], ["eu_opt_in"], ["en"], ["1"], [""]
    ]  # fmt: skip
    assert {bucket: count for bucket, count in found.times.items() if count} == {"<3s": 1, "<60s": 1}
    assert (found.gpc_banners, queries.gpc_share(site.pk, today - timedelta(days=1), today)) == (1, 0.2)
    assert DailyTotal.objects.aggregate(n=Sum("count"))["n"] == 5
    assert set(ShownTotal.objects.values_list("kind", "gpc")) == {
        ("banner", False),
        ("banner", True),
        ("view", True),
        ("view", False),
    }
    assert AnsweredTotal.objects.filter(release=1, site_id=site.pk).aggregate(n=Sum("count"))["n"] == 5
    for record in ConsentRecord.objects.filter(type="consent"):
        assert not {"time_to_answer", "device", "waited", "asked", "how"} & json.loads(present(record.payload)).keys()


def test_what_could_not_be_written_is_written_later(client, monkeypatch):
    corpus.make_world()
    requests = [request for request, _ in walk()]
    through_django(client, requests)

    def away(counts):
        raise OperationalError("gone")

    for broken in ("add_shown", "add_answered", "add_asked"):
        with monkeypatch.context() as patch:
            patch.setattr(f"consent.stats.actions.{broken}", away)
            counters.flush()
    counters.flush()
    counters.flush()
    assert AnsweredTotal.objects.aggregate(n=Sum("count"))["n"] == 5
    assert ShownTotal.objects.aggregate(n=Sum("count"))["n"] == 9
    whole = AskedTotal.objects.filter(by="all")
    assert dict(whole.values_list("what").annotate(n=Sum("count"))) == {
        "banner": 5, "yes": 1, "some": 1, "+C0002": 2, "+C0004": 1, "-C0004": 1
    }  # fmt: skip


def test_what_is_no_visitors_answer_to_a_banner_is_not_counted(client):
    """Imports, the testing script, and what a page's own code says; each is recorded all the same."""
    site = corpus.make_world()
    counters.flush()
    yes = {"action": "accept_all", "choices": ALL, "layer": "banner"}
    steps = [
        (answer(PHONE, **yes | {"action": "import", "choices": {**ALL, "services": {"ads": "not_offered"}}}), 201),
        (answer(PHONE, **yes, test=True), 201),
        (answer(PHONE, **yes | {"layer": "api"}), 201),
        (answer(PHONE, **yes, arm="A"), 422),  # this release tests nothing
        (answer(PHONE, **yes, arm="C"), 400),
        (impression(PHONE, "banner", site=f"{corpus.DATA['site']}-test"), 204),
    ]
    assert through_django(client, [request for request, _ in steps]) == [status for _, status in steps]
    counters.flush()
    assert AskedTotal.objects.count() == ShownTotal.objects.count() == 0
    records = [json.loads(present(r.payload)) for r in ConsentRecord.objects.filter(site_id=site.pk, type="consent")]
    assert [record.get("test") for record in records] == [None, "accept_all", None]


def test_a_body_without_the_field_has_the_request_hash_that_it_always_had():
    body = json.dumps(corpus.DATA["body"] | {"id": str(uuid.UUID(int=7))}).encode()
    assert schema.request_hash(schema.decode(body)).hex() == GOLDEN


GOLDEN = "707bb1e4324888b53d515fedb20ec802dff02663526707cf50357b17da46b618"  # by 1b79d33, which knew no time to answer
