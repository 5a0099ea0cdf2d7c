"""The preferences of a visitor whom the site has signed in: their choices beyond cookies, beside the cookies."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from axe_playwright_python.sync_playwright import Axe

from consent.models import ChoiceState
from consent.preferences.actions import add_topic
from consent.preferences.subject_tokens import end_key, make_key
from tests.browser.regimes import OURS, SHOP, open_shop, visitor
from tests.consent.preferences.tokens import subject_token
from tests.values import present

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PERSON = "ada@example.org"
CENTER = "#onetrust-pc-sdk"
EVIL = "<img src=x onerror=window.hit=1>{site}</p>"
NEWS = {"en": {"name": "News", "text": "Offers,\ntwice a month."}, "de": {"name": "Neues", "text": "Zweimal im Monat."}}
CALLS = {"en": {"name": f"Calls {EVIL}", "text": EVIL}}
SIGN_IN = "window.mine = fairgate.signIn(() => fetch('/token', { method: 'POST' }).then((answer) => answer.text()))"


@pytest.fixture
def shop(world, live_server, settings):
    settings.FAIRGATE_RATE_LIMIT = 0
    site = open_shop(world, live_server.url, languages=["en", "de", "ar"])
    add_topic(site, "x", key="news", kind="email", basis="opt_in", texts=NEWS)
    add_topic(site, "x", key="calls", kind="phone", basis="opt_out", texts=CALLS)
    desk = SimpleNamespace(site=site, key=make_key(site, "x")[1], handed_out=0)

    def token(asked):
        desk.handed_out += 1
        return 200, "text/plain", subject_token()(desk.key, str(site.uuid), PERSON).encode()

    world.pages[(SHOP, "/token")] = token
    return desk


def states(site):
    return dict(ChoiceState.objects.filter(site=site).values_list("topic__key", "value"))


def opened(page, size=(1440, 900), scheme="light"):
    """The preferences, once they show the topics."""
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.emulate_media(color_scheme=scheme)
    page.evaluate("fairgate.open()")
    page.locator(f"{CENTER} .fg-topic").first.wait_for()
    page.wait_for_timeout(450)


def test_it_is_done_by_keyboard_and_said_back(world, chromium, shop):
    with visitor(chromium, world, "DE") as page:
        errors = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.evaluate(SIGN_IN)
        assert shop.handed_out == 0
        opened(page)
        assert page.locator(".fg-own h3").inner_text() == "Your choices"
        yes, no = (
            page.locator(".fg-topic").first.get_by_role("button", name=name, exact=True) for name in ("Yes", "No")
        )
        boxes = [present(one.bounding_box()) for one in (yes, no)]
        assert (boxes[0]["width"], boxes[0]["height"]) == (boxes[1]["width"], boxes[1]["height"])
        assert min(boxes[0]["height"], boxes[0]["width"]) >= 44
        for _ in range(60):
            page.keyboard.press("Tab")
            if yes.evaluate("(node) => node === document.activeElement"):
                break
        page.keyboard.press("Space")
        page.get_by_text("Saved.").wait_for()
        assert (states(shop.site), yes.get_attribute("aria-pressed")) == ({"news": "yes"}, "true")
        assert yes.evaluate("(node) => node === document.activeElement")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_function(
            "document.querySelectorAll('.fg-topic')[0].querySelectorAll('[aria-pressed=true]')[0].textContent === 'No'"
        )
        assert states(shop.site) == {"news": "no"}
        page.get_by_role("button", name="No to everything").click()
        page.wait_for_function("document.querySelectorAll('.fg-own [aria-pressed=true]').length === 2")
        assert (states(shop.site), errors) == ({"news": "no", "calls": "no"}, [])
        # Words of the site's are words, and nothing runs of them; the cookies are asked as ever.
        assert (page.evaluate("window.hit"), page.locator(".fg-own img").count()) == (None, 0)
        assert EVIL in page.locator(".fg-topic").nth(1).inner_text()
        page.locator(f"{CENTER} #accept-recommended-btn-handler").click()
        page.wait_for_function("fairgate.consent().answered")


def test_axe_finds_nothing_in_any_width_light_and_direction(world, chromium, shop):
    html = world.pages[(SHOP, "/")][2]
    with visitor(chromium, world, "DE") as page:
        for language, size, scheme in (
            ("ar", (360, 740), "dark"), ("de", (768, 1000), "light"), ("ar", (1440, 900), "light"),
        ):  # fmt: skip
            spoken = html.replace(b'lang="en"', f'lang="{language}"'.encode())
            world.pages[(SHOP, "/")] = (200, "text/html; charset=utf-8", spoken)
            page.reload()
            page.evaluate(SIGN_IN)
            opened(page, size, scheme)
            found = Axe().run(page, context=CENTER)
            nodes = [(one["id"], node["target"]) for one in found.response["violations"] for node in one["nodes"]]
            assert (size, nodes) == (size, [])
            assert page.locator("#ot-pc-content").evaluate("(box) => box.scrollWidth <= box.clientWidth")
            assert page.locator(".fg-own").get_attribute("dir") == ("rtl" if language == "ar" else "ltr")


def test_the_token_is_in_bodies_only_and_fetched_anew_when_it_proves_nothing(world, chromium, shop):
    with visitor(chromium, world, "DE") as page:
        page.evaluate(SIGN_IN)
        opened(page)
        used = subject_token()(shop.key, str(shop.site.uuid), PERSON).split(".")[0]
        assert [asked.path for asked in world.asked if used in asked.path] == []
        html, kept = page.evaluate(
            "[document.documentElement.outerHTML, JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])]"
        )
        assert used not in html + kept and PERSON not in html + kept
        end_key(shop.site, "x", shop.key.partition(".")[0])
        shop.key = make_key(shop.site, "x")[1]
        before = shop.handed_out
        page.locator(".fg-topic").first.get_by_role("button", name="Yes", exact=True).click()
        page.get_by_text("Saved.").wait_for()
        assert (states(shop.site), shop.handed_out) == ({"news": "yes"}, before + 1)


def test_a_page_that_draws_it_itself_and_one_of_nobody(world, chromium, shop):
    with visitor(chromium, world, "DE") as page:
        loaded = lambda: sum("choices.js" in asked.path for asked in world.asked)  # noqa: E731
        page.evaluate("fairgate.open()")
        page.locator(CENTER).wait_for()
        assert (loaded(), page.locator(".fg-own").count()) == (0, 0)
        page.evaluate(SIGN_IN)
        shown = page.evaluate("mine.then((mine) => mine.choose({ calls: false, nothing: true }))")
        assert [(one["topic"], one["status"]) for one in shown["taken"]] == [("calls", "created")]
        assert [(one["key"], one["value"], one["way"]) for one in shown["topics"]] == [
            ("news", "", "here"),
            ("calls", "no", "here"),
        ]
        assert page.evaluate("fairgate.signIn('nonsense').then((mine) => mine.choices())") is None
        assert page.evaluate("fairgate.signIn(null)") is None
        page.wait_for_function("!document.querySelector('.fg-own')")
        assert loaded() == 1
        answer = page.evaluate(
            f"fetch('https://{OURS}/api/v1/choices/state', {{ method: 'POST', body: '{{}}' }}).then((one) => one.status)"
        )
        assert answer == 400
