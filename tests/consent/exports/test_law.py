"""The table of law as a spreadsheet."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import date

import pytest

from consent.exports import law
from consent.jurisdictions import table
from consent.jurisdictions.table import ROWS

DAY = date(2026, 11, 29)


def lines(data: bytes, separator: str = ",") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=separator))


@pytest.mark.parametrize("separator", [",", ";"])
def test_every_row_is_a_line_that_reads_by_itself(separator):
    found = lines(law.to_csv(DAY, None, separator), separator)
    assert [line["Id"] for line in found] == list(ROWS)
    by_id = {line["Id"]: line for line in found}
    france, california, vermont = by_id["FR"], by_id["US-CA"], by_id["US-VT"]
    assert (france["Place"], france["Shows"], france["Exempt trackers live"]) == (
        "France", "a banner that asks for a choice", "395 days at most"
    )  # fmt: skip
    assert (california["Opt-out icon"], france["Opt-out icon"]) == ("beside the statutory link", "")
    assert (france["In force on 2026-11-29"], vermont["In force on 2026-11-29"]) == ("yes", "no")
    assert (by_id["KR"]["Last changed"], by_id["KR"]["Table of"]) == ("2026-11-29", table.VERSION)
    assert (by_id["KR"]["Source"], by_id["KR"]["Confidence"]) == (ROWS["KR"].source, "medium")


def test_a_site_s_correction_is_in_it_with_its_reason():
    overrides = {"JP": {"fields": {"preset": "eu_opt_in"}, "reason": "=our counsel"}}
    found = {line["Id"]: line for line in lines(law.to_csv(DAY, overrides))}
    assert (found["JP"]["Regime"], found["JP"]["Corrected by this site"]) == ("Opt-in (EU and EEA)", "'=our counsel")
    assert found["KR"]["Corrected by this site"] == ""


def test_a_spreadsheet_takes_no_cell_for_a_formula(monkeypatch):
    hostile = replace(
        ROWS["JP"], law="=1+1", notes="@SUM(A1)", source="+cmd|' /C calc'!A0", authority="-1+2", name='a"b\n;c'
    )
    monkeypatch.setitem(ROWS, "JP", hostile)
    data = law.to_csv(DAY)
    assert data.startswith(b"\xef\xbb\xbfPlace,Id,Law,")
    line = next(line for line in lines(data) if line["Id"] == "JP")
    assert (line["Law"], line["Notes"], line["Source"], line["Authority"], line["Place"]) == (
        "'=1+1", "'@SUM(A1)", "'+cmd|' /C calc'!A0", "'-1+2", 'a"b\n;c'
    )  # fmt: skip
