"""Files of ours that answer 200 with something else. "Loaded" is not "did its work": what waits goes on waiting, the page
itself works, the operator is told, and the next view is whole again."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest

from cookiebanner.releases.compile import compile  # noqa: A004
from tests import samples
from tests.browser.internet import Asked, comes_true
from tests.browser.stage import CMP, SHOP
from tests.browser.test_core import ACCEPT, ADS, GA, REJECT, ran, small, stage, until
from tests.browser.test_stub import AUTO, stub

__all__ = ["stage"]
pytestmark = pytest.mark.browser

PORTAL = b"<!doctype html><title>Welcome</title><p>Log in to this network"
BODY = (
    '<h1>Own text</h1><button id=own onclick="window.clicked = (window.clicked || 0) + 1">own</button>'
    '<span class="optanon-show-settings">settings</span><a class="ot-sdk-show-settings" href="#s">more</a>'
    '<iframe class="optanon-category-C0004" src="https://frames.example.org/f.html"></iframe>'
    '<script type="text/plain" class="optanon-category-C0002">window.parked = 1</script>'
)


def older() -> dict[str, bytes]:
    """The files of another release of the same site."""
    snapshot = small(languages=("en", "de"))
    snapshot["services"][0]["name"] = "As it was called last year"
    return {name: body for name, _, body in compile(snapshot, 2, samples.sha256_of(snapshot))}


def instead(name: str, body: bytes, files: dict[str, bytes], what: str) -> bytes:
    half = body[: len(body) // 2]
    return {
        "empty": b"",
        "a portal": PORTAL,
        "cut": half,
        "cut before its last line": body[: body.rindex(b";fairgate._.made")],
        "cut after its first statement": body[: body.index(b";") + 1],
        "throws first": b"throw new Error('first');" + body,
        "throws last": body.replace(b";fairgate._.made", b";throw new Error('last');fairgate._.made"),
        "for ever waiting for itself": b"window.fairgate._.late && 0",
        "another file": files["late.js" if name != "late.js" else "ui.en.js"],
        "another language": files["ui.de.js"],
        "an older one": older()[name],
    }[what]


WHATS = [
    "empty", "a portal", "cut", "cut before its last line", "cut after its first statement", "throws first", "throws last", "for ever waiting for itself",
    "another file", "another language", "an older one",
]  # fmt: skip


class Broken:
    """A release of which one file is something else, for the first `times` requests."""

    def __init__(self, stage, snapshot, name: str, times: float = float("inf")) -> None:
        self.stage, self.name, self.asked = stage, name, 0
        stage.release(snapshot)
        (self.key,) = {k for k in stage.world.pages if k[0] == CMP and k[1].endswith(f"/{name}") and "/a/" in k[1]}
        self.right = stage.world.pages[self.key]
        self.files = {
            urlsplit(k[1]).path.rsplit("/", 1)[1]: v[2] for k, v in stage.world.pages.items() if "/a/" in k[1]
        }
        self.times, self.body = times, b""
        stage.world.pages[self.key] = self.answer

    def answer(self, asked):
        self.asked += 1
        return self.right if self.asked > self.times else (200, "text/javascript", self.body)

    def mend(self) -> None:
        self.stage.world.pages[self.key] = self.right


@pytest.fixture
def tab(chromium):
    """Opens a page of a new visitor; `said` is its console."""
    contexts = []

    def tab(url: str):
        contexts.append(chromium.new_context(ignore_https_errors=True))
        contexts[-1].set_default_timeout(8000)
        page = contexts[-1].new_page()
        page.said = []
        page.on("console", lambda message: page.said.append(message.text))
        page.goto(url)
        return page

    yield tab
    for context in contexts:
        context.close()


def works(page) -> None:
    """The page is there, answers, and nothing in it runs that has to wait."""
    page.click("#own")
    page.click("span.optanon-show-settings")
    page.click("a.ot-sdk-show-settings")
    assert page.evaluate("[document.querySelector('h1').textContent, clicked, window.parked || 0]") == [
        "Own text",
        1,
        0,
    ]
    assert page.evaluate("document.body.innerText.includes('Own text') && document.readyState") == "complete"
    assert ran(page) == []


def told(stage) -> list[tuple[str, str]]:
    return [
        (item["kind"], item["subject"])
        for body in stage.posts("reports")
        for item in body["items"]
        if item["kind"] == "broken"
    ]


LEVELS = {
    "snippet": ("", ""),
    "strict": ("strict", ""),
    "drop_in": ("drop_in", AUTO + stub()),
    "stub alone": ("drop_in", stub()),
}


@pytest.mark.parametrize("what", WHATS)
@pytest.mark.parametrize("name", ["late.js", "ui.en.js"])
def test_something_else_instead(stage, tab, uncaught, name, what):
    broken = Broken(stage, small(languages=("en", "de")), name)
    broken.body = instead(name, broken.right[2], broken.files, what)
    if broken.body == broken.right[2]:
        return
    url = stage.page(BODY + GA + ADS)
    page = tab(url)
    until(lambda: told(stage))
    works(page)
    assert [line for line in page.said if "did not load or did not do its work" in line] == [
        f"fairgate: {name} did not load or did not do its work "
    ]
    assert told(stage) == [("broken", name.removesuffix(".js"))]
    assert stage.posts("reports")[0].keys() == {"site", "release", "items"}
    assert (broken.asked, stage.posts(), page.context.cookies()) == (2, [], [])
    assert page.locator("#onetrust-banner-sdk").count() == 0
    # What the page itself may say before is answered, with nothing.
    if name == "late.js":
        assert (
            page.evaluate(
                "Promise.all([fairgate.accept(), fairgate.open(), fairgate.set({categories: {C0002: true}})])"
            )
            == [None] * 3
        )
        assert ran(page) == []
    broken.mend()
    page.goto(url)
    page.click(ACCEPT)
    comes_true(page, "window.__ran && __ran.length == 2")
    assert len(until(stage.posts)) == 1
    uncaught.clear()


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", ["late.js", "ui.en.js"])
@pytest.mark.parametrize("what", ["empty", "a portal", "throws last"])
def test_at_every_level(stage, tab, uncaught, level, name, what):
    kind, gate = LEVELS[level]
    broken = Broken(stage, small(**({"level": kind} if kind else {})), name)
    broken.files["ui.de.js"] = b""
    broken.body = instead(name, broken.right[2], broken.files, what)
    page = tab(stage.page(BODY + GA + ADS, gate=gate))
    until(lambda: told(stage))
    works(page)
    assert (broken.asked, stage.posts()) == (2, [])
    if gate and name == "late.js":
        # As when the server is down: whoever asks for OneTrust finds none, and no callback comes.
        assert page.evaluate("[typeof OneTrust, typeof Optanon]") == ["undefined", "undefined"]
    uncaught.clear()


@pytest.mark.parametrize("name", ["late.js", "ui.en.js"])
def test_the_second_try_goes_past_what_answered_the_first(stage, tab, uncaught, name):
    broken = Broken(stage, small(), name, times=1)
    broken.body = PORTAL
    page = tab(stage.page(BODY + GA + ADS))
    page.click(ACCEPT)
    comes_true(page, "window.__ran && __ran.length == 2")
    asked = [a.path for a in stage.world.asked if a.path.split("?")[0].endswith(f"/{name}")]
    assert ["?" in path for path in asked] == [False, True]
    assert (told(stage), [line for line in page.said if "did not" in line]) == ([], [])
    uncaught.clear()


@pytest.mark.parametrize("name", ["late.js", "ui.en.js"])
def test_throwing_anywhere(stage, tab, uncaught, name):
    """A throw behind every nth statement of the file: it works, or it is as if it were not there."""
    broken = Broken(stage, small(), name)
    body = broken.right[2]
    places = [i for i, c in enumerate(body) if c == ord(";")]
    url = stage.page(BODY + GA + ADS)
    for place in places[:: max(1, len(places) // 14)]:
        broken.body, broken.asked = body[: place + 1] + b"throw 1;" + body[place + 1 :], 0
        stage.world.asked.clear()
        page = tab(url)
        until(lambda: broken.asked and (broken.asked == 1 or told(stage)))
        page.wait_for_timeout(150)
        page.click("#own")
        assert page.evaluate("[clicked, window.parked || 0]") == [1, 0]
        assert (ran(page), page.context.cookies(), stage.posts()) == ([], [], [])
        page.close()
    uncaught.clear()


def test_no_policy_is_in_the_way_of_the_second_try(stage, tab, uncaught):
    csp = "script-src 'nonce-abc' 'strict-dynamic'; style-src 'nonce-abc'; require-trusted-types-for 'script'"
    gate = f'<meta http-equiv="Content-Security-Policy" content="{csp}"><script nonce="abc" src="https://{CMP}/v1/{samples.SITE_UUID}/gate.js"></script>'
    for name in ("late.js", "ui.en.js"):
        broken = Broken(stage, small(level="server"), name, times=1)
        broken.body = PORTAL
        page = tab(stage.page("<p>x", gate=gate))
        page.click(ACCEPT)
        until(stage.posts)
        assert broken.asked == 2
        stage.world.asked.clear()
    uncaught.clear()


def test_the_banner_fails_after_an_answer(stage, tab, uncaught):
    """A returning visitor presses the link: nothing opens, nothing is lost, and a later press finds it mended."""
    stage.release(small())
    page = tab(stage.page(BODY))
    page.click(ACCEPT)
    until(stage.posts)
    broken = Broken(stage, small(), "ui.en.js")
    broken.body = b"fairgate._.texts={};fairgate._.ui(function(){throw new Error('of ours')},{l:'en'});"
    page.goto(stage.page(BODY.replace("<iframe", "<i")))
    page.evaluate("window.opened = fairgate.open()")
    until(lambda: told(stage))
    assert page.evaluate("opened.then((x) => [x ?? null, fairgate.allowed('C0002'), fairgate.language])") == [
        None,
        True,
        "en",
    ]
    assert page.locator("#onetrust-pc-sdk").count() == 0
    broken.mend()
    page.goto(stage.page(BODY, path="/next"))
    page.click("span.optanon-show-settings")
    page.wait_for_selector("#onetrust-pc-sdk", state="visible")
    uncaught.clear()


def test_a_banner_that_stands_but_cannot_be_made(stage, tab, uncaught):
    """The file is whole, its last line too; its work fails when it is called."""
    broken = Broken(stage, small(), "ui.en.js")
    broken.body = broken.right[2].replace(b"document.createElement(", b"document.createNothing(", 1)
    page = tab(stage.page(BODY + GA + ADS))
    until(lambda: told(stage), 9)
    works(page)
    assert stage.posts() == []
    uncaught.clear()


def test_another_language_that_does_not_come(stage, tab, uncaught):
    broken = Broken(stage, small(languages=("en", "de", "fr")), "ui.de.js")
    for body in (b"", PORTAL, broken.files["ui.fr.js"], broken.right[2][:-40]):
        broken.body = body
        page = tab(stage.page("<p>x"))
        page.wait_for_selector(ACCEPT)
        accept = page.inner_text(ACCEPT)
        page.wait_for_function("fairgate._.loadUi")
        assert page.evaluate("fairgate._.loadUi('de').then(() => 1, () => 0)") == 0
        assert page.evaluate("[fairgate.language, fairgate._.texts.l]") == ["en", "en"]
        assert page.inner_text(ACCEPT) == accept
        page.click(REJECT)
        assert until(stage.posts)[-1]["language"] == "en"
        page.context.close()
        stage.world.asked.clear()
    uncaught.clear()


def test_languages_there_and_back(stage, tab):
    stage.release(small(languages=("en", "de", "fr")))
    page = tab(stage.page("<p>x"))
    page.wait_for_selector(ACCEPT)
    english = page.inner_text(ACCEPT)
    page.wait_for_function("fairgate._.loadUi")
    page.evaluate("fairgate._.loadUi('de')")
    german = page.inner_text(ACCEPT)
    assert german != english
    page.evaluate("fairgate._.loadUi('en')")
    assert (page.inner_text(ACCEPT), page.evaluate("fairgate.language")) == (english, "en")
    # The last one asked for wins, whichever file comes last; a name that every object has is no language.
    page.evaluate("Promise.all(['fr', 'de', 'constructor'].map((code) => fairgate._.loadUi(code)))")
    assert (page.inner_text(ACCEPT), page.evaluate("fairgate.language")) == (german, "de")


def test_late_work_that_came_twice(stage, tab):
    stage.release(small())
    page = tab(stage.page(BODY + GA))
    page.wait_for_selector(ACCEPT)
    late = next(k[1] for k in stage.world.pages if k[1].endswith("/late.js"))
    page.evaluate(
        """(src) => Promise.all([1, 2].map(() => new Promise((done) => {
          const script = Object.assign(document.createElement('script'), {src, onload: done});
          document.head.append(script);
        })))""",
        f"https://{CMP}{late}",
    )
    page.evaluate("addEventListener('OneTrustPCLoaded', () => { window.opened = (window.opened || 0) + 1; })")
    page.click("span.optanon-show-settings")
    page.wait_for_selector("#onetrust-pc-sdk", state="visible")
    page.keyboard.press("Escape")
    page.click(ACCEPT)
    comes_true(page, "window.__ran && __ran.length == 1")
    page.wait_for_timeout(300)
    assert (page.evaluate("opened"), len(stage.posts()), len(ran(page))) == (1, 1, 1)


@pytest.mark.parametrize("body", [b"", PORTAL, b"throw 1"])
def test_a_gate_that_the_stub_cannot_get(stage, tab, uncaught, body):
    stage.release(small(level="drop_in"))
    asked: list[str] = []

    def told(request: Asked) -> tuple[int, str, bytes]:
        asked.append(request.path)
        return 200, "text/javascript", body

    keys = [k for k in stage.world.pages if k[1].endswith(("gate.js", "OtAutoBlock.js"))]
    right = {key: stage.world.pages[key] for key in keys}
    for key in keys:
        stage.world.pages[key] = told
    for gate in (AUTO + stub(), stub(), stub("async")):
        asked.clear()
        page = tab(stage.page(BODY, gate=gate))
        until(lambda: [line for line in page.said if "no gate" in line])
        page.click("#own")
        assert page.evaluate("[clicked, window.parked || 0, typeof fairgate, typeof OneTrust]") == [
            1,
            0,
            "undefined",
            "undefined",
        ]
        assert [path.partition("?")[0].rsplit("/", 1)[1] for path in asked][-2:] == ["gate.js", "gate.js"]
    # The first answer only: the second finds it.
    (key,) = [k for k in keys if k[1].endswith("gate.js")]
    stage.world.pages[key] = lambda request: right[key] if "?" in request.path else (200, "text/javascript", body)
    page = tab(stage.page(BODY, gate=stub()))
    page.wait_for_selector(ACCEPT)
    uncaught.clear()


def test_coming_back_to_the_tab(stage, tab):
    """Focus, blur and visibility events whose target is a window, a document or nothing that has nodes."""
    stage.release(small())
    page = tab(stage.page(BODY))
    page.wait_for_selector(ACCEPT)
    page.click(ACCEPT)
    thrown = page.evaluate("""async () => {
      const thrown = [];
      addEventListener('error', (event) => thrown.push(event.message));
      addEventListener('unhandledrejection', (event) => thrown.push(`${event.reason}`));
      const detached = document.createElement('p');
      for (const target of [window, document, document.documentElement, document.body, detached, document.createTextNode('x'), new EventTarget()])
        for (const type of ['focus', 'blur', 'focusin', 'focusout', 'visibilitychange', 'pageshow', 'pagehide', 'click', 'keydown', 'load', 'resize', 'storage'])
          for (const make of [Event, FocusEvent, MouseEvent, KeyboardEvent])
            target.dispatchEvent(new make(type, {bubbles: true, relatedTarget: target instanceof Node ? target : window}));
      await new Promise((resolve) => setTimeout(resolve, 50));
      return thrown;
    }""")
    assert thrown == []


def test_every_file_of_a_release_says_whose_it_is():
    snapshot = small(languages=("en", "de"))
    files = {name: body.decode() for name, _, body in compile(snapshot, 3, samples.sha256_of(snapshot))}
    config = json.loads(files["gate.eu_opt_in.js"].rpartition("})(")[2][:-1])
    for name in ("late", "ui.en", "ui.de"):
        assert files[f"{name}.js"].endswith(f';fairgate._.made["{name}"]="{config["made"]}"')
    assert SHOP in config["hosts"]
