"""Signed tree heads: made, kept inside and outside the database, and the key's rotation."""

from __future__ import annotations

import json
import os
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from consent.ledger import kept, merkle, signing
from consent.ledger.append import Stopped, append, checkpoint_link, checkpoints_end, draft_of
from consent.ledger.models import Anchor, Checkpoint, ConsentRecord, IssuedCheckpoint, LastSignature, LogEntry, LogHead
from consent.sites.models import Site
from consent.trail.actions import audit
from consent.trail.models import AuditEvent, TrailHead
from consent.trail.verbs import Verb


def origin(site_id: int, site_uuid: UUID | str) -> str:
    """The name of the log: `<FAIRGATE_LOG_NAME>/<site uuid>`, and `/r<index>` after a restart at that index.

    A restarted log is another log to the world: its heads do not continue those that were signed before.
    """
    restarts = LogEntry.objects.filter(site_id=site_id, type=LogEntry.Type.RESTART).exclude(type="consent")
    last = restarts.order_by("-index").values_list("index", flat=True).first()
    return origin_at(site_uuid, last)


def origin_at(site_uuid: UUID | str, restart: int | None) -> str:
    suffix = "" if restart is None else f"/r{restart}"
    return f"{settings.FAIRGATE_LOG_NAME}/{site_uuid}{suffix}"


def verifier_key(site: Site) -> str:
    """The public key (vkey) with which anybody checks this site's checkpoints."""
    return signing.vkey(origin(site.pk, site.uuid), signing.public_bytes(signing.private_key()))


TOGETHER = 200  # records that are read at a time: one that names what was erased may have 50 kB
SPACING = timedelta(seconds=1)  # strangers get at most one signature of a log in this time, by all processes together


class TooSoon(RuntimeError):
    """The log was signed a moment ago; `wait` says in how many seconds it may be signed again for a stranger."""

    def __init__(self, wait: float) -> None:
        super().__init__(f"The next signature is due in {wait:.1f} seconds.")
        self.wait = wait


def make(site: Site, *keys: Ed25519PrivateKey, spacing: timedelta = timedelta(0)) -> Checkpoint | None:
    """Signs the head as it is now, with these keys or the one in force; the stored one when it has not moved, None for
    an empty log.

    Takes the lock of the head. Kept in FAIRGATE_DATA before it is returned. Raises Stopped when the head is behind the
    checkpoint kept there: a head that contradicts an earlier one is never signed; TooSoon when the last signature is
    younger than `spacing`.
    """
    with transaction.atomic():
        head = LogHead.objects.select_for_update().filter(site_id=site.pk).first()
        if head is None or head.last_received_at is None:
            return None
        if head.size < kept.size(str(site.uuid)):
            raise Stopped(f"The log of site {site.uuid} is behind its last checkpoint.")
        found = Checkpoint.objects.filter(site_id=site.pk, size=head.size).first()
        if found is None:
            if wait := _wait(site.pk, spacing):
                raise TooSoon(wait)
            root = merkle.edge_root(merkle.split_edge(head.size, bytes(head.edge)))
            text = signing.sign(origin(site.pk, site.uuid), head.size, root, *(keys or [signing.private_key()]))
            chain = checkpoint_link(checkpoints_end(site.pk), text)
            found = Checkpoint(
                site_id=site.pk, size=head.size, root=root, note=text, created_at=head.last_received_at, chain=chain
            )
            found.save(force_insert=True)
            LastSignature.objects.bulk_create(
                [LastSignature(site_id=site.pk, at=datetime.now(UTC))],
                update_conflicts=True, unique_fields=["site_id"], update_fields=["at"],
            )  # fmt: skip
    if not transaction.get_connection().in_atomic_block:
        kept.keep(str(site.uuid), found.note)
    else:  # kept only when it is really in the database
        transaction.on_commit(lambda: kept.keep(str(site.uuid), found.note))
    return found


def latest(site_id: int) -> Checkpoint | None:
    """The newest stored checkpoint."""
    return Checkpoint.objects.filter(site_id=site_id).order_by("-size").first()


def _wait(site_id: int, spacing: timedelta) -> float:
    """Seconds until the next signature is due, 0 when it is. A signature of the future (a clock that was put right)
    keeps nobody waiting."""
    last = LastSignature.objects.filter(site_id=site_id).values_list("at", flat=True).first() if spacing else None
    if last is None:
        return 0.0
    age = datetime.now(UTC) - last
    return max(0.0, (spacing - age).total_seconds()) if age >= timedelta(0) else 0.0


def covering(site: Site, index: int) -> Checkpoint | None:
    """A checkpoint that covers the leaf, for a stranger: the newest one, or a new one that covers all there is.

    Raises TooSoon instead of signing a second one within `SPACING`: asking costs no lock and no write then. Raises
    Stopped.
    """
    found = latest(site.pk)
    if found is None or found.size <= index:
        if wait := _wait(site.pk, SPACING):
            raise TooSoon(wait)
        if _size(site) < kept.size(str(site.uuid)):
            raise Stopped(f"The log of site {site.uuid} is behind its last checkpoint.")
        found = make(site, spacing=SPACING)
    if found:
        hand_out(site.pk, [found.size])
    return found


