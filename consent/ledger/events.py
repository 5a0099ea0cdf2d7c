"""What happened to a log besides answers and releases, in words: restarts, rotations, waivers, erasures, void pictures,
scans, versions of documents.

Whoever reads a log is told of these, whether it holds or not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from consent.ledger import checkpoint, signing
from consent.ledger.erasure import REQUESTS
from consent.ledger.models import LogEntry

TYPES = (
    LogEntry.Type.RESTART, LogEntry.Type.KEY_ROTATION, LogEntry.Type.CLOCK_REPAIR, LogEntry.Type.WAIVER,
    LogEntry.Type.ERASURE, LogEntry.Type.VOID, LogEntry.Type.SCAN, LogEntry.Type.DOCUMENT,
)  # fmt: skip
GROUNDS = {"request": "on request (GDPR art. 17)", "retention": "by age (retention)"}


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. `grave`: somebody must look at it."""

    index: int
    type: str
    words: str
    at: datetime | None = None
    grave: bool = False


def in_order(rows: Iterable[tuple[int, str, datetime | None, Mapping[str, Any]]]) -> Iterator[Event]:
    """The events among entries (index, type, time, record), in their order. Erasures by age, which come every day, are
    one event, at the end."""
    aged = count = 0
    first = last = -1
    for index, type, at, record in rows:
        if type == LogEntry.Type.ERASURE and record.get("why") == "retention":
            aged += 1
            count += len(record.get("indexes") or ())
            first, last = (index if first < 0 else first), index
        elif type in WORDS:
            yield Event(index, type, WORDS[type](index, record), at, type == LogEntry.Type.RESTART)
    if aged:
        where = f"entry {first}" if aged == 1 else f"{aged} entries, {first} to {last}"
        words = f"{_number(count, 'record')} erased {GROUNDS['retention']}, by {where}."
        yield Event(last, LogEntry.Type.ERASURE.value, words)


def of_log(site_id: int, types: Iterable[str] = TYPES) -> list[Event]:
    """The events of a site's log, the newest first."""
    entries = LogEntry.objects.filter(site_id=site_id, type__in=list(types)).exclude(type="consent").order_by("index")
    kinds = dict(entries.values_list("index", "type"))
    if not kinds:
        return []
    records = checkpoint.payloads(site_id, entries)
    rows = ((index, kinds[index], _time(record), record) for index, record in records.items())
    return sorted(in_order(rows), key=lambda event: -event.index)


def _time(record: Mapping[str, Any]) -> datetime | None:
    return datetime.fromisoformat(record["received_at"]) if "received_at" in record else None


def abandoned(record: Mapping[str, Any]) -> signing.Checkpoint | None:
    """The last head that was signed before a restart; None when the record does not hold one that can be read."""
    try:
        return signing.parse(abandoned_note(record))
    except ValueError:
        return None


def abandoned_note(record: Mapping[str, Any]) -> str:
    """Its note. Logs of earlier versions hold it bare."""
    held = record.get("abandoned")
    note = held.get("note") if isinstance(held, Mapping) else held
    return note if isinstance(note, str) else ""


def _restart(index: int, record: Mapping[str, Any]) -> str:
    point = abandoned(record)
    lost = (
        f"a log of {_number(point.size, 'entry')} was signed before; up to {point.size - index} are gone"
        if point
        else "what was signed before it is not known"
    )
    return f"RESTARTED at {index}: {lost}. {_said(record)}"


def _rotation(index: int, record: Mapping[str, Any]) -> str:
    return f"SIGNING KEY REPLACED at {index}. {_said(record)}"


def _repair(index: int, record: Mapping[str, Any]) -> str:
    return f"CLOCK SET BACK at {index}, from {record.get('before', '?')}. {_said(record)}"


def _waiver(index: int, record: Mapping[str, Any]) -> str:
    where = record.get("for_regime") or "every law"
    subject = f" ({record['subject']})" if record.get("subject") else ""
    signed = f"signed off by {record.get('signed_by', '?')}"
    return f"RULE {record.get('rule', '?')}{subject} WAIVED at {index} for {where}, {signed}. {_said(record)}"


def _erasure(index: int, record: Mapping[str, Any]) -> str:
    count = len(record.get("indexes") or ())
    ground = GROUNDS.get(str(record.get("why")), str(record.get("why")))
    law = REQUESTS.get(str(record.get("ground", "")), "")
    because = f" {law}." if law else ""
    return f"{_number(count, 'record')} erased at {index} {ground}.{because} {_said(record)}"


def _void(index: int, record: Mapping[str, Any]) -> str:
    entries = record.get("voids") or []
    what = "pictures" if record.get("of") == LogEntry.Type.PICTURES else "pictures of an earlier version"
    named = ", ".join(map(str, entries[:10])) + (" …" if len(entries) > 10 else "")
    return f"VOID by {index}: {what}, logged by {_number(len(entries), 'entry')} ({named}). {_said(record)}"


def _scan(index: int, record: Mapping[str, Any]) -> str:
    pages = _number(int(record.get("pages") or 0), "page")
    return f"SCANNED, entry {index}: {pages} of the site; the report's SHA-256 is {record.get('report', '?')}."


def _document(index: int, record: Mapping[str, Any]) -> str:
    day = record.get("effective_on")
    texts = record.get("texts") or {}
    since = f"in force from {day} on" if day else "in force at once"
    material = "; people are asked again" if record.get("material") else ""
    return (
        f"DOCUMENT {record.get('document', '?')}, version {record.get('version', '?')}, published at {index} in "
        f"{_number(len(texts), 'language')}, {since}{material}."
    )


WORDS: dict[str, Callable[[int, Mapping[str, Any]], str]] = {
    LogEntry.Type.RESTART: _restart,
    LogEntry.Type.KEY_ROTATION: _rotation,
    LogEntry.Type.CLOCK_REPAIR: _repair,
    LogEntry.Type.WAIVER: _waiver,
    LogEntry.Type.ERASURE: _erasure,
    LogEntry.Type.VOID: _void,
    LogEntry.Type.SCAN: _scan,
    LogEntry.Type.DOCUMENT: _document,
}


def _said(record: Mapping[str, Any]) -> str:
    return f"Reason given: {record.get('reason') or 'none'}"


def _number(count: int, what: str) -> str:
    many = what[:-1] + "ies" if what.endswith("y") else what + "s"
    return f"{count:,} {what if count == 1 else many}"
