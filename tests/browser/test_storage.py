"""Browsers that keep nothing, keep it badly, or keep another tab's newer word: no answer is lost, and none is made up."""

from __future__ import annotations

import pytest

from tests import samples
from tests.browser.state import stated
from tests.browser.test_core import ACCEPT, ADS, GA, STATE, context, page, ran, small, stage, until
from tests.browser.test_core import cookie as cookie_of

__all__ = ["context", "page", "stage"]
pytestmark = pytest.mark.browser

STORES = {
    "null": "null",  # a WebView whose DOM storage is off
    "forgets": "new Proxy({}, {set: () => true, defineProperty: () => true})",
    "full": "new Proxy({}, {set() { throw new DOMException('full', 'QuotaExceededError'); }})",
    "frozen": "Object.freeze({})",
    "no list": "new Proxy({}, {ownKeys() { throw new DOMException('no', 'SecurityError'); }})",
    "no delete": "new Proxy({}, {deleteProperty() { throw new DOMException('no', 'SecurityError'); }})",
    "no read": "new Proxy({}, {get() { throw new DOMException('no', 'SecurityError'); }})",
}
NO_COOKIES = {
    "forgets": "Object.defineProperty(Document.prototype, 'cookie', {get: () => '', set() {}})",
    "throws": "Object.defineProperty(Document.prototype, 'cookie', {get() { throw new DOMException('no', 'SecurityError'); },"
    " set() { throw new DOMException('no', 'SecurityError'); }})",
}
READ_AGAIN = {
    "cache": "dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))",
    "age": "fairgate.setAge(40)",
    "tab": "new BroadcastChannel(`fairgate.${fairgate.site}`).postMessage(1)",
}


@pytest.mark.parametrize("store", STORES)
def test_an_answer_is_sent_whatever_the_storage_does(stage, context, page, store):
    context.add_init_script(
        f"{{ const store = {STORES[store]}; Object.defineProperty(window, 'localStorage', {{get: () => store}}); }}"
    )
    stage.release(small())
    page.goto(stage.page(GA))
    page.wait_for_selector(ACCEPT)
    said = page.evaluate("Promise.race([fairgate.accept(), new Promise((done) => setTimeout(done, 4000, 'never'))])")
    assert said and said != "never" and said["id"] == page.evaluate("fairgate.consent().id")
    said = page.evaluate("Promise.race([fairgate.reject(), new Promise((done) => setTimeout(done, 4000, 'never'))])")
    assert said and said != "never"
    assert [body["action"] for body in stage.posts()] == ["accept_all", "reject_all"]


@pytest.mark.parametrize("again", READ_AGAIN)
@pytest.mark.parametrize("cookies", NO_COOKIES)
def test_an_answer_that_no_cookie_keeps_holds_for_its_page(stage, context, cookies, again):
    context.add_init_script(NO_COOKIES[cookies])
    page = context.new_page()  # the trackers throw here; our own files must not
    stage.release(small(), "us_optout")
    page.goto(stage.page(ADS))
    until(lambda: ran(page))
    page.wait_for_function("!!fairgate._.decide")
    page.evaluate("void fairgate.optOut()")
    said = page.evaluate("fairgate.consent()")
    assert said["objected"] and not said["services"]["google-ads"]
    page.evaluate(READ_AGAIN[again])
    page.wait_for_timeout(200)
    assert page.evaluate("fairgate.consent()") == said
    assert page.evaluate("fairgate.allowed('google-ads')") is False


def test_a_cookie_that_is_deleted_is_no_answer_any_more(stage, context, page):
    stage.release(small())
    page.goto(stage.page(GA))
    page.click(ACCEPT)
    until(lambda: cookie_of(context))
    context.clear_cookies()
    page.evaluate(READ_AGAIN["cache"])
    page.wait_for_function("!fairgate.consent().answered && !fairgate.allowed('C0002')")


def test_a_tab_that_heard_nothing_of_another_does_not_bring_its_yes_back(stage, context, page):
    """Without a channel between tabs, and between an answer and its message."""
    context.add_init_script("delete window.BroadcastChannel")
    stage.release(small())
    url = stage.page(GA)
    page.goto(url)
    page.click(ACCEPT)
    until(lambda: cookie_of(context))
    other = context.new_page()
    other.goto(url)
    other.wait_for_function("!!fairgate._.decide")
    other.evaluate("void fairgate.reject()")
    until(lambda: stated(cookie_of(context), small())["categories"]["C0002"] is False)
    refusal = stated(cookie_of(context), small())["id"]
    page.evaluate("void fairgate.set({categories: {C0003: true}})")
    assert page.evaluate("[fairgate.allowed('C0003'), fairgate.allowed('C0002'), fairgate.allowed('C0004')]") == [
        True,
        False,
        False,
    ]
    # What was not acknowledged before a page went is sent again under its id.
    until(lambda: len({post["id"] for post in stage.posts()}) == 3)
    assert [(p["action"], p["replaces"]) for p in stage.posts()][-1] == ("custom", refusal)
    assert list(stated(cookie_of(context, STATE), small())["categories"].values()) == [None, False, True, False, False]


KEYS = [
    {"name": name, "kind": kind, "lifetime": "", "lifetime_days": None, "purpose": ""}
    for name, kind in [
        ("_ga", "cookie"), ("_gx_*", "cookie"), ("ga.*", "local"), ("ga_visit", "session"), ("ga-events*", "indexeddb"),
    ]
]  # fmt: skip
# Declared ones, then those that only a cookie's name declares, then the page's own.
WRITTEN = ["ga.one", "ga_visit", "ga-events-1", "_ga", "_gx_local", "gb.one", "ga_visits", "x_ga"]
WRITE = """async (names) => {
  for (const name of names) {
    localStorage.setItem(name, 1);
    sessionStorage[name] = 1;
    await new Promise((done) => {
      try {
        const asked = indexedDB.open(name);
        asked.onsuccess = () => { asked.result.close(); done(); };
      } catch { done(); }
    });
  }
}"""
LEFT = """async () => [
  ...[localStorage, sessionStorage].map((store) => Object.keys(store).filter((key) => !/^fairgate/.test(key)).sort()),
  (await indexedDB.databases()).map(({name}) => name).sort(),
]"""
OF_THE_SERVICE = {"ga.one": 0, "ga_visit": 1, "ga-events-1": 2}
UNDECLARED = {"_ga", "_gx_local"}
OWN_LEFT = [
    sorted(name for name in WRITTEN if name not in UNDECLARED and OF_THE_SERVICE.get(name) != n) for n in range(3)
]


def test_keys_named_for_a_service_are_held_and_deleted(stage, context, page):
    """Of the kind that was named; a key that no kind names is the service's whose cookie is called so."""
    stage.release(small(services=[samples.service("google-analytics", cookies=KEYS)]))
    url = stage.page()
    page.goto(url)
    page.wait_for_selector(ACCEPT)
    page.evaluate(WRITE, WRITTEN)
    assert page.evaluate(LEFT) == OWN_LEFT
    page.click(ACCEPT)
    until(lambda: cookie_of(context))
    page.evaluate(WRITE, WRITTEN)
    assert page.evaluate(LEFT) == [sorted(WRITTEN)] * 3
    page.evaluate("void fairgate.reject()")
    until(lambda: page.evaluate(LEFT) == OWN_LEFT)
