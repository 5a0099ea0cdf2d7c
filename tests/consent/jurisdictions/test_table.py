"""The shipped table: complete, sound, and merged into variants as its rows say."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from consent.jurisdictions import table, validate
from consent.jurisdictions.table import REGIMES, ROWS, TEXTS
from consent.publishing.lint.law import weaker

KEYS = {
    "regime", "name", "model", "banner", "before", "exempt", "gpc", "gpc_status", "links", "notices", "optout_icon",
    "buttons", "reject", "equal", "close_x", "imprint", "consent_days", "reask_days", "refusal_days",
    "tracker_max_days", "minors", "language", "law", "source",
}  # fmt: skip


def test_the_table_is_sound():
    assert validate.problems() == []
    assert len(ROWS) == 131


def test_every_preset_is_a_regime_and_every_regime_has_the_same_terms():
    assert {row.preset for row in ROWS.values()} == set(REGIMES) - {"us_notice"}  # kept for operators' overrides
    for id, terms in table.variants().items():
        assert set(terms) == KEYS, id
        assert terms["regime"] == table.regime_of(id)
        assert terms["before"]["default"] in ("granted", "denied")
        assert set(terms["before"]) <= {"default", "targeted_ads", "sells_or_shares", "sensitive"}
        assert set(terms["links"]) | set(terms["notices"]) <= set(TEXTS)
        assert terms["model"] in ("opt_in", "opt_out", "notice")
        assert terms["banner"] in ("choice", "notice", "none")


def test_an_opt_in_regime_grants_nothing_and_offers_refusal_as_prominently():
    for id, terms in table.variants().items():
        if terms["model"] == "opt_in":
            assert (terms["before"], terms["reject"], terms["equal"]) == ({"default": "denied"}, "must", "must"), id
            assert terms["refusal_days"] >= terms["reask_days"] and terms["refusal_days"] == terms["consent_days"], id


def test_an_objection_never_lapses():
    assert {terms["refusal_days"] for terms in table.variants().values() if terms["model"] != "opt_in"} == {0}


@pytest.mark.parametrize(
    ("row", "variant", "key", "value"),
    [
        ("AT", "eu_opt_in", "close_x", False),
        ("IT", "eu_opt_in-IT", "close_x", True),
        ("IT", "eu_opt_in-IT", "exempt", ["IT"]),
        ("DE", "eu_opt_in-DE", "imprint", True),
        ("FR", "eu_opt_in-FR", "tracker_max_days", 395),
        ("GB", "uk_pecr", "exempt", ["GB"]),
        ("US-CA", "us_ca", "gpc_status", True),
        ("US-CA", "us_ca", "consent_days", 365),
        ("US", "us_optout_gpc-US", "links", ["link_privacy_choices", "link_limit_sensitive"]),
        ("US-NE", "us_optout_gpc", "gpc", "required"),
        ("US-WA", "us_optout_gpc-US-WA", "gpc", "honoured"),
        ("US-NY", "us_optout_gpc-US-NY", "minors", {"ads_off_under": 18, "hold": "all"}),
        ("US-OR", "us_optout_gpc-US-OR", "minors", {"ads_off_under": 16, "hold": "ads"}),
        ("US-NJ", "us_optout_gpc-US-NJ", "minors", {"ads_off_under": 17, "hold": "ads"}),
        ("US-MN", "us_optout_gpc-US-MN", "links", ["link_opt_out_rights"]),
        ("TH", "opt_in_generic-TH", "minors", {"ads_off_under": 20, "hold": "ads"}),
        ("SG", "notice-SG", "before", {"default": "granted", "sensitive": "denied", "targeted_ads": "denied"}),
        ("*", "eu_opt_in", "model", "opt_in"),
    ],
)
def test_a_row_that_asks_for_more_gets_a_variant_of_its_own(row, variant, key, value):
    assert table.variant_for(row) == variant
    assert table.terms(variant)[key] == value


def test_every_number_of_a_row_is_in_its_terms():
    for row in ROWS.values():
        terms = table.terms(table.variant_for(row.id))
        if row.default_choice_days:
            assert terms["consent_days"] == int(row.default_choice_days)
        assert terms["reask_days"] == int(row.reprompt_after_refusal_min_days)
        if row.ads_off_under:
            assert terms["minors"]["ads_off_under"] == int(row.ads_off_under), row.id
        assert terms["minors"]["ads_off_under"] >= int(row.child_age or 0), row.id
        assert (terms["gpc"] == "required") == (row.gpc == "required"), row.id


def test_variants_can_be_changed_by_the_caller_without_harm():
    table.variants()["eu_opt_in-IT"]["minors"]["ads_off_under"] = 1
    assert table.terms("eu_opt_in-IT")["minors"]["ads_off_under"] == 16


def test_an_override_makes_a_variant_for_its_site_only():
    overrides = {"JP": {"fields": {"preset": "eu_opt_in", "default_choice_days": "90"}, "reason": "counsel"}}
    assert table.variant_for("JP", overrides) == "eu_opt_in-JP"
    assert table.terms("eu_opt_in-JP", overrides)["consent_days"] == 90
    assert "eu_opt_in-JP" not in table.variants()
    assert table.variant_for("JP") == "jp_notice"
    plain = {"JP": {"fields": {"preset": "eu_opt_in"}, "reason": "counsel"}}
    assert table.variant_for("JP", plain) == "eu_opt_in"


def test_an_override_of_the_date_moves_the_switch():
    overrides = {"US-OK": {"fields": {"effective_date": "2026-06-01"}, "reason": "early"}}
    day = date(2026, 11, 21)
    assert (table.in_force("US-OK", day), table.in_force("US-OK", day, overrides)) == (False, True)


@pytest.mark.parametrize(
    ("change", "problem"),
    [  # the row's id and a colon come before each
        ({"preset": "eu_optin"}, "there is no regime 'eu_optin'."),
        ({"effective_date": "2018-13-01"}, "effective_date must be a date like 2026-11-21, not '2018-13-01'."),
        ({"effective_date": "20180525"}, "effective_date must be a date like 2026-11-21, not '20180525'."),
        ({"effective_date": ""}, "effective_date is missing."),
        ({"default_choice_days": "-3"}, "default_choice_days must be a whole number of days between 1 and 3650, not '-3'."),
        ({"child_age": "14.5"}, "child_age must be a whole number of years between 1 and 25, not '14.5'."),
        ({"gpc": "required"}, "gpc is required but gpc_from is missing."),
        ({"equal_prominence": "yes"}, "equal_prominence must be one of no, should, must_if_accept, must, not 'yes'."),
        ({"source": ""}, "source is missing."),
    ],
)  # fmt: skip
def test_a_broken_row_is_named_in_words(change, problem):
    assert validate.row_problems(replace(ROWS["AT"], **change)) == [f"AT: {problem}"]


@pytest.mark.parametrize(
    ("id", "change", "problem"),
    [
        ("AT", {"iso_country": "XX"}, "AT: 'XX' is no ISO 3166-1 country."),
        ("AT", {"iso_country": "DE"}, "AT: the id and the ISO codes differ."),
        ("US-CA", {"iso_subdivision": "US-XX"}, "US-CA: 'US-XX' is no ISO 3166-2 subdivision."),
        ("US-CA", {"iso_country": "CA"}, "US-CA: US-CA does not lie in CA."),
    ],
)
def test_a_place_that_is_none_is_named(id, change, problem):
    assert validate.place_problems(replace(ROWS[id], **change)) == [problem]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"row": "ZZ"}, "ZZ: there is a day, 2031-02-03, and no such row."),
        ({"on": "soon"}, "IT: 'soon' must be a date like 2026-11-21."),
        ({"what": ""}, "IT: 2031-02-03 lacks what it is, or its source."),
        ({"source": ""}, "IT: 2031-02-03 lacks what it is, or its source."),
        ({"on": ROWS["IT"].effective_date}, f"IT: {ROWS['IT'].effective_date} is the row's own day."),
    ],
)
def test_a_broken_day_beside_the_rows_is_named(change, problem):
    good = {"on": "2031-02-03", "row": "IT", "what": "a decree", "source": "a source"}
    assert validate.date_problems([good]) == []
    assert validate.date_problems([good | change]) == [problem]
    assert validate.date_problems([good, good]) == ["IT: 2031-02-03 is named twice."]


# Known to have a law; until 2026-11-30 they were treated as unknown places.
ADDED = (
    "MC", "AD", "SM", "JE", "GG", "IM", "GI", "FO", "AL", "BA", "MK", "ME", "MD", "GE", "AM", "KZ", "MA", "TN", "GH", "RW",
    "UG", "TZ", "ZM", "MU", "QA", "BH", "OM", "JO", "EC", "PA", "CR", "DO", "BM", "MO", "LK",
)  # fmt: skip


@pytest.mark.parametrize("id", ADDED)
def test_a_law_that_nobody_has_reviewed_asks_for_no_less_than_an_unknown_place(id):
    unknown, terms = (table.variant_and_terms(ROWS[one])[1] for one in ("*", id))
    assert list(weaker(unknown, terms)) == []
    assert (ROWS[id].confidence, "Not reviewed" in ROWS[id].notes, "." in ROWS[id].source) == ("low", True, True)


def test_a_missing_and_a_doubled_row_are_named():
    rows = [row for row in ROWS.values() if row.id != "US"] + [ROWS["AT"]]
    assert validate.problems(rows) == ["AT: is there 2 times.", "US: this row is missing."]


def test_the_file_holds_what_was_handed_in():
    with open(Path(table.FOLDER, "jurisdictions.csv"), newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert [table.as_dict(ROWS[line["id"]]) for line in lines] == lines


def test_every_row_has_its_source_said_once_and_whole():
    for row in ROWS.values():
        parts = [part.strip() for part in row.source.split(";")]
        assert "" not in parts and len(parts) == len(set(parts)), row.id
        assert row.source.count("(") == row.source.count(")"), row.id


def test_no_text_of_the_table_names_a_column():
    """People read them: on the page for lawyers, in its CSV and PDF, on the dashboard and in mails."""
    regimes = json.loads((table.FOLDER / "regimes.json").read_text())
    said = [
        text for regime in regimes["regimes"].values() for text in (regime["name"], regime["law"], regime["source"])
    ]
    said += [row["why"] for row in regimes["rows"].values()] + [one["what"] for one in regimes["dates"]]
    said += [getattr(row, column) for row in ROWS.values() for column in validate.TEXTS]
    assert len(said) > 600
    assert [text for text in said if validate.raw_keys(text)] == []


@pytest.mark.parametrize("word", ["reprompt_after_refusal_min_days", "ads_off_under", "us_optout_gpc", "refusal_days"])
def test_a_note_that_names_a_column_is_a_fault(word):
    row = replace(ROWS["US-TX"], notes=f"An objection never lapses; {word} is the earliest.")
    assert validate.row_problems(row) == [f"US-TX: notes names {word}, which is a word of ours: say it in words."]
