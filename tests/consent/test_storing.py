"""A row that no database can hold is set aside, the rest goes in; a database that is away is no row's fault."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DataError, IntegrityError, OperationalError, ProgrammingError
from hypothesis import given
from hypothesis import strategies as st

from consent.storing import is_of_a_row, store


@given(st.sets(st.integers(0, 199)), st.integers(0, 200))
def test_every_sound_row_is_written_once_and_every_other_is_told(bad, count):
    written = []

    def write(rows):
        if bad.intersection(rows):
            raise DataError("too long")
        written.extend(rows)

    done = store(range(count), write)
    assert written == [n for n in range(count) if n not in bad]
    assert sorted(row for row, _ in done.refused) == sorted(n for n in bad if n < count)
    assert done.left == []


def test_nothing_is_lost_or_written_twice_when_the_database_goes_away_in_the_middle():
    written, calls = [], []

    def write(rows):
        calls.append(list(rows))
        if len(calls) == 4:
            raise OperationalError("gone")
        if 3 in rows:
            raise ValueError("NUL")
        written.extend(rows)

    done = store(range(8), write)
    told = [row for row, _ in done.refused]
    assert sorted(written + told + done.left) == list(range(8))
    assert isinstance(done.why, OperationalError)


def test_many_bad_rows_do_not_cost_a_transaction_each():
    calls = []

    def write(rows):
        calls.append(rows)
        raise DataError("bad")

    done = store(range(10_000), write, most_refused=100)
    assert len(done.refused) == 10_000
    assert len(calls) < 400


def _with_code(error: Exception, code: str) -> Exception:
    cause: Any = Exception()
    cause.pgcode = code  # as psycopg2's errors have it
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "of_a_row"),
    [
        (DataError(), True),
        (_with_code(OperationalError(), "54000"), True),  # an index entry too long
        (ValueError("A string literal cannot contain NUL (0x00) characters."), True),
        (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"), True),
        (OverflowError(), True),
        (OperationalError("gone"), False),
        (_with_code(OperationalError(), "53100"), False),  # disk full
        (_with_code(OperationalError(), "40P01"), False),  # deadlock
        (ProgrammingError("no such table"), False),
        (IntegrityError(), False),
        (AttributeError(), False),
    ],
    ids=repr,
)
def test_whose_fault_it_is(error, of_a_row):
    assert is_of_a_row(error) is of_a_row
