"""One thread that writes: it takes all that waits, commits it as one batch, and only then says so.

Nothing is acknowledged before its transaction has committed. When the database is away, what waits is answered
`Unavailable` at once; the client asks again with the same id, so that an answer whose commit was in doubt lands once.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable

from django.conf import settings
from django.db import Error, InterfaceError, OperationalError, connection

from consent.answers.intake import record
from consent.ledger.append import Draft, Outcome, keeps_sites_apart
from consent.storing import is_of_a_row
from cookiebanner.health import readiness

QUEUE = 2048  # answers that may wait; beyond them the client is asked to come back
BATCH = 512  # answers in one transaction
SLOW = 10  # seconds in one transaction; then something is wrong
WRITERS = 8  # threads where the database keeps sites apart, each with a connection
OnOutcome = Callable[[Outcome | Exception], None]
Item = tuple[Draft, OnOutcome]
log = logging.getLogger("fairgate")


class Unavailable(Exception):
    """Not stored, as far as we know; ask again."""


class Writer:
    """Give it drafts from one event loop; `write` is what commits a batch (tests may count or delay it).

    One thread commits batches of any sites. Where the database keeps sites apart (Citus, or FAIRGATE_WRITERS is 2 or
    more) several do, each a batch of one site, and never two of the same site at once: so a site's answers stay in
    their order. Whoever gave a draft is told its outcome, or why there is none, in the loop's thread.
    """

    def __init__(
        self,
        write: Callable[[list[Draft]], list[Outcome]] = record,
        queue: int = QUEUE,
        batch: int = BATCH,
        writers: int | None = None,
    ) -> None:
        self._write, self._queue, self._batch = write, queue, batch
        self._writers = settings.FAIRGATE_WRITERS if writers is None else writers
        self._by_site = self._writers > 1
        self._waiting: deque[Item] = deque()
        self._lines: dict[int, deque[Item]] = {}  # by site, those that wait longest first; of `_waiting`, sorted
        self._sorted = 0  # answers in them
        self._busy: set[int] = set()  # sites that a thread writes now
        self._arrived = threading.Condition()
        self._ended = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._began: dict[int, float] = {}  # thread → when the batch that it writes was begun, monotonic
        self._threads: list[threading.Thread] = []
        self.set_aside = 0  # answers that no database can hold

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._start_threads(self._writers if self._by_site else 1)

    def offer(self, draft: Draft, on_outcome: OnOutcome) -> bool:
        """False, and nobody is told, when the queue is full or the writer has ended. For the loop's thread only."""
        if len(self._waiting) + self._sorted >= self._queue or self._ended or self._loop is None:
            return False
        self._waiting.append((draft, on_outcome))
        if len(self._waiting) == 1:  # all may be asleep only when nothing waited
            with self._arrived:
                self._arrived.notify()
        return True

    def end(self, timeout: float = 20.0) -> None:
        """Takes no more, writes what waits, ends the threads. Call it in another thread than the loop's."""
        with self._arrived:
            self._ended = True
            self._arrived.notify_all()
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def trouble(self) -> str:
        """Why no answer can be stored now, as far as the threads themselves show it; "" when they do their work."""
        if self._loop is not None and not self._ended and not all(thread.is_alive() for thread in self._threads):
            return "The thread that writes answers has ended."
        if any(time.monotonic() - began > SLOW for began in list(self._began.values())):
            return f"Answers wait for the database since more than {SLOW} seconds."
        return ""

    def _start_threads(self, count: int) -> None:
        for number in range(len(self._threads), count):
            thread = threading.Thread(target=self._run, name=f"fairgate-writer-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _run(self) -> None:
        while True:
            with self._arrived:
                while not (batch := self._take()) and not self._ended:
                    self._arrived.wait(1.0)
            if not batch:
                connection.close()
                return
            try:
                self._report_outcomes(batch, self._store([draft for draft, _ in batch]))
            finally:
                self._busy.discard(batch[0][0].site_id)
            self._look_at_the_database()

    def _take(self) -> list[Item]:
        """The next batch. Call it with the lock."""
        if not self._by_site:
            return [self._waiting.popleft() for _ in range(min(len(self._waiting), self._batch))]
        while self._waiting:
            item = self._waiting.popleft()
            self._lines.setdefault(item[0].site_id, deque()).append(item)
            self._sorted += 1
        site = next((site for site in self._lines if site not in self._busy), None)
        if site is None:
            return []
        self._busy.add(site)
        line = self._lines.pop(site)
        batch = [line.popleft() for _ in range(min(len(line), self._batch))]
        if line:
            self._lines[site] = line  # the others first
        self._sorted -= len(batch)
        if any(site not in self._busy for site in self._lines):
            self._arrived.notify()  # there is a site for another thread
        return batch

    def _look_at_the_database(self) -> None:
        """Goes over to batches of one site when the database has come to keep sites apart."""
        if self._by_site or self._writers or self._ended:
            return
        try:
            apart = keeps_sites_apart()
        except Error:
            return
        if apart:
            self._by_site = True
            self._start_threads(WRITERS)

    def _store(self, drafts: list[Draft]) -> list[Outcome | Exception]:
        """What became of each. A batch that can't be stored is halved: one bad answer must not harm the others."""
        thread = threading.get_ident()
        started = self._began[thread] = time.monotonic()
        try:
            outcomes: list[Outcome | Exception] = list(self._write(drafts))
            readiness.stored()
            return outcomes
        except Exception as error:
            connection.close()
            if isinstance(error, (OperationalError, InterfaceError)) and not is_of_a_row(error):
                readiness.refused(error)
                log.warning("The database is not there; %d answers were asked to come back: %s", len(drafts), error)
                time.sleep(max(0.0, 0.1 - (time.monotonic() - started)))  # no storm of connection attempts
                return [Unavailable()] * len(drafts)
            readiness.doubt()
            if len(drafts) == 1:
                if is_of_a_row(error):
                    self.set_aside += 1
                    log.error("Answer %s of site %s can't be stored.", drafts[0].record_id, drafts[0].site_uuid)
                    return [error]
                log.exception("An answer could not be stored.")
                return [error if not isinstance(error, Error) else Unavailable()]
            half = len(drafts) // 2
            return self._store(drafts[:half]) + self._store(drafts[half:])
        finally:
            self._began.pop(thread, None)

    def _report_outcomes(self, batch: list[Item], outcomes: list[Outcome | Exception]) -> None:
        if self._loop is None or self._loop.is_closed():
            return
        self._loop.call_soon_threadsafe(_call_back, batch, outcomes)


def _call_back(batch: list[Item], outcomes: list[Outcome | Exception]) -> None:
    for (_, on_outcome), outcome in zip(batch, outcomes, strict=True):
        try:
            on_outcome(outcome)
        except Exception:  # the others must be told all the same
            log.exception("An answer was stored, but its visitor could not be told.")
