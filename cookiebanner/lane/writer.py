"""Threads that write: each takes all that waits for it, commits it as one batch, and only then says so.

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
from itertools import chain

from django.conf import settings
from django.db import Error, InterfaceError, OperationalError, connection

from consent.answers.intake import record
from consent.ledger import places
from consent.ledger.append import Draft, Outcome, keeps_sites_apart
from consent.storing import is_of_a_row
from cookiebanner.health import readiness

QUEUE = 2048  # answers that may wait; beyond them the client is asked to come back
BATCH = 512  # answers in one transaction
SLOW = 10  # seconds in one transaction; then something is wrong
HELD_UP = 0.25  # seconds in one transaction after which other sites' answers wait for it no longer
WRITERS = 2  # threads of one process, each with a connection: one works, the other when that is held up
WRITERS_APART = 8  # where the database keeps sites apart, for those that only the coordinator reaches
LOOK_AGAIN = 40.0  # seconds until it is asked anew where sites lie: before a batch would have to ask
PATIENCE = 2  # how often an answer is left out of a batch because others write to its site's log
OnOutcome = Callable[[Outcome | Exception], None]
Item = tuple[Draft, OnOutcome]
log = logging.getLogger("fairgate")


class Unavailable(Exception):
    """Not stored, as far as we know; ask again."""


def _close() -> None:
    connection.close()
    places.close()


class Writer:
    """Give it drafts from one event loop; `write` is what commits a batch (tests may count or delay it).

    One of its lines does the work, so that batches are long; what waits for it while a transaction is held up (by the
    lock of a site's log, say) goes to the next. Where the database keeps sites apart each of its machines has such
    lines, and sites of machines that are not reached from here are shared by lines that ask the coordinator. Each has a
    thread and a connection. All of a site's answers that are not yet stored are in one line, so that they stay in their
    order. Whoever gave a draft is told its outcome, or why there is none, in the loop's thread.
    """

    def __init__(
        self,
        write: Callable[[list[Draft]], list[Outcome]] = record,
        queue: int = QUEUE,
        batch: int = BATCH,
        writers: int | None = None,
    ) -> None:
        self._write, self._queue, self._batch = write, queue, batch
        self._given = settings.FAIRGATE_WRITERS if writers is None else writers  # 0: as the database asks for
        self._lines: list[_Line] = []
        self._near: dict[str, list[_Line]] = {}  # by the alias of a machine
        self._apart = self._ended = self._looks = False
        self._looked = 0.0  # when it was asked where sites lie, monotonic
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def set_aside(self) -> int:
        """Answers that no database can hold."""
        return sum(line.set_aside for line in self._all())

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._add_lines(self._given or (WRITERS if connection.vendor == "postgresql" else 1), apart=False)
        loop.call_later(HELD_UP, self._look_for_what_is_held_up)

    def look_at_the_database(self) -> None:
        """Prepares for one that keeps sites apart. For a thread that may wait for it, before the first draft."""
        try:
            apart = keeps_sites_apart()
            if apart:
                places.look()
        except Error:  # the batches of several sites are taken apart by the ledger
            return
        if apart:
            self._looked = time.monotonic()
            self._add_lines(self._given or WRITERS_APART, apart=True)

    def _look_again(self) -> None:
        try:
            if keeps_sites_apart(anew=True):
                places.look()
        except Error as error:
            log.warning("It was not told where the logs of sites lie: %s", error)
        finally:
            connection.close()
            self._looks = False

    def _all(self) -> list[_Line]:
        return [*self._lines, *chain(*self._near.values())]

    def offer(self, draft: Draft, on_outcome: OnOutcome) -> bool:
        """False, and nobody is told, when the queue is full or the writer has ended. For the loop's thread only."""
        lines = self._all() if self._near else self._lines
        if self._ended or not lines or sum([len(line.waiting) for line in lines]) >= self._queue:
            return False
        draft.patience = PATIENCE
        line = self._line_of(draft.site_id)
        # Of several machines one that hangs must not keep out what the others would store.
        if self._near and len(line.waiting) >= self._queue // 2:
            return False
        line.add((draft, on_outcome))
        return True

    def _line_of(self, site_id: int) -> _Line:
        for line in self._all() if self._near else self._lines:
            if site_id in line.sites:
                return line
        lines = self._lines
        if self._apart:
            alias = places.alias_of(site_id)
            if alias is None:
                return lines[site_id % len(lines)]
            if alias not in self._near:  # other threads go through it
                self._near = {**self._near, alias: self._made(self._given or WRITERS, apart=False)}
            lines = self._near[alias]
        return next((line for line in lines if not line.is_held_up), lines[0])

    def _look_for_what_is_held_up(self) -> None:
        """Takes from lines that are held up what others can do."""
        if self._ended or self._loop is None:
            return
        now = time.monotonic()
        for line in self._all():
            line.is_held_up = bool(line.began) and now - line.began > HELD_UP
        for lines in self._near.values() if self._apart else [self._lines]:
            if not all(line.is_held_up for line in lines):
                for line in lines:
                    for item in line.give_up() if line.is_held_up else ():
                        self._line_of(item[0].site_id).add(item)
        if self._apart and not self._looks and now - self._looked > LOOK_AGAIN:
            self._looked, self._looks = now, True  # one at a time: a machine may let it wait long
            self._loop.run_in_executor(None, self._look_again)
        self._loop.call_later(HELD_UP, self._look_for_what_is_held_up)

    def end(self, timeout: float = 20.0) -> None:
        """Takes no more, writes what waits, ends the threads. Call it in another thread than the loop's."""
        self._ended = True
        deadline = time.monotonic() + timeout
        lines = self._all()
        for line in lines:
            line.end()
        for line in lines:
            line.thread.join(max(0.0, deadline - time.monotonic()))

    def trouble(self) -> str:
        """Why no answer can be stored now, as far as the threads themselves show it; "" when they do their work."""
        if not self._ended and not all(line.thread.is_alive() for line in self._all()):
            return "The thread that writes answers has ended."
        if any(line.began and time.monotonic() - line.began > SLOW for line in self._all()):
            return f"Answers wait for the database since more than {SLOW} seconds."
        return ""

    def _add_lines(self, count: int, apart: bool) -> None:
        for line in self._lines:
            line.apart = apart
        self._lines = [*self._lines, *self._made(count - len(self._lines), apart)]
        self._apart = apart

    def _made(self, count: int, apart: bool) -> list[_Line]:
        """New lines, at work."""
        assert self._loop is not None
        lines = [_Line(self._write, self._batch, apart, self._loop) for _ in range(count)]
        for line in lines:
            line.thread.start()
        return lines


class _Line:
    """The answers of some sites, written by one thread, in batches of any of them or, for a coordinator that keeps
    sites apart, of one. `sites` and `is_held_up` are for the loop's thread."""

    def __init__(
        self, write: Callable[[list[Draft]], list[Outcome]], batch: int, apart: bool, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._write, self._batch, self.apart, self._loop = write, batch, apart, loop
        self.waiting: deque[Item] = deque()
        self.sites: dict[int, int] = {}  # how many answers of each wait or are being written
        self.is_held_up = False
        self._at_work: set[int] = set()  # the sites of the batch that is being written
        self._arrived = threading.Condition()
        self._ended = False
        self.thread = threading.Thread(target=self._run, name="fairgate-writer", daemon=True)
        self.began = 0.0  # when the batch that is being written was begun, monotonic; 0: none
        self.set_aside = 0

    def add(self, item: Item) -> None:
        site = item[0].site_id
        self.sites[site] = self.sites.get(site, 0) + 1
        self.waiting.append(item)
        if len(self.waiting) == 1:  # it may be asleep only when nothing waited
            with self._arrived:
                self._arrived.notify()

    def give_up(self) -> list[Item]:
        """What waits here and is of no site whose answers are being written."""
        with self._arrived:
            items = list(self.waiting)
            self.waiting.clear()
            self.waiting.extend(item for item in items if item[0].site_id in self._at_work)
            given = [item for item in items if item[0].site_id not in self._at_work]
        self._forget(given)
        return given

    def _forget(self, items: list[Item]) -> None:
        for draft, _ in items:
            left = self.sites[draft.site_id] - 1
            if left:
                self.sites[draft.site_id] = left
            else:
                del self.sites[draft.site_id]

    def end(self) -> None:
        with self._arrived:
            self._ended = True
            self._arrived.notify()

    def _run(self) -> None:
        while True:
            with self._arrived:
                while not self.waiting and not self._ended:
                    self._arrived.wait(1.0)
            if batch := self._take():
                self._report_outcomes(*self._without_left_out(batch, self._store([draft for draft, _ in batch])))
            elif self._ended:
                _close()
                return

    def _take(self) -> list[Item]:
        with self._arrived:  # nothing is given up meanwhile
            batch = [self.waiting.popleft() for _ in range(min(len(self.waiting), self._batch))]
            if self.apart and batch:
                site = batch[0][0].site_id
                self.waiting.extendleft(item for item in reversed(batch) if item[0].site_id != site)
                batch = [item for item in batch if item[0].site_id == site]
            self._at_work = {draft.site_id for draft, _ in batch}
        return batch

    def _store(self, drafts: list[Draft]) -> list[Outcome | Exception]:
        """What became of each. A batch that can't be stored is halved: one bad answer must not harm the others."""
        started = self.began = time.monotonic()
        try:
            outcomes: list[Outcome | Exception] = list(self._write(drafts))
            readiness.stored()
            return outcomes
        except Exception as error:
            _close()
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
            self.began = 0.0

    def _without_left_out(
        self, batch: list[Item], outcomes: list[Outcome | Exception]
    ) -> tuple[list[Item], list[Outcome | Exception]]:
        """What is told now. What was left out comes again, before what came later, with less patience."""
        reported: tuple[list[Item], list[Outcome | Exception]] = ([], [])
        left = []
        for item, outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, Outcome) and outcome.status == "busy":
                item[0].patience -= 1
                left.append(item)
            else:
                reported[0].append(item)
                reported[1].append(outcome)
        if left:
            with self._arrived:
                self.waiting.extendleft(reversed(left))
        return reported

    def _report_outcomes(self, batch: list[Item], outcomes: list[Outcome | Exception]) -> None:
        if self._loop.is_closed():
            return
        self._loop.call_soon_threadsafe(self._call_back, batch, outcomes)

    def _call_back(self, batch: list[Item], outcomes: list[Outcome | Exception]) -> None:
        self._forget(batch)
        for (_, on_outcome), outcome in zip(batch, outcomes, strict=True):
            try:
                on_outcome(outcome)
            except Exception:  # the others must be told all the same
                log.exception("An answer was stored, but its visitor could not be told.")
