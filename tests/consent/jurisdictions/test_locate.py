"""Place → row → regime, per day."""

from __future__ import annotations

from datetime import date

import pytest

from consent.jurisdictions import table
from consent.jurisdictions.locate import Decision, Place, country_code, decide, fixed, region_code
from consent.publishing.lint.law import weaker

TODAY = date(2026, 11, 21)


def place(country: str | None, region: str | None = None, day: date = TODAY, overrides=None) -> Decision:
    return decide(Place(country, region, "header"), day, overrides)


@pytest.mark.parametrize(
    ("country", "region", "jurisdiction", "variant"),
    [
        ("DE", None, "DE", "eu_opt_in-DE"),
        ("DE", "BE", "DE", "eu_opt_in-DE"),
        ("IT", None, "IT", "eu_opt_in-IT"),
        ("EU", None, "EU", "eu_opt_in"),
        ("NO", None, "NO", "eu_opt_in"),
        ("GP", None, "FR", "eu_opt_in-FR"),
        ("AX", None, "FI", "eu_opt_in"),
        ("GB", "ENG", "GB", "uk_pecr"),
        ("CH", "ZH", "CH", "ch"),
        ("US", None, "US", "us_optout_gpc-US"),
        ("US", "WY", "US", "us_optout_gpc-US"),
        ("US", "OK", "US", "us_optout_gpc-US"),
        ("PR", None, "US", "us_optout_gpc-US"),
        ("US", "CA", "US-CA", "us_ca"),
        ("US", "TX", "US-TX", "us_optout_gpc-US-TX"),
        ("US", "VA", "US-VA", "us_optout"),
        ("CA", "QC", "CA-QC", "ca_qc"),
        ("CA", "ON", "CA", "ca_implied"),
        ("BR", "SP", "BR", "opt_in_generic"),
        ("JP", None, "JP", "jp_notice"),
        ("IN", None, "*", "eu_opt_in"),
        ("CL", None, "*", "eu_opt_in"),
        ("DZ", None, "*", "eu_opt_in"),
        ("MA", None, "MA", "opt_in_generic"),
        ("JE", None, "JE", "opt_in_generic"),
    ],
)
def test_a_place_gets_its_row(country, region, jurisdiction, variant):
    assert place(country, region) == Decision(jurisdiction, table.regime_of(variant), variant, "header")


def test_an_unknown_place_gets_the_strictest_regime():
    assert decide(Place(), TODAY) == Decision("*", "eu_opt_in", "eu_opt_in", "fallback")
    assert decide(Place(None, "CA", "mmdb"), TODAY) == Decision("*", "eu_opt_in", "eu_opt_in", "fallback")


@pytest.mark.parametrize(
    ("country", "region", "before", "day", "after"),
    [
        ("US", "OK", "us_optout_gpc-US", "2027-01-01", "us_optout_gpc-US-OK"),
        ("US", "LA", "us_optout_gpc-US", "2027-01-01", "us_optout_gpc-US-LA"),
        ("US", "AL", "us_optout_gpc-US", "2027-05-01", "us_optout_gpc-US-AL"),
        ("US", "VT", "us_optout_gpc-US", "2028-01-01", "us_optout_gpc-US-VT"),
        ("IN", None, "eu_opt_in", "2027-05-12", "in_dpdp"),
        ("CL", None, "eu_opt_in", "2026-12-01", "opt_in_generic"),
        ("NO", None, "eu_opt_in", "2025-01-01", "eu_opt_in"),
    ],
)
def test_a_row_switches_on_at_its_date(country, region, before, day, after):
    on = date.fromisoformat(day)
    assert place(country, region, date.fromordinal(on.toordinal() - 1)).variant == before
    assert place(country, region, on).variant == after


def test_no_row_gets_weaker_on_the_day_its_law_starts():
    """What nobody has read yet asks for no less than what held the day before."""
    for row in table.ROWS.values():
        if row.effective_date > table.VERSION:
            on = date.fromisoformat(row.effective_date)
            held, follows = (
                table.terms(place(row.iso_country, row.iso_subdivision[3:] or None, date.fromordinal(day)).variant)
                for day in (on.toordinal() - 1, on.toordinal())
            )
            assert list(weaker(held, follows)) == [], row.id


def test_a_member_of_the_eea_whose_row_is_not_in_force_falls_back_to_eu():
    assert place("NO", day=date(2024, 12, 31)).jurisdiction == "EU"
    assert place("NO", day=date(2025, 1, 1)).jurisdiction == "NO"


def test_every_row_in_force_is_reached_by_its_own_codes():
    for row in table.ROWS.values():
        if row.id == "*" or not row.in_force(TODAY):
            continue
        found = place(row.iso_country, row.iso_subdivision[3:] or None)
        assert (found.jurisdiction, found.regime) == (row.id, row.preset)


def test_a_site_s_override_decides_for_that_site():
    overrides = {"CA": {"fields": {"preset": "ca_qc"}, "reason": "the proxy knows no provinces"}}
    assert place("CA", overrides=overrides) == Decision("CA", "ca_qc", "ca_qc", "header")
    assert place("CA") == Decision("CA", "ca_implied", "ca_implied", "header")


def test_a_fixed_url_names_the_row_only_when_the_variant_does():
    assert fixed("us_ca") == Decision("*", "us_ca", "us_ca", "url")
    assert fixed("us_optout_gpc-US-TX") == Decision("US-TX", "us_optout_gpc", "us_optout_gpc-US-TX", "url")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("DE", "DE"), ("de", "DE"), (" de ", "DE"), ("DEU", "DE"), ("usa", "US"), ("UK", "GB"), ("EL", "GR"),
        ("EU", "EU"), ("T1", None), ("XX", None), ("ZZ", None), ("AP", None), ("", None), ("Germany", None),
        ("D", None), ("12", None), ("ßß", None), ("DE,FR", None),
    ],
)  # fmt: skip
def test_country_codes(text, code):
    assert country_code(text) == code


@pytest.mark.parametrize(
    ("country", "text", "code"),
    [
        ("US", "CA", "CA"), ("US", "US-CA", "CA"), ("US", "us-ca", "CA"), ("US", "USCA", "CA"),
        ("US", "California", "CA"), ("CA", "QC", "QC"), ("CA", "CAON", "ON"), ("CA", "CA-QC", "QC"),
        ("US", "", None), ("US", "?", None), ("US", "Atlantis", None), ("DE", "DE-BY", "BY"), ("GB", "ENG", "ENG"),
        ("CA", "DE-BY", None),
    ],
)  # fmt: skip
def test_region_codes(country, text, code):
    assert region_code(country, text) == code
