"""Who is told of what, how; and what is open."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone

from consent.common import InvalidChange
from consent.notices.kinds import CHANNELS, KINDS, WEBHOOK
from consent.notices.models import Notice, NoticeChoice
from consent.sites.models import Membership, Site
from consent.sites.queries import locked
from consent.trail.actions import audit

TOLD = (Membership.Role.OWNER, Membership.Role.EDITOR)


class Found(NamedTuple):
    """Something that is true of a site now."""

    kind: str
    subject: str
    detail: dict[str, Any]


def recipients(site: Site) -> list[Any]:
    """The owners and editors; viewers can change nothing, auditors see none of it."""
    users = get_user_model().objects.filter(memberships__site=site, memberships__role__in=TOLD, is_active=True)
    return list(users.order_by("pk"))


def wanted(site: Site, user: Any, channel: str) -> set[str]:
    """The kinds that a person (None: the site's webhook) is told of in this way: all of them unless switched off; the
    webhook none of them unless switched on, since what listens there expects opt-outs."""
    rows = NoticeChoice.objects.filter(site=site, user=user, channel=channel).values_list("kind", "wanted")
    return {kind for kind in KINDS if dict(rows).get(kind, channel != WEBHOOK)}


@transaction.atomic
def choose(site: Site, user: Any, channel: str, kinds: Collection[str]) -> None:
    """A person is told of these kinds in this way, and of no others. Raises InvalidChange."""
    if channel not in CHANNELS or set(kinds) - KINDS.keys():
        raise InvalidChange("There is no such notice.")
    _set(locked(site), user, channel, kinds)


@transaction.atomic
def choose_for_webhook(site: Site, actor: str, kinds: Collection[str]) -> None:
    """The site's webhook is told of these kinds, and of no others. Raises InvalidChange."""
    site = locked(site)
    if set(kinds) - KINDS.keys():
        raise InvalidChange("There is no such notice.")
    before = wanted(site, None, WEBHOOK)
    if before != set(kinds):
        _set(site, None, WEBHOOK, kinds)
        audit(site, actor, "webhook.notices", notices=[sorted(before), sorted(kinds)])


def _set(site: Site, user: Any, channel: str, kinds: Collection[str]) -> None:
    NoticeChoice.objects.filter(site=site, user=user, channel=channel).delete()
    NoticeChoice.objects.bulk_create(
        NoticeChoice(site=site, user=user, channel=channel, kind=kind, wanted=kind in kinds) for kind in KINDS
    )


@transaction.atomic
def see(site: Site, found: Iterable[Found]) -> list[Notice]:
    """Opens what is new among what is true now, and ends what is true no longer. Returns what was opened."""
    site = locked(site)
    now = {(one.kind, one.subject): one for one in found}
    there = {(row.kind, row.subject): row for row in site.notices.filter(ended_at=None)}
    over = [row.pk for key, row in there.items() if key not in now]
    Notice.objects.filter(pk__in=over).update(ended_at=timezone.now())
    fresh = [one for key, one in now.items() if key not in there]
    return [Notice.objects.create(site=site, **one._asdict()) for one in fresh]


def open_for(site: Site, user: Any) -> list[Notice]:
    """What the overview shows a person, the newest first."""
    kinds = wanted(site, user, "dashboard")
    return [row for row in site.notices.filter(ended_at=None) if row.kind in kinds]


def open_subjects(site: Site, kind: str) -> set[str]:
    """Of what the open notices of a kind tell."""
    return set(site.notices.filter(kind=kind, ended_at=None).values_list("subject", flat=True))


def mark_sent(notices: Iterable[Notice], way: str) -> None:
    """Keeps that these were told; `way`: mailed_at or hooked_at."""
    Notice.objects.filter(pk__in=[one.pk for one in notices]).update(**{way: timezone.now()})


def events(site: Site, numbers: Collection[int]) -> list[dict[str, Any]]:
    """Notices as a webhook is told of them."""
    return [
        {
            "number": row.pk,
            "kind": row.kind,
            "subject": row.subject,
            "text": text_of(row),
            "since": row.since.isoformat(),
        }
        for row in site.notices.filter(pk__in=list(numbers)).order_by("pk")
    ]


def text_of(notice: Notice) -> str:
    """A notice in words; one of another version by its kind."""
    kind = KINDS.get(notice.kind)
    return kind.text(notice.subject, notice.detail) if kind else notice.kind
