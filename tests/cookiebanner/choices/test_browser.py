"""A person's page by keyboard: accessible, light and dark, small and large, without a script."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from cookiebanner.staff import choice_links
from tests.cookiebanner.choices.conftest import states

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def check(page, width: int) -> None:
    """Nothing that keeps anybody out, and nothing beside the screen."""
    found = Axe().run(page)
    assert [(width, page.url, one["id"]) for one in found.response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_page_is_used_by_keyboard_and_is_accessible(page, live_server, shop, topics, ada):
    at = live_server.url + choice_links.page(shop, ada, "de")
    for width, scheme in ((360, "dark"), (1440, "light")):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        for language in ("ar", "de"):
            page.goto(f"{at}?lang={language}")
            check(page, width)
    yes, no = (page.get_by_label(name, exact=True).first for name in ("Ja", "Nein"))
    boxes = [one.locator("xpath=..").bounding_box() for one in (yes, no)]
    assert (boxes[0]["width"], boxes[0]["height"]) == (boxes[1]["width"], boxes[1]["height"])
    yes.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    page.get_by_role("status").get_by_text("Gespeichert.").wait_for()
    assert states(shop) == {"news": "yes"}
    page.get_by_role("link", name="Nummer des Eintrags").click()
    page.get_by_role("heading", name="Beleg").wait_for()
    check(page, 1440)
