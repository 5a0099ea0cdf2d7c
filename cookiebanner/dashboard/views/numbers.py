"""What banners came to: rates said exactly, by day, place, law and more, two periods or releases beside each other."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from consent.common import thousands
from consent.jurisdictions import table
from consent.sites.models import Site
from consent.sites.roles import May
from consent.stats import asked, numbers, queries
from consent.stats.how import TIMES, UNKNOWN
from consent.stats.numbers import Chosen, Outcome
from cookiebanner.dashboard import number_charts as charts
from cookiebanner.staff.days import short_day
from cookiebanner.staff.pages import on_site, show
from cookiebanner.templatetags import fairgate as words

PERIODS = (7, 30, 90)
LONGEST = 366  # days
ASK, OBJECT = "ask", "object"  # laws that ask for a yes; laws under which trackers run until an objection
LAWS = {
    ASK: gettext_noop("Laws that ask for a yes"),
    OBJECT: gettext_noop("Laws that let trackers run until an objection"),
}
BY = {
    "day": gettext_noop("Day"),
    "place": gettext_noop("Place"),
    "law": gettext_noop("Law"),
    "language": gettext_noop("Language"),
    "device": gettext_noop("Device"),
    "layer": gettext_noop("Layer"),
    "release": gettext_noop("Release"),
    "arm": gettext_noop("Test"),
}
# The same in the title of a chart, behind the figure's name.
BY_IN_TITLES = {
    "day": gettext_noop("by day"),
    "place": gettext_noop("by place"),
    "law": gettext_noop("by law"),
    "language": gettext_noop("by language"),
    "device": gettext_noop("by device"),
    "layer": gettext_noop("by layer"),
    "release": gettext_noop("by release"),
    "arm": gettext_noop("by test"),
}
LAYERS = {
    "banner": gettext_noop("First layer"),
    "preferences": gettext_noop("Preferences"),
    "api": gettext_noop("The page's own code"),
    "other": gettext_noop("Elsewhere"),
}
TIME_WORDS = {
    "<1s": gettext_noop("under 1 second"),
    "<3s": gettext_noop("1 to 3 seconds"),
    "<10s": gettext_noop("3 to 10 seconds"),
    "<30s": gettext_noop("10 to 30 seconds"),
    "<60s": gettext_noop("30 to 60 seconds"),
    "<300s": gettext_noop("1 to 5 minutes"),
    "more": gettext_noop("over 5 minutes"),
}
DEVICES = {"phone": gettext_noop("Phone"), "tablet": gettext_noop("Tablet"), "desktop": gettext_noop("Desktop")}
NAMES: dict[str, Callable[[str], str]] = {
    "day": lambda name: short_day(date.fromisoformat(name), year=True),
    "place": words.place,
    "law": words.regime,
    "device": lambda name: gettext(DEVICES[name]) if name in DEVICES else name.capitalize(),
    "layer": lambda name: gettext(LAYERS[name]) if name in LAYERS else name,
    "release": lambda name: gettext("Release %(name)s") % {"name": name},
    "arm": lambda name: gettext("Banner %(name)s") % {"name": name} if name else gettext("No test"),
}


@dataclass
class Side:
    """One of what is compared, with all its figures."""

    label: str
    chosen: Chosen
    rows: list[Outcome]
    whole: Outcome
    gpc: float | None
    times: dict[str, int]

    @property
    def median(self) -> str:
        """The bucket of the middle time to answer, in words."""
        found = numbers.median_bucket(self.times)
        return gettext(TIME_WORDS[found]) if found else "–"

    @property
    def timed(self) -> int:
        return sum(count for name, count in self.times.items() if name != UNKNOWN)


@dataclass
class Question:
    """What the address asks for."""

    by: str
    law: str
    regimes: list[str]
    asks: bool  # the laws chosen ask for a yes
    sides: list[Chosen]


@on_site(May.VIEW, "GET")
def numbers_page(request: HttpRequest, site: Site) -> HttpResponse:
    """The page; `sides` are one or two."""
    question = read(request.GET, timezone.now().date())
    sides = [side(site, question, chosen, labels(question.sides)[n]) for n, chosen in enumerate(question.sides)]
    kept = request.GET.copy()
    kept.pop("by", None)
    by_category = categories(sides, {row.key: words.own_name(row) for row in site.categories.all()})
    return show(
        request,
        "dashboard/numbers.html",
        site,
        question=question,
        sides=sides,
        one=sides[0],
        two=sides[1] if len(sides) > 1 else None,
        chart=chart(question, sides),
        rows=beside(question, sides),
        categories=by_category,
        category_chart=charts.bars(gettext("Yes by category"), [(row["name"], row["values"]) for row in by_category]),
        times=times(sides),
        time_chart=time_chart(sides),
        since=numbers.counted_since(site.pk),
        bys={key: gettext(name) for key, name in BY.items()},
        by_label=gettext(BY[question.by]),
        laws={key: gettext(name) for key, name in LAWS.items()},
        regimes=sorted((id, words.regime(id)) for id in table.REGIMES),
        releases=list(site.releases.order_by("-number").values_list("number", flat=True)[:200]),
        periods=PERIODS,
        days=(question.sides[0].last - question.sides[0].first).days + 1,
        query=kept.urlencode(),
        whole_query=request.GET.urlencode(),
        compared=_with_the_days_before(question),
        today=timezone.now().date(),
    )


@on_site(May.VIEW, "GET")
def numbers_csv(request: HttpRequest, site: Site) -> HttpResponse:
    """The table of the page, for a spreadsheet; each row says its period and release."""
    question = read(request.GET, timezone.now().date())
    sides = [side(site, question, chosen, "", categories=True) for chosen in question.sides]
    keys = numbers.categories_of(*(one.whole for one in sides))
    out = io.StringIO()
    write = csv.writer(out).writerow
    decisions = ("yes", "some", "no", "closed", "objected")
    write(["first_day", "last_day", "only_release", "law", question.by, "banners", *decisions, "unanswered",
           "opt_in_rate", *(f"{key}_{state}" for key in keys for state in ("granted", "denied"))])  # fmt: skip
    for one in sides:
        for row in one.rows:
            rate = row.opt_in_rate if question.asks else None
            write([one.chosen.first, one.chosen.last, one.chosen.release or "", question.law, row.name, row.banners,
                   *(getattr(row, name) for name in decisions), row.unanswered if row.banners else "",
                   "" if rate is None else f"{rate:.6f}",
                   *(n.get(key, 0) for key in keys for n in (row.granted, row.denied))])  # fmt: skip
    response = HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")
    name = f"numbers-by-{question.by}-{question.sides[0].first}-{question.sides[0].last}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def read(given: QueryDict, today: date) -> Question:
    """The question of an address; what is no sense is as if it was not said."""
    days = next((n for n in PERIODS if str(n) == given.get("days")), 30)
    last = _date(given.get("to"), today)
    first = _date(given.get("from"), last - timedelta(days=days - 1))
    one = _chosen(first, last, given.get("release"))
    law = given.get("law", ASK)
    if law not in LAWS and law not in table.REGIMES:
        law = ASK
    asking = [id for id, terms in table.REGIMES.items() if terms["model"] == "opt_in"]
    regimes = {ASK: asking, OBJECT: [id for id in table.REGIMES if id not in asking]}.get(law, [law])
    one = one._replace(regimes=regimes)
    sides = [one]
    if given.get("from2") or given.get("to2") or given.get("release2"):
        last2 = _date(given.get("to2"), last)
        first2 = _date(given.get("from2"), last2 - (last - first))
        sides.append(_chosen(first2, last2, given.get("release2"))._replace(regimes=regimes))
    by = given.get("by", "")
    return Question(by if by in BY else "day", law, regimes, set(regimes) <= set(asking), sides)


def _chosen(first: date, last: date, release: str | None) -> Chosen:
    first, last = min(first, last), max(first, last)
    first = max(first, last - timedelta(days=LONGEST - 1))
    number = int(release) if release and release.isascii() and release.isdigit() and len(release) < 10 else None
    return Chosen(first, last, None, number)


def _date(given: str | None, otherwise: date) -> date:
    try:
        found = date.fromisoformat(given or "")
    except ValueError:
        return otherwise
    return found if 2000 < found.year < 2200 else otherwise


def _with_the_days_before(question: Question) -> str:
    """The query that puts the same number of days just before beside the first side."""
    chosen = question.sides[0]
    length = chosen.last - chosen.first
    release = {"release": chosen.release, "release2": chosen.release} if chosen.release else {}
    days = {"from": chosen.first, "to": chosen.last}
    before = {"from2": chosen.first - length - timedelta(days=1), "to2": chosen.first - timedelta(days=1)}
    return urlencode({"by": question.by, "law": question.law, **days, **before, **release})


def side(site: Site, question: Question, chosen: Chosen, label: str, categories: bool = False) -> Side:
    """One of what is compared; `categories`: of each row, and not of the whole alone."""
    if question.by in asked.DIMENSIONS:
        rows = numbers.outcomes(site.pk, chosen, question.by, categories)
        # Of its own rows: a layer has no banners, and of many places the categories are left out.
        whole = numbers.total(numbers.outcomes(site.pk, chosen, "law"))
    else:
        rows = numbers.outcomes(site.pk, chosen, question.by)
        whole = numbers.total(rows)
    how = queries.circumstances(site.pk, chosen.first, chosen.last, chosen.release)
    return Side(label, chosen, rows, whole, how.gpc_share, how.times)


def labels(sides: list[Chosen]) -> list[str]:
    """What tells the sides apart, in words."""
    made = []
    for chosen in sides:
        period = gettext("%(first)s to %(last)s") % {
            "first": short_day(chosen.first),
            "last": short_day(chosen.last, year=True),
        }
        made.append(
            gettext("%(period)s, release %(release)s") % {"period": period, "release": chosen.release}
            if chosen.release
            else period
        )
    return made


def name_of(by: str, name: str) -> str:
    """A row's name in words."""
    return NAMES.get(by, str)(name) or gettext("Unknown")


