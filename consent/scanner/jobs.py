"""Scans that are due by their sites' plans, and pictures that are no longer needed."""

from __future__ import annotations

from consent.jobs.registry import DAY, handler
from consent.jobs.runner import Run
from consent.scanner import scans

HOUR = 3600.0


@handler("scan_schedule", every=HOUR)
def schedule(run: Run) -> dict[str, int]:
    """Queues them; the scans themselves are jobs of their own."""
    return {"queued": scans.schedule()}


@handler("scan_pictures", every=DAY)
def sweep(run: Run) -> dict[str, int]:
    """Deletes pictures that no report names any more."""
    return {"deleted": scans.sweep()}
