"""What happened to a log besides answers and releases, in words: restarts, rotations, waivers, erasures, void pictures,
scans, people's requests, versions of documents.

Whoever reads a log is told of these, whether it holds or not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext, gettext_noop, ngettext

from consent.common import thousands
from consent.ledger import checkpoint, signing
from consent.ledger.erasure import REQUESTS
from consent.ledger.models import LogEntry

TYPES = (
    LogEntry.Type.RESTART, LogEntry.Type.KEY_ROTATION, LogEntry.Type.CLOCK_REPAIR, LogEntry.Type.WAIVER,
    LogEntry.Type.ERASURE, LogEntry.Type.VOID, LogEntry.Type.SCAN, LogEntry.Type.DOCUMENT,
    LogEntry.Type.REQUEST,
)  # fmt: skip
LISTED = tuple(type for type in TYPES if type != LogEntry.Type.REQUEST)  # of requests there may be thousands
PAGE = 200  # events that one page tells of
WINDOW = 1_000  # entries that it reads at most
GROUNDS = {"request": gettext_noop("on request (GDPR art. 17)"), "retention": gettext_noop("by age (retention)")}


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened."""

    index: int
    type: str
    words: str
    at: datetime | None = None


@dataclass(slots=True)
class Page:
    """Events, the newest first; `older` is the `before` of the next page, None at the log's beginning."""

    events: list[Event]
    older: int | None


def in_order(rows: Iterable[tuple[int, str, datetime | None, Mapping[str, Any]]]) -> Iterator[Event]:
    """The events among entries (index, type, time, record), in their order. Erasures by age, which come every day, are
    one event, and so are people's requests; both at the end."""
    aged: list[int] = []
    asked: list[int] = []
    steps: Counter[str] = Counter()
    count = 0
    for index, type, at, record in rows:
        if _by_age(type, record):
            aged.append(index)
            count += len(record.get("indexes") or ())
        elif type == LogEntry.Type.REQUEST:
            asked.append(index)
            steps.update(_steps(at, record))
        elif type in WORDS:
            yield Event(index, type, WORDS[type](index, record), at)
    if aged:
        words = gettext("%(records)s erased %(ground)s, by %(where)s.") % {
            "records": _records(count),
            "ground": gettext(GROUNDS["retention"]),
            "where": _span(aged),
        }
        yield Event(aged[-1], LogEntry.Type.ERASURE.value, words)
    if asked:
        words = gettext(
            "REQUESTS of people: %(received)s received, %(answered)s answered (%(late)s late), %(withdrawn)s taken "
            "back, by %(where)s."
        ) % {
            **{step: f"{steps[step]:,}" for step in ("received", "answered", "late", "withdrawn")},
            "where": _span(asked),
        }
        yield Event(asked[-1], LogEntry.Type.REQUEST.value, words)


def _steps(at: datetime | None, record: Mapping[str, Any]) -> Iterator[str]:
    event = str(record.get("event"))
    yield event
    if event == "answered" and at and at.date().isoformat() > str(record.get("due", "")):
        yield "late"


def _span(indexes: Sequence[int]) -> str:
    count, first, last = len(indexes), indexes[0], indexes[-1]
    if count == 1:
        return gettext("entry %(first)s") % {"first": first}
    return gettext("%(aged)s entries, %(first)s to %(last)s") % {"aged": f"{count:,}", "first": first, "last": last}


def of_log(site_id: int, types: Iterable[str]) -> list[Event]:
    """The events of these types in a site's log, the newest first."""
    entries = LogEntry.objects.filter(site_id=site_id, type__in=list(types)).exclude(type="consent").order_by("index")
    rows = ((index, type, _time(record), record) for index, type, record in checkpoint.each_payload(site_id, entries))
    return sorted(in_order(rows), key=lambda event: -event.index)


def page(site_id: int, before: int | None = None) -> Page:
    """PAGE events of a site's log, the newest first, or fewer where WINDOW entries hold no more (erasures by age are
    one event); with `before`, only what stands before this place in the log."""
    entries = LogEntry.objects.filter(site_id=site_id, type__in=LISTED).exclude(type="consent")
    entries = entries if before is None else entries.filter(index__lt=before)
    rows: list[tuple[int, str, datetime | None, dict[str, Any]]] = []
    apart = 0
    for index, type, record in checkpoint.each_payload(site_id, entries.order_by("-index")[:WINDOW]):
        rows.append((index, type, _time(record), few(record)))
        apart += not _by_age(type, record)
        if apart == PAGE:
            break
    found = sorted(in_order(reversed(rows)), key=lambda event: -event.index)
    oldest = rows[-1][0] if rows else 0
    return Page(found, oldest if entries.filter(index__lt=oldest).exists() else None)


