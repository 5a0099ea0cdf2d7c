"""The editor walked through in Chromium: the banner beside the fields, edits that are not lost, drafts by name."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from playwright.sync_api import Error

from consent.banners.actions import add_file
from consent.sites.actions import change_settings
from tests.browser.uncaught import uncaught
from tests.cookiebanner.dashboard.test_browser import signed_in
from tests.uploads import png

__all__ = ["signed_in", "uncaught"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SHOTS = os.environ.get("FAIRGATE_SCREENSHOTS", "")  # a folder: whoever wants to look
BANNER = "#onetrust-banner-sdk"
STYLE = "getComputedStyle(document.querySelector('#onetrust-accept-btn-handler'))"


def look(page: Any, name: str) -> None:
    """Nothing is wrong for a screen reader, nothing is wider than the screen, nothing was complained of."""
    rules = Axe().run(page, options={"iframes": False, "resultTypes": ["violations"]}).response["violations"]
    assert [(rule["id"], rule["nodes"][0]["html"][:200]) for rule in rules] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.complaints == []
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


def drawn(page: Any, expression: str, wanted: Any) -> None:
    """The banner that stands in the frame comes to say so; frames take turns."""
    found = None
    for _ in range(100):
        stage = page.query_selector("#stage")
        frame = stage and stage.content_frame()
        try:
            found = frame and frame.evaluate(f"!!document.querySelector('{BANNER}') && {expression}")
        except Error as gone:
            found = str(gone)
        if found == wanted:
            return
        page.wait_for_timeout(100)
    assert found == wanted


@pytest.mark.parametrize(
    ("width", "scheme"),
    [(1440, "light"), (360, "dark")] + [(768, "light"), (1440, "dark"), (360, "light")] * bool(SHOTS),
)
def test_the_editor_on_every_screen(signed_in, live_server, shop, width, scheme):
    change_settings(shop, "x", languages=["en", "de"])
    page = signed_in(width, scheme)
    # Of the look, the walk over all pages sees to that.
    for tab in ("look", "words") if SHOTS else ("words",):
        page.goto(live_server.url + reverse("dashboard:banner", kwargs={"uuid": shop.uuid}) + f"?tab={tab}")
        page.frame_locator("#stage").locator(BANNER).wait_for()
        look(page, f"editor-{tab}-{width}-{scheme}")
    page.get_by_role("link", name="Files").click()
    page.get_by_label("A logo or a font").set_input_files(
        {"name": "Logo.png", "mimeType": "image/png", "buffer": png()}
    )
    page.get_by_role("button", name="Upload").press("Enter")
    page.get_by_text("logo.png is there to choose.").wait_for()
    look(page, f"editor-files-{width}-{scheme}")
    page.get_by_role("link", name="Drafts").click()
    page.get_by_label("Name of the copy").fill("Spring")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Spring").click()
    page.frame_locator("iframe >> nth=1").locator(BANNER).wait_for()
    look(page, f"editor-draft-{width}-{scheme}")
    page.get_by_role("button", name="Use it").press("Enter")
    page.get_by_text("“Spring” is in use now.").wait_for()
    if SHOTS:
        look(page, f"editor-drafts-{width}-{scheme}")


def test_edits_are_drawn_undone_kept_and_asked_about(signed_in, live_server, shop):
    change_settings(shop, "x", languages=["en", "de"])
    add_file(shop, "x", "logo.png", png(120, 40))
    page = signed_in(1440, "light")
    address = live_server.url + reverse("dashboard:banner", kwargs={"uuid": shop.uuid})
    page.goto(address)
    fill = f"{STYLE}.backgroundColor"
    drawn(page, fill, "rgb(35, 90, 140)")
    # Drawn as she types, without saving.
    page.get_by_label("Buttons, light", exact=True).fill("#aa3355")
    drawn(page, fill, "rgb(170, 51, 85)")
    page.get_by_label("Shape and place").select_option("bar top")
    drawn(page, f"document.querySelector('{BANNER}').getBoundingClientRect().top", 0)
    # Who looks at it.
    page.get_by_label("Language shown").select_option("de")
    drawn(page, "document.documentElement.lang + fairgate.regime", "deeu_opt_in")
    page.get_by_label("Place", exact=True).select_option("US-CA")
    drawn(page, "fairgate.regime", "us_ca")
    assert page.locator("[data-law]").inner_text() == "Opt-out with visible signal status (California)"
    page.get_by_label("Place", exact=True).select_option("DE")
    page.get_by_label("Light or dark screen").select_option("dark")
    drawn(page, f"getComputedStyle(document.querySelector('{BANNER}')).backgroundColor", "rgb(28, 31, 36)")
    page.get_by_label("Device").select_option("phone")
    drawn(page, "innerWidth", 360)
    page.get_by_label("Sends GPC").check()
    drawn(page, "navigator.globalPrivacyControl", True)
    page.get_by_label("Returning visitor").check()
    page.frame_locator("#stage").locator("#ot-sdk-btn-floating").wait_for()
    assert page.frame_locator("#stage").locator(BANNER).count() == 0
    page.get_by_label("Returning visitor").uncheck()
    # A logo and rules of one's own.
    page.get_by_label("Logo", exact=True).select_option("logo.png")
    logo = "getComputedStyle(document.querySelector('#onetrust-policy'), '::before')"
    drawn(page, f"{logo}.width + {logo}.backgroundImage.slice(-14)", '96px6e3.logo.png")')
    page.get_by_label("Rules of your own").fill("h2 { letter-spacing: 3px }")
    drawn(page, "getComputedStyle(document.querySelector('#onetrust-policy-title')).letterSpacing", "3px")
    page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Undo").click()
    # Undone and done again.
    page.get_by_role("button", name="Undo").click()
    assert page.get_by_label("Shape and place").input_value() == "card bottom-left"
    page.get_by_role("button", name="Redo").press("Enter")
    assert page.get_by_label("Shape and place").input_value() == "bar top"
    # What is wrong is said beside its field, and nothing is lost.
    page.get_by_label("Links, light", exact=True).fill("red")
    page.get_by_text("'red' is not a colour like #235a8c.").wait_for()
    assert [text for text in page.complaints if "422" not in text] == []
    page.complaints.clear()
    look(page, "editor-wrong")
    # Leaving asks, and what was typed is back.
    asked: list[str] = []

    def leave(dialog: Any) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", leave)
    page.goto(live_server.url + "/dashboard/")
    assert asked == ["beforeunload"]
    page.goto(address)
    page.get_by_text("which are not saved, are back.").wait_for()
    assert page.get_by_label("Links, light", exact=True).input_value() == "red"
    page.get_by_label("Links, light", exact=True).fill("#0050a0")
    drawn(page, fill, "rgb(170, 51, 85)")
    page.get_by_role("button", name="Save in the draft").click()
    page.get_by_text("The draft of the banner is saved.").wait_for()
    assert len(asked) == 1
    shop.banner.refresh_from_db()
    assert (shop.banner.layout, shop.banner.theme["button"], shop.banner.theme["link"]) == ("bar", "#aa3355", "#0050a0")
    page.reload()
    assert page.get_by_text("which are not saved").count() == 0
