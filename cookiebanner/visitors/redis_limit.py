"""The rate limit that several machines share: counts in the Redis (or Valkey) of CACHE_URL.

One script looks and counts in one step, by the clock of that server, so that no two machines let the same request
through. It counts like `rate_limit_table.py`: at most the limit in 61 whole units, refused requests not among them.
Clients are there by a keyed hash, never by address, and for as long as the window. When the server does not answer in
`TIMEOUT` nobody waits for it any more: each machine counts for itself until it is back (docs/decisions/0039).
"""

from __future__ import annotations

import hashlib
import logging
import re
import threading
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from django.conf import settings

TIMEOUT = 0.1  # seconds to connect, and to be answered
PAUSE = 2.0  # seconds between two looks whether the server is back
MOST_REFUSED = 20_000  # clients that are remembered as refused, so that they cost the server nothing
MOST_AT_ONCE = 256  # questions in one call of the script, which stops the server for a millisecond or two
AWAY = "The server of CACHE_URL does not answer: each machine keeps to the rate limits for itself."
log = logging.getLogger("fairgate")

# KEYS: one hash a question (unit → count). ARGV: limit, seconds of a unit, and 1 when it counts only if the question
# before it passed. Returns for each the seconds to wait (0: passed, and counted) and how many more may pass now. What
# lies ahead of the clock was counted before it was set back, and counts no more.
SCRIPT = """
local now, found, passed = tonumber(redis.call('TIME')[1]), {}, true
for number, key in ipairs(KEYS) do
  local limit, unit = tonumber(ARGV[3 * number - 2]), tonumber(ARGV[3 * number - 1])
  local wait, left, at, total, units = 0, limit, math.floor(now / unit), 0, {}
  if passed or ARGV[3 * number] == '0' then
    local counts = redis.call('HGETALL', key)
    for i = 1, #counts, 2 do
      local past, count = tonumber(counts[i]), tonumber(counts[i + 1])
      if past < at - 60 or past > at + 2 then
        redis.call('HDEL', key, counts[i])
      else
        total = total + count
        units[#units + 1] = {past, count}
      end
    end
    if total < limit then
      redis.call('HINCRBY', key, at, 1)
      redis.call('EXPIRE', key, 62 * unit)
      left = limit - total - 1
    else
      left = 0
      table.sort(units, function(one, other) return one[1] < other[1] end)
      local gone = 0
      for _, one in ipairs(units) do
        gone = gone + one[2]
        if gone > total - limit then
          wait = (one[1] + 61 - at) * unit
          break
        end
      end
    end
  end
  passed = wait == 0
  found[2 * number - 1], found[2 * number] = wait, left
end
return found
"""


class Question(NamedTuple):
    """May one more request of `key` pass, at most `limit` in 61 units of `unit` seconds? `follows`: it is asked, and
    counts, only when the question before it passed."""

    key: str
    limit: int
    unit: int = 1
    follows: bool = False


class Reply(NamedTuple):
    """Seconds to wait, 0 when the request passed and is counted; and how many more may pass now."""

    wait: int
    left: int


class RedisLimit:
    """Safe to use from any thread. `url` as CACHE_URL (of several the first, which Django's cache writes to, too).

    Raises ValueError for a URL that names no such server.
    """

    def __init__(self, url: str) -> None:
        import redis  # not without CACHE_URL
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        self._errors = (redis.RedisError, OSError)
        self._unknown_script = redis.exceptions.NoScriptError
        # One more try of a lost connection (the server was started anew), none after a timeout.
        self._client: Any = redis.Redis.from_url(
            re.split("[;,]", url)[0], socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT,
            retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
        )  # fmt: skip
        self._hash = hashlib.sha1(SCRIPT.encode(), usedforsecurity=False).hexdigest()
        # All machines have the same SECRET_KEY, and so the same names for clients.
        self._secret = hashlib.sha256(b"fairgate.redis_limit " + settings.SECRET_KEY.encode()).digest()
        self._refused: dict[str, float] = {}  # name → until when there can be no room, monotonic
        self._lock = threading.Lock()
        self.down = False  # read by anybody: then nobody asks

    def ask(self, questions: Sequence[Question]) -> list[Reply] | None:
        """The replies; None when the server does not answer, and the caller must count by itself."""
        if self.down:
            return None
        names = [self._name(question) for question in questions]
        found: list[Reply] = []
        try:
            for start in range(0, len(names), MOST_AT_ONCE):
                found += self._ask(names[start : start + MOST_AT_ONCE], questions[start : start + MOST_AT_ONCE])
        except self._errors as error:
            self._went_away(error)
            return None
        now = time.monotonic()
        for name, question, reply in zip(names, questions, found, strict=True):
            if reply.wait:
                if len(self._refused) >= MOST_REFUSED:
                    self._refused.clear()
                self._refused[name] = now + reply.wait - question.unit  # it may be in the middle of a unit
        return found

    def refused(self, question: Question) -> int:
        """Seconds that a client must wait who was refused not long ago, without asking the server; 0: ask it."""
        if not self._refused or self.down:
            return 0
        name = self._name(question)
        until = self._refused.get(name)
        if until is None:
            return 0
        wait = until - time.monotonic()
        if wait > 0:
            return int(wait) + question.unit
        self._refused.pop(name, None)
        return 0

    def trouble(self) -> str:
        """AWAY, or "" when the server answers now. Waits for a hanging one like `ask`, and not while it is down."""
        if not self.down:
            try:
                self._client.ping()
            except self._errors as error:
                self._went_away(error)
        return AWAY if self.down else ""

    def _ask(self, names: Sequence[str], questions: Sequence[Question]) -> list[Reply]:
        given = [word for one in questions for word in (one.limit, one.unit, int(one.follows))]
        try:
            flat = self._client.evalsha(self._hash, len(names), *names, *given)
        except self._unknown_script:
            flat = self._client.eval(SCRIPT, len(names), *names, *given)
        return [Reply(wait, left) for wait, left in zip(flat[::2], flat[1::2], strict=True)]

    def _name(self, question: Question) -> str:
        text = f"{question.unit} {question.key}".encode()
        return f"fairgate:limit:{hashlib.blake2b(text, digest_size=16, key=self._secret).hexdigest()}"

    def _went_away(self, error: Exception) -> None:
        with self._lock:
            if self.down:
                return
            self.down = True
        log.warning("%s (%s)", AWAY, type(error).__name__)  # its text may hold the server's password
        threading.Thread(target=self._wait_for_it, name="fairgate-redis-limit", daemon=True).start()

    def _wait_for_it(self) -> None:
        """Only this thread waits for a server that hangs."""
        while self.down:
            time.sleep(PAUSE)
            try:
                self._client.ping()
            except self._errors:
                continue
            log.warning("The server of CACHE_URL is back: all machines share the rate limits again.")
            self.down = False


def of_settings() -> RedisLimit | None:
    """The one of this process; None without CACHE_URL."""
    return RedisLimit(settings.CACHE_URL) if settings.CACHE_URL else None
