"""Which requests a person may make where they live, by when each must be answered: `deadlines.json`, dated and cited.

A place is an id of the table of laws (`DE`, `US-CA`, `*`). What a place's own row does not say comes from the row above
it (`US-XX` → `US` → `*`). Days count from the day of receipt, in the site's own days (UTC).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

from consent.common import months_later

HERE = Path(__file__).resolve().parent
TABLE: Mapping[str, Any] = json.loads((HERE / "deadlines.json").read_text())
LAWS: Mapping[str, Mapping[str, Any]] = TABLE["laws"]
WEEKENDS = {"sat-sun": (5, 6), "fri-sat": (4, 5)}  # date.weekday(); of a row's `weekend`


class Kind(StrEnum):
    """What somebody asks for."""

    ACCESS = "access"
    CORRECTION = "correction"
    ERASURE = "erasure"
    PORTABILITY = "portability"
    RESTRICTION = "restriction"
    OBJECTION = "objection"
    OPT_OUT = "opt_out"  # of sale, sharing, targeted advertising
    LIMIT = "limit"  # the use of sensitive data
    SHINE_THE_LIGHT = "shine_the_light"  # with whom data were shared for marketing
    APPEAL = "appeal"  # against an earlier answer
    COMPLAINT = "complaint"


# They work at once and nobody is verified: 11 CCR 7026(d), 7027(e); a complaint is what its author says.
UNVERIFIED = frozenset({Kind.OPT_OUT, Kind.LIMIT, Kind.COMPLAINT})


@dataclass(frozen=True)
class Term:
    """So long after a day; `cite` is the provision that says so."""

    count: int
    unit: str  # days, business_days, months
    cite: str
    weekend: tuple[int, ...] = WEEKENDS["sat-sun"]

    def after(self, day: date) -> date:
        """The last day of the term that starts on `day`; a weekend moves nothing."""
        if self.unit == "months":
            return months_later(day, self.count)
        return (
            _business_days(day, self.count, self.weekend)
            if self.unit == "business_days"
            else day + timedelta(days=self.count)
        )


@dataclass(frozen=True)
class Deadlines:
    """What holds for one kind of request in one place."""

    answer: Term
    acknowledge: Term | None  # by when receipt must be confirmed
    extension: Term | None  # counted on from the end of `answer`

    def due(self, received: date, *, extended: bool = False) -> date:
        """The last day to answer. Raises ValueError where the law knows no extension."""
        if not extended:
            return self.answer.after(received)
        if self.extension is None:
            raise ValueError("This law knows no extension.")
        same = self.extension.unit == self.answer.unit
        # 45 + 45 days and 1 + 2 months are one term each: 31 January + 1 + 2 months is 30 April, not 28.
        whole = replace(self.answer, count=self.answer.count + self.extension.count)
        return whole.after(received) if same else self.extension.after(self.answer.after(received))


def law_of(place: str) -> str:
    """The key of the law that holds in a place."""
    places = _by_place()
    return places.get(place) or places.get(place.partition("-")[0]) or places["*"]


def kinds(place: str) -> dict[Kind, str]:
    """What may be asked for there, in the order of a form, with the provision that says so ("" = not one alone)."""
    return {Kind(kind): cite for kind, cite in LAWS[law_of(place)]["kinds"].items()}


def deadlines(place: str, kind: Kind | str) -> Deadlines:
    """The terms of a kind in a place; also of a kind that its law does not name, which is answered all the same."""
    kind, law = Kind(kind), LAWS[law_of(place)]
    own = law.get("of", {}).get(kind)
    # A kind with a term of its own has the extension that stands with it, and no other.
    extension = own.get("extension") if own else law.get("extension")
    receipt = law.get("acknowledge")
    weekend = WEEKENDS[law.get("weekend", "sat-sun")]
    return Deadlines(
        answer=_term(own or law["answer"], weekend),
        acknowledge=_term(receipt, weekend) if receipt and kind in receipt.get("kinds", [kind]) else None,
        extension=_term(extension, weekend) if extension and kind in extension.get("kinds", [kind]) else None,
    )


def _term(row: Mapping[str, Any], weekend: tuple[int, ...]) -> Term:
    return Term(row.get("within") or row["by"], row["unit"], row["cite"], weekend)


def authority(law: str, text: Mapping[str, str]) -> tuple[str, str]:
    """Where to complain: its name ("" = nowhere), in the words of a language where there is one a country; its page."""
    found = LAWS[law]["authority"]
    return found.get("name") or text.get(found.get("words", ""), ""), found["url"]


def log_until(place: str, closed: date) -> date:
    """How long the log of a request that was closed on a day is kept."""
    return months_later(closed, LAWS[law_of(place)]["log"]["months"])


@lru_cache(1)
def _by_place() -> dict[str, str]:
    return {place: key for key, law in LAWS.items() for place in law["places"]}


def _business_days(day: date, count: int, weekend: tuple[int, ...]) -> date:
    """Weekends do not count. Holidays do: which ones a law means differs, and an earlier day is never too late."""
    while count:
        day += timedelta(days=1)
        count -= day.weekday() not in weekend
    return day
