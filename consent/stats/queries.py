"""What dashboards ask: answers and impressions of a site over a period of days. Reads the replica if there is one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from django.conf import settings
from django.db.models import Q, Sum

from consent.stats import actions
from consent.stats.how import OTHER, TIMES
from consent.stats.models import AnsweredTotal, DailyTotal, GateReport, ImpressionTotal, ShownTotal

ACCEPT, REJECT, CUSTOM = "accept", "reject", "custom"
IMPORTED = "imported"
KINDS = (ACCEPT, REJECT, CUSTOM, OTHER)
# What an action says about a visitor's will. Closing without a choice and withdrawals are "other"; what was said to an
# earlier system is no answer to our banner, and has a total of its own.
KIND_OF = {"accept_all": ACCEPT, "custom": CUSTOM, **dict.fromkeys(("reject_all", "opt_out", "gpc", "signal"), REJECT)}


@dataclass
class AnswerTotals:
    """Answers counted under one name (a day, a jurisdiction, a regime …), split by kind."""

    name: str
    accept: int = 0
    reject: int = 0
    custom: int = 0
    other: int = 0
    imported: int = 0
    shown: int = 0
    by: dict[str, int] = field(default_factory=dict)

    @property
    def answers(self) -> int:
        return self.accept + self.reject + self.custom + self.other

    @property
    def accepted_share(self) -> float | None:
        """Accept-all answers over banners shown (0…1); over answers where no impression was counted; None without.
        Under every law together, so no opt-in rate: that is `consent.stats.numbers`."""
        base = max(self.shown, self.answers) if self.shown else self.answers
        return self.accept / base if base else None

    def share(self, kind: str) -> float:
        """The part (0…1) of the answers that is of this kind."""
        return getattr(self, kind) / self.answers if self.answers else 0.0

    def add(self, action: str, count: int) -> None:
        kind = IMPORTED if action in ("import", "receipt") else KIND_OF.get(action, OTHER)
        setattr(self, kind, getattr(self, kind) + count)
        self.by[action] = self.by.get(action, 0) + count

    def merge(self, other: AnswerTotals) -> None:
        """Adds the figures of another row."""
        self.shown += other.shown
        for action, count in other.by.items():
            self.add(action, count)


def using() -> str:
    """The database that dashboards and exports read."""
    return "replica" if "replica" in settings.DATABASES else "default"


def _period(site_id: int, first: date, last: date) -> Q:
    return Q(site_id=site_id, day__gte=first, day__lte=last)


def by_day(site_id: int, first: date, last: date) -> list[AnswerTotals]:
    """One row a day, both ends included, days without answers too. Two queries."""
    rows = {
        first + timedelta(n): AnswerTotals((first + timedelta(n)).isoformat()) for n in range((last - first).days + 1)
    }
    period = _period(site_id, first, last)
    totals = DailyTotal.objects.using(using()).filter(period).values_list("day", "action").annotate(n=Sum("count"))
    for day, action, count in totals.order_by():
        rows[day].add(action, count)
    shown = ImpressionTotal.objects.using(using()).filter(period, kind="banner").values_list("day")
    for day, count in shown.annotate(n=Sum("count")).order_by():
        rows[day].shown = count
    return list(rows.values())


def by_column(site_id: int, first: date, last: date, column: str) -> list[AnswerTotals]:
    """One row a `jurisdiction`, `regime`, `language` or `release`, most answers first. Two queries."""
    return by_columns(site_id, first, last, (column,))[column]


def by_columns(site_id: int, first: date, last: date, columns: tuple[str, ...]) -> dict[str, list[AnswerTotals]]:
    """`by_column` of several columns, in two queries for all."""
    rows: dict[str, dict[str, AnswerTotals]] = {column: {} for column in columns}
    period = _period(site_id, first, last)
    totals = DailyTotal.objects.using(using()).filter(period).values_list(*columns, "action").annotate(n=Sum("count"))
    for *names, action, count in totals.order_by():
        for column, name in zip(columns, names, strict=True):
            rows[column].setdefault(str(name), AnswerTotals(str(name))).add(action, count)
    shown = ImpressionTotal.objects.using(using()).filter(period, kind="banner").values_list(*columns)
    for *names, count in shown.annotate(n=Sum("count")).order_by():
        for column, name in zip(columns, names, strict=True):
            rows[column].setdefault(str(name), AnswerTotals(str(name))).shown += count
    return {column: sorted(found.values(), key=lambda row: (-row.answers, row.name)) for column, found in rows.items()}


def total(rows: list[AnswerTotals]) -> AnswerTotals:
    """The sum of rows."""
    whole = AnswerTotals("total")
    for row in rows:
        whole.merge(row)
    return whole


def answers_per_site(site_ids: list[int], first: date, last: date) -> dict[int, list[AnswerTotals]]:
    """{site: one row a day}, for the list of sites. One query."""
    days = [first + timedelta(n) for n in range((last - first).days + 1)]
    rows = {site_id: {day: AnswerTotals(day.isoformat()) for day in days} for site_id in site_ids}
    totals = DailyTotal.objects.using(using()).filter(site_id__in=site_ids, day__gte=first, day__lte=last)
    for site_id, day, action, count in (
        totals.values_list("site_id", "day", "action").annotate(n=Sum("count")).order_by()
    ):
        rows[site_id][day].add(action, count)
    return {site_id: list(mine.values()) for site_id, mine in rows.items()}


@dataclass
class Circumstances:
    """How many of the banners of a period went to browsers with Global Privacy Control, and how long answers took."""

    banners: int
    gpc_banners: int
    times: dict[str, int]  # answers to a banner by how long they took: TIMES, the last of which is unknown

    @property
    def gpc_share(self) -> float | None:
        """The part (0…1) of the banners shown that went to browsers with the signal; None without any.

        Gates count banners and no views, so nothing is known of the share of page views.
        """
        return self.gpc_banners / self.banners if self.banners else None


def circumstances(site_id: int, first: date, last: date, release: int | None = None) -> Circumstances:
    """Of all laws, both ends included; `release`: of this one only. Two queries."""
    period = _period(site_id, first, last) & (Q() if release is None else Q(release=release))
    answered = AnsweredTotal.objects.using(using()).filter(period, asked=True)
    times = dict(answered.values_list("waited").annotate(n=Sum("count")).order_by())
    shown = _banners_by_gpc(period)
    return Circumstances(sum(shown.values()), shown.get(True, 0), {name: times.get(name, 0) for name in TIMES})


def gpc_share(site_id: int, first: date, last: date) -> float | None:
    """As `Circumstances` has it. One query."""
    shown = _banners_by_gpc(_period(site_id, first, last))
    return Circumstances(sum(shown.values()), shown.get(True, 0), {}).gpc_share


def _banners_by_gpc(period: Q) -> dict[bool, int]:
    banners = ShownTotal.objects.using(using()).filter(period, kind="banner")
    return dict(banners.values_list("gpc").annotate(n=Sum("count")).order_by())


def reports_full(site_id: int) -> bool:
    """Whether the site's list of unknown hosts holds as many as it can, so that new ones take the place of others."""
    return GateReport.objects.filter(site_id=site_id, kind="unknown").count() >= actions.REPORTS_PER_SITE
