"""An owner finds a record, reads it, erases a person by keyboard, and looks after their sites: accessible on every
screen."""

from __future__ import annotations

from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse

from consent.ledger.models import ConsentRecord
from consent.notices.actions import Found, see
from consent.sites import actions
from tests.browser.uncaught import uncaught
from tests.cookiebanner.audit.test_audit import answer
from tests.cookiebanner.dashboard.conftest import PASSWORD
from tests.values import RESPONSIBLE

__all__ = ["uncaught"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SCREENS = [(1440, "light"), (360, "dark"), (768, "light")]


@pytest.fixture
def page(browser, live_server, shop):
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.complaints = []
    page.on("console", lambda m: page.complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.goto(f"{live_server.url}/accounts/login/")
    page.fill("[name=login]", "alice@example.net")
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/dashboard/")
    return page


def check(page, name: str) -> None:
    """No fault of accessibility, nothing wider than the screen, nothing on the console; on three screens."""
    for width, scheme in SCREENS:
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # no colour on its way to another
        rules = Axe().run(page, options={"iframes": False, "resultTypes": ["violations"]}).response["violations"]
        found = [(rule["id"], rule["nodes"][0]["html"][:200]) for rule in rules] + page.complaints
        found += ["wider than the screen"] * page.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert (name, width, scheme, found) == (name, width, scheme, [])


def test_a_person_is_found_read_and_erased_by_keyboard(page, live_server, shop, people):
    visitor = uuid4()
    answer(shop, visitor)
    answer(shop, visitor, action="withdraw")
    page.goto(live_server.url + reverse("audit:search", kwargs={"uuid": shop.uuid}))
    page.get_by_label("What", exact=True).select_option("Withdrew")
    page.get_by_role("button", name="Find").press("Enter")
    page.get_by_role("link", name="2", exact=True).wait_for()
    check(page, "search")
    page.get_by_role("link", name="2", exact=True).press("Enter")
    page.get_by_role("heading", name="In words").wait_for()
    check(page, "record")
    page.get_by_role("link", name="Everything of this person").press("Enter")
    page.get_by_role("heading", name="2 records").wait_for()
    check(page, "person")
    with page.expect_download() as download:
        page.get_by_role("button", name="Give them their records").press("Enter")
    assert download.value.suggested_filename.endswith(".zip")
    box = page.locator("#erase")
    box.get_by_label("Under which law").select_option(index=2)
    box.get_by_label("Reason").fill("Asked by ada@example.net")
    box.get_by_label("I have read what goes and what stays").press("Space")
    box.get_by_role("button", name="Erase 2 records").press("Enter")
    page.get_by_text("leave ids and mail addresses out of it").first.wait_for()
    check(page, "person, with a mistake")
    box.get_by_label("Reason").fill("Asked by letter.")
    box.get_by_label("I have read what goes and what stays").press("Space")
    box.get_by_role("button", name="Erase 2 records").press("Enter")
    page.get_by_text("2 records erased.").wait_for()
    check(page, "the erasure's entry")
    assert set(ConsentRecord.objects.filter(type="consent").values_list("payload", flat=True)) == {None}


def test_an_owner_looks_after_sites_notices_and_logins(page, live_server, shop, people):
    other = actions.create_site(["north.example"], "x", name="North", owners=[people["alice"]], **RESPONSIBLE)
    actions.change_settings(other, "x", group="Shops")
    see(shop, [Found("opt_in_drop", "", {"now": 0.31, "before": 0.62}), Found("gate_unseen", "", {})])
    page.goto(live_server.url + reverse("dashboard:template", kwargs={"uuid": shop.uuid}))
    check(page, "template")
    page.get_by_label("Services with their cookies").press("Space")
    page.get_by_label("Shops (1 site)").press("Space")
    page.get_by_role("button", name="Show what changes").press("Enter")
    page.get_by_role("button", name="Change 1 site").wait_for()
    check(page, "template, differences")
    page.get_by_role("button", name="Change 1 site").press("Enter")
    page.get_by_text("1 site changed.").wait_for()
    assert sorted(other.services.values_list("key", flat=True)) == ["adverts", "counter"]
    page.goto(live_server.url + reverse("dashboard:notices", kwargs={"uuid": shop.uuid}))
    check(page, "notices")
    page.get_by_label("A list is full: By mail").press("Space")
    page.get_by_role("button", name="Save what I am told of").press("Enter")
    page.get_by_text("Saved: this is what you are told of.").wait_for()
    assert not page.get_by_label("A list is full: By mail").is_checked()
    page.goto(live_server.url + reverse("sessions"))
    check(page, "logins")
    page.goto(live_server.url + reverse("dashboard:team", kwargs={"uuid": shop.uuid}))
    check(page, "team")
