"""Charts drawn as SVG on the server: printable, no script, with a title and a description for who can't see them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_noop

from consent.common import thousands
from consent.stats.queries import KINDS, AnswerTotals
from cookiebanner.staff.days import short_day

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 760, 230, 44, 24, 10
LABELS = {
    "accept": gettext_noop("Accepted all"),
    "reject": gettext_noop("Rejected or opted out"),
    "custom": gettext_noop("Chose some"),
    "other": gettext_noop("Other"),
}


def ceiling(value: int) -> int:
    """The top of an axis: at or above `value`, and a quarter of it is a whole number."""
    if value <= 8:
        return 4 if value <= 4 else 8
    power = 10 ** (len(str(value)) - 1)
    return next(step * power // 10 for step in (10, 12, 16, 20, 24, 32, 40, 60, 80, 100) if step * power >= value * 10)


def answers_a_day(rows: Sequence[AnswerTotals]) -> SafeString:
    """Stacked bars, one a day. The same figures stand in a table beside it."""
    top = ceiling(max((row.answers for row in rows), default=0))
    plot = HEIGHT - BOTTOM - TOP
    step = (WIDTH - LEFT) / max(len(rows), 1)
    bar = max(step * 0.72, 1.5)
    lines, bars, days = [], [], []
    for quarter in range(5):
        y = TOP + plot * (1 - quarter / 4)
        value = top * quarter / 4
        lines.append((f"{y:.1f}", WIDTH, f"{y:.1f}", f"{y + 4:.1f}", f"{value:,.0f}" if value == int(value) else ""))
    every = max(1, round(len(rows) / 6))
    for number, row in enumerate(rows):
        x = LEFT + number * step + (step - bar) / 2
        y = TOP + float(plot)
        for kind in KINDS:
            height = plot * getattr(row, kind) / top
            if height:
                y -= height
                bars.append((kind, f"{x:.1f}", f"{y:.1f}", f"{bar:.1f}", f"{height:.1f}", _day(row.name), _words(row)))
        if number % every == every // 2:
            days.append((f"{LEFT + number * step + step / 2:.1f}", HEIGHT - 6, _day(row.name)))
    whole = sum(row.answers for row in rows)
    return format_html(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-labelledby="chart-title chart-text">'
        '<title id="chart-title">Answers a day</title><desc id="chart-text">{} answers in {} days.</desc>{}{}{}</svg>',
        WIDTH,
        HEIGHT,
        thousands(whole),
        len(rows),
        format_html_join(
            "",
            '<line class="grid" x1="44" y1="{}" x2="{}" y2="{}"/><text x="36" y="{}" text-anchor="end">{}</text>',
            lines,
        ),
        format_html_join(
            "",
            '<rect class="{}" x="{}" y="{}" width="{}" height="{}"><title>{}: {}</title></rect>',
            bars,
        ),
        format_html_join("", '<text x="{}" y="{}" text-anchor="middle">{}</text>', days),
    )


def shares(row: AnswerTotals) -> SafeString:
    """One bar cut into the kinds of answers."""
    pieces, x = [], 0.0
    for kind in KINDS:
        width = 100 * row.share(kind)
        if width:
            pieces.append((kind, f"{x:.2f}", f"{width:.2f}"))
            x += width
    return format_html(
        '<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>',
        _words(row),
        format_html_join("", '<rect class="{}" x="{}" y="0" width="{}" height="10"/>', pieces),
    )


def spark(values: Sequence[int]) -> SafeString:
    """A line without axes, for a card. Decorative: the figure stands beside it."""
    top = max([*values, 1])
    step = 200 / max(len(values) - 1, 1)
    points = " ".join(f"{n * step:.1f},{38 - 34 * value / top:.1f}" for n, value in enumerate(values))
    return format_html(
        '<svg class="spark" viewBox="0 0 200 40" preserveAspectRatio="none" aria-hidden="true">'
        '<polyline points="{}" fill="none" stroke="currentColor" stroke-width="2" vector-effect="non-scaling-stroke"/>'
        "</svg>",
        points,
    )


def _day(name: str) -> str:
    return short_day(date.fromisoformat(name))


def _words(row: AnswerTotals) -> str:
    counted = [f"{gettext(LABELS[kind])} {thousands(getattr(row, kind))}" for kind in KINDS if getattr(row, kind)]
    return ", ".join(counted) or gettext("no answers")
