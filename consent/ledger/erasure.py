"""Erasing answers: one visitor's on request, old ones by age.

A record loses visitor, replaces, payload and salt; without the salt its leaf says nothing about anybody. Day, release,
regime, jurisdiction, language and action stay, so totals recompute, and every proof still holds. Each batch appends an
`erasure` entry that names indexes, never visitors, and seals what was left of the rows (`kept`), so that these cannot
be changed unnoticed either.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

from django.db import transaction

from consent.jurisdictions.table import REGIMES, regime_of
from consent.ledger import canonical
from consent.ledger.append import append, draft_of, utc_text
from consent.ledger.models import ConsentRecord, LogEntry, LogHead
from consent.sites.actions import note as audit
from consent.sites.models import Site

BATCH = 5_000
PROOF_MONTHS = 36  # grants are kept this long after they lapsed: claims become time-barred (e.g. § 195 BGB)
OPT_OUT_MONTHS = 24  # 11 CCR 7101: records of opt-outs, at least
GROUNDS = ("17(3)(b)", "17(3)(e)")  # GDPR: a legal obligation; legal claims


@dataclass(slots=True)
class Erased:
    """What was done: how many records, and the indexes of the erasure entries that say so."""

    count: int = 0
    entries: list[int] = field(default_factory=list)


class NotFound(LookupError):
    """There is nothing to erase under this id."""


def kept_digest(rows: Iterable[Sequence[Any]]) -> str:
    """SHA-256 (hex) over what stays of erased rows, in order of index; one canonical JSON line each.

    A row is (index, received_at, record_id, type, day, release, regime, jurisdiction, language, action, request_hash).
    """
    digest = sha256()
    for row in rows:
        digest.update(canonical.encode_checked(kept_line(row)) + b"\n")
    return digest.hexdigest()


def kept_line(row: Sequence[Any]) -> list[Any]:
    """What `kept_digest` covers of one row: integers and texts; -1 = no release."""
    index, received_at, record_id, type, day, release, regime, place, language, action, request_hash = row
    line = [index, utc_text(received_at), str(record_id), type, day.isoformat(), -1 if release is None else release]
    return [*line, regime, place, language, action, bytes(request_hash).hex()]


def kept_rows(site_id: int, indexes: Sequence[int]) -> list[tuple[Any, ...]]:
    """The rows `kept_digest` wants, of erased and of whole records alike."""
    if not indexes:
        return []
    columns = ("received_at", "record_id", "type", "day", "release", "regime", "jurisdiction", "language", "action")
    rows: list[tuple[Any, ...]] = []
    for start in range(0, len(indexes), 500):
        part = indexes[start : start + 500]
        entries = LogEntry.objects.filter(site_id=site_id, index__in=part).values_list("index", "request_hash", "day")
        hashes = {index: (request_hash, day) for index, request_hash, day in entries}
        days = [day for _, day in hashes.values()]
        if not days:
            continue
        first, after = _midnight(min(days)), _midnight(max(days) + timedelta(days=1))
        records = ConsentRecord.objects.filter(
            site_id=site_id, index__in=part, received_at__gte=first, received_at__lt=after
        )
        rows += [(*row, hashes[row[0]][0]) for row in records.values_list("index", *columns) if row[0] in hashes]
    return sorted(rows, key=lambda row: row[0])


def erase(site: Site, *, visitor: UUID | None = None, record_id: UUID | None = None, actor: str, reason: str) -> Erased:
    """Erases one visitor: all records with the visitor id, or, by record id, that record, its chain of `replaces`
    and everything of its visitor. Raises NotFound when there is nothing."""
    indexes = sorted(_of_person(site.pk, visitor, record_id))
    if not indexes:
        raise NotFound("There is no record to erase under this id.")
    done = Erased()
    for start in range(0, len(indexes), BATCH):
        _erase_batch(site, indexes[start : start + BATCH], "request", reason, actor, done)
    return done


def refuse(site: Site, *, subject: str, ground: str, reason: str, actor: str) -> None:
    """Notes that an erasure was refused under art. 17(3) GDPR. Raises ValueError without a ground and a reason."""
    if ground not in GROUNDS or not reason.strip():
        raise ValueError(f"A refusal needs one of {', '.join(GROUNDS)} and a reason.")
    audit(site, actor, "erasure.refuse", subject=subject, ground=ground, reason=reason)


def retain(site: Site, now: datetime | None = None, actor: str = "command", dry: bool = False) -> Erased:
    """Erases what is older than it needs to be kept:

    grants (and the withdrawals that end them): life + 36 months; refusals under opt-in: their life; objections and
    opt-outs: 24 months at least, and as long as another answer has not replaced them.
    """
    now = now or datetime.now(UTC)
    done = Erased()
    batch: list[int] = []
    for index in _too_old(site.pk, now):
        batch.append(index)
        if len(batch) == BATCH:
            _finish(site, batch, actor, done, dry)
            batch = []
    _finish(site, batch, actor, done, dry)
    return done


def _finish(site: Site, batch: list[int], actor: str, done: Erased, dry: bool) -> None:
    if dry:
        done.count += len(batch)
    elif batch:
        _erase_batch(site, batch, "retention", "The time for which these records must be kept is over.", actor, done)


def _erase_batch(site: Site, indexes: list[int], why: str, reason: str, actor: str, done: Erased) -> None:
    """One transaction: head lock first, as every writer does."""
    with transaction.atomic():
        LogHead.objects.select_for_update().get(site_id=site.pk)
        rows = kept_rows(site.pk, indexes)
        times = [row[1] for row in rows]
        whole = ConsentRecord.objects.filter(
            site_id=site.pk, index__in=indexes, type=LogEntry.Type.CONSENT, payload__isnull=False,
            received_at__gte=min(times), received_at__lte=max(times),
        )  # fmt: skip
        present = set(whole.values_list("index", flat=True))
        if not present:
            return
        rows = [row for row in rows if row[0] in present]
        done.count += whole.update(visitor=None, replaces=None, payload=None, salt=None)
        record = {"indexes": sorted(present), "kept": kept_digest(rows), "why": why, "reason": reason}
        [outcome] = append([draft_of(site.pk, site.uuid, LogEntry.Type.ERASURE, record, uuid4())])
        audit(site, actor, "erasure.erase", why=why, records=len(present), entry=outcome.index, reason=reason)
    assert outcome.index is not None
    done.entries.append(outcome.index)


def _of_person(site_id: int, visitor: UUID | None, record_id: UUID | None) -> set[int]:
    """Indexes of the unerased answers of one person, found by visitor id, record id and `replaces`."""
    whole = ConsentRecord.objects.filter(site_id=site_id, type=LogEntry.Type.CONSENT, payload__isnull=False)
    rows: dict[int, tuple[UUID, UUID | None, UUID | None]] = {}
    visitors = {visitor} if visitor else set()
    ids = {record_id} if record_id else set()
    seen_visitors: set[UUID] = set()
    seen_ids: set[UUID] = set()
    while visitors - seen_visitors or ids - seen_ids:
        new_visitors, new_ids = visitors - seen_visitors, ids - seen_ids
        seen_visitors |= new_visitors
        seen_ids |= new_ids
        named = list(new_ids)
        entries = LogEntry.objects.filter(site_id=site_id, record_id__in=named).values_list("index", "day")
        found = [
            row
            for index, day in entries
            for row in whole.filter(
                index=index, received_at__gte=_midnight(day), received_at__lt=_midnight(day + timedelta(days=1))
            ).values_list("index", "record_id", "visitor", "replaces")
        ]
        for condition in ({"visitor__in": list(new_visitors)}, {"replaces__in": named}):
            found += whole.filter(**condition).values_list("index", "record_id", "visitor", "replaces")
        for index, id, owner, before in found:
            rows[index] = (id, owner, before)
            ids.add(id)
            if owner:
                visitors.add(owner)
            if before:
                ids.add(before)
    return set(rows)


def _too_old(site_id: int, now: datetime) -> Iterator[int]:
    """Indexes of unerased answers whose time is over, in order."""
    soonest = now - timedelta(days=1)
    rows = ConsentRecord.objects.filter(
        site_id=site_id, type=LogEntry.Type.CONSENT, payload__isnull=False, received_at__lt=soonest
    ).order_by("index")
    objections: list[tuple[int, UUID]] = []
    after = -1
    while True:
        page = list(
            rows.filter(index__gt=after).values_list(
                "index", "record_id", "received_at", "regime", "action", "visitor"
            )[:BATCH]
        )
        for index, id, received_at, regime, action, visitor in page:
            until, objection = keep_until(received_at, regime, action)
            if until > now:
                continue
            if objection and visitor:
                objections.append((index, id))
            else:
                yield index
        if objections:
            ids = [id for _, id in objections]
            replaced = set(
                ConsentRecord.objects.filter(site_id=site_id, replaces__in=ids).values_list("replaces", flat=True)
            )
            yield from (index for index, id in objections if id in replaced)
            objections = []
        if len(page) < BATCH:
            return
        after = page[-1][0]


def keep_until(received_at: datetime, regime: str, action: str) -> tuple[datetime, bool]:
    """Until when an answer must be kept, and whether it is an objection, which is kept while it is in force."""
    terms = REGIMES.get(regime_of(regime), {})
    life = int(terms.get("consent_days") or 365)
    refusal = int(terms.get("refusal_days") or 0)
    opt_in = terms.get("model", "opt_in") == "opt_in"
    if action in ("opt_out", "gpc") or (action == "reject_all" and not opt_in):
        return max(_months(received_at, OPT_OUT_MONTHS), received_at + timedelta(days=refusal)), True
    if action in ("reject_all", "close"):
        return received_at + timedelta(days=refusal or life), False
    return _months(received_at + timedelta(days=life), PROOF_MONTHS), False


def _months(moment: datetime, months: int) -> datetime:
    total = moment.year * 12 + moment.month - 1 + months
    year, month = divmod(total, 12)
    last = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    return moment.replace(year=year, month=month + 1, day=min(moment.day, last))


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
