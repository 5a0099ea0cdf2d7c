"""Signed tree heads: made, kept inside and outside the database, and the key's rotation."""

from __future__ import annotations

import json
import os
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import transaction

from consent.ledger import kept, merkle, signing
from consent.ledger.append import Stopped, append, draft_of
from consent.ledger.models import Checkpoint, ConsentRecord, LastSignature, LogEntry, LogHead
from consent.sites.models import Site
from consent.trail.actions import audit


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


SPACING = timedelta(seconds=1)  # strangers get at most one signature of a log in this time, by all processes together


class TooSoon(RuntimeError):
    """The log was signed a moment ago; `wait` says in how many seconds it may be signed again for a stranger."""

    def __init__(self, wait: float) -> None:
        super().__init__(f"The next signature is due in {wait:.1f} seconds.")
        self.wait = wait


def make(site: Site, key: Ed25519PrivateKey | None = None, spacing: timedelta = timedelta(0)) -> Checkpoint | None:
    """Signs the head as it is now; the stored one when it has not moved, None for an empty log.

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
            text = signing.sign(origin(site.pk, site.uuid), head.size, root, key or signing.private_key())
            found = Checkpoint(site_id=site.pk, size=head.size, root=root, note=text, created_at=head.last_received_at)
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
    if found and found.size > index:
        return found
    if wait := _wait(site.pk, SPACING):
        raise TooSoon(wait)
    if _size(site) < kept.size(str(site.uuid)):
        raise Stopped(f"The log of site {site.uuid} is behind its last checkpoint.")
    return make(site, spacing=SPACING)


def fresh(site: Site, age: timedelta) -> Checkpoint | None:
    """The newest checkpoint, or a new one when that is older than `age` and the log has grown since; for strangers,
    like `covering`. None for an empty log. A log that is stopped keeps its last one."""
    found = latest(site.pk)
    size = _size(site)
    if found and (size <= found.size or _wait(site.pk, age)):
        return found
    if size == 0 or size < kept.size(str(site.uuid)):
        return found
    try:
        return make(site, spacing=SPACING)
    except (Stopped, TooSoon):
        return found


def _size(site: Site) -> int:
    """The size of the log, read without its lock."""
    return LogHead.objects.filter(site_id=site.pk).values_list("size", flat=True).first() or 0


def make_all() -> int:
    """A checkpoint for each log that has grown since its last one; returns how many were made. Skips stopped logs."""
    made = 0
    for site_id, size in LogHead.objects.filter(size__gt=0).order_by("site_id").values_list("site_id", "size"):
        newest = latest(site_id)
        site = None if newest and newest.size >= size else Site.objects.filter(pk=site_id).first()
        try:
            made += site is not None and make(site) is not None
        except Stopped:
            continue
    return made


# --- the key --------------------------------------------------------------------------------------------------------


def trusted_keys(site_id: int) -> list[bytes]:
    """The public key in force and those that the site's log says it followed, the newest first."""
    keys = [signing.public_bytes(signing.private_key())]
    # Found by the small index of entries that are no answers: the records' table has no index by type.
    entries = LogEntry.objects.filter(site_id=site_id, type=LogEntry.Type.KEY_ROTATION).exclude(type="consent")
    for index, day in entries.order_by("-index").values_list("index", "day"):
        start = datetime(day.year, day.month, day.day, tzinfo=UTC)
        record = ConsentRecord.objects.filter(
            site_id=site_id, index=index, received_at__gte=start, received_at__lt=start + timedelta(days=1)
        )
        payload = record.values_list("payload", flat=True).first()
        rotation = json.loads(payload or "{}")
        if rotation.get("new_key") == b64encode(keys[-1]).decode():
            keys.append(b64decode(rotation["old_key"]))
    return keys


def rotate(actor: str, reason: str) -> str:
    """Replaces the signing key; returns the new one's text, which an operator with FAIRGATE_SIGNING_KEY must set.

    Every log gets a `key_rotation` entry that names both public keys, and a last checkpoint by the old key that covers
    it: the old key vouches for the new one. Raises Stopped, before anything is done, while a log is stopped.
    """
    if stopped := behind():
        raise Stopped(f"The log of site {stopped[0].uuid} is behind its last checkpoint.")
    old, new = signing.private_key(), Ed25519PrivateKey.generate()
    record = {
        "old_key": b64encode(signing.public_bytes(old)).decode(),
        "new_key": b64encode(signing.public_bytes(new)).decode(),
        "reason": reason,
        "actor": actor,
    }
    for site in Site.objects.order_by("pk"):
        if not LogHead.objects.filter(site_id=site.pk, size__gt=0).exists():
            continue
        with transaction.atomic():
            append([draft_of(site.pk, site.uuid, LogEntry.Type.KEY_ROTATION, record, uuid4())])
            audit(site, actor, "ledger.rotate_key", new_key=record["new_key"], reason=reason)
        make(site, old)
    if not settings.FAIRGATE_SIGNING_KEY:
        path = signing.key_path()
        path.rename(path.with_name(f"signing_key.{signing.key_id('', signing.public_bytes(old)).hex()}.old"))
        signing.write_key(new)
    return signing.seed_text(new)


# --- restart --------------------------------------------------------------------------------------------------------


def behind() -> list[Site]:
    """The sites whose log is behind the checkpoint kept outside the database."""
    sizes = dict(LogHead.objects.values_list("site_id", "size"))
    return [site for site in Site.objects.order_by("pk") if sizes.get(site.pk, 0) < kept.size(str(site.uuid))]


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
            record = {"abandoned": abandoned, "lost_from": size, "reason": reason, "actor": actor}
            append([draft_of(site.pk, uuid, LogEntry.Type.RESTART, record, uuid4())])
            audit(site, actor, "ledger.restart", size=size, abandoned=os.fspath(aside), reason=reason)
        except BaseException:
            aside.rename(kept.path(uuid))
            raise
    make(site)
    return aside
