"""Tells a site's webhook of its opt-outs, and of what else it wants to know (`consent.answers.feeds`).

Each job of the kind names opt-outs by their place in the log; one delivery takes all that wait for the site, in order.
A webhook that fails is asked less and less often; after `PAUSE_AFTER` failures in a row it is paused: one delivery is a
try, the rest waits. What waits longer than `OLDEST`, or is more than `MOST`, is given up, which the trail and the
dashboard say.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from consent.answers import feeds
from consent.answers.optouts import KIND
from consent.jobs import outgoing, signatures
from consent.jobs.actions import OVER, delete, enqueue
from consent.jobs.models import Job
from consent.jobs.registry import DAY, DELIVERIES, FOREVER, handler
from consent.jobs.runner import Later, Lost, Run
from consent.sites.actions import webhook_of, webhook_secrets
from consent.sites.models import Site, Webhook, WebhookDelivery
from consent.trail.actions import audit

BATCH = 100  # opt-outs of one delivery
MOST = 10_000  # deliveries that wait for one site
OLDEST = timedelta(days=3)
PAUSE_AFTER = 5  # failures in a row
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(hours=1)  # between tries; doubled at each
KEPT = timedelta(days=30)  # what was sent, and what could not be
KEPT_JOBS = timedelta(days=2)  # rows of jobs that are done: what came of them is in what was sent
MINUTE = 60.0
AT_A_TIME = 20  # deliveries of one site before another has its turn
ACTOR = "webhook"


@handler(KIND, queue=DELIVERIES, kept=FOREVER)
def deliver(run: Run) -> dict[str, Any]:
    """POSTs `{"type": "optout", "site", "delivery", "optouts": [{"id", "action", …}]}` as JSON to the site's webhook,
    signed as Standard Webhooks asks (docs/webhooks.md).

    Anything but a 2xx is a failure. A delivery may come twice: the receiver tells by `webhook-id`, or by the ids of the
    opt-outs. What was erased in the meantime is not sent.
    """
    site = run.job.site
    if site is None or not site.webhook_url:
        return {"delivered": 0}
    hook = webhook_of(site)
    jobs = _due(run.job, hook)
    if hook.next_try and timezone.now() < hook.next_try:
        raise _later(site, hook.next_try, hook.last_error)
    optouts = feeds.rows(site, feeds.OPTOUT, [index for job in jobs for index in _indexes(job)])
    result: dict[str, Any] = {"delivered": len(optouts)}
    if optouts:
        made = send(site, hook, feeds.OPTOUT, optouts)
        if made.error:
            raise _later(site, _failed(site, hook, made.error), made.error)
        _worked(site, hook)
        result["status"] = made.status
    others = [job.pk for job in jobs if job.pk != run.job.pk]
    Job.objects.filter(pk__in=others, state=Job.Status.WAITING).delete()
    return result


# Of the list in a body.
NAMES = {
    feeds.OPTOUT: "optouts",
    feeds.ANSWERS: "answers",
    feeds.CHANGES: "changes",
    feeds.NOTICES: "notices",
    feeds.REQUESTS: "requests",
    feeds.CHOICES: "choices",
}


def send(site: Site, hook: Webhook, kind: str, rows: list[dict[str, Any]], *, again: bool = False) -> WebhookDelivery:
    """POSTs one delivery, and keeps what came of it."""
    # The job's own number is no secret, but another site's rate of opt-outs is: the id says nothing of either.
    message = feeds.message_of(site, kind, rows)
    said = [{name: value for name, value in row.items() if name != "place"} for row in rows]
    body = json.dumps({"type": kind, "site": str(site.uuid), "delivery": message, NAMES[kind]: said}).encode()
    signed = signatures.headers(webhook_secrets(hook), message, int(timezone.now().timestamp()), body)
    status, problem = None, ""
    try:
        # Only the status counts, so that nobody is held by a body.
        answer = outgoing.post(site.webhook_url, body, {"Content-Type": "application/json", **signed}, largest=0)
        status = answer.status
        problem = "" if 200 <= status < 300 else f"The webhook answered {status}."
    except (OSError, ValueError) as error:
        problem = f"{type(error).__name__}: {error}"[:300]
    places = [row.get("place", row.get("index", row.get("number"))) for row in rows]
    about = {"status": status, "error": problem, "again": again}
    return WebhookDelivery.objects.create(site=site, kind=kind, message=message, places=places, **about)


@handler("webhook_feeds", every=MINUTE)
def feed(run: Run) -> dict[str, Any]:
    """Looks whose webhook has still to be told of something; each is a job of its own, among the deliveries."""
    sites = feeds.due()
    for site in sites:
        enqueue(feeds.FEED, site=site, once=True)
    return {"sites": len(sites)}


@handler(feeds.FEED, queue=DELIVERIES, kept=FOREVER)
def deliver_feed(run: Run) -> dict[str, Any]:
    """Tells a webhook what it wants to know, in the order of the log and of the trail, until it knows everything; after
    `AT_A_TIME` deliveries those of others have their turn."""
    site, sent = run.job.site, 0
    if site is None or not site.webhook_url:
        return {"sent": 0}
    hook = webhook_of(site)
    while sent < AT_A_TIME:
        if hook.next_try and timezone.now() < hook.next_try:
            raise Later(hook.next_try, hook.last_error)
        before = sent
        for kind in hook.events:
            places = feeds.next_places(hook, kind)
            rows = feeds.rows(site, kind, places) if places else []
            if rows:
                made = send(site, hook, kind, rows)
                if made.error:
                    raise Later(_failed(site, hook, made.error), made.error)
                _worked(site, hook)
                sent += 1
            if places:
                feeds.mark_told(hook, kind, places)
        if sent == before:
            return {"sent": sent}
    # There may be more: a minute is too long to wait for who is told of one answer at a time.
    raise Later(timezone.now())


@handler(feeds.AGAIN, queue=DELIVERIES, kept=FOREVER)
def deliver_again(run: Run) -> dict[str, Any]:
    """Sends one delivery again, as its things are now. It is tried once: who asked sees what came of it."""
    site = run.job.site
    old = WebhookDelivery.objects.filter(site=site, pk=run.params["delivery"]).first() if site else None
    if site is None or old is None or not site.webhook_url:
        return {"sent": 0}
    rows = feeds.rows(site, old.kind, old.places)
    if not rows:  # erased
        return {"sent": 0}
    made = send(site, webhook_of(site), old.kind, rows, again=True)
    return {"sent": 1, "status": made.status, "error": made.error}


def _indexes(job: Job) -> list[int]:
    """Places in the log."""
    return list(job.params.get("indexes", ()))


def _waiting(site: Site) -> Any:
    return Job.objects.filter(kind=KIND, site=site, state=Job.Status.WAITING)


def _due(mine: Job, hook: Webhook) -> list[Job]:
    """The jobs whose opt-outs go out together, oldest first. Gives up what is too old or too much."""
    site, now = hook.site, timezone.now()
    too_many = list(_waiting(site).order_by("-id").values_list("pk", flat=True)[MOST : MOST + 1])
    old = [job for job in [mine, *_waiting(site).filter(created_at__lt=now - OLDEST)] if job.created_at < now - OLDEST]
    if too_many:
        old += list(_waiting(site).filter(pk__lte=too_many[0]).exclude(pk__in=[job.pk for job in old]))
    if old:
        _drop(site, hook, old)
    if mine in old:
        raise Lost
    found: list[Job] = []
    size = 0
    for job in sorted([mine, *_waiting(site).order_by("id")[:BATCH]], key=lambda one: one.pk):
        size += len(_indexes(job))
        if found and size > BATCH and job.pk != mine.pk:
            break
        found.append(job)
    # Whose turn it is must come out of this, whatever older ones wait too.
    return found if mine in found else [*found, mine]


@transaction.atomic
def _drop(site: Site, hook: Webhook, jobs: list[Job]) -> None:
    now, optouts = timezone.now(), sum(len(_indexes(job)) for job in jobs)
    message = f"Given up: it had waited for more than {OLDEST.days} days, or behind {MOST} others."
    Job.objects.filter(pk__in=[job.pk for job in jobs]).update(
        state=Job.Status.FAILED, finished_at=now, message=message
    )
    hook.dropped += optouts
    hook.dropped_at = now
    hook.save(update_fields=["dropped", "dropped_at"])
    audit(site, ACTOR, "webhook.dropped", optouts=optouts, error=hook.last_error)


def _later(site: Site, until: datetime, message: str) -> Later:
    """All that wait for the site's webhook wait until then."""
    _waiting(site).filter(run_after__lt=until).update(run_after=until)
    return Later(until, message)