def rate_of(question: Question, row: Outcome) -> float | None:
    """What the chosen laws make the main figure: yeses where a yes is asked for, else objections."""
    if question.asks:
        return row.opt_in_rate if row.banners else row.yes_of_decisions
    return row.refused_rate


def _value(question: Question, row: Outcome | None, side: Side, both: bool) -> charts.Value:
    """A row's share, with words that say of what; `both`: two sides are beside each other."""
    if row is None:
        return charts.Value("", None, gettext("%(label)s: none") % {"label": side.label})
    share, base = rate_of(question, row), row.base if row.banners else row.decisions
    of = gettext("%(percent)s of %(count)s banners") if row.banners else gettext("%(percent)s of %(count)s answers")
    said = of % {"percent": words.percent(share), "count": thousands(base)}
    if question.by == "day":
        day = date.fromisoformat(row.name)
        return charts.Value(short_day(day), share, f"{short_day(day, year=True)}: {said}")
    return charts.Value("", share, f"{side.label}: {said}" if both else said)


def chart(question: Question, sides: list[Side]) -> str:
    """A line over days; of everything else bars, the first twelve."""
    title = gettext("Opt-in rate") if question.asks else gettext("Refusals and objections")
    if question.by == "day":
        series = [[_value(question, row, side, len(sides) > 1) for row in reversed(side.rows)] for side in sides]
        return charts.line(f"{title} {gettext(BY_IN_TITLES['day'])}", series)
    rows = [
        (
            name_of(question.by, next(row.name for row in pair if row)),
            [_value(question, row, side, len(sides) > 1) for row, side in zip(pair, sides, strict=True)],
        )
        for pair in pairs(question, sides)[:12]
    ]
    return charts.bars(f"{title} {gettext(BY_IN_TITLES[question.by])}", rows)


