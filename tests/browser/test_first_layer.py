"""The banner that comes with the gate: after one request, whatever else of ours is late, and the same one as ever."""

from __future__ import annotations

import threading

import pytest

from tests.browser.internet import comes_true
from tests.browser.shop import CONSENT, HOST, TEXT, URL, open_shop

pytestmark = pytest.mark.browser

ACCEPT, REJECT, MANAGE = "#onetrust-accept-btn-handler", "#onetrust-reject-all-handler", "#onetrust-pc-btn-handler"
BANNER, CENTER, ROOT, DONE = "#onetrust-banner-sdk", "#onetrust-pc-sdk", "#onetrust-consent-sdk", ".fg-done:not(:empty)"
BUSY = "getComputedStyle(document.querySelector('#onetrust-banner-sdk')).opacity === '0'"
EXEMPT = {"matomo": {"exemption_confirmed": ["FR", "DE"]}}


@pytest.fixture
def tab(chromium):
    """tab(**context options) → a new visitor's page."""
    contexts = []

    def tab(**options):
        contexts.append(chromium.new_context(ignore_https_errors=True, **{"locale": "en-US", **options}))
        page = contexts[-1].new_page()
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        return page

    yield tab
    for made in contexts:
        made.close()


@pytest.fixture
def late(world):
    """late(*parts) makes the files of ours that are called so wait; `late.come()` lets them through."""
    come = threading.Event()

    def late(*parts):
        for key, page in [(k, p) for k, p in world.pages.items() if k[0] == CONSENT and k[1].endswith(parts)]:

            def wait(asked, page=page):
                come.wait(20)
                return page

            world.pages[key] = wait

    late.come = come.set  # type: ignore[attr-defined]
    yield late
    come.set()


def loaded(world):
    return [asked.path.rsplit("/", 1)[1] for asked in world.asked if asked.host == CONSENT and asked.method == "GET"]


def test_it_stands_after_one_request_while_the_page_is_still_read(world, tab, late):
    open_shop(world, after='<script defer src="/slow.js"></script>')
    late("late.js", "ui.en.js")
    held = threading.Event()

    def slow(asked):
        held.wait(20)
        return 200, "text/javascript", b"window.slow = 1"

    world.pages[(HOST, "/slow.js")] = slow
    page = tab()
    page.goto(URL, wait_until="commit")
    page.wait_for_selector(BANNER, state="visible")
    assert page.evaluate("[document.readyState, window.slow || 0]") == ["interactive", 0]
    assert page.inner_text(f"{BANNER} h2") == "Your choice about cookies"
    where = (
        "[...document.documentElement.children].filter((e) => e.localName !== 'script').map((e) => e.id || e.localName)"
    )
    assert page.evaluate(where) == ["head", "onetrust-consent-sdk", "body"]
    held.set()
    late.come()
    comes_true(page, "window.slow && performance.getEntriesByType('resource').length > 3")
    # What follows is asked for behind the first paint.
    began = page.evaluate(
        """Object.fromEntries(performance.getEntriesByType('resource').map((e) => [e.name.replace(/.*\\//, ''), e.startTime]))"""
    )
    painted = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    # The paint is timed when the screen has it, which a busy machine does a little after it was asked for.
    assert {name: at > painted / 2 for name, at in began.items() if name.endswith(".js") and name != "slow.js"} == {
        "gate.js": False, "late.js": True, "ui.en.js": True,
    }  # fmt: skip
    assert page.errors == []


@pytest.mark.parametrize(("button", "action"), [(ACCEPT, "accept_all"), (REJECT, "reject_all")])
def test_a_press_before_the_other_files_are_there_answers_once(world, tab, late, button, action):
    open_shop(world)
    late("late.js", "ui.en.js")
    page = tab()
    page.goto(URL, wait_until="commit")
    page.click(button)
    comes_true(page, BUSY)
    # The second press of a visitor who has seen nothing yet, by the keyboard, which needs no pointer.
    page.keyboard.press("Enter")
    assert world.answers == []
    late.come()
    page.wait_for_selector(DONE)
    page.wait_for_timeout(300)
    assert [(said["action"], said["layer"]) for said in world.answers] == [(action, "banner")]
    assert world.answers[0]["time_to_answer"] > 400
    assert page.locator(BANNER).count() == 0
    page.goto(URL)
    page.wait_for_timeout(500)
    assert page.locator(BANNER).count() == 0
    paths = [asked.path for asked in world.asked]
    # Before its page: what the page of another test still had to say.
    assert paths[paths.index("/") :].count("/api/v1/impressions") == 1
    assert page.errors == []


