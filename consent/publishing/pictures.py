"""Pictures of a release's banners: where they lie, which entry of the log names them, which entries are void."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4, uuid5

from django.conf import settings
from django.db import transaction

from consent.ledger import checkpoint
from consent.ledger.append import append, draft_of
from consent.ledger.models import LogEntry
from consent.publishing.models import Release
from consent.sites.models import Site
from consent.trail.actions import audit

BLANK = "The files that an earlier version logged as pictures of the banner are blank."


def folder() -> Path:
    """Where pictures lie, each named by its SHA-256."""
    return Path(settings.FAIRGATE_DATA) / "pictures"


def path(sha256: str) -> Path:
    """The file of a picture. Raises ValueError for what is no SHA-256."""
    return folder() / f"{_checked(sha256)}.png"


def old_path(sha256: str) -> Path:
    """The file of what an earlier version logged as a picture. Raises ValueError for what is no SHA-256."""
    return Path(settings.FAIRGATE_DATA) / "screenshots" / f"{_checked(sha256)}.png"


def _checked(sha256: str) -> str:
    if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
        raise ValueError(f"{sha256!r} is no SHA-256.")
    return sha256


def log(release: Release, record: dict[str, Any]) -> int:
    """Appends the one entry that names a release's pictures (docs/reference/ledger.md); returns its index. A second one
    is the first one's."""
    place = {"release": release.number, "release_hash": release.sha256}
    site = release.site
    record_id = uuid5(site.uuid, f"pictures/{release.number}")
    with transaction.atomic():
        known = LogEntry.objects.filter(site_id=site.pk, record_id=record_id).values_list("index", flat=True).first()
        if known is not None:
            return known
        [outcome] = append([draft_of(site.pk, site.uuid, LogEntry.Type.PICTURES, record, record_id, **place)])
    assert outcome.index is not None
    return outcome.index


def logged(site: Site, number: int) -> dict[str, Any]:
    """What the log says of a release's pictures; {} when it has none, or they were declared void."""
    record_id = uuid5(site.uuid, f"pictures/{number}")
    entries = LogEntry.objects.filter(site_id=site.pk, record_id=record_id)
    void = voided(site)
    return next((r for index, r in checkpoint.payloads(site.pk, entries).items() if index not in void), {})


def voided(site: Site) -> set[int]:
    """The entries whose pictures were declared void."""
    entries = LogEntry.objects.filter(site_id=site.pk, type=LogEntry.Type.VOID).exclude(type="consent")
    return {index for record in checkpoint.payloads(site.pk, entries).values() for index in record.get("voids", ())}


def void(site: Site, indexes: Iterable[int], of: str, reason: str, actor: str) -> int:
    """Appends the entry that declares pictures void; returns its index. Raises ValueError for entries that logged none,
    or are void already."""
    wanted = sorted(set(indexes))
    there = LogEntry.objects.filter(site_id=site.pk, type=of, index__in=wanted).values_list("index", flat=True)
    wrong = sorted(set(wanted) - (set(there) - voided(site)))
    if wrong or not wanted:
        raise ValueError(f"These entries log no {of}, or are void already: {', '.join(map(str, wrong)) or 'none'}.")
    record = {"voids": wanted, "of": of, "reason": reason}
    with transaction.atomic():
        [outcome] = append([draft_of(site.pk, site.uuid, LogEntry.Type.VOID, record, uuid4())])
        audit(site, actor, "ledger.void_pictures", entry=outcome.index, entries=wanted, reason=reason)
    assert outcome.index is not None
    return outcome.index


def void_blank(site: Site, actor: str) -> int | None:
    """Declares void what an earlier version logged as pictures; None when there is nothing to declare."""
    blank = _blank(site)
    return void(site, blank, LogEntry.Type.SCREENSHOT.value, BLANK, actor) if blank else None


def _blank(site: Site) -> Sequence[int]:
    entries = LogEntry.objects.filter(site_id=site.pk, type=LogEntry.Type.SCREENSHOT).exclude(type="consent")
    return sorted(set(entries.values_list("index", flat=True)) - voided(site))
