"""How many public POSTs one client may send: one guard for all of them.

A client has an allowance of each kind, so that counts never use up what answers need. Where they are counted, in one
process or in all of a machine, is `rate_limit_table.py`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from django.conf import settings

from consent.answers.errors import RejectedSubmission
from cookiebanner.visitors.proxies import client_key
from cookiebanner.visitors.rate_limit_table import of_this_process

CONSENTS, IMPRESSIONS, REPORTS, STATE, REQUESTS = "consents", "impressions", "reports", "state", "requests"
CHOICES = "choices"  # of visitors who are signed in
MOST_REQUESTS = 6  # of a person's requests, and codes tried, a minute
HOUR = 10  # allowances of a minute that counts and reports get in an hour


class RateLimited(RejectedSubmission):
    """`wait`: seconds after which the client may try again."""

    def __init__(self, wait: int) -> None:
        super().__init__("rate_limited", "Too many requests from this address; try again later.")
        self.wait = wait


rate_limit, _hours = of_this_process()


def allowance(kind: str) -> int:
    """Requests a minute of this kind that one client may send; 0 = any number."""
    answers: int = settings.FAIRGATE_RATE_LIMIT
    if kind == REQUESTS:
        return min(answers, MOST_REQUESTS)
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

    Raises RateLimited when the client has used up its allowance of the minute or, for all but answers, of the hour.
    """
    limit = allowance(kind)
    if limit <= 0:
        return
    client = f"{kind} {client_key(headers, peer)}"
    wait = rate_limit.wait(client, limit)
    if not wait and kind in (IMPRESSIONS, REPORTS, REQUESTS):
        wait = _hours.wait(client, limit * HOUR)
    if wait:
        raise RateLimited(wait)
