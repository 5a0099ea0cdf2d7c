"""Walks by role and label: a release that needs two people, a session that ends, a form with mistakes, a low screen."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse

from consent.catalogue.actions import add_service
from consent.publishing import actions as publishing
from consent.sites.actions import change_settings
from tests.browser.uncaught import uncaught
from tests.cookiebanner.dashboard.conftest import PASSWORD
from tests.cookiebanner.dashboard.test_browser import signed_in

__all__ = ["signed_in", "uncaught"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def well(page, name: str) -> None:
    """The page is accessible, as wide as its screen, and complained of nothing."""
    if folder := os.environ.get("LOOK"):
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
    rules = Axe().run(page, options={"iframes": False, "resultTypes": ["violations"]}).response["violations"]
    assert [(rule["id"], rule["nodes"][0]["html"][:200]) for rule in rules] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.complaints == []


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (360, "dark")])
def test_a_release_is_approved_and_rolled_back_after_the_session_ended(signed_in, live_server, shop, width, scheme):
    def at(name: str, **keys: int) -> str:
        return live_server.url + reverse(f"dashboard:{name}", kwargs={"uuid": shop.uuid, **keys})

    add_service(shop, "bob@example.net", name="px.unknownads.example", category="C0003", patterns=["x.example"])
    change_settings(shop, "alice@example.net", publish_needs_approval=True)
    publishing.ask_to_publish(shop, "bob@example.net", "Chat is new")
    page = signed_in(width, scheme)
    page.goto(at("releases"))
    assert page.get_by_text("px.unknownads.example: new, under Functional; visitors will be asked again").count() == 2
    well(page, f"waiting-{width}")
    page.get_by_role("button", name="Approve release 2").click()
    page.get_by_text("Release 2 is live.").wait_for()
    page.get_by_role("link", name="Roll back to release 1").click()
    page.get_by_text("px.unknownads.example: gone, was under Functional").wait_for()
    well(page, f"rollback-{width}")
    page.get_by_label("Note").fill("The till <broke>")
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Roll back to release 1").click()
    page.locator("[name=login]").fill("alice@example.net")
    page.locator("[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_text("The till <broke>").wait_for()
    well(page, f"again-{width}")
    page.get_by_role("button", name="Roll back").click()
    page.get_by_text("Release 3 is live").wait_for()
    assert shop.releases.get(number=3).note == "The till <broke>"


def test_mistakes_are_read_first_and_lead_to_their_fields(signed_in, live_server, shop):
    page = signed_in(360, "light")
    page.goto(live_server.url + reverse("dashboard:settings", kwargs={"uuid": shop.uuid}))
    page.evaluate("for (const form of document.forms) form.noValidate = true")
    page.get_by_label("Privacy policy URL").fill("no address")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_function("document.activeElement.matches('[data-errors]')")
    assert page.title().startswith("Not saved: ")
    well(page, "mistakes")
    page.get_by_role("alert").get_by_role("link", name="Privacy policy URL").click()
    assert page.evaluate("location.hash.slice(1)") == page.get_by_label("Privacy policy URL").get_attribute("id")


def test_trail_security_and_log_out_are_in_sight_on_a_low_screen(signed_in, live_server, shop):
    page = signed_in(1280, "light")
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(live_server.url + reverse("dashboard:overview", kwargs={"uuid": shop.uuid}))
    for found in (
        page.get_by_role("link", name="Audit trail"),
        page.get_by_role("link", name="Security"),
        page.get_by_role("button", name="Log out"),
    ):
        box = found.bounding_box()
        assert box["height"] >= 24
        at = [box["x"] + 4, box["y"] + box["height"] - 2]
        seen = page.evaluate("([x, y]) => document.elementFromPoint(x, y)?.textContent.trim()", at)
        assert seen == found.inner_text()
    well(page, "low")
