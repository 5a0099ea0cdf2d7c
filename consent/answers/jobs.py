"""Tells a site's webhook of its opt-outs.

Each job of the kind names opt-outs by their place in the log; one delivery takes all that wait for the site, in order.
A webhook that fails is asked less and less often; after `PAUSE_AFTER` failures in a row it is paused: one delivery is a
try, the rest waits. What waits longer than `OLDEST`, or is more than `MOST`, is given up, which the trail and the
dashboard say.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from consent.answers.optouts import KIND, events
from consent.jobs import outgoing, signatures
from consent.jobs.models import Job
from consent.jobs.registry import DELIVERIES, handler
from consent.jobs.runner import Later, Lost, Run
from consent.sites.actions import webhook_of, webhook_secrets
from consent.sites.models import Site, Webhook
from consent.trail.actions import audit

BATCH = 100  # opt-outs of one delivery
MOST = 10_000  # deliveries that wait for one site
OLDEST = timedelta(days=3)
PAUSE_AFTER = 5  # failures in a row
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(hours=1)  # between tries; doubled at each
KEPT = timedelta(days=30)  # rows of what is over
DAY = 86_400.0
ACTOR = "webhook"


@handler(KIND, queue=DELIVERIES)
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
    optouts = events(site.pk, [index for job in jobs for index in _indexes(job)])
    result: dict[str, Any] = {"delivered": len(optouts)}
    if optouts:
        # The job's own number is no secret, but another site's rate of opt-outs is: the id says nothing of either.
        names = ",".join([str(site.uuid), *(event["id"] for event in optouts)])
        message = "optout_" + hashlib.sha256(names.encode()).hexdigest()[:32]
        body = json.dumps({"type": "optout", "site": str(site.uuid), "delivery": message, "optouts": optouts}).encode()
        sent = signatures.headers(webhook_secrets(hook), message, int(timezone.now().timestamp()), body)
        try:
            # Only the status counts, so that nobody is held by a body.
            answer = outgoing.post(site.webhook_url, body, {"Content-Type": "application/json", **sent}, largest=0)
            problem = "" if 200 <= answer.status < 300 else f"The webhook answered {answer.status}."
        except (OSError, ValueError) as error:
            problem = f"{type(error).__name__}: {error}"[:300]
        if problem:
            raise _later(site, _failed(site, hook, problem), problem)
        _worked(site, hook)
        result["status"] = answer.status
    ended = {"state": Job.Status.DONE, "finished_at": timezone.now(), "result": {"delivered_with": run.job.pk}}
    others = [job.pk for job in jobs if job.pk != run.job.pk]
    Job.objects.filter(pk__in=others, state=Job.Status.WAITING).update(**ended)
    return result


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
    """Deletes the rows of deliveries that have been over for a month."""
    over = Job.objects.filter(kind=KIND, finished_at__lt=timezone.now() - KEPT)
    return {"deleted": over.delete()[0]}
