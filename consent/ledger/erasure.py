"""Erasing answers: one visitor's on request, old ones by age (`consent.ledger.retention`).

A record loses visitor, replaces, payload and salt; without the salt its leaf says nothing about anybody. Day, release,
regime, jurisdiction, language and action stay, so totals recompute, and every proof still holds. Each batch appends an
`erasure` entry that names indexes, never visitors, and seals what was left of the rows (`kept`), so that these cannot
be changed unnoticed either.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.translation import gettext, gettext_noop

from consent.ledger import canonical
from consent.ledger.append import append, draft_of, utc_text
from consent.ledger.models import ERASABLE, ConsentRecord, LogEntry, LogHead
from consent.sites.models import Site
from consent.trail.actions import audit
from consent.trail.models import AuditEvent

BATCH = 5_000
NAMED = 100  # indexes of records that a line of the audit trail names
# Of the GDPR, why an erasure may be refused; the other letters of art. 17(3) fit no consent record.
REFUSALS = {
    "17(3)(b)": gettext_noop(
        "A legal obligation needs the records: proof of consent (art. 7(1)), or a law that says how long."
    ),
    "17(3)(e)": gettext_noop("They are needed to establish, exercise or defend legal claims."),
}
GROUNDS = tuple(REFUSALS)
# What a request may rest on, in the words of whoever decides.
REQUESTS = {
    "gdpr_17_1_a": gettext_noop("GDPR art. 17(1)(a): no longer needed for what they were kept for"),
    "gdpr_17_1_b": gettext_noop("GDPR art. 17(1)(b): the consent was withdrawn, and nothing else carries them"),
    "gdpr_17_1_c": gettext_noop("GDPR art. 17(1)(c): the person objected, and nothing overrides that"),
    "gdpr_17_1_d": gettext_noop("GDPR art. 17(1)(d): they were processed unlawfully"),
    "gdpr_17_1_e": gettext_noop("GDPR art. 17(1)(e): a law or an authority orders it"),
    "gdpr_17_1_f": gettext_noop("GDPR art. 17(1)(f): a child's data"),
    "ccpa_1798_105": gettext_noop("California Civil Code § 1798.105: a request to delete"),
    "other": gettext_noop("Another law, which the reason names"),
}
DAY = timedelta(days=1)
_WHOSE = ("index", "record_id", "visitor", "replaces")
_NAMES_SOMEBODY = re.compile(r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}|\S@\S", re.I)


@dataclass(slots=True)
class Erased:
    """What was done: how many records, the indexes of the erasure entries that say so, and how many exports that held
    one of them were removed."""

    count: int = 0
    entries: list[int] = field(default_factory=list)
    exports: int = 0


Progress = Callable[[int, int], object]


class NotFound(LookupError):
    """There is nothing to erase under this id."""


Also = Callable[[Site, list[int]], tuple[int, Callable[[], object]]]
_also: list[Also] = []


def also(function: Also) -> Also:
    """Registers who keeps copies of records. It is called in the erasing transaction with the site and the indexes;
    returns how many copies go, and what is to be done when the transaction has ended."""
    _also.append(function)
    return function


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
        first, after = midnight(min(days)), midnight(max(days) + timedelta(days=1))
        records = ConsentRecord.objects.filter(
            site_id=site_id, index__in=part, received_at__gte=first, received_at__lt=after
        )
        rows += [(*row, hashes[row[0]][0]) for row in records.values_list("index", *columns) if row[0] in hashes]
    return sorted(rows, key=lambda row: row[0])


def erase(
    site: Site,
    *,
    visitor: UUID | None = None,
    record_id: UUID | None = None,
    actor: str,
    reason: str,
    ground: str = "",
) -> Erased:
    """Erases one visitor: all records with the visitor id, or, by record id, that record and everything of its visitor;
    of what `replaces` links to them only what belongs to them (`of_person`). Copies that this server keeps go too.

    Raises NotFound when there is nothing, ValueError when the reason, which stays in the ledger, names somebody.
    """
    return erase_indexes(
        site, sorted(of_person(site.pk, visitor, record_id)), actor=actor, reason=reason, ground=ground
    )


def erase_indexes(
    site: Site,
    indexes: Sequence[int],
    *,
    actor: str,
    reason: str,
    ground: str = "",
    progress: Progress = lambda done, total: None,
) -> Erased:
    """Erases the answers at these places of the log; `ground` is one of REQUESTS, or "". What is erased already is left
    alone, so that a second call goes on where the first was stopped. Raises as `erase` does."""
    check_reason(reason)
    if ground and ground not in REQUESTS:
        raise ValueError(f"There is no ground {ground!r}; there are {', '.join(REQUESTS)}.")
    if not indexes:
        raise NotFound(gettext("There is no record to erase under this id."))
    done = Erased()
    for start in range(0, len(indexes), BATCH):
        erase_batch(site, indexes[start : start + BATCH], "request", reason, actor, done, ground)
        progress(min(start + BATCH, len(indexes)), len(indexes))
    return done


def refuse_indexes(site: Site, indexes: Sequence[int], *, ground: str, reason: str, actor: str) -> None:
    """Notes that the erasure of these answers was refused. Raises as `refuse` does."""
    if ground not in GROUNDS or not reason.strip():
        raise ValueError(gettext("A refusal needs one of %(grounds)s and a reason.") % {"grounds": ", ".join(GROUNDS)})
    check_reason(reason)
    if not indexes:
        raise NotFound(gettext("There is no record under this id."))
    first = list(indexes[:NAMED])
    audit(site, actor, "erasure.refuse", records=len(indexes), indexes=first, ground=ground, reason=reason)


def refusals(site: Site, indexes: Iterable[int]) -> list[AuditEvent]:
    """The refusals that named one of these answers, the newest first."""
    wanted = set(indexes)
    events = site.audit_events.filter(verb="erasure.refuse").iterator()
    return [event for event in events if wanted & set(event.detail.get("indexes", ()))]


def refuse(
    site: Site, *, visitor: UUID | None = None, record_id: UUID | None = None, ground: str, reason: str, actor: str
) -> None:
    """Notes that an erasure was refused under art. 17(3) GDPR. The audit trail names records by their indexes, not
    the visitor: it outlives the record. Raises ValueError without a ground and a reason, NotFound."""
    indexes = sorted(of_person(site.pk, visitor, record_id))
    refuse_indexes(site, indexes, ground=ground, reason=reason, actor=actor)


def check_reason(reason: str) -> None:
    """Raises ValueError when a reason holds an id or a mail address: it is kept where nothing is ever erased."""
    if _NAMES_SOMEBODY.search(reason):
        raise ValueError(gettext("The reason is kept for ever: leave ids and mail addresses out of it."))


def erase_batch(
    site: Site, indexes: Sequence[int], why: str, reason: str, actor: str, done: Erased, ground: str = ""
) -> None:
    """Erases at most BATCH answers in one transaction, and adds them to `done`; `why` is request or retention. Head
    lock first, as every writer does."""
    afterwards: list[Callable[[], object]] = []
    with transaction.atomic():
        LogHead.objects.select_for_update().get(site_id=site.pk)
        rows = kept_rows(site.pk, indexes)
        times = [row[1] for row in rows]
        whole = ConsentRecord.objects.filter(
            site_id=site.pk, index__in=indexes, type__in=ERASABLE, payload__isnull=False,
            received_at__gte=min(times), received_at__lte=max(times),
        )  # fmt: skip
        present = set(whole.values_list("index", flat=True))
        if not present:
            return
        rows = [row for row in rows if row[0] in present]
        done.count += whole.update(visitor=None, replaces=None, payload=None, salt=None)
        record = {"indexes": sorted(present), "kept": kept_digest(rows), "why": why, "reason": reason}
        record |= {"ground": ground} if ground else {}
        [outcome] = append([draft_of(site.pk, site.uuid, LogEntry.Type.ERASURE, record, uuid4())])
        copies = 0
        for function in _also:
            count, later = function(site, sorted(present))
            copies += count
            afterwards.append(later)
        detail = {"why": why, "records": len(present), "entry": outcome.index, "reason": reason}
        detail |= {"ground": ground} if ground else {}
        audit(site, actor, "erasure.erase", **detail, **({"exports": copies} if copies else {}))
    assert outcome.index is not None
    done.entries.append(outcome.index)
    done.exports += copies
    for later in afterwards:
        later()


class _Row(NamedTuple):
    """What tells whose record it is."""

    leaf: int
    id: UUID
    visitor: UUID | None
    replaces: UUID | None


def of_person(site_id: int, visitor: UUID | None, *record_ids: UUID | None) -> set[int]:
    """Indexes of the unerased answers of one person: all with the visitor id, or the named records, theirs, and
    what belongs to them by `replaces`.

    `replaces` is what a client says, so it proves little: anybody may name anybody's record. It is followed only
    between an answer without a visitor id (a refusal gets none) and the first later answer that replaces it, because
    only whoever gave that refusal knew its id then. A record with another visitor's id never belongs to them.
    """
    whole = ConsentRecord.objects.filter(site_id=site_id, type=LogEntry.Type.CONSENT, payload__isnull=False)

    def read(**condition: Any) -> list[_Row]:
        return [_Row(*row) for row in whole.filter(**condition).values_list(*_WHOSE)]

    def named(ids: set[UUID]) -> list[_Row]:
        if not ids:
            return []
        entries = LogEntry.objects.filter(site_id=site_id, record_id__in=list(ids)).values_list("index", "day")
        # The day leads PostgreSQL to the one partition that can hold the record.
        return [
            row
            for index, day in entries
            for row in read(index=index, received_at__gte=midnight(day), received_at__lt=midnight(day + DAY))
        ]

    rows: dict[UUID, _Row] = {}
    seen: set[UUID] = set()
    fresh = (read(visitor=visitor) if visitor else []) + named({id for id in record_ids if id})
    while fresh:
        rows |= {row.id: row for row in fresh}
        visitors = {row.visitor for row in fresh if row.visitor} - seen
        seen |= visitors
        found = read(visitor__in=list(visitors)) if visitors else []
        before = named({row.replaces for row in fresh if row.replaces} - rows.keys())
        alone = {row.id: row for row in [*fresh, *before] if row.visitor is None}
        after: dict[UUID, _Row] = {}
        for row in sorted(read(replaces__in=list(alone)) if alone else []):
            if row.replaces and row.leaf > alone[row.replaces].leaf:
                after.setdefault(row.replaces, row)
        for id, row in alone.items():
            if id in after and (id in rows or after[id].id in rows):
                found += [row, after[id]]
        fresh = [row for row in found if row.id not in rows]
    return {row.leaf for row in rows.values()}


def midnight(day: date) -> datetime:
    """The first moment of a day (UTC)."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
