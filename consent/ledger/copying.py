"""Stretches of a log as PostgreSQL's COPY writes them in its binary format: half of what its texts cost the database,
a quarter of rows through a cursor.

Entries and records are read apart: either is one walk along an index, where a join would sort. What many rows say alike
stands at the end of each, so that it is only told apart once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import lru_cache
from struct import Struct
from typing import Any, NamedTuple, TypeVar

from django.db import connections

CHUNK = 25_000  # planning a query of all months' partitions takes milliseconds
HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)  # no flags, no extension
TRAILER = b"\xff\xff"
ZERO = date(2000, 1, 1)  # of days and times
MICROSECONDS = 86_400_000_000  # of a day
NULL = -1  # instead of a size
_NEITHER = b"\xff" * 8  # two of them
T = TypeVar("T")


class EntryWords(NamedTuple):
    """What many entries say alike."""

    type: str
    day: date
    release_hash: str


class RecordWords(NamedTuple):
    """What many records say alike."""

    type: str
    day: date
    release: int | None
    regime: str
    jurisdiction: str
    language: str
    action: str


# index, id, request hash, commitment
Entry = tuple[int, str, bytes, bytes, EntryWords]
# index, time as records say it (RFC 3339, UTC, microseconds: such texts sort), id, salt, visitor, replaces, payload
Record = tuple[int, str, str, bytes | None, str | None, str | None, bytes | None, RecordWords]

_ENTRY = "leaf_index, record_id::text, request_hash, commitment, type, day, release_hash"
_RECORD = (
    "leaf_index, received_at, record_id::text, salt, visitor::text, replaces::text, payload, "
    "type, day, release, regime, jurisdiction, language, action"
)


# What nearly every row begins with. Each cell follows its size; of numbers, times and ids nothing else is possible.
_REQUEST, _SEALED, _SALT, _VISITOR, _REPLACES = 54, 90, 66, 102, 142  # where their sizes stand
_32 = b"\0\0\0\x20"  # the size of what is 32 bytes long
_entry_head, _ENTRY_HEAD = Struct(">6xq4x36s4x32s4x32s").unpack_from, 126
_visited_head, _VISITED_HEAD = Struct(">6xq4xq4x36s4x32s4x36s4xi").unpack_from, 150
_plain_head, _PLAIN_HEAD = Struct(">6xq4xq4x36s4x32s8xi").unpack_from, 114  # of one that has no visitor


def entries(site_id: int, first: int, last: int, using: str = "default") -> Iterator[Entry]:
    """Leaves `first` … `last`, in index order. Raises ValueError for a row that no log has."""
    return _copied(_read_entry, _ENTRY, "consent_logentry", site_id, first, last, using)


def records(site_id: int, first: int, last: int, using: str = "default") -> Iterator[Record]:
    """Their records likewise."""
    return _copied(_read_record, _RECORD, "consent_consentrecord", site_id, first, last, using)


class _Rows:
    """A file that keeps what is written to it, which is a row each time."""

    def __init__(self) -> None:
        self.rows: list[bytes] = []
        self.write = self.rows.append


def _copied(
    read: Callable[[bytes], T], columns: str, table: str, site_id: int, first: int, last: int, using: str
) -> Iterator[T]:
    query = (
        f"COPY (SELECT {columns} FROM {table} WHERE site_id = {int(site_id)}"  # noqa: S608 - integers
        " AND leaf_index >= {} AND leaf_index <= {} ORDER BY leaf_index) TO STDOUT (FORMAT binary)"
    )
    connection = connections[using]
    while first <= last:
        until = min(last, first + CHUNK - 1)
        found = _Rows()
        with connection.wrap_database_errors, connection.cursor() as cursor:
            cursor.cursor.copy_expert(query.format(int(first), int(until)), found)
        rows = found.rows
        rows[0] = rows[0].removeprefix(HEADER)  # comes with the first row or, without one, with the trailer
        if rows.pop() != TRAILER:
            raise ValueError("COPY ended in the middle.")
        if rows and not rows[0]:  # a server may send it by itself
            del rows[0]
        yield from map(read, rows)
        first = until + 1


def _read_entry(row: bytes) -> Entry:
    if not row[_REQUEST : _REQUEST + 4] == row[_SEALED : _SEALED + 4] == _32:
        return _read_any_entry(row)
    index, record_id, request, sealed = _entry_head(row)
    return index, record_id.decode(), request, sealed, _entry_words(row[_ENTRY_HEAD:])


def _read_any_entry(row: bytes) -> Entry:
    """Of one whose hashes are of another length."""
    (index, record_id, request, sealed), end = _cells(row, 2, 4)
    return int.from_bytes(index), record_id.decode(), request, sealed, _entry_words(row[end:])


def _read_record(row: bytes) -> Record:
    if row[_SALT : _SALT + 4] != _32:
        return _read_any_record(row)
    if row[_VISITOR : _VISITOR + 8] == _NEITHER:
        index, time, record_id, salt, size = _plain_head(row)
        visitor, start = None, _PLAIN_HEAD
    elif row[_REPLACES] == 255:  # no digit of an id
        index, time, record_id, salt, found, size = _visited_head(row)
        visitor, start = found.decode(), _VISITED_HEAD
    else:
        return _read_any_record(row)
    if size < 0:
        return _read_any_record(row)
    end = start + size
    return index, moment(time), record_id.decode(), salt, visitor, None, row[start:end], _record_words(row[end:])


def _read_any_record(row: bytes) -> Record:
    """Of one that replaces another, is erased, or was changed."""
    (index, time, record_id, salt, visitor, replaces, payload), end = _cells(row, 2, 7)
    return (
        int.from_bytes(index), moment(int.from_bytes(time, signed=True)), record_id.decode(), salt,
        visitor and visitor.decode(), replaces and replaces.decode(), payload, _record_words(row[end:]),
    )  # fmt: skip


def _cells(row: bytes, at: int, count: int) -> tuple[list[Any], int]:
    """So many cells of a row from there on, None for NULL, and where the next one begins."""
    found: list[Any] = []
    for _ in range(count):
        size, at = int.from_bytes(row[at : at + 4], signed=True), at + 4
        found.append(None if size == NULL else row[at : at + size])
        at += max(size, 0)
    return found, at


@lru_cache(4_000)
def _entry_words(cells: bytes) -> EntryWords:
    (type, day, release_hash), _ = _cells(cells, 0, 3)
    return EntryWords(type.decode(), _day(day), release_hash.decode())


@lru_cache(4_000)
def _record_words(cells: bytes) -> RecordWords:
    (type, day, release, regime, jurisdiction, language, action), _ = _cells(cells, 0, 7)
    return RecordWords(
        type.decode(), _day(day), None if release is None else int.from_bytes(release, signed=True), regime.decode(),
        jurisdiction.decode(), language.decode(), action.decode(),
    )  # fmt: skip


def moment(time: int) -> str:
    """Microseconds since 2000 as records say a time. Raises ValueError for what has no such text."""
    day, rest = divmod(time, MICROSECONDS)
    second, rest = divmod(rest, 1_000_000)
    return f"{_day_begins(day)}{_clock(second)}{str(rest + 1_000_000)[1:]}Z"


@lru_cache(4_000)
def _day_begins(days: int) -> str:
    return f"{date_of(days)}T"


@lru_cache(86_400)
def _clock(second: int) -> str:
    return f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}."


def _day(cell: bytes) -> date:
    return date_of(int.from_bytes(cell, signed=True))


def date_of(days: int) -> date:
    """The day so many days after the first of 2000. Raises ValueError where there is none."""
    try:
        return ZERO + timedelta(days)
    except OverflowError:
        raise ValueError(f"Day {days} after {ZERO} is none.") from None
