"""Is a table of jurisdictions sound? Used by `check_jurisdictions` and before an override is kept."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date

import pycountry

from consent.jurisdictions.table import COLUMNS, DATES, EEA, EU, REGIMES, ROWS, STRICTER, WORLD, Jurisdiction

CHOICES = {
    "status": ("in_force", "enacted_not_in_force", "fallback"),
    "model": ("opt_in", "opt_out", "notice"),
    "analytics_rule": (
        "opt_in", "opt_in_exemptible", "exempt_with_notice_and_objection", "opt_out", "opt_out_if_sale_share",
        "allowed_with_notice",
    ),
    "reject_first_layer": STRICTER,
    "equal_prominence": STRICTER,
    "close_x": ("", "must"),
    "gpc": ("optional", "required"),
    "show_optout_status": ("no", "must"),
    "confidence": ("high", "medium", "low"),
}  # fmt: skip
DAYS = ("guidance_choice_days", "default_choice_days", "reprompt_after_refusal_min_days", "tracker_max_days")
AGES = ("child_age", "ads_off_under")
DAYS_OF_A_ROW = ("effective_date", "gpc_from")
TEXTS = ("name", "law", "authority", "minor_rule", "notes")  # what people read of a row, beside its source
# Our own names for things, which say nothing to a reader.
KEYS = {name for regime in REGIMES.values() for name in regime} | {*COLUMNS, *REGIMES}
RAW_KEY = re.compile(r"\b[a-z]+(?:_[a-z0-9]+)+\b")


def row_problems(row: Jurisdiction) -> list[str]:
    """What is wrong with one row, in words that begin with its id; [] when nothing is."""
    found = []
    if row.preset not in REGIMES:
        found.append(f"there is no regime {row.preset!r}")
    for column, allowed in CHOICES.items():
        if getattr(row, column) not in allowed:
            found.append(f"{column} must be one of {', '.join(allowed)}, not {getattr(row, column)!r}")
    for column in DAYS:
        found += _number(row, column, 1, 3650, "days")
    for column in AGES:
        found += _number(row, column, 1, 25, "years")
    for column in DAYS_OF_A_ROW:
        text = getattr(row, column)
        if text and not _is_day(text):
            found.append(f"{column} must be a date like 2026-11-21, not {text!r}")
    if row.id != WORLD and not row.effective_date:
        found.append("effective_date is missing")
    if row.gpc == "required" and not row.gpc_from:
        found.append("gpc is required but gpc_from is missing")
    for column in TEXTS:
        for word in raw_keys(getattr(row, column)):
            found.append(f"{column} names {word}, which is a word of ours: say it in words")
    if not row.source:
        found.append("source is missing")
    return [f"{row.id}: {problem}." for problem in found]


def raw_keys(text: str) -> list[str]:
    """Names of columns, terms and regimes that stand in a text for people."""
    return [word for word in RAW_KEY.findall(text) if word in KEYS]


def place_problems(row: Jurisdiction) -> list[str]:
    """Whether the row's codes are ISO 3166 and agree with its id (`EU` and `*` are ours)."""
    if row.id in (WORLD, EU):
        return []
    if pycountry.countries.get(alpha_2=row.iso_country) is None:
        return [f"{row.id}: {row.iso_country!r} is no ISO 3166-1 country."]
    if row.iso_subdivision and pycountry.subdivisions.get(code=row.iso_subdivision) is None:
        return [f"{row.id}: {row.iso_subdivision!r} is no ISO 3166-2 subdivision."]
    if row.id != (row.iso_subdivision or row.iso_country):
        return [f"{row.id}: the id and the ISO codes differ."]
    if row.iso_subdivision and row.iso_subdivision[:2] != row.iso_country:
        return [f"{row.id}: {row.iso_subdivision} does not lie in {row.iso_country}."]
    return []


def date_problems(dates: Iterable[Mapping[str, str]]) -> list[str]:
    """What is wrong with the days that stand beside the rows."""
    dates = list(dates)
    named = [(one["on"], one["row"]) for one in dates]
    found = [f"{row}: {day} is named twice." for day, row in sorted(set(named)) if named.count((day, row)) > 1]
    for one in dates:
        if one["row"] not in ROWS:
            found.append(f"{one['row']}: there is a day, {one['on']}, and no such row.")
        elif one["on"] == ROWS[one["row"]].effective_date:
            found.append(f"{one['row']}: {one['on']} is the row's own day.")
        if not _is_day(one["on"]):
            found.append(f"{one['row']}: {one['on']!r} must be a date like 2026-11-21.")
        if not one["what"] or not one["source"]:
            found.append(f"{one['row']}: {one['on']} lacks what it is, or its source.")
    return found


def problems(rows: Iterable[Jurisdiction] | None = None) -> list[str]:
    """Everything that is wrong with the table (the shipped one by default)."""
    rows = list(ROWS.values() if rows is None else rows)
    ids = [row.id for row in rows]
    found = [f"{id}: is there {ids.count(id)} times." for id in sorted(set(ids)) if ids.count(id) > 1]
    found += [f"{id}: this row is missing." for id in (EU, "US", WORLD) if id not in ids]
    for row in rows:
        found += place_problems(row) + row_problems(row)
    if not {country.alpha_2 for country in pycountry.countries} >= EEA:
        found.append("The list of EEA members holds something that is no country.")
    return found + date_problems(DATES)


def low_confidence(rows: Iterable[Jurisdiction] | None = None) -> list[Jurisdiction]:
    """The rows that need a lawyer's look before anybody calls them law."""
    return [row for row in (ROWS.values() if rows is None else rows) if row.confidence == "low"]


def unknown_columns(columns: Iterable[str]) -> list[str]:
    """Names that are no columns of the table."""
    return sorted(set(columns) - set(COLUMNS))


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _number(row: Jurisdiction, column: str, low: int, high: int, unit: str) -> list[str]:
    text = getattr(row, column)
    if text and not (text.isascii() and text.isdigit() and low <= int(text) <= high):
        return [f"{column} must be a whole number of {unit} between {low} and {high}, not {text!r}"]
    return []
