"""What dashboards ask: answers and impressions of a site over a period of days. Reads the replica if there is one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from django.conf import settings
from django.db.models import Q, Sum

from consent.stats import actions
from consent.stats.how import DEVICES, LAYERS, OTHER, TIMES
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
    def opt_in_rate(self) -> float | None:
        """Accept-all answers over banners shown (0…1); over answers where no impression was counted; None without."""
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
class Reach:
    """Banners shown and answered under one name (a device, a day)."""

    name: str
    shown: int = 0
    answered: int = 0  # answers that a banner which was up got

    @property
    def no_answer(self) -> int:
        """Banners that were left unanswered; never less than none, whatever impressions were lost."""
        return max(0, self.shown - self.answered)


@dataclass
class Circumstances:
    """How the answers of a period came about; only what was counted since these totals are kept."""

    total: Reach
    devices: dict[str, Reach]  # every one of DEVICES
    days: dict[date, dict[str, Reach]]  # every day of the period, and on it every device
    layers: dict[str, int]  # answers by where they were given: LAYERS, then OTHER
    times: dict[str, int]  # answers to a banner by how long they took: TIMES, the last of which is unknown
    gpc_banners: int = 0
    answers: int = 0
    gpc_answers: int = 0


def gpc_share(site_id: int, first: date, last: date) -> float | None:
    """The part (0…1) of the banners shown that went to browsers with Global Privacy Control; None without any.

    Gates count banners and no views, so nothing is known of the share of page views. One query.
    """
    banners = ShownTotal.objects.using(using()).filter(_period(site_id, first, last), kind="banner")
    shown = dict(banners.values_list("gpc").annotate(n=Sum("count")).order_by())
    return shown.get(True, 0) / sum(shown.values()) if any(shown.values()) else None


def circumstances(site_id: int, first: date, last: date) -> Circumstances:
    """Banners without an answer by device and day, layers, times to answer and how many had GPC, both ends included.

    Two queries.
    """
    days = [first + timedelta(n) for n in range((last - first).days + 1)]
    found = Circumstances(
        total=Reach("total"),
        devices={device: Reach(device) for device in DEVICES},
        days={day: {device: Reach(device) for device in DEVICES} for day in days},
        layers=dict.fromkeys((*LAYERS, OTHER), 0),
        times=dict.fromkeys(TIMES, 0),
    )
    period = _period(site_id, first, last)
    shown = ShownTotal.objects.using(using()).filter(period).values_list("day", "device", "kind", "gpc")
    for day, device, kind, gpc, count in shown.annotate(n=Sum("count")).order_by():
        if kind == "banner":
            found.gpc_banners += count if gpc else 0
            for reach in (found.total, found.devices[device], found.days[day][device]):
                reach.shown += count
    answered = AnsweredTotal.objects.using(using()).filter(period)
    rows = answered.values_list("day", "device", "layer", "waited", "gpc", "asked").annotate(n=Sum("count"))
    for day, device, layer, waited, gpc, asked, count in rows.order_by():
        found.answers += count
        found.gpc_answers += count if gpc else 0
        found.layers[layer] += count
        if asked:
            found.times[waited] += count
            for reach in (found.total, found.devices[device], found.days[day][device]):
                reach.answered += count
    return found


def reports_full(site_id: int) -> bool:
    """Whether the site's list of unknown hosts holds as many as it can, so that new ones take the place of others."""
    return GateReport.objects.filter(site_id=site_id, kind="unknown").count() >= actions.REPORTS_PER_SITE
