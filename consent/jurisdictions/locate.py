"""Where the visitor is and which regime follows. Pure: facts in, decision out; no clock, no request, no database."""

from __future__ import annotations

from datetime import date
from functools import cache, lru_cache
from typing import NamedTuple

from consent.jurisdictions import table
from consent.jurisdictions.table import EEA, EU, ROWS, TERRITORIES, WORLD, Overrides

ALIASES = {"UK": "GB", "EL": "GR"}  # what some vendors say for Britain and Greece


class Place(NamedTuple):
    """What a request tells about the place: ISO 3166-1 alpha-2 (or EU), subdivision without the country, and how."""

    country: str | None = None
    region: str | None = None
    by: str = "fallback"


class Decision(NamedTuple):
    """Row of the table (`*` = unknown or unlisted), its regime and variant, and how the place was found
    (header, mmdb, url, fallback)."""

    jurisdiction: str
    regime: str
    variant: str
    by: str


UNKNOWN = Place()


def decide(place: Place, today: date, overrides: Overrides | None = None) -> Decision:
    """The law for these facts on that day: state → country → EU for the EEA → `*`.

    An unknown place gets the strictest regime. A row that is not yet in force is passed over.
    """
    if not overrides:
        return _shipped(place.country or "", place.region or "", place.by, today.toordinal())
    return _decide(place.country, place.region, place.by, today, overrides)


def fixed(variant: str, overrides: Overrides | None = None) -> Decision:
    """The decision of a fixed-regime URL: the row is known only when the variant names it."""
    regime, _, row = variant.partition("-")
    return Decision(row or WORLD, regime, variant, "url")


def country_code(text: str) -> str | None:
    """ISO 3166-1 alpha-2 in capitals from `de`, `DEU`, `UK`; None for what names no country (`XX`, `T1`, junk)."""
    code = text.strip().upper()
    if len(code) == 3:
        code = _alpha2().get(code, "")
    code = ALIASES.get(code, code)
    if code == EU:
        return EU
    return code if code in _countries() else None


def region_code(country: str, text: str) -> str | None:
    """The subdivision without its country, in capitals, from `CA`, `US-CA`, `USCA` or (US, Canada) `California`."""
    code = text.strip().upper()
    for prefix in (country + "-", country):
        if code.startswith(prefix) and len(code) > len(prefix) and (prefix[-1:] == "-" or len(code) == 4):
            code = code[len(prefix) :]
            break
    if 1 <= len(code) <= 3 and code.isalnum() and code.isascii():
        return code
    return _region_names().get((country, code.casefold()))


@lru_cache(4096)
def _shipped(country: str, region: str, by: str, day: int) -> Decision:
    return _decide(country or None, region or None, by, date.fromordinal(day), {})


def _decide(country: str | None, region: str | None, by: str, today: date, overrides: Overrides) -> Decision:
    if not country:
        return _as_decision(WORLD, "fallback", overrides)
    country = TERRITORIES.get(country, country)
    ladder = [f"{country}-{region}"] if region else []
    ladder.append(country)
    if country in EEA:
        ladder.append(EU)
    for id in ladder:
        if id in ROWS and table.row(id, overrides).in_force(today):
            return _as_decision(id, by, overrides)
    return _as_decision(WORLD, by, overrides)


def _as_decision(id: str, by: str, overrides: Overrides) -> Decision:
    row = table.row(id, overrides)
    return Decision(id, row.preset, table.variant_and_terms(row)[0], by)


@cache
def _countries() -> frozenset[str]:
    import pycountry

    return frozenset(country.alpha_2 for country in pycountry.countries)


@cache
def _alpha2() -> dict[str, str]:
    import pycountry

    return {country.alpha_3: country.alpha_2 for country in pycountry.countries}


@cache
def _region_names() -> dict[tuple[str, str], str]:
    """Names of US states and Canadian provinces: some databases hold no codes."""
    import pycountry

    return {
        (country, subdivision.name.casefold()): subdivision.code[3:]
        for country in ("US", "CA")
        for subdivision in pycountry.subdivisions.get(country_code=country)
    }