@transaction.atomic
def _failed(site: Site, hook: Webhook, problem: str) -> datetime:
    """Counts a failure; returns when to try again."""
    now = timezone.now()
    hook.failures += 1
    hook.last_error = problem
    hook.next_try = now + min(FIRST_PAUSE * 2 ** min(hook.failures - 1, 20), LONGEST_PAUSE)
    if hook.failures >= PAUSE_AFTER and hook.paused_at is None:
        hook.paused_at = now
        audit(site, ACTOR, "webhook.paused", failures=hook.failures, error=problem)
    hook.save(update_fields=["failures", "last_error", "next_try", "paused_at"])
    return hook.next_try


@transaction.atomic
def _worked(site: Site, hook: Webhook) -> None:
    if hook.paused_at is not None:
        audit(site, ACTOR, "webhook.resumed", paused_at=hook.paused_at.isoformat(), failures=hook.failures)
    hook.failures, hook.paused_at, hook.next_try, hook.last_error = 0, None, None, ""
    hook.delivered_at = timezone.now()
    hook.save(update_fields=["failures", "paused_at", "next_try", "last_error", "delivered_at"])


@handler("webhook_rows", every=DAY)
def forget(run: Run) -> dict[str, Any]:
    """Deletes the rows of deliveries that have been over for a month, and of jobs that did them for two days."""
    now = timezone.now()
    deleted = WebhookDelivery.objects.filter(at__lt=now - KEPT).delete()[0]
    for kind in (KIND, feeds.FEED, feeds.AGAIN):
        for states, kept in (((Job.Status.DONE,), KEPT_JOBS), (OVER, KEPT)):
            over = Job.objects.filter(kind=kind, state__in=states, finished_at__lt=now - kept)
            deleted += delete(over.filter(created_at__lt=now - kept))  # the index knows it
    return {"deleted": deleted}
