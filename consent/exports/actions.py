"""Exports to files. Each is made beside its place and moved there when whole, so that half a file is never taken; one
that was killed goes on where it was when it is asked for again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from django.db import transaction

from consent.exports import bundle, copies, formats, parts, period
from consent.jobs import actions as jobs
from consent.jobs.models import Job
from consent.sites.models import Site
from consent.trail.actions import audit

Progress = Callable[[int, int], None]
FORMATS = (*parts.FORMATS, "bundle")


def ask(site: Site, actor: str, requested_by: Any = None, **params: Any) -> Job:
    """Queues an export to a file (`consent.exports.jobs`); `params`: format, from, to (days, ISO 8601), separator,
    checkpoint. `requested_by` is a person or None."""
    with transaction.atomic():
        job = jobs.enqueue(copies.KIND, site=site, params={**params, "actor": actor}, requested_by=requested_by)
        audit(site, actor, "export.request", job=job.pk, **{name: params[name] for name in ("format", "from", "to")})
    return job


def stop(job: Job, actor: str) -> bool:
    """Stops an export that waits or runs; False when it had ended."""
    with transaction.atomic():
        stopped = jobs.cancel(job)
        if stopped:
            audit(job.site, actor, "export.cancel", job=job.pk)
    return stopped


def file_of(job: Job) -> Path | None:
    """Where a finished export lies; None when it is not finished, or not there any more."""
    path = Path(job.result.get("path") or job.result.get("file") or "")
    if not path.is_absolute():
        path = copies.folder() / path
    return path if job.state == Job.Status.DONE and path.is_file() else None


def export(
    site: Site,
    start: date,
    end: date,
    form: str,
    out: Path,
    actor: str,
    progress: Progress = lambda done, total: None,
    *,
    separator: str = ",",
    kept: Sequence[str] = (),
) -> int:
    """Writes the answers of the days `start` … `end` (UTC, both included) to `out`; returns how many.

    `separator` is that of CSV, alone and in a bundle; `kept` are checkpoints whose proofs a bundle shall hold. Raises
    ValueError on an unknown format or separator or a reversed period, OSError when the file can't be written.
    """
    if form not in FORMATS:
        raise ValueError(f"There is no format {form!r}; choose one of {', '.join(FORMATS)}.")
    if separator not in formats.SEPARATORS:
        raise ValueError("A separator is a comma or a semicolon.")
    span = period.find(site, start, end)
    proved: dict[str, int] = {}
    if form == "bundle":
        written, proved["size"] = bundle.build(span, out, progress, separator, kept)
    else:
        written = parts.write(span, form, out, separator, progress)
    audit(site, actor, "export", format=form, start=start.isoformat(), end=end.isoformat(), records=written, **proved)
    return written