def fresh(site: Site, age: timedelta) -> Checkpoint | None:
    """The newest checkpoint, or a new one when that is older than `age` and the log has grown since; for strangers,
    like `covering`. None for an empty log. A log that is stopped keeps its last one."""
    found = latest(site.pk)
    size = _size(site)
    kept_as_it_is = found is not None and (size <= found.size or _wait(site.pk, age))
    if not kept_as_it_is and size and size >= kept.size(str(site.uuid)):
        with suppress(Stopped, TooSoon):
            found = make(site, spacing=SPACING)
    if found:
        hand_out(site.pk, [found.size])
    return found


def hand_out(site_id: int, sizes: Iterable[int]) -> None:
    """Notes that checkpoints leave the house: whoever has one may come back with it."""
    new = set(sizes)
    known = set(IssuedCheckpoint.objects.filter(site_id=site_id, size__in=new).values_list("size", flat=True))
    rows = [IssuedCheckpoint(site_id=site_id, size=size) for size in sorted(new - known)]
    if rows:
        IssuedCheckpoint.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)


def issued_sizes(site_id: int) -> QuerySet[IssuedCheckpoint, int]:
    """The sizes of checkpoints that left the house, but for those that are only anchored."""
    return IssuedCheckpoint.objects.filter(site_id=site_id).values_list("size", flat=True)


def anchored_sizes(site_id: int) -> QuerySet[Anchor, int]:
    """The sizes of checkpoints that were kept outside, each once."""
    return Anchor.objects.filter(site_id=site_id).values_list("size", flat=True).distinct()


def _size(site: Site) -> int:
    """The size of the log, read without its lock."""
    return LogHead.objects.filter(site_id=site.pk).values_list("size", flat=True).first() or 0


# {site: (size, end of its audit trail)} when `make_all` had last looked: thousands of sites are quiet each minute.
_signed: dict[UUID, tuple[int, str | None]] = {}
# {site: end of its audit trail} when its log was last seen to name it: of a busy log that stays true for weeks.
_named: dict[UUID, str | None] = {}


def make_all() -> int:
    """A checkpoint for each log that has grown since its last one, or whose audit trail has; returns how many were
    made. Skips stopped logs, and those of which this process has seen that they stand as they stood."""
    made = 0
    trails = dict(TrailHead.objects.values_list("site_id", "hash"))
    sizes = dict(LogHead.objects.filter(size__gt=0).values_list("site_id", "size"))
    for site_id, uuid in Site.objects.order_by("pk").values_list("pk", "uuid"):
        stands = (sizes.get(site_id, 0), trails.get(site_id))
        if not stands[0] or _signed.get(uuid) == stands:
            continue
        site = Site.objects.get(pk=site_id)
        try:
            if uuid not in _named or _named[uuid] != stands[1]:
                commit_trail(site)
                _named[uuid] = stands[1]
            newest = latest(site_id)
            made += (newest is None or newest.size < _size(site)) and make(site) is not None
        except Stopped:
            continue
        _signed[uuid] = stands
    return made


def commit_trail(site: Site) -> bool:
    """Appends an entry that names the end of the audit trail, when lines have come since the last entry that names one.

    Lines that only say that a checkpoint was kept outside wait for another line: each would make a checkpoint that is
    kept outside again, for ever. Raises Stopped.
    """
    head = TrailHead.objects.filter(site_id=site.pk).first()
    if head is None or head.count == 0:
        return False
    named = _named_trail(site.pk)
    if named == head.hash:
        return False
    done = AuditEvent.objects.filter(site=site, hash=named).values_list("number", flat=True).first() if named else 0
    new = AuditEvent.objects.filter(site=site, number__gt=done or 0).exclude(verb=Verb.LEDGER_ANCHOR)
    if not new.exists():
        return False
    append([draft_of(site.pk, site.uuid, LogEntry.Type.TRAIL, {"events": head.count}, uuid4())])
    return True


def _named_trail(site_id: int) -> str:
    """The end of the audit trail that the last entry of our own names; "" when it names none."""
    ours = LogEntry.objects.filter(site_id=site_id).exclude(type="consent").exclude(type="choice")
    entries = ours.order_by("-index")
    for payload in payloads(site_id, entries[:1]).values():
        return str(payload.get("trail", ""))
    return ""


def payloads(site_id: int, entries: Any) -> dict[int, dict[str, Any]]:
    """{index: record} of entries of our own, in their order."""
    return {index: record for index, _, record in each_payload(site_id, entries)}


