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
    content, alike = told_apart(row)
    written = _written_alike if len(alike[0]) <= LONGEST_REMEMBERED else _written_alike.__wrapped__
    middle, after, arm = written(alike, separator)
    page, client_time = content.page or "", content.client_time or ""
    if not _HARMLESS(page):
        page = _cells((page,), separator)
    if not _HARMLESS(client_time):
        client_time = _cells((client_time,), separator)
    return (
        f"{row.index}{separator}{row.record_id}{separator}{row.stamp}{middle}{page}{separator}{row.visitor or ''}"
        f"{separator}{row.replaces or ''}{after}{client_time}{separator}{leaf_hash(row, site_uuid).hex()}{separator}"
        f"{'yes' if row.payload is None else 'no'}{arm}\r\n"
    ).encode()


TOGETHER = 200  # lines that are handed on at once
LONGEST_REMEMBERED = 2_000  # characters of cells; of hundreds of services each hostile visitor says something else
_HARMLESS = re.compile("(?:[0-9A-Za-z][0-9A-Za-z:.+-]*)?").fullmatch


@lru_cache(2_000)  # visitors say few different things
def _written_alike(alike: Alike, separator: str) -> tuple[str, str, str]:
    """The cells of ALIKE as they stand between those in which every record differs."""
    texts = [str(value or "") for value in shown(alike)]
    places = ALIKE.index("release"), ALIKE.index("arm")
    middle, after, arm = texts[: places[0]], texts[places[0] : places[1]], texts[places[1] :]
    return (
        f"{separator}{_cells(tuple(middle), separator)}{separator}",
        f"{separator}{_cells(tuple(after), separator)}{separator}",
        f"{separator}{_cells(tuple(arm), separator)}",
    )


def _cells(values: tuple[str, ...], separator: str) -> str:
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
# What many records say alike: choices and signals as committed to, and what stands in the columns of ALIKE beside them.
Alike = tuple[bytes, bytes, str, str, str, str, str, str, str, str, str, str, "int | None", str, str, str]
ALIKE = (
    "type", "action", "status", "jurisdiction", "country", "region", "located_by", "regime", "language", "layer",
    "categories", "purposes", "services", "signals", "release", "release_hash", "user_agent_family", "arm",
)  # fmt: skip


def told_apart(row: LogRow) -> tuple[_Said, Alike]:
    """What a record says for a table, nothing of one that was erased, and what others say, too."""
    content = _read(row.payload) if row.payload else _NOTHING
    place = content.place
    return content, (
        bytes(content.choices), bytes(content.signals), row.type, row.action, content.status, row.jurisdiction,
        place.country, place.region, content.jurisdiction_by, row.regime, row.language, content.layer, row.release,
        row.release_hash, content.ua_family, content.arm,
    )  # fmt: skip


def shown(alike: Alike) -> tuple[str | int | None, ...]:
    """The cells of ALIKE; decisions as texts: `C0001:granted C0002:denied`."""
    choices, signals = alike[:2]
    vector = _decode(choices)
    decisions = (
        " ".join(f"{key}:{value}" for key, value in sorted((vector.get(kind) or {}).items()))
        for kind in ("categories", "purposes", "services")
    )
    return *alike[2:12], *decisions, signals.decode(), *alike[12:]


def values(row: LogRow, site_uuid: str) -> list[str]:
    """A record in the order of COLUMNS, as text; signals as they were committed to (canonical JSON)."""
    content, alike = told_apart(row)
    cells = dict(zip(ALIKE, shown(alike), strict=True)) | {
        "index": str(row.index), "id": row.record_id, "received_at": row.stamp, "page": content.page,
        "visitor": row.visitor, "replaces": row.replaces, "client_time": content.client_time,
        "leaf_hash": leaf_hash(row, site_uuid).hex(), "erased": "yes" if row.erased else "no",
    }  # fmt: skip
    return [str(cells[name] or "") for name in COLUMNS]


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


_json = msgspec.json.Encoder()  # as it stands: sorting would cost as much again


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
    return _json.encode(_line(row)) + b"\n"


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
    source = iter(rows)
    while some := list(islice(source, TOGETHER)):
        yield _json.encode_lines(map(_line, some))


def _together(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The lines, many at a time."""
    source = iter(lines)
    while some := list(islice(source, TOGETHER)):
        yield b"".join(some)
