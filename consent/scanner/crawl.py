"""Walks over a site's pages, politely: what robots.txt and sitemaps say, how long to wait, when to end.

Who looks at a page is handed in: a browser (`cookiebanner/releases/site_scan.py`), or the reader below, which reads the
HTML alone and is what there is without one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import urljoin, urlsplit

from consent.catalogue.cookie_db import days
from consent.jobs import outgoing
from consent.scanner import page as pages
from consent.scanner import robots, sitemap
from consent.scanner.classify import Stored
from consent.scanner.findings import is_onetrust, is_own, other_banner
from consent.scanner.frontier import Frontier, cleaned
from consent.scanner.report import Course
from consent.scanner.robots import Robots
from consent.scanner.seen import BEFORE, Asked, PageSeen, Seen

HEADERS = {"User-Agent": "Fairgate", "Accept": "text/html,*/*;q=0.1", "Accept-Encoding": "identity"}
DEADLINE = 15.0  # seconds for one file
HTML = 3_000_000  # bytes of a page that are read
SITEMAP = 5_000_000  # bytes of a sitemap that are taken
SITEMAPS = 20  # files of one site
HOPS = 5  # redirects in a row
ORIGINS = 10  # of one site, each with a robots.txt
Look = Callable[[str, int], PageSeen]
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to look at: a page or a sitemap, and within which bounds. `hosts` are the site's own, `site` is its public
    id."""

    start: str
    hosts: Sequence[str]
    pages: int = 30
    depth: int = 4
    delay: float = 1.0  # seconds between two pages
    obey_robots: bool = True
    site: str = ""


@dataclass(slots=True)
class Crawl:
    """One walk. `over` says whether it must end, and why; "" while it need not."""

    plan: Plan
    over: Callable[[], str] = lambda: ""
    pages: list[PageSeen] = field(default_factory=list)
    ended: str = ""
    robots_words: str = ""
    frontier: Frontier = field(init=False)
    _robots: dict[str, Robots] = field(default_factory=dict)
    _last: float = 0.0

    def __post_init__(self) -> None:
        self.frontier = Frontier(self.plan.hosts, self.plan.depth)

    def run(self, look: Look, tell: Progress = lambda done, total, words: None) -> None:
        """Looks at pages until there are no more, or one of the bounds is met."""
        self._begin()
        while (following := self.frontier.next()) is not None:
            if len(self.pages) >= self.plan.pages:
                self.ended = "pages"
                return
            if self.ended or (why := self.over()):
                self.ended = self.ended or why
                return
            url, depth = following
            if not self.may_read(url):
                self.frontier.left_out.add("robots.txt asks not to read them", url)
                continue
            self.wait(url)
            tell(len(self.pages), min(self.plan.pages, len(self.pages) + len(self.frontier) + 1), url)
            found = look(url, depth)
            if cleaned(found.url) != url and self.frontier.known(found.url):
                self.frontier.left_out.add("lead to a page that was seen", url)
                continue
            self.pages.append(found)
            self.frontier.add(found.links, depth + 1, found.url)

    def wait(self, url: str) -> None:
        """Until the next page may be asked for."""
        pause = max(self.plan.delay, self.robots_of(url).delay if self.plan.obey_robots else 0)
        time.sleep(max(0.0, self._last + pause - time.monotonic()))
        self._last = time.monotonic()

    def may_read(self, url: str) -> bool:
        """What robots.txt says of an address, when it is to be obeyed."""
        return not self.plan.obey_robots or self.robots_of(url).allows(url)

    def robots_of(self, url: str) -> Robots:
        """The rules of an address's origin; read once."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._robots:
            self._robots[origin] = read_robots(origin) if len(self._robots) < ORIGINS else Robots()
        return self._robots[origin]

    def _begin(self) -> None:
        start = self.plan.start
        rules = self.robots_of(start)
        self.robots_words = _said(rules, self.plan.obey_robots)
        if sitemap.looks_like_one(start):
            self.frontier.add(read_sitemaps([start], self.plan.hosts, self.over), 0)
        else:
            self.frontier.add([start], 0)
            if rules.sitemaps:
                self.frontier.add(read_sitemaps(rules.sitemaps, self.plan.hosts, self.over), 1, later=True)


def _said(rules: Robots, obeyed: bool) -> str:
    if rules.closed:
        return "robots.txt could not be read for a fault of the server" + (
            ", which forbids to read anything." if obeyed else "; it is not obeyed."
        )
    if not rules.found:
        return "There is no robots.txt."
    how = "obeyed" if obeyed else "not obeyed, as you asked"
    wait = f" It asks to wait {rules.delay} seconds between pages." if rules.delay else ""
    return f"robots.txt has {len(rules.rules)} rule{'' if len(rules.rules) == 1 else 's'} for us; it is {how}.{wait}"


def read_robots(origin: str) -> Robots:
    """The rules of an origin, as RFC 9309 says: none when there is no file, nothing may be read when the server
    fails."""
    try:
        answer = fetch(f"{origin}/robots.txt", largest=robots.LARGEST)
    except OSError:
        return Robots(closed=True)
    except ValueError:
        return Robots()
    if answer.status >= 500:
        return Robots(closed=True)
    if answer.status != 200:
        return Robots()
    return robots.parse(answer.body.decode("utf-8", "replace"))


def read_sitemaps(urls: Sequence[str], hosts: Sequence[str], over: Callable[[], str] = lambda: "") -> list[str]:
    """The pages that sitemaps name, and those that they name in turn; files of the site's own hosts only."""
    waiting, known, found = list(urls), set(urls), list[str]()
    read = 0
    while waiting and read < SITEMAPS and not over():
        url = waiting.pop(0)
        if not is_own(urlsplit(url).hostname or "", hosts):
            continue
        read += 1
        try:
            answer = fetch(url, largest=SITEMAP)
        except (OSError, ValueError):
            continue
        named = sitemap.parse(answer.body)
        if named.is_index:
            waiting += [one for one in named.urls if one not in known]
            known.update(named.urls)
        else:
            found += named.urls
        if len(found) >= sitemap.MOST:
            break
    return found[: sitemap.MOST]


