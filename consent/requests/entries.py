"""What the ledger holds of a request: that it came, that its address was verified, that more time was taken, how it
ended. Kind, law, days and outcome, and nothing of the person: not the place, which in a small one says who, and not the
request's number, which stands in their mails.

The ids of a request's entries are made from a random key on its row. When the row has been kept long enough and is
deleted, the key goes with it, and nothing leads from an entry to anybody. Requests that nobody confirmed have none.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4, uuid5

from django.db import transaction

from consent.common import InvalidChange
from consent.ledger.append import append_unless_stopped, draft_of
from consent.ledger.models import LogEntry
from consent.requests.models import SubjectRequest

RECEIVED, VERIFIED, EXTENDED, ANSWERED, WITHDRAWN = "received", "verified", "extended", "answered", "withdrawn"
EVENTS = (RECEIVED, VERIFIED, EXTENDED, ANSWERED, WITHDRAWN)
Status = SubjectRequest.Status


def add(row: SubjectRequest, event: str) -> int | None:
    """Logs an event of an open request, as the row says it now, before it that it came. None while the ledger takes
    no entries: then `catch_up` makes up for it. Call it before `audit`, which holds the lock that others wait for."""
    if row.log_key is None:
        key = uuid4()
        if _append(row, RECEIVED, key, None) is None:
            return None
        row.log_key = key
        row.save(update_fields=("log_key",))
    first = found(row)[RECEIVED]
    return first if event == RECEIVED else _append(row, event, row.log_key, first)


def must_add(row: SubjectRequest, event: str) -> None:
    """The same where a request ends or its due day moves: nobody could prove it later. Raises InvalidChange."""
    if add(row, event) is None:
        raise InvalidChange("The ledger takes no entries until the operator has looked at it. Try again then.")


def catch_up() -> int:
    """Logs that requests came whose entry could not be made then; returns how many."""
    rows = SubjectRequest.objects.filter(log_key=None, status__in=(Status.OPEN, Status.CLOSED)).select_related("site")
    return sum(_caught_up(row.pk) for row in rows)


@transaction.atomic
def _caught_up(pk: int) -> bool:
    row = SubjectRequest.objects.select_for_update(of=("self",)).select_related("site").filter(pk=pk).first()
    if row is None or row.log_key or add(row, RECEIVED) is None:
        return False
    if row.confirmed_at:
        add(row, VERIFIED)
    if row.status == Status.CLOSED:  # by a version that had no entries of requests
        add(row, ANSWERED)
    return True


def found(row: SubjectRequest) -> dict[str, int]:
    """Where the log has the events of a request: {event: index}."""
    if row.log_key is None:
        return {}
    events = {uuid5(row.log_key, event): event for event in EVENTS}
    entries = LogEntry.objects.filter(site_id=row.site_id, record_id__in=list(events))
    return {events[id]: index for id, index in entries.order_by("index").values_list("record_id", "index")}


def record(row: SubjectRequest, event: str, of: int | None) -> dict[str, Any]:
    """What an entry says; `of` is the place of the request's first one."""
    said: dict[str, Any] = {
        "event": event,
        "kind": str(row.kind),
        "law": row.law,
        "came": row.received_at.date().isoformat(),
        "due": row.due.isoformat(),
    }
    if of is not None:
        said["of"] = of
    if event == ANSWERED:
        said["outcome"] = str(row.outcome)
    if event in (ANSWERED, WITHDRAWN):
        said["kept_until"] = row.keep_until.isoformat() if row.keep_until else ""
    return said


def _append(row: SubjectRequest, event: str, key: UUID, first: int | None) -> int | None:
    draft = draft_of(row.site_id, row.site.uuid, LogEntry.Type.REQUEST, record(row, event, first), uuid5(key, event))
    return append_unless_stopped(draft)
