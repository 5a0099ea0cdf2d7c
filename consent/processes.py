"""Long work on all cores: pieces go to other processes, results come back in order.

One process makes the same results: who calls cuts the work into pieces whose size has nothing to do with the number of
processes.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import suppress
from itertools import islice
from typing import Any, TypeVar

from django.conf import settings
from django.db import connection, connections

P = TypeVar("P")
R = TypeVar("R")
AHEAD = 2  # pieces a process that are asked for before their turn: bounds what waits in memory
NICE = 5  # visitors' answers come before an export


def cores() -> int:
    """How many processes long work may use: FAIRGATE_PROCESSES, or as many as this process may use cores."""
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return settings.FAIRGATE_PROCESSES or available or 1


def shared() -> bool:
    """Whether another process sees what this one does: not inside a transaction, which may have written something, and
    not on SQLite, whose database may be in memory."""
    return connection.vendor == "postgresql" and not connection.in_atomic_block


def in_order(task: Callable[[P], R], pieces: Iterable[P], workers: int) -> Iterator[R]:
    """`task(piece)` of each piece, in the order of the pieces, made by `workers` processes beside this one; by this one
    itself when that is 1. `task` is a function of a module; what it raises is raised here.

    Other processes have the same database and settings of the environment; they end when this one does.
    """
    if workers <= 1:
        yield from map(task, pieces)
        return
    pool = ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context("spawn"),  # the job runner has threads: a fork could inherit their locks
        initializer=_begin,
        initargs=({alias: connections[alias].settings_dict for alias in connections},),
    )
    waiting: deque[Future[R]] = deque()
    source = iter(pieces)
    try:
        waiting.extend(pool.submit(task, piece) for piece in islice(source, AHEAD * workers))
        while waiting:
            result = waiting.popleft().result()
            waiting.extend(pool.submit(task, piece) for piece in islice(source, 1))
            yield result
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _begin(databases: dict[str, Any]) -> None:
    """Makes a fresh process one of ours."""
    import django

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal: the process that asked decides
    with suppress(OSError):
        os.nice(NICE)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    settings.DATABASES = databases
    gc.disable()  # nothing that is imported goes away again: a tenth of the start
    django.setup()
    gc.freeze()
    gc.enable()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
