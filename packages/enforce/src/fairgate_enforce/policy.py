"""What must wait for one visitor: a release, a regime's variant, and the visitor's own answer. Pure.

The same rule as in the gate (banner/src/core/vector.js), so that the two never disagree about an answer. Its twin for
other servers is deploy/edge/rewrite.js; both are held to tests/vectors/rewrite.json.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fairgate_enforce import patterns
from fairgate_enforce.defaults import before_answer

_FLAGS = re.compile(r"[\w-]+:[01](\.[\w-]+:[01])*", re.ASCII)
LEGACY_COOKIE = "fairgate"  # the state cookie of every site, before its name said whose it is
LONGEST_COOKIE = 4096  # bytes; browsers keep no longer cookie
MOST_COOKIES = 16  # cookies of the name that are read; a browser has one a path and domain
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class StateCookie:
    """The visitor's stored choice, from the site's state cookie (written by the gate, see banner/src/core/cookie.js).

    `at` in seconds since 1970; `content` of the release it was given to, `marks` of what that had offered; `objected`
    to what needs no consent; `unasked`: said yes where nothing had to be asked; `ours`: false when the cookie's name
    does not say whose it is.
    """

    categories: Mapping[str, bool]
    services: Mapping[str, bool] = field(default_factory=dict)
    purposes: Mapping[str, bool] = field(default_factory=dict)
    release: int = 0
    at: float = 0
    content: str = ""
    marks: str = ""
    objected: bool = False
    unasked: bool = False
    ours: bool = True


def read_state_cookie(cookie_header: str, cookie: str = LEGACY_COOKIE) -> StateCookie | None:
    """The newest answer in a Cookie header; None when there is none or it can't be read (then nothing is granted).

    `cookie`: the name of the site's state cookie. Without one a cookie of before, when each site's was `fairgate`, is
    read; on which domain it stands, and so whose it is, a server is not told: only the gate moves it to its new name.
    """
    values: dict[str, list[str]] = {cookie: [], LEGACY_COOKIE: []}
    for pair in cookie_header.split(";"):
        name, _, value = pair.strip().partition("=")
        if name in values and len(values[name]) < MOST_COOKIES:
            values[name].append(value)
    for name in (cookie, LEGACY_COOKIE):
        answers = [_read(value, name == cookie) for value in values[name] if len(value) <= LONGEST_COOKIE]
        if found := [answer for answer in answers if answer]:
            return max(found, key=lambda answer: answer.at)
    return None


def _read(value: str, ours: bool) -> StateCookie | None:
    fields = dict(pair.partition("=")[::2] for pair in value.strip('"').split("&"))
    flags = [fields.get(name, "") for name in "csp"]
    number = re.compile(r"[0-9]{1,12}", re.ASCII)
    at = fields.get("t", "")
    sound = fields.get("v") == "1" and flags[0] and number.fullmatch(at) and int(at)
    if not sound or not all(not text or _FLAGS.fullmatch(text) for text in flags):
        return None
    categories, services, purposes = (
        {part[:-2]: part.endswith(":1") for part in text.split(".") if part} for text in flags
    )
    release = fields.get("r", "")
    return StateCookie(
        categories,
        services,
        purposes,
        release=int(release) if number.fullmatch(release) else 0,
        at=float(at),
        content=fields.get("h", ""),
        marks=fields.get("m", ""),
        objected=fields.get("x") == "1",
        unasked=fields.get("o") == "1",
        ours=ours,
    )


def mark(category: str, service: str) -> str:
    """Three base-36 digits that stand for "this service in this category", as in vector.js (FNV-1a, 32 bits)."""
    number = 2166136261
    for letter in f"{category}s{service}":
        number = ((number ^ ord(letter)) * 16777619) % 2**32
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits[-3:].rjust(3, "0")


class Rules:
    """One release under one variant: compiled once, asked for every visitor. Raises KeyError on an unknown variant.

    `friends`: more hosts that are never unknown third parties, above all the consent server's.
    """

    def __init__(self, snapshot: Mapping[str, Any], variant: str, friends: tuple[str, ...] = ()) -> None:
        self.snapshot = snapshot
        self.variant = variant
        self.terms = snapshot["variants"][variant]
        self.services: list[Mapping[str, Any]] = snapshot["services"]
        self.necessary = {c["key"] for c in snapshot["categories"] if c["necessary"]}
        self.optional = [c["key"] for c in snapshot["categories"] if not c["necessary"]]
        self.table = patterns.compile([service["rules"] for service in self.services])
        self.hosts: list[str] = snapshot["site"]["hosts"]
        self.friends = friends
        self.child = bool(snapshot["site"]["child_directed"])
        self.nothing = self.child and self.terms["minors"].get("hold") == "all"
        self.release = int(snapshot.get("release", 0))
        # Absent in what was published before sites had a name of their own.
        self.cookie = str(snapshot.get("cookie", LEGACY_COOKIE))
        self.content = str(snapshot.get("content", ""))
        self.sold = [bool(service["sells_or_shares"] or service["targeted_ads"]) for service in self.services]
        self.marks = [mark(service["category"], service["key"]) for service in self.services]
        self.before = [
            before_answer(service, service["category"] in self.necessary, self.terms, child=self.child) == "granted"
            for service in self.services
        ]
        # A category is granted before an answer when everything in it is, and so is what it might get.
        denied = {s["category"] for s, granted in zip(self.services, self.before, strict=True) if not granted}
        default = self.terms["before"]["default"] == "granted"
        self.categories_before = {key: default and key not in denied for key in self.optional}

    def for_visitor(self, answer: StateCookie | None, gpc: bool, page_host: str, now: float | None = None) -> Policy:
        """What waits for a visitor. `gpc`: the request carried `Sec-GPC: 1`; `now` in seconds since 1970."""
        opt_in = self.terms["model"] == "opt_in"
        if answer is None:
            categories, granted = dict(self.categories_before), list(self.before)
        else:
            categories, granted = self._from_state_cookie(answer, opt_in, time.time() if now is None else now)
            if not answer.ours:  # perhaps another site's: it may deny, and never grants
                categories = {key: allowed and self.categories_before[key] for key, allowed in categories.items()}
                granted = [allowed and start for allowed, start in zip(granted, self.before, strict=True)]
            # A yes said to this site is more specific than the signal, where a yes is asked for.
            gpc = gpc and not (opt_in and answer.ours)
        masked = [self.nothing or (sold and (gpc or self.child)) for sold in self.sold]
        for position, service in enumerate(self.services):
            if masked[position] and service["category"] not in self.necessary:
                granted[position] = categories[service["category"]] = False
        if any(categories.values()):
            for position, service in enumerate(self.services):
                granted[position] = granted[position] or bool(service["container"] and not masked[position])
        return Policy(self, granted, categories, page_host)

    def _from_state_cookie(self, answer: StateCookie, opt_in: bool, now: float) -> tuple[dict[str, bool], list[bool]]:
        """What a stored answer means under this release, now."""
        any_granted = any(
            value
            for given in (answer.categories, answer.services, answer.purposes)
            for key, value in given.items()
            if key not in self.necessary
        )
        days = self.terms.get("consent_days" if any_granted else "refusal_days") or float("inf")
        lapsed = (answer.unasked and opt_in) or (now - answer.at) / 86400 > days
        covered = None
        same = answer.content == self.content if self.content else answer.release == self.release
        if not same and answer.marks:
            covered = {answer.marks[at : at + 3] for at in range(0, len(answer.marks), 3)}

        def effective(stored: bool | None, start: bool) -> bool:
            if stored is None:
                return start
            return (stored or not answer.objected) and start if lapsed else stored

        categories = {key: effective(answer.categories.get(key), self.categories_before[key]) for key in self.optional}
        granted = []
        for position, service in enumerate(self.services):
            category, start = service["category"], self.before[position]
            stored = answer.services.get(service["key"])
            if category in self.necessary:
                granted.append(True)
                continue
            if stored is None:
                stored = answer.categories.get(category)
                if stored is not None and covered is not None and self.marks[position] not in covered:
                    granted.append(stored and start)
                    continue
            granted.append(effective(stored, start))
        return categories, granted


@dataclass(frozen=True, slots=True)
class Policy:
    """Answers the rewriter's questions, and names the hosts that a Content-Security-Policy may allow."""

    rules: Rules
    granted: list[bool]  # by service
    categories: Mapping[str, bool]  # the optional ones
    page_host: str

    def held(self, url: str) -> str:
        """The key of the service that this URL must wait for, "" when it may go. Unknown third parties: the site's
        setting."""
        index = patterns.match(self.rules.table, url, self.page_host)
        if index >= 0:
            return "" if self.granted[index] else str(self.rules.services[index]["key"])
        if self.rules.snapshot["site"]["unknown"] != "hold" or any(self.categories.values()):
            return ""
        parts = patterns.split(url, self.page_host)
        host = parts[1] if parts else ""
        own = (*self.rules.hosts, *self.rules.friends, self.page_host)
        third = host and not any(name and (host == name or host.endswith(f".{name}")) for name in own)
        return "unknown" if third else ""

    def held_inline(self, code: str) -> str:
        """The key of the held service whose signature stands in an inline script."""
        for granted, service in zip(self.granted, self.rules.services, strict=True):
            if not granted and any(part in code for part in service["inline"]):
                return str(service["key"])
        return ""

    def is_granted(self, key: str) -> bool:
        """Whether a category or service that the page's author wrote on an element is granted."""
        found = [
            granted for granted, service in zip(self.granted, self.rules.services, strict=True) if service["key"] == key
        ]
        if key in self.rules.necessary or key in self.categories:
            found.append(key in self.rules.necessary or self.categories[key])
        return bool(found) and all(found)

    def hosts(self) -> list[str]:
        """Hosts of the granted services, sorted, without repeats: only those where nothing at all has to wait."""
        return sorted(
            host
            for host, entries in self.rules.table.items()
            if len(host) > 1 and all(self.granted[int(entry[2])] for entry in entries)
        )
