from __future__ import annotations

import json
from uuid import uuid4

import msgspec
import pytest

from consent.models import GateReport, ImpressionTotal, SiteSighting
from consent.stats import schema
from cookiebanner.visitors.counts import MOST_OF_A_SITE, Counters
from tests.cookiebanner.sample_releases import release, site

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
        (1, "us_ca", "*", "de", "banner", 3),  # not that of the testing script
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


def test_of_unknown_ids_and_broken_files_only_a_short_name_is_kept(client, shop, counters):
    subjects = ["C0OO4", "ui.pt-BR", "https://shop.example/reset?token=5e3c", "a@b.example", "x" * 41, "", "C0009\n"]
    items = [{"kind": kind, "subject": subject} for kind in ("unknown_id", "broken") for subject in subjects]
    assert post(client, "reports", {"site": str(shop.uuid), "release": 1, "items": items}).status_code == 204
    counters.flush()
    rows = GateReport.objects.order_by("kind", "subject").values_list("kind", "subject", "count")
    assert list(rows) == [
        (kind, subject, count)
        for kind in ("broken", "unknown_id")
        for subject, count in (("C0OO4", 1), ("other", 1), ("ui.pt-BR", 1))
    ]
    assert {row.get_kind_display() for row in GateReport.objects.all()} == {
        "The page names an unknown category or service", "A file of ours did not do its work",
    }  # fmt: skip


def test_of_an_answer_that_nothing_keeps_no_more_is_said(client, shop, counters):
    for subject, status in (("answer", 204), ("alice@shop.example", 422), ("", 422)):
        items = [{"kind": "unkept", "subject": subject}]
        assert post(client, "reports", {"site": str(shop.uuid), "items": items}).status_code == status
    counters.flush()
    assert list(GateReport.objects.values_list("kind", "subject", "count")) == [("unkept", "answer", 1)]


def test_every_kind_that_is_taken_has_words(counters):
    (kinds,) = [field.type.__args__ for field in msgspec.structs.fields(schema.Item) if field.name == "kind"]
    assert sorted(kinds) == sorted(GateReport.Kind.values)


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


def report(client, shop, *subjects, kind="unknown", **more):
    items = [{"kind": kind, "subject": subject} for subject in subjects]
    return post(client, "reports", {"site": str(shop.uuid), "items": items} | more)


@pytest.mark.parametrize(
    ("kind", "sent", "kept"),
    [
        ("unknown", "Px.Evil.Example.", "px.evil.example"),
        ("unknown", "[2001:db8::1]", "2001:db8::1"),
        ("unknown", "https://x.example/?token=secret", None),
        ("unknown", "x.example/path", None),
        ("unknown", "alice@example.org", None),
        ("unknown", "x.example:443", None),
        ("unknown", "<script>", None),
        ("unknown", "a b", None),
        ("unknown", "x\u202egro.example", None),
        ("unknown", "", None),
        ("unknown", "a" * 64 + ".example", None),
        ("unknown", "a." * 150 + "example", None),
        ("disarmed", "insertBefore", "insertBefore"),
        ("disarmed", "https://x.example/?token=secret", None),
        ("late", "async", "async"),
        ("late", "defer", "defer"),
        ("late", "inserted", "inserted"),
        ("before", "www.GoogleTagManager.com", "www.googletagmanager.com"),
        ("before", "https://t.example/x?u=ada", None),
        ("late", "never", None),
        ("missing", "hbspt", "hbspt"),
        ("missing", "secret of ada@example.org", "other"),
        ("disarmed", "worker-src", "worker-src"),
        ("design", "fg-b: color,width", "banner: color, width"),
        ("design", "ot-pc-refuse-all-handler fg-b: visibility,secret", "preferences: visibility"),
        ("design", "my-token-123 fg-b: zoom", "banner: other"),
        ("design", "alice@example.org", None),
    ],
)
def test_a_report_is_about_a_host_name_or_a_word_of_ours(client, shop, counters, kind, sent, kept):
    answer = report(client, shop, sent, kind=kind)
    assert answer.status_code == (204 if kept else 422)
    if not kept:
        assert answer.json()["code"] == "unknown_subject"
    counters.flush()
    assert list(GateReport.objects.values_list("kind", "subject")) == ([(kind, kept)] if kept else [])


