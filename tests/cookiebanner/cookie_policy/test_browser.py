"""The cookie policy in Chromium: accessible, as wide as its screen, and a way to the preferences."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from consent.catalogue.actions import add_service
from consent.sites import actions
from consent.sites.models import Site
from cookiebanner.releases.publish import publish
from tests.browser.uncaught import uncaught
from tests.values import RESPONSIBLE

__all__ = ["uncaught"]
pytestmark = pytest.mark.browser


@pytest.fixture
def shop(transactional_db) -> Site:
    site = actions.create_site(
        ["localhost", "shop.example"], "a", name="Tea shop", languages=["en", "ar"], **RESPONSIBLE
    )
    cookies = [
        {"name": f"a_long_name_of_a_cookie_{n}", "lifetime": "13 months", "purpose": "Counts." * n} for n in (1, 9)
    ]
    add_service(site, "a", name="Counter", category="C0002", patterns=["counter.example"], cookies=cookies)
    publish(site, "a", "First")
    return site


@pytest.mark.parametrize(
    ("language", "width", "scheme"),
    [("en", 1440, "light"), ("ar", 768, "dark"), ("ar", 360, "light"), ("en", 360, "dark")],
)
def test_page_and_part_are_accessible_and_fit_without_javascript(live_server, browser, shop, language, width, scheme):
    address = f"{live_server.url.replace('localhost', '127.0.0.1')}/v1/{shop.uuid}/stored/{language}/"
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    for form in ("", "part.html"):
        page.goto(address + form)
        partial = (
            {"document-title", "html-has-lang", "landmark-one-main", "region", "page-has-heading-one"}
            if form
            else set()
        )
        found = [rule["id"] for rule in Axe().run(page).response["violations"] if rule["id"] not in partial]
        assert (form, found) == (form, [])
        assert page.locator("script").count() == 0
        if not form:
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            if folder := os.environ.get("LOOK"):
                page.screenshot(path=Path(folder) / f"policy-{language}-{width}-{scheme}.png", full_page=True)
    assert page.get_by_role("link", name="shop.example").count() == 0
    context.close()


def test_on_a_host_of_the_site_the_page_opens_the_preferences_itself(live_server, browser, shop):
    page = browser.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.goto(f"{live_server.url}/v1/{shop.uuid}/stored/en/")
    page.locator("#onetrust-reject-all-handler").click()
    page.get_by_role("main").get_by_role("button", name="Privacy settings").click()
    page.get_by_role("dialog").wait_for()
    assert complaints == []
    page.close()
