"""Filing what pages load, in Chromium: by role and label, once by keyboard, without scripts, on three widths."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from django.utils import timezone

from consent.stats.models import GateReport
from tests.browser.uncaught import uncaught
from tests.cookiebanner.dashboard.conftest import PASSWORD
from tests.values import present

__all__ = ["uncaught"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
HOSTS = ("www.google-analytics.com", "www.google.com", "px.a-long-name-of-a-third-party.example", "static.hotjar.com")
CSV = "service,name,kind,lifetime,description,description:en\nCounter,_c,,13 months,Counts.,Counts.\nNobody,_x,,,,\n"


@pytest.fixture
def open_as(live_server, shop, browser):
    for number, host in enumerate(HOSTS):
        GateReport.objects.create(
            site=shop,
            kind="unknown",
            subject=host,
            page_host="shop.example",
            count=90 - number,
            last_seen=timezone.now(),
        )

    def open_page(width: int = 1440, scheme: str = "light", scripts: bool = True):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=scripts
        )
        page = context.new_page()
        page.goto(f"{live_server.url}/accounts/login/")
        page.fill("[name=login]", "alice@example.net")
        page.fill("[name=password]", PASSWORD)
        page.click("button.primary")
        page.wait_for_url("**/dashboard/")
        return page

    return open_page


@pytest.fixture
def at(live_server, shop):
    return lambda name, **keys: live_server.url + reverse(f"dashboard:{name}", kwargs={"uuid": shop.uuid, **keys})


def faults(page) -> list:
    rules = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return [(rule["id"], rule["nodes"][0]["html"][:200]) for rule in rules] + (["too wide"] if wide else [])


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (768, "light"), (1440, "dark")])
def test_the_pages_are_accessible_fit_and_are_no_taller_than_they_need(open_as, at, shop, width, scheme):
    page = open_as(width, scheme)
    nothing = at("service_new") + "?q=nothing+like+it"
    for url in (at("inbox"), at("service_new"), at("service", key="counter"), nothing, at("cookie_import")):
        page.goto(url)
        for fold in page.locator("details.fold > summary").all():
            fold.click()
        assert (url, faults(page)) == (url, [])
        assert (url, page.evaluate("document.documentElement.scrollHeight") < 6000) == (url, True)
    page.get_by_label("Or its text").fill(CSV)
    page.get_by_role("button", name="Look at it").click()
    page.get_by_text("The site has no service 'Nobody'.").wait_for()
    assert faults(page) == []
    page.get_by_role("button", name="Take 1 into the draft").click()
    page.get_by_text("0 cookies added to the draft, 1 changed.").wait_for()
    page.goto(at("inbox"))
    page.get_by_label("Select px.a-long-name-of-a-third-party.example").check()
    page.get_by_role("button", name="Dismiss selected").click()
    assert faults(page) == []
    assert shop.gate_reports.exclude(dismissed_at=None).count() == 1


def test_unknown_hosts_are_filed_by_keyboard_alone(open_as, at, shop):
    page = open_as()
    page.goto(at("inbox"))
    page.get_by_label("Service of www.google-analytics.com").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.value") == "google-tag"  # its companion, ticked
    page.keyboard.press("Tab")
    page.keyboard.type("Statistics")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("In the draft: Google Analytics, Google tag (gtag.js).").wait_for()
    assert page.get_by_label("Service of www.google-analytics.com").count() == 0
    for host in ("static.hotjar.com", "www.google.com"):
        page.get_by_label(f"Select {host}").press("Space")
    page.get_by_label("Service of www.google.com").focus()
    page.keyboard.type("Google Maps")
    page.get_by_label("Category, where none is chosen above").focus()
    page.keyboard.type("The one")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("In the draft: Google Maps, Hotjar.").wait_for()
    page.get_by_role("button", name="Dismiss px.a-long-name").press("Enter")
    page.get_by_text("Nothing waits").wait_for()
    page.get_by_role("button", name="Undo").press("Enter")
    page.get_by_label("Select px.a-long-name-of-a-third-party.example").wait_for()
    filed = {s.key: s.category.key for s in shop.services.exclude(key__in=["counter", "adverts"])}
    assert filed == {
        "google-analytics": "C0002", "google-tag": "C0002", "google-maps": "C0003", "hotjar": "C0002",
    }  # fmt: skip


def test_without_scripts_one_finds_adds_and_describes(open_as, at, shop):
    page = open_as(360, "light", scripts=False)
    page.goto(at("service_new"))
    page.get_by_label("Find", exact=True).fill("mparticle")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("button", name="Add mParticle").click()
    assert page.get_by_text("mParticle is in the draft.").count() == 1
    page.goto(at("service_new"))
    page.get_by_label("Find", exact=True).fill("Our own counter")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name="Add your own").click()
    assert page.get_by_label("Name", exact=True).first.input_value() == "Our own counter"
    page.get_by_label("Category", exact=True).select_option("C0002")
    page.get_by_label("Requests to hold").fill("own.example")
    first = page.get_by_role("group", name="Cookie 1")
    first.get_by_label("Name").fill("_own")
    first.get_by_label("Lifetime").fill("2 weeks")
    page.get_by_role("button", name="Add a cookie").click()
    first = page.get_by_role("group", name="Cookie 1")
    assert (first.get_by_label("Name").input_value(), first.get_by_label("Lifetime").input_value()) == (
        "_own",
        "2 weeks",
    )
    second = page.get_by_role("group", name="Cookie 2")
    second.get_by_label("Name").fill("own.key")
    second.get_by_label("Kind").select_option(label="localStorage")
    page.get_by_role("button", name="Add to the draft").click()
    assert page.get_by_text("Our own counter is in the draft.").count() == 1
    service = present(shop.services.filter(name="Our own counter").first())
    assert list(service.cookies.values_list("name", "kind", "lifetime_days")) == [
        ("_own", "cookie", 14), ("own.key", "local", None),
    ]  # fmt: skip
