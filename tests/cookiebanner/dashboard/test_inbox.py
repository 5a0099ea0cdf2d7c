"""Unknown hosts speak the catalogue: a service is proposed, a category only chosen; what was filed leaves."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from consent.catalogue import known
from consent.stats.models import GateReport

pytestmark = pytest.mark.django_db


@pytest.fixture
def inbox(shop):
    return reverse("dashboard:inbox", kwargs={"uuid": shop.uuid})


def met(shop, host: str, count: int = 1) -> GateReport:
    return GateReport.objects.create(
        site=shop, kind="unknown", subject=host, page_host="shop.example", count=count, last_seen=timezone.now()
    )


def hosts(client, url: str) -> list[str]:
    return [row["report"].subject for row in client.get(url).context["rows"]]


@pytest.mark.parametrize(
    ("host", "service", "others"),
    [
        ("www.googletagmanager.com", "google-tag", ["google-tag-manager"]),
        ("region1.google-analytics.com", "google-analytics", []),
        ("static.hotjar.com", "hotjar", []),
        ("connect.facebook.net", "meta-pixel", ["facebook-plugins"]),
        ("px.example", None, []),
        ("nothotjar.com", None, []),
    ],
)
def test_a_host_is_what_the_catalogue_says(host, service, others):
    whole, parts = known.of_host(host)
    assert (whole and whole["key"], [one["key"] for one in parts]) == (service, others)


def test_a_host_of_many_services_names_them_all_and_none_first(alice, shop, inbox):
    met(shop, "www.google.com")
    [row] = alice.get(inbox).context["rows"]
    assert {"google-ads", "google-maps", "google-recaptcha"} <= {key for key, _, _ in row["choices"]}
    assert row["service"] == ""


def test_a_known_host_is_proposed_without_a_category(alice, shop, inbox):
    met(shop, "static.hotjar.com")
    [row] = alice.get(inbox).context["rows"]
    assert (row["service"], row["category"]) == ("hotjar", "")
    assert [suggested for _, _, suggested in row["choices"]] == ["Statistics"]


def test_nothing_is_filed_without_a_category(alice, shop, inbox):
    row = met(shop, "static.hotjar.com")
    page = alice.post(inbox, {"add_one": row.pk, f"service-{row.pk}": "hotjar"})
    assert (page.status_code, "Choose a category for static.hotjar.com." in page.content.decode()) == (200, True)
    assert not shop.services.filter(key="hotjar").exists()


def test_what_was_filed_leaves_and_comes_back_with_the_services_end(alice, shop, inbox):
    row = met(shop, "static.hotjar.com", 5)
    met(shop, "px.example")
    page = alice.post(
        inbox, {"add_one": row.pk, f"service-{row.pk}": "hotjar", f"category-{row.pk}": "C0003"}, follow=True
    )
    assert "In the draft: Hotjar." in page.content.decode()
    service = shop.services.get(key="hotjar")
    assert (service.category.key, service.cookies.count()) == ("C0003", len(known.by_key()["hotjar"]["cookies"]))
    assert hosts(alice, inbox) == ["px.example"]
    overview = alice.get(reverse("dashboard:overview", kwargs={"uuid": shop.uuid}))
    assert overview.context["reports"] == 1
    alice.post(reverse("dashboard:service_delete", kwargs={"uuid": shop.uuid, "key": "hotjar"}))
    assert hosts(alice, inbox) == ["static.hotjar.com", "px.example"]


def test_a_host_that_others_use_too_leaves_to_what_was_dismissed(alice, shop, inbox):
    row = met(shop, "www.google.com")
    alice.post(inbox, {"add_one": row.pk, f"service-{row.pk}": "google-maps", f"category-{row.pk}": "C0003"})
    assert shop.services.filter(key="google-maps").exists()
    assert (hosts(alice, inbox), alice.get(inbox).context["dismissed_count"]) == ([], 1)


def test_companions_are_offered_and_come_with_the_service(alice, shop, inbox):
    row = met(shop, "www.google-analytics.com")
    [shown] = alice.get(inbox).context["rows"]
    assert shown["companions"] == [("google-tag", "Google tag (gtag.js)", "Google Analytics")]
    data = {"add_one": row.pk, f"service-{row.pk}": "google-analytics", f"category-{row.pk}": "C0002"}
    alice.post(inbox, data | {f"also-{row.pk}": ["google-tag"]})
    added = {s.key: s.category.key for s in shop.services.filter(key__startswith="google")}
    assert added == {"google-analytics": "C0002", "google-tag": "C0002"}


def test_a_companion_that_was_not_wanted_stays_out_and_no_other_comes(alice, shop, inbox):
    row = met(shop, "www.google-analytics.com")
    data = {"add_one": row.pk, f"service-{row.pk}": "google-analytics", f"category-{row.pk}": "C0002"}
    alice.post(inbox, data | {f"also-{row.pk}": ["hotjar"]})
    assert sorted(s.key for s in shop.services.all()) == ["adverts", "counter", "google-analytics"]


def test_a_companion_that_the_site_holds_by_a_rule_of_its_own_is_not_offered(alice, shop, inbox):
    alice.post(reverse("dashboard:service_new", kwargs={"uuid": shop.uuid}),
               {"name": "Tags", "category": "C0002", "patterns": "googletagmanager.com"})  # fmt: skip
    met(shop, "www.google-analytics.com")
    assert [row["companions"] for row in alice.get(inbox).context["rows"]] == [[]]


def test_a_host_of_a_service_that_one_has_is_given_to_it(alice, shop, inbox):
    url = reverse("dashboard:service_new", kwargs={"uuid": shop.uuid})
    alice.post(url, {"catalogue": "hotjar"})
    service = shop.services.get(key="hotjar")
    service.rules.all().delete()
    row = met(shop, "static.hotjar.com")
    alice.post(inbox, {"add_one": row.pk, f"service-{row.pk}": "hotjar"})
    assert [rule.pattern for rule in service.rules.all()] == ["static.hotjar.com"]
    assert hosts(alice, inbox) == []


def test_many_are_filed_at_once_and_those_that_cannot_be_are_told(alice, shop, inbox):
    rows = [met(shop, host) for host in ("static.hotjar.com", "js.stripe.com", "px.example", "cdn.other.example")]
    data = {"add": 1, "category": "suggested", "rows": [row.pk for row in rows[:3]]}
    data |= {f"service-{row.pk}": key for row, key in zip(rows, ("hotjar", "stripe", "own", "own"), strict=True)}
    page = alice.post(inbox, data)
    assert "Choose a category for px.example." in page.content.decode()
    filed = {s.key: s.category.key for s in shop.services.filter(key__in=["hotjar", "stripe", "px-example"])}
    assert filed == {"hotjar": "C0002", "stripe": "C0001"}
    shown = {row["report"].subject: row["selected"] for row in page.context["rows"]}
    assert shown == {"px.example": True, "cdn.other.example": False}
    page = alice.post(inbox, data | {"category": "C0001", "rows": [rows[2].pk]})
    assert "so it needs a reason" in page.content.decode()
    alice.post(inbox, data | {"category": "C0004", "rows": [rows[2].pk, rows[3].pk]})
    own = {s.name: [rule.pattern for rule in s.rules.all()] for s in shop.services.filter(key__endswith="-example")}
    assert own == {"px.example": ["px.example"], "cdn.other.example": ["cdn.other.example"]}
    assert hosts(alice, inbox) == []


def test_dismissing_many_is_undone_at_once_or_later(alice, shop, inbox):
    rows = [met(shop, f"h{n}.example") for n in range(3)]
    page = alice.post(inbox, {"dismiss": 1, "rows": [rows[0].pk, rows[1].pk]}, follow=True)
    assert "Dismissed: h0.example, h1.example." in " ".join(page.content.decode().split())
    assert hosts(alice, inbox) == ["h2.example"]
    alice.post(inbox, {"undo": "1"})
    assert hosts(alice, inbox) == ["h0.example", "h1.example", "h2.example"]
    alice.post(inbox, {"dismiss_one": rows[2].pk})
    alice.post(inbox, {"undo": ""})
    assert "Undo" not in alice.get(inbox).content.decode()
    dismissed = alice.get(inbox + "?dismissed=1")
    assert [row.subject for row in dismissed.context["page"]] == ["h2.example"]
    alice.post(inbox + "?dismissed=1", {"restore_one": rows[2].pk})
    assert hosts(alice, inbox) == ["h0.example", "h1.example", "h2.example"]
    verbs = list(shop.audit_events.values_list("verb", flat=True))
    assert (verbs.count("report.dismiss"), verbs.count("report.restore")) == (3, 3)


def test_nothing_selected_is_said(alice, shop, inbox):
    met(shop, "px.example")
    assert "Select at least one host." in alice.post(inbox, {"dismiss": 1}).content.decode()
    for odd in ("x", "9" * 30, "²"):
        assert "Select at least one host." in alice.post(inbox, {"dismiss": 1, "rows": [odd]}).content.decode()


def test_a_site_reaches_no_host_of_another(alice, shop, foreign, inbox):
    theirs = foreign.gate_reports.get()
    for name in ("dismiss_one", "add_one", "restore_one"):
        alice.post(inbox, {name: theirs.pk, f"service-{theirs.pk}": "own", f"category-{theirs.pk}": "C0002"})
    theirs.refresh_from_db()
    assert (theirs.dismissed_at, shop.services.count(), foreign.services.count()) == (None, 2, 1)


def test_who_only_looks_sees_the_proposal_and_nothing_to_press(login, shop, inbox):
    row = met(shop, "static.hotjar.com")
    body = login("vera").get(inbox).content.decode().partition("<main")[2]
    assert ("Hotjar" in body, "add_one" in body, "dismiss_one" in body, "<select" in body) == (
        True,
        False,
        False,
        False,
    )
    assert login("vera").post(inbox, {"dismiss_one": row.pk}).status_code == 403
    row.refresh_from_db()
    assert row.dismissed_at is None


def test_a_long_list_comes_in_pages_that_are_light(alice, shop, inbox):
    GateReport.objects.bulk_create(
        GateReport(site=shop, kind="unknown", subject=f"h{n:04}.example", count=2000 - n, last_seen=timezone.now())
        for n in range(1000)
    )
    with CaptureQueriesContext(
        connection,
    ) as queries:
        page = alice.get(inbox + "?page=2")
    assert [row["report"].subject for row in page.context["rows"]] == [f"h{n:04}.example" for n in range(25, 50)]
    assert (len(queries) <= 20, len(page.content) <= 120_000) == (True, True)
    assert alice.get(inbox + "?page=9999").context["page"].number == 40
