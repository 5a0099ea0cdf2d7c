"""Looks at a site's pages in Chromium, as three visitors: one who does not answer, one who refuses, one who accepts.

What a page may do is bounded: bytes and requests of a page view, its time (a browser that a page keeps busy is ended
and another one started), downloads, windows. Everything goes through `guarded_proxy.py`; nothing that a gate of ours
sends is recorded. The walk over the site is `consent/scanner/crawl.py`.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from consent.scanner import pictures as kept
from consent.scanner.classify import Stored
from consent.scanner.crawl import Crawl, Plan, banner_of
from consent.scanner.findings import is_own
from consent.scanner.report import Course
from consent.scanner.seen import ACCEPTED, BEFORE, REFUSED, Asked, PageSeen, Seen
from cookiebanner.releases import guarded_proxy, live_page, measures, pictures, rendered, running_rules

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, CDPSession, Frame, Page, Playwright, Request, Route

DEADLINE = 1800.0  # seconds for all of it
SHARES = {BEFORE: 0.5, REFUSED: 0.75, ACCEPTED: 1.0}  # of the deadline, by which a visitor is done
VIEW = 60.0  # seconds for one page view, after which the browser is ended
LOAD = 20_000  # milliseconds until a page answers
COMPLETE = 10_000  # until it has loaded all; then it is looked at as it is
REST = 1500  # in which what may run has begun
BANNER = 10_000  # until the banner is there
SCROLLS, SCREEN = 8, 800  # how far a page is scrolled, in screens, for what loads when it comes into sight
BYTES = 60_000_000  # that a page view may bring in
REQUESTS = 1500  # of a page view
FRAMES = 40  # that are read
CODE = 500_000  # characters of inline code of a page
PRESSES = 40  # of a page's buttons, for the addresses behind them
PRESSED = 5_000  # labels of buttons that are remembered
SETTLE = 60  # milliseconds after each press
HEAP = "--js-flags=--max-old-space-size=512"  # megabytes of a page's scripts
# One process a page: what frames ask for is log like the rest, and a maze of them starts no processes.
TOGETHER = ["--disable-site-isolation-trials", HEAP]
READ = (Path(__file__).parent / "site_scan.js").read_text(encoding="utf-8").strip().removesuffix(";")
WRITES = (Path(__file__).parent / "site_scan_writes.js").read_text(encoding="utf-8").strip().removesuffix(";")
ROUTES = (Path(__file__).parent / "site_scan_routes.js").read_text(encoding="utf-8").strip().removesuffix(";")
# Whether the page, or what lies under the mouse, goes on below; a frame may.
MORE_BELOW = """() => {
  let one = document.elementFromPoint(0, 0);
  if (one?.localName === 'iframe') return true;
  const all = [document.scrollingElement];
  for (; one; one = one.parentElement) all.push(one);
  return all.some((one) => one && one.scrollTop + one.clientHeight < one.scrollHeight - 1);
}"""
SAYS = {REFUSED: "refused", ACCEPTED: "accepted"}


def scan(plan: Plan, seen: Seen, course: Course, tell: pictures.SendProgress, stopping: Callable[[], bool]) -> Crawl:
    """Looks at the site and fills `seen` and `course`; returns the walk with its pages. No database here: it runs in
    the browser's thread (`pictures.aside`)."""
    from playwright.sync_api import sync_playwright

    begun = time.monotonic()

    def over(moment: str) -> str:
        if stopping():
            return "stopped"
        return "time" if time.monotonic() - begun > DEADLINE * SHARES[moment] else ""

    crawl = Crawl(plan, lambda: over(BEFORE))
    with guarded_proxy.running() as proxy, sync_playwright() as driver:
        visits = _Visits(driver, proxy, plan, seen, course)
        try:
            course.by = f"Chromium {visits.browser.version}"
            crawl.run(visits.unanswered, lambda done, total, words: tell((done, total, words)))
            course.moments.append(BEFORE)
            if visits.gate:
                for moment in (REFUSED, ACCEPTED):
                    _again(crawl, visits, moment, tell, over)
        finally:
            visits.close()
    course.robots, course.ended = crawl.robots_words, crawl.ended
    course.banner = "ours" if visits.gate else "another" if course.others else "none"
    course.regime = visits.gate.get("regime", "")
    course.notes += [f"Not reached: {host}: {why}" for host, why in sorted(proxy.refused.items())[:20]]
    return crawl


