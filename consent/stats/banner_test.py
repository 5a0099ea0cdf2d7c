"""Which of two banners is answered yes more often: a sequential test, to be looked at every day. Pure but for one
query.

The mixture sequential probability ratio test for the difference of two shares, with a normal mixture (Robbins 1970;
Johari, Pekelis, Walsh 2015): its p-value may be read at any time, and falls at or under α in at most α of all tests of
two banners that do not differ. Why this one: docs/decisions/0033-numbers-and-a-test-of-two-banners.md.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from math import erfc, exp, log, sqrt
from typing import NamedTuple

from django.db.models import Sum

from consent.stats import asked
from consent.stats.models import AskedTotal
from consent.stats.queries import using

ALPHA = 0.05
TAU = 0.03  # the differences that the mixture expects: some percentage points
LEAST = 100  # banners of each kind before anything is said
UNEVEN = 0.0001  # a draw of halves that is as rare as this was no draw of halves


class Day(NamedTuple):
    """Banners shown on a day and yeses to them, of A and of B."""

    day: date
    shown_a: int
    yes_a: int
    shown_b: int
    yes_b: int


@dataclass(frozen=True)
class Verdict:
    """What is known after some days. Shares, the difference (B − A) and its bounds are 0…1."""

    shown_a: int
    yes_a: int
    shown_b: int
    yes_b: int
    p: float = 1.0
    low: float | None = None
    high: float | None = None
    decided: date | None = None  # the first day on which the p-value was small enough
    uneven: bool = False

    @property
    def rate_a(self) -> float | None:
        return self.yes_a / self.shown_a if self.shown_a else None

    @property
    def rate_b(self) -> float | None:
        return self.yes_b / self.shown_b if self.shown_b else None

    @property
    def difference(self) -> float | None:
        return None if self.rate_a is None or self.rate_b is None else self.rate_b - self.rate_a

    @property
    def winner(self) -> str:
        """A or B; "" as long as no difference is shown."""
        return "" if self.decided is None else "B" if (self.difference or 0) > 0 else "A"


def judge(days: Iterable[Day]) -> Verdict:
    """The verdict after the last of the days, in their order. The p-value is the smallest of all days until then."""
    shown_a = yes_a = shown_b = yes_b = 0
    p, decided = 1.0, None
    bounds: tuple[float | None, float | None] = (None, None)
    for one in days:
        shown_a, yes_a = shown_a + one.shown_a, yes_a + min(one.yes_a, one.shown_a)
        shown_b, yes_b = shown_b + one.shown_b, yes_b + min(one.yes_b, one.shown_b)
        variance = _variance(shown_a, yes_a, shown_b, yes_b)
        if variance is None:
            continue
        difference = yes_b / shown_b - yes_a / shown_a
        p = min(p, 1 / _likelihood_ratio(difference, variance))
        half = sqrt(2 * variance * (variance + TAU**2) / TAU**2 * (log(1 / ALPHA) + log(1 + TAU**2 / variance) / 2))
        bounds = (difference - half, difference + half)
        if p <= ALPHA and decided is None:
            decided = one.day
    return Verdict(shown_a, yes_a, shown_b, yes_b, p, *bounds, decided, _uneven(shown_a, shown_b))


def _variance(shown_a: int, yes_a: int, shown_b: int, yes_b: int) -> float | None:
    """Of the difference, were both the same; None where too little is known for it to be normal."""
    if min(shown_a, shown_b) < LEAST or min(yes_a + yes_b, shown_a + shown_b - yes_a - yes_b) < LEAST / 4:
        return None
    share = (yes_a + yes_b) / (shown_a + shown_b)
    return share * (1 - share) * (1 / shown_a + 1 / shown_b)


def _likelihood_ratio(difference: float, variance: float) -> float:
    exponent = TAU**2 * difference**2 / (2 * variance * (variance + TAU**2))
    return sqrt(variance / (variance + TAU**2)) * exp(min(exponent, 700))


def _uneven(one: int, other: int) -> bool:
    """Whether the halves differ more than a fair draw makes them: then something counts one of them less."""
    if one + other < 2 * LEAST:
        return False
    return erfc(abs(one - other) / sqrt(one + other) / sqrt(2)) < UNEVEN


def days_of(site_id: int, releases: Collection[int], regimes: Collection[str]) -> list[Day]:
    """What was counted of both banners in these releases under these laws, by day. One query."""
    totals = AskedTotal.objects.using(using()).filter(
        site_id=site_id,
        by=asked.ALL,
        release__in=releases,
        regime__in=regimes,
        arm__in="AB",
        what__in=(asked.BANNER, asked.YES),
    )
    found: dict[date, dict[tuple[str, str], int]] = {}
    for day, arm, what, count in totals.values_list("day", "arm", "what").annotate(n=Sum("count")).order_by("day"):
        found.setdefault(day, {})[arm, what] = count
    keys = [(arm, what) for arm in "AB" for what in (asked.BANNER, asked.YES)]
    return [Day(day, *(counts.get(key, 0) for key in keys)) for day, counts in sorted(found.items())]
