from __future__ import annotations

import json
from uuid import uuid4

import pytest

from consent.models import GateReport, ImpressionTotal, SiteSighting
from cookiebanner.counters import Counters
from tests.cookiebanner.releases import release, site

pytestmark = pytest.mark.django_db
ORIGIN = {"Origin": "https://www.shop.example"}


@pytest.fixture
def shop():
    made = site()
    release(made)
    return made


@pytest.fixture
def counters(monkeypatch):
    made = Counters()
    monkeypatch.setattr(made, "start", lambda: None)  # no thread: it would write past the test's transaction
    monkeypatch.setattr("cookiebanner.public_api.counts.counters", made)
    return made


def post(client, what, body, headers=ORIGIN):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post(f"/api/v1/{what}", data, content_type="text/plain;charset=UTF-8", headers=headers)


def test_impressions_are_counted_and_added_up_over_flushes(client, shop, counters):
    body = {"site": str(shop.uuid), "release": 1, "regime": "us_ca", "language": "de", "kind": "banner"}
    for _ in range(3):
        assert post(client, "impressions", body).status_code == 204
    counters.flush()
    assert post(client, "impressions", body | {"site": f"{shop.uuid}-test"}).status_code == 204
    assert post(client, "impressions", {"site": str(shop.uuid), "kind": "view"}).status_code == 204
    counters.flush()
    rows = ImpressionTotal.objects.filter(site_id=shop.pk).order_by("kind")
    assert list(rows.values_list("release", "regime", "jurisdiction", "language", "kind", "count")) == [
        (1, "us_ca", "*", "de", "banner", 4),
        (1, "eu_opt_in", "*", "en", "view", 1),
    ]


def test_reports_and_the_sighting_are_kept_once_per_subject(client, shop, counters):
    items = [{"kind": "unknown", "subject": "Evil.Example"}, {"kind": "disarmed", "subject": "fetch"}]
    body = {"site": str(shop.uuid), "release": 1, "level": "snippet", "page": "www.shop.example", "items": items}
    assert post(client, "reports", body).status_code == 204
    counters.flush()
    assert post(client, "reports", body | {"level": "strict", "items": items[:1]}).status_code == 204
    counters.flush()
    rows = GateReport.objects.order_by("kind").values_list("site", "kind", "subject", "count", "page_host")
    assert list(rows) == [
        (shop.pk, "disarmed", "fetch", 1, "www.shop.example"),
        (shop.pk, "unknown", "evil.example", 2, "www.shop.example"),
    ]
    seen = SiteSighting.objects.values_list("site", "host", "level", "release")
    assert list(seen) == [(shop.pk, "www.shop.example", "strict", 1)]


def test_a_site_keeps_a_bounded_number_of_subjects(client, shop, counters, monkeypatch):
    monkeypatch.setattr("consent.stats.actions.REPORTS_PER_SITE", 10)
    for start in (0, 40):
        items = [{"kind": "unknown", "subject": f"h{start + i}.example"} for i in range(40)]
        assert post(client, "reports", {"site": str(shop.uuid), "items": items}).status_code == 204
        counters.flush()
    assert GateReport.objects.count() == 10


@pytest.mark.parametrize(
    ("change", "headers", "expected"),
    [
        ({"kind": "other"}, ORIGIN, (400, "invalid_field")),
        ({"extra": 1}, ORIGIN, (400, "unknown_field")),
        ({"site": str(uuid4())}, ORIGIN, (404, "unknown_site")),
        ({"site": "x"}, ORIGIN, (400, "invalid_field")),
        ({}, {}, (403, "origin_not_allowed")),
        ({}, {"Origin": "https://evil.example"}, (403, "origin_not_allowed")),
        ({}, {"Origin": "https://evilshop.example"}, (403, "origin_not_allowed")),
        ({"release": 7}, ORIGIN, (422, "unknown_release")),
        ({"release": -1}, ORIGIN, (400, "invalid_field")),
        ({"regime": "atlantis"}, ORIGIN, (422, "unknown_regime")),
        ({"language": "tlh"}, ORIGIN, (422, "unknown_language")),
        ({"language": "x" * 9000}, ORIGIN, (413, "too_large")),
    ],
)
def test_what_is_wrong_is_refused_and_not_counted(client, shop, counters, change, headers, expected):
    answer = post(client, "impressions", {"site": str(shop.uuid), "kind": "banner"} | change, headers)
    assert (answer.status_code, json.loads(answer.content)["code"]) == expected
    assert answer["Content-Type"] == "application/problem+json"
    counters.flush()
    assert ImpressionTotal.objects.count() == 0


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe", b"null"])
@pytest.mark.parametrize("what", ["impressions", "reports"])
def test_what_is_not_json_is_refused(client, shop, counters, body, what):
    assert post(client, what, body).status_code == 400


def test_what_could_not_be_written_is_written_later(client, shop, counters, monkeypatch):
    from django.db import OperationalError

    body = {"site": str(shop.uuid), "kind": "banner"}
    post(client, "impressions", body)

    def away(counts):
        raise OperationalError("gone")

    with monkeypatch.context() as broken:
        broken.setattr("consent.stats.actions.add_impressions", away)
        counters.flush()
    post(client, "impressions", body)
    counters.flush()
    assert ImpressionTotal.objects.get().count == 2
