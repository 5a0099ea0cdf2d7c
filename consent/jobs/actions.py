"""Puts work into the queue and takes it out again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Q, QuerySet
from django.utils import timezone

from consent.jobs import registry
from consent.jobs.models import Job

OVER = (Job.Status.DONE, Job.Status.FAILED, Job.Status.CANCELLED)
SLICE = 5_000  # rows of one DELETE


def enqueue(
    kind: str,
    *,
    site: Any = None,
    params: dict[str, Any] | None = None,
    requested_by: Any = None,
    run_after: datetime | None = None,
    once: bool = False,
) -> Job:
    """A new waiting job; `requested_by` is a user or None.

    With `once`, an equal job that still waits is returned instead of a second one.
    """
    params = params or {}
    if once:
        waiting = Job.objects.filter(kind=kind, site=site, params=params, state=Job.Status.WAITING).first()
        if waiting:
            return waiting
    return Job.objects.create(
        kind=kind,
        site=site,
        params=params,
        requested_by=requested_by if requested_by and requested_by.pk else None,
        run_after=run_after or timezone.now(),
    )


def cancel(job: Job) -> bool:
    """Stops a job that waits, or a running one at its next progress report. False when it had already ended."""
    return bool(
        Job.objects.filter(pk=job.pk, state__in=(Job.Status.WAITING, Job.Status.RUNNING)).update(
            state=Job.Status.CANCELLED, finished_at=timezone.now(), leased_until=None
        )
    )


def put_right() -> int:
    """Makes jobs due that a clock which had jumped ahead dated into the future, so that neither they nor the periodic
    kinds, which ask when the last one was made, wait for that time. Returns how many there were."""
    now = timezone.now()
    late = now + timedelta(seconds=5)
    made = Job.objects.filter(created_at__gt=late)
    changed = made.filter(state=Job.Status.WAITING).update(created_at=now, run_after=now)
    changed += made.update(created_at=now)
    leased = Job.objects.filter(state=Job.Status.RUNNING, leased_until__gt=now + timedelta(hours=1))
    return changed + leased.update(leased_until=now)


def delete(jobs: QuerySet[Job]) -> int:
    """Deletes rows of ended jobs, SLICE at a time; returns how many. No scan may name one of them."""
    count = 0
    while keys := list(jobs.order_by().values_list("pk", flat=True)[:SLICE]):
        # Django's own delete() reads every row first, to look for scans that name it.
        Job.objects.filter(pk__in=keys)._raw_delete(DEFAULT_DB_ALIAS)
        count += len(keys)
    return count


def sweep() -> int:
    """Deletes the rows of jobs that ended longer ago than their kinds are kept; returns how many."""
    now, count = timezone.now(), 0
    for kind in Job.objects.order_by().values_list("kind", flat=True).distinct():
        kept, stays = registry.kept(kind), registry.stays(kind)
        if kept == registry.FOREVER:
            continue
        before = now - timedelta(seconds=kept)
        over = Job.objects.filter(Q(finished_at=None) | Q(finished_at__lt=before), kind=kind, state__in=OVER)
        over = over.filter(created_at__lt=before)  # the index knows it
        count += delete(over if stays is None else over.exclude(stays))
    return count
