"""Writes on sites, hosts, members, tokens; and the one way into the audit trail."""

from __future__ import annotations

from typing import Any

from consent.sites.models import AuditEvent, Site


def note(site: Site | None, actor: str, verb: str, **detail: Any) -> AuditEvent:
    """Adds to the audit trail. Call it in the transaction of the change it tells of."""
    return AuditEvent.objects.create(site=site, actor=actor, verb=verb, detail=detail)
