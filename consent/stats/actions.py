"""The one place that counts answers. Called by the ledger inside the transaction that stores them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

Key = tuple[int, date, int, str, str, str, str]
"""site_id, day (UTC), release, regime, jurisdiction, language, action"""

_COLUMNS = "site_id, day, release, regime, jurisdiction, language, action"
_UPSERT = (
    f"INSERT INTO consent_dailytotal ({_COLUMNS}, count) VALUES {{}} "  # noqa: S608 - fixed text
    f"ON CONFLICT ({_COLUMNS}) DO UPDATE SET count = consent_dailytotal.count + excluded.count"
)
_ROW = "(%s,%s,%s,%s,%s,%s,%s,%s)"


def add_totals(cursor: Any, totals: Mapping[Key, int]) -> None:
    """Adds to the day totals, in one statement sorted by key so that writers never wait in a circle.

    Call it in the transaction that stores the answers, with their heads locked.
    """
    if not totals:
        return
    rows = sorted((*key, count) for key, count in totals.items())
    for start in range(0, len(rows), 500):  # SQLite takes at most 32,766 parameters
        part = rows[start : start + 500]
        cursor.execute(_UPSERT.format(",".join([_ROW] * len(part))), [value for row in part for value in row])
