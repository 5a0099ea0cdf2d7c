"""Who is told what of the table of law: each new version, and each start when it is near, once.

What a person was told stands in their subscription, so that nothing is told twice, and nothing is lost when a mail
could not be sent.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, NamedTuple

from consent.jurisdictions import history, table
from consent.jurisdictions.history import Changes, Start
from consent.jurisdictions.models import LawSubscription

NEAR = timedelta(days=30)


class News(NamedTuple):
    """What a person has not been told yet: the version that is installed now, what it changed after the one they know
    (None when that one was not kept), and what starts soon."""

    version: str
    changes: Changes | None
    starts: list[Start]

    def __bool__(self) -> bool:
        return bool(self.version or self.starts)


def subscription_of(user: Any) -> LawSubscription | None:
    """A person's subscription, if they have one."""
    return LawSubscription.objects.filter(user=user).first()


def subscribe(user: Any) -> LawSubscription:
    """From now on; the version that is there now is known. What starts soon is told with the next notice."""
    return LawSubscription.objects.get_or_create(user=user, defaults={"version": table.VERSION})[0]


def unsubscribe(user_id: int) -> bool:
    """Ends the notices. False when there were none."""
    return bool(LawSubscription.objects.filter(user_id=user_id).delete()[0])


def news_for(subscription: LawSubscription, today: date) -> News:
    """What the person has not been told yet. Empty (false) when there is nothing."""
    new = table.VERSION if subscription.version < table.VERSION else ""
    known = set(subscription.notified)
    near = (today + NEAR).isoformat()
    starts = [start for start in history.starts(today) if start.day <= near and start.key not in known]
    return News(new, history.changes_since(subscription.version) if new else None, starts)


def tell(user_id: int, today: date, send: Callable[[LawSubscription, News], None]) -> bool:
    """Sends one person's news, if there are any, then writes down that they were told. When `send` raises, nothing is
    written down, and the next try tells the same."""
    subscription = LawSubscription.objects.select_related("user").filter(user_id=user_id).first()
    if subscription is None or not (news := news_for(subscription, today)):
        return False
    send(subscription, news)  # in no transaction: mail servers are slow, and SQLite has one writer
    ahead = {start.key for start in history.starts(today)}  # what lies behind needs no memory
    subscription.version = max(subscription.version, table.VERSION)
    subscription.notified = [key for key in subscription.notified if key in ahead] + [
        start.key for start in news.starts
    ]
    LawSubscription.objects.filter(pk=subscription.pk).update(
        version=subscription.version, notified=subscription.notified
    )
    return True
