"""Runs jobs. A worker leases a job and keeps renewing the lease; a dead worker's lease runs out and another takes over.

`attempts` is the fencing token: a worker that lost its lease can't write over the one that took the job.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import DatabaseError, close_old_connections, connection, transaction
from django.db.models import Max, Q
from django.utils import timezone

from consent.jobs import actions, registry
from consent.jobs.models import Job, Turn
from consent.storing import is_of_a_row

LEASE = 60.0  # seconds a silent worker keeps its job
BEAT = 10.0  # seconds between renewals
ATTEMPTS = 3
REPORT = 1.0  # seconds between progress writes that carry no cursor
LOOK = 60.0  # seconds between two looks whether a periodic kind is due

log = logging.getLogger("fairgate.jobs")


class Lost(Exception):
    """The job was cancelled, or another worker has taken it. Handlers let it pass."""


class ShuttingDown(Exception):
    """The worker is shutting down; the job goes back to the queue with its cursor. Handlers let it pass."""


class Later(Exception):  # noqa: N818 - it is no error
    """A handler raises it when its job must wait until a moment (`until`); that is no attempt."""

    def __init__(self, until: datetime, message: str = "") -> None:
        super().__init__(message)
        self.until = until


class Run:
    """What a handler gets: the job, where to resume, and how to tell of progress."""

    def __init__(self, job: Job, stopping: Callable[[], bool] = lambda: False) -> None:
        self.job = job
        self.params: dict[str, Any] = job.params
        self.cursor: dict[str, Any] = job.cursor
        self._stopping = stopping
        self._reported = timezone.now() - timedelta(seconds=REPORT)

    def own_row(self) -> Any:
        """The job's row, as long as this run still owns it."""
        return Job.objects.filter(pk=self.job.pk, state=Job.Status.RUNNING, attempts=self.job.attempts)

    def progress(
        self, done: int, total: int | None = None, *, message: str | None = None, cursor: dict[str, Any] | None = None
    ) -> None:
        """Tells how far the job is and, with `cursor`, where the next attempt resumes.

        Cheap enough for every chunk: without a cursor it writes once a second. Raises Lost or ShuttingDown.
        """
        now = timezone.now()
        if cursor is None and not self._stopping() and (now - self._reported).total_seconds() < REPORT:
            return
        self._reported = now
        changes: dict[str, Any] = {"done": done, "leased_until": now + timedelta(seconds=LEASE)}
        if total is not None:
            changes["total"] = total
        if message is not None:
            changes["message"] = _text(message)
        if cursor is not None:
            self.cursor = changes["cursor"] = cursor
        if not self.own_row().update(**changes):
            raise Lost
        if self._stopping():
            raise ShuttingDown


class _Heartbeat:
    """Renews the lease from a thread of its own, so that a long step of a handler is not taken for death."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True, name=f"job-{run.job.pk}-heartbeat")

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join(timeout=BEAT)

    def _beat(self) -> None:
        try:
            while not self._over.wait(BEAT):
                try:
                    self._run.own_row().update(leased_until=timezone.now() + timedelta(seconds=LEASE))
                except DatabaseError:
                    log.warning("Could not renew the lease of job %s.", self._run.job.pk)
                    close_old_connections()
        finally:
            if threading.current_thread() is not threading.main_thread():
                connection.close()


def _turns(due: Q, scope: Q, queue: str | None, now: datetime) -> list[int | None]:
    """The sites that have something due, who waited longest for a turn in this queue first. While a job of a site is
    done, its others wait: so one site can't take all of a queue's workers."""
    waiting: list[int | None] = list(Job.objects.filter(due).order_by().values_list("site_id", flat=True).distinct())
    if len(waiting) < 2 and None in waiting:
        return waiting
    live = Q(state=Job.Status.RUNNING, leased_until__gte=now)
    busy = set(Job.objects.filter(scope, live, site__isnull=False).values_list("site_id", flat=True))
    turns = Turn.objects.filter(site_id__in=[one for one in waiting if one is not None])
    turns = turns if queue is None else turns.filter(queue=queue)
    last = dict(turns.order_by().values_list("site_id").annotate(Max("at")))
    never = datetime.min.replace(tzinfo=UTC)
    # What belongs to no site is done first: it is our own and rare.
    return sorted((s for s in waiting if s not in busy), key=lambda site: (last.get(site, never), site or 0))


def _lease(due: Q, queue: Q, site: int | None, now: datetime) -> Job | None:
    """The site's oldest due job, locked; None when another worker has it, or another job of the site."""
    jobs = Job.objects.filter(due, Q(site_id__isnull=True) if site is None else Q(site_id=site)).order_by("id")
    # SQLite's transactions are immediate (settings), so nobody else can claim in between there either.
    if not connection.features.has_select_for_update_skip_locked:
        return jobs.first()
    if site is None:
        return jobs.select_for_update(skip_locked=True).first()
    # All workers reach for the same row, so whoever comes second sees below what the first one made of it.
    oldest = jobs.first()
    job = oldest and jobs.filter(pk=oldest.pk).select_for_update(skip_locked=True).first()
    live = Job.objects.filter(queue, state=Job.Status.RUNNING, leased_until__gte=now, site_id=site)
    return None if job is None or live.exists() else job