def _again(crawl: Crawl, visits: _Visits, moment: str, tell: pictures.SendProgress, over: Callable[[str], str]) -> None:
    """The pages that could be read, once more, by somebody who has answered."""
    readable = [page for page in crawl.pages if not page.why]
    for number, page in enumerate(readable):
        if why := over(moment):
            crawl.ended = crawl.ended or why
            return
        crawl.wait(page.url)
        tell((number, len(readable), f"{page.url}, {SAYS[moment]}"))
        if not visits.answered(page, moment):
            return
    course = visits.course
    course.moments.append(moment)


@dataclass
class _Heard:
    """What one page view was log to ask for, and which cookies its answers set."""

    asked: list[Asked] = field(default_factory=list)
    set_cookies: dict[str, str] = field(default_factory=dict)  # name → the address that set it
    urls: dict[str, str] = field(default_factory=dict)  # id of a request → its address
    workers: dict[str, str] = field(default_factory=dict)  # address → kind, of what the page's own session may not tell


class _Visits:
    """Three visitors of one browser, one after the other; a browser that ends is started anew."""

    def __init__(self, driver: Playwright, proxy: guarded_proxy.Proxy, plan: Plan, seen: Seen, course: Course) -> None:
        self.driver, self.proxy, self.plan, self.seen, self.course = driver, proxy, plan, seen, course
        self.gate: dict[str, Any] = {}
        self.gate_at = ""
        self.key = f"k{secrets.token_hex(8)}"
        self.setters: dict[tuple[str, str], str] = {}  # (kind, name) → who set it, over all page views of a visitor
        self.kept: set[tuple[str, str, str]] = set()  # what was met in this visitor's browser already
        self.pressed: set[str] = set()  # buttons, by what they say: a menu is the same on each page
        self.context: BrowserContext | None = None
        self.moment = ""
        self._launch()

    def _launch(self) -> None:
        self.browser: Browser = self.driver.chromium.launch(
            executable_path=pictures.installed_browser(),
            args=[*live_page.ARGUMENTS, *live_page.NO_DETOURS, *TOGETHER], proxy={"server": self.proxy.url},
        )  # fmt: skip
        self.process = pictures.process_of(self.browser)
        self.context = None

    def close(self) -> None:
        """Ends the browser."""
        with suppress(Exception):
            self.browser.close()

    def _as(self, moment: str) -> BrowserContext:
        """The profile of a visitor, made anew when there is none."""
        if not self.browser.is_connected():
            self._launch()
        if self.context is None or self.moment != moment:
            if self.context is not None:
                self.context.close()
            self.setters, self.kept = {}, set()
            self.context = self.browser.new_context(
                viewport={"width": 1280, "height": SCREEN}, reduced_motion="reduce", accept_downloads=False,
                user_agent=_agent(self.browser.version),
            )  # fmt: skip
            self.context.set_default_timeout(LOAD)
            self.context.route(live_page.SENDS, live_page.thrown_away)
            self.context.add_init_script(f"({WRITES})({self.key!r})")
            self.moment = moment
        return self.context

    @contextmanager
    def _bounded(self) -> Iterator[None]:
        """Within which a page may bring in so much, and take so long."""
        self.proxy.left = BYTES
        self.proxy.hang_up()
        try:
            with pictures.process_ended_after(self.process, VIEW):
                yield
        finally:
            self.proxy.left = 0
            self.proxy.hang_up()

    # --- one page view ------------------------------------------------------------------------------------------------

    def unanswered(self, url: str, depth: int) -> PageSeen:
        """A page as somebody meets it who has not answered."""
        found = PageSeen(url, depth)
        self._view(found, BEFORE)
        return found

    def answered(self, page: PageSeen, moment: str) -> bool:
        """The page again, by somebody who has answered; False when no answer can be given."""
        if (self.context is None or self.moment != moment or not self.browser.is_connected()) and not self._answer(
            moment
        ):
            self.course.notes.append(f"No visitor could be made who has {SAYS[moment]}: the banner did not answer.")
            return False
        self._view(page, moment)
        return True

    def _answer(self, moment: str) -> bool:
        from playwright.sync_api import Error

        try:
            page = self._as(moment).new_page()
            with self._bounded():
                page.goto(self.gate_at, timeout=LOAD, wait_until="domcontentloaded")
                measures.wait_for(page, "banner", BANNER)
                (rendered.refuse if moment == REFUSED else rendered.accept)(page)
                page.wait_for_timeout(REST)
            page.close()
        except Error:
            self.context = None
            return False
        return True

    def _view(self, found: PageSeen, moment: str) -> None:
        from playwright.sync_api import Error

        again = moment != BEFORE
        try:
            context = self._as(moment)
            page = context.new_page()
            context.on("page", _closed)
            with self._bounded():
                self._look(page, context, found, moment)
                cut = self.proxy.left == 0
                if not again and not found.why:
                    found.links += self._routes(page)
            if cut and not again:
                self.course.notes.append(f"{found.url} was cut: it brings in too much, or asks for too much."[:300])
            context.remove_listener("page", _closed)
            page.close()
        except Error as error:
            ended = not self.browser.is_connected()
            why = f"kept the browser busy for {VIEW:.0f} seconds" if ended else live_page.plain(error)
            if not again:
                found.why = found.why or why
            else:
                self.course.notes.append(f"{found.url}, {SAYS[moment]}: {why}."[:300])
            if not ended and self.context is not None:
                self._tidy(self.context)

    def _tidy(self, context: BrowserContext) -> None:
        with suppress(Exception):
            context.remove_listener("page", _closed)
        for page in list(context.pages):
            with suppress(Exception):
                page.close()

    def _look(self, page: Page, context: BrowserContext, found: PageSeen, moment: str) -> None:
        log = self._hear(context.new_cdp_session(page), page)
        before = {_cookie_key(cookie) for cookie in context.cookies()} if moment == BEFORE else set()
        if not self._open(page, found, moment):
            self._forget(context, before, moment)
            return
        if moment == BEFORE and not self.gate:
            gate = page.evaluate(live_page.GATE)
            if gate:
                self.gate, self.gate_at = gate, found.url
        self._scroll(page)
        page.wait_for_timeout(REST)
        read = _patient(page, READ, CODE)
        if not is_own(urlsplit(read["url"]).hostname or "", self.plan.hosts):
            found.elsewhere, found.why = read["url"], found.why or "leads to another site"
            self._forget(context, before, moment)
            return
        if moment == BEFORE:
            found.url, found.title, found.links = read["url"], read["title"], read["links"]
            if read["login"]:
                found.title = f"{found.title} (asks for a password)"
        self._keep(page, context, found, moment, log, read["code"])
        self._picture(page, found, moment)

    def _open(self, page: Page, found: PageSeen, moment: str) -> bool:
        from playwright.sync_api import Error

        try:
            response = page.goto(found.url, timeout=LOAD, wait_until="commit")
        except Error as error:
            if moment == BEFORE:
                found.why = _words(self.proxy.refused.get(urlsplit(found.url).hostname or "") or live_page.plain(error))
            return False
        with suppress(Error):
            page.wait_for_load_state("load", timeout=COMPLETE)
        if response is not None and moment == BEFORE:
            found.status = response.status
            if response.status >= 400:
                found.why = f"answers {response.status}"
        return True

    def _scroll(self, page: Page) -> None:
        """As somebody reads a page to its end: what is lazy loads then."""
        for _ in range(SCROLLS):
            if not page.evaluate(MORE_BELOW):
                return
            page.mouse.wheel(0, SCREEN)
            page.wait_for_timeout(REST / 15)

    def _routes(self, page: Page) -> list[str]:
        """The addresses behind what is no link but can be pressed. Nothing that a press asks for leaves the browser, so
        that none buys or deletes anything; the page is closed afterwards."""
        from playwright.sync_api import Error

        led: list[str] = []

        def held(route: Route) -> None:
            request = route.request
            if request.is_navigation_request() and request.method == "GET" and request.frame == page.main_frame:
                led.append(request.url)
            route.abort("aborted")

        with suppress(Error):
            page.route("**/*", held)
            self.proxy.left = 0
            known = sorted(self.pressed)
            given = {"known": known, "most": PRESSES, "settle": SETTLE}
            found: dict[str, list[str]] = page.evaluate(ROUTES, given)
            if len(self.pressed) < PRESSED:
                self.pressed.update(found["pressed"])
            led += found["addresses"]
        return led

    def _hear(self, session: CDPSession, page: Page) -> _Heard:
        log = _Heard()

        def sent(event: dict[str, Any]) -> None:
            request = event["request"]
            log.urls[event["requestId"]] = request["url"]
            if len(log.asked) < REQUESTS:
                kind = str(event.get("type", "")).lower()
                log.asked.append(Asked(request["url"], kind, _initiator(event.get("initiator", {}), self.plan.site)))
            else:
                self.proxy.left = 0
                self.proxy.hang_up()

        def answered(event: dict[str, Any]) -> None:
            for name, value in event["headers"].items():
                if name.lower() == "set-cookie":
                    for line in value.split("\n"):
                        url = log.urls.get(event["requestId"], "")
                        log.set_cookies[line.partition("=")[0].strip()] = url.partition("?")[0]

        def worker(request: Request) -> None:
            if len(log.workers) < REQUESTS:
                log.workers.setdefault(request.url, request.resource_type)

        page.on("request", worker)
        session.on("Network.requestWillBeSent", sent)
        session.on("Network.responseReceivedExtraInfo", answered)
        session.on("Network.webSocketCreated", lambda event: log.asked.append(Asked(event["url"], "websocket")))
        session.send("Network.enable")
        return log

    def _keep(
        self, page: Page, context: BrowserContext, found: PageSeen, moment: str, log: _Heard, code: list[str]
    ) -> None:
        reported = set(log.urls.values())
        log.asked += [Asked(url, kind, "a worker") for url, kind in log.workers.items() if url not in reported]
        log.asked += self._of_service_workers(context, log)
        left = [one for one in log.asked if (urlsplit(one.url).hostname or "") in self.proxy.asked]
        found.requests[moment] = len(left)
        gate = self.gate.get("server", "")
        for one in left:
            if not gate or not _same_origin(one.url, gate):
                self.seen.request(one, found.url, moment)
        if moment == BEFORE:
            self._other_banners(left)
            for text in code:
                self.seen.code(text, found.url)
        names = self._names(page)
        for name, url in log.set_cookies.items():
            self.setters.setdefault(("cookie", name), f"Set-Cookie of {url}")
        for kind, name, host in sorted(names - self.kept):
            if not running_rules.ours(name):
                by = self.setters.get((kind, name), "a script")
                self.seen.stored(Stored(kind, name, host), found.url, moment, by, {})
        cookies = {_cookie_key(cookie): cookie for cookie in context.cookies()}
        for key in sorted(cookies.keys() - self.kept):
            self._cookie(cookies[key], found.url, moment)
        self.kept |= names | cookies.keys()

    def _of_service_workers(self, context: BrowserContext, log: _Heard) -> list[Asked]:
        """What no session tells: the proxy knows the hosts, the workers are the only ones left to ask for them."""
        known = {urlsplit(one.url).hostname for one in log.asked}
        by = ", ".join(sorted(worker.url.partition("?")[0] for worker in context.service_workers))
        return [Asked(f"https://{host}/", "", f"service worker {by}") for host in self.proxy.asked - known if by]

    def _cookie(self, cookie: Any, url: str, moment: str) -> None:
        name = cookie["name"]
        if running_rules.ours(name):
            return
        expires = cookie.get("expires", -1)
        days = max(0, round((expires - time.time()) / 86400)) if expires > 0 else 0
        one = Stored("cookie", name, cookie["domain"], days, bool(cookie.get("httpOnly")), len(cookie.get("value", "")))
        detail = {
            "path": cookie["path"], "days": days, "http_only": one.http_only, "secure": bool(cookie.get("secure")),
            "same_site": str(cookie.get("sameSite") or ""), "partition": str(cookie.get("partitionKey") or "")[:200],
            "length": one.length,
        }  # fmt: skip
        self.seen.stored(one, url, moment, self.setters.get(("cookie", name), "a script"), detail)

    def _names(self, page: Page) -> set[tuple[str, str, str]]:
        """(kind, name, host) of what each frame keeps; who wrote it is remembered."""
        found: set[tuple[str, str, str]] = set()
        for frame in page.frames[:FRAMES]:
            host = urlsplit(frame.url).hostname or ""
            if not host:
                continue
            with suppress(Exception):  # a frame may go while it is read
                for kind, name, by in frame.evaluate(f"globalThis[{self.key!r}] || []"):
                    if by:
                        self.setters.setdefault((kind, name), _script(by, frame))
                stored = measures.stored(frame)
                found |= {(kind, name, host) for kind, names in stored.items() for name in names}
        return found

    def _other_banners(self, asked: list[Asked]) -> None:
        for one in asked:
            name = banner_of(one.url)
            # At the drop-in level our own server has OneTrust's addresses.
            ours = name == "OneTrust" and self.gate and _same_origin(one.url, self.gate["server"])
            if name and not ours and name not in self.course.others:
                self.course.others.append(name)

    def _forget(self, context: BrowserContext, before: set[tuple[str, str, str]], moment: str) -> None:
        """What another site, to which a page led, has set is no finding here."""
        for cookie in context.cookies() if moment == BEFORE else ():
            if _cookie_key(cookie) not in before:
                with suppress(Exception):
                    context.clear_cookies(name=cookie["name"], domain=cookie["domain"])

    def _picture(self, page: Page, found: PageSeen, moment: str) -> None:
        """What a visitor sees at the top: of each page before an answer, of the first one after it."""
        if moment != BEFORE and moment in self.course.pictures:
            return
        with suppress(Exception):  # a page that is drawn for ever has no picture
            page.evaluate("scrollTo(0, 0)")
            image = page.screenshot(type="jpeg", quality=60, timeout=5000, animations="disabled")
            digest = kept.keep(image, hashlib.sha256(image).hexdigest())
            if moment == BEFORE:
                found.picture = digest
            self.course.pictures.setdefault(moment, digest)


