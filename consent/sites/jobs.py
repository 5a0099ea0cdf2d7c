"""Upkeep of what programs and jobs leave behind."""

from __future__ import annotations

from typing import Any

from consent.jobs import actions as jobs
from consent.jobs.registry import DAY, handler
from consent.jobs.runner import Run
from consent.sites import replays


@handler("idempotency_keys", every=DAY)
def forget_keys(run: Run) -> dict[str, Any]:
    """Deletes the idempotency keys whose day is over."""
    return {"deleted": replays.sweep()}


@handler("jobs_sweep", every=DAY)
def forget_jobs(run: Run) -> dict[str, Any]:
    """Deletes the rows of jobs that ended long ago."""
    return {"deleted": jobs.sweep()}
