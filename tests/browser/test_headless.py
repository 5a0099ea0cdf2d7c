"""A page that draws all of it itself, as docs/headless.md has it: asked, answered, recorded, opened again, remembered."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.shop import CONSENT, HOST, LANGUAGES, URL, UUID, open_shop
from tests.browser.test_core import until

pytestmark = pytest.mark.browser

FILE = Path(__file__).parent / "pages" / "headless.html"
DOCUMENT = Path(__file__).parents[2] / "docs" / "headless.md"
OURS = "document.querySelectorAll('#onetrust-consent-sdk, .fg').length"


@pytest.fixture
def page(chromium, world):
    open_shop(world, "eu_opt_in")
    html = FILE.read_text().replace("consent.example.org", CONSENT).replace("SITE", UUID)
    world.pages[(HOST, "/")] = (200, "text/html; charset=utf-8", html.encode())
    context = chromium.new_context(ignore_https_errors=True)
    page = context.new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.goto(URL)
    yield page
    assert page.errors == []
    assert page.evaluate(OURS) == 0
    context.close()


def counted(world, kind):
    return sum(
        f'"kind":"{kind}"'.encode() in asked.body for asked in world.asked if asked.path == "/api/v1/impressions"
    )


def film(world):
    return world.requests_to("youtube.com")


def answers(world, count):
    assert len(world.answers) == count
    return world.answers[-1]


def test_a_visitor_is_asked_answers_opens_it_again_and_is_remembered(page, world):
    page.wait_for_selector("#banner", state="visible")
    assert page.locator("#banner-buttons button").all_inner_texts() == ["Accept all", "Reject all", "Manage choices"]
    assert (page.inner_text("#banner-title") != "", film(world)) == (True, [])
    until(lambda: counted(world, "banner") == 1)
    page.click("#banner-reject")
    page.wait_for_selector("#banner", state="hidden")
    page.wait_for_function("document.querySelector('#receipt').textContent.startsWith('Kept as ')")
    first = answers(world, 1)
    assert (first["action"], first["layer"], first["language"], first["choices"]["categories"]["C0002"]) == (
        "reject_all", "api", "en", "denied",
    )  # fmt: skip
    assert first["time_to_answer"] > 0
    # Who comes back is not asked; the page's own link opens the page's own preferences.
    page.reload()
    page.click("[data-fairgate-open]")
    page.wait_for_selector("#preferences[open]")
    assert (page.locator("#banner").is_visible(), counted(world, "banner"), counted(world, "preferences")) == (
        False,
        1,
        1,
    )
    page.check("input[name=categories][value=C0002]")
    page.click("#save")
    page.wait_for_function("fairgate.allowed('C0002')")
    page.wait_for_function("document.querySelector('#receipt').textContent.startsWith('Kept as ')")
    second = answers(world, 2)
    assert (second["action"], second["replaces"]) == ("custom", first["id"])
    assert {key: value for key, value in second["choices"]["categories"].items() if value == "granted"} == {
        "C0001": "granted", "C0002": "granted",
    }  # fmt: skip
    page.reload()
    page.wait_for_function("fairgate.consent().answered")
    assert page.evaluate("fairgate.allowed('C0002')")
    # Withdrawn, the question comes again where the page wants it.
    page.evaluate("fairgate.withdraw().then(() => fairgate.show())")
    page.wait_for_selector("#banner", state="visible")


def test_the_necessary_has_no_switch_and_a_single_service_can_be_chosen(page, world):
    page.click("#banner-manage")
    page.wait_for_selector("#preferences[open]")
    assert page.locator("input[value=C0001]").is_disabled()
    page.locator("details:has(input[value=youtube]) summary").click()
    page.check("input[value=youtube]")
    page.click("#save")
    page.wait_for_function("fairgate.allowed('youtube')")
    granted = [key for key, value in answers(world, 1)["choices"]["services"].items() if value == "granted"]
    before = page.evaluate(
        "fairgate.content().then(({services}) => services.filter((one) => one.necessary).map((one) => one.key))"
    )
    # A container goes with the first of anything optional.
    assert set(granted) - set(before) - {"google-tag-manager"} == {"youtube"}


def test_a_held_frame_has_the_pages_own_placeholder(page, world):
    page.wait_for_selector(".placeholder")
    assert (page.inner_text(".placeholder"), film(world)) == ("Load youtube once", [])
    page.click(".placeholder")
    page.wait_for_selector(".placeholder", state="detached")
    page.wait_for_function("document.querySelector('iframe').contentWindow.length >= 0")
    page.wait_for_timeout(300)
    assert len(film(world)) == 1
    assert not page.evaluate("fairgate.allowed('youtube')")


def test_the_language_is_the_pages_to_choose_and_is_in_the_record(page, world):
    page.wait_for_selector("#banner", state="visible")
    assert page.evaluate("fairgate.content().then((c) => [c.languages, c.language])") == [list(LANGUAGES), "en"]
    english = page.inner_text("#banner-title")
    page.select_option("#languages", "ar")
    page.wait_for_function("document.querySelector('#banner').dir === 'rtl'")
    assert page.inner_text("#banner-title") != english
    assert page.evaluate("fairgate.language") == "ar"
    page.click("#banner-accept")
    page.wait_for_function("fairgate.allowed('C0004')")
    page.wait_for_function("document.querySelector('#receipt').textContent.startsWith('Kept as ')")
    assert answers(world, 1)["language"] == "ar"


def test_who_listens_late_hears_of_what_waits(page, world):
    page.wait_for_selector("#banner", state="visible")
    late = "new Promise((resolve) => fairgate.on('{}', resolve)).then(({{ kind, service }}) => kind || service)"
    assert page.evaluate(late.format("held")) == "youtube"
    until(lambda: counted(world, "banner") == 1)
    assert (
        page.evaluate("Promise.race([" + late.format("show") + ", new Promise((r) => setTimeout(r, 300, 'nothing'))])")
        == "nothing"
    )


def test_the_content_names_every_service_its_cookies_and_the_texts(page):
    content = page.evaluate("fairgate.content()")
    shown = page.evaluate("[Object.keys(fairgate.consent().categories), Object.keys(fairgate.consent().services)]")
    assert [category["key"] for category in content["categories"]] == shown[0]
    assert {service["key"] for service in content["services"]} >= set(shown[1])
    assert [category["necessary"] for category in content["categories"]] == [True, False, False, False, False]
    cookies = {one["name"]: one for service in content["services"] for one in service["cookies"]}
    assert cookies["_ga"]["lifetime"] == "2 years"
    assert [
        text for text in (content["texts"][key] for key in ("title", "body", "accept")) if "{" in text or not text
    ] == []


def test_the_document_shows_this_very_page():
    example = FILE.read_text()
    assert example in DOCUMENT.read_text()
