"""The dashboard in Chromium: accessibility, no sideways scrolling, a live preview, no broken policy."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import reverse
from django.utils import timezone

from bench import numbers
from consent.banners import banner_tests
from consent.sites.actions import change_settings, create_site
from tests.browser.uncaught import uncaught
from tests.cookiebanner.dashboard.conftest import PASSWORD
from tests.values import RESPONSIBLE

__all__ = ["uncaught"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAGES = (
    "overview", "numbers", "banner_test", "services", "service_new", "categories", "banner", "rules", "jurisdictions", "releases", "installation",
    "guide", "scans", "settings", "team", "tokens", "trail",
)  # fmt: skip


@pytest.fixture
def signed_in(live_server, shop, browser):
    def open_at(width: int, scheme: str):
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        page = context.new_page()
        page.complaints = []
        page.on("console", lambda m: page.complaints.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.goto(f"{live_server.url}/accounts/login/")
        page.fill("[name=login]", "alice@example.net")
        page.fill("[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/dashboard/")
        return page

    return open_at


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (360, "dark")])
def test_main_pages_are_accessible_and_fit_their_screen(signed_in, live_server, shop, people, width, scheme):
    other = sites_of(people["alice"], 9)[4]
    today = timezone.now().date()
    numbers.fill(shop.pk, 10_000, today, days=3, releases=1)
    banner_tests.save(shop, "alice@example.net", ends=today, layout="bar", position="bottom")
    page = signed_in(width, scheme)
    urls = [reverse(f"dashboard:{name}", kwargs={"uuid": shop.uuid}) for name in PAGES]
    urls += [reverse(f"audit:{name}", kwargs={"uuid": shop.uuid}) for name in ("search", "exports", "ledger")]
    found = {}
    for url in ["/dashboard/", "/api/docs/", *urls]:
        page.goto(live_server.url + url)
        rules = Axe().run(page, options={"iframes": False, "resultTypes": ["violations"]}).response["violations"]
        wide = page.evaluate("document.documentElement.scrollWidth > innerWidth")
        if rules or wide or page.complaints:
            nodes = [(rule["id"], rule["nodes"][0]["html"][:200]) for rule in rules]
            found[url] = (nodes, wide, list(page.complaints))
        page.complaints.clear()
    assert found == {}
    to_another_site(page, other)
    values_are_read_by_keyboard(page, live_server.url + reverse("dashboard:numbers", kwargs={"uuid": shop.uuid}))


def sites_of(user, number: int) -> list:
    return [
        create_site([f"s{n}.example"], "a", name=f"Branch {n}", owners=[user], **RESPONSIBLE) for n in range(number)
    ]


def to_another_site(page, other) -> None:
    """By keyboard alone, from a site's trail to that of another."""
    menu = page.get_by_text("Menu", exact=True)
    if menu.is_visible():
        menu.press("Enter")
    switcher = page.locator("details.switch")
    summary = switcher.locator("summary")
    summary.press("Enter")
    page.keyboard.type("branch")
    assert switcher.locator("li:visible").count() == 9
    page.keyboard.press("Escape")
    assert (switcher.get_attribute("open"), summary.evaluate("it => it === document.activeElement")) == (None, True)
    summary.press("Enter")
    rules = Axe().run(page, options={"iframes": False, "resultTypes": ["violations"]}).response["violations"]
    assert [(rule["id"], rule["nodes"][0]["html"][:200]) for rule in rules] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.keyboard.type(f" {other.name[-1]}")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/audit/{other.uuid}/ledger/")


