"""Rows in, bytes out: one function a format, each a generator with constant memory."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import Any

import msgspec

from consent.exports.period import LogRow
from consent.exports.verify import verify as verifier
from consent.ledger import merkle
from consent.ledger.append import leaf_input, utc_text

COLUMNS = verifier.COLUMNS  # a bundle's table is made anew by whoever checks it
SEPARATORS = (",", ";")
BOM = b"\xef\xbb\xbf"  # without it, Excel takes the table for another encoding


_encode, _decode = msgspec.json.Encoder(order="sorted").encode, msgspec.json.Decoder().decode


def stamp(row: LogRow) -> str:
    """RFC 3339, UTC, microseconds."""
    return utc_text(row.received_at)


def leaf_hash(row: LogRow, site_uuid: str) -> bytes:
    """What the tree holds of a row."""
    return merkle.leaf_hash(leaf_input(row.type, site_uuid, row.day, row.release_hash, row.commitment))


def csv_line(row: LogRow, site_uuid: str, separator: str) -> bytes:
    """One line of the CSV: `values`, none of which a spreadsheet takes for a formula."""
    text: str = verifier.csv_line(values(row, site_uuid), separator)
    return text.encode()


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


LONGEST_REMEMBERED = 2_000  # bytes of a decision vector; of hundreds of services each hostile visitor has another


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


def values(row: LogRow, site_uuid: str) -> list[str]:
    """A record in the order of COLUMNS, as text; signals as they were committed to (canonical JSON)."""
    payload = _read(row.payload) if row.payload else _NOTHING
    return [
        str(row.index), row.record_id, stamp(row), row.type, row.action, payload.status, row.jurisdiction,
        payload.place.country, payload.place.region, payload.jurisdiction_by, row.regime, row.language, payload.layer,
        *_decisions(bytes(payload.choices)), bytes(payload.signals).decode(), payload.page or "", row.visitor or "",
        row.replaces or "", str(row.release or ""), row.release_hash, payload.ua_family, payload.client_time or "",
        leaf_hash(row, site_uuid).hex(), "yes" if row.erased else "no", payload.arm,
    ]  # fmt: skip


def to_csv(rows: Iterable[LogRow], site_uuid: str, separator: str = ",") -> Iterator[bytes]:
    """RFC 4180 with a header line, UTF-8 with a byte order mark: Excel opens it. A spreadsheet of a country that writes
    1,5 wants a semicolon as separator."""
    yield csv_head(separator)
    source = iter(rows)
    while lines := [csv_line(row, site_uuid, separator) for row in islice(source, 200)]:
        yield b"".join(lines)


def fields(row: LogRow) -> dict[str, Any]:
    """What a line of the JSON Lines export says: all that recomputes the leaf. `record` is the exact committed text;
    `request`, which it holds too, stands beside it once it is erased."""
    request = {"request": row.request_hash.hex()} if row.erased else {}
    return {
        "index": row.index,
        "id": row.record_id,
        "type": row.type,
        "day": row.day.isoformat(),
        "received_at": stamp(row),
        "release": row.release,
        "release_hash": row.release_hash,
        "regime": row.regime,
        "jurisdiction": row.jurisdiction,
        "language": row.language,
        "action": row.action,
        "commitment": base64.b64encode(row.commitment).decode(),
        "salt": base64.b64encode(row.salt).decode() if row.salt is not None else None,
        "record": row.payload,
        "erased": row.erased,
        **request,
    }


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


def to_jsonl(rows: Iterable[LogRow], site_uuid: str) -> Iterator[bytes]:
    """One JSON object a line, UTF-8."""
    source = iter(rows)
    while lines := [line(fields(row)) for row in islice(source, 200)]:
        yield b"".join(lines)
