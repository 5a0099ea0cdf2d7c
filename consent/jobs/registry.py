"""Which function does which kind of job.

A handler is a function of one `Run` that returns the job's result (a JSON object) or None. Handlers live in modules
named `jobs` (`consent/exports/jobs.py`, `consent/ledger/jobs.py`, …), which `discover()` imports, so that this lowest
layer imports no higher one.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from django.db.models import Q

if TYPE_CHECKING:
    from consent.jobs.runner import Run

Handler = Callable[["Run"], "dict[str, Any] | None"]

# Queues: the workers of one never do, and never wait for, the jobs of another.
UPKEEP = "house"  # what the worker does by itself, each minute or hour
DAILY = "daily"  # what it does once a day for all sites: minutes where they are many, or large
WORK = "work"  # what people ask for
DELIVERIES = "deliveries"  # what waits for other people's servers
PICTURES = "pictures"  # what takes long and nobody waits for
SCANS = "scans"  # what takes long, on other people's pages
QUEUES = (UPKEEP, DAILY, WORK, DELIVERIES, PICTURES, SCANS)

DAY = 86_400.0  # seconds
KEPT = 30 * DAY  # how long the rows of ended jobs stay
FOREVER = float("inf")

_handlers: dict[str, Handler] = {}
_periods: dict[str, float] = {}
_queues: dict[str, str] = {}
_kept: dict[str, float] = {}
_stays: dict[str, Q] = {}


def handler(
    kind: str,
    *,
    every: float | None = None,
    queue: str | None = None,
    kept: float | None = None,
    stays: Q | None = None,
) -> Callable[[Handler], Handler]:
    """Registers the function for jobs of `kind`. With `every` (seconds) the worker enqueues it by itself. `queue`: one
    of QUEUES; without one UPKEEP for what is enqueued by itself, DAILY when that is once a day, else WORK.

    `kept`: how long (seconds) the row stays when the job has ended, FOREVER if it is deleted elsewhere or never;
    without it KEPT, or for what is enqueued by itself a week, three periods if that is more. `stays`: which ended jobs
    stay all the same, since something still reads them.
    """

    def register(function: Handler) -> Handler:
        _handlers[kind] = function
        if every:
            _periods[kind] = every
        _queues[kind] = queue or (WORK if not every else UPKEEP if every < DAY else DAILY)
        _kept[kind] = kept or (max(7 * DAY, 3 * every) if every else KEPT)
        if stays is not None:
            _stays[kind] = stays
        return function

    return register


def find(kind: str) -> Handler | None:
    """The handler of a kind; None when nothing registered it."""
    return _handlers.get(kind)


def periods() -> dict[str, float]:
    """Kinds the worker enqueues by itself, and how often (seconds)."""
    return dict(_periods)


def kinds(queue: str) -> list[str]:
    """The kinds of jobs in a queue."""
    return [kind for kind in _handlers if queue_of(kind) == queue]


def queue_of(kind: str) -> str:
    """The queue of a kind's jobs; those that nothing registered are in WORK."""
    return _queues.get(kind, WORK)


def kept(kind: str) -> float:
    """How long (seconds) the rows of ended jobs of a kind stay; KEPT of those that nothing registered."""
    return _kept.get(kind, KEPT)


def stays(kind: str) -> Q | None:
    """Which ended jobs of a kind stay however old they are; None when none do."""
    return _stays.get(kind)


def discover() -> None:
    """Imports every `<package>.jobs` and `<package>.<folder>.jobs` module of `consent` and `cookiebanner`."""
    for root in ("consent", "cookiebanner"):
        for module in pkgutil.iter_modules(import_module(root).__path__, f"{root}."):
            if module.name == "consent.jobs" or not (module.ispkg or module.name == f"{root}.jobs"):
                continue
            name = f"{module.name}.jobs" if module.ispkg else module.name
            try:
                import_module(name)
            except ModuleNotFoundError as error:
                if error.name != name:
                    raise
