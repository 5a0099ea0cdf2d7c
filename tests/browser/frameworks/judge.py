"""Takes a page through everything a visitor does, beside the same page without the gate, and says what differs.

What is found is `{(phase, check): what was seen}`; an empty one is a page that could not tell.
"""

from __future__ import annotations

import difflib
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable
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
DRAWN = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))"
TIMESTAMP = re.compile(r"\?_=\d+")  # which jQuery writes behind an address
HELD = ("before", "next_before", "withdrawn", "no", "next_no", "refused")  # phases in which the trackers do not run
DONE = "(window.__ran || []).length + (window.__events || []).length"
# Libraries that make up ids would make up others the next time.
STEADY = "Math.random = () => 0.5;"


class Seen(NamedTuple):
    """A page at one moment: boxes, markup, the addresses of its elements, what ran and which elements said so since
    `mark`, the console's lines."""

    boxes: list[list[Any]]
    html: str
    addresses: Counter[str]
    ran: list[str]
    events: list[str]
    asked: list[str]
    console: list[str]


class Without(NamedTuple):
    """The page without the gate: as it came, after the presses before an answer, its second page and that page of who has
    pressed; what it said of itself after the presses before an answer and after those behind it."""

    first: Seen
    pressed: Seen
    second: Seen | None
    second_pressed: Seen | None
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
            # A layer opens when it is drawn, on a slow machine up to a second after it stands in the page.
            self.page.evaluate(DRAWN)
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
        """Waits for the page to be ready and for a while in which nothing is asked for, runs or says that it has loaded."""
        if ready:
            self.until("window.ready")
        quiet, count = time.monotonic(), self._progress()
        while time.monotonic() - quiet < QUIET_MS / 1000:
            self.page.wait_for_timeout(25)
            if (progress := self._progress()) != count:
                quiet, count = time.monotonic(), progress

    def _progress(self) -> tuple[int, int]:
        return self.site.count, self.page.evaluate(DONE)

    def see(self) -> Seen:
        """What can be read of the page now."""
        read = self.page.evaluate(READ)
        ran, events = read["ran"][self.said[0] :], _timeless(read["events"][self.said[1] :])
        asked = _timeless(self.site.asked(self.mark))
        console = self.page.lines() if isinstance(self.page, engines.Page) else self.console
        html = TIMESTAMP.sub("", read["html"])
        return Seen(read["boxes"], html, Counter(read["addresses"]), ran, events, asked, sorted(console))

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


def without(browser: Browser, site: Site, reachable: bool = True) -> Without:
    """Walks the page as its author knows it, or as it is where the trackers can't be reached."""
    site.gated, site.reachable = False, reachable
    context = browser.new_context(ignore_https_errors=True)
    context.add_init_script(STEADY)
    tab = Tab(context, site)
    tab.open()
    assert tab.page.evaluate("window.ready"), f"{site.walk.name} does nothing: {tab.see().console}"
    first = tab.see()
    pressed_state = tab.press(site.walk.press)
    pressed = tab.see()
    closed_state = tab.press(site.walk.close)
    second = second_pressed = None
    if site.walk.next:
        tab.follow()
        second_pressed = tab.see()
        tab.open()
        tab.follow()
        second = tab.see()
    context.close()
    site.reachable = True
    return Without(first, pressed, second, second_pressed, (pressed_state, closed_state))