def few(record: Mapping[str, Any]) -> dict[str, Any]:
    """What `in_order` tells of a record, without what fills the memory: how many records were erased, not which."""
    kept = {name: value for name, value in record.items() if name not in ("trail", "checkpoints", "text")}
    if indexes := kept.get("indexes"):
        kept["indexes"] = range(len(indexes))
    return kept


def _by_age(type: str, record: Mapping[str, Any]) -> bool:
    return type == LogEntry.Type.ERASURE and record.get("why") == "retention"


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
        gettext("a log of %(entries)s was signed before; up to %(size)s are gone")
        % {"entries": _entries(point.size), "size": point.size - index}
        if point
        else gettext("what was signed before it is not known")
    )
    return gettext("RESTARTED at %(index)s: %(lost)s. %(said)s") % {"index": index, "lost": lost, "said": _said(record)}


def _rotation(index: int, record: Mapping[str, Any]) -> str:
    return gettext("SIGNING KEY REPLACED at %(index)s. %(said)s") % {"index": index, "said": _said(record)}


def _repair(index: int, record: Mapping[str, Any]) -> str:
    return gettext("CLOCK SET BACK at %(index)s, from %(before)s. %(said)s") % {
        "index": index,
        "before": record.get("before", "?"),
        "said": _said(record),
    }


def _waiver(index: int, record: Mapping[str, Any]) -> str:
    where = record.get("for_regime") or gettext("every law")
    subject = f" ({record['subject']})" if record.get("subject") else ""
    signed = gettext("signed off by %(who)s") % {"who": record.get("signed_by", "?")}
    return gettext("RULE %(rule)s%(subject)s WAIVED at %(index)s for %(where)s, %(signed)s. %(said)s") % {
        "rule": record.get("rule", "?"),
        "subject": subject,
        "index": index,
        "where": where,
        "signed": signed,
        "said": _said(record),
    }


def _erasure(index: int, record: Mapping[str, Any]) -> str:
    count = len(record.get("indexes") or ())
    why = str(record.get("why"))
    ground = gettext(GROUNDS[why]) if why in GROUNDS else why
    asked = str(record.get("ground", ""))
    because = f" {gettext(REQUESTS[asked])}." if asked in REQUESTS else ""
    return gettext("%(records)s erased at %(index)s %(ground)s.%(because)s %(said)s") % {
        "records": _records(count),
        "index": index,
        "ground": ground,
        "because": because,
        "said": _said(record),
    }


def _void(index: int, record: Mapping[str, Any]) -> str:
    entries = record.get("voids") or []
    what = (
        gettext("pictures") if record.get("of") == LogEntry.Type.PICTURES else gettext("pictures of an earlier version")
    )
    named = ", ".join(map(str, entries[:10])) + (" …" if len(entries) > 10 else "")
    return gettext("VOID by %(index)s: %(what)s, logged by %(entries)s (%(named)s). %(said)s") % {
        "index": index,
        "what": what,
        "entries": _entries(len(entries)),
        "named": named,
        "said": _said(record),
    }


def _scan(index: int, record: Mapping[str, Any]) -> str:
    pages = _pages(int(record.get("pages") or 0))
    return gettext("SCANNED, entry %(index)s: %(pages)s of the site; the report's SHA-256 is %(digest)s.") % {
        "index": index,
        "pages": pages,
        "digest": record.get("report", "?"),
    }


def _document(index: int, record: Mapping[str, Any]) -> str:
    day = record.get("effective_on")
    texts = record.get("texts") or {}
    since = gettext("in force from %(day)s on") % {"day": day} if day else gettext("in force at once")
    languages = ngettext("%(count)s language", "%(count)s languages", len(texts)) % {"count": f"{len(texts):,}"}
    text = gettext("DOCUMENT %(document)s, version %(version)s, published at %(index)s in %(languages)s, %(since)s.")
    if record.get("material"):
        text = gettext(
            "DOCUMENT %(document)s, version %(version)s, published at %(index)s in %(languages)s, %(since)s; people "
            "are asked again."
        )
    return text % {
        "document": record.get("document", "?"),
        "version": record.get("version", "?"),
        "index": index,
        "languages": languages,
        "since": since,
    }


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
    return gettext("Reason given: %(reason)s") % {"reason": record.get("reason") or gettext("none")}


def _records(count: int) -> str:
    return ngettext("%(count)s record", "%(count)s records", count) % {"count": thousands(count)}


def _entries(count: int) -> str:
    return ngettext("%(count)s entry", "%(count)s entries", count) % {"count": thousands(count)}


def _pages(count: int) -> str:
    return ngettext("%(count)s page", "%(count)s pages", count) % {"count": thousands(count)}