def fetch(url: str, *, largest: int) -> outgoing.RemoteResponse:
    """GETs a file and follows redirects, each to an address that may be reached. Raises as `outgoing.get`; OSError for
    a loop."""
    return _followed(url, largest)[1]


def _followed(url: str, largest: int) -> tuple[str, outgoing.RemoteResponse]:
    for _ in range(HOPS + 1):
        answer = outgoing.get(url, HEADERS, deadline=DEADLINE, largest=largest)
        if answer.status not in (301, 302, 303, 307, 308) or not answer.header("Location"):
            return url, answer
        url = urljoin(url, answer.header("Location")).partition("#")[0]
    raise OSError(f"more than {HOPS} redirects in a row")


# --- the reader: no browser -------------------------------------------------------------------------------------------


def reader(seen: Seen, plan: Plan, course: Course) -> Look:
    """Looks at the HTML of a page: what it names, whose code stands in it, the cookies of its own answer. What scripts
    load or store, nobody sees; nor what runs when, so that nothing but those cookies belongs to a moment."""

    def look(url: str, depth: int) -> PageSeen:
        found = PageSeen(url, depth)
        try:
            asked = url.partition("#")[0]
            at, answer = _followed(asked, HTML)
        except (OSError, ValueError) as error:
            found.why = str(error)
            return found
        found.status = answer.status
        if not is_own(urlsplit(at).hostname or "", plan.hosts):
            found.elsewhere, found.why = at, "leads to another site"
            return found
        if at != asked:
            found.url = at
        if answer.status >= 400:
            found.why = f"answers {answer.status}"
        elif "html" not in answer.header("Content-Type"):
            found.why = "is no page"
        else:
            _read(found, pages.read(pages.decode(answer.body)), seen, plan, course)
        _cookies(answer, found.url, seen)
        return found

    return look


def _read(found: PageSeen, read: pages.Page, seen: Seen, plan: Plan, course: Course) -> None:
    found.title = read.title
    for request in read.requests:
        url = urljoin(found.url, request.url)
        if plan.site and f"/v1/{plan.site}/" in url:
            course.banner = "ours"
        elif not request.parked:
            kind = "document" if request.tag in ("iframe", "frame") else request.tag
            seen.request(Asked(url, kind, f"line {request.line}"), found.url, "")
            name = banner_of(url)
            if name and name not in course.others:
                course.others.append(name)
    for code in read.code:
        seen.code(code.text, found.url)
    found.links = [href for href, _, _ in read.links]


def _cookies(answer: outgoing.RemoteResponse, url: str, seen: Seen) -> None:
    for name, value in answer.headers:
        if name.lower() != "set-cookie":
            continue
        try:
            jar = SimpleCookie(value)
        except CookieError:
            continue
        for one in jar.values():
            host = one["domain"] or urlsplit(url).hostname or ""
            length = _lifetime(one["max-age"])
            stored = Stored("cookie", one.key, host, length, bool(one["httponly"]), len(one.value))
            seen.stored(stored, url, BEFORE, f"Set-Cookie of {url}", _attributes(one, length))


def banner_of(url: str) -> str:
    """The name of another banner that an address belongs to; "" for any other address."""
    return other_banner(urlsplit(url).hostname or "") or ("OneTrust" if is_onetrust(url) else "")


def _lifetime(seconds: Any) -> int:
    try:
        return max(0, round(int(seconds) / 86400)) if seconds != "" else 0
    except ValueError:
        return days(str(seconds)) or -1


def _attributes(one: Any, length: int) -> dict[str, Any]:
    return {
        "path": one["path"] or "/", "days": length, "http_only": bool(one["httponly"]), "secure": bool(one["secure"]),
        "same_site": str(one["samesite"]),
    }  # fmt: skip
