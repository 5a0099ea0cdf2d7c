"""The rate limit of several server processes: one table in memory that they share, so that the limit is what it says.

`manage.py serve` makes the table and hands it to its server processes as an open file. Clients are in it by a keyed
hash, never by address; the key dies with the server. docs/decisions/0017 tells why it is not divided by the processes.
"""

from __future__ import annotations

import fcntl
import hashlib
import mmap
import os
import secrets
import struct
import tempfile
import threading
import time
from itertools import accumulate

FD = "FAIRGATE_LIMITS_FD"  # environment variable of a server process: the open files of the tables, minutes' first
SETS, WAYS = 8192, 8  # a client is in one of eight places; the one that was silent longest makes room
WINDOW = 60  # units (s, or minutes); a unit is counted as a whole, so that the window is at most one unit longer
SLOT = struct.Struct(f"<8sQ{WINDOW + 1}H")  # hash, second of the newest count, counts by second (oldest first)
SECRET = 16  # bytes at the start
SIZE = SECRET + SETS * WAYS * SLOT.size
FULL = 0xFFFF


def make() -> int:
    """A new, empty table; the file descriptor to hand on."""
    if hasattr(os, "memfd_create"):
        fd = os.memfd_create("fairgate-limits")
    else:  # not Linux
        with tempfile.TemporaryFile() as file:
            fd = os.dup(file.fileno())
    os.ftruncate(fd, SIZE)
    os.pwrite(fd, secrets.token_bytes(SECRET), 0)
    return fd


def of_all_processes() -> tuple[SharedRateLimit, SharedRateLimit] | None:
    """The tables that this process was given, of the last minute and of the last hour; None when it serves alone."""
    given = os.environ.get(FD)
    if not given:
        return None
    minutes, hours = map(int, given.split(","))
    return SharedRateLimit(minutes), SharedRateLimit(hours, 60)


class SharedRateLimit:
    """At most `limit` requests in any 60 units (s) per key, counted in all processes that have the same `fd`."""

    def __init__(self, fd: int, unit: int = 1) -> None:
        self._fd, self._unit = fd, unit
        self._table = mmap.mmap(fd, SIZE)
        self._secret = self._table[:SECRET]
        self._lock = threading.Lock()  # the file's lock is between processes only

    def wait(self, key: str, limit: int, now: float | None = None) -> int:
        """Seconds to wait, 0 when the request may pass (and is counted). `now` as `time.monotonic()`."""
        if limit <= 0:
            return 0
        second = int(time.monotonic() if now is None else now) // self._unit + 1  # 0 means never
        name = hashlib.blake2b(key.encode(), digest_size=8, key=self._secret).digest()
        chosen = int.from_bytes(name[:4], "little") % SETS
        with self._lock:
            fcntl.lockf(self._fd, fcntl.LOCK_EX, 1, chosen)
            try:
                return self._count(chosen, name, limit, second) * self._unit
            finally:
                fcntl.lockf(self._fd, fcntl.LOCK_UN, 1, chosen)

    def _count(self, chosen: int, name: bytes, limit: int, second: int) -> int:
        first = SECRET + chosen * WAYS * SLOT.size
        oldest, at = -1, first
        for place in range(first, first + WAYS * SLOT.size, SLOT.size):
            if self._table[place : place + 8] == name:
                at = place
                break
            last = int.from_bytes(self._table[place + 8 : place + 16], "little")
            if oldest < 0 or last < oldest:
                oldest, at = last, place
        found, last, *counts = SLOT.unpack_from(self._table, at)
        passed = second - last
        if found != name or passed > WINDOW:
            counts = [0] * (WINDOW + 1)
        elif passed > 0:
            counts = counts[passed:] + [0] * passed
        else:
            second = last  # another process was here a moment ago
        over = sum(counts) - limit + 1
        if over > 0:
            SLOT.pack_into(self._table, at, name, second, *counts)
            # The oldest second is forgotten in one, the next in two …
            return next(wait for wait, gone in enumerate(accumulate(counts), 1) if gone >= over)
        counts[-1] = min(counts[-1] + 1, FULL)
        SLOT.pack_into(self._table, at, name, second, *counts)
        return 0
