"""Where people are logged in, and when they were last there.

What is told stands in the session itself and ends with it: when it began, the browser's family, and the hour it was
last used. No address, no whole user agent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from consent.answers.intake import family
from consent.sites.models import Session

KEY = "fairgate_login"
EVERY = timedelta(hours=1)  # how exactly "last used" is told, and how often it is written


@dataclass(frozen=True, slots=True)
class LogIn:
    """One session of a person. `name` stands for its key, which is never shown."""

    user_id: int
    name: str
    browser: str
    since: datetime | None
    seen: datetime | None
    key: str
    proof: str

    @property
    def newest(self) -> datetime:
        """For sorting; those of an earlier version say no time."""
        return self.seen or self.since or datetime.min.replace(tzinfo=timezone.get_current_timezone())


@receiver(user_logged_in)
def began(sender: Any, request: HttpRequest, user: Any, **kwargs: Any) -> None:
    """Notes when the session began, and in which browser."""
    now = timezone.now()
    browser = family(request.META.get("HTTP_USER_AGENT", ""))
    request.session[KEY] = {"since": now.isoformat(), "seen": now.isoformat(), "browser": browser}


def used(request: HttpRequest) -> None:
    """Notes that a session is used, at most once an hour."""
    kept = request.session.get(KEY)
    if not kept or datetime.fromisoformat(kept["seen"]) < timezone.now() - EVERY:
        request.session[KEY] = {**(kept or {"since": "", "browser": ""}), "seen": timezone.now().isoformat()}


def of_people(users: Iterable[Any]) -> dict[int, list[LogIn]]:
    """{user id: their sessions that are not over, the one used last first}."""
    people = {user.pk: user for user in users}
    found: dict[int, list[LogIn]] = {pk: [] for pk in people}
    for row in Session.objects.filter(user__in=people, expire_date__gt=timezone.now()).iterator():
        one = _read(row)
        if one and one.user_id in people and one.proof == people[one.user_id].get_session_auth_hash():
            found[one.user_id].append(one)  # one begun before the password changed is over
    return {pk: sorted(rows, key=lambda one: one.newest, reverse=True) for pk, rows in found.items()}


def clear() -> int:
    """Deletes the sessions that are over; returns how many."""
    return int(Session.objects.filter(expire_date__lt=timezone.now()).delete()[0])


def _read(row: Session) -> LogIn | None:
    data = row.get_decoded()
    if not str(data.get(SESSION_KEY, "")).isdigit():
        return None
    kept = data.get(KEY) or {}
    since, seen = (datetime.fromisoformat(kept[part]) if kept.get(part) else None for part in ("since", "seen"))
    name = hashlib.sha256(row.session_key.encode()).hexdigest()[:16]
    proof = data.get(HASH_SESSION_KEY, "")
    return LogIn(int(data[SESSION_KEY]), name, kept.get("browser", ""), since, seen, row.session_key, proof)
