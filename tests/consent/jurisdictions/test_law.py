"""What the law asks, row by row, written by hand from its text (tests/vectors/law.json), against what we do."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from consent.jurisdictions import table
from consent.jurisdictions.locate import Place, decide
from fairgate_enforce.defaults import before_answer

CASES = json.loads(Path(__file__).parents[2].joinpath("vectors", "law.json").read_text(encoding="utf-8"))
PLAIN = (
    "banner", "equal", "close_x", "imprint", "optout_icon", "gpc_status", "consent_days", "reask_days", "refusal_days",
    "tracker_max_days", "language",
)  # fmt: skip


def services(country: str) -> dict[str, dict]:
    """One of each kind; the exempt one is confirmed for the country in question and for nothing else."""
    exempt = {"statistics": True, "exempt_in": [country], "exemption_confirmed": [country]}
    return {
        "functional": {},
        "statistics": {"statistics": True, "exempt_in": [country]},
        "exempt": exempt if country else {"statistics": True},
        "ads": {"targeted_ads": True},
        "sale": {"sells_or_shares": True},
        "sensitive": {"sensitive": True},
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['place'] or 'unknown'} {case['day']}")
def test_the_law(case):
    country, _, region = case["place"].partition("-")
    found = decide(Place(country or None, region or None, "header"), date.fromisoformat(case["day"]))
    assert (found.jurisdiction, found.regime) == (case["row"], case["regime"])
    terms = table.terms(found.variant)
    kinds = services(country)
    assert {kind: before_answer(service, False, terms) for kind, service in kinds.items()} == case["no_answer"]
    assert {kind: before_answer(service, False, terms, gpc=True) for kind, service in kinds.items()} == case["gpc"]
    for key in PLAIN:
        if key in case:
            assert terms[key] == case[key], key
    for key in ("links", "notices"):
        if key in case:
            assert [table.TEXTS[text] for text in terms[key]] == case[key]
    if "gpc_duty" in case:
        assert terms["gpc"] == case["gpc_duty"]
    if "ads_off_under" in case:
        assert terms["minors"]["ads_off_under"] == case["ads_off_under"]


def test_twenty_rows_and_more_are_written_by_hand_each_with_its_source():
    assert len({case["row"] for case in CASES}) >= 20
    assert [case["place"] for case in CASES if not case["law"] or len(case["sentence"]) < 30] == []
