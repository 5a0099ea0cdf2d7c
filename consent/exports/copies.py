"""Exports in FAIRGATE_DATA are copies of records: an erasure removes those that may hold what it erased."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from django.conf import settings

from consent.jobs.models import Job
from consent.ledger import erasure
from consent.ledger.models import LogEntry
from consent.sites.models import Site

KIND = "export"
REMOVED = "The file held records that have been erased since, and was removed. Ask for the export again."


def folder() -> Path:
    """Where exports that were asked for lie: `<site uuid>-<job>.<ending>`, and `.work` beside it while being made."""
    return Path(settings.FAIRGATE_DATA) / "exports"


def holds(job: Job, indexes: Iterable[int]) -> bool:
    """Whether a finished export may hold one of the records. An export that does not say what it holds, may."""
    first, last = job.result.get("first"), job.result.get("last")
    if first is None or last is None:
        return True
    return any(first <= index <= last for index in indexes)


@erasure.also
def drop(site: Site, indexes: list[int]) -> tuple[int, Callable[[], object]]:
    """Takes the site's finished exports that may hold one of the records out of reach; their files go afterwards, and
    so does what exports that wait had written. One that runs notices by itself (`erased_since`)."""
    dropped = 0
    for job in Job.objects.filter(site=site, kind=KIND, state=Job.Status.DONE).order_by("pk"):
        if "path" in job.result and holds(job, indexes):
            job.result = {"removed": True, "records": job.result.get("records", 0)}
            job.message = REMOVED
            job.save(update_fields=["result", "message"])
            dropped += 1
    return dropped, lambda: sweep(site)


def erased_since(site: Site, size: int) -> bool:
    """Whether something was erased since the site's log had `size` entries: what was written before may hold it."""
    later = LogEntry.objects.filter(site_id=site.pk, index__gte=size, type=LogEntry.Type.ERASURE)
    return later.exclude(type="consent").exists()  # the small index


def sweep(site: Site) -> int:
    """Removes what lies in the folder of the site and is neither a finished export nor one that is being made. Returns
    how many files and folders went."""
    paths = list(folder().glob(f"{site.uuid}-*"))  # first: the job of each of these is in the table
    jobs = {job.pk: job for job in Job.objects.filter(site=site, kind=KIND)}
    removed = 0
    for path in paths:
        number = re.match(r"-(\d+)\.", path.name[len(str(site.uuid)) :])
        job = jobs.get(int(number[1])) if number else None
        if job and (job.state == Job.Status.RUNNING or job.result.get("path") == path.name):
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
        removed += 1
    return removed
