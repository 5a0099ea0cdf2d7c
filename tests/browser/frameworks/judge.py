"""Takes a page through everything a visitor does, beside the same page without the gate, and says what differs.

What is found is `{(phase, check): what was seen}`; an empty one is a page that could not tell.
"""

from __future__ import annotations

import difflib
import json
import re
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page

from . import engines
from .known import Found
from .site import Site

HERE = Path(__file__).resolve().parent
READ = (HERE / "read.js").read_text().partition("*/")[2]
CONTROL = (HERE / "banner.js").read_text().partition("*/")[2]
ACCEPT, REJECT = "#onetrust-accept-btn-handler", "#onetrust-reject-all-handler"
BACK = "#onetrust-consent-sdk button"
QUIET_MS = 120  # nothing was asked for as long as this: the page has done what it does
SLOWEST_MS = 3000  # what a page has not done by then it does not do
RELEASED_MS = 1200  # what was held and has not come by then after a yes does not come
OPENING_MS = 450  # a press within 400 ms of a layer's opening is no answer
# Libraries that make up ids would make up others the next time.
STEADY = "Math.random = () => 0.5;"


class Seen(NamedTuple):
    """A page at one moment: boxes, markup, what ran and which elements said so since `mark`, the console's lines."""

    boxes: list[list[Any]]
    html: str
    ran: list[str]
    events: list[str]
    asked: list[str]
    console: list[str]


class Without(NamedTuple):
    """The page without the gate: as it came, after the presses before an answer, after those behind it, its second page."""

    first: Seen
    pressed: Seen
    second: Seen | None
    states: tuple[Any, Any]


class Tab:
    """A tab of the page's, and what its console said since it was loaded."""

    def __init__(self, context: BrowserContext, site: Site) -> None:
        self.page: Page = context.new_page()
        self.site = site
        self.console: list[str] = []
        self.opened = self.mark = 0
        self.said: tuple[int, int] = (0, 0)
        self.shown = 0.0
        self.page.on("console", self._line)
        self.page.on("pageerror", self._threw)

    def _line(self, message: ConsoleMessage) -> None:
        self.console.append(f"{message.type}: {message.text}")

    def _threw(self, error: Error) -> None:
        self.console.append(f"threw: {error.message}")

    def open(self) -> None:
        """Loads the first page anew."""
        self.page.goto("about:blank")
        self.console.clear()
        self.opened = self.mark = self.site.count
        self.said = (0, 0)
        self.page.goto(self.site.url, wait_until="load")
        if self.site.gated:
            self.until(f"document.querySelector('{BACK}')")
            self.shown = time.monotonic()
        if self.page.evaluate("Boolean(window.start)"):
            self.settle(ready=False)
            self.page.evaluate("window.start()")
        self.settle()

    def follow(self) -> None:
        """Follows the page's own link to its second page."""
        self.since_now()
        assert self.site.walk.next
        self.page.click(self.site.walk.next, timeout=5000)
        arrived = self.until("document.querySelector('main h2')?.textContent === 'Two'")
        assert arrived, f"{self.site.walk.name}: the second page did not come"
        self.until("!document.querySelector('[data-astro-transition]')")
        self.settle()

    def since_now(self) -> None:
        """What ran, was asked for or said `load` before is not counted in what is read next."""
        self.mark = self.site.count
        counts = self.page.evaluate("[(window.__ran || []).length, (window.__events || []).length]")
        self.said = (counts[0], counts[1])

    def until(self, expression: str) -> bool:
        """Waits for it to be true, for as long as anything may take here."""
        end = time.monotonic() + SLOWEST_MS / 1000
        while not self.page.evaluate(f"!!({expression})"):
            if time.monotonic() > end:
                return False
            self.page.wait_for_timeout(25)
        return True

    def settle(self, ready: bool = True) -> None:
        """Waits for the page to be ready and for a while in which nothing is asked for."""
        if ready:
            self.until("window.ready")
        quiet, count = time.monotonic(), self.site.count
        while time.monotonic() - quiet < QUIET_MS / 1000:
            self.page.wait_for_timeout(25)
            if self.site.count != count:
                quiet, count = time.monotonic(), self.site.count

    def see(self) -> Seen:
        """What can be read of the page now."""
        read = self.page.evaluate(READ)
        ran, events = read["ran"][self.said[0] :], _timeless(read["events"][self.said[1] :])
        asked = _timeless(self.site.asked(self.mark))
        console = self.page.lines() if isinstance(self.page, engines.Page) else self.console
        return Seen(read["boxes"], read["html"], ran, events, asked, sorted(console))

    def press(self, selectors: Iterable[str]) -> Any:
        """Presses with the mouse what a person would, and reads what the page then says of itself."""
        for selector in selectors:
            try:
                self.page.click(selector, timeout=2 * SLOWEST_MS)
            except Error as error:
                return f"{selector} could not be pressed: {error.message.splitlines()[-1].strip()}"
        self.settle()
        try:
            return self.page.evaluate("window.state()")
        except Error as error:
            return f"threw: {error.message}"

    def control(self, selector: str) -> dict[str, Any]:
        """Where the first control of ours by this selector is that a person could press; empty when there is none."""
        return self.page.evaluate(CONTROL, selector) or {}


