"""By when what must be answered, with the provision; each line is counted by hand."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.jurisdictions import table
from consent.requests.deadlines import LAWS, UNVERIFIED, Kind, Term, deadlines, kinds, law_of, log_until

MONDAY = date(2026, 11, 30)
# place, kind, received, due, with the extension, receipt to be confirmed by
CASES = [
    # GDPR art. 12(3): one month, the same day of the next, its last where there is none; two more
    ("DE", "access", MONDAY, date(2026, 12, 30), date(2027, 2, 28), None),
    ("FR", "erasure", date(2026, 1, 31), date(2026, 2, 28), date(2026, 4, 30), None),
    ("IE", "objection", date(2028, 1, 31), date(2028, 2, 29), date(2028, 4, 30), None),
    ("NO", "portability", date(2026, 12, 31), date(2027, 1, 31), date(2027, 3, 31), None),
    ("EU", "restriction", MONDAY, date(2026, 12, 30), date(2027, 2, 28), None),
    # UK GDPR; complaints are acknowledged within 30 days (DPA 2018 s. 164A)
    ("GB", "access", MONDAY, date(2026, 12, 30), date(2027, 2, 28), None),
    ("GB", "complaint", MONDAY, date(2026, 12, 30), date(2027, 2, 28), date(2026, 12, 30)),
    # FADP: 30 days
    ("CH", "access", MONDAY, date(2026, 12, 30), None, None),
    # 11 CCR 7021: receipt in 10 business days, answer in 45 days, 45 more
    ("US-CA", "access", MONDAY, date(2027, 1, 14), date(2027, 2, 28), date(2026, 12, 14)),
    ("US-CA", "erasure", date(2026, 12, 4), date(2027, 1, 18), date(2027, 3, 4), date(2026, 12, 18)),
    # 11 CCR 7026(f), 7027(g): 15 business days, no extension, no receipt
    ("US-CA", "opt_out", MONDAY, date(2026, 12, 21), None, None),
    ("US-CA", "limit", date(2026, 12, 5), date(2026, 12, 25), None, None),  # a Saturday; Christmas counts
    # Civ. Code 1798.83: 30 days
    ("US-CA", "shine_the_light", MONDAY, date(2026, 12, 30), None, None),
    # Va. Code 59.1-577: 45 + 45; Colorado's 45 for an appeal
    ("US-VA", "correction", MONDAY, date(2027, 1, 14), date(2027, 2, 28), None),
    ("US-CO", "appeal", MONDAY, date(2027, 1, 14), None, None),
    ("US-TX", "opt_out", MONDAY, date(2026, 12, 21), None, None),
    # Iowa Code 715D.3: 90 + 45
    ("US-IA", "access", MONDAY, date(2027, 2, 28), date(2027, 4, 14), None),
    # LGPD art. 19 II
    ("BR", "access", MONDAY, date(2026, 12, 15), None, None),
    # PIPEDA s. 8(3), (4); Quebec s. 32 knows no extension
    ("CA", "access", MONDAY, date(2026, 12, 30), date(2027, 1, 29), None),
    ("CA-QC", "access", MONDAY, date(2026, 12, 30), None, None),
    # PIPA art. 35(3)
    ("KR", "access", MONDAY, date(2026, 12, 10), None, None),
    # Ley 25.326: 10 days for access, 5 business days else
    ("AR", "access", MONDAY, date(2026, 12, 10), None, None),
    ("AR", "erasure", MONDAY, date(2026, 12, 7), None, None),
    # a place whose law has no row: as the GDPR, without its extension; a state: as the states'
    ("JP", "access", MONDAY, date(2026, 12, 30), None, None),
    ("*", "access", MONDAY, date(2026, 12, 30), None, None),
    ("US-WY", "access", MONDAY, date(2027, 1, 14), date(2027, 2, 28), None),
]


@pytest.mark.parametrize(("place", "kind", "received", "due", "extended", "receipt"), CASES)
def test_a_deadline_is_the_law_s(place, kind, received, due, extended, receipt) -> None:
    terms = deadlines(place, kind)
    assert terms.due(received) == due
    assert (terms.acknowledge and terms.acknowledge.after(received)) == receipt
    if extended is None:
        with pytest.raises(ValueError, match="no extension"):
            terms.due(received, extended=True)
    else:
        assert terms.due(received, extended=True) == extended


def test_every_place_has_a_law_and_every_law_its_provisions() -> None:
    assert {place: law_of(place) for place in table.ROWS if law_of(place) not in LAWS} == {}
    for place in table.ROWS:
        for kind in kinds(place):
            assert deadlines(place, kind).answer.cite
    named = [place for law in LAWS.values() for place in law["places"]]
    assert (len(named), set(named) - set(table.ROWS)) == (len(set(named)), set())
    for key, law in LAWS.items():
        assert (key, law["log"]["months"] >= 24, bool(law["source"]), bool(law["log"]["cite"])) == (
            key,
            True,
            True,
            True,
        )


def test_what_no_law_of_a_place_names_is_answered_all_the_same() -> None:
    assert Kind.LIMIT not in kinds("DE")
    assert deadlines("DE", Kind.LIMIT).due(MONDAY) == date(2026, 12, 30)


def test_what_needs_no_verification() -> None:
    assert UNVERIFIED == {Kind.OPT_OUT, Kind.LIMIT, Kind.COMPLAINT}


def test_a_log_is_kept_two_years_in_california_and_three_in_the_eu() -> None:
    assert log_until("US-CA", date(2026, 11, 30)) == date(2028, 11, 30)
    assert log_until("DE", date(2024, 2, 29)) == date(2027, 2, 28)


@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.integers(1, 30))
def test_business_days_are_weekdays_and_all_of_them(day, count) -> None:
    last = Term(count, "business_days", "").after(day)
    between = [day.fromordinal(number) for number in range(day.toordinal() + 1, last.toordinal() + 1)]
    assert (sum(one.weekday() < 5 for one in between), last.weekday() < 5) == (count, True)
