"""Links by which people choose without a login. Each is signed for one purpose: a link of one opens no other.

page       shows and takes all choices of a person; it lapses
stop       says no to one topic (RFC 8058); it lives as long as the mail that holds it
confirm    says yes to one topic, for who got the mail; it lapses
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.core import signing
from django.urls import reverse
from django.utils import timezone

from consent.preferences.models import PendingChoice, Topic
from consent.sites.models import Site
from cookiebanner.staff import links

PAGE, STOP, CONFIRM = "page", "stop", "confirm"
LONGEST_LIFE = timedelta(days=90)  # of a link to the page
DEFAULT_LIFE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Person:
    """Who a link is for, and in which language they were written to ("" = not known)."""

    site: Site
    subject: UUID
    language: str = ""
    topic: Topic | None = None


def page(site: Site, subject: UUID, language: str, life: timedelta = DEFAULT_LIFE) -> str:
    """The path of a person's page; it lapses after `life`, LONGEST_LIFE at most."""
    until = int((timezone.now() + min(life, LONGEST_LIFE)).timestamp())
    return _path(PAGE, [str(site.uuid), subject.hex, language, until])


def stop(site: Site, subject: UUID, topic: Topic, language: str) -> str:
    """The path behind which one click says no to a topic."""
    return _path(STOP, [str(site.uuid), subject.hex, language, topic.key])


def confirm(row: PendingChoice) -> str:
    """The path behind which a button confirms what was asked for; asked for again, it is another."""
    return _path(CONFIRM, [row.pk, row.asked_at.isoformat()])


def headers(site: Site, subject: UUID, topic: Topic, language: str) -> dict[str, str]:
    """The headers of a mail of the operator's own, as RFC 8058 wants them. The mail's DKIM signature must cover both.
    Raises NoAddress."""
    address = links.absolute(stop(site, subject, topic, language))
    return {"List-Unsubscribe": f"<{address}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def of_page(token: str) -> Person | None:
    """Who a link to the page is for; None for one that is wrong or has lapsed."""
    found = _read(PAGE, token)
    if found is None or found[3] < timezone.now().timestamp():
        return None
    return _person(*found[:3])


def of_stop(token: str) -> Person | None:
    """Who says no to what; None for a link that is wrong, or of a topic that is gone."""
    found = _read(STOP, token)
    person = _person(*found[:3]) if found else None
    topic = person.site.topics.filter(key=found[3]).first() if person and found else None
    return Person(person.site, person.subject, person.language, topic) if person and topic else None


def of_confirm(token: str) -> PendingChoice | None:
    """What waits for a link; None when it is wrong, has lapsed, was asked for anew since, or its topic has ended."""
    found = _read(CONFIRM, token)
    if found is None:
        return None
    rows = PendingChoice.objects.select_related("site", "topic").filter(topic__ended_at=None)
    return rows.filter(pk=found[0], asked_at=datetime.fromisoformat(found[1]), expires_at__gte=timezone.now()).first()


def _path(purpose: str, said: list[Any]) -> str:
    return reverse(f"choices_{purpose}", kwargs={"token": signing.dumps(said, salt=f"fairgate.choices.{purpose}")})


def _read(purpose: str, token: str) -> list[Any] | None:
    try:
        found: list[Any] = signing.loads(token, salt=f"fairgate.choices.{purpose}")
    except signing.BadSignature:
        return None
    return found


def _person(site: str, subject: str, language: str) -> Person | None:
    found = Site.objects.filter(uuid=site).first()
    return Person(found, UUID(subject), language) if found else None
