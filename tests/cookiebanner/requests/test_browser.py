"""The form by keyboard and what it looks like: accessible, and nothing scrolls sideways, light and dark."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from consent.requests.models import SubjectRequest
from cookiebanner.requests import form as forms
from cookiebanner.staff import request_mails

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def check(page, what: str) -> None:
    found = Axe().run(page)
    assert [(what, v["id"], [n["html"] for n in v["nodes"]]) for v in found.response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), what


def test_the_form_is_sent_by_keyboard_and_each_page_is_accessible_and_fits(page, live_server, open_shop, monkeypatch):
    monkeypatch.setattr(forms, "FASTEST", 0)
    address = f"{live_server.url}/v1/{open_shop.uuid}/requests/"
    for width, scheme, language in ((360, "dark", "de"), (1440, "light", "en")):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        page.goto(f"{address}?lang={language}&place=US-CA")
        check(page, f"form {width}")
    page.keyboard.press("Tab")
    while page.evaluate("document.activeElement.name") != "kind":
        page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    while page.evaluate("document.activeElement.name") != "email":
        page.keyboard.press("Tab")
    page.keyboard.type("ada@")
    page.keyboard.press("Enter")
    page.get_by_text("Write an e-mail address").wait_for()
    check(page, "errors")
    page.get_by_label("Your e-mail address").fill("ada@example.com")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Your request is on its way").wait_for()
    row = SubjectRequest.objects.get()

    page.goto(live_server.url + request_mails.path(row))
    check(page, "person")
    page.get_by_role("button", name="Yes, this is my request").press("Enter")
    page.get_by_text("Confirmed. You will be answered by").wait_for()
