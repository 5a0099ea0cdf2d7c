"""Exports in the background, asked for on the audit pages and the dashboard."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings

from consent import private_files
from consent.exports import actions
from consent.jobs.registry import handler
from consent.jobs.runner import Run

ENDINGS = {"bundle": ".zip", "csv": ".csv", "jsonl": ".jsonl", "parquet": ".parquet", "jsonld": ".jsonld"}


@handler("export")
def run_export(run: Run) -> dict[str, Any]:
    """`params`: format, from, to (days, ISO 8601), actor. The file lies in FAIRGATE_DATA/exports; a bundle resumes."""
    site = run.job.site
    if site is None:
        raise ValueError("An export belongs to a site.")
    form = run.params["format"]
    folder = Path(settings.FAIRGATE_DATA) / "exports"
    private_files.folder(folder)
    name = f"{site.uuid}-{run.job.pk}{ENDINGS.get(form, '')}"
    start, end = date.fromisoformat(run.params["from"]), date.fromisoformat(run.params["to"])

    def progress(done: int, total: int) -> None:
        run.progress(done, total)

    written = actions.export(site, start, end, form, folder / name, run.params.get("actor", "worker"), progress)
    return {"path": name, "records": written, "bytes": (folder / name).stat().st_size}
