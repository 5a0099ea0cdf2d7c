"""The Numbers page's charts, drawn as SVG on the server. Words stand at each bar; a value of a line shows its words
when it is pointed at or reached by keyboard. A table with the same figures stands behind each chart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

WIDTH, HEIGHT, LEFT, RIGHT, BOTTOM, TOP = 760, 230, 44, 12, 24, 26
SERIES = ("series-one", "series-two")  # of what is compared: colour, and a dash in a line
LETTER = 6.6  # the width of a letter of a value, roughly


class Value(NamedTuple):
    """A share (0…1), or None where there is none, with its name under the axis and its words."""

    name: str
    share: float | None
    words: str


def line(title: str, series: Sequence[Sequence[Value]]) -> SafeString:
    """Shares over days, the oldest first; one or two lines, by their place in the period."""
    count = max((len(values) for values in series), default=0)
    step = (WIDTH - LEFT - RIGHT) / max(count - 1, 1)
    plot = HEIGHT - BOTTOM - TOP

    def at(number: int, share: float) -> tuple[float, float]:
        return LEFT + number * step, TOP + plot * (1 - share)

    grid = [
        (LEFT, f"{y:.1f}", WIDTH - RIGHT, f"{y:.1f}", LEFT - 8, f"{y + 4:.1f}", f"{quarter * 25}%")
        for quarter in range(5)
        for y in [at(0, quarter / 4)[1]]
    ]
    every = max(1, round(count / 6))
    names = [
        (f"{at(number, 0)[0]:.1f}", HEIGHT - 6, value.name)
        for number, value in enumerate(series[0] if series else ())
        if number % every == every // 2
    ]
    lines, points = [], []
    for css, values in zip(SERIES, series, strict=False):
        lines += [(css, path) for path in _paths([at(n, v.share) if v.share is not None else None
                                                  for n, v in enumerate(values)])]  # fmt: skip
        for number, value in enumerate(values):
            if value.share is not None:
                x, y = at(number, value.share)
                half = min(len(value.words) * LETTER / 2, (WIDTH - LEFT - RIGHT) / 2)
                label = min(max(x, LEFT + half), WIDTH - RIGHT - half)
                points.append((css, value.words, f"{x - max(step, 8) / 2:.1f}", TOP, f"{max(step, 8):.1f}", plot,
                               f"{x:.1f}", f"{y:.1f}", f"{label:.1f}", TOP - 12, value.words))  # fmt: skip
    return format_html(
        '<svg class="chart line" viewBox="0 0 {} {}" role="group" aria-label="{}" data-points>{}{}{}{}</svg>',
        WIDTH,
        HEIGHT,
        title,
        format_html_join(
            "",
            '<line class="grid" x1="{}" y1="{}" x2="{}" y2="{}"/><text x="{}" y="{}" text-anchor="end">{}</text>',
            grid,
        ),
        format_html_join("", '<text x="{}" y="{}" text-anchor="middle">{}</text>', names),
        format_html_join("", '<path class="{}" d="{}"/>', lines),
        format_html_join(
            "",
            '<g class="point {}" role="img" tabindex="0" aria-label="{}"><rect x="{}" y="{}" width="{}" height="{}"/>'
            '<circle cx="{}" cy="{}" r="3.5"/><text class="value" x="{}" y="{}" text-anchor="middle">{}</text></g>',
            points,
        ),
    )


def _paths(places: Sequence[tuple[float, float] | None]) -> list[str]:
    """A line is broken where there is no share: nothing is made up between two days."""
    found: list[list[str]] = [[]]
    for place in places:
        if place is None:
            found.append([])
        else:
            found[-1].append(f"{place[0]:.1f},{place[1]:.1f}")
    return ["M" + " L".join(part) for part in found if len(part) > 1]


def bars(title: str, rows: Sequence[tuple[str, Sequence[Value]]], whole: float = 1) -> SafeString:
    """A name with one bar, or two of what is compared; `whole` is the share that fills the width. Words are HTML, so
    that they keep their size on a phone."""
    return format_html(
        '<dl class="bars" aria-label="{}">{}</dl>',
        title,
        format_html_join(
            "",
            "<div><dt>{}</dt>{}</div>",
            ((name, format_html_join("", _BAR, _bars(values, whole))) for name, values in rows),
        ),
    )


_BAR = (
    '<dd><span>{}</span><svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
    '<rect class="{}" width="{}" height="10"/></svg></dd>'
)


def _bars(values: Sequence[Value], whole: float) -> list[tuple[str, str, str]]:
    return [
        (value.words, css, f"{100 * min((value.share or 0) / whole, 1):.2f}")
        for css, value in zip(SERIES, values, strict=False)
    ]
