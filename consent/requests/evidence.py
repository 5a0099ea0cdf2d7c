"""One request as evidence: what was asked and when, by when the law wanted what, everything that was done."""

from __future__ import annotations

import hashlib
from typing import Any

from django.db import transaction

from consent.ledger.append import utc_text
from consent.requests import entries
from consent.requests.deadlines import LAWS, TABLE, deadlines
from consent.requests.models import SubjectRequest
from consent.trail.actions import audit

FORMAT = "fairgate-request/1"


@transaction.atomic
def of(row: SubjectRequest, actor: str) -> dict[str, Any]:
    """The document; that it was made is in the audit trail. Files are named by SHA-256, internal notes stay out."""
    terms = deadlines(row.place, row.kind)
    audit(row.site, actor, "request.export", number=row.number)
    return {
        "format": FORMAT,
        "site": {"uuid": str(row.site.uuid), "name": row.site.name, "controller": row.site.controller},
        "number": row.number,
        "kind": row.kind,
        "channel": row.channel,
        "place": row.place,
        "law": {"name": LAWS[row.law]["name"], "table": TABLE["version"], "answer": terms.answer.cite},
        "person": {"name": row.name, "email": row.email, "agent": row.agent, "details": row.details},
        "status": row.status,
        "outcome": row.outcome,
        "because": row.because,
        "received_at": utc_text(row.received_at),
        "confirmed_at": utc_text(row.confirmed_at) if row.confirmed_at else None,
        "acknowledged_at": utc_text(row.acknowledged_at) if row.acknowledged_at else None,
        "receipt_due": row.receipt_due.isoformat() if row.receipt_due else None,
        "due": row.due.isoformat(),
        "extended_at": utc_text(row.extended_at) if row.extended_at else None,
        "closed_at": utc_text(row.closed_at) if row.closed_at else None,
        "in_time": row.closed_at.date() <= row.due if row.closed_at else None,
        "ledger": entries.found(row),
        "log": [
            {
                "at": utc_text(event.at),
                "kind": event.kind,
                "by": event.actor or "the person or the server",
                "text": event.text,
            }
            for event in row.events.exclude(kind="note")
        ],
        "files": [
            {"name": file.name, "bytes": file.size, "sha256": hashlib.sha256(bytes(file.content)).hexdigest()}
            for file in row.files.all()
        ],
    }