def pairs(question: Question, sides: list[Side]) -> list[list[Outcome | None]]:
    """Rows of the sides beside each other: days by their place in the period, everything else by name."""
    if len(sides) == 1:
        return [[row] for row in sides[0].rows]
    one, two = sides
    if question.by == "day":  # the newest first
        count = max(len(one.rows), len(two.rows))
        padded = [side.rows + [None] * (count - len(side.rows)) for side in sides]
        return [list(pair) for pair in zip(*padded, strict=True)]
    others = {row.name: row for row in two.rows}
    found: list[list[Outcome | None]] = [[row, others.pop(row.name, None)] for row in one.rows]
    return found + [[None, row] for row in others.values()]


def beside(question: Question, sides: list[Side]) -> list[dict[str, Any]]:
    """The rows of the table."""
    made = []
    for pair in pairs(question, sides):
        cells = [
            {
                "row": row,
                "rate": rate_of(question, row) if row else None,
                "name": row and name_of(question.by, row.name),
            }
            for row in pair
        ]
        made.append({"name": next(cell["name"] for cell in cells if cell["name"]), "cells": cells})
    return made


def categories(sides: list[Side], names: dict[str, str]) -> list[dict[str, Any]]:
    """Each optional category with its share of yeses among the decisions about it."""
    made = []
    for key in numbers.categories_of(*(one.whole for one in sides)):
        values = []
        for one in sides:
            rate, granted = one.whole.category_rate(key), one.whole.granted.get(key, 0)
            about = granted + one.whole.denied.get(key, 0)
            said = gettext("%(percent)s of %(count)s answers") % {
                "percent": words.percent(rate),
                "count": thousands(about),
            }
            values.append(charts.Value("", rate, f"{one.label}: {said}" if len(sides) > 1 else said))
        made.append({"name": names.get(key) or key, "values": values})
    return made


def times(sides: list[Side]) -> list[tuple[str, list[int]]]:
    """Bucket in words → how many answers of each side."""
    return [(gettext(TIME_WORDS[name]), [one.times[name] for one in sides]) for name in TIMES if name != UNKNOWN]


def time_chart(sides: list[Side]) -> str:
    """How long answers took, in buckets."""
    shares = [[counts[0] / max(one.timed, 1) for _, counts in times([one])] for one in sides]
    most = max((share for side in shares for share in side), default=0) or 1
    rows = []
    for number, (name, counts) in enumerate(times(sides)):
        said = [f"{thousands(count)} ({words.percent(shares[n][number])})" for n, count in enumerate(counts)]
        if len(sides) > 1:
            said = [f"{one.label}: {text}" for one, text in zip(sides, said, strict=True)]
        rows.append((name, [charts.Value("", shares[n][number], text) for n, text in enumerate(said)]))
    return charts.bars(gettext("Time to answer"), rows, most)
