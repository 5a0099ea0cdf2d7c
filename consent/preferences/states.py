"""States as a batch of choices leaves them: read by their keys, written at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from io import StringIO
from uuid import UUID

from django.db import connection

from consent.preferences.models import ChoiceState

Key = tuple[UUID, int]
COPIED = 200  # rows from which on COPY costs less than an INSERT of many
_COLUMNS = (
    "site_id", "subject", "topic_id", "value", "acted_at", "noticed_at", "notice_by", "wording", "language", "method",
    "source", "entry",
)  # fmt: skip
_KEY = ("site_id", "subject", "topic_id")


@dataclass(slots=True)
class StateRow:
    """A row of ChoiceState without its model: a file has a million of them."""

    site_id: int
    subject: UUID
    topic_id: int
    value: str = ""
    acted_at: datetime | None = None
    noticed_at: datetime | None = None
    notice_by: str = ""
    wording: int = 0
    language: str = ""
    method: str = ""
    source: str = ""
    entry: int = -1


def read(site_id: int, keys: Iterable[Key]) -> dict[Key, StateRow]:
    """The states that there are under these keys."""
    wanted = set(keys)
    rows = ChoiceState.objects.filter(site_id=site_id, subject__in={subject for subject, _ in wanted})
    found = (StateRow(*row) for row in rows.values_list(*_COLUMNS))
    return {(one.subject, one.topic_id): one for one in found if (one.subject, one.topic_id) in wanted}


def write(rows: Sequence[StateRow]) -> None:
    """Inserts or replaces rows. Call it in a transaction that holds the lock of the site's log."""
    if connection.vendor != "postgresql" or len(rows) < COPIED:
        models = [ChoiceState(**dict(zip(_COLUMNS, astuple(row), strict=True))) for row in rows]
        fields = [name for name in _COLUMNS if name not in _KEY]
        ChoiceState.objects.bulk_create(
            models, update_conflicts=True, update_fields=fields, unique_fields=("site", "subject", "topic")
        )
        return
    table, columns = ChoiceState._meta.db_table, ", ".join(_COLUMNS)
    replaced = ", ".join(f"{name} = EXCLUDED.{name}" for name in _COLUMNS if name not in _KEY)
    with connection.wrap_database_errors, connection.cursor() as wrapped:
        cursor = wrapped.cursor
        cursor.execute(f"CREATE TEMP TABLE choice_batch ON COMMIT DROP AS SELECT {columns} FROM {table} LIMIT 0")
        cursor.copy_expert(f"COPY choice_batch ({columns}) FROM STDIN", StringIO("".join(map(_line, rows))))
        cursor.execute(
            f"INSERT INTO {table} ({columns}) SELECT {columns} FROM choice_batch "
            f"ON CONFLICT ({', '.join(_KEY)}) DO UPDATE SET {replaced}"
        )
        cursor.execute("DROP TABLE choice_batch")


def _line(row: StateRow) -> str:
    """A row for COPY's text format; what may stand in its texts is one line (`collecting`)."""
    acted = "\\N" if row.acted_at is None else row.acted_at.isoformat()
    noticed = "\\N" if row.noticed_at is None else row.noticed_at.isoformat()
    texts = "\t".join((str(row.wording), row.language, row.method, row.source)).replace("\\", "\\\\")
    return (
        f"{row.site_id}\t{row.subject}\t{row.topic_id}\t{row.value}\t{acted}\t{noticed}\t{row.notice_by}\t"
        f"{texts}\t{row.entry}\n"
    )