@pytest.mark.parametrize("when", ["head", "after"])
def test_an_answer_by_the_page_itself_takes_it_away(world, tab, when):
    code = "<script>fairgate.reject()</script>"
    open_shop(world, head=code if when == "head" else "", after=code if when == "after" else "")
    page = tab()
    page.goto(URL)
    page.wait_for_timeout(900)
    assert [(said["action"], said["layer"]) for said in world.answers] == [("reject_all", "api")]
    assert page.locator(BANNER).count() == 0
    assert page.errors == []


def test_a_press_within_400_ms_is_no_answer(world, tab):
    open_shop(world)
    page = tab()
    page.add_init_script(
        "new MutationObserver((_, o) => { const b = document.querySelector('#onetrust-reject-all-handler');"
        "if (b) { o.disconnect(); window.box = b.getBoundingClientRect(); } }).observe(document, {childList: true, subtree: true})"
    )
    page.goto(URL, wait_until="commit")
    comes_true(page, "window.box")
    box = page.evaluate("({x: box.x + box.width / 2, y: box.y + box.height / 2})")
    page.mouse.click(box["x"], box["y"])
    page.wait_for_timeout(600)
    assert (world.answers, page.locator(BANNER).count()) == ([], 1)


def test_the_preferences_open_by_a_press_before_they_are_there(world, tab, late):
    open_shop(world)
    late("ui.en.js")
    page = tab()
    page.goto(URL, wait_until="commit")
    page.click(MANAGE)
    page.wait_for_timeout(200)
    assert page.locator(CENTER).count() == 0
    late.come()
    page.wait_for_selector(CENTER, state="visible")
    # From the banner they only go on.
    assert [asked.path for asked in world.asked].count("/api/v1/impressions") == 1


@pytest.mark.parametrize("part", ["late.js", "ui.en.js"])
def test_it_does_not_stand_without_the_files_that_take_its_answer(world, tab, part):
    open_shop(world)
    (key,) = [key for key in world.pages if key[0] == CONSENT and key[1].endswith(part)]
    world.pages[key] = (200, "text/javascript", b"")
    page = tab()
    page.goto(URL)
    comes_true(
        page, "document.querySelector('#onetrust-consent-sdk') && !document.querySelector('#onetrust-banner-sdk')"
    )
    assert [name.partition("?")[0] for name in loaded(world)].count(part) == 2
    assert (page.errors, page.context.cookies()) == ([], [])


def test_a_page_in_another_language_never_shows_the_gate_s(world, tab):
    open_shop(world, lang="de", first="en", languages=("en", "de"))
    page = tab()
    page.add_init_script(
        "window.seen = []; new MutationObserver(() => { const h = document.querySelector('#onetrust-banner-sdk h2');"
        "if (h && !seen.includes(h.textContent)) seen.push(h.textContent); }).observe(document, {childList: true, subtree: true})"
    )
    page.goto(URL)
    page.wait_for_selector(BANNER, state="visible")
    assert page.evaluate("[seen, fairgate.language]") == [["Ihre Entscheidung über Cookies"], "de"]
    assert sorted(loaded(world)) == ["gate.js", "late.js", "ui.de.js"]


def test_the_language_can_be_switched_behind_it(world, tab):
    open_shop(world, languages=("en", "de"))
    page = tab()
    page.goto(URL)
    page.wait_for_selector(BANNER, state="visible")
    comes_true(page, "fairgate._.loadUi")
    page.evaluate("fairgate._.loadUi('de')")
    comes_true(page, "document.querySelector('#onetrust-banner-sdk h2').textContent.startsWith('Ihre')")
    assert page.evaluate(f"[document.querySelector('{ROOT}').lang, document.querySelectorAll('{BANNER}').length]") == [
        "de",
        1,
    ]


def test_who_has_answered_gets_none_of_it_built(world, tab):
    open_shop(world, floating_button=False)
    page = tab()
    page.goto(URL)
    page.click(REJECT)
    page.wait_for_selector(DONE)
    world.asked.clear()
    page.add_init_script(
        f"window.roots = 0; new MutationObserver(() => {{ roots += document.querySelectorAll('{ROOT}').length; }})"
        ".observe(document, {childList: true, subtree: true})"
    )
    page.goto(URL)
    page.wait_for_timeout(700)
    assert page.evaluate("[window.roots, document.adoptedStyleSheets.length]") == [0, 0]
    assert "ui.en.js" not in loaded(world)