def without(browser: Browser, site: Site) -> Without:
    """Walks the page as its author knows it."""
    site.gated = False
    context = browser.new_context(ignore_https_errors=True)
    context.add_init_script(STEADY)
    tab = Tab(context, site)
    tab.open()
    first = tab.see()
    pressed_state = tab.press(site.walk.press)
    pressed = tab.see()
    closed_state = tab.press(site.walk.close)
    second = None
    if site.walk.next:
        tab.open()
        tab.follow()
        second = tab.see()
    context.close()
    return Without(first, pressed, second, (pressed_state, closed_state))


class Judge:
    """One page's walk with the gate; `found` is what differs."""

    def __init__(self, browser: Browser, site: Site, base: Without) -> None:
        self.browser, self.site, self.base, self.walk = browser, site, base, site.walk
        self.found: Found = {}

    def run(self) -> Found:
        """Both visitors: who says yes and takes it back, who says no and changes their mind."""
        self.site.gated = True
        for visitor in (self._says_yes, self._says_no):
            context = self.browser.new_context(ignore_https_errors=True)
            context.add_init_script(STEADY)
            try:
                visitor(Tab(context, self.site))
            finally:
                context.close()
        return self.found

    def _says_yes(self, tab: Tab) -> None:
        base = self.base
        tab.open()
        self._same("before", tab.see(), base.first)
        self._held("before", tab.see())
        self._way_back("before", tab, ACCEPT)
        self._equal("before", "usable", tab.press(self.walk.press), base.states[0])
        self._held("before", tab.see())
        tab.since_now()
        self._answer("before", "mouse", tab, ACCEPT)
        self._granted("yes", tab, base.pressed)
        self._equal("yes", "usable", tab.press(self.walk.close), base.states[1])
        self._next("next_yes", tab)
        tab.open()
        self._granted("returning", tab, base.first)
        self._equal("returning", "usable", tab.press(self.walk.press), base.states[0])
        tab.page.evaluate("fairgate.withdraw()")
        self._denied("withdrawn", tab)

    def _says_no(self, tab: Tab) -> None:
        base = self.base
        tab.open()
        if base.second:
            self._next("next_before", tab)
            tab.open()
        tab.press(self.walk.press)
        self._answer("before", "keyboard", tab, REJECT)
        tab.settle()
        seen = tab.see()
        self._same("no", seen, base.pressed)
        self._held("no", seen, refused=base.pressed)
        self._way_back("no", tab)
        self._equal("no", "usable", tab.press(self.walk.close), base.states[1])
        self._next("next_no", tab)
        self._denied("refused", tab)
        tab.since_now()
        tab.page.evaluate("fairgate.accept()")
        self._granted("changed", tab, base.pressed)

    def _denied(self, phase: str, tab: Tab) -> None:
        """A visit of who has said no."""
        tab.open()
        self._way_back(phase, tab)
        seen = tab.see()
        self._same(phase, seen, self.base.first)
        self._held(phase, seen, refused=self.base.first)
        self._equal(phase, "usable", tab.press(self.walk.press), self.base.states[0])

    def _next(self, phase: str, tab: Tab) -> None:
        if not self.base.second:
            return
        tab.follow()
        if phase == "next_yes":
            self._granted(phase, tab, self.base.second)
            return
        self._way_back(phase, tab, ACCEPT if phase == "next_before" else BACK)
        seen = tab.see()
        self._same(phase, seen, self.base.second)
        self._held(phase, seen, refused=self.base.second if phase == "next_no" else None)

    def _answer(self, phase: str, how: str, tab: Tab, selector: str) -> None:
        """Answers as a person would; by the page's interface when that can't be done."""
        tab.page.wait_for_timeout(max(0, OPENING_MS - (time.monotonic() - tab.shown) * 1000))
        where = tab.control(selector)
        answered = "window.fairgate.consent().answered"
        if where and how == "mouse":
            tab.page.mouse.click(where["x"], where["y"])
        elif where:
            tab.page.evaluate("(selector) => document.querySelector(selector).focus()", selector)
            tab.page.wait_for_timeout(50)
            tab.page.keyboard.press("Enter")
        done = where and tab.until(answered)
        self._note(phase, how, done, f"{selector} did not answer: {json.dumps(where)}")
        if not done:
            tab.page.evaluate(f"fairgate.{'accept' if selector == ACCEPT else 'reject'}()")

    def _granted(self, phase: str, tab: Tab, base: Seen) -> None:
        """After a yes each address is asked for once and each script runs once; what the page had pressed stays."""
        end = time.monotonic() + RELEASED_MS / 1000
        seen = tab.see()
        while time.monotonic() < end and not (
            set(base.ran) <= set(seen.ran)
            and set(base.asked) <= set(seen.asked)
            and set(base.events) <= set(seen.events)
        ):
            tab.page.wait_for_timeout(25)
            seen = tab.see()
        tab.settle()
        seen = tab.see()
        self._same(phase, seen, base)
        fresh = phase in ("returning", "next_yes")
        asked, ran, events = (
            Counter(lines) if fresh else _once(lines, base.html) for lines in (base.asked, base.ran, base.events)
        )
        # What the parser or the scanner had asked for, and has, need not be asked for again.
        early = self.site.raced & set(self.site.asked(tab.opened)) - set(seen.asked)
        asked = Counter({address: count for address, count in asked.items() if address not in early})
        parts = [_difference(Counter(a), b) for a, b in ((seen.asked, asked), (seen.ran, ran))]
        self._note(phase, "once", not any(parts), "; ".join(filter(None, parts)))
        self._equal(phase, "events", Counter(seen.events), events)
        self._way_back(phase, tab)

    def _held(self, phase: str, seen: Seen, refused: Seen | None = None) -> None:
        raced = set() if phase.startswith("next") else self.site.raced
        got = [*(address for address in seen.asked if address not in raced), *seen.ran]
        self._note(phase, "held", not got, f"got out: {got}")
        meant = {
            event.replace(" load ", " error ")
            for event in (refused.events if refused else [])
            if event[0:6] != "IFRAME"
        }
        self._equal(phase, "events", Counter(seen.events), Counter(meant))

    def _way_back(self, phase: str, tab: Tab, selector: str = BACK) -> None:
        end = time.monotonic() + SLOWEST_MS / 1000
        while not (back := tab.control(selector)) and time.monotonic() < end:
            tab.page.wait_for_timeout(25)
        self._note(phase, "asked", back, f"no {selector} that could be pressed")

    def _same(self, phase: str, seen: Seen, base: Seen) -> None:
        self._note(phase, "layout", not (moved := _moved(seen.boxes, base.boxes)), moved)
        self._note(phase, "markup", seen.html == base.html, _tags_that_differ(seen.html, base.html))
        self._equal(phase, "console", Counter(seen.console), Counter(base.console))

    def _equal(self, phase: str, check: str, seen: Any, base: Any) -> None:
        if isinstance(seen, Counter):
            self._note(phase, check, seen == base, _difference(seen, base))
        else:
            texts = json.dumps(seen, sort_keys=True), json.dumps(base, sort_keys=True)
            self._note(phase, check, texts[0] == texts[1], _first_difference(*texts))

    def _note(self, phase: str, check: str, holds: Any, what: str) -> None:
        if not holds:
            self.found.setdefault((phase, check), what)


