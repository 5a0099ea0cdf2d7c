"""The one way into the audit trail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import transaction
from django.utils import timezone

from consent.trail import chain
from consent.trail.models import AuditEvent, TrailHead
from consent.trail.verbs import Verb

_gathered: ContextVar[list[list[Any]] | None] = ContextVar("gathered", default=None)
NO_SITE = 0  # the trail of what belongs to no site


@transaction.atomic(savepoint=False)
def audit(site: Any, actor: str, verb: str, **detail: Any) -> AuditEvent:
    """Adds to the audit trail. Call it in the transaction of the change it tells of, after all that takes locks: the
    end of the site's trail is locked until it ends. Raises ValueError for a verb that has no words
    (`consent/trail/verbs.py`). Within `as_one` it is a part of the one line that comes of it."""
    gathered = _gathered.get()
    if gathered is not None:
        gathered.append([Verb(verb).value, detail])
        return AuditEvent(site=site, actor=actor, verb=verb, detail=detail)
    key = site.pk if site else NO_SITE
    TrailHead.objects.bulk_create([TrailHead(site_id=key)], ignore_conflicts=True)
    head = TrailHead.objects.select_for_update().get(site_id=key)
    event = AuditEvent(site=site, actor=actor, verb=Verb(verb).value, detail=detail, at=timezone.now())
    event.number = head.count + 1
    event.hash = chain.link(
        head.hash, site=str(site.uuid) if site else "", actor=actor, verb=event.verb, detail=detail, at=event.at
    )
    event.save(force_insert=True)
    TrailHead.objects.filter(site_id=key).update(count=event.number, hash=event.hash)
    return event


@contextmanager
def as_one(site: Any, actor: str, verb: str, **detail: Any) -> Iterator[None]:
    """What verbs say of one site within it is one line, with `done`: [[verb, detail], …]; none when nothing."""
    done: list[list[Any]] = []
    token = _gathered.set(done)
    try:
        yield
    finally:
        _gathered.reset(token)
    if done:
        audit(site, actor, verb, **detail, done=done)


def head(site_id: int) -> str:
    """The hash of the site's last line; "" before the first."""
    return TrailHead.objects.filter(site_id=site_id).values_list("hash", flat=True).first() or ""
