"""Rows in, bytes out: one function a format, each a generator with constant memory."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

from consent.exports.period import Row

COLUMNS = (
    "index", "id", "received_at", "type", "action", "status", "jurisdiction", "located_by", "regime", "language",
    "layer", "categories", "purposes", "services", "signals", "page", "visitor", "replaces", "release", "release_hash",
    "user_agent_family", "client_time", "leaf_hash", "erased",
)  # fmt: skip


def stamp(row: Row) -> str:
    """RFC 3339, UTC, microseconds."""
    return row.received_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def leaf_input(row: Row, site_uuid: str) -> bytes:
    """E of design §4: what RFC 9162 hashes as the leaf."""
    commitment = base64.b64encode(row.commitment).decode()
    return f"fairgate/v1\n{row.type}\n{site_uuid}\n{row.day.isoformat()}\n{row.release_hash}\n{commitment}".encode()


def leaf_hash(row: Row, site_uuid: str) -> bytes:
    """SHA-256(0x00 ‖ E), RFC 9162 §2.1.1."""
    return hashlib.sha256(b"\x00" + leaf_input(row, site_uuid)).digest()


def harmless(text: str) -> str:
    """A cell that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def cells(row: Row, site_uuid: str) -> list[str]:
    """One line of the CSV: `values` that no spreadsheet takes for formulas."""
    return [harmless(value) for value in values(row, site_uuid)]


def values(row: Row, site_uuid: str) -> list[str]:
    """A record in the order of COLUMNS, as text; decisions as `C0001:granted C0002:denied`."""
    record: dict[str, Any] = json.loads(row.payload) if row.payload else {}
    choices = record.get("choices") or {}
    decisions = [
        " ".join(f"{key}:{value}" for key, value in sorted((choices.get(kind) or {}).items()))
        for kind in ("categories", "purposes", "services")
    ]
    signals = record.get("signals")
    found = [
        row.index, row.record_id, stamp(row), row.type, row.action, record.get("status", ""), row.jurisdiction,
        record.get("jurisdiction_by", ""), row.regime, row.language, record.get("layer", ""), *decisions,
        json.dumps(signals, sort_keys=True, separators=(",", ":")) if signals else "", record.get("page") or "",
        row.visitor or "", row.replaces or "", row.release or "", row.release_hash, record.get("ua_family", ""),
        record.get("client_time") or "", leaf_hash(row, site_uuid).hex(), "yes" if row.erased else "no",
    ]  # fmt: skip
    return [str(value) for value in found]


def to_csv(rows: Iterable[Row], site_uuid: str) -> Iterator[bytes]:
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


def line(row: Row) -> dict[str, Any]:
    """One line of the JSON Lines export: all that recomputes the leaf. `record` is the exact committed text."""
    return {
        "index": row.index,
        "id": str(row.record_id),
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
    }


def to_jsonl(rows: Iterable[Row], site_uuid: str) -> Iterator[bytes]:
    """One JSON object a line, UTF-8."""
    lines: list[str] = []
    for row in rows:
        lines.append(json.dumps(line(row), separators=(",", ":"), ensure_ascii=False))
        if len(lines) == 200:
            yield ("\n".join(lines) + "\n").encode()
            lines = []
    if lines:
        yield ("\n".join(lines) + "\n").encode()
