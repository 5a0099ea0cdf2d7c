"""The pages before a login, and those that file and invite, in Chromium: accessible, on every screen, by keyboard."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth import get_user_model
from django.urls import reverse

from consent.catalogue.models import Service
from consent.sites import actions
from consent.stats.models import GateReport
from cookiebanner.staff import invitations
from tests.cookiebanner.dashboard.conftest import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SCREENS = [(360, "dark"), (768, "light"), (1440, "light"), (1440, "dark"), (360, "light"), (768, "dark")]


@pytest.fixture
def open_page(browser):
    def opened(width: int, scheme: str):
        page = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme).new_page()
        page.complaints = []
        page.on(
            "console", lambda m: page.complaints.append(m.text) if m.type == "error" and "404" not in m.text else None
        )
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        return page

    return opened


def sign_in(page, live_server) -> None:
    page.goto(f"{live_server.url}/accounts/login/")
    page.fill("[name=login]", "alice@example.net")
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/dashboard/")


def faults(page) -> list:
    rules = Axe().run(page, options={"iframes": False, "resultTypes": ["violations"]}).response["violations"]
    found = [(rule["id"], rule["nodes"][0]["html"][:200]) for rule in rules] + page.complaints
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return found + (["wider than the screen"] if wide else [])


def link_for(site, email: str) -> str:
    invitation = actions.invite(site, email, "editor", "x", get_user_model().objects.get(email="alice@example.net"))
    return invitations.path(actions.renew_invitation(invitation)[1])


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_pages_before_a_login_are_accessible_and_fit(open_page, live_server, shop, people, settings, width, scheme):
    page = open_page(width, scheme)
    paths = [
        "/accounts/login/", "/accounts/password/reset/", "/accounts/password/reset/done/",
        link_for(shop, "a.rather.long.name.of.a.person@long-example-company.example.net"),
        link_for(shop, "charlie@example.net"), "/accounts/invitations/nothing/",
    ]  # fmt: skip
    for path in paths:
        page.goto(live_server.url + path)
        assert (path, faults(page)) == (path, [])
    page.goto(live_server.url + paths[3])
    page.fill("[name=name]", "Nora")
    page.fill("[name=password]", "short")
    page.fill("[name=again]", "other")
    page.keyboard.press("Enter")
    page.locator(".errors").first.wait_for()
    assert faults(page) == []
    settings.EMAIL_BACKEND = "cookiebanner.staff.mail.NotSetUp"
    page.goto(live_server.url + "/accounts/password/reset/")
    assert ("manage.py reset_password" in page.content(), faults(page)) == (True, [])


@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_filing_and_inviting_are_accessible_and_fit(open_page, live_server, shop, people, settings, width, scheme):
    bare = Service.objects.get(key="counter")
    bare.category = shop.categories.get(key="C0001")
    bare.save()
    link_for(shop, "a.rather.long.name.of.a.person@long-example-company.example.net")
    page = open_page(width, scheme)
    sign_in(page, live_server)

    def at(name: str, **keys: object) -> str:
        return live_server.url + reverse(f"dashboard:{name}", kwargs={"uuid": shop.uuid, **keys})

    for url in (
        at("team"), at("services"), at("service_new") + "?own=1", at("service", key="counter"), at("releases"),
    ):  # fmt: skip
        page.goto(url)
        assert (url, faults(page)) == (url, [])
    page.goto(at("service", key="counter"))
    page.get_by_role("button", name="Save in the draft").click()
    page.locator(".errors").wait_for()
    assert ("Nobody is asked about it" in page.content(), faults(page)) == (True, [])
    settings.EMAIL_BACKEND = "cookiebanner.staff.mail.NotSetUp"
    page.goto(at("team"))
    assert ("manage.py invite" in page.content(), faults(page)) == (True, [])


def test_an_unknown_host_is_filed_by_keyboard_and_only_where_somebody_says(open_page, live_server, shop, people):
    from django.utils import timezone

    GateReport.objects.create(site=shop, kind="unknown", subject="px.example", count=3, last_seen=timezone.now())
    page = open_page(1440, "light")
    sign_in(page, live_server)
    page.goto(live_server.url + reverse("dashboard:installation", kwargs={"uuid": shop.uuid}))
    page.get_by_role("link", name="File or dismiss it").press("Enter")
    page.get_by_role("link", name="Describe px.example").press("Enter")
    page.get_by_label("Category", exact=True).wait_for()
    assert page.get_by_label("Name", exact=True).first.input_value() == "px.example"
    save = page.get_by_role("button", name="Add to the draft")
    save.press("Enter")  # the browser itself asks for a category
    assert page.evaluate("document.activeElement.name") == "category"
    assert not shop.services.filter(key="px-example").exists()
    page.keyboard.type("Advertising")
    save.press("Enter")
    page.get_by_text("px.example is in the draft").wait_for()
    assert shop.services.get(key="px-example").category.key == "C0004"


def test_somebody_invited_joins_by_keyboard(open_page, live_server, shop, people):
    page = open_page(360, "light")
    page.goto(live_server.url + link_for(shop, "new@example.net"))
    page.get_by_label("Your name").focus()
    page.keyboard.type("Nora")
    page.keyboard.press("Tab")
    page.keyboard.type("a long and good one")
    page.keyboard.press("Tab")
    page.keyboard.type("a long and good one")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/dashboard/{shop.uuid}/")
    assert shop.memberships.get(user__email="new@example.net").role == "editor"
