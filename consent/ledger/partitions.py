"""Months of records. On PostgreSQL the records' table is partitioned by month (UTC) of `received_at`."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from django.db import connection as default_connection
from django.db import transaction

from consent import citus
from consent.ledger import guards

DEFAULT = f"{guards.RECORD}_default"


def _month(day: date, plus: int = 0) -> date:
    months = day.year * 12 + day.month - 1 + plus
    return date(months // 12, months % 12 + 1, 1)


def make(start: date | None = None, ahead: int = 3, connection: Any = None) -> list[str]:
    """Makes the partitions of the month of `start` (default: now) and of `ahead` more; returns the new ones' names.

    Nothing to do on SQLite. A month whose records already fell into the default partition is left there.
    """
    connection = connection or default_connection
    if connection.vendor != "postgresql":
        return []
    start = start or datetime.now(UTC).date()
    there = set(guards.partitions(connection))
    made = []
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        citus.one_shard_at_a_time(connection)
        for plus in range(ahead + 1):
            month, following = _month(start, plus), _month(start, plus + 1)
            name = f"{guards.RECORD}_y{month:%Y}m{month:%m}"
            if name in there:
                continue
            bounds = (f"{month} 00:00:00+00", f"{following} 00:00:00+00")
            cursor.execute(f"SELECT 1 FROM {DEFAULT} WHERE received_at >= %s AND received_at < %s LIMIT 1", bounds)  # noqa: S608
            if cursor.fetchone():
                continue
            cursor.execute(
                f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF {guards.RECORD} "
                f"FOR VALUES FROM ('{bounds[0]}') TO ('{bounds[1]}')"
            )
            made.append(name)
        if made:
            guards.install(connection)
            transaction.on_commit(lambda: guards.install_on_shards(connection), using=connection.alias)
    return made


def default_is_used(connection: Any = None) -> bool:
    """Whether records fell into the default partition: the months ahead were not made in time."""
    connection = connection or default_connection
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS (SELECT 1 FROM {DEFAULT})")  # noqa: S608
        return bool(cursor.fetchone()[0])
