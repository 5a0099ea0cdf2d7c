"""What was seen on a site, brought together over pages and moments, and bounded: no site makes it grow. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from consent.scanner.classify import Classification, Classifier, Stored
from consent.scanner.findings import is_own

BEFORE, REFUSED, ACCEPTED = "before", "refused", "accepted"
MOMENTS = (BEFORE, REFUSED, ACCEPTED)
MOST = 2_000  # things of one kind
PLACES = 5  # pages, addresses and setters that are named of one thing


@dataclass(slots=True)
class Thing:
    """A host that is asked, a cookie, a stored name, a frame or a piece of code, wherever it was met."""

    kind: str  # request, cookie, local, session, databases, code
    name: str
    host: str
    who: Classification
    moments: set[str] = field(default_factory=set)
    pages: list[str] = field(default_factory=list)
    by: list[str] = field(default_factory=list)  # who asked for it, or set it
    examples: list[str] = field(default_factory=list)
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class PageSeen:
    """One page as it was looked at. `why`: why it was not read; "" when it was. `requests`: how many, by moment."""

    url: str
    depth: int = 0
    status: int = 0
    title: str = ""
    why: str = ""
    elsewhere: str = ""  # where it leads, when that is not the site
    links: list[str] = field(default_factory=list)
    picture: str = ""  # SHA-256
    requests: dict[str, int] = field(default_factory=dict)


class Asked(NamedTuple):
    """A request: its address, what it is (script, image, document …), and who made it."""

    url: str
    kind: str = ""
    by: str = ""


class Seen:
    """All things, by what they are."""

    def __init__(self, classifier: Classifier) -> None:
        self.classifier = classifier
        self.things: dict[tuple[str, ...], Thing] = {}
        self.dropped = 0  # how many were too many

    def request(self, asked: Asked, page: str, moment: str) -> None:
        """A request of a page. Those to the site's own hosts count only when a service is there."""
        parts = urlsplit(asked.url)
        if parts.scheme not in ("http", "https", "ws", "wss") or not parts.hostname:
            return
        who = self.classifier.of_url(asked.url, urlsplit(page).hostname or "")
        if not who.key and is_own(parts.hostname, self.classifier.hosts):
            return
        thing = self._thing("request", who.key or parts.hostname, parts.hostname, who)
        if thing:
            _met(thing, page, moment, asked.by)
            short = asked.url.partition("?")[0].partition("#")[0][:200]
            _add(thing.examples, f"{asked.kind} {short}".strip())
            if asked.kind == "document":
                thing.detail["frame"] = True

    def stored(self, one: Stored, page: str, moment: str, by: str, detail: dict[str, Any]) -> None:
        """A cookie or a stored name."""
        thing = self._thing(one.kind, one.name[:200], one.host, self.classifier.of_stored(one))
        if thing:
            _met(thing, page, moment, by)
            thing.detail |= detail

    def code(self, text: str, page: str) -> None:
        """Code that stands in a page: it is there whatever the visitor answers, so it says nothing of a moment."""
        for who, mark in self.classifier.of_code(text):
            if thing := self._thing("code", who.key, "", who):
                _met(thing, page, "", "")
                _add(thing.examples, mark)

    def of_kind(self, *kinds: str) -> list[Thing]:
        """In a fixed order."""
        found = [thing for thing in self.things.values() if thing.kind in kinds]
        return sorted(found, key=lambda one: (one.kind, one.host, one.name))

    def _thing(self, kind: str, name: str, host: str, who: Classification) -> Thing | None:
        key = (kind, name, host)
        if key not in self.things:
            if sum(1 for other in self.things if other[0] == kind) >= MOST:
                self.dropped += 1
                return None
            self.things[key] = Thing(kind, name, host, who)
        return self.things[key]


def _met(thing: Thing, page: str, moment: str, by: str) -> None:
    if moment:
        thing.moments.add(moment)
    _add(thing.pages, page)
    if by:
        _add(thing.by, by[:300])


def _add(rows: list[str], one: str) -> None:
    if one not in rows and len(rows) < PLACES:
        rows.append(one)
