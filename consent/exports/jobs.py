"""Exports in the background, asked for on the audit pages and the dashboard."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Q

from consent import private_files
from consent.exports import actions, copies, period
from consent.jobs.registry import DAY, handler
from consent.jobs.runner import Run
from consent.ledger.models import LogHead
from consent.sites.models import Site

ENDINGS = {"bundle": ".zip", "csv": ".csv", "jsonl": ".jsonl", "parquet": ".parquet", "jsonld": ".jsonld"}


@handler(copies.KIND, stays=Q(result__has_any_keys=["path", "file"]))  # an erasure asks what the files hold
def run_export(run: Run) -> dict[str, Any]:
    """`params`: format, from, to (days, ISO 8601), actor, separator, checkpoint (a text that holds one). The file
    lies in FAIRGATE_DATA/exports; a bundle resumes."""
    site = run.job.site
    if site is None:
        raise ValueError("An export belongs to a site.")
    form = run.params["format"]
    folder = copies.folder()
    private_files.folder(folder)
    name = f"{site.uuid}-{run.job.pk}{ENDINGS.get(form, '')}"
    start, end = date.fromisoformat(run.params["from"]), date.fromisoformat(run.params["to"])

    def progress(done: int, total: int) -> None:
        run.progress(done, total)

    size = LogHead.objects.filter(site_id=site.pk).values_list("size", flat=True).first() or 0
    kept = [text] if (text := run.params.get("checkpoint")) else []
    written = actions.export(
        site, start, end, form, folder / name, run.params.get("actor", "worker"), progress,
        separator=run.params.get("separator", ","), kept=kept,
    )  # fmt: skip
    if copies.erased_since(site, size):
        (folder / name).unlink()
        raise RuntimeError("Records were erased while the export was made; it begins again.")
    made = {"path": name, "records": written, "bytes": (folder / name).stat().st_size}
    span = period.find(site, start, end)
    # What an erasure asks: a bundle shows the neighbours of its period too.
    return {**made, "first": span.first - 1, "last": span.last + 1} if span.count else made


@handler("exports_sweep", every=DAY)
def sweep(run: Run) -> dict[str, Any]:
    """Removes files of exports that are nobody's any more, on the machine that makes them."""
    return {"removed": sum(copies.sweep(site) for site in Site.objects.order_by("pk"))}
