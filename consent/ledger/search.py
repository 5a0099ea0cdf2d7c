"""Records by what they say: a page of them at a time, the newest first, whatever the size of the log.

No index is kept for what a record says (each would slow every answer down): a search reads `WINDOW` entries at most,
and its page tells from where to read on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import QuerySet

from consent.ledger.models import ConsentRecord, LogEntry, LogHead

PAGE = 50
WINDOW = 100_000  # entries that one search reads
CONSENT = LogEntry.Type.CONSENT.value


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for; what is empty is not asked. `type` "" is every kind of entry; days are in UTC."""

    type: str = CONSENT
    action: str = ""
    jurisdiction: str = ""
    release: int | None = None
    start: date | None = None
    end: date | None = None
    before: int | None = None  # only what stands before this place in the log


@dataclass(slots=True)
class Page:
    """What was found; `older` is the `before` of the next page, None at the log's beginning. `read_to`: the search
    stopped there with fewer than a page, because it had read enough."""

    rows: list[ConsentRecord] = field(default_factory=list)
    older: int | None = None
    read_to: int | None = None


def find(site_id: int, query: Query) -> Page:
    """A page of the records of a site that are meant."""
    before = end_of(site_id) if query.before is None else min(query.before, end_of(site_id))
    records = _matching(site_id, query)
    if query.type and query.type != CONSENT:
        return _few(site_id, query, before)
    floor, before = span(site_id, query, before)
    start = max(floor, before - WINDOW)
    rows = list(records.filter(index__lt=before, index__gte=start).order_by("-index")[: PAGE + 1])
    if len(rows) > PAGE:
        return Page(rows[:PAGE], rows[PAGE - 1].index)
    return Page(rows, start, start) if start > floor else Page(rows)


def records_at(site_id: int, places: Sequence[tuple[int, date]]) -> QuerySet[ConsentRecord]:
    """The records at places of a site's log (index, day), of which there is one at least. The days lead PostgreSQL to
    the partitions that can hold them."""
    days = [day for _, day in places]
    begin, until = _bounds(Query(start=min(days), end=max(days)))
    return ConsentRecord.objects.filter(
        site_id=site_id, index__in=[index for index, _ in places], received_at__gte=begin, received_at__lt=until
    )


def end_of(site_id: int) -> int:
    """How many entries the log has."""
    return LogHead.objects.filter(pk=site_id).values_list("size", flat=True).first() or 0


def span(site_id: int, query: Query, before: int) -> tuple[int, int]:
    """The stretch of the log (first, end) that the days can lie in. Time never runs backwards along it, except where a
    clock was put right: then all of it."""
    begin, until = _bounds(query)
    repairs = LogEntry.objects.filter(site_id=site_id, type=LogEntry.Type.CLOCK_REPAIR).exclude(type=CONSENT)
    if not (begin or until) or repairs.exists():
        return 0, before
    inside = ConsentRecord.objects.filter(site_id=site_id)
    inside = inside.filter(received_at__gte=begin) if begin else inside
    inside = inside.filter(received_at__lt=until) if until else inside
    oldest = inside.order_by("received_at", "index").values_list("index", flat=True).first()
    newest = inside.order_by("-received_at", "-index").values_list("index", flat=True).first()
    return (0, 0) if oldest is None or newest is None else (oldest, min(before, newest + 1))


def _matching(site_id: int, query: Query) -> QuerySet[ConsentRecord]:
    begin, until = _bounds(query)
    asked = {
        "type": query.type, "action": query.action, "jurisdiction": query.jurisdiction, "release": query.release,
        "received_at__gte": begin, "received_at__lt": until,
    }  # fmt: skip
    return ConsentRecord.objects.filter(site_id=site_id, **{k: v for k, v in asked.items() if v not in ("", None)})


def _few(site_id: int, query: Query, before: int) -> Page:
    """Entries that are no answers are few, and have an index of their own."""
    entries = LogEntry.objects.filter(site_id=site_id, type=query.type, index__lt=before).exclude(type=CONSENT)
    if query.start:
        entries = entries.filter(day__gte=query.start)
    if query.end:
        entries = entries.filter(day__lte=query.end)
    found: list[ConsentRecord] = []
    indexes = list(entries.order_by("-index").values_list("index", flat=True)[: PAGE * 20])
    for at in range(0, len(indexes), PAGE):
        part = indexes[at : at + PAGE]
        found += _matching(site_id, query).filter(index__in=part).order_by("-index")
        if len(found) > PAGE:
            return Page(found[:PAGE], found[PAGE - 1].index)
    return Page(found, indexes[-1], indexes[-1]) if len(indexes) == PAGE * 20 else Page(found)


def _bounds(query: Query) -> tuple[datetime | None, datetime | None]:
    begin = datetime.combine(query.start, time.min, UTC) if query.start else None
    until = datetime.combine(query.end + timedelta(days=1), time.min, UTC) if query.end else None
    return begin, until
