"""Scans that are due by their sites' plans."""

from __future__ import annotations

from consent.jobs.registry import handler
from consent.jobs.runner import Run
from consent.scanner import scans

HOUR = 3600.0


@handler("scan_schedule", every=HOUR)
def schedule(run: Run) -> dict[str, int]:
    """Queues them; the scans themselves are jobs of their own."""
    return {"queued": scans.schedule()}
