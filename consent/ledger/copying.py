"""Stretches of a log as PostgreSQL's COPY writes them: a third of what rows through a cursor cost both sides.

Entries and records are read apart: either is one walk along an index, where a join would sort.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

from django.db import connections

CHUNK = 10_000
NULL = "\\N"
ENTRY = ("leaf_index", "record_id", "request_hash", "type", "day", "release_hash", "commitment")
RECORD = (
    "leaf_index", "received_at", "record_id", "type", "day", "release", "regime", "jurisdiction", "language", "action",
    "visitor", "replaces", "payload", "salt",
)  # fmt: skip
_ESCAPED = re.compile(r"\\(.)")
_CONTROL = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


class _Lines(io.TextIOBase):
    """A file that keeps the lines that are written to it."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def write(self, line: str) -> int:
        self.lines.append(line)
        return len(line)


def entries(site_id: int, first: int, last: int, using: str = "default") -> Iterator[list[str]]:
    """The columns of ENTRY of leaves `first` … `last`, in index order, as COPY's text format writes them."""
    return _copied("consent_logentry", ENTRY, site_id, first, last, using)


def records(site_id: int, first: int, last: int, using: str = "default") -> Iterator[list[str]]:
    """The columns of RECORD likewise."""
    return _copied("consent_consentrecord", RECORD, site_id, first, last, using)


def _copied(
    table: str, columns: tuple[str, ...], site_id: int, first: int, last: int, using: str
) -> Iterator[list[str]]:
    query = (
        f"COPY (SELECT {', '.join(columns)} FROM {table} WHERE site_id = {int(site_id)}"  # noqa: S608 - integers
        " AND leaf_index >= {} AND leaf_index <= {} ORDER BY leaf_index) TO STDOUT"
    )
    connection = connections[using]
    while first <= last:
        until = min(last, first + CHUNK - 1)
        found = _Lines()
        with connection.wrap_database_errors, connection.cursor() as cursor:
            cursor.cursor.copy_expert(query.format(int(first), int(until)), found)
        for line in found.lines:
            yield line[:-1].split("\t")
        first = until + 1


def text(cell: str) -> str:
    """A cell that is not NULL as the text that it means."""
    return _ESCAPED.sub(_meant, cell) if "\\" in cell else cell


def text_or_none(cell: str) -> str | None:
    """A cell as the text that it means; None for NULL."""
    return None if cell == NULL else text(cell)


def moment(cell: str) -> str:
    """A time, which PostgreSQL writes in UTC and without ending zeros, as records say it: RFC 3339, microseconds; they
    sort as texts. Raises ValueError for one of another zone."""
    if not cell.endswith("+00"):
        raise ValueError(f"{cell} is not in UTC.")
    return f"{cell[:10]}T{cell[11:19]}.{cell[20:-3]:0<6}Z"


def octets(cell: str) -> bytes:
    """A cell of bytes that is not NULL: two backslashes, an x, and hexadecimal digits."""
    return bytes.fromhex(cell[3:])


def _meant(found: Any) -> str:
    letter: str = found[1]
    return _CONTROL.get(letter, letter)
