"""The one way into the audit trail."""

from __future__ import annotations

from typing import Any

from consent.trail.models import AuditEvent
from consent.trail.verbs import Verb


def audit(site: Any, actor: str, verb: str, **detail: Any) -> AuditEvent:
    """Adds to the audit trail. Call it in the transaction of the change it tells of. Raises ValueError for a verb that
    has no words (`consent/trail/verbs.py`)."""
    return AuditEvent.objects.create(site=site, actor=actor, verb=Verb(verb).value, detail=detail)
