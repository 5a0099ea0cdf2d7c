"""People's requests held against the log, which tells when each came, until when it was due, and how it ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any
from uuid import uuid5

from django.utils import timezone

from consent.ledger.models import LogEntry
from consent.requests import entries
from consent.requests.models import SubjectRequest
from consent.sites.models import Site

Records = Mapping[int, Mapping[str, Any]]
Status = SubjectRequest.Status
ENDS = {Status.CLOSED: entries.ANSWERED, Status.WITHDRAWN: entries.WITHDRAWN}


def wrong(site: Site, records: Records) -> Iterator[str]:
    """What does not fit, in words; `records` are those of the log's entries of requests, by their index."""
    rows = LogEntry.objects.filter(site_id=site.pk, type=LogEntry.Type.REQUEST).exclude(type="consent")
    places = {id: index for id, index in rows.values_list("record_id", "index") if index in records}
    known: set[int] = set()
    for row in SubjectRequest.objects.filter(site=site).exclude(log_key=None).order_by("pk").iterator(500):
        assert row.log_key is not None
        ids = {event: places.get(uuid5(row.log_key, event)) for event in entries.EVENTS}
        there = {event: index for event, index in ids.items() if index is not None}
        known.update(there.values())
        yield from _request(row, there, records)
    yield from _gone(records, known)


def unnamed(site: Site) -> int:
    """How many requests no entry tells of, since the log took none then."""
    worked_on = (Status.OPEN, Status.CLOSED)
    return SubjectRequest.objects.filter(site=site, log_key=None, status__in=worked_on).count()


def _request(row: SubjectRequest, there: Mapping[str, int], records: Records) -> Iterator[str]:
    name = f"Request {row.number}"
    first = there.get(entries.RECEIVED)
    if first is None:
        yield f"{name}: the log does not tell that it came."
        return
    end = ENDS.get(Status(row.status))
    for event, index in there.items():
        if event in ENDS.values() and event != end:
            yield f"{name} was {event} by entry {index}, and counts as {row.get_status_display().lower()}."
            return
    if end and end not in there:
        yield f"{name} counts as {row.get_status_display().lower()}, though no entry says so."
    # The due day moves once, at an extension: what was logged before says the earlier one.
    after_extension = {entries.EXTENDED, entries.ANSWERED, entries.WITHDRAWN} & set(there)
    dated = there[max(after_extension, key=lambda event: there[event])] if after_extension else first
    for event, index in there.items():
        expected = entries.record(row, event, None if event == entries.RECEIVED else first)
        for field, value in expected.items():
            stated = records[index].get(field)
            if stated != value and (field != "due" or index == dated):
                yield f"{name}: {field} is {value!r}, but entry {index} says {stated!r}."


def _gone(records: Records, known: set[int]) -> Iterator[str]:
    """Requests that were deleted before their time."""
    today = timezone.now().date()
    over = set()
    for record in records.values():
        if record.get("kept_until") and date.fromisoformat(record["kept_until"]) < today:
            over.add(record.get("of"))
    for index, record in sorted(records.items()):
        if record.get("event") == entries.RECEIVED and index not in known and index not in over:
            yield f"The request that entry {index} tells of is gone."
