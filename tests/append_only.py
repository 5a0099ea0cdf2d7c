"""Dropping the append-only triggers: what test teardown needs, and what an attacker would do first."""

from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.db import transaction

from consent.ledger import guards

# Of the code, not of a test.
KEPT = {"auth_permission", "django_content_type"}
MANY = 500  # rows; one by one, more take longer than to truncate every table


def drop(connection: Any) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for name in guards._sqlite():
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
        else:
            for table in guards._allowed(""):
                cursor.execute(f"DROP FUNCTION IF EXISTS {table}_guard() CASCADE")


def empty(connection: Any) -> None:
    """Deletes every row but content types and permissions, and puts the triggers back.

    Django's `flush` truncates a hundred tables of which a test wrote ten, and writes all permissions anew: that costs more
    than most of these tests.
    """
    if connection.vendor == "sqlite":  # which waits for the disk after each statement that is not part of a transaction
        with transaction.atomic(using=connection.alias):
            _empty(connection)
    else:  # where no trigger is made in the transaction that deleted
        _empty(connection)


def _empty(connection: Any) -> None:
    drop(connection)
    written = rows(connection)
    if any(count > MANY for count in written.values()):
        call_command("flush", verbosity=0, interactive=False, database=connection.alias, reset_sequences=False)
    else:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            for table in written:
                cursor.execute(f"DELETE FROM {table}")
    guards.install(connection)


def rows(connection: Any) -> dict[str, int]:
    """How many rows each table of ours has that has any, counted up to MANY + 1."""
    tables = set(connection.introspection.django_table_names(only_existing=True, include_views=False)) - KEPT
    counts = (f"SELECT '{table}', count(*) FROM (SELECT 1 FROM {table} LIMIT {MANY + 1}) x" for table in sorted(tables))
    found: dict[str, int] = {}
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(counts))
        found |= {table: count for table, count in cursor.fetchall() if count}
    return found