def values_are_read_by_keyboard(page, url: str) -> None:
    """A chart is one stop of the Tab key; arrows walk through its values, each with its words."""
    page.goto(f"{url}?days=7")
    points = page.locator("svg[data-points] .point")
    assert [point.get_attribute("tabindex") for point in points.all()] == ["-1", "-1", "0"]
    points.last.focus()
    page.keyboard.press("ArrowLeft")
    assert [value.is_visible() for value in points.locator(".value").all()] == [False, True, False]
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == points.nth(1).text_content().strip()


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (768, "dark"), (360, "light")])
def test_what_changed_in_the_law_is_read_and_subscribed_to_by_keyboard(
    signed_in, live_server, shop, settings, width, scheme
):
    settings.FAIRGATE_URL = live_server.url
    page = signed_in(width, scheme)
    page.goto(live_server.url + reverse("dashboard:jurisdictions", kwargs={"uuid": shop.uuid}))
    folds = page.locator("details.fold > summary")
    for fold in folds.all():
        fold.press("Enter")
    assert page.locator("details.fold[open]").count() == folds.count() >= 3
    rules = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    assert [(rule["id"], rule["nodes"][0]["html"][:200]) for rule in rules] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Tell alice@example.net").press("Enter")
    page.get_by_text("You will be told by mail.").wait_for()
    page.get_by_role("button", name="End the notices").press("Enter")
    page.get_by_text("You get no more notices.").wait_for()
    for name, file in (("CSV", "csv"), ("CSV with semicolons", "csv"), ("PDF", "pdf")):
        with page.expect_download() as download:
            page.get_by_role("link", name=name, exact=True).press("Enter")
        assert download.value.suggested_filename.endswith(f".{file}")
    assert page.complaints == []


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (360, "dark")])
def test_who_read_our_words_is_said_by_keyboard_and_taken_back(signed_in, live_server, shop, width, scheme):
    change_settings(shop, "x", languages=["en", "el", "he", "pt-BR"])
    page = signed_in(width, scheme)
    page.goto(live_server.url + reverse("dashboard:banner", kwargs={"uuid": shop.uuid}) + "?tab=words&language=el")
    page.get_by_text("All languages, and who has read them").press("Enter")
    page.get_by_label("Who has read our words in Ελληνικά").fill("Eleni Papadopoulou")
    page.keyboard.press("Enter")
    page.get_by_role("cell").get_by_text("Read Eleni Papadopoulou, ").wait_for()
    rules = Axe().run(page, options={"iframes": False, "resultTypes": ["violations"]}).response["violations"]
    assert [(rule["id"], rule["nodes"][0]["html"][:200]) for rule in rules] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("button", name="Take back the review of Ελληνικά").press("Enter")
    page.get_by_label("Who has read our words in Ελληνικά").wait_for()
    assert shop.text_reviews.filter(revoked_at=None).count() == 0
    assert page.complaints == []


def test_the_login_page_is_accessible(page, live_server, db):
    page.goto(f"{live_server.url}/accounts/login/")
    assert [rule["id"] for rule in Axe().run(page).response["violations"]] == []


def test_the_preview_shows_the_banner_and_stores_nothing(signed_in, live_server, shop, context):
    page = signed_in(1440, "light")
    page.set_viewport_size({"width": 1440, "height": 1600})  # the headless shell does not scroll to what a frame hides
    posted = []
    page.on("request", lambda request: posted.append(request.url) if request.method == "POST" else None)
    page.goto(live_server.url + reverse("dashboard:preview", kwargs={"uuid": shop.uuid}))
    inside = page.frame_locator("iframe")
    inside.locator("#onetrust-accept-btn-handler").click()
    inside.locator("#onetrust-banner-sdk").wait_for(state="hidden")
    assert posted == []
    assert [
        cookie["name"] for cookie in page.context.cookies() if cookie["name"].startswith(("fairgate", "Optanon"))
    ] == []


def test_the_banner_follows_what_is_typed(signed_in, live_server, shop):
    page = signed_in(1440, "light")
    page.goto(live_server.url + reverse("dashboard:banner", kwargs={"uuid": shop.uuid}) + "?tab=words")
    page.fill("#t-title", "Biscuits?")
    page.frame_locator("#stage").get_by_text("Biscuits?").wait_for()
    shop.banner.refresh_from_db()
    assert shop.banner.texts == {}


def test_without_scripts_a_marketer_still_publishes(browser, live_server, shop):
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{live_server.url}/accounts/login/")
    page.fill("[name=login]", "alice@example.net")
    page.fill("[name=password]", PASSWORD)
    page.click("button.primary")
    page.goto(live_server.url + reverse("dashboard:service_new", kwargs={"uuid": shop.uuid}))
    page.get_by_label("Find", exact=True).fill("hotjar")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("button", name="Add Hotjar").click()
    page.goto(live_server.url + reverse("dashboard:releases", kwargs={"uuid": shop.uuid}))
    page.fill("[name=note]", "Hotjar")
    page.get_by_role("button", name="Publish").click()
    assert page.get_by_text("Release 2 is live.").count() == 1
    assert shop.releases.count() == 2
