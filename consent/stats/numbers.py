"""The Numbers page's questions: what banners came to over some days, by one dimension. Pure but for one query each."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from django.db.models import Sum

from consent.stats import asked
from consent.stats.how import TIMES, UNKNOWN
from consent.stats.models import AskedTotal
from consent.stats.queries import using

BY = ("day", "place", "law", "language", "device", "layer", "release", "arm")
_COLUMNS = {"day": "day", "law": "regime", "release": "release", "arm": "arm"}  # the others are rows of their own


class Chosen(NamedTuple):
    """Which totals are asked for. None: whatever it is."""

    first: date
    last: date
    regimes: Collection[str] | None = None
    release: int | None = None

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(n) for n in range((self.last - self.first).days + 1)]


@dataclass
class Outcome:
    """What banners came to under one name."""

    name: str
    banners: int = 0
    yes: int = 0
    some: int = 0
    no: int = 0
    closed: int = 0
    objected: int = 0
    granted: dict[str, int] = field(default_factory=dict)  # category → decisions that granted it
    denied: dict[str, int] = field(default_factory=dict)

    @property
    def decisions(self) -> int:
        return self.yes + self.some + self.no + self.closed + self.objected

    @property
    def base(self) -> int:
        """Banners shown; where fewer were counted than got a decision, those decisions: no rate is over 100 %."""
        return max(self.banners, self.decisions)

    @property
    def unanswered(self) -> int:
        return self.base - self.decisions

    @property
    def opt_in_rate(self) -> float | None:
        """Decisions for everything optional, of the banners shown (0…1)."""
        return self.yes / self.base if self.banners else None

    @property
    def yes_of_decisions(self) -> float | None:
        return self.yes / self.decisions if self.decisions else None

    @property
    def unanswered_share(self) -> float | None:
        return self.unanswered / self.base if self.banners else None

    @property
    def refused_rate(self) -> float | None:
        """Refusals and objections, of the banners shown."""
        return (self.no + self.objected) / self.base if self.banners else None

    def category_rate(self, key: str) -> float | None:
        """Decisions that granted a category, of those that were about it."""
        about = self.granted.get(key, 0) + self.denied.get(key, 0)
        return self.granted.get(key, 0) / about if about else None

    def add(self, what: str, count: int) -> None:
        if what == asked.BANNER:
            self.banners += count
        elif what in asked.DECISIONS:
            setattr(self, what, getattr(self, what) + count)
        else:
            counts = self.granted if what[:1] == asked.GRANTED else self.denied
            counts[what[1:]] = counts.get(what[1:], 0) + count

    def merge(self, other: Outcome) -> None:
        """Adds the figures of another row."""
        for what in (asked.BANNER, *asked.DECISIONS):
            self.add(what, other.banners if what == asked.BANNER else getattr(other, what))
        for sign, counts in ((asked.GRANTED, other.granted), (asked.DENIED, other.denied)):
            for key, count in counts.items():
                self.add(sign + key, count)


def outcomes(site_id: int, chosen: Chosen, by: str, categories: bool = True) -> list[Outcome]:
    """One row each day, place, law …: every day of the period, newest first; of the rest what was met, most banners
    first. Without `categories`, which are more than half of the totals, only banners and decisions. One query."""
    column = _COLUMNS.get(by, "name")
    totals = AskedTotal.objects.using(using()).filter(
        site_id=site_id,
        by=asked.ALL if by in _COLUMNS else by,
        day__gte=chosen.first,
        day__lte=chosen.last,
    )
    if chosen.regimes is not None:
        totals = totals.filter(regime__in=chosen.regimes)
    if chosen.release is not None:
        totals = totals.filter(release=chosen.release)
    if not categories:
        totals = totals.filter(what__in=(asked.BANNER, *asked.DECISIONS))
    rows: dict[str, Outcome] = {}
    if by == "day":
        rows = {day.isoformat(): Outcome(day.isoformat()) for day in reversed(chosen.days)}
    for name, what, count in totals.values_list(column, "what").annotate(n=Sum("count")).order_by():
        rows.setdefault(str(name), Outcome(str(name))).add(what, count)
    if by == "day":
        return list(rows.values())
    return sorted(rows.values(), key=lambda row: (-row.banners, -row.decisions, row.name))


def total(rows: list[Outcome]) -> Outcome:
    """The sum of rows."""
    whole = Outcome("total")
    for row in rows:
        whole.merge(row)
    return whole


def categories_of(*outcomes: Outcome) -> list[str]:
    """Every optional category that a decision was about."""
    return sorted({key for one in outcomes for key in (*one.granted, *one.denied)})


def counted_since(site_id: int) -> date | None:
    """The first day of these totals; what was before is in the day totals of actions only."""
    mine = AskedTotal.objects.using(using()).filter(site_id=site_id, by=asked.ALL)
    return mine.order_by("day").values_list("day", flat=True).first()


def median_bucket(times: dict[str, int]) -> str | None:
    """The bucket in which the middle time to answer lies, the upper one of two; None without a known time. More is not
    known: times are counted in buckets."""
    known = [(name, times.get(name, 0)) for name in TIMES if name != UNKNOWN]
    half, reached = sum(count for _, count in known) / 2, 0
    for name, count in known:
        reached += count
        if reached > half:
            return name
    return None
