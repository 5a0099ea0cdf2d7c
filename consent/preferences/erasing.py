"""Takes everything of a person out: the payloads of their entries, their states, what waits, and lines of imports.

What stays is a keyed hash, so that nobody takes them in again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from consent.ledger import erasure
from consent.ledger.models import ConsentRecord, LogEntry, LogHead
from consent.preferences import imports, subjects
from consent.preferences.models import ChoiceState, PendingChoice, Topic
from consent.requests.actions import SUPPRESSED_FOR, address_hash
from consent.requests.models import SuppressedAddress
from consent.sites.models import IdempotencyKey, Site
from consent.trail.actions import audit


@dataclass(slots=True)
class Erased:
    """How many entries lost what they held, and states that went."""

    records: int = 0
    states: int = 0


def erase(site: Site, identifier: str, actor: str, reason: str, ground: str = "") -> Erased:
    """Erases the person of an id under every key, and remembers their keyed hash for SUPPRESSED_FOR years. The reason
    stays in the ledger. Raises InvalidChange for no id, ValueError for a reason that names somebody."""
    erasure.check_reason(reason)
    known = subjects.subjects_of(site, identifier)
    text = subjects.normalised(identifier)
    done = Erased()
    with transaction.atomic():
        LogHead.objects.select_for_update().filter(site_id=site.pk).first()  # nothing comes in meanwhile
        records = ConsentRecord.objects.filter(
            site_id=site.pk, visitor__in=known, type=LogEntry.Type.CHOICE, payload__isnull=False
        )
        indexes = list(records.order_by("index").values_list("index", flat=True))
        if indexes:
            done.records = erasure.erase_indexes(site, indexes, actor=actor, reason=reason, ground=ground).count
        for value in ("yes", "no"):
            for topic in ChoiceState.objects.filter(site=site, subject__in=known, value=value).values_list(
                "topic", flat=True
            ):
                Topic.objects.filter(pk=topic).update(**{value: F(value) - 1})
        done.states, _ = ChoiceState.objects.filter(site=site, subject__in=known).delete()
        PendingChoice.objects.filter(site=site, subject__in=known).delete()
        for subject in known:  # what programs were answered in the last day
            IdempotencyKey.objects.filter(token__site=site, body__contains=str(subject)).delete()
        for one in (text, *map(str, known)):
            _suppress(site, one, timezone.now().date())
        audit(site, actor, "choice.erase", records=done.records, states=done.states)
    imports.forget(site, text)
    return done


def _suppress(site: Site, text: str, today: date) -> None:
    until = today.replace(year=today.year + SUPPRESSED_FOR, day=min(today.day, 28))
    SuppressedAddress.objects.update_or_create(
        site=site, address_hash=address_hash(site, text), defaults={"since": today, "until": until}
    )
