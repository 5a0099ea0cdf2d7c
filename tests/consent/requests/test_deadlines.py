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
    # Fla. Stat. 501.706: 45 + 15, 501.707: 60; RCW 19.373.040: 45 + 45
    ("US-FL", "access", MONDAY, date(2027, 1, 14), date(2027, 1, 29), None),
    ("US-FL", "appeal", MONDAY, date(2027, 1, 29), None, None),
    ("US-WA", "erasure", MONDAY, date(2027, 1, 14), date(2027, 2, 28), None),
    # 13-61-203: 45 + 45
    ("US-UT", "access", MONDAY, date(2027, 1, 14), date(2027, 2, 28), None),
    # APPI art. 39(1): 14 days
    ("JP", "access", MONDAY, date(2026, 12, 14), None, None),
    # PAIA ss 25, 26: 30 + 30 days for access; POPIA regulations: 30 days
    ("ZA", "access", MONDAY, date(2026, 12, 30), date(2027, 1, 29), None),
    ("ZA", "correction", MONDAY, date(2026, 12, 30), None, None),
    # GB/T 35273: 30 days; method of 2019: 15
    ("CN", "access", MONDAY, date(2026, 12, 30), None, None),
    ("CN", "erasure", MONDAY, date(2026, 12, 15), None, None),
    # PDPO s. 19: 40 days
    ("HK", "access", MONDAY, date(2027, 1, 9), None, None),
    # PDPA art. 13: 15 + 15 days for access, 30 + 30 for the rest
    ("TW", "access", MONDAY, date(2026, 12, 15), date(2026, 12, 30), None),
    ("TW", "erasure", MONDAY, date(2026, 12, 30), date(2027, 1, 29), None),
    # SPDI Rules 5(9): one month
    ("IN", "complaint", date(2026, 12, 31), date(2027, 1, 31), None, None),
    # PDPA s. 30; Regulations 2021 reg. 5; OAIC; s. 40(1A)
    ("TH", "access", MONDAY, date(2026, 12, 30), None, None),
    ("SG", "access", MONDAY, date(2026, 12, 30), None, None),
    ("AU", "access", MONDAY, date(2026, 12, 30), None, None),
    # Privacy Act 2020 s. 44: 20 working days
    ("NZ", "access", MONDAY, date(2026, 12, 28), None, None),
    # KVKK art. 13(2); regulation art. 3: 30 + 30; DIFC: one month; regulations of 1981: 30 days
    ("TR", "erasure", MONDAY, date(2026, 12, 30), None, None),
    ("SA", "access", MONDAY, date(2026, 12, 30), date(2027, 1, 29), None),
    ("AE", "access", MONDAY, date(2026, 12, 30), None, None),
    ("IL", "access", MONDAY, date(2026, 12, 30), None, None),
    # Decree 356/2025: receipt in 2 working days; 10 + 10, 20 + 20, 15 + 15 days
    ("VN", "access", MONDAY, date(2026, 12, 10), date(2026, 12, 20), date(2026, 12, 2)),
    ("VN", "erasure", date(2026, 12, 4), date(2026, 12, 24), date(2027, 1, 13), date(2026, 12, 8)),
    ("VN", "objection", MONDAY, date(2026, 12, 15), date(2026, 12, 30), date(2026, 12, 2)),
    # PDP Law art. 32: 3 × 24 hours
    ("ID", "access", MONDAY, date(2026, 12, 2), None, None),
    # PDPA ss 31, 35: 21 + 14 days
    ("MY", "access", MONDAY, date(2026, 12, 21), date(2027, 1, 4), None),
    ("MY", "objection", MONDAY, date(2026, 12, 21), None, None),
    ("PH", "access", MONDAY, date(2026, 12, 30), None, None),
    # Ley 21.719: 30 + 30 days, blocking in 2 business days
    ("CL", "access", MONDAY, date(2026, 12, 30), date(2027, 1, 29), None),
    ("CL", "restriction", date(2026, 12, 4), date(2026, 12, 8), None, None),
    # LFPDPPP: 20 + 20 business days; Ley 1581: 10 + 5, 15 + 8; Perú: 20 + 20, 10 + 10; Uruguay: 5
    ("MX", "access", MONDAY, date(2026, 12, 28), date(2027, 1, 25), None),
    ("CO", "access", MONDAY, date(2026, 12, 14), date(2026, 12, 21), None),
    ("CO", "erasure", MONDAY, date(2026, 12, 21), date(2026, 12, 31), None),
    ("PE", "access", MONDAY, date(2026, 12, 28), date(2027, 1, 25), None),
    ("PE", "correction", MONDAY, date(2026, 12, 14), date(2026, 12, 28), None),
    ("UY", "access", MONDAY, date(2026, 12, 7), None, None),
    ("EC", "access", MONDAY, date(2026, 12, 15), None, None),
    ("PA", "access", MONDAY, date(2026, 12, 14), None, None),
    ("PA", "correction", MONDAY, date(2026, 12, 7), None, None),
    ("CR", "access", MONDAY, date(2026, 12, 7), None, None),
    ("DO", "access", MONDAY, date(2026, 12, 7), None, None),
    # PIPA s. 20: 45 + 30 days
    ("BM", "access", MONDAY, date(2027, 1, 14), date(2027, 2, 13), None),
    # Kenya's regulations: 7, 14, 30 days
    ("KE", "access", MONDAY, date(2026, 12, 7), None, None),
    ("KE", "erasure", MONDAY, date(2026, 12, 14), None, None),
    ("KE", "portability", MONDAY, date(2026, 12, 30), None, None),
    ("NG", "access", MONDAY, date(2026, 12, 30), None, None),
    # Law 151/2020 art. 32: six working days, and Friday and Saturday are none
    ("EG", "access", MONDAY, date(2026, 12, 8), None, None),
    ("EG", "access", date(2026, 12, 4), date(2026, 12, 13), None, None),
    ("GH", "access", MONDAY, date(2027, 1, 9), None, None),
    ("RW", "access", MONDAY, date(2026, 12, 30), None, None),
    ("UG", "objection", MONDAY, date(2026, 12, 14), None, None),
    ("TZ", "access", MONDAY, date(2026, 12, 14), None, None),
    ("MU", "access", MONDAY, date(2026, 12, 30), date(2027, 1, 30), None),
    ("MU", "erasure", MONDAY, date(2026, 12, 30), None, None),
    ("MA", "correction", MONDAY, date(2026, 12, 10), None, None),
    ("TN", "access", MONDAY, date(2026, 12, 30), None, None),
    # 152-FZ art. 20: 10 + 5 working days, 7 for corrections
    ("RU", "access", MONDAY, date(2026, 12, 14), date(2026, 12, 21), None),
    ("RU", "correction", MONDAY, date(2026, 12, 9), None, None),
    ("UA", "access", MONDAY, date(2026, 12, 30), None, None),
    # ZZPL art. 21: 30 + 60 days
    ("RS", "access", MONDAY, date(2026, 12, 30), date(2027, 2, 28), None),
    ("ME", "access", MONDAY, date(2026, 12, 15), None, None),
    ("GE", "access", MONDAY, date(2026, 12, 14), date(2026, 12, 28), None),
    ("AM", "access", MONDAY, date(2026, 12, 5), None, None),
    ("KZ", "access", MONDAY, date(2026, 12, 3), None, None),
    # DPJL art. 27: four weeks, eight more
    ("JE", "access", MONDAY, date(2026, 12, 28), date(2027, 2, 22), None),
    ("GI", "access", MONDAY, date(2026, 12, 30), date(2027, 2, 28), None),
    ("AL", "access", MONDAY, date(2026, 12, 30), date(2027, 2, 28), None),
    ("MC", "access", MONDAY, date(2026, 12, 30), None, None),
    ("QA", "access", MONDAY, date(2026, 12, 30), None, None),
    ("BH", "access", MONDAY, date(2026, 12, 21), None, None),
    ("BH", "erasure", MONDAY, date(2026, 12, 14), None, None),
    ("OM", "access", MONDAY, date(2027, 1, 14), None, None),
    # a place whose law has no row: as the GDPR, without its extension; a state: as the states'
    ("ZM", "access", MONDAY, date(2026, 12, 30), None, None),
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
        assert (key, law["confidence"] in ("high", "medium", "low")) == (key, True)


def test_each_law_has_a_line_that_was_counted_by_hand() -> None:
    assert set(LAWS) - {law_of(place) for place, *_ in CASES} == set()


def test_the_table_says_which_places_it_knows_no_deadline_of() -> None:
    assert [place for place in table.ROWS if law_of(place) == "others"] == ["ZM", "JO", "MO", "LK", "*"]


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