def judge(browser: Browser, site: Site) -> Found:
    """Walks a page without the gate and with it."""
    return Judge(browser, site, without(browser, site)).run()


def _timeless(lines: list[str]) -> list[str]:
    """Addresses without the moment that jQuery writes behind them."""
    return [re.sub(r"\?_=\d+$", "", line) for line in lines]


def _once(lines: list[str], html: str) -> Counter[str]:
    """How often each is meant to be seen after an answer, when the page had been pressed before it: for each element
    that is there now. What was thrown away before the answer is not wanted after it; scripts leave no trace of theirs."""
    meant: Counter[str] = Counter()
    for line, count in Counter(lines).items():
        address = line.rpartition(" ")[2]
        there = html.count(f'"{address}"')
        if there or address.endswith(".js") or "/" not in address:
            meant[line] = max(1, min(count, there))
    return meant


def _difference(seen: Counter[str], base: Counter[str]) -> str:
    more, less = seen - base, base - seen
    parts = [f"{word}: {dict(part)}" for word, part in (("too much", more), ("missing", less)) if part]
    return "; ".join(parts)


def _moved(seen: list[list[Any]], base: list[list[Any]]) -> str:
    if [box[0] for box in seen] != [box[0] for box in base]:
        names, meant = [box[0] for box in seen], [box[0] for box in base]
        return f"other elements: {sorted(set(names) ^ set(meant))[:4] or 'their order'}"
    moved = [
        f"{a[0]}: {b[1:]} is {a[1:]}"
        for a, b in zip(seen, base, strict=True)
        if any(abs(x - y) > 1 for x, y in zip(a[1:], b[1:], strict=True))
    ]
    return "; ".join(moved[:3])


def _tags_that_differ(seen: str, base: str) -> str:
    read, meant = (re.findall(r"<[^>]*>|[^<]+", html) for html in (seen, base))
    steps = difflib.SequenceMatcher(None, read, meant, autojunk=False).get_opcodes()
    changes = [
        "".join(meant[c:d])[:200] + " reads " + "".join(read[a:b])[:200] for op, a, b, c, d in steps if op != "equal"
    ]
    return " | ".join(changes[:5])


def _first_difference(seen: str, base: str) -> str:
    at = next((i for i, (a, b) in enumerate(zip(seen, base, strict=False)) if a != b), min(len(seen), len(base)))
    return f"…{base[max(0, at - 40) : at + 120]!r} reads …{seen[max(0, at - 40) : at + 160]!r}"
