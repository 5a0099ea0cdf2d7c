"""Corrections of the shipped table of law that ask less than it does; asking more needs no sign-off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext

from consent.jurisdictions import table
from consent.publishing.lint.finding import BLOCK, Finding, Snapshot
from fairgate_enforce import defaults

_MODELS = ("notice", "opt_out", "opt_in")


def weakened(snapshot: Snapshot) -> Iterator[Finding]:
    overrides = snapshot["jurisdictions"]["overrides"]
    for place in overrides:
        if place not in table.ROWS:
            continue
        ours = table.variant_and_terms(table.row(place))[1]
        theirs = table.variant_and_terms(table.row(place, overrides))[1]
        for rule, what in weaker(ours, theirs):
            yield Finding(
                rule,
                BLOCK,
                gettext("The correction of %(place)s %(what)s: %(reason)s")
                % {"place": place, "what": what, "reason": overrides[place]["reason"]},
                ours["law"],
                gettext("Take the correction back, or have it signed off."),
                theirs["regime"],
                place,
                field=f"law {place}",
            )
        if table.row(place, overrides).effective_date > table.row(place).effective_date:
            yield Finding(
                "L06",
                BLOCK,
                gettext("The correction of %(place)s puts off the day its law takes force.") % {"place": place},
                ours["law"],
                gettext("Take the correction back, or have it signed off."),
                theirs["regime"],
                f"{place} date",
                field=f"law {place}",
            )


def weaker(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(rule, what) for each thing that the terms `theirs` ask less than the terms `ours`."""
    if _MODELS.index(theirs["model"]) < _MODELS.index(ours["model"]):
        yield "L06", gettext("turns %(model)s into %(other)s") % {"model": ours["model"], "other": theirs["model"]}
    elif any(
        _before(ours, fact) == "denied" and _before(theirs, fact) == "granted" for fact in ("default", *defaults.FACTS)
    ):
        yield "L06", gettext("lets services run before a yes")
    if table.STRICTER.index(theirs["reject"]) < table.STRICTER.index(ours["reject"]):
        yield "L01", gettext("asks less for a way to refuse")
    if table.STRICTER.index(theirs["equal"]) < table.STRICTER.index(ours["equal"]):
        yield "L03", gettext("asks less for equal buttons")
    if ours["close_x"] and not theirs["close_x"]:
        yield "L07", gettext("takes the closing X away")
    if theirs["reask_days"] < ours["reask_days"]:
        yield "L16", gettext("asks again sooner")
    if theirs["consent_days"] > ours["consent_days"]:
        yield "L17", gettext("keeps a yes for longer")
    if (ours["gpc"], theirs["gpc"]) == ("required", "honoured") or (ours["gpc_status"] and not theirs["gpc_status"]):
        yield "L22", gettext("asks less for the Global Privacy Control")
    missing = set(ours["links"]) - set(theirs["links"])
    if missing and theirs["model"] != "opt_in":  # who asks first has nothing to opt out of
        yield "L23", gettext("drops %(missing)s") % {"missing": ", ".join(sorted(missing))}
    if set(theirs["exempt"]) - set(ours["exempt"]):
        yield "L08", gettext("adds an exemption")
    if theirs["minors"]["ads_off_under"] < ours["minors"]["ads_off_under"]:
        yield "L25", gettext("lowers the age under which advertising is off")


def _before(terms: Mapping[str, Any], fact: str) -> str:
    return str(terms["before"].get(fact, terms["before"]["default"]))


RULES = (weakened,)
