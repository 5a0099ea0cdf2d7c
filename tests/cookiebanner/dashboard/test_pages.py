"""Every page answers its members, tells nothing of another site, and turns away those who may not."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from consent.models import ShownTotal
from tests.cookiebanner.dashboard.conftest import SECRET

pytestmark = pytest.mark.django_db

VIEW = (
    "overview", "numbers", "numbers_csv", "banner_test", "services", "inbox", "categories", "banner", "rules", "jurisdictions", "preview", "releases", "installation",
    "trail", "scans", "guide", "notices", "banner_drafts", "banner_files",
)  # fmt: skip
MANAGE = (
    "settings", "team", "tokens", "webhook", "requests", "request_new", "request_form", "request_metrics", "request_answers",
)  # fmt: skip
EDIT = ("service_new", "cookie_import", "template")
DETAIL: dict[str, dict[str, Any]] = {
    "service": {"key": "counter"},
    "category": {"key": "C0002"},
    "rule": {"key": "counter"},
    "jurisdiction": {"place": "US-CA"},
    "release": {"number": 1},
    "pictures": {"number": 1},
}
AUDIT = ("search", "ledger", "exports")
POSTS: dict[str, dict[str, Any]] = {
    "scan_start": {},
    "notices": {},
    "scan_stop": {"scan": 1},
    "scan_file": {"scan": 1},
    "scan_undo": {"scan": 1},
    "service_delete": {"key": "counter"},
    "service_undo": {},
    "banner_draft": {},
    "banner_test_winner": {},
    "publish": {},
    "rollback": {"number": 1},
    "waive": {},
    "kill": {},
    "revive": {},
    "member": {"user": 1},
    "revoke": {"token": 1},
    "report": {"report": 1},
}


def every_page(site) -> list[str]:
    names: list[tuple[str, dict[str, Any]]] = [(name, {}) for name in (*VIEW, *MANAGE, *EDIT, "kill")] + list(
        DETAIL.items()
    )
    pages = [reverse(f"dashboard:{name}", kwargs={"uuid": site.uuid, **keys}) for name, keys in names]
    return pages + [reverse(f"audit:{name}", kwargs={"uuid": site.uuid}) for name in AUDIT]


def test_the_owner_gets_every_page_and_nothing_of_another_site(alice, shop, foreign):
    for url in [*every_page(shop), "/dashboard/", "/dashboard/new/", "/audit/"]:
        response = alice.get(url, follow=True)
        body = response.content.decode()
        assert (url, response.status_code) == (url, 200)
        assert (url, SECRET in body, "987,654" in body, str(foreign.uuid) in body) == (url, False, False, False)


def test_a_stranger_finds_nothing_at_any_address(login, shop, foreign):
    charlie = login("charlie")
    for url in every_page(shop):
        assert (url, charlie.get(url).status_code) == (url, 404)
    for name, keys in POSTS.items():
        url = reverse(f"dashboard:{name}", kwargs={"uuid": shop.uuid, **keys})
        assert (url, charlie.post(url).status_code) == (url, 404)


def test_nobody_gets_in_without_a_login(client, shop):
    for url in every_page(shop):
        response = client.get(url)
        assert (response.status_code, response["Location"]) == (302, f"/accounts/login/?next={url}")


def test_an_editor_edits_and_does_not_manage_or_audit(login, shop):
    bob = login("bob")
    for name in (*VIEW, *EDIT, "kill"):
        assert (name, bob.get(reverse(f"dashboard:{name}", kwargs={"uuid": shop.uuid})).status_code) == (name, 200)
    for name in MANAGE:
        assert (name, bob.get(reverse(f"dashboard:{name}", kwargs={"uuid": shop.uuid})).status_code) == (name, 403)
    for name in AUDIT:
        assert (name, bob.get(reverse(f"audit:{name}", kwargs={"uuid": shop.uuid})).status_code) == (name, 403)
    waive = reverse("dashboard:waive", kwargs={"uuid": shop.uuid})
    assert bob.post(waive, {"rule": "L01", "signed_by": "Bob", "reason": "x"}).status_code == 403
    assert shop.lint_waivers.count() == 0


def test_a_viewer_changes_nothing(login, shop):
    vera = login("vera")
    for name in VIEW:
        assert (name, vera.get(reverse(f"dashboard:{name}", kwargs={"uuid": shop.uuid})).status_code) == (name, 200)
    before = shop.audit_events.count()
    for name, keys in POSTS.items():
        url = reverse(f"dashboard:{name}", kwargs={"uuid": shop.uuid, **keys})
        assert (name, vera.post(url, {"reason": "x", "rule": "L01"}).status_code) == (name, 403)
    forms = (
        "service_new",
        "cookie_import",
        "inbox",
        "categories",
        "banner",
        "installation",
        "scans",
        "settings",
        "team",
        "tokens",
    )
    for name, keys in [(name, {}) for name in forms] + [
        (name, keys) for name, keys in DETAIL.items() if name not in ("release", "pictures")
    ]:
        url = reverse(f"dashboard:{name}", kwargs={"uuid": shop.uuid, **keys})
        response = vera.post(url, {"name": "New", "category": "C0002", "email": "x@example.net", "level": "strict"})
        assert (name, response.status_code) == (name, 403)
    assert shop.audit_events.count() == before


def test_an_auditor_sees_only_the_audit_pages(login, shop, foreign):
    dana = login("dana")
    search = reverse("audit:search", kwargs={"uuid": shop.uuid})
    for url in every_page(shop):
        response = dana.get(url)
        if url.startswith("/audit/"):
            assert (url, response.status_code) == (url, 200)
            assert SECRET not in response.content.decode()
        else:
            assert (url, response.status_code, response["Location"]) == (url, 302, search)
    for name, keys in POSTS.items():
        url = reverse(f"dashboard:{name}", kwargs={"uuid": shop.uuid, **keys})
        assert (name, dana.post(url, {"reason": "x"}).status_code) == (name, 403)
    assert dana.get("/audit/")["Location"] == search


def test_an_operator_is_owner_everywhere(login, shop, foreign):
    operator = login("operator")
    body = operator.get("/dashboard/").content.decode()
    assert ("Tea shop" in body, SECRET in body) == (True, True)
    assert operator.get(reverse("dashboard:settings", kwargs={"uuid": foreign.uuid})).status_code == 200


def test_things_of_another_site_are_not_reached_through_ones_own(alice, shop, foreign, people):
    report, token = foreign.gate_reports.get(), foreign.tokens.get()
    for name, keys in (
        ("report", {"report": report.pk}),
        ("revoke", {"token": token.pk}),
        ("member", {"user": people["charlie"].pk}),
        ("service_delete", {"key": "zebracorn"}),
    ):
        url = reverse(f"dashboard:{name}", kwargs={"uuid": shop.uuid, **keys})
        assert (name, alice.post(url, {"dismiss": 1, "remove": 1}).status_code) == (name, 404)
    report.refresh_from_db()
    token.refresh_from_db()
    assert (report.dismissed_at, token.revoked_at, foreign.services.count()) == (None, None, 1)


def test_pages_are_not_kept_and_carry_a_strict_policy(alice, shop):
    response = alice.get(reverse("dashboard:overview", kwargs={"uuid": shop.uuid}))
    policy = response["Content-Security-Policy"]
    assert response["Cache-Control"] == "private, no-store"
    assert response["X-Frame-Options"] == "DENY"
    assert ("unsafe" in policy, "default-src 'none'" in policy, "'nonce-" in policy) == (False, True, True)


def test_only_owners_and_operators_add_sites(login, shop):
    for name, status in (("alice", 200), ("operator", 200), ("bob", 403), ("dana", 403)):
        assert (name, login(name).get("/dashboard/new/").status_code) == (name, status)


def test_the_overview_counts_the_sites_own_answers(alice, shop, foreign):
    body = alice.get(reverse("dashboard:overview", kwargs={"uuid": shop.uuid})).content.decode()
    assert "<dt>Answers</dt><dd>10</dd>" in body
    assert "<dt>Accepted all</dt> <dd>60%" in " ".join(body.split())
    assert '<desc id="chart-text">10 answers in 30 days.</desc>' in body


def test_the_share_of_browsers_with_a_signal_is_a_figure(alice, shop):
    url = reverse("dashboard:overview", kwargs={"uuid": shop.uuid})
    assert alice.get(url).context["gpc_share"] is None
    for gpc, number in ((True, 1), (False, 3)):
        ShownTotal.objects.create(
            site_id=shop.pk, day=timezone.now().date(), release=1, device="phone", kind="banner", gpc=gpc, count=number
        )
    page = alice.get(url)
    assert page.context["gpc_share"] == 0.25
    assert "<dt>Browser signal</dt> <dd>25%<small>" in " ".join(page.content.decode().split())