def claim(periodic: bool | None = None, queue: str | None = None) -> Job | None:
    """Leases a job that is due, or whose worker died: the oldest one of the site whose last turn is longest ago. A job
    that died three times fails instead.

    `periodic`: only the kinds that the worker queues by itself (True), or only the others (False). `queue`: only the
    kinds of that queue (see `consent.jobs.registry`); jobs of unknown kinds are in the queue WORK.
    """
    scope = Q()
    if periodic is not None:
        kinds = Q(kind__in=registry.periods())
        scope &= kinds if periodic else ~kinds
    if queue == registry.WORK:
        others = [kind for other in registry.QUEUES if other != queue for kind in registry.kinds(other)]
        scope &= ~Q(kind__in=others)
    elif queue is not None:
        scope &= Q(kind__in=registry.kinds(queue))
    while True:
        now = timezone.now()
        due = Q(state=Job.Status.WAITING, run_after__lte=now) | Q(state=Job.Status.RUNNING, leased_until__lt=now)
        job = None
        with transaction.atomic():
            for site in _turns(due & scope, scope, queue, now):
                if job := _lease(due & scope, scope, site, now):
                    break
            if job is None:
                return None
            if job.attempts >= ATTEMPTS:
                job.state = Job.Status.FAILED
                job.message = job.message or "The worker died three times while doing it."
                job.finished_at = now
                job.leased_until = None
                job.save(update_fields=["state", "message", "finished_at", "leased_until"])
                continue
            job.state = Job.Status.RUNNING
            job.attempts += 1
            job.leased_until = now + timedelta(seconds=LEASE)
            job.started_at = now
            job.save(update_fields=["state", "attempts", "leased_until", "started_at"])
            if job.site_id is not None:
                Turn.objects.bulk_create(
                    [Turn(site_id=job.site_id, queue=registry.queue_of(job.kind), at=now)],
                    update_conflicts=True, unique_fields=["site", "queue"], update_fields=["at"],
                )  # fmt: skip
            return job


def run(job: Job, stopping: Callable[[], bool] = lambda: False) -> None:
    """Does a claimed job to its end, whatever that is, and writes the end into its row."""
    attempt = Run(job, stopping)
    work = registry.find(job.kind)
    if work is None:
        attempt.own_row().update(
            state=Job.Status.FAILED,
            message=f"Nothing here can do jobs of kind {job.kind!r}.",
            finished_at=timezone.now(),
        )
        return
    try:
        with _Heartbeat(attempt):
            result = work(attempt) or {}
    except Lost:
        log.info("Job %s (%s) was cancelled or taken over.", job.pk, job.kind)
    except ShuttingDown:
        attempt.own_row().update(state=Job.Status.WAITING, attempts=job.attempts - 1, leased_until=None)
    except Later as later:
        attempt.own_row().update(
            state=Job.Status.WAITING,
            attempts=job.attempts - 1,
            leased_until=None,
            run_after=later.until,
            message=str(later)[:1000],
        )
    except Exception as error:
        log.exception("Job %s (%s) failed, attempt %s.", job.pk, job.kind, job.attempts)
        now = timezone.now()
        message = _text(f"{type(error).__name__}: {error}")
        if job.attempts < ATTEMPTS:
            again = now + timedelta(seconds=10 * job.attempts**2)
            attempt.own_row().update(state=Job.Status.WAITING, run_after=again, leased_until=None, message=message)
        else:
            attempt.own_row().update(state=Job.Status.FAILED, finished_at=now, leased_until=None, message=message)
    else:
        done = {"state": Job.Status.DONE, "finished_at": timezone.now(), "leased_until": None}
        try:
            with transaction.atomic():
                attempt.own_row().update(result=result, **done)
        except Exception as error:
            if not is_of_a_row(error):
                raise
            # The work is done, and doing it again would end alike.
            log.error("The result of job %s (%s) can't be stored: %s", job.pk, job.kind, error)
            attempt.own_row().update(message="It was done, but the database can't hold its result.", **done)


def _text(text: str) -> str:
    """A message that any database can hold: no control characters, no halves of characters, at most 1000 long."""
    return "".join(letter if letter.isprintable() or letter == "\n" else "\ufffd" for letter in text[:1000])


def enqueue_periodic(looks: dict[str, float] | None = None) -> None:
    """Queues each periodic kind whose last job is older than its period. Two workers may queue one twice: harmless.

    `looks`: when each kind is looked at again (seconds of time.monotonic), which the caller keeps for the next call;
    without it all are looked at. No kind waits longer than LOOK for that: what is in the table may change, and so may
    the time of day.
    """
    now, clock = timezone.now(), time.monotonic()
    looks = {} if looks is None else looks
    for kind, seconds in registry.periods().items():
        if looks.get(kind, clock) > clock:
            continue
        recent = Job.objects.filter(kind=kind, site=None, created_at__gt=now - timedelta(seconds=seconds))
        last = recent.aggregate(last=Max("created_at"))["last"]
        if last is None:
            actions.enqueue(kind, once=True)
            last = now
        looks[kind] = clock + min((last - now).total_seconds() + seconds, LOOK)


def work_off(
    stopping: Callable[[], bool] = lambda: False, periodic: bool | None = None, queue: str | None = None
) -> int:
    """Does every job that is due and returns how many that were; `periodic` and `queue` as for `claim`."""
    count = 0
    while not stopping() and (job := claim(periodic, queue)):
        run(job, stopping)
        count += 1
    return count
