"""Versions of the table, what changed between them, and what starts soon."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from consent.jurisdictions import history, table, words
from consent.jurisdictions.history import Change, Difference, Version
from consent.jurisdictions.table import ROWS, Jurisdiction

FIRST, SECOND = history.versions()[:2]


def with_row(row: Jurisdiction, **more) -> Version:
    """The present version with one row in place of its own."""
    now = history.present()
    rows = {**now.rows, row.id: table.as_dict(row)}
    terms = {**now.terms, row.id: table.variant_and_terms(row)[1]}
    return now._replace(rows=rows, terms=terms, **more)


def changed(new: Version) -> list[Change]:
    return history.changes(history.present(), new).changed


# --- versions ---------------------------------------------------------------------------------------------------------


def test_the_present_version_is_kept_as_it_is():
    kept = (history.FOLDER / f"{table.VERSION}.json").read_text(encoding="utf-8")
    assert kept == history.as_text(history.present()), "run manage.py check_jurisdictions --keep"
    assert history.versions()[-1] == history.present()


def test_versions_are_days_and_come_in_their_order():
    days = [version.version for version in history.versions()]
    assert [date.fromisoformat(day).isoformat() for day in days] == sorted(set(days))
    assert days[:2] == ["2026-11-21", "2026-11-29"]


def test_what_was_kept_is_never_rewritten_on_another_day(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(history, "FOLDER", tmp_path)
    file = tmp_path / f"{table.VERSION}.json"
    file.write_text("{}", encoding="utf-8")
    with pytest.raises(ValueError) as refusal:
        history.keep(date(2030, 1, 1))
    assert str(refusal.value) == (
        f"Version {table.VERSION} was kept with other rows. Set the version in regimes.json to 2030-01-01 and try again."
    )
    assert file.read_text(encoding="utf-8") == "{}"
    history.keep(date.fromisoformat(table.VERSION))  # on its own day it may still change
    assert history.read(file.read_text(encoding="utf-8")) == history.present()
    history.keep(date(2030, 1, 1))  # the same again is no change
    history.versions.cache_clear()


# --- what changed -----------------------------------------------------------------------------------------------------


def test_what_changed_in_korea_is_told_from_the_two_tables():
    found = history.changes(FIRST, SECOND)
    assert (found.added, found.removed, found.in_short()) == ([], [], "5 rows changed")
    assert [change.id for change in found.changed] == ["US-OK", "US-LA", "US-AL", "US-VT", "KR"]
    korea = found.changed[-1]
    assert korea.name == "South Korea"
    assert {
        Difference("Shows", "a notice", "a banner that asks for a choice"),
        Difference("Buttons", "accept, manage", "accept, reject, manage"),
        Difference("Waits all the same", "sensitive data", "targeted advertising, sale and sharing, sensitive data"),
        Difference("Confidence", "low", "medium"),
    } <= set(korea.differences)


def test_rows_that_came_and_went():
    new = history.present()
    old = new._replace(version="2020-01-01", rows={id: row for id, row in new.rows.items() if id not in ("FR", "DE")})
    found = history.changes(old, new)
    assert (found.added, found.removed, found.changed) == ([("FR", "France"), ("DE", "Germany")], [], [])
    assert found.in_short() == "2 rows added"
    back = history.changes(new, old)
    assert (back.added, back.removed, back.in_short()) == ([], [("FR", "France"), ("DE", "Germany")], "2 rows removed")
    assert history.changes(new, new).in_short() == "no row changed"


NEW_VALUES = {
    "effective_date": "2030-01-01", "status": "enacted_not_in_force", "gpc_from": "2030-01-01", "gpc": "required",
    "guidance_choice_days": "7", "default_choice_days": "77", "reprompt_after_refusal_min_days": "777",
    "tracker_max_days": "77", "child_age": "20", "ads_off_under": "21", "reject_first_layer": "must",
    "equal_prominence": "must", "close_x": "must", "analytics_rule": "opt_in_exemptible", "show_optout_status": "must",
    "preset": "eu_opt_in", "confidence": "low",
}  # fmt: skip
# These two say in one word what the regime, which is another column, says in full.
SAID_BY_THE_REGIME = {"id", "iso_country", "iso_subdivision", "model"}


@pytest.mark.parametrize("column", [column for column in table.COLUMNS if column not in SAID_BY_THE_REGIME])
def test_no_column_changes_unseen(column):
    row = replace(ROWS["JP"], **{column: NEW_VALUES.get(column, "something else")})
    [change] = changed(with_row(row))
    assert (change.id, change.differences != []) == ("JP", True)


@pytest.mark.parametrize("key", [key for key in table.REGIMES["eu_opt_in"] if key not in ("regime", "model")])
def test_no_term_changes_unseen(key):
    now = history.present()
    other = {
        "banner": "none", "before": {"default": "granted"}, "gpc": "required", "reject": "no", "equal": "no",
        "minors": {"ads_off_under": 16, "hold": "all"}, "links": ["link_opt_out"], "notices": ["notice_sells_biometric"],
        "exempt": ["AT"], "buttons": ["accept"], "name": "x", "law": "x", "source": "x", "language": "fr",
    }  # fmt: skip
    terms = now.terms["AT"]
    value = other.get(key, not terms[key] if isinstance(terms[key], bool) else 7)
    [change] = changed(now._replace(terms={**now.terms, "AT": {**terms, key: value}}))
    assert (change.id, len(change.differences)) == ("AT", 1)


def test_a_day_that_is_named_beside_the_rows_is_a_change_of_its_row():
    new = history.present()._replace(
        dates=[{"on": "2031-02-03", "row": "IT", "what": "a decree starts", "source": "s"}]
    )
    old = history.present()._replace(dates=[])
    [change] = history.changes(old, new).changed
    assert change == Change("IT", "Italy", [Difference("On 2031-02-03", "", "a decree starts")])


def test_the_last_change_of_a_row():
    found = history.last_changes()
    assert set(found) == set(ROWS)
    assert (found["KR"], found["AT"]) == ("2026-11-29", "2026-11-21")


def test_changes_since_a_version_that_somebody_knows():
    assert history.changes_since(table.VERSION) is None
    assert history.changes_since("1999-01-01") is None
    assert history.changes_since("2026-11-21") == history.changes(FIRST, history.present())


# --- what starts ------------------------------------------------------------------------------------------------------


def rows_that_start(today: date, overrides=None) -> list[tuple[str, str]]:
    return [(start.day, start.id) for start in history.starting(today, overrides) if start.what == ROWS[start.id].law]


def test_what_starts_is_seen_from_the_day():
    assert rows_that_start(date(2026, 11, 29)) == [
        ("2026-12-01", "CL"), ("2027-01-01", "US-LA"), ("2027-01-01", "US-OK"), ("2027-05-01", "US-AL"),
        ("2027-05-12", "IN"),
    ]  # fmt: skip
    assert rows_that_start(date(2027, 4, 30)) == [
        ("2027-05-01", "US-AL"),
        ("2027-05-12", "IN"),
        ("2028-01-01", "US-VT"),
    ]
    assert history.starts(date(2030, 1, 1)) == []


def test_twelve_months_are_counted_to_the_day():
    assert ("2028-01-01", "US-VT") in rows_that_start(date(2027, 1, 1))
    assert ("2028-01-01", "US-VT") not in rows_that_start(date(2026, 12, 31))
    assert history.starting(date(2028, 2, 29)) == []


def test_a_site_s_own_date_counts():
    overrides = {"US-VT": {"fields": {"effective_date": "2027-02-02"}, "reason": "counsel"}}
    assert ("2027-02-02", "US-VT") in rows_that_start(date(2026, 11, 29), overrides)


def test_a_start_says_what_visitors_get_until_then_and_from_then_on():
    found = {start.id: start for start in history.starts(date(2026, 11, 29)) if start.what == ROWS[start.id].law}
    chile = found["CL"]
    assert (chile.until, chile.then) == ("Opt-in (EU and EEA), as in an unknown place", "Opt-in")
    assert (found["US-OK"].until, found["US-OK"].then) == ("", "")  # nothing changes for visitors


def test_the_words_of_a_variant_say_what_its_terms_say():
    said = dict(words.terms_in_words(table.terms("us_ca"), table.TEXTS))
    assert said == {
        "Shows": "a notice",
        "Buttons": "accept, reject, manage",
        "Before an answer": "services run",
        "Reject": "must stand on the first layer where Accept does",
        "Accept and Reject": "must be equal",
        "Global Privacy Control": "required by law",
        "A consent lasts": "365 days",
        "A refusal lasts": "it never lapses",
        "Asks again after": "365 days at the earliest",
        "Off for minors": "advertising and sale",
        "Advertising off under age": "16",
        "Told of a browser signal": "“Opt-Out Request Honored”",
        "Statutory links": "Your Privacy Choices, Limit the Use of My Sensitive Personal Information",
        "Opt-out icon": "beside the statutory link",
    }
