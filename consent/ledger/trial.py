"""Whether an answer could be stored now: it is tried, with rows that are taken back."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from uuid import uuid4

from django.db import connections, transaction

from consent.ledger.models import ConsentRecord, LogEntry

SITE, INDEX = -1, -1  # no site's
PAYLOAD = 65_536  # characters: some pages more, so that a full disk shows


def store_nothing(using: str = "default") -> None:
    """Inserts an entry and its record, and rolls back. Raises DatabaseError when the database refuses them.

    It leaves dead rows, which vacuum takes away: for when there is doubt, not for every question.
    """
    now, record_id = datetime.now(UTC), uuid4()
    common = {"site_id": SITE, "index": INDEX, "record_id": record_id, "type": "consent", "day": now.date()}
    with transaction.atomic(using=using):
        LogEntry.objects.using(using).bulk_create(
            [LogEntry(**common, request_hash=bytes(32), release_hash="", commitment=bytes(32))]
        )
        ConsentRecord.objects.using(using).bulk_create(
            # Random, since PostgreSQL would press anything else into one page.
            [ConsentRecord(**common, received_at=now, payload=os.urandom(PAYLOAD // 2).hex(), salt=bytes(32))]
        )
        transaction.set_rollback(True, using=using)


def takes_writes(using: str = "default") -> bool:
    """False on a read-only database or a standby; SQLite tells only when it is tried."""
    connection = connections[using]
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on'")
        return not cursor.fetchone()[0]
