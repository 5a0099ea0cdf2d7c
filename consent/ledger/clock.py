"""A clock that jumped ahead: found, and put right in the log.

`received_at` never runs backwards within a site, so entries that were made while the clock was wrong would date every
later one too. A `clock_repair` entry says that the times before it were ahead, and times go on from the true clock; it
is the only place where verifiers accept a step back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from django.db import transaction
from django.utils.translation import gettext

from consent.ledger.append import CLOCK_REPAIR, append, draft_of, utc_text
from consent.ledger.models import LogHead
from consent.sites.models import Site
from consent.trail.actions import audit

TOLERANCE = timedelta(seconds=5)  # machines of one installation differ by less


@dataclass(frozen=True, slots=True)
class Repaired:
    """From which time to which the log went back, and the entry that says so."""

    before: datetime
    after: datetime
    index: int


def ahead(site: Site | None = None, now: datetime | None = None) -> list[tuple[Site, timedelta]]:
    """The sites (or this one) whose log is ahead of the clock, and by how much. One query when there is none."""
    now = now or datetime.now(UTC)
    heads = LogHead.objects.filter(last_received_at__gt=now + TOLERANCE)
    if site is not None:
        heads = heads.filter(site_id=site.pk)
    late = {id: last - now for id, last in heads.values_list("site_id", "last_received_at") if last}
    return [(one, late[one.pk]) for one in Site.objects.filter(pk__in=late).order_by("pk")] if late else []


def words(by: timedelta) -> str:
    """3652 days 4:00:00 → "3652 days", 0:00:41 → "41 seconds"."""
    for name, seconds in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if (number := int(by.total_seconds() // seconds)) > 1:
            return f"{number} {name}"
    return gettext("%(count)s seconds") % {"count": int(by.total_seconds())}


def repair(site: Site, actor: str, reason: str) -> Repaired:
    """Appends the entry that puts the log's clock right: its time, and that of what follows, is the machine's.

    Takes the lock of the head. Raises ValueError when the log is not ahead of the clock, Stopped.
    """
    with transaction.atomic():
        head = LogHead.objects.select_for_update().filter(site_id=site.pk).first()
        last = head.last_received_at if head else None
        if last is None or last <= datetime.now(UTC) + TOLERANCE:
            raise ValueError(f"The log of {site.name} is not ahead of the clock.")
        record = {"before": utc_text(last), "reason": reason, "actor": actor}
        [outcome] = append([draft_of(site.pk, site.uuid, CLOCK_REPAIR, record, uuid4())])
        assert outcome.index is not None and outcome.received_at is not None
        after = outcome.received_at
        audit(
            site, actor, "ledger.repair_clock",
            before=record["before"], after=utc_text(after), entry=outcome.index, reason=reason,
        )  # fmt: skip
    return Repaired(last, after, outcome.index)