# --- small things -----------------------------------------------------------------------------------------------------


def _patient(page: Page, script: str, argument: Any) -> dict[str, Any]:
    """Evaluates, once more when the page goes elsewhere meanwhile."""
    from playwright.sync_api import Error

    try:
        found: dict[str, Any] = page.evaluate(script, argument)
    except Error:
        page.wait_for_timeout(REST)
        found = page.evaluate(script, argument)
    return found


def _agent(version: str) -> str:
    major = version.partition(".")[0]
    return (
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
        f"Chrome/{major}.0.0.0 Safari/537.36 Fairgate"
    )


def _initiator(given: dict[str, Any], site: str) -> str:
    """Who made a request: the script that asked for it, our gate left aside, or the document whose markup names it."""
    stack = given.get("stack") or {}
    while stack:
        for call in stack.get("callFrames", ()):
            if str(call.get("url", "")).startswith("http") and f"/v1/{site}/" not in call["url"]:
                return f"script {call['url'].partition('?')[0]}"
        stack = stack.get("parent") or {}
    url = str(given.get("url", "")).partition("?")[0]
    return f"markup of {url}" if url.startswith("http") else ""


def _script(by: str, frame: Frame) -> str:
    by = by.partition("?")[0].partition("#")[0]
    return "a script in the page" if by == frame.url.partition("?")[0].partition("#")[0] else f"script {by}"


def _same_origin(url: str, other: str) -> bool:
    one, two = urlsplit(url), urlsplit(other)
    return (one.scheme, one.netloc) == (two.scheme, two.netloc)


def _cookie_key(cookie: Any) -> tuple[str, str, str]:
    return cookie["name"], cookie["domain"], cookie["path"]


def _closed(page: Page) -> None:
    """A window that a page opens."""
    with suppress(Exception):
        page.close()


def _words(text: str) -> str:
    if "ERR_TOO_MANY_REDIRECTS" in text:
        return "redirects in a circle"
    if "ERR_ABORTED" in text or "Download is starting" in text:
        return "is a download"
    return "does not answer in time" if "Timeout" in text else text[:300]
