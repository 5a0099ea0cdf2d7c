"""Puts work into the queue and takes it out again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from consent.jobs.models import Job


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
