"""Takes everything of a person out: the payloads of their entries, their states, what waits, and lines of imports.

What stays is a keyed hash, so that nobody takes them in again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from consent.common import months_later
from consent.ledger import erasure
from consent.ledger.models import ConsentRecord, LogEntry
from consent.preferences import collecting, imports, subjects
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
    """Erases the person of an id, or of a subject's own reference, under every key, and remembers their keyed hash for
    SUPPRESSED_FOR years. The reason stays in the ledger. Raises InvalidChange for no id, ValueError for a reason that
    names somebody."""
    erasure.check_reason(reason)
    text = subjects.normalised(identifier)
    references = _by_reference(site, identifier)
    known = [*subjects.subjects_of(site, identifier), *references]
    done = Erased()
    with transaction.atomic():
        collecting.lock(site)
        records = ConsentRecord.objects.filter(
            site_id=site.pk, visitor__in=known, type=LogEntry.Type.CHOICE, payload__isnull=False
        )
        indexes = list(records.order_by("index").values_list("index", flat=True))
        done.states = ChoiceState.objects.filter(site=site, subject__in=known).count()
        if indexes:
            done.records = erasure.erase_indexes(site, indexes, actor=actor, reason=reason, ground=ground).count
        _forget(site, known)
        for one in (*([text] if subjects.is_address(text) else []), *map(str, known)):
            _suppress(site, one)
        audit(site, actor, "choice.erase", records=done.records, states=done.states)
    imports.forget(site, identifier, references)
    return done


def _by_reference(site: Site, asked: str) -> list[UUID]:
    """The person whom somebody names as they are called here."""
    given = subjects.reference(asked)
    if given is None:
        return []
    records = ConsentRecord.objects.filter(site_id=site.pk, visitor=given, type=LogEntry.Type.CHOICE)
    return [given] if records.exists() or PendingChoice.objects.filter(site=site, subject=given).exists() else []


@erasure.also
def with_entries(site: Site, indexes: list[int]) -> tuple[int, Callable[[], object]]:
    """However entries of choices are erased, what they led to goes with them, and their people stay out."""
    rows = ChoiceState.objects.filter(site=site, entry__in=indexes)
    known = sorted(set(rows.values_list("subject", flat=True)))
    _forget(site, known)
    for subject in known:
        _suppress(site, str(subject))
    return 0, lambda: None


def forget_address(site: Site, address: str) -> None:
    """Takes an address out of what waits for a mail and out of lines of imports; to be called beside an erasure."""
    PendingChoice.objects.filter(site=site, address=address.strip().lower()).delete()
    imports.forget(site, address)


def _forget(site: Site, known: Sequence[UUID]) -> None:
    """States with their totals, what waits, and what programs were answered in the last day."""
    states = ChoiceState.objects.filter(site=site, subject__in=known)
    counts = Counter(states.exclude(value="").values_list("topic", "value"))
    for (topic, value), count in sorted(counts.items()):
        Topic.objects.filter(pk=topic).update(**{value: F(value) - count})
    states.delete()
    PendingChoice.objects.filter(site=site, subject__in=known).delete()
    for subject in known:
        IdempotencyKey.objects.filter(token__site=site, body__contains=str(subject)).delete()


def _suppress(site: Site, text: str) -> None:
    now = timezone.now()
    until = months_later(now.date(), 12 * SUPPRESSED_FOR)
    SuppressedAddress.objects.update_or_create(
        site=site,
        address_hash=address_hash(site, text),
        defaults={"until": until},
        create_defaults={"since": now, "until": until},
    )
