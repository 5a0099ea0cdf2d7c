"""Upkeep of what programs leave behind."""

from __future__ import annotations

from typing import Any

from consent.jobs.registry import DAY, handler
from consent.jobs.runner import Run
from consent.sites import replays


@handler("idempotency_keys", every=DAY)
def forget_keys(run: Run) -> dict[str, Any]:
    """Deletes the idempotency keys whose day is over."""
    return {"deleted": replays.sweep()}