def test_what_does_not_fit_is_left_out_of_a_report_and_the_rest_counts_once(client, shop, counters):
    assert report(client, shop, "https://x.example/?t=1", "x.example", "X.example", "x.example.").status_code == 204
    counters.flush()
    assert list(GateReport.objects.values_list("subject", "count")) == [("x.example", 1)]


def test_every_part_that_a_gate_may_call_disarmed_is_a_known_word():
    import re
    from pathlib import Path

    from consent.stats.subjects import PARTS

    folder = Path(__file__).parents[3] / "cookiebanner/banner/src/block"
    code = "".join(path.read_text() for path in folder.glob("*.js"))
    named = set(re.findall(r"disarmed\('([^']+)'", code))
    # Each call names what it replaces in a text, in a list, or by the name of a list.
    lists = dict(re.findall(r"const (\w+) =\s*'([\w ]+)'", code))
    for given in re.findall(r"(?:methods|property|constructors)\(\s*w,\s*(?:[^,()]+,\s*)?('[\w ]+'|[A-Z]+)", code):
        named |= set((given.strip("'") if given[0] == "'" else lists[given]).split())
    for given in re.findall(r"for \(const (?:key|attribute) of \[((?:'\w+'(?:, )?)+)\]", code):
        named |= set(re.findall(r"\w+", given))
    for given in re.findall(r"const [A-Z]+ = '([\w ]+)'\.split", code):
        named |= set(given.split())
    named = {name for name in named if not re.fullmatch(r"HTML\w+Element", name)}  # where it is, not what it is
    assert len(named) > 50
    assert named - PARTS == set()


def test_an_origin_that_no_column_holds_stops_nobody(client, shop, counters):
    """The attack: a host of 300 characters under the site's own was kept, and every flush after it failed."""
    label = "a" * 60
    absurd = {"Origin": f"https://{'.'.join([label] * 5)}.shop.example"}
    body = {"site": str(shop.uuid), "level": "snippet", "items": [{"kind": "unknown", "subject": "x.example"}]}
    assert post(client, "reports", body, absurd).status_code == 403
    assert post(client, "reports", body).status_code == 204
    counters.flush()
    assert list(SiteSighting.objects.values_list("host", flat=True)) == ["www.shop.example"]
    assert GateReport.objects.count() == 1


def test_a_row_that_cannot_be_stored_is_set_aside_and_the_rest_of_each_kind_goes_in(client, shop, counters, caplog):
    """As if a check above had a hole: the writers themselves never stop."""
    from datetime import date

    half = "\ud800"  # no database takes half a character
    for n in range(20):
        counters._reports[shop.pk, "unknown", f"h{n}.example"] = (1, "www.shop.example")
        counters._seen[shop.pk, f"h{n}.shop.example"] = ("snippet", 1)
        counters._shown[shop.pk, date(2026, 11, 21), 1, "eu_opt_in", "*", "en", f"k{n}"] = 1
    counters._reports[shop.pk, "unknown", half] = (1, "www.shop.example")
    counters._reports[shop.pk, "unknown", "odd.example"] = (1, half)
    counters._seen[shop.pk, half] = ("snippet", 1)
    counters._shown[shop.pk, date(2026, 11, 21), 1, "eu_opt_in", half, "en", "banner"] = 1
    counters.flush()
    assert (GateReport.objects.count(), SiteSighting.objects.count(), ImpressionTotal.objects.count()) == (20, 20, 20)
    assert counters.dropped == 4
    assert "set aside" in caplog.text
    caplog.clear()
    counters.flush()
    assert (caplog.text, counters.dropped) == ("", 4)  # not tried again


