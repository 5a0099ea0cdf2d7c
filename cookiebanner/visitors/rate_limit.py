"""How many public POSTs one client may send: one guard for all of them.

Several server processes of one machine count together (`shared_limit.py`), one alone in its own memory.

A client has an allowance of each kind, so that counts never use up what answers need. What is kept of a client has a
fixed size, whatever its allowance, and the clients longest silent are forgotten first.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping

from django.conf import settings

from consent.answers.errors import RejectedSubmission
from cookiebanner.visitors.proxies import client_key
from cookiebanner.visitors.shared_limit import SharedRateLimit, of_all_processes

CONSENTS, IMPRESSIONS, REPORTS, STATE = "consents", "impressions", "reports", "state"
HOUR = 10  # allowances of a minute that counts and reports get in an hour


class RateLimited(RejectedSubmission):
    """`wait`: seconds after which the client may try again."""

    def __init__(self, wait: int) -> None:
        super().__init__("rate_limited", "Too many requests from this address; try again later.")
        self.wait = wait


class RateLimit:
    """About `limit` requests in any `period` seconds per peer; the addresses live only here.

    The period under way is counted, and of the one before it the part that is not yet over `period` seconds ago.
    """

    MOST = 10_000  # peers remembered

    def __init__(self, period: int = 60) -> None:
        self.period = period
        self._lock = threading.Lock()
        self._peers: OrderedDict[str, tuple[float, int, int]] = OrderedDict()  # began, counted, counted before

    def wait(self, peer: str, limit: int, now: float | None = None) -> int:
        """Seconds to wait, 0 when the request may pass (and is counted). A limit of 0 or less lets all pass."""
        if limit <= 0:
            return 0
        now = time.monotonic() if now is None else now
        with self._lock:
            began, counted, before = self._peers.get(peer) or (now, 0, 0)
            age = now - began
            if age >= self.period:
                skipped = age // self.period
                began, counted, before = began + skipped * self.period, 0, counted if skipped == 1 else 0
                age = now - began
            passes = counted + before * (1 - age / self.period) < limit
            self._peers[peer] = (began, counted + passes, before)
            self._peers.move_to_end(peer)
            if len(self._peers) > self.MOST:
                self._peers.popitem(last=False)
        if passes:
            return 0
        return min(self.period, max(1, math.ceil(self.period - age + self.period / limit)))

    def __len__(self) -> int:
        return len(self._peers)


rate_limit: RateLimit | SharedRateLimit
_hours: RateLimit | SharedRateLimit
rate_limit, _hours = of_all_processes() or (RateLimit(), RateLimit(3600))


def allowance(kind: str) -> int:
    """Requests a minute of this kind that one client may send; 0 = any number."""
    answers: int = settings.FAIRGATE_RATE_LIMIT
    if kind == IMPRESSIONS:
        own: int = settings.FAIRGATE_IMPRESSION_LIMIT
    elif kind == REPORTS:
        own = settings.FAIRGATE_REPORT_LIMIT
    else:
        return answers * 10 if kind == STATE else answers  # a page renews an objection's cookie at each view
    if own >= 0:
        return own
    return answers if kind == IMPRESSIONS else math.ceil(answers / 2)


def admit(kind: str, headers: Mapping[str, str], peer: str) -> None:
    """Counts a public POST of this kind. `headers` by lower-case name, `peer` = the connection's address.

    Raises RateLimited when the client has used up its allowance of the minute or, for counts and reports, of the hour.
    """
    limit = allowance(kind)
    if limit <= 0:
        return
    client = f"{kind} {client_key(headers, peer)}"
    wait = rate_limit.wait(client, limit)
    if not wait and kind in (IMPRESSIONS, REPORTS):
        wait = _hours.wait(client, limit * HOUR)
    if wait:
        raise RateLimited(wait)