def test_the_way_back_needs_no_more_than_the_gate_and_late(world, tab):
    """Until it is pressed: then it is the same one, and gets the focus back."""
    open_shop(world)
    page = tab()
    page.goto(URL)
    page.click(REJECT)
    page.wait_for_selector(DONE)
    page.goto(URL)
    button = page.locator("#ot-sdk-btn-floating button")
    button.wait_for(state="visible")
    look = "(b) => [...getComputedStyle(b)].map((k) => getComputedStyle(b)[k]).join() + JSON.stringify(b.getBoundingClientRect())"
    loaded_here = "performance.getEntriesByType('resource').map((e) => e.name.split('/').pop())"
    assert "ui.en.js" not in page.evaluate(loaded_here)
    alone = button.evaluate(look)
    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(CENTER, state="visible")
    page.keyboard.press("Escape")
    comes_true(page, "document.activeElement.closest('#ot-sdk-btn-floating') !== null")
    assert "ui.en.js" in page.evaluate(loaded_here)
    page.evaluate("document.activeElement.blur()")
    assert (button.count(), button.evaluate(look)) == (1, alone)
    page.goto(URL)
    button.wait_for(state="visible")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<div id=ot-sdk-cookie-policy></div>')")
    comes_true(page, "document.querySelector('#ot-sdk-cookie-policy .ot-sdk-cookie-policy-group') !== null")
    assert page.errors == []


SAME = """() => {
  const banner = document.querySelector('#onetrust-banner-sdk');
  const nodes = [banner, ...banner.querySelectorAll('*')];
  const look = (node) => { const s = getComputedStyle(node); return [...s].map((k) => s.getPropertyValue(k)).join(); };
  const box = (node) => { const b = node.getBoundingClientRect(); return [b.x, b.y, b.width, b.height]; };
  const root = banner.parentNode;
  return [banner.outerHTML, nodes.map(box), nodes.map(look), root.lang, root.dir, root.getAttribute('style')];
}"""
WAYS = [
    ("eu_opt_in", {}, {}),
    ("eu_opt_in", {"lang": "ar", "layout": "bar", "position": "bottom"}, {"color_scheme": "dark"}),
    ("eu_opt_in-FR", {"changes": EXEMPT, "lang": "fr", "layout": "center", "position": "center"}, {}),
    ("us_ca", {"layout": "bar", "position": "top"}, {}),
    ("us_ca", {"gpc": True}, {"color_scheme": "dark"}),
    ("eu_opt_in-IT", {"theme": {"accent": "#ffcc00"}}, {}),
]


@pytest.mark.parametrize("width", [360, 1440])
@pytest.mark.parametrize(("variant", "options", "context"), WAYS)
def test_it_is_the_same_banner_both_ways(world, tab, variant, options, context, width):
    shown = []
    options = dict(options)
    gpc = options.pop("gpc", False)
    for first in (None, ""):
        open_shop(world, variant, first=first, **options)
        page = tab(viewport={"width": width, "height": 740}, **context)
        if gpc:
            page.add_init_script(
                "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})"
            )
        page.goto(URL)
        page.wait_for_selector(BANNER, state="visible")
        comes_true(page, "fairgate._.loadUi")
        page.wait_for_timeout(400)
        shown.append(page.evaluate(SAME))
        assert page.errors == []
    assert shown[0] == shown[1]


def test_nothing_of_the_page_moves_and_nothing_is_stored(world, tab):
    open_shop(world, body=f"{TEXT}<style>html {{ display: grid }}</style>")
    page = tab()
    page.add_init_script(
        "window.moved = 0; new PerformanceObserver((list) => { for (const entry of list.getEntries()) moved += entry.value; })"
        ".observe({type: 'layout-shift', buffered: true})"
    )
    page.goto(URL)
    page.wait_for_selector(BANNER, state="visible")
    page.wait_for_timeout(600)
    assert page.evaluate("[moved, document.cookie, localStorage.length, sessionStorage.length]") == [0, "", 0, 0]


@pytest.mark.parametrize("attribute", ["data-headless", 'data-ignore-html="true"'])
def test_a_page_that_wants_no_banner_gets_none(world, tab, attribute):
    src = f"https://{CONSENT}/v1/5f1d6c1e-7a60-4f0c-9a0c-3d2b8d1c0a11/gate.js"
    open_shop(world, tags=f'<script src="{src}" {attribute}></script>')
    page = tab()
    page.goto(URL)
    page.wait_for_timeout(600)
    assert page.locator(BANNER).count() == 0


def test_a_page_with_trusted_types_and_a_nonce(world, tab):
    policy = "script-src 'nonce-n1' 'strict-dynamic'; style-src 'nonce-n1'; require-trusted-types-for 'script'; trusted-types fairgate"
    open_shop(world, nonce="n1", headers={"Content-Security-Policy": policy})
    page = tab()
    said = []
    page.on("console", lambda m: said.append((m.type, m.text)))
    page.goto(URL)
    page.click(REJECT)
    page.wait_for_selector(DONE)
    assert [text for kind, text in said if kind == "error"] == []
    page.wait_for_timeout(1000)  # the answer is on its way when the banner says so
    assert len(world.answers) == 1
