"""A gate that runs after what it should hold: what was reported, as sentences, and what to do about it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from consent.stats.models import GateReport

_NOT_YOURS = (
    "If your HTML does not have it, an optimiser adds it: exclude the gate from what it delays or joins. Or a tag "
    "manager loads the gate: write it into the HTML instead."
)


class Trouble(NamedTuple):
    """`what` happens on the page, and what to `do`."""

    what: str
    do: str


_TROUBLES = {
    ("late", "async"): Trouble(
        "The gate's tag has the attribute async: the browser runs it whenever it has arrived, trackers before that.",
        f"Take async away. {_NOT_YOURS}",
    ),
    ("late", "defer"): Trouble(
        "The gate's tag has the attribute defer: the browser runs it when the whole page has been read.",
        f"Take defer away. {_NOT_YOURS}",
    ),
    ("late", "inserted"): Trouble(
        "Another script puts the gate into the page, such as Google Tag Manager. What stands before it has run then.",
        "Write the lines below into the HTML itself, first in <head>, and take the gate out of the tag manager.",
    ),
    ("disarmed", "late"): Trouble(
        "The gate ran when the page had already begun; trackers that stand before it were not held.",
        "Put the lines below first in <head>, before everything else, without async, defer, or a tag manager.",
    ),
}


def trouble(kind: str, subject: str) -> Trouble | None:
    """Of a gate's report (`consent/stats/subjects.py`); None when it is about something else."""
    if kind == "before":
        return Trouble(
            f"{subject} stands before the gate: the browser asked for it before the gate could hold it.",
            "Move the gate's lines above it. React 19 and Next.js move <script async> above the gate by themselves: "
            "give that script defer, or onLoad beside async, or load it with next/script and lazyOnload.",
        )
    return _TROUBLES.get((kind, subject))


def sort_out(reports: Iterable[GateReport]) -> tuple[list[tuple[GateReport, Trouble]], list[GateReport]]:
    """Reports of a gate that is late, with their words; and all others. That a gate was late is not said again where
    another report says why."""
    late, others = [], []
    for report in reports:
        if said := trouble(report.kind, report.subject):
            late.append((report, said))
        else:
            others.append(report)
    explained = [pair for pair in late if pair[0].kind != "disarmed"]
    return explained or late, others
