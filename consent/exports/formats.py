"""Rows in, bytes out: one function a format, each a generator with constant memory."""

from __future__ import annotations

import base64
import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import Any

import msgspec

from consent.exports.period import LogRow
from consent.ledger import merkle
from consent.ledger.append import leaf_input, utc_text

COLUMNS = (
    "index", "id", "received_at", "type", "action", "status", "jurisdiction", "located_by", "regime", "language",
    "layer", "categories", "purposes", "services", "signals", "page", "visitor", "replaces", "release", "release_hash",
    "user_agent_family", "client_time", "leaf_hash", "erased",
)  # fmt: skip


_encode, _decode = msgspec.json.Encoder().encode, msgspec.json.Decoder().decode


def stamp(row: LogRow) -> str:
    """RFC 3339, UTC, microseconds."""
    return utc_text(row.received_at)


def leaf_hash(row: LogRow, site_uuid: str) -> bytes:
    """What the tree holds of a row."""
    return merkle.leaf_hash(leaf_input(row.type, site_uuid, row.day, row.release_hash, row.commitment))


def cells(row: LogRow, site_uuid: str) -> list[str]:
    """One line of the CSV: `values`, none of which a spreadsheet takes for a formula."""
    return [value if value[:1] in _PLAIN else harmless(value) for value in values(row, site_uuid)]


def harmless(value: str) -> str:
    """A cell's text, with an apostrophe before it when a spreadsheet could take it for a formula or a command (OWASP,
    CSV injection): `=`, `+`, `-`, `@`, `|` or `%` at the beginning, in whatever width, behind whatever blanks,
    invisible characters or quotes; or a control character there. A number stays a number. Taking the first apostrophe
    of a cell away gives the text back: one that begins with an apostrophe gets another."""
    first = value[:1]
    if not first or first in _PLAIN or _NUMBER.fullmatch(value):
        return value
    if unicodedata.category(first) == "Cc":  # a tab or a line feed begins a cell of its own
        return "'" + value
    begin = next((c for c in value if c not in _QUOTES and unicodedata.category(c) not in _UNSEEN), "")
    meant = unicodedata.normalize("NFKC", begin)
    return "'" + value if first == "'" or meant in _FORMULA else value


_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789{[") | {""}
_FORMULA = frozenset("=+-@|%\N{MINUS SIGN}\N{HYPHEN}")
_QUOTES = frozenset("'\"`\N{FULLWIDTH QUOTATION MARK}\N{FULLWIDTH APOSTROPHE}\u2018\u2019\u201c\u201d")
_UNSEEN = frozenset(("Cc", "Cf", "Zs", "Zl", "Zp", "Mn", "Me"))
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")


class _Said(msgspec.Struct, gc=False):
    """What the table shows of a record."""

    status: str = ""
    jurisdiction_by: str = ""
    layer: str = ""
    choices: msgspec.Raw = msgspec.Raw(b"{}")
    signals: msgspec.Raw = msgspec.Raw(b"")
    page: str | None = None
    ua_family: str = ""
    client_time: str | None = None


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
        payload.jurisdiction_by, row.regime, row.language, payload.layer, *_decisions(bytes(payload.choices)),
        bytes(payload.signals).decode(), payload.page or "", row.visitor or "", row.replaces or "",
        str(row.release or ""), row.release_hash, payload.ua_family, payload.client_time or "", leaf_hash(row,
        site_uuid).hex(), "yes" if row.erased else "no",
    ]  # fmt: skip


def to_csv(rows: Iterable[LogRow], site_uuid: str) -> Iterator[bytes]:
    """RFC 4180 with a header line, UTF-8."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow(cells(row, site_uuid))
        if buffer.tell() > 65_536:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


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


def line(values: dict[str, Any]) -> bytes:
    """A line of JSON Lines."""
    return _encode(values) + b"\n"


def to_jsonl(rows: Iterable[LogRow], site_uuid: str) -> Iterator[bytes]:
    """One JSON object a line, UTF-8."""
    source = iter(rows)
    while lines := [line(fields(row)) for row in islice(source, 200)]:
        yield b"".join(lines)
