"""Dropping the append-only triggers: what test teardown needs, and what an attacker would do first."""

from __future__ import annotations

from typing import Any

from consent.ledger import guards


def drop(connection: Any) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for name in guards._sqlite():
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
        else:
            for table in guards._allowed(""):
                cursor.execute(f"DROP FUNCTION IF EXISTS {table}_guard() CASCADE")
