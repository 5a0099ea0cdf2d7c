"""Once a day each site is looked at: what is new is told, what is true no longer ends."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.utils import timezone

from consent.jobs import outgoing, signatures
from consent.jobs.actions import enqueue
from consent.jobs.registry import DELIVERIES, handler
from consent.jobs.runner import Run
from consent.notices import actions as notices
from consent.notices.kinds import WEBHOOK
from consent.notices.models import Notice
from consent.sites.actions import webhook_of, webhook_secrets
from consent.sites.models import Site
from consent.watch import conditions

DAY = 86_400.0
HOOK = "notice_webhook"


@handler("watch", every=DAY)
def watch(run: Run) -> dict[str, Any]:
    """Opens and ends the notices of all sites, and queues what the webhooks are told; mails are queued above."""
    sites = list(Site.objects.order_by("pk"))
    opened = 0
    for done, site in enumerate(sites):
        run.progress(done, len(sites))
        opened += len(notices.see(site, conditions.of(site)))
        _queue_webhook(site)
    return {"opened": opened}


def _queue_webhook(site: Site) -> None:
    rows = site.notices.filter(ended_at=None, hooked_at=None)
    kinds = notices.wanted(site, None, WEBHOOK) if site.webhook_url else set()
    if any(row.kind in kinds for row in rows):
        enqueue(HOOK, site=site, once=True)


@handler(HOOK, queue=DELIVERIES)
def deliver(run: Run) -> dict[str, int]:
    """POSTs `{"type": "notices", "site", "delivery", "notices": [{"kind", "subject", "text", "since"}]}` to the site's
    webhook, signed as its opt-outs are. Raises OSError when it is not taken: the job is tried again."""
    site = run.job.site
    if site is None or not site.webhook_url:
        return {"delivered": 0}
    kinds = notices.wanted(site, None, WEBHOOK)
    rows = [row for row in site.notices.filter(ended_at=None, hooked_at=None) if row.kind in kinds]
    if not rows:
        return {"delivered": 0}
    names = ",".join([str(site.uuid), *(str(row.pk) for row in rows)])
    message = "notices_" + hashlib.sha256(names.encode()).hexdigest()[:32]
    event = {"type": "notices", "site": str(site.uuid), "delivery": message, "notices": [_event(row) for row in rows]}
    body = json.dumps(event).encode()
    sent = signatures.headers(webhook_secrets(webhook_of(site)), message, int(timezone.now().timestamp()), body)
    answer = outgoing.post(site.webhook_url, body, {"Content-Type": "application/json", **sent}, largest=0)
    if not 200 <= answer.status < 300:
        raise OSError(f"The webhook answered {answer.status}.")
    notices.mark_sent(rows, "hooked_at")
    return {"delivered": len(rows)}


def _event(row: Notice) -> dict[str, str]:
    return {"kind": row.kind, "subject": row.subject, "text": notices.text_of(row), "since": row.since.isoformat()}
