"""Rows in, bytes out: one function a format, each a generator with constant memory."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date
from functools import lru_cache
from itertools import islice
from typing import Any

import msgspec

from consent.exports.period import LogRow
from consent.exports.verify import verify as verifier
from consent.ledger import merkle
from consent.ledger.append import leaf_input

COLUMNS = verifier.COLUMNS  # a bundle's table is made anew by whoever checks it
SEPARATORS = (",", ";")
BOM = b"\xef\xbb\xbf"  # without it, Excel takes the table for another encoding


_encode, _decode = msgspec.json.Encoder(order="sorted").encode, msgspec.json.Decoder().decode


def leaf_hash(row: LogRow, site_uuid: str) -> bytes:
    """What the tree holds of a row."""
    return merkle.leaf_hash(leaf_input(row.type, site_uuid, row.day, row.release_hash, row.commitment))


def csv_line(row: LogRow, site_uuid: str, separator: str) -> bytes:
    """One line of the CSV: `values`, none of which a spreadsheet takes for a formula. It is the verifier's own
    `csv_line` of them; what many records say alike is only written once."""
    content, (categories, purposes, services) = said(row)
    few = (
        row.type, row.action, content.status, row.jurisdiction, content.place.country, content.place.region,
        content.jurisdiction_by, row.regime, row.language, content.layer, categories, purposes, services,
        bytes(content.signals).decode(),
    )  # fmt: skip
    cells = (
        str(row.index), row.record_id, row.stamp, _cells(few, separator), _cell(content.page or "", separator),
        row.visitor or "", row.replaces or "", str(row.release or ""), row.release_hash,
        _cell(content.ua_family, separator), _cell(content.client_time or "", separator),
        leaf_hash(row, site_uuid).hex(), "yes" if row.erased else "no", _cell(content.arm, separator),
    )  # fmt: skip
    return (separator.join(cells) + "\r\n").encode()


LONGEST_REMEMBERED = 2_000  # characters of cells; of hundreds of services each hostile visitor says something else
_HARMLESS = re.compile("(?:[0-9A-Za-z][0-9A-Za-z:.+-]*)?").fullmatch


def _cell(value: str, separator: str) -> str:
    return value if _HARMLESS(value) else _cells((value,), separator)


def _cells(values: tuple[str, ...], separator: str) -> str:
    short = sum(map(len, values)) <= LONGEST_REMEMBERED
    return (_written if short else _written.__wrapped__)(values, separator)


@lru_cache(2_000)  # visitors say few different things
def _written(values: tuple[str, ...], separator: str) -> str:
    line: str = verifier.csv_line(values, separator)
    return line.removesuffix("\r\n")


def csv_head(separator: str) -> bytes:
    """What a CSV file begins with: the byte order mark and the names of the columns."""
    text: str = verifier.csv_line(COLUMNS, separator)
    return BOM + text.encode()


def choice_key(row: LogRow) -> str:
    """Under what a choice is counted: its topic and what was said; "" for an erased one."""
    return "" if row.payload is None else f"{_decode(row.payload)['topic']} {row.action}"


class _Where(msgspec.Struct, gc=False, frozen=True):
    """Where a visitor was located, beside the row of law that was applied."""

    country: str = ""
    region: str = ""


class _Said(msgspec.Struct, gc=False):
    """What the table shows of a record."""

    status: str = ""
    jurisdiction_by: str = ""
    layer: str = ""
    arm: str = ""
    choices: msgspec.Raw = msgspec.Raw(b"{}")
    signals: msgspec.Raw = msgspec.Raw(b"")
    page: str | None = None
    ua_family: str = ""
    client_time: str | None = None
    place: _Where = _Where()


_read = msgspec.json.Decoder(_Said).decode
_NOTHING = _Said()


def _decisions(choices: bytes) -> tuple[str, str, str]:
    """Of categories, purposes and services: `C0001:granted C0002:denied`."""
    return (_decisions_of if len(choices) <= LONGEST_REMEMBERED else _decisions_of.__wrapped__)(choices)


@lru_cache(2_000)  # visitors say few different things
def _decisions_of(choices: bytes) -> tuple[str, str, str]:
    vector = _decode(choices)
    categories, purposes, services = (
        " ".join(f"{key}:{value}" for key, value in sorted((vector.get(kind) or {}).items()))
        for kind in ("categories", "purposes", "services")
    )
    return categories, purposes, services


def said(row: LogRow) -> tuple[_Said, tuple[str, str, str]]:
    """What a record says for a table, and its decisions as texts; nothing of one that was erased."""
    content = _read(row.payload) if row.payload else _NOTHING
    return content, _decisions(bytes(content.choices))


def values(row: LogRow, site_uuid: str) -> list[str]:
    """A record in the order of COLUMNS, as text; signals as they were committed to (canonical JSON)."""
    content, decisions = said(row)
    return [
        str(row.index), row.record_id, row.stamp, row.type, row.action, content.status, row.jurisdiction,
        content.place.country, content.place.region, content.jurisdiction_by, row.regime, row.language, content.layer,
        *decisions, bytes(content.signals).decode(), content.page or "", row.visitor or "", row.replaces or "",
        str(row.release or ""), row.release_hash, content.ua_family, content.client_time or "",
        leaf_hash(row, site_uuid).hex(), "yes" if row.erased else "no", content.arm,
    ]  # fmt: skip


def csv_lines(rows: Iterable[LogRow], site_uuid: str, separator: str) -> Iterator[bytes]:
    """The lines that follow `csv_head`: RFC 4180, UTF-8. A spreadsheet of a country that writes 1,5 wants a semicolon
    as separator."""
    return _together(csv_line(row, site_uuid, separator) for row in rows)


class _Line(msgspec.Struct, gc=False):
    """A line of JSON Lines; its fields in the order of canonical JSON."""

    action: str
    commitment: bytes
    day: date
    erased: bool
    id: str
    index: int
    jurisdiction: str
    language: str
    received_at: str
    record: str | None
    regime: str
    release: int | None
    release_hash: str
    request: str | msgspec.UnsetType
    salt: bytes | None
    type: str


_encode_line = msgspec.json.Encoder().encode  # as it stands: sorting would cost as much again


def _line(row: LogRow) -> _Line:
    request = row.request_hash.hex() if row.erased else msgspec.UNSET
    return _Line(
        row.action, row.commitment, row.day, row.erased, row.record_id, row.index, row.jurisdiction, row.language,
        row.stamp, row.payload, row.regime, row.release, row.release_hash, request, row.salt, row.type,
    )  # fmt: skip


def fields(row: LogRow) -> dict[str, Any]:
    """What a line of the JSON Lines export says: all that recomputes the leaf. `record` is the exact committed text;
    `request`, which it holds too, stands beside it once it is erased."""
    made: dict[str, Any] = msgspec.to_builtins(_line(row))
    return made


def json_line(row: LogRow) -> bytes:
    """`fields` as a line of JSON Lines, canonical."""
    return _encode_line(_line(row)) + b"\n"


def plain_json(value: Any) -> bytes:
    """JSON in its one canonical form (RFC 8785): what verifiers take."""
    return _encode(value)


def line(values: dict[str, Any]) -> bytes:
    """A line of JSON Lines, canonical."""
    return _encode(values) + b"\n"


def place_of(row: LogRow) -> str:
    """The country that was located, or the row of law where a record does not say it."""
    place = _read(row.payload).place if row.payload else None
    return (place.country if place else "") or row.jurisdiction


def json_lines(rows: Iterable[LogRow], site_uuid: str, separator: str = "") -> Iterator[bytes]:
    """One JSON object a line, UTF-8."""
    return _together(json_line(row) for row in rows)


def _together(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The lines, many at a time."""
    source = iter(lines)
    while some := list(islice(source, 200)):
        yield b"".join(some)
