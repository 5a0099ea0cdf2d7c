"""How many public POSTs one client may send: one guard for all of them.

A client has an allowance of each kind, so that counts never use up what answers need. Where they are counted, in one
process or in all of a machine, is `rate_limit_table.py`; in all machines, `redis_limit.py`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from django.conf import settings

from consent.answers.errors import RejectedSubmission
from cookiebanner.visitors import redis_limit
from cookiebanner.visitors.proxies import client_key
from cookiebanner.visitors.rate_limit_table import RateLimitTable, of_this_process
from cookiebanner.visitors.redis_limit import Question, Reply

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
shared = redis_limit.of_settings()  # None: no other machine counts with us


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
    May wait a tenth of a second for the server of CACHE_URL: the lane asks by `questions` and `decide`.
    """
    asked = questions(kind, headers, peer)
    decide(asked, shared.ask(asked) if shared and asked else None)


def questions(kind: str, headers: Mapping[str, str], peer: str) -> list[Question]:
    """What a public POST of this kind must pass; nothing where no limit is set.

    Raises RateLimited for a client whom the server of CACHE_URL refused not long ago.
    """
    limit = allowance(kind)
    if limit <= 0:
        return []
    client = f"{kind} {client_key(headers, peer)}"
    asked = [Question(client, limit)]
    if kind in (IMPRESSIONS, REPORTS, REQUESTS):
        asked.append(Question(client, limit * HOUR, 60, follows=True))
    if shared:
        for one in asked:
            if wait := shared.refused(one):
                raise RateLimited(wait)
    return asked


def decide(asked: Sequence[Question], replies: Sequence[Reply] | None) -> None:
    """Lets a request pass or raises RateLimited, as all machines have counted it; without replies as this one does."""
    for number, one in enumerate(asked):
        wait = replies[number].wait if replies else _table(one).wait(one.key, one.limit)
        if wait:
            raise RateLimited(wait)


def count(key: str, limit: int) -> Reply:
    """Counts one more request of any key: at most `limit` a minute. Like `admit`, it may wait a moment."""
    one = Question(key, limit)
    if shared:
        if wait := shared.refused(one):
            return Reply(wait, 0)
        if replies := shared.ask([one]):
            return replies[0]
    wait = rate_limit.wait(key, limit)
    return Reply(wait, rate_limit.left(key, limit))


def _table(question: Question) -> RateLimitTable:
    return rate_limit if question.unit == 1 else _hours
