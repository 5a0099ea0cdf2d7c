"""Double opt-in: a yes that waits until the link of a mail was confirmed. Opening the link alone does nothing."""

from __future__ import annotations

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from consent.common import InvalidChange
from consent.preferences import collecting, queries, subjects
from consent.preferences.actions import LANGUAGE
from consent.preferences.collecting import Choice, Offer, Taken
from consent.preferences.models import PendingChoice, Topic
from consent.requests.actions import is_suppressed
from consent.sites.models import Site

WAITS = timedelta(days=7)
AGAIN_AFTER = timedelta(minutes=10)  # before it, a second request of the same person sends no second mail


class Suppressed(InvalidChange):
    """The address or the person was erased and must not be written to."""


@transaction.atomic
def ask(
    site: Site, topic: Topic, *, identifier: str, address: str, language: str, source: str = "", evidence: str = ""
) -> tuple[PendingChoice, bool]:
    """Notes that somebody wants to say yes; returns what waits, and whether a mail is to be sent now. `identifier`: the
    operator's id of the person. Raises InvalidChange, Suppressed."""
    address = address.strip().lower()
    try:
        validate_email(address)
    except ValidationError:
        raise InvalidChange("This is not an address.") from None
    if topic.ended_at is not None:
        raise InvalidChange(f"The topic {topic.key} has ended; nobody can say yes to it any more.")
    if not LANGUAGE.fullmatch(language):
        raise InvalidChange("The language is none.")
    identifier = subjects.normalised(identifier)
    subject = queries.find_subject(site, identifier)
    if is_suppressed(site, address) or queries.is_suppressed(site, subject, identifier):
        raise Suppressed("This person was erased and asked to be left alone.")
    wording = topic.wordings.last()
    assert wording is not None
    now = timezone.now()
    earlier = PendingChoice.objects.select_for_update().filter(site=site, subject=subject, topic=topic).first()
    lately = earlier is not None and earlier.address == address and earlier.asked_at > now - AGAIN_AFTER
    if earlier is not None and lately:
        return earlier, False
    row, _ = PendingChoice.objects.update_or_create(
        site=site,
        subject=subject,
        topic=topic,
        defaults={
            "address": address,
            "language": language,
            "wording": wording.version,
            "source": collecting.line(source, collecting.LONGEST_SOURCE, "source"),
            "evidence": collecting.line(evidence, collecting.LONGEST_EVIDENCE, "evidence"),
            "asked_at": now,
            "expires_at": now + WAITS,
            "mailed_at": None,
        },
    )
    return row, True


@transaction.atomic
def confirm(row: PendingChoice, language: str = "") -> Taken:
    """The person pressed the button behind the link: their yes counts from now, and the address goes. `language`: of
    the text they read there, when it is not that of the mail. Raises InvalidChange when it waited too long, was
    withdrawn or ended meanwhile."""
    collecting.lock(row.site)
    found = PendingChoice.objects.select_for_update().filter(pk=row.pk).select_related("site", "topic").first()
    if found is None or found.expires_at < timezone.now() or found.topic.ended_at is not None:
        raise InvalidChange("This link is no longer valid. Please subscribe again.")
    offer, now = Offer.of(found.site), timezone.now()
    wording = found.topic.wordings.get(version=found.wording)
    proof = f"asked {found.asked_at:%Y-%m-%dT%H:%M:%SZ}, confirmed by the mailed link"
    made = Choice(
        topic=offer.topics[found.topic.key],
        subject=found.subject,
        value="yes",
        told_at=now,
        method="mailed_link",
        source=found.source,
        evidence=f"{proof}; {found.evidence}"[: collecting.LONGEST_EVIDENCE] if found.evidence else proof,
        language=language or queries.words_of(wording, [found.language])[0],
        wording=found.wording,
        wording_sha256=wording.sha256,
    )
    [taken] = collecting.collect(offer, [made], now)
    found.delete()
    return taken


def lapse() -> int:
    """Deletes what nobody confirmed, and its addresses. Returns how many."""
    return PendingChoice.objects.filter(expires_at__lt=timezone.now()).delete()[0]
