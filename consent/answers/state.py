"""What a visitor's answers add up to now."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from consent.ledger.models import ConsentRecord


@dataclass(frozen=True, slots=True)
class AnswerInForce:
    """The answer in force: the end of the visitor's chain."""

    record_id: UUID
    index: int
    received_at: datetime
    action: str
    status: str
    choices: dict[str, dict[str, str]]


def answer_in_force(site_id: int, visitor: UUID) -> AnswerInForce | None:
    """The visitor's answer in force, None without one (or when all were erased).

    It follows `replaces`, not the order of arrival: an answer that another one replaces is never in force, however
    late it arrives. Of several ends (two tabs) the longest chain counts, then a no, then the later.
    """
    rows = ConsentRecord.objects.filter(site_id=site_id, visitor=visitor, type="consent", payload__isnull=False)
    found = {row.record_id: row for row in rows}
    replaced = {row.replaces for row in found.values()}

    def depth(row: ConsentRecord) -> int:
        seen: set[UUID] = set()
        current: ConsentRecord | None = row
        while current is not None and current.record_id not in seen:
            seen.add(current.record_id)
            current = found.get(current.replaces) if current.replaces else None
        return len(seen)

    ends = [row for row in found.values() if row.record_id not in replaced] or list(found.values())
    if not ends:
        return None

    def rank(row: ConsentRecord) -> tuple[int, bool, int]:
        says_no = json.loads(row.payload or "{}").get("status") in ("ConsentWithdrawn", "ConsentRefused")
        return depth(row), says_no, row.index

    row = max(ends, key=rank)
    payload: dict[str, Any] = json.loads(row.payload or "{}")
    return AnswerInForce(row.record_id, row.index, row.received_at, row.action, payload["status"], payload["choices"])
