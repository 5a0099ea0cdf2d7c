"""The form, the person's page and the clerk's, by keyboard: accessible, and nothing scrolls sideways, light and dark, in
both directions of writing."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings

from consent.requests import actions
from consent.requests.models import SubjectRequest
from cookiebanner.requests import form as forms
from cookiebanner.staff import request_mails

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def check(page, what: str) -> None:
    found = Axe().run(page)
    assert [(what, v["id"], [n["html"] for n in v["nodes"]]) for v in found.response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), what


def logged_in(browser, live_server, client, width: int, scheme: str):
    """A page of somebody who is logged in."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
    return context.new_page()


def test_the_form_is_sent_by_keyboard_and_each_page_is_accessible_and_fits(page, live_server, open_shop, monkeypatch):
    monkeypatch.setattr(forms, "FASTEST", 0)
    address = f"{live_server.url}/v1/{open_shop.uuid}/requests/"
    for width, scheme, language in ((360, "dark", "ar"), (1440, "light", "en")):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)
        page.goto(f"{address}?lang={language}&place=US-CA")
        page.locator("nav summary").click()
        check(page, f"form {width}")
    page.locator("nav summary").focus()
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
    check(page, "sent")
    row = SubjectRequest.objects.get()

    page.goto(live_server.url + request_mails.path(row))
    check(page, "person")
    page.get_by_role("button", name="Yes, this is my request").press("Enter")
    page.get_by_text("Confirmed. You will be answered by").wait_for()
    _, code = actions.attach(row, "copy.txt", b"Tea", for_person=True)
    actions.close(row, "partly", "Here it is.", "x", because="exempt")
    page.reload()
    check(page, "answered")
    page.get_by_label("copy.txt (1 kB): Code").fill("wrong")
    page.keyboard.press("Enter")
    page.get_by_text("This is not the code.").wait_for()
    page.get_by_label("copy.txt (1 kB): Code").fill(code)
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename == "copy.txt"


def test_a_clerk_files_and_answers_by_keyboard(browser, live_server, open_shop, login, clerk):
    page = logged_in(browser, live_server, login("carol"), 360, "dark")
    at = f"{live_server.url}/dashboard/{open_shop.uuid}/requests/"
    page.goto(at)
    check(page, "empty queue")
    page.get_by_role("link", name="File one").press("Enter")
    check(page, "file one")
    page.get_by_label("Asks for").press_sequentially("A copy of my data")
    page.get_by_label("Lives in").press_sequentially("Germany")
    page.get_by_label("E-mail address").press_sequentially("ada@example.com")
    page.keyboard.press("Enter")
    page.get_by_text("Filed as").wait_for()
    check(page, "open")
    page.get_by_label("Begin with").press_sequentially("Nothing about")
    page.get_by_role("button", name="Take these words").press("Enter")
    words = page.get_by_label("Answer", exact=True)
    assert words.input_value().startswith("We have searched with what you told us")
    words.press("Control+End")
    page.keyboard.type(" Yours, the shop")
    page.get_by_role("button", name="Send and close").press("Enter")
    page.get_by_text("Kept until").wait_for()
    check(page, "answered")
    row = SubjectRequest.objects.get()
    assert (row.place, row.status, row.events.filter(text__endswith="Yours, the shop").count()) == ("DE", "closed", 1)

    page = logged_in(browser, live_server, login("alice"), 1440, "light")
    for name in ("", "form/", "figures/", "answers/"):
        page.goto(at + name)
        for fold in page.locator("main details > summary").all():
            fold.click()
        check(page, name)
