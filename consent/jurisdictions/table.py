"""The shipped table: 131 rows of law (jurisdictions.csv) and the regimes they point to (regimes.json).

A row holds from its effective date on, whatever its `status` says; before that day the next level answers for it
(state → country → EU for members of the EEA → `*`). A row's fields are merged into its regime's terms; where that
changes something, the row has a variant of its own, `<regime>-<row id>`. None of this is legal advice.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
WORLD = "*"
EU = "EU"
STRICTER = ("no", "should", "must_if_accept", "must")  # how strongly a row asks, weakest first
Terms = dict[str, Any]
Overrides = Mapping[str, Mapping[str, Any]]  # {row id: {"fields": {column: value}, "reason": "…"}}


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """One line of jurisdictions.csv; every column is the text of the file."""

    id: str
    name: str
    iso_country: str
    iso_subdivision: str
    law: str
    authority: str
    effective_date: str
    status: str
    model: str
    analytics_rule: str
    reject_first_layer: str
    equal_prominence: str
    close_x: str
    gpc: str
    gpc_from: str
    guidance_choice_days: str
    default_choice_days: str
    reprompt_after_refusal_min_days: str
    tracker_max_days: str
    child_age: str
    minor_rule: str
    ads_off_under: str
    mandatory_links: str
    show_optout_status: str
    gpp_prefix: str
    gpp_id: str
    preset: str
    notes: str
    source: str
    confidence: str

    def in_force(self, today: date) -> bool:
        """True from the effective date on; a row without a date (the fallback) always holds."""
        return self.effective_date <= today.isoformat()


COLUMNS = tuple(field.name for field in fields(Jurisdiction))
OVERRIDABLE = frozenset(COLUMNS) - {"id", "iso_country", "iso_subdivision"}


def _shipped() -> tuple[dict[str, Jurisdiction], dict[str, Any]]:
    with open(FOLDER / "jurisdictions.csv", newline="", encoding="utf-8") as file:
        rows = [Jurisdiction(**line) for line in csv.DictReader(file)]
    return {row.id: row for row in rows}, json.loads((FOLDER / "regimes.json").read_text(encoding="utf-8"))


ROWS, _RULES = _shipped()
VERSION: str = _RULES["version"]  # the day the table was last reviewed, ISO 8601
REGIMES: dict[str, Terms] = {id: {"regime": id, **terms} for id, terms in _RULES["regimes"].items()}
EEA: frozenset[str] = frozenset(_RULES["eea"])
TERRITORIES: dict[str, str] = _RULES["territories"]  # territory → the country whose law it lives under
TEXTS: dict[str, str] = _RULES["texts"]  # statutory titles and sentences, word for word
# Days on which something starts in a row that holds already: {"on": ISO 8601, "row", "what", "source"}.
DATES: list[dict[str, str]] = _RULES["dates"]
_EXTRAS: dict[str, dict[str, Any]] = _RULES["rows"]


def row(id: str, overrides: Overrides | None = None) -> Jurisdiction:
    """The row with this id, with the operator's corrections. KeyError when there is none."""
    shipped = ROWS[id]
    override = (overrides or {}).get(id)
    return replace(shipped, **_fields(override)) if override else shipped


def why(id: str) -> str:
    """Why a row's terms differ from what its columns say; "" when they don't."""
    return str(_EXTRAS.get(id, {}).get("why", ""))


def in_force(id: str, today: date, overrides: Overrides | None = None) -> bool:
    """True when the row exists and holds on that day."""
    return id in ROWS and row(id, overrides).in_force(today)


def variant_for(jurisdiction: str, overrides: Overrides | None = None) -> str:
    """The variant id of a row: the regime's id, or `<regime>-<row id>` when the row changes the regime's terms."""
    return variant_and_terms(row(jurisdiction, overrides))[0]


def variants(overrides: Overrides | None = None) -> dict[str, Terms]:
    """{variant id: terms} of every regime and every row, the rows of the future included."""
    found = {id: _copy(terms) for id, terms in REGIMES.items()}
    for id in ROWS:
        variant, terms = variant_and_terms(row(id, overrides))
        found[variant] = _copy(terms)
    return found


def terms(variant: str, overrides: Overrides | None = None) -> Terms:
    """The terms of one variant. KeyError when there is none."""
    return variants(overrides)[variant]


def regime_of(variant: str) -> str:
    """`eu_opt_in-IT` → `eu_opt_in`."""
    return variant.partition("-")[0]


@lru_cache(1024)
def variant_and_terms(row: Jurisdiction) -> tuple[str, Terms]:
    """A row's variant id and its merged terms. The terms are shared: don't change them."""
    base = REGIMES[row.preset]
    merged = _merge(row, base)
    return (row.preset if merged == base else f"{row.preset}-{row.id}"), merged


def _merge(row: Jurisdiction, base: Terms) -> Terms:
    """The regime's terms with the row's fields. A row may ask for more than its regime, never for less, except where
    the difference is a number or a permission that its own law names."""
    extras = {key: value for key, value in _EXTRAS.get(row.id, {}).items() if key != "why"}
    merged = _copy(base)
    merged["gpc"] = "required" if row.gpc == "required" else "honoured"
    merged["gpc_status"] = base["gpc_status"] or row.show_optout_status == "must"
    merged["reject"] = max(base["reject"], row.reject_first_layer or "no", key=STRICTER.index)
    merged["equal"] = max(base["equal"], row.equal_prominence or "no", key=STRICTER.index)
    merged["close_x"] = base["close_x"] or row.close_x == "must"
    if row.analytics_rule == "opt_in_exemptible":
        merged["exempt"] = [*base["exempt"], row.iso_country]
    if row.default_choice_days:
        merged["consent_days"] = int(row.default_choice_days)
    if row.reprompt_after_refusal_min_days:
        merged["reask_days"] = int(row.reprompt_after_refusal_min_days)
    if base["refusal_days"]:  # a refusal lives as long as a consent (HDPA); 0 = an objection, which never lapses
        merged["refusal_days"] = max(merged["consent_days"], merged["reask_days"])
    if row.tracker_max_days:
        merged["tracker_max_days"] = int(row.tracker_max_days)
    if row.ads_off_under:
        merged["minors"]["ads_off_under"] = int(row.ads_off_under)
    elif row.child_age:
        merged["minors"]["ads_off_under"] = max(int(row.child_age), merged["minors"]["ads_off_under"])
    for key, value in extras.items():
        merged[key] = {**merged[key], **value} if isinstance(value, dict) else value
    return merged


def _fields(override: Mapping[str, Any]) -> dict[str, str]:
    """The columns of an override, as the texts the file would hold."""
    given = override.get("fields", override)
    return {key: "" if value is None else str(value) for key, value in given.items() if key in OVERRIDABLE}


def _copy(terms: Terms) -> Terms:
    return {key: value.copy() if isinstance(value, (dict, list)) else value for key, value in terms.items()}


def as_dict(row: Jurisdiction) -> dict[str, str]:
    """The row as {column: text}."""
    return asdict(row)
