"""What a fixture writes, written again for each test that wants it: inserting rows takes a fraction of what the verbs take.

The verbs have tests of their own. A minute later they are asked again, so that what they wrote is as old as a test may
take it for.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.utils import timezone

from consent.ledger import kept as checkpoints
from consent.models import Site, TrailHead

State = tuple[list[tuple[Any, ...]], ...]
Rows = dict[str, tuple[list[str], list[tuple[Any, ...]]]]  # table → columns, rows
FRESH = 60  # seconds


class Written(NamedTuple):
    """What `make` wrote; on what, under which settings, and when by Django's clock and the machine's."""

    before: State
    rows: Rows
    settings: dict[str, str]
    clock: Any
    at: float


_written: dict[str, Written] = {}


def write(name: str, make: Callable[[], None]) -> None:
    """Calls `make`, or writes what it wrote when it was last called with these settings and on this state.

    Rows are equal to the last bit, uuids and keys too; each test takes them away again. Not for what reads
    the clock of a test.
    """
    given = {key: repr(getattr(settings, key)) for key in dir(settings) if key.startswith("FAIRGATE")}
    before, now = _state(), timezone.now()
    last = _written.get(name)
    if last and last.settings == given and last.before == before and _recent(last, now):
        _insert(last)
        return
    there = _read()
    make()
    new: Rows = {}
    for table, (columns, rows) in _read().items():
        more = [row for row in rows if row not in there[table][1]]
        if len(there[table][1]) + len(more) != len(rows):  # it changed what was there
            return
        new[table] = (columns, more)
    _written[name] = Written(before, new, given, now, time.monotonic())


def _recent(last: Written, now: Any) -> bool:
    aged = now - last.clock
    passed = timedelta(seconds=time.monotonic() - last.at)
    return (
        aged < timedelta(seconds=FRESH)
        and abs(aged - passed) < timedelta(seconds=5)
        and now.date() == last.clock.date()
    )


def _state() -> State:
    """What the rows stand on: people and sites by their keys, and where each trail ends."""
    return (
        list(get_user_model().objects.order_by("pk").values_list("pk", "date_joined")),
        list(Site.objects.order_by("pk").values_list("pk", "uuid")),
        list(TrailHead.objects.order_by("pk").values_list("pk", "hash")),
    )


def _read() -> Rows:
    found: Rows = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.django_table_names(only_existing=False, include_views=False):
            cursor.execute(f"SELECT * FROM {table}")
            columns = [column[0] for column in cursor.description]
            found[table] = (columns, [tuple(_plain(value) for value in row) for row in cursor.fetchall()])
    return found


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value


def _insert(last: Written) -> None:
    with transaction.atomic(), connection.cursor() as cursor:  # what refers to a row may come before it
        for table, (columns, rows) in last.rows.items():
            if rows:
                row = f"({', '.join(['%s'] * len(columns))})"
                names, values = ", ".join(f'"{name}"' for name in columns), ", ".join([row] * len(rows))
                cursor.execute(f"INSERT INTO {table} ({names}) VALUES {values}", [one for row in rows for one in row])
    # What an earlier test kept of the site beside the database.
    for uuid in Site.objects.values_list("uuid", flat=True):
        checkpoints.path(str(uuid)).unlink(missing_ok=True)