def each_payload(site_id: int, entries: Any) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """(index, type, record) of entries of our own, in their order, TOGETHER at a time. Their days lead PostgreSQL to
    the partitions that can hold the records."""
    rows = list(entries.values_list("index", "type", "day"))
    for start in range(0, len(rows), TOGETHER):
        part = rows[start : start + TOGETHER]
        first, last = min(day for _, _, day in part), max(day for _, _, day in part)
        records = ConsentRecord.objects.filter(
            site_id=site_id, index__in=[index for index, _, _ in part],
            received_at__gte=datetime(first.year, first.month, first.day, tzinfo=UTC),
            received_at__lt=datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=1),
        )  # fmt: skip
        found = dict(records.values_list("index", "payload"))
        for index, type, _ in part:
            yield index, type, json.loads(found.pop(index, None) or "{}")


# --- the key --------------------------------------------------------------------------------------------------------


def trusted_keys(site_id: int) -> list[bytes]:
    """The public key in force, and those to which the site's log leads from it: those that it followed, the newest
    first, and one that was made and is not set yet (FAIRGATE_SIGNING_KEY), which has signed the log that says so."""
    keys = [signing.public_bytes(signing.private_key())]
    # Found by the small index of entries that are no answers: the records' table has no index by type.
    entries = LogEntry.objects.filter(site_id=site_id, type=LogEntry.Type.KEY_ROTATION).exclude(type="consent")
    changes = [
        (named_key(rotation.get("old_key")), named_key(rotation.get("new_key")))
        for rotation in payloads(site_id, entries.order_by("-index")).values()
    ]
    for known, led in [*((new, old) for old, new in changes), *reversed(changes)]:
        if known in keys and led and led not in keys:
            keys.append(led)
    return keys


def named_key(text: Any) -> bytes:
    """The public key that a rotation's entry names: a verifier key, or, of earlier versions, base64 of its 32 bytes.
    b"" when it is neither."""
    try:
        return signing.parse_vkey(text)[1]
    except (ValueError, TypeError, AttributeError):
        pass
    try:
        return b64decode(text, validate=True)
    except (ValueError, TypeError):
        return b""


def rotate(actor: str, reason: str) -> str:
    """Replaces the signing key; returns the new one's text, which an operator with FAIRGATE_SIGNING_KEY must set.

    Every log gets a `key_rotation` entry that names both public keys, and a checkpoint right after it that both keys
    sign: who trusts the one follows to the other. Raises Stopped, before anything is done, while a log is stopped.
    """
    if stopped := behind():
        raise Stopped(f"The log of site {stopped[0].uuid} is behind its last checkpoint.")
    old, new = signing.private_key(), Ed25519PrivateKey.generate()
    for site in Site.objects.order_by("pk"):
        if not LogHead.objects.filter(site_id=site.pk, size__gt=0).exists():
            continue
        with transaction.atomic():  # so that the checkpoint ends with the entry
            name = origin(site.pk, site.uuid)
            keys = {
                "old_key": signing.vkey(name, signing.public_bytes(old)),
                "new_key": signing.vkey(name, signing.public_bytes(new)),
            }
            record = {**keys, "reason": reason, "actor": actor}
            append([draft_of(site.pk, site.uuid, LogEntry.Type.KEY_ROTATION, record, uuid4())])
            make(site, old, new)
            audit(site, actor, "ledger.rotate_key", new_key=record["new_key"], reason=reason)
    if not settings.FAIRGATE_SIGNING_KEY:
        path = signing.key_path()
        path.rename(path.with_name(f"signing_key.{signing.key_id('', signing.public_bytes(old)).hex()}.old"))
        signing.write_key(new)
    return signing.seed_text(new)


# --- restart --------------------------------------------------------------------------------------------------------


def behind() -> list[Site]:
    """The sites whose log is behind the checkpoint kept outside the database."""
    sizes = dict(LogHead.objects.values_list("site_id", "size"))
    uuids = {pk: str(uuid) for pk, uuid in Site.objects.values_list("pk", "uuid")}
    wanted = kept.sizes(uuids.values())
    found = [pk for pk, uuid in uuids.items() if sizes.get(pk, 0) < wanted[uuid]]
    return list(Site.objects.filter(pk__in=found).order_by("pk")) if found else []


def restart(site: Site, actor: str, reason: str) -> Path:
    """Lets a log that was restored from an old dump go on, as a new log that says so.

    The abandoned checkpoint is set aside as evidence; the first entry of the new log holds it. Raises ValueError when
    the log is not behind.
    """
    uuid = str(site.uuid)
    with transaction.atomic():
        head = LogHead.objects.select_for_update().filter(site_id=site.pk).first()
        size = head.size if head else 0
        if size >= kept.size(uuid):
            raise ValueError(f"The log of site {uuid} is not behind its last checkpoint.")
        abandoned = kept.note(uuid)
        aside = kept.set_aside(uuid)
        try:
            stated = signing.parse(abandoned)
            last = {"size": stated.size, "root": b64encode(stated.root).decode(), "note": abandoned}
            record = {"abandoned": last, "lost_from": size, "reason": reason, "actor": actor}
            append([draft_of(site.pk, uuid, LogEntry.Type.RESTART, record, uuid4())])
            audit(site, actor, "ledger.restart", size=size, abandoned=os.fspath(aside), reason=reason)
        except BaseException:
            aside.rename(kept.path(uuid))
            raise
    make(site)
    return aside
