"""What a webhook is told besides opt-outs, for who wants it: every answer, every choice beyond cookies, every change of
the site's trail (publishes, settings, people …), and every step of what people ask about their data
(`consent.requests.steps`).

The log, the trail and the requests' own logs are the queue: the webhook's row holds the place from which it is still to
be told, so that an answer costs nothing more, nothing is lost while the receiver is away, and what was erased meanwhile
is not sent.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from consent.answers import optouts
from consent.common import InvalidChange
from consent.jobs.actions import enqueue
from consent.ledger.models import LogEntry, LogHead
from consent.ledger.search import records_at
from consent.notices import actions as notices
from consent.requests import steps
from consent.sites.actions import webhook_of
from consent.sites.models import Site, Webhook, WebhookDelivery
from consent.sites.queries import locked
from consent.trail.actions import audit
from consent.trail.models import AuditEvent, TrailHead
from consent.trail.verbs import words_of

FEED, AGAIN = "webhook_feed", "webhook_again"  # kinds of jobs
ANSWERS, CHANGES, OPTOUT, NOTICES, CHOICES = "answers", "changes", "optout", "notices", "choices"
REQUESTS = steps.REQUESTS
# What may be asked for here; opt-outs are always told, notices by their kinds.
EVENTS = (ANSWERS, CHANGES, CHOICES, REQUESTS)
LARGEST_BATCH = 100


@transaction.atomic
def listen(site: Site, actor: str, *, events: Sequence[str] | None = None, batch: int | None = None) -> Webhook:
    """What the site's webhook is told from now on, besides opt-outs, and how many at once. Raises InvalidChange."""
    site = locked(site)
    if not site.webhook_url:
        raise InvalidChange(gettext("This site has no webhook; enter its address first."))
    hook = webhook_of(site)
    before: dict[str, Any] = {"events": list(hook.events), "batch": hook.batch}
    wanted: list[str] = before["events"] if events is None else [name for name in EVENTS if name in events]
    if events is not None and (unknown := sorted(set(events) - set(EVENTS))):
        raise InvalidChange(f"There are no events {', '.join(unknown)}; there are {', '.join(EVENTS)}.")
    if batch is not None:
        if not 1 <= batch <= LARGEST_BATCH:
            raise InvalidChange(gettext("A delivery holds 1 to %(most)s events.") % {"most": LARGEST_BATCH})
        hook.batch = batch
    if ANSWERS in wanted and ANSWERS not in hook.events:
        hook.next_answer = LogHead.objects.filter(pk=site.pk).values_list("size", flat=True).first() or 0
    if CHANGES in wanted and CHANGES not in hook.events:
        hook.next_change = (TrailHead.objects.filter(pk=site.pk).values_list("count", flat=True).first() or 0) + 1
    if REQUESTS in wanted and REQUESTS not in hook.events:
        steps.untold(site.pk).update(told_at=timezone.now())
    if CHOICES in wanted and CHOICES not in hook.events:
        hook.next_choice = LogHead.objects.filter(pk=site.pk).values_list("size", flat=True).first() or 0
    hook.events = wanted
    after = {"events": wanted, "batch": hook.batch}
    if after != before:
        hook.save(update_fields=["events", "batch", "next_answer", "next_change", "next_choice"])
        audit(site, actor, "webhook.events", changed={key: [before[key], after[key]] for key in after})
    return hook


@transaction.atomic
def send_again(delivery: WebhookDelivery, actor: str) -> None:
    """Has a delivery sent again, read anew. Raises InvalidChange when the site has no webhook any more."""
    site = locked(delivery.site)
    if not site.webhook_url:
        raise InvalidChange(gettext("This site has no webhook; enter its address first."))
    enqueue(AGAIN, site=site, params={"delivery": delivery.pk}, once=True)
    audit(site, actor, "webhook.again", delivery=delivery.message)


def due() -> list[Site]:
    """The sites whose webhook has still to be told of something."""
    hooks = Webhook.objects.exclude(events=[]).exclude(site__webhook_url="").select_related("site")
    return [hook.site for hook in hooks if any(next_places(hook, kind) for kind in hook.events)]


def next_places(hook: Webhook, kind: str) -> list[int]:
    """The places of the next delivery, at most a batch; [] when everything was told."""
    if kind == ANSWERS:
        entries = LogEntry.objects.filter(site_id=hook.site_id, index__gte=hook.next_answer or 0)
        found = entries.filter(type=LogEntry.Type.CONSENT).order_by("index").values_list("index", flat=True)
        return list(found[: hook.batch])
    if kind == REQUESTS:
        return list(steps.untold(hook.site_id).values_list("pk", flat=True)[: hook.batch])
    if kind == CHOICES:
        entries = LogEntry.objects.filter(site_id=hook.site_id, index__gte=hook.next_choice or 0)
        said = entries.filter(type=LogEntry.Type.CHOICE).exclude(type=LogEntry.Type.CONSENT).order_by("index")
        return list(said.values_list("index", flat=True)[: hook.batch])
    events = AuditEvent.objects.filter(site_id=hook.site_id, number__gte=hook.next_change or 1)
    return [number for number in events.order_by("number").values_list("number", flat=True)[: hook.batch] if number]


def mark_told(hook: Webhook, kind: str, places: Sequence[int]) -> None:
    """The webhook knows everything up to the last of these places, which `next_places` gave."""
    if kind == REQUESTS:
        steps.mark_told(places)
        return
    name = {ANSWERS: "next_answer", CHOICES: "next_choice"}.get(kind, "next_change")
    setattr(hook, name, places[-1] + 1)
    hook.save(update_fields=[name])


def rows(site: Site, kind: str, places: Sequence[int]) -> list[dict[str, Any]]:
    """What is told of these places, as it is now."""
    if kind == NOTICES:
        return notices.events(site, places)
    if kind == REQUESTS:
        return steps.events(site, places)
    if kind == CHOICES:
        return _choices(site, places)
    if kind != CHANGES:
        return optouts.events(site.pk, places)
    events = AuditEvent.objects.filter(site=site, number__in=list(places)).order_by("number")
    return [
        {
            "number": event.number,
            "at": event.at.astimezone(UTC).isoformat(),
            "actor": event.actor,
            "verb": event.verb,
            "words": words_of(event.verb),
            "detail": event.detail,
        }
        for event in events
    ]


def _choices(site: Site, places: Sequence[int]) -> list[dict[str, Any]]:
    """What people said beyond cookies, in the order of the log; nothing of those who were erased. The order of their
    acts is in `acted_at`."""
    entries = LogEntry.objects.filter(site_id=site.pk, index__in=list(places), type=LogEntry.Type.CHOICE)
    known = list(entries.values_list("index", "day"))
    if not known:
        return []
    found = []
    for record in records_at(site.pk, known).filter(payload__isnull=False).order_by("index"):
        said = json.loads(record.payload or "{}")
        found.append(
            {
                "id": str(record.record_id),
                "index": record.index,
                "received_at": record.received_at.astimezone(UTC).isoformat(),
                "acted_at": said["acted_at"],
                "subject": str(record.visitor),
                "topic": said["topic"],
                "value": record.action,
                "method": said["method"],
                "wording": said.get("wording", 0),
            }
        )
    return found


def message_of(site: Site, kind: str, found: Sequence[dict[str, Any]]) -> str:
    """The id of a delivery: the same for the same things, and it tells of nothing."""
    names = ",".join([str(site.uuid), *(str(row.get("id") or row["number"]) for row in found)])
    return f"{kind}_{hashlib.sha256(names.encode()).hexdigest()[:32]}"
