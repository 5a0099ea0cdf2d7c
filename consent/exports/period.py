"""The stretch of one site's log that an export covers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

import msgspec
from django.db import connections
from django.db.models import Max, Min

from consent.ledger import copying
from consent.ledger.append import utc_text
from consent.ledger.erasure import midnight
from consent.ledger.models import ConsentRecord, LogEntry
from consent.sites.models import Site

CHUNK = 2_000  # of SQLite
SOME = 100  # leaves of a list that are read together: one that names what was erased may have 50 kB
_ENTRY = ("index", "record_id", "type", "day", "release_hash", "commitment", "request_hash")
_RECORD = (
    "index", "received_at", "release", "regime", "jurisdiction", "language", "action", "visitor", "replaces", "payload",
    "salt",
)  # fmt: skip


class LogRow(msgspec.Struct, frozen=True, gc=False):
    """One leaf with its record; `payload` and `salt` are None when the record was erased. Ids are texts, and so is the
    time (`stamp`: RFC 3339, UTC, microseconds), as the record says it."""

    index: int
    record_id: str
    type: str
    day: date
    release_hash: str
    commitment: bytes
    request_hash: bytes
    stamp: str
    release: int | None
    regime: str
    jurisdiction: str
    language: str
    action: str
    visitor: str | None
    replaces: str | None
    payload: str | None
    salt: bytes | None

    @property
    def received_at(self) -> datetime:
        return datetime.fromisoformat(self.stamp)

    @property
    def erased(self) -> bool:
        return self.payload is None


@dataclass(frozen=True, slots=True)
class Period:
    """Leaves `first` … `last` of a site, both included; `last < first` when the period is empty.

    Where the clock was put right, leaves of other days may lie among them: `inside` tells.
    """

    site: Site
    start: date
    end: date
    first: int
    last: int

    @property
    def count(self) -> int:
        return max(0, self.last - self.first + 1)

    def inside(self, row: LogRow) -> bool:
        """Whether a row was received in the period."""
        return self.first <= row.index <= self.last and self.start <= row.day <= self.end


def find(site: Site, start: date, end: date) -> Period:
    """The leaves received from `start` to `end`, days in UTC, both included. Raises ValueError on a reversed period.

    `received_at` never runs backwards along the index (it is set under the head's lock), so a period is a range. Only
    a `clock_repair` entry sets it back: the range then reaches from the last leaf that is older than the period to the
    first one that is younger, so that a verifier sees that nothing was cut off.
    """
    if end < start:
        raise ValueError(f"The period ends ({end}) before it begins ({start}).")
    begin = datetime.combine(start, time.min, UTC)
    until = (
        datetime.combine(end + timedelta(days=1), time.min, UTC) if end < date.max else datetime.max.replace(tzinfo=UTC)
    )
    found = ConsentRecord.objects.filter(site_id=site.pk, received_at__gte=begin, received_at__lt=until).aggregate(
        first=Min("index"), last=Max("index")
    )
    if found["first"] is None:
        return Period(site, start, end, 0, -1)
    first, last = found["first"], found["last"]
    entries = LogEntry.objects.filter(site_id=site.pk)
    if entries.filter(type=LogEntry.Type.CLOCK_REPAIR).exclude(type="consent").exists():  # the small index
        before = entries.filter(index__lt=first, day__lt=start).order_by("-index").values_list("index", flat=True)
        after = entries.filter(index__gt=last, day__gt=end).order_by("index").values_list("index", flat=True)
        older, younger = before.first(), after.first()
        first = 0 if older is None else older + 1
        last = younger - 1 if younger is not None else entries.aggregate(last=Max("index"))["last"]
    return Period(site, start, end, first, last)


def rows(site_id: int, first: int, last: int, using: str = "default") -> Iterator[LogRow]:
    """Leaves `first` … `last` in index order, a chunk at a time: constant memory for any size."""
    if connections[using].vendor == "sqlite":
        return _rows_of_sqlite(site_id, first, last, using)
    return _rows_of_postgres(site_id, first, last, using)


def _rows_of_postgres(site_id: int, first: int, last: int, using: str) -> Iterator[LogRow]:
    records = copying.records(site_id, first, last, using)
    record = next(records, None)
    for index, record_id, request, sealed, (kind, day, release_hash) in copying.entries(site_id, first, last, using):
        while record is not None and record[0] < index:
            record = next(records, None)
        if record is None:
            return
        if record[0] != index:
            continue
        _, stamp, _, salt, visitor, replaces, payload, words = record
        _, _, release, regime, jurisdiction, language, action = words
        yield LogRow(
            index, record_id, kind, day, release_hash, sealed, request, stamp, release, regime, jurisdiction, language,
            action, visitor, replaces, None if payload is None else payload.decode(), salt,
        )  # fmt: skip


def _rows_of_sqlite(site_id: int, first: int, last: int, using: str) -> Iterator[LogRow]:
    entry, record = LogEntry._meta.db_table, ConsentRecord._meta.db_table
    query = (
        "SELECT e.leaf_index, e.record_id, e.type, e.day, e.release_hash, e.commitment, e.request_hash,"
        " r.received_at, r.release, r.regime, r.jurisdiction, r.language, r.action,"
        " r.visitor, r.replaces, r.payload, r.salt"
        f" FROM {entry} e JOIN {record} r ON r.site_id = e.site_id AND r.leaf_index = e.leaf_index"
        " WHERE e.site_id = %s AND e.leaf_index >= %s AND e.leaf_index <= %s"
        " AND r.site_id = %s AND r.leaf_index >= %s AND r.leaf_index <= %s ORDER BY e.leaf_index"
    )
    while first <= last:
        until = min(last, first + CHUNK - 1)
        with connections[using].cursor() as cursor:
            cursor.execute(query, [site_id, first, until, site_id, first, until])
            yield from map(_from_sqlite, cursor.fetchall())
        first = until + 1


def _from_sqlite(values: tuple[Any, ...]) -> LogRow:
    index, record_id, kind, day, release_hash, sealed, request, at = values[:8]
    release, regime, jurisdiction, language, action, visitor, replaces, payload, salt = values[8:]
    day = day if isinstance(day, date) else date.fromisoformat(day)
    at = at if isinstance(at, datetime) else datetime.fromisoformat(at)
    at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    return LogRow(
        index, _dashed(record_id) or "", kind, day, release_hash, bytes(sealed), bytes(request), utc_text(at), release,
        regime, jurisdiction, language, action, _dashed(visitor), _dashed(replaces), payload,
        None if salt is None else bytes(salt),
    )  # fmt: skip


def at(site_id: int, indexes: Iterable[int]) -> Iterator[LogRow]:
    """The leaves at these places, in the order in which they are named, SOME at a time. Raises ValueError for one that
    is not there."""
    source = iter(indexes)
    while part := list(islice(source, SOME)):
        yield from _some(site_id, part)


def _some(site_id: int, indexes: list[int]) -> Iterator[LogRow]:
    found = LogEntry.objects.filter(site_id=site_id, index__in=indexes).values_list(*_ENTRY)
    entries = {index: rest for index, *rest in found}
    days = [day for _, _, day, *_ in entries.values()]
    records: dict[int, list[Any]] = {}
    if days:  # which lead PostgreSQL to the partitions that can hold the records
        stored = ConsentRecord.objects.filter(
            site_id=site_id, index__in=indexes, received_at__gte=midnight(min(days)),
            received_at__lt=midnight(max(days) + timedelta(days=1)),
        )  # fmt: skip
        records = {index: rest for index, *rest in stored.values_list(*_RECORD)}
    for index in indexes:
        if index not in entries or index not in records:
            raise ValueError(f"Entry {index} of the log is gone: run manage.py verify_ledger.")
        record_id, kind, day, release_hash, sealed, request = entries[index]
        received_at, release, regime, jurisdiction, language, action, visitor, replaces, payload, salt = records[index]
        yield LogRow(
            index, str(record_id), kind, day, release_hash, bytes(sealed), bytes(request), utc_text(received_at),
            release, regime, jurisdiction, language, action, _dashed(visitor), _dashed(replaces), payload,
            None if salt is None else bytes(salt),
        )  # fmt: skip


def _dashed(value: str | UUID | None) -> str | None:
    return None if value is None else str(UUID(str(value)))
