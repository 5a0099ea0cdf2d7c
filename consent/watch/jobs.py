"""Once a day each site is looked at: what is new is told, what is true no longer ends."""

from __future__ import annotations

from typing import Any

from consent.answers import feeds
from consent.answers import jobs as deliveries
from consent.jobs.actions import enqueue
from consent.jobs.registry import DAY, DELIVERIES, handler
from consent.jobs.runner import Run
from consent.notices import actions as notices
from consent.notices.kinds import WEBHOOK
from consent.sites.actions import webhook_of
from consent.sites.models import Site
from consent.watch import conditions

HOOK, WATCH = "notice_webhook", "watch"


@handler(WATCH, every=DAY)
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
    """POSTs `{"type": "notices", "site", "delivery", "notices": [{"number", "kind", …}]}` to the site's webhook,
    signed and kept as its opt-outs are. Raises OSError when it is not taken: the job is tried again."""
    site = run.job.site
    if site is None or not site.webhook_url:
        return {"delivered": 0}
    kinds = notices.wanted(site, None, WEBHOOK)
    rows = [row for row in site.notices.filter(ended_at=None, hooked_at=None) if row.kind in kinds]
    if not rows:
        return {"delivered": 0}
    news = feeds.rows(site, feeds.NOTICES, [row.pk for row in rows])
    made = deliveries.send(site, webhook_of(site), feeds.NOTICES, news)
    if made.error:
        raise OSError(made.error)
    notices.mark_sent(rows, "hooked_at")
    return {"delivered": len(rows)}
