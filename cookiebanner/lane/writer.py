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

from django.db import Error, InterfaceError, OperationalError, connection

from consent.answers.intake import record
from consent.ledger.append import Draft, Outcome
from consent.storing import is_of_a_row
from cookiebanner.health import readiness

QUEUE = 2048  # answers that may wait; beyond them the client is asked to come back
BATCH = 512  # answers in one transaction
SLOW = 10  # seconds in one transaction; then something is wrong
OnOutcome = Callable[[Outcome | Exception], None]
log = logging.getLogger("fairgate")


class Unavailable(Exception):
    """Not stored, as far as we know; ask again."""


class Writer:
    """Give it drafts from one event loop; `write` is what commits a batch (tests may count or delay it).

    Whoever gave a draft is told its outcome, or why there is none, in the loop's thread.
    """

    def __init__(
        self, write: Callable[[list[Draft]], list[Outcome]] = record, queue: int = QUEUE, batch: int = BATCH
    ) -> None:
        self._write, self._queue, self._batch = write, queue, batch
        self._waiting: deque[tuple[Draft, OnOutcome]] = deque()
        self._arrived = threading.Condition()
        self._ended = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="fairgate-writer", daemon=True)
        self._began = 0.0  # when the batch that is being written was begun, monotonic; 0: none
        self.set_aside = 0  # answers that no database can hold

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._thread.start()

    def offer(self, draft: Draft, on_outcome: OnOutcome) -> bool:
        """False, and nobody is told, when the queue is full or the writer has ended. For the loop's thread only."""
        if len(self._waiting) >= self._queue or self._ended or self._loop is None:
            return False
        self._waiting.append((draft, on_outcome))
        if len(self._waiting) == 1:  # it may be asleep only when nothing waited
            with self._arrived:
                self._arrived.notify()
        return True

    def end(self, timeout: float = 20.0) -> None:
        """Takes no more, writes what waits, ends the thread. Call it in another thread than the loop's."""
        with self._arrived:
            self._ended = True
            self._arrived.notify()
        self._thread.join(timeout)

    def trouble(self) -> str:
        """Why no answer can be stored now, as far as the thread itself shows it; "" when it does its work."""
        if self._loop is not None and not self._ended and not self._thread.is_alive():
            return "The thread that writes answers has ended."
        began = self._began
        if began and time.monotonic() - began > SLOW:
            return f"Answers wait for the database since more than {SLOW} seconds."
        return ""

    def _run(self) -> None:
        while True:
            with self._arrived:
                while not self._waiting and not self._ended:
                    self._arrived.wait(1.0)
            batch: list[tuple[Draft, OnOutcome]] = []
            while self._waiting and len(batch) < self._batch:
                batch.append(self._waiting.popleft())
            if batch:
                self._report_outcomes(batch, self._store([draft for draft, _ in batch]))
            elif self._ended:
                connection.close()
                return

    def _store(self, drafts: list[Draft]) -> list[Outcome | Exception]:
        """What became of each. A batch that can't be stored is halved: one bad answer must not harm the others."""
        started = self._began = time.monotonic()
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
            self._began = 0.0

    def _report_outcomes(self, batch: list[tuple[Draft, OnOutcome]], outcomes: list[Outcome | Exception]) -> None:
        if self._loop is None or self._loop.is_closed():
            return
        self._loop.call_soon_threadsafe(_call_back, batch, outcomes)


def _call_back(batch: list[tuple[Draft, OnOutcome]], outcomes: list[Outcome | Exception]) -> None:
    for (_, on_outcome), outcome in zip(batch, outcomes, strict=True):
        try:
            on_outcome(outcome)
        except Exception:  # the others must be told all the same
            log.exception("An answer was stored, but its visitor could not be told.")
