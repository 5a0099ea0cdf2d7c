"""A gate that runs after what it should hold: what was reported, as sentences, and what to do about it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from django.utils.translation import gettext, gettext_noop

from consent.stats.models import GateReport


class Trouble(NamedTuple):
    """`what` happens on the page, and what to `do`."""

    what: str
    do: str

    def said(self) -> Trouble:
        """The same in the language of whoever looks."""
        return Trouble(gettext(self.what), gettext(self.do))


_TROUBLES = {
    ("late", "async"): Trouble(
        gettext_noop(
            "The gate's tag has the attribute async: the browser runs it whenever it has arrived, trackers before that."
        ),
        gettext_noop(
            "Take async away. If your HTML does not have it, an optimiser adds it: exclude the gate from what it "
            "delays or joins. Or a tag manager loads the gate: write it into the HTML instead."
        ),
    ),
    ("late", "defer"): Trouble(
        gettext_noop("The gate's tag has the attribute defer: the browser runs it when the whole page has been read."),
        gettext_noop(
            "Take defer away. If your HTML does not have it, an optimiser adds it: exclude the gate from what it "
            "delays or joins. Or a tag manager loads the gate: write it into the HTML instead."
        ),
    ),
    ("late", "inserted"): Trouble(
        gettext_noop(
            "Another script puts the gate into the page, such as Google Tag Manager. What stands before "
            "it has run then."
        ),
        gettext_noop(
            "Write the lines below into the HTML itself, first in <head>, and take the gate out of the tag manager."
        ),
    ),
    ("disarmed", "late"): Trouble(
        gettext_noop("The gate ran when the page had already begun; trackers that stand before it were not held."),
        gettext_noop(
            "Put the lines below first in <head>, before everything else, without async, defer, or a tag manager."
        ),
    ),
}


def trouble(kind: str, subject: str) -> Trouble | None:
    """Of a gate's report (`consent/stats/subjects.py`); None when it is about something else."""
    if kind == "before":
        return Trouble(
            gettext("%(subject)s stands before the gate: the browser asked for it before the gate could hold it.")
            % {"subject": subject},
            gettext(
                "Move the gate's lines above it. React 19 and Next.js move <script async> above the gate by "
                "themselves: give that script defer, or onLoad beside async, or load it with next/script and "
                "lazyOnload."
            ),
        )
    found = _TROUBLES.get((kind, subject))
    return found and found.said()


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
