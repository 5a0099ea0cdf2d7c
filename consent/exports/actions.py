"""Exports to files. Each is written beside its place and moved there when whole, so that half a file is never taken."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from django.db import transaction

from consent import private_files
from consent.exports import bundle, copies, formats, period
from consent.exports.jsonld import to_jsonld
from consent.exports.parquet import to_parquet
from consent.exports.period import LogRow
from consent.jobs import actions as jobs
from consent.jobs.models import Job
from consent.sites.models import Site
from consent.trail.actions import audit

Progress = Callable[[int, int], None]
STREAMS: dict[str, Callable[..., Iterator[bytes]]] = {
    "csv": formats.to_csv,
    "jsonl": formats.to_jsonl,
    "parquet": to_parquet,
    "jsonld": to_jsonld,
}
FORMATS = (*STREAMS, "bundle")


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


def counted(rows: Iterable[LogRow], total: int, progress: Progress) -> Iterator[LogRow]:
    """Passes rows on and tells the progress every thousand."""
    for done, row in enumerate(rows, 1):
        yield row
        if done % 1_000 == 0:
            progress(done, total)
    progress(total, total)


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
    written = 0
    if form == "bundle":
        written = bundle.build(span, out, actor, progress, separator, kept)
        audit(site, actor, "export", format=form, start=start.isoformat(), end=end.isoformat(), records=written)
        return written

    def count(rows: Iterable[LogRow]) -> Iterator[LogRow]:
        nonlocal written
        for row in rows:
            written += 1
            yield row

    rows = counted(period.rows(site.pk, span.first, span.last), span.count, progress)
    unfinished = out.with_name(out.name + ".part")
    with private_files.open_file(unfinished, "wb") as file:
        answers = count(filter(span.inside, period.answers(rows)))
        more = {"separator": separator} if form == "csv" else {}
        for piece in STREAMS[form](answers, str(site.uuid), **more):
            file.write(piece)
    unfinished.replace(out)
    audit(site, actor, "export", format=form, start=start.isoformat(), end=end.isoformat(), records=written)
    return written