class Judge:
    """One page's walk with the gate; `found` is what differs."""

    def __init__(self, browser: Browser, site: Site, base: Without) -> None:
        self.browser, self.site, self.base, self.walk = browser, site, base, site.walk
        self.found: Found = {}
        # What differs while the trackers do not run: (phase, check), what was seen, how to find it in a `Without`, in words.
        self.doubtful: list[tuple[tuple[str, str], Any, Callable[[Without], Any], str]] = []

    def run(self) -> Found:
        """Both visitors: who says yes and takes it back, who says no and changes their mind. What the page does of itself
        where the trackers can't be reached, and what is missing then because they would have drawn it, is no fault of ours.
        """
        self.site.gated = True
        for visitor in (self._says_yes, self._says_no):
            context = self.browser.new_context(ignore_https_errors=True)
            context.add_init_script(STEADY)
            try:
                visitor(Tab(context, self.site))
            finally:
                context.close()
        if self.doubtful:
            base = without(self.browser, self.site, reachable=False)
            for (phase, check), seen, meant, what in self.doubtful:
                self._note(phase, check, seen == meant(base), what)
        return self.found

    def _says_yes(self, tab: Tab) -> None:
        tab.open()
        self._same("before", tab.see(), "first")
        self._held("before", tab.see())
        self._way_back("before", tab, ACCEPT)
        self._usable("before", tab.press(self.walk.press), 0)
        self._held("before", tab.see())
        tab.since_now()
        self._answer("before", "mouse", tab, ACCEPT)
        self._granted("yes", tab, "pressed")
        self._usable("yes", tab.press(self.walk.close), 1)
        self._next("next_yes", tab, "second_pressed")
        tab.open()
        self._granted("returning", tab, "first")
        self._usable("returning", tab.press(self.walk.press), 0)
        tab.page.evaluate("fairgate.withdraw()")
        self._denied("withdrawn", tab)

    def _says_no(self, tab: Tab) -> None:
        tab.open()
        if self.walk.next:
            self._next("next_before", tab, "second")
            tab.open()
        tab.press(self.walk.press)
        self._answer("before", "keyboard", tab, REJECT)
        tab.settle()
        seen = tab.see()
        self._same("no", seen, "pressed")
        self._held("no", seen, refused="pressed")
        self._way_back("no", tab)
        self._usable("no", tab.press(self.walk.close), 1)
        self._next("next_no", tab, "second_pressed")
        self._denied("refused", tab)
        tab.since_now()
        tab.page.evaluate("fairgate.accept()")
        self._granted("changed", tab, "pressed")

    def _denied(self, phase: str, tab: Tab) -> None:
        """A visit of who has said no."""
        tab.open()
        self._way_back(phase, tab)
        seen = tab.see()
        self._same(phase, seen, "first")
        self._held(phase, seen, refused="first")
        self._usable(phase, tab.press(self.walk.press), 0)

    def _next(self, phase: str, tab: Tab, moment: str) -> None:
        if not self.walk.next:
            return
        tab.follow()
        if phase == "next_yes":
            self._granted(phase, tab, moment)
            return
        self._way_back(phase, tab, ACCEPT if phase == "next_before" else BACK)
        seen = tab.see()
        self._same(phase, seen, moment)
        self._held(phase, seen, refused=moment if phase == "next_no" else "")

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

    def _granted(self, phase: str, tab: Tab, moment: str) -> None:
        """After a yes each address is asked for once and each script runs once; what the page had pressed stays."""
        base: Seen = getattr(self.base, moment)
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
        self._same(phase, seen, moment)
        fresh = phase in ("returning", "next_yes")
        asked, ran, events = (
            Counter(lines) if fresh else _once(lines, base.addresses) for lines in (base.asked, base.ran, base.events)
        )
        # What the parser or the scanner had asked for, and has, need not be asked for again.
        early = self.site.raced & set(self.site.asked(tab.opened)) - set(seen.asked)
        asked = Counter({address: count for address, count in asked.items() if address not in early})
        parts = [_difference(Counter(a), b) for a, b in ((seen.asked, asked), (seen.ran, ran))]
        self._note(phase, "once", not any(parts), "; ".join(filter(None, parts)))
        self._equal(phase, "events", Counter(seen.events), events)
        self._way_back(phase, tab)

    def _held(self, phase: str, seen: Seen, refused: str = "") -> None:
        """Nothing got out, and elements say nothing, or after a no that it failed."""
        raced = set() if phase.startswith("next") else self.site.raced
        got = [*(address for address in seen.asked if address not in raced), *seen.ran]
        self._note(phase, "held", not got, f"got out: {got}")
        meant: Counter[str] = Counter()
        if refused:
            base: Seen = getattr(self.base, refused)
            # Where it can't be reached, all but a frame has failed.
            lines = [line if line.startswith("IFRAME") else line.replace(" load ", " error ") for line in base.events]
            meant = _once(lines, base.addresses)
        self._equal(phase, "events", Counter(seen.events), meant)

    def _way_back(self, phase: str, tab: Tab, selector: str = BACK) -> None:
        end = time.monotonic() + SLOWEST_MS / 1000
        while not (back := tab.control(selector)) and time.monotonic() < end:
            tab.page.wait_for_timeout(25)
        self._note(phase, "asked", back, f"no {selector} that could be pressed")

    def _same(self, phase: str, seen: Seen, moment: str) -> None:
        base: Seen = getattr(self.base, moment)
        self._note(phase, "layout", not (moved := _moved(seen.boxes, base.boxes)), moved)
        if phase in HELD and seen.html != base.html:
            self._doubt(
                phase,
                "markup",
                seen.html,
                lambda other: getattr(other, moment).html,
                _tags_that_differ(seen.html, base.html),
            )
        else:
            self._note(phase, "markup", seen.html == base.html, _tags_that_differ(seen.html, base.html))
        self._equal(phase, "console", Counter(seen.console), Counter(base.console))

    def _usable(self, phase: str, state: Any, which: int) -> None:
        base = self.base.states[which]
        if phase in HELD and state != base:
            self._doubt(
                phase, "usable", state, lambda other: other.states[which], _first_difference(_text(state), _text(base))
            )
        else:
            self._equal(phase, "usable", state, base)

    def _doubt(self, phase: str, check: str, seen: Any, meant: Callable[[Without], Any], what: str) -> None:
        self.doubtful.append(((phase, check), seen, meant, what))

    def _equal(self, phase: str, check: str, seen: Any, base: Any) -> None:
        if isinstance(seen, Counter):
            self._note(phase, check, seen == base, _difference(seen, base))
        else:
            self._note(phase, check, seen == base, _first_difference(_text(seen), _text(base)))

    def _note(self, phase: str, check: str, holds: Any, what: str) -> None:
        if not holds:
            self.found.setdefault((phase, check), what)


def judge(browser: Browser, site: Site) -> Found:
    """Walks a page without the gate and with it."""
    return Judge(browser, site, without(browser, site)).run()


def _timeless(lines: list[str]) -> list[str]:
    """Addresses without the moment that jQuery writes behind them."""
    return [TIMESTAMP.sub("", line) for line in lines]


def _once(lines: list[str], addresses: Counter[str]) -> Counter[str]:
    """How often each is meant to be seen after an answer, when the page had been pressed before it: for each element
    that is there now. What was thrown away before the answer is not wanted after it; scripts leave no trace of theirs."""
    meant: Counter[str] = Counter()
    for line, count in Counter(lines).items():
        address = line.rpartition(" ")[2]
        there = addresses[address]
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


def _text(state: Any) -> str:
    return json.dumps(state, sort_keys=True)


def _first_difference(seen: str, base: str) -> str:
    at = next((i for i, (a, b) in enumerate(zip(seen, base, strict=False)) if a != b), min(len(seen), len(base)))
    return f"…{base[max(0, at - 40) : at + 120]!r} reads …{seen[max(0, at - 40) : at + 160]!r}"
