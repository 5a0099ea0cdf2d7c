"""What must wait for one visitor: a release, a regime's variant, and the visitor's own answer. Pure.

The same rule as in the gate (banner/src/core/vector.js), so that the two never disagree about an answer. Its twin for
other servers is deploy/edge/rewrite.js; both are held to tests/vectors/rewrite.json.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fairgate_enforce import patterns, signals
from fairgate_enforce.defaults import before_answer
from fairgate_enforce.state_cookie import LEGACY_COOKIE, StateCookie, grants, mark


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
        # Absent in what was published before slots: an answer of today is not understood then, and grants nothing.
        self.steps: Mapping[str, str] = snapshot.get("steps", {})
        self.slots: list[Sequence[int]] = [service.get("slots", ()) for service in self.services]
        self.category_slots: dict[str, Sequence[int]] = {c["key"]: c.get("slots", ()) for c in snapshot["categories"]}
        self.category_keys = [c["key"] for c in snapshot["categories"]]
        # What of a signal denies each category and each service.
        self.category_bits = {
            key: signals.EVERYTHING | signals.FIRST_CATEGORY << place for place, key in enumerate(self.category_keys)
        }
        self.sold = [bool(service["sells_or_shares"] or service["targeted_ads"]) for service in self.services]
        self.service_bits = [
            self.category_bits[service["category"]] | (signals.SOLD if sold else 0)
            for service, sold in zip(self.services, self.sold, strict=True)
        ]
        self.marks = [mark(service["category"], service["key"]) for service in self.services]
        self.before = [
            before_answer(service, service["category"] in self.necessary, self.terms, child=self.child) == "granted"
            for service in self.services
        ]
        # A category is granted before an answer when everything in it is, and so is what it might get.
        denied = {s["category"] for s, granted in zip(self.services, self.before, strict=True) if not granted}
        default = self.terms["before"]["default"] == "granted"
        self.categories_before = {key: default and key not in denied for key in self.optional}

    def denied_by_signals(self, headers: Mapping[str, str]) -> int:
        """What the signals of a request deny here (signals.py). `headers` by lower-case name."""
        return signals.denied(headers, self.terms["regime"], self.category_keys)

    def for_visitor(
        self, answer: StateCookie | None, signalled: int, page_host: str, now: float | None = None
    ) -> Policy:
        """What waits for a visitor. `signalled`: what `denied_by_signals` found; `now` in seconds since 1970."""
        opt_in = self.terms["model"] == "opt_in"
        if answer is None:
            categories, granted = dict(self.categories_before), list(self.before)
        else:
            categories, granted = self._from_state_cookie(answer, opt_in, time.time() if now is None else now)
            if not answer.ours:  # perhaps another site's: it may deny, and never grants
                categories = {key: allowed and self.categories_before[key] for key, allowed in categories.items()}
                granted = [allowed and start for allowed, start in zip(granted, self.before, strict=True)]
            # A yes said to this site is more specific than the signal, where a yes is asked for.
            signalled = 0 if opt_in and answer.ours else signalled
        signalled |= signals.EVERYTHING if self.nothing else signals.SOLD if self.child else 0
        for key in self.optional:
            categories[key] = categories[key] and not signalled & self.category_bits[key]
        masked = [bool(signalled & bits) for bits in self.service_bits]
        for position, service in enumerate(self.services):
            if masked[position] and service["category"] not in self.necessary:
                granted[position] = categories[service["category"]] = False
        if any(categories.values()):
            for position, service in enumerate(self.services):
                granted[position] = granted[position] or bool(service["container"] and not masked[position])
        return Policy(self, granted, categories, page_host)

    def _from_state_cookie(self, answer: StateCookie, opt_in: bool, now: float) -> tuple[dict[str, bool], list[bool]]:
        """What a stored answer means under this release, now."""
        # Given to another numbering, from which nothing leads here: an objection may have meant everything.
        foreign = answer.digits is not None and not answer.shared(self.steps)
        days = self.terms.get("consent_days" if grants(answer, self.necessary) else "refusal_days") or float("inf")
        weak = opt_in and (answer.unasked or foreign)
        lapsed = weak or (foreign and not answer.objected) or (now - answer.at) / 86400 > days
        by_category, by_service = self._choices(answer, foreign)

        def effective(stored: bool | None, start: bool) -> bool:
            if stored is None:
                return start
            return (stored or not answer.objected) and start if lapsed else stored

        categories = {key: effective(by_category[key], self.categories_before[key]) for key in self.optional}
        granted = []
        for position, service in enumerate(self.services):
            category, start, stored = service["category"], self.before[position], by_service[position]
            if category in self.necessary:
                granted.append(True)
            elif stored is None:
                # It came later: no category's yes is one to it, and a no to it in another category stands.
                elsewhere = answer.digits is not None and self._denied_elsewhere(answer, position)
                granted.append(start and by_category[category] is not False and not elsewhere)
            else:
                granted.append(effective(stored, start))
        return categories, granted

    def _choices(self, answer: StateCookie, foreign: bool) -> tuple[dict[str, bool | None], list[bool | None]]:
        """What was said of each optional category and of each service; None: it was not offered."""
        if answer.digits is None:
            return self._choices_by_key(answer)
        if foreign:
            stored = False if answer.objected else None
            return dict.fromkeys(self.optional, stored), [stored for _ in self.services]
        shared = answer.shared(self.steps)
        return (
            {key: answer.choice(self.category_slots[key][0], shared) for key in self.optional},
            [answer.choice(slots[0], shared) for slots in self.slots],
        )

    def _choices_by_key(self, answer: StateCookie) -> tuple[dict[str, bool | None], list[bool | None]]:
        """The same of `v=1`, where a service went with its category unless it was named."""
        covered = None
        same = answer.content == self.content if self.content else answer.release == self.release
        if not same and answer.marks:
            covered = {answer.marks[at : at + 3] for at in range(0, len(answer.marks), 3)}
        by_service = []
        for service, its_mark in zip(self.services, self.marks, strict=True):
            stored = answer.services.get(service["key"])
            if stored is None and (covered is None or its_mark in covered):
                stored = answer.categories.get(service["category"])
            by_service.append(stored)
        return {key: answer.categories.get(key) for key in self.optional}, by_service

    def _denied_elsewhere(self, answer: StateCookie, position: int) -> bool:
        shared = answer.shared(self.steps)
        return any(answer.choice(slot, shared) is False for slot in self.slots[position][1:])


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
        third = host and not any(name and patterns.is_under(host, name) for name in own)
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