@pytest.mark.postgresql
def test_postgresql_sets_aside_what_it_says_is_too_long_or_holds_a_nul(shop, counters):
    counters._reports[shop.pk, "unknown", "a" * 300] = (1, "")
    counters._reports[shop.pk, "unknown", "nul\x00.example"] = (1, "")
    counters._reports[shop.pk, "unknown", "x.example"] = (1, "www.shop.example")
    counters._seen[shop.pk, "b" * 300] = ("snippet", 1)
    counters._seen[shop.pk, "www.shop.example"] = ("snippet", 1)
    counters.flush()
    assert list(GateReport.objects.values_list("subject", flat=True)) == ["x.example"]
    assert list(SiteSighting.objects.values_list("host", flat=True)) == ["www.shop.example"]
    assert counters.dropped == 3


@pytest.mark.django_db(transaction=True)
def test_what_a_deleted_site_counted_is_dropped_and_others_count(shop, counters):
    other = site("other.example")
    counters._reports[other.pk + 1000, "unknown", "x.example"] = (1, "")
    counters._reports[shop.pk, "unknown", "x.example"] = (1, "")
    counters.flush()
    assert list(GateReport.objects.values_list("site", flat=True)) == [shop.pk]


def test_what_fails_for_an_unknown_reason_is_not_retried_for_ever(client, shop, counters, monkeypatch):
    from django.db import ProgrammingError

    from cookiebanner.visitors.counts import TRIES

    post(client, "impressions", {"site": str(shop.uuid), "kind": "banner"})
    calls = []

    def unmigrated(counts):
        calls.append(dict(counts))
        raise ProgrammingError("no such column")

    monkeypatch.setattr("consent.stats.actions.add_impressions", unmigrated)
    for _ in range(TRIES + 5):
        counters.flush()
    assert sum(1 for counts in calls if counts) == TRIES + 1
    assert counters.dropped == 1


def test_a_full_list_of_hosts_takes_new_ones_in_place_of_dismissed_rare_and_old_ones(
    client, shop, counters, monkeypatch
):
    """The attack: 40 requests of made-up hosts, and no real one was ever listed again."""
    from django.utils import timezone

    monkeypatch.setattr("consent.stats.actions.REPORTS_PER_SITE", 200)
    for _ in range(30):
        report(client, shop, "often.example")
        counters.flush()
    report(client, shop, "settled.example")
    report(client, shop, "fetch", kind="disarmed")
    counters.flush()
    GateReport.objects.filter(subject="settled.example").update(dismissed_at=timezone.now(), count=10_000)
    for n in range(50):
        report(client, shop, *(f"h{n}-{m}.example" for m in range(50)))
        counters.flush()
    unknown = GateReport.objects.filter(kind="unknown")
    assert unknown.count() == 200
    assert not unknown.filter(subject="settled.example").exists()
    report(client, shop, "tracker.example")
    counters.flush()
    kept = set(GateReport.objects.values_list("subject", flat=True))
    assert {"often.example", "tracker.example", "fetch"} <= kept
    assert unknown.count() == 200
    assert not unknown.filter(subject="h0-0.example").exists()  # of the rare ones the oldest went


def test_sightings_of_made_up_subdomains_do_not_stand_for_ever(client, shop, counters, monkeypatch):
    monkeypatch.setattr("consent.sites.actions.SIGHTINGS_PER_SITE", 20)
    for n in range(60):
        origin = {"Origin": f"https://h{n}.shop.example"}
        post(client, "reports", {"site": str(shop.uuid), "level": "snippet"}, origin)
        counters.flush()
    post(client, "reports", {"site": str(shop.uuid), "level": "snippet"})
    counters.flush()
    hosts = set(SiteSighting.objects.values_list("host", flat=True))
    assert len(hosts) == 20
    assert {"www.shop.example", "h59.shop.example"} <= hosts


def test_strangers_of_one_site_do_not_fill_the_place_of_others(client, shop, counters):
    other = site("other.example")
    release(other)
    for n in range(MOST_OF_A_SITE // 50 + 10):
        report(client, shop, *(f"h{n}-{m}.example" for m in range(50)))
    assert len(counters._reports) == MOST_OF_A_SITE
    body = {"site": str(other.uuid), "items": [{"kind": "unknown", "subject": "x.example"}]}
    assert post(client, "reports", body, {"Origin": "https://other.example"}).status_code == 204
    assert (other.pk, "unknown", "x.example") in counters._reports
