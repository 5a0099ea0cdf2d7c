"""What must wait for one visitor: a release, a regime's variant, and the visitor's own answer. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import unquote, urlsplit

from consent.catalogue import patterns
from consent.jurisdictions.defaults import before_answer


@dataclass(frozen=True, slots=True)
class Answer:
    """The visitor's stored choice, from the cookie `fairgate` (written by the gate, see banner/src/core/cookie.js)."""

    categories: Mapping[str, bool]
    services: Mapping[str, bool]


def read_answer(cookie_header: str) -> Answer | None:
    """The answer in a Cookie header; None when there is none or it can't be read (then nothing is granted)."""
    try:
        jar = SimpleCookie(cookie_header)
    except CookieError:
        return None
    if "fairgate" not in jar:
        return None
    fields = dict(pair.partition("=")[::2] for pair in unquote(jar["fairgate"].value).split("&"))
    if fields.get("v") != "1" or not fields.get("c"):
        return None

    def unpack(text: str) -> dict[str, bool]:
        return {key: value == "1" for key, _, value in (part.rpartition(":") for part in text.split(".")) if key}

    return Answer(unpack(fields["c"]), unpack(fields.get("s", "")))


class Rules:
    """One release under one variant: compiled once, asked for every visitor. Raises KeyError on an unknown variant."""

    def __init__(self, snapshot: Mapping[str, Any], variant: str) -> None:
        self.snapshot = snapshot
        self.variant = variant
        self.terms = snapshot["variants"][variant]
        self.services: list[Mapping[str, Any]] = snapshot["services"]
        self.necessary = {c["key"] for c in snapshot["categories"] if c["necessary"]}
        self.table = patterns.compile([service["rules"] for service in self.services])
        self.hosts: list[str] = snapshot["site"]["hosts"]
        self.child = bool(snapshot["site"]["child_directed"])

    def for_visitor(self, answer: Answer | None, gpc: bool, page_host: str) -> Policy:
        """What waits for a visitor. `gpc`: the request carried `Sec-GPC: 1`."""
        granted = []
        for service in self.services:
            category = service["category"]
            default = before_answer(service, category in self.necessary, self.terms, gpc=gpc, child=self.child)
            if category in self.necessary:
                allowed = True
            elif gpc and (service["sells_or_shares"] or service["targeted_ads"]):
                allowed = False  # standards.md §3: the signal wins and never grants
            elif answer is None:
                allowed = default == "granted"
            elif service["container"]:
                allowed = any(value for key, value in answer.categories.items() if key not in self.necessary)
            else:
                allowed = answer.services.get(service["key"], answer.categories.get(category, default == "granted"))
            granted.append(allowed)
        return Policy(self, granted, page_host)


@dataclass(frozen=True, slots=True)
class Policy:
    """Answers the rewriter's two questions, and names the hosts that a Content-Security-Policy may allow."""

    rules: Rules
    granted: list[bool]
    page_host: str

    @property
    def holds_anything(self) -> bool:
        return not all(self.granted) or self.rules.snapshot["site"]["unknown"] == "hold"

    def held(self, url: str) -> str:
        """The key of the service that this URL must wait for, "" when it may go. Unknown third parties: the site's
        setting."""
        index = patterns.match(self.rules.table, url, self.page_host)
        if index >= 0:
            return "" if self.granted[index] else str(self.rules.services[index]["key"])
        if self.rules.snapshot["site"]["unknown"] != "hold" or any(self._optional_grants()):
            return ""
        try:
            parts = urlsplit(url)
        except ValueError:
            return ""
        host = (parts.hostname or "").lower()
        own = [*self.rules.hosts, self.page_host]
        third = host and parts.scheme in ("", "http", "https") and not any(_within(host, name) for name in own)
        return "unknown" if third else ""

    def _optional_grants(self) -> list[bool]:
        return [
            granted
            for granted, service in zip(self.granted, self.rules.services, strict=True)
            if service["category"] not in self.rules.necessary
        ]

    def held_inline(self, code: str) -> str:
        """The key of the held service whose signature stands in an inline script."""
        for granted, service in zip(self.granted, self.rules.services, strict=True):
            if not granted and any(part in code for part in service["inline"]):
                return str(service["key"])
        return ""

    def hosts(self) -> list[str]:
        """Hosts of the granted services, sorted, without repeats."""
        found = set()
        for granted, service in zip(self.granted, self.rules.services, strict=True):
            if granted:
                found |= {host for rule in service["rules"] if (host := patterns.parse(rule).host)}
        return sorted(found)


def _within(host: str, suffix: str) -> bool:
    return host == suffix or host.endswith("." + suffix)
