"""Which service something on a page belongs to: a cascade, the surest source first, each answer with its reason.

1. the site's own services; 2. our catalogue, by pattern, name or marker; 3. the Open Cookie Database, where it was
imported: the exact name, then a wildcard; 4. the host of a service that we know; 5. what its attributes suggest.

An answer is a proposal. What nobody knows has no category: a person has to choose one. Pure; the site's services and
the database come in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from consent.catalogue import known
from consent.catalogue.cookie_db import CookieEntry
from consent.scanner.findings import is_own
from fairgate_enforce import patterns

Service = Mapping[str, Any]
HIGH, MEDIUM, LOW, NONE = "high", "medium", "low", ""
# The database's words; its "Functional" holds what makes a site work and what remembers settings, so it says nothing.
CATEGORIES = {"analytics": "C0002", "marketing": "C0004", "personalization": "C0003"}
LONG = 30  # days from which a cookie recognises somebody again
RANDOM = 16  # characters from which a value may be somebody's number


@dataclass(frozen=True, slots=True)
class Classification:
    """`key` of a service of the site or of our catalogue, "" when none is known; `category` is what is proposed, ""
    when nobody can tell."""

    key: str = ""
    name: str = ""
    category: str = ""
    confidence: str = NONE
    reason: str = "Nothing that we have knows it."


@dataclass(frozen=True, slots=True)
class Stored:
    """A cookie or a stored name, without its value. `days`: how long it lives, 0 = the session, -1 = not known."""

    kind: str  # cookie, local, session, databases
    name: str
    host: str
    days: int = -1
    http_only: bool = False
    length: int = 0  # of its value


@dataclass(frozen=True)
class Classifier:
    """`services` are the site's, as a release has them; `hosts` its own; `cookies` the database's rows."""

    services: Sequence[Service] = ()
    hosts: Sequence[str] = ()
    cookies: Iterable[CookieEntry] = field(default=(), repr=False)

    @cached_property
    def _table(self) -> patterns.Table:
        return patterns.compile([list(service["rules"]) for service in self.services])

    @cached_property
    def _named(self) -> list[tuple[re.Pattern[str], str, Service]]:
        return [(*_pattern(cookie["name"]), service) for service in self.services for cookie in service["cookies"]]

    @cached_property
    def _exact(self) -> dict[str, CookieEntry]:
        return {row.name: row for row in reversed(list(self.cookies)) if "*" not in row.name}

    @cached_property
    def _wildcards(self) -> list[CookieEntry]:
        # `*` alone, or `a*`, would name everything.
        rows = [row for row in self.cookies if row.name.endswith("*") and len(row.name) > 3]
        return sorted(rows, key=lambda row: -len(row.name))

    def service(self, key: str) -> Service | None:
        """A service of the site, else of our catalogue."""
        return next((one for one in self.services if one["key"] == key), None) or known.by_key().get(key)

    def filed(self, key: str) -> bool:
        """Whether the site has the service."""
        return any(one["key"] == key for one in self.services)

    def of_url(self, url: str, page_host: str) -> Classification:
        """Who a request is for."""
        index = patterns.match(self._table, url, page_host)
        if index >= 0:
            return _of(self.services[index], HIGH, "A pattern of your service fits its address.")
        if ours := known.of_url(url, page_host):
            return _of(ours, HIGH, "A pattern of the catalogue fits its address.")
        parts = patterns.split(url, page_host)
        host = parts[1] if parts else ""
        if host and not is_own(host, self.hosts) and (found := _at_host(host)):
            return Classification(
                confidence=LOW,
                reason=f"{found['name']} is at this host too, at another address: perhaps one of theirs.",
            )
        return Classification()

    def of_code(self, code: str) -> list[tuple[Classification, str]]:
        """Whose code it is, each with the marker that says so."""
        found = []
        for service in self.services:
            if mark := _mark(code, service["inline"]):
                found.append((_of(service, HIGH, f"A marker of your service stands in it: {mark}"), mark))
        have = {one.key for one, _ in found}
        for entry in known.of_code(code):
            if entry["key"] not in have:
                mark = _mark(code, (*entry["inline"], *entry["signs"]))
                found.append((_of(entry, HIGH, f"A marker of the catalogue stands in it: {mark}"), mark))
        return found

    def of_stored(self, one: Stored) -> Classification:
        """Who keeps a cookie or a stored name."""
        return self._by_name(one) or self._by_database(one) or self._by_host(one) or self._by_attributes(one)

    def _by_name(self, one: Stored) -> Classification | None:
        for pattern, elsewhere, service in self._named:
            if pattern.fullmatch(one.name) and (not elsewhere or is_at(one.host, elsewhere)):
                return _of(service, HIGH, "Your service names it.")
        named = known.of_cookie(one.name)
        mine = [entry for entry in named if any(is_at(one.host, host) for host in _hosts(entry))]
        if len(mine or named) == 1:
            return _of((mine or named)[0], HIGH, "The catalogue names it.")
        return None

    def _by_database(self, one: Stored) -> Classification | None:
        row, how = self._exact.get(one.name), "names it"
        if row is None:
            row = next((row for row in self._wildcards if one.name.startswith(row.name[:-1])), None)
            how = f"names {row.name}" if row else ""
        if row is None:
            return None
        reason = f"The Open Cookie Database {how}: {row.platform}, {row.category or 'without a category'}."
        ours = next((s for s in known.services() if s["name"].casefold() == row.platform.casefold()), None)
        if ours:
            return _of(ours, MEDIUM, reason)
        return Classification(name=row.platform, category=_category(row.category), confidence=MEDIUM, reason=reason)

    def _by_host(self, one: Stored) -> Classification | None:
        host = one.host.lstrip(".")
        if not host or is_own(host, self.hosts):
            return None
        found = known.of_url(f"https://{host}/") or _at_host(host)
        return _of(found, MEDIUM, f"It is {found['name']}'s host.") if found else None

    def _by_attributes(self, one: Stored) -> Classification:
        own = is_own(one.host.lstrip("."), self.hosts)
        if one.kind == "cookie" and own and one.http_only and one.days == 0:
            return Classification(
                confidence=LOW,
                reason="Nothing names it. Your server sets it for the session and keeps it from scripts: it may be "
                "what keeps a visitor logged in, which you know.",
            )
        if one.kind == "cookie" and not own and one.days >= LONG and one.length >= RANDOM:
            return Classification(
                category="C0004", confidence=LOW,
                reason=f"Nothing names it. A third party keeps a long value for {one.days} days.",
            )  # fmt: skip
        return Classification()


def _of(service: Service, confidence: str, reason: str) -> Classification:
    return Classification(service["key"], service["name"], service["category"], confidence, reason)


def _pattern(name: str) -> tuple[re.Pattern[str], str]:
    """A cookie's name as services have it, and the host in brackets behind it, if there is one."""
    plain, _, elsewhere = name.rstrip(")").partition(" (")
    return re.compile(".*".join(map(re.escape, plain.split("*")))), elsewhere


def _mark(code: str, marks: Iterable[str]) -> str:
    return next((mark for mark in marks if mark in code), "")


def _category(words: str) -> str:
    return CATEGORIES.get(words.strip().lower(), "")


def _hosts(service: Service) -> list[str]:
    found = []
    for rule in service["rules"]:
        try:
            found.append(patterns.parse(rule).host)
        except ValueError:
            continue
    return [host for host in found if host]


def _at_host(host: str) -> Service | None:
    """The only service of our catalogue that has a rule of this host, or of one that it lies under."""
    found = [service for service in known.services() if any(is_at(host, one) for one in _hosts(service))]
    return found[0] if len(found) == 1 else None


def is_at(domain: str, host: str) -> bool:
    """Whether a host, or a cookie's domain, with its dot or without, is this host or lies under it."""
    return patterns.is_under(domain.lstrip(".").lower(), host)
