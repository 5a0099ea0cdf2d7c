"""How the lane asks the rate limit that several machines share, without its loop waiting for the answer.

One thread asks for all who have come meanwhile, in one question. Who has no reply within `REPLY_TIMEOUT` is counted by
this machine alone.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence

from cookiebanner.visitors.redis_limit import Question, RedisLimit, Reply

REPLY_TIMEOUT = 0.25  # seconds; more than the server may take, less than a look-up of its name can
OnReplies = Callable[[Sequence[Reply] | None], None]
log = logging.getLogger("fairgate")


class _Asked:
    """A request that waits for its replies."""

    __slots__ = ("on_replies", "questions")

    def __init__(self, questions: Sequence[Question], on_replies: OnReplies) -> None:
        self.questions = questions
        self.on_replies: OnReplies | None = on_replies  # None once it has its replies

    def reply(self, replies: Sequence[Reply] | None) -> None:
        on_replies, self.on_replies = self.on_replies, None
        if on_replies is not None:
            on_replies(replies)


class Limits:
    """For one event loop."""

    def __init__(self, shared: RedisLimit) -> None:
        self._shared = shared
        self._waiting: deque[_Asked] = deque()
        self._arrived = threading.Condition()
        self._ended = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="fairgate-limits", daemon=True)

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._thread.start()

    def end(self) -> None:
        """Asks for who waits, and ends the thread. Call it in another thread than the loop's."""
        with self._arrived:
            self._ended = True
            self._arrived.notify()
        self._thread.join(1.0)

    def ask(self, questions: Sequence[Question], on_replies: OnReplies) -> None:
        """Calls `on_replies` in the loop's thread, at once or later: with the replies, or None when this machine must
        count by itself. For the loop's thread only."""
        if self._loop is None or self._ended or self._shared.down:
            on_replies(None)
            return
        asked = _Asked(questions, on_replies)
        self._loop.call_later(REPLY_TIMEOUT, asked.reply, None)
        self._waiting.append(asked)
        if len(self._waiting) == 1:
            with self._arrived:
                self._arrived.notify()

    def _run(self) -> None:
        while True:
            with self._arrived:
                while not self._waiting and not self._ended:
                    self._arrived.wait(1.0)
            batch: list[_Asked] = []
            while self._waiting:
                batch.append(self._waiting.popleft())
            if batch:
                self._report(batch, self._ask(batch))
            elif self._ended:
                return

    def _ask(self, batch: list[_Asked]) -> list[Reply] | None:
        try:
            return self._shared.ask([question for one in batch for question in one.questions])
        except Exception:  # each who waits must be told
            log.exception("The shared rate limit could not be asked.")
            return None

    def _report(self, batch: list[_Asked], replies: list[Reply] | None) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(_report, batch, replies)


def _report(batch: list[_Asked], replies: list[Reply] | None) -> None:
    start = 0
    for one in batch:
        end = start + len(one.questions)
        try:
            one.reply(None if replies is None else replies[start:end])
        except Exception:  # the others must be told all the same
            log.exception("A request was counted, but could not go on.")
        start = end
