"""A table in memory that counts what each client sent, for one process or for all server processes of a machine.

`manage.py serve` makes one for its server processes and hands it to them as an open file, so that together they keep to
the limit; a process that serves alone has its own. Clients are in it by a keyed hash, never by address; the key dies
with the server. docs/decisions/0017 tells why the limit is not divided by the processes, 0025 how a table is laid out.
"""

from __future__ import annotations

import fcntl
import hashlib
import mmap
import os
import secrets
import tempfile
import threading
import time
from itertools import accumulate

FD = "FAIRGATE_LIMITS_FD"  # environment variable of a server process: the open files of the tables, minutes' first
SETS, WAYS = 8192, 8  # a client is in one of eight slots; the one that was silent longest makes room
SLOTS = SETS * WAYS
WINDOW = 60  # units (s, or minutes); a unit is counted as a whole, so that the window is at most one unit longer
UNITS = WINDOW + 1
FULL = 0xFFFF
_EMPTY = memoryview(bytes(2 * UNITS)).cast("H")
# Where each column begins, in bytes. A slot's counts are a ring: unit n is at n % UNITS.
SECRET = 16
_NAMES = SECRET  # 8 bytes a slot: the client's hash
_NEWEST = _NAMES + 8 * SLOTS  # 8 bytes: the unit of the newest count, 0 = never
_TOTALS = _NEWEST + 8 * SLOTS  # 4 bytes: the sum of the counts
_COUNTS = _TOTALS + 4 * SLOTS  # 2 bytes for each unit
SIZE = _COUNTS + 2 * UNITS * SLOTS


def make() -> int:
    """A new, empty table for several processes; the file descriptor to hand on."""
    if hasattr(os, "memfd_create"):
        fd = os.memfd_create("fairgate-limits")
    else:  # not Linux
        with tempfile.TemporaryFile() as file:
            fd = os.dup(file.fileno())
    os.ftruncate(fd, SIZE)
    os.pwrite(fd, secrets.token_bytes(SECRET), 0)
    return fd


def of_this_process() -> tuple[RateLimitTable, RateLimitTable]:
    """The tables of the last minute and of the last hour: those that the process was given, else its own."""
    given = os.environ.get(FD)
    if not given:
        return RateLimitTable(), RateLimitTable(unit=60)
    minutes, hours = map(int, given.split(","))
    return RateLimitTable(minutes), RateLimitTable(hours, 60)


class RateLimitTable:
    """At most `limit` requests in any 60 units (s) per key, counted in all processes that have the same `fd`; in this
    one alone without one."""

    def __init__(self, fd: int | None = None, unit: int = 1) -> None:
        self._fd, self._unit = fd, unit
        if fd is None:
            self._table = mmap.mmap(-1, SIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
            self._table[:SECRET] = secrets.token_bytes(SECRET)
        else:
            self._table = mmap.mmap(fd, SIZE)
        self._secret = self._table[:SECRET]
        whole = memoryview(self._table)
        self._newest = whole[_NEWEST:_TOTALS].cast("Q")
        self._totals = whole[_TOTALS:_COUNTS].cast("I")
        self._counts = whole[_COUNTS:].cast("H")
        self._lock = threading.Lock()  # the file's lock is between processes only

    def wait(self, key: str, limit: int, now: float | None = None) -> int:
        """Seconds to wait, 0 when the request may pass (and is counted). `now` as `time.monotonic()`."""
        if limit <= 0:
            return 0
        unit = int(time.monotonic() if now is None else now) // self._unit + 1  # 0 means never
        name = hashlib.blake2b(key.encode(), digest_size=8, key=self._secret).digest()
        chosen = int.from_bytes(name[:4], "little") % SETS
        with self._lock:
            if self._fd is None:
                return self._count(chosen, name, limit, unit) * self._unit
            fcntl.lockf(self._fd, fcntl.LOCK_EX, 1, chosen)
            try:
                return self._count(chosen, name, limit, unit) * self._unit
            finally:
                fcntl.lockf(self._fd, fcntl.LOCK_UN, 1, chosen)

    def left(self, key: str, limit: int, now: float | None = None) -> int:
        """How many requests of a key may still pass now. Counts nothing."""
        unit = int(time.monotonic() if now is None else now) // self._unit + 1
        name = hashlib.blake2b(key.encode(), digest_size=8, key=self._secret).digest()
        first = int.from_bytes(name[:4], "little") % SETS * WAYS
        at = self._table.find(name, _NAMES + 8 * first, _NAMES + 8 * (first + WAYS))
        if at < 0 or at % 8:
            return limit
        slot = (at - _NAMES) // 8
        age = unit - self._newest[slot]
        return limit if age > WINDOW else max(0, limit - self._totals[slot])

    def _count(self, chosen: int, name: bytes, limit: int, unit: int) -> int:
        slot = self._slot(chosen, name)
        newest = self._newest[slot]
        if unit > newest:
            self._forget(slot, newest, unit)
        else:
            unit = newest  # another process was here a moment ago
        total, first = self._totals[slot], slot * UNITS
        if total >= limit:
            over, oldest = total - limit + 1, first + (unit + 1) % UNITS
            counts = [*self._counts[oldest : first + UNITS], *self._counts[first:oldest]]
            # The oldest unit is forgotten in one, the next in two …
            return next(wait for wait, gone in enumerate(accumulate(counts), 1) if gone >= over)
        at = first + unit % UNITS
        if self._counts[at] < FULL:
            self._counts[at] += 1
            self._totals[slot] = total + 1
        return 0

    def _slot(self, chosen: int, name: bytes) -> int:
        """The client's slot in this set; that of the client who was silent longest when it has none."""
        first = chosen * WAYS
        at = self._table.find(name, _NAMES + 8 * first, _NAMES + 8 * (first + WAYS))
        if at >= 0 and at % 8 == 0:
            return (at - _NAMES) // 8
        newest = self._newest[first : first + WAYS].tolist()
        slot = first + newest.index(min(newest))
        self._table[_NAMES + 8 * slot : _NAMES + 8 * slot + 8] = name
        self._newest[slot] = 0
        return slot

    def _forget(self, slot: int, newest: int, unit: int) -> None:
        """Takes what is older than the window out of the counts, and makes `unit` the newest."""
        first, passed = slot * UNITS, unit - newest
        self._newest[slot] = unit
        if passed > WINDOW:
            self._counts[first : first + UNITS] = _EMPTY
            self._totals[slot] = 0
            return
        start = (newest + 1) % UNITS
        end = start + passed
        for begin, stop in ((start, min(end, UNITS)), (0, end - UNITS)):
            if stop > begin:
                old = self._counts[first + begin : first + stop]
                self._totals[slot] -= sum(old)
                old[:] = _EMPTY[: stop - begin]
