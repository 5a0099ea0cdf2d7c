"""Which pages of a site are looked at, and in which order: bounded, whatever the site's links say. Pure."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from consent.scanner.findings import is_own

ALIKE = 5  # pages that differ in numbers or in values of the query only: calendars and lists have no end
LONGEST = 500  # characters of an address
WAITING = 5_000  # addresses that are remembered
FILES = re.compile(
    r"\.(7z|avi|bmp|bz2|css|csv|dmg|docx?|epub|exe|gif|gz|ico|iso|jpe?g|js|json|m4[av]|mov|mp[34]|msi|ods|odt|og[gv]"
    r"|pdf|png|pptx?|rar|rss|svg|tar|tgz|tiff?|txt|wav|web[mp]|woff2?|xlsx?|xml|zip)$",
    re.IGNORECASE,
)
TAGS = re.compile(r"utm_\w+|gclid|fbclid|msclkid|mc_[ce]id|_gl", re.IGNORECASE)  # of campaigns: the page is the same
LEAVES = re.compile(r"log-?out|sign-?out|abmelden|unsubscribe", re.IGNORECASE)


@dataclass(slots=True)
class LeftOut:
    """How many addresses were not looked at, by reason, with one example of each."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def add(self, reason: str, url: str) -> None:
        """Counts one."""
        self.counts[reason] += 1
        self.examples.setdefault(reason, url)


class Frontier:
    """Addresses in the order in which they were met; `later` ones (of sitemaps) when no other is left."""

    def __init__(self, hosts: Sequence[str], depth: int) -> None:
        self.hosts, self.depth = hosts, depth
        self.left_out = LeftOut()
        self._known: set[str] = set()
        self._alike: Counter[str] = Counter()
        self._first: deque[tuple[str, int]] = deque()
        self._later: deque[tuple[str, int]] = deque()

    def add(self, urls: Iterable[str], depth: int, base: str = "", *, later: bool = False) -> None:
        """Remembers addresses of the site that are new; `depth` is how many links lead to them."""
        for given in urls:
            url = cleaned(given, base)
            if not url or url in self._known or not is_own(urlsplit(url).hostname or "", self.hosts):
                continue
            if len(self._known) >= WAITING:
                self.left_out.add("more links than are remembered", url)
                return
            self._known.add(url)
            if why := self._why_not(url, depth):
                self.left_out.add(why, url)
            else:
                self._alike[shape(url)] += 1
                (self._later if later else self._first).append((url, depth))

    def known(self, url: str) -> bool:
        """Whether an address was met before; from now on it was."""
        url = cleaned(url)
        if url in self._known:
            return True
        self._known.add(url)
        return False

    def next(self) -> tuple[str, int] | None:
        """The next address and its depth; None when there is none."""
        queue = self._first or self._later
        return queue.popleft() if queue else None

    def __len__(self) -> int:
        return len(self._first) + len(self._later)

    def _why_not(self, url: str, depth: int) -> str:
        if FILES.search(urlsplit(url).path):
            return "files, not pages"
        if LEAVES.search(url):
            return "links that end something"
        if depth > self.depth:
            return "deeper than was asked for"
        return "pages alike: they differ in numbers only" if self._alike[shape(url)] >= ALIKE else ""


def cleaned(url: str, base: str = "") -> str:
    """An address as it is asked for: absolute, without tags of campaigns and without a fragment, unless the fragment is
    a route of the page's own code. "" for what is no web address."""
    try:
        parts = urlsplit(urljoin(base, url.strip()))
        host = parts.hostname or ""
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not host or parts.username or len(url) > LONGEST:
        return ""
    default = {"http": 80, "https": 443}[parts.scheme]
    place = f"[{host}]" if ":" in host else host
    place += f":{port}" if port and port != default else ""
    query = urlencode([pair for pair in parse_qsl(parts.query, keep_blank_values=True) if not TAGS.fullmatch(pair[0])])
    fragment = parts.fragment if parts.fragment.startswith(("/", "!")) else ""
    return urlunsplit((parts.scheme, place, parts.path or "/", query, fragment))


def shape(url: str) -> str:
    """What pages alike have in common: path and route without their numbers, names of the query."""
    parts = urlsplit(url)
    names = "&".join(sorted({name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}))
    return re.sub(r"-?\d+", "0", f"{parts.hostname}{parts.path}?{names}#{parts.fragment}")
