"""The one way into the ledger: a batch of drafts of any sites becomes leaves, records, tiles and totals.

One transaction with a fixed number of statements, however many drafts there are:

1. lock the heads of the sites, `ORDER BY site_id`, so that two batches never wait in a circle;
2. look up replays, in a statement of its own, so that it sees what was committed while we waited for the lock;
3. insert records and entries, and the tiles that became full;
4. add to the day totals, sorted by key; 5. move the heads.

PostgreSQL gets them in four messages: a trip there and back costs both sides as much as two answers
(docs/decisions/0047).

`received_at` is taken under the lock and never runs backwards within a site, but at an entry that says so
(`consent.ledger.clock`).
"""

from __future__ import annotations

import hmac
import os
import re
import time
from binascii import b2a_base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from io import StringIO
from itertools import groupby
from typing import Any, Literal
from uuid import UUID

import msgspec
from django.db import DEFAULT_DB_ALIAS, Error, IntegrityError, connections, transaction

from consent import citus
from consent.ledger import canonical, kept, merkle, places, unfinished
from consent.ledger.models import Checkpoint
from consent.stats import actions as stats
from consent.storing import is_of_a_row
from consent.trail import actions as trail

Status = Literal["created", "replayed", "conflict", "erased", "stopped", "busy"]
_HASH = re.compile(r"([0-9a-f]{64})?")
_COLUMNS = {"type", "release", "release_hash", "regime", "jurisdiction", "language", "action", "visitor", "replaces"}
CLOCK_REPAIR = "clock_repair"
_TYPE = re.compile(r"[a-z_]{1,12}")


@dataclass(slots=True)
class Draft:
    """What shall become a leaf. `record` holds the facts of its own; the columns are added to what is committed.

    `checked` says that whoever made the record knows it to have a canonical form (`canonical.check`), and `encoded` has
    that of parts of it that many answers say alike: they need not be written again. While `patience`
    is above 0 it rather comes again than holds up others by waiting for its site's log (`append`).
    """

    site_id: int
    site_uuid: str
    type: str
    record_id: UUID
    request_hash: bytes
    release: int | None = None
    release_hash: str = ""
    regime: str = ""
    jurisdiction: str = ""
    language: str = ""
    action: str = ""
    visitor: UUID | None = None
    replaces: UUID | None = None
    record: dict[str, Any] = field(default_factory=dict)
    checked: bool = False
    encoded: dict[str, msgspec.Raw] = field(default_factory=dict)
    patience: int = 0
    id_text: str = field(init=False)  # needed five times of each answer
    visitor_text: str = field(init=False)  # twice; "" without one

    def __post_init__(self) -> None:
        self.site_uuid = str(self.site_uuid)
        self.id_text = str(self.record_id)
        self.visitor_text = str(self.visitor) if self.visitor is not None else ""


class Stopped(RuntimeError):
    """The ledger is behind its last checkpoint: nothing is appended until `manage.py restart_log`."""


@dataclass(slots=True)
class Outcome:
    """`index` and `received_at` are those of the first time when it is a replay; None when nothing is stored.

    conflict: the id is taken by another content. erased: it was stored once. stopped: the ledger is behind its last
    checkpoint (see `manage.py restart_log`). busy: others write to the log, and the draft had patience.
    """

    status: Status
    index: int | None = None
    received_at: datetime | None = None


def draft_of(
    site_id: int, site_uuid: UUID | str, type: str, record: dict[str, Any], record_id: UUID, **columns: Any
) -> Draft:
    """A draft of our own (release, erasure, waiver …), whose request hash is that of its record.

    What is committed to names the ends of the site's audit trail and of its checkpoints, too, as they are now.
    """
    for name in ("regime", "jurisdiction", "language", "action"):
        columns.setdefault(name, record.get(name, ""))
    request_hash = sha256(canonical.encode(record)).digest()
    ends = {"trail": trail.head(site_id), "checkpoints": checkpoints_end(site_id).hex()}
    whole = {**record, **{name: end for name, end in ends.items() if end}}
    return Draft(site_id, str(site_uuid), type, record_id, request_hash, record=whole, **columns)


def checkpoints_end(site_id: int) -> bytes:
    """The chain over all checkpoints of a site, the last one included; b"" before the first.

    Those of earlier versions have no link of their own: they are read, and linked, until the next one has one.
    """
    points = Checkpoint.objects.filter(site_id=site_id).order_by("size")
    last = points.last()
    if last is None:
        return b""
    if last.chain is not None:
        return bytes(last.chain)
    end = b""
    for note in points.values_list("note", flat=True).iterator():
        end = checkpoint_link(end, note)
    return end


def checkpoint_link(previous: bytes, note: str) -> bytes:
    """The chain with one more checkpoint."""
    return sha256(previous + note.encode()).digest()


def leaf_input(type: str, site_uuid: str, day: date | str, release_hash: str, commitment: bytes) -> bytes:
    """E of docs/reference/ledger.md, The leaf: what the tree holds of an entry. Nothing personal. `day` is a date, or
    as ISO 8601 writes it."""
    return _leaf_head(type, site_uuid, day, release_hash) + b2a_base64(commitment, newline=False)


@lru_cache(4_000)  # of a day, all answers to a release have the same
def _leaf_head(type: str, site_uuid: str, day: date | str, release_hash: str) -> bytes:
    return f"fairgate/v1\n{type}\n{site_uuid}\n{day}\n{release_hash}\n".encode()


def commitment(salt: bytes, payload: bytes) -> bytes:
    """C = HMAC-SHA256(salt, JCS(record))."""
    if len(salt) != 32:
        return hmac.digest(salt, payload, "sha256")
    # RFC 2104 of a key of half a block: the library looks its hash up by name each time, which costs a third more.
    inner = sha256(salt.translate(_IPAD) + _IPAD[:1] * 32 + payload).digest()
    return sha256(salt.translate(_OPAD) + _OPAD[:1] * 32 + inner).digest()


_IPAD, _OPAD = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))


@lru_cache(64)  # one moment for all answers of a batch
def utc_text(moment: datetime) -> str:
    """2026-11-21T10:00:00.000000Z"""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"


def committed(draft: Draft, received_at: str) -> dict[str, Any]:
    """The object that is committed to: the draft's record and every column that is stored beside it."""
    whole = {
        **draft.record, "id": draft.id_text, "site": draft.site_uuid, "type": draft.type, "received_at": received_at,
        "request": draft.request_hash.hex(), "release_hash": draft.release_hash, "regime": draft.regime,
        "jurisdiction": draft.jurisdiction, "language": draft.language, "action": draft.action,
    }  # fmt: skip
    # A record can't say what its draft leaves out: `_check` compares them.
    if draft.release is not None:
        whole["release"] = draft.release
    if draft.visitor is not None:
        whole["visitor"] = draft.visitor_text
    if draft.replaces is not None:
        whole["replaces"] = str(draft.replaces)
    return whole


def append(drafts: Sequence[Draft], using: str = "default", at: datetime | None = None) -> list[Outcome]:
    """Appends the drafts, in order, and says of each what became of it.

    Takes the locks of the sites' heads; may be called inside an outer transaction, which then holds them until it
    ends. A batch of several sites of which all drafts have patience leaves out the sites whose heads others hold (on
    plain PostgreSQL, outside a transaction), unless all of them are held. `at` is for imports and histories: a past
    time for all, moved forward where the ledger is already later. Raises ValueError, before anything is written, when
    a record has no canonical form or a column does not fit, and Stopped when a draft that is no answer meets a stopped
    ledger (answers get that outcome instead).
    """
    for draft in drafts:
        _check(draft)
    connection = connections[using]
    # A batch of its own is one machine's on Citus, which commits it at once; COPY makes it prepare and commit in two
    # steps, which what else an outer transaction writes needs.
    within = connection.in_atomic_block
    apart = keeps_sites_apart(using) if not within or len({d.site_id for d in drafts}) > 1 else _apart_as_known(using)
    if apart:  # a transaction for what one machine does
        near = places.alias_of if not within and using == DEFAULT_DB_ALIAS else lambda site_id: None
        parts = [near(draft.site_id) or draft.site_id for draft in drafts]
        if len(set(parts)) > 1:
            return _append_in_parts(parts, drafts, using, at)
        if parts and isinstance(parts[0], str):
            try:
                return _append_there(parts[0], drafts, at)
            except _Elsewhere as found:  # before anything was written
                places.moved(found.sites)
                return append(drafts, using, at)
    if not drafts:
        return []
    postgres = connection.vendor == "postgresql"
    if postgres and not apart and not within and connection.get_autocommit():
        return _append_in_few_messages(connection, drafts, at)
    # The bare cursor spares a wrapper a statement; its errors must be Django's all the same.
    whole = transaction.atomic(using=using, savepoint=False)
    with whole, connection.wrap_database_errors, connection.cursor() as wrapped:
        routed = bool(apart) and not within
        batch = _Batch(wrapped.cursor if postgres else wrapped, postgres, drafts, at, routed)
        batch.together = postgres and apart is False
        return batch.run()


def _append_in_parts(
    parts: Sequence[int | str], drafts: Sequence[Draft], using: str, at: datetime | None
) -> list[Outcome]:
    """Those of each part in a transaction, one after the other; `parts` says of each draft which it is of."""
    outcomes: dict[int, Outcome] = {}
    for part in sorted(set(parts), key=str):
        mine = [i for i, one in enumerate(parts) if one == part]
        outcomes |= zip(mine, append([drafts[i] for i in mine], using, at), strict=True)
    return [outcomes[i] for i in range(len(drafts))]


def _append_there(alias: str, drafts: Sequence[Draft], at: datetime | None) -> list[Outcome]:
    """A batch on the machine of a Citus cluster where its sites' logs lie."""
    try:
        return _append_in_few_messages(places.connection_to(alias), drafts, at, near=True)
    except Error as error:
        # Whatever keeps this machine from it may not keep the coordinator; what is wrong with a row is so everywhere.
        if not is_of_a_row(error) and not isinstance(error, IntegrityError):
            places.lost(alias)
        raise


def _append_in_few_messages(
    connection: Any, drafts: Sequence[Draft], at: datetime | None, near: bool = False
) -> list[Outcome]:
    """A batch whose BEGIN goes with its first statement and whose COMMIT goes with its last. `near`: on the machine of
    a Citus cluster where the logs lie."""
    with connection.wrap_database_errors, connection.cursor() as wrapped:
        batch = _Batch(wrapped.cursor, True, drafts, at)
        batch.together = batch.whole = True
        batch.near = near
        try:
            return batch.run()
        except BaseException:
            try:
                wrapped.cursor.execute("ROLLBACK")
            except Exception:  # what was begun there must not go on with the next batch
                connection.close()
            raise


def append_unless_stopped(draft: Draft) -> int | None:
    """Appends one draft of our own, for who goes on without it; its index, None while the ledger is stopped."""
    try:
        with transaction.atomic():  # a savepoint: else the refusal spoils the caller's transaction, too
            [outcome] = append([draft])
    except Stopped:
        return None
    return outcome.index


def _check(draft: Draft) -> None:
    if not draft.checked:
        canonical.check(draft.record)
    for name in _COLUMNS & draft.record.keys():
        if draft.record[name] != (str(getattr(draft, name)) if name != "release" else draft.release):
            raise ValueError(f"The record says another {name} than the draft.")
    if len(draft.request_hash) != 32:
        raise ValueError("A request hash has 32 bytes.")
    _check_words(draft.type, draft.release_hash, draft.regime, draft.jurisdiction, draft.language, draft.action)


@lru_cache(4096)  # few combinations, asked for at every answer
def _check_words(type: str, release_hash: str, regime: str, jurisdiction: str, language: str, action: str) -> None:
    if not _TYPE.fullmatch(type) or not _HASH.fullmatch(release_hash):
        raise ValueError("A draft's type or release hash is malformed.")
    for value, limit in ((regime, 40), (jurisdiction, 10), (language, 20), (action, 12)):
        if len(value) > limit or not value.isascii() or not (value.isprintable() or not value):
            raise ValueError(f"{value!r} must be at most {limit} printable ASCII characters.")


_apart: dict[str, tuple[bool, float]] = {}  # alias → the answer, and when it was given, monotonic
LOOK_AGAIN = 60.0  # seconds


def keeps_sites_apart(using: str = "default", anew: bool = False) -> bool:
    """Whether the ledger's tables are distributed by site (Citus), as the database said within the last minute, or says
    now (`anew`).

    There a statement should name one site; elsewhere one for all sites of a batch costs a tenth of one for each
    (docs/decisions/0039). Raises DatabaseError when the database is away.
    """
    found, at = _apart.get(using, (False, -LOOK_AGAIN))
    if time.monotonic() - at < LOOK_AGAIN and not anew:
        return found
    found = citus.is_distributed(connections[using], "consent_logentry")
    _apart[using] = found, time.monotonic()
    return found


def _apart_as_known(using: str) -> bool | None:
    """`keeps_sites_apart` as this process heard it last, None before: inside a transaction nothing more is asked."""
    return _apart[using][0] if using in _apart else None


class _Elsewhere(Exception):
    """The logs of some sites of a batch do not lie on the machine that was asked."""

    def __init__(self, sites: list[int]) -> None:
        super().__init__(sites)
        self.sites = sites


class _Head:
    __slots__ = ("before", "edge", "first", "last", "leaves", "size", "stopped")

    def __init__(self, size: int, edge: bytes, last: datetime | None) -> None:
        self.first = self.size = size
        self.before = bytes(edge)
        self.edge = merkle.split_edge(size, self.before)
        self.last = last
        self.leaves: list[bytes] = []  # of this batch
        self.stopped = False


class _Batch:
    """The state of one call of `append`, in the order of its statements."""

    def __init__(
        self, cursor: Any, postgres: bool, drafts: Sequence[Draft], at: datetime | None, routed: bool = False
    ) -> None:
        self.cursor = cursor
        self.postgres = postgres
        self.routed = routed
        self.drafts = drafts
        self.at = at
        self.heads: dict[int, _Head] = {}
        self.busy: set[int] = set()  # sites that are left out
        self.together = False  # statements that nobody waits for are sent with the next one
        self.whole = False  # the transaction is begun and committed here
        self.near = False  # on Citus, on the machine that has the rows: a statement a site, and rows by COPY
        self.unsent: list[bytes] = []

    def run(self) -> list[Outcome]:
        if self.whole:
            self.execute("BEGIN")
        self.lock_heads()
        outcomes = self.place(self.known())
        if self.entries:
            self.insert()
            self.insert_tiles()
            for site, head in self.heads.items():
                unfinished.grown(site, head.first, head.leaves)
            stats.add_totals(self, self.totals, self.postgres, self.routed or self.near)
            self.move_heads()
        if self.whole:
            self.execute("COMMIT")
        self.send()
        return outcomes

    def execute(self, statement: str, given: Sequence[Any] | None = None) -> None:
        """Executes what has no rows to read: with the next statement, where they may go together."""
        if self.together:
            self.unsent.append(self.cursor.mogrify(statement, given))
        elif given is None:
            self.cursor.execute(statement)
        else:
            self.cursor.execute(statement, given)

    def ask(self, statement: str, given: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
        """The rows of a statement."""
        self.execute(statement, given)
        self.send()
        return self.cursor.fetchall()

    def send(self) -> None:
        if self.unsent:
            self.cursor.execute(b";\n".join(self.unsent))
            self.unsent.clear()

    # --- 1. heads ---------------------------------------------------------------------------------------------------

    def lock_heads(self) -> None:
        sites = sorted({draft.site_id for draft in self.drafts})
        if self.whole and not self.near and len(sites) > 1 and all(draft.patience > 0 for draft in self.drafts):
            self.read_heads(sites, "SKIP LOCKED")
            if self.heads:
                self.busy = set(sites) - self.heads.keys()
                sites = list(self.heads)
        if not self.heads:
            self.read_heads(sites)
        if self.near and (elsewhere := self.ask(places.not_here(sites))):
            raise _Elsewhere([site for (site,) in elsewhere])
        if missing := [site for site in sites if site not in self.heads]:
            self.make_heads(missing)
            self.read_heads(sites if self.whole else missing)
        sizes = kept.sizes({draft.site_uuid for draft in self.drafts})
        uuids = {draft.site_id: draft.site_uuid for draft in self.drafts}
        for site, head in self.heads.items():
            head.stopped = head.size < sizes[uuids[site]]

    def make_heads(self, sites: list[int]) -> None:
        """Of sites that have no entry yet. A batch that is a transaction of its own begins anew after it: who makes
        heads while it holds others may meet somebody who does the same in another order."""
        empty = "''" if self.postgres else "x''"
        values = ",".join(f"({int(site)},0,{empty},NULL)" for site in sites)
        if self.whole:
            self.execute("COMMIT")
            self.heads.clear()
        self.execute(
            f"INSERT INTO consent_loghead (site_id, size, edge, last_received_at) VALUES {values} "  # noqa: S608
            "ON CONFLICT (site_id) DO NOTHING"
        )
        if self.whole:
            self.send()
            self.execute("BEGIN")

    def read_heads(self, sites: list[int], held: Literal["", "SKIP LOCKED"] = "") -> None:
        if self.near and len(sites) > 1:
            for site in sites:
                self.read_heads([site])
            return
        many = ",".join(str(int(site)) for site in sites)
        which = f"= {many}" if len(sites) == 1 else f"= ANY('{{{many}}}')" if self.postgres else f"IN ({many})"
        rows = self.ask(
            f"SELECT site_id, size, edge, last_received_at FROM consent_loghead WHERE site_id {which} "  # noqa: S608
            f"ORDER BY site_id {f'FOR UPDATE {held}' if self.postgres else ''}"
        )
        for site_id, size, edge, last in rows:
            self.heads[site_id] = _Head(size, edge, last if self.postgres else self.moment(last))

    # --- 2. replays -------------------------------------------------------------------------------------------------

    def known(self) -> dict[tuple[int, str], tuple[bytes, Outcome]]:
        """What is stored already under these ids: the request hash and the outcome a replay gets."""
        keys = sorted({(draft.site_id, draft.id_text) for draft in self.drafts if draft.site_id in self.heads})
        if len(self.heads) == 1:
            found = self.ask(self.known_of_one_site(keys))
        elif self.near:
            found = [
                row
                for _, mine in groupby(keys, key=lambda key: key[0])
                for row in self.ask(self.known_of_one_site(list(mine)))
            ]
        else:
            found = self.ask(self.known_of_several(keys))
        if not found:
            return {}
        # The day of the entry leads PostgreSQL to the one partition that can hold the record.
        stored: dict[tuple[int, int], tuple[Any, bool]] = {}
        for site, _, index, _, day in found:
            start = self.day(day)
            rows = self.ask(
                "SELECT received_at, payload IS NULL FROM consent_consentrecord "
                "WHERE site_id = %s AND leaf_index = %s AND received_at >= %s AND received_at < %s",
                [site, index, self.time(start), self.time(start + timedelta(days=1))],
            )
            if rows:
                stored[site, index] = rows[0]
        result = {}
        for site, record_id, index, request_hash, _ in found:
            received_at, erased = stored.get((site, index), (None, True))
            outcome = Outcome("erased" if erased else "replayed", index, self.moment(received_at))
            result[site, str(UUID(str(record_id)))] = (bytes(request_hash), outcome)
        return result

    def known_of_one_site(self, keys: list[tuple[int, str]]) -> str:
        """An equality on the site: a database that keeps sites apart asks one of its machines (Citus)."""
        site, texts = int(keys[0][0]), [text for _, text in keys]
        if self.together and not self.near:
            return _each_of(f"unnest('{{{','.join(texts)}}}'::uuid[]) v(r)", str(site))
        if self.postgres:
            ids = f"= ANY('{{{','.join(texts)}}}'::uuid[])"
        else:
            bare = "','".join(text.replace("-", "") for text in texts)
            ids = f"IN ('{bare}')"
        return f"SELECT {_KNOWN} FROM consent_logentry WHERE site_id = {site} AND record_id {ids}"  # noqa: S608 - UUIDs

    def known_of_several(self, keys: list[tuple[int, str]]) -> str:
        if self.postgres:
            sites, ids = ",".join(str(int(site)) for site, _ in keys), ",".join(text for _, text in keys)
            return _each_of(f"unnest('{{{sites}}}'::bigint[], '{{{ids}}}'::uuid[]) v(s, r)", "v.s")
        values = ",".join(f"({int(site)},'{text.replace('-', '')}')" for site, text in keys)
        return (
            "SELECT e.site_id, e.record_id, e.leaf_index, e.request_hash, e.day "  # noqa: S608 - integers and UUIDs
            f"FROM (SELECT column1 AS s, column2 AS r FROM (VALUES {values})) v "
            "JOIN consent_logentry e ON e.site_id = v.s AND e.record_id = v.r"
        )

    # --- 3. entries, records, tiles ---------------------------------------------------------------------------------

    def place(self, known: dict[tuple[int, str], tuple[bytes, Outcome]]) -> list[Outcome]:
        """Gives each new draft its index, and fills the rows to insert."""
        self.entries: list[tuple[Any, ...]] = []
        self.records: list[tuple[Any, ...]] = []
        self.totals: dict[stats.Key, int] = {}
        now = self.at or datetime.now(UTC)
        these = (now, utc_text(now), now.astimezone(UTC).date())  # of nearly all
        times: dict[int, tuple[datetime, str, date]] = {}
        outcomes = []
        salts = os.urandom(32 * len(self.drafts))
        for number, draft in enumerate(self.drafts):
            site = draft.site_id
            if site in self.busy:
                outcomes.append(Outcome("busy"))
                continue
            head = self.heads[site]
            if before := known.get((site, draft.id_text)):
                outcomes.append(self.again(draft, *before))
                continue
            if head.stopped:
                if draft.type != "consent":
                    raise Stopped(f"The log of site {draft.site_uuid} is behind its last checkpoint.")
                outcomes.append(Outcome("stopped"))
                continue
            if site not in times:
                if head.last is None or head.last <= now or draft.type == CLOCK_REPAIR:
                    times[site] = these
                    head.last = now
                else:
                    times[site] = (head.last, utc_text(head.last), head.last.astimezone(UTC).date())
            received_at, text, day = times[site]
            payload = canonical.encode_checked(committed(draft, text) | draft.encoded)
            salt = salts[32 * number : 32 * number + 32]
            sealed = commitment(salt, payload)
            leaf = merkle.leaf_hash(leaf_input(draft.type, draft.site_uuid, day, draft.release_hash, sealed))
            index = head.size
            merkle.push(head.edge, index, leaf)
            head.size += 1
            head.leaves.append(leaf)
            self.entries.append(
                (site, index, draft.id_text, draft.request_hash, draft.type, day, draft.release_hash, sealed)
            )
            self.records.append((draft, index, text, day, payload, salt))
            if draft.type == "consent" and draft.action != stats.TEST:
                key = (
                    site, day, draft.release or 0, draft.regime, draft.jurisdiction, draft.language, draft.action
                )  # fmt: skip
                self.totals[key] = self.totals.get(key, 0) + 1
            outcome = Outcome("created", index, received_at)
            known[site, draft.id_text] = (draft.request_hash, Outcome("replayed", index, received_at))
            outcomes.append(outcome)
        return outcomes

    @staticmethod
    def again(draft: Draft, request_hash: bytes, outcome: Outcome) -> Outcome:
        if outcome.status == "replayed" and request_hash != draft.request_hash:
            return Outcome("conflict")
        return outcome

    def insert(self) -> None:
        if self.routed:
            self.insert_routed()
            return
        if self.postgres:
            self.insert_postgres()
            return
        self.cursor.executemany(
            f"INSERT INTO consent_logentry ({_ENTRY}) VALUES ({_marks(8)})",  # noqa: S608
            [(s, i, r.replace("-", ""), h, t, d.isoformat(), x, c) for s, i, r, h, t, d, x, c in self.entries],
        )
        self.cursor.executemany(
            f"INSERT INTO consent_consentrecord ({_RECORD}) VALUES ({_marks(15)})",  # noqa: S608
            [
                (
                    d.site_id, index, self.time(datetime.fromisoformat(at)), d.record_id.hex, d.type, day.isoformat(),
                    d.release, d.regime, d.jurisdiction, d.language, d.action, payload.decode(),
                    d.visitor and d.visitor.hex, d.replaces and d.replaces.hex, salt,
                )
                for d, index, at, day, payload, salt in self.records
            ],
        )  # fmt: skip

    def insert_postgres(self) -> None:
        """COPY costs both sides less than an INSERT of many rows, and what visitors said is in no statement, which a
        database may log. Entries say nothing of anybody: they go along with what comes after them."""
        records = []
        for d, index, at, day, payload, salt in self.records:
            release = "\\N" if d.release is None else d.release
            # JSON escapes every control character itself; only its backslashes mean something to COPY.
            text = payload.decode().replace("\\", "\\\\")
            records.append(
                f"{d.site_id}\t{index}\t{at}\t{d.id_text}\t{d.type}\t{day}\t{release}\t"
                f"{_columns(d.regime, d.jurisdiction, d.language, d.action)}\t"
                f"{text}\t{d.visitor_text or _NULL}\t{d.replaces or _NULL}\t\\\\x{salt.hex()}\n"
            )
        self.send()
        self.cursor.copy_expert(f"COPY consent_consentrecord ({_RECORD}) FROM STDIN", StringIO("".join(records)))
        if self.together and not self.near:
            self.insert_entries()
            return
        entries = [
            f"{s}\t{i}\t{r}\t\\\\x{h.hex()}\t{t}\t{d}\t{x}\t\\\\x{c.hex()}\n" for s, i, r, h, t, d, x, c in self.entries
        ]
        self.cursor.copy_expert(f"COPY consent_logentry ({_ENTRY}) FROM STDIN", StringIO("".join(entries)))

    def insert_entries(self) -> None:
        """By an array a column. What is in them is hex, digits and words of ours (`_check_words`)."""
        sites, indexes, ids, hashes, types, days, releases, sealed = zip(*self.entries, strict=True)
        columns = (
            ("bigint", map(str, sites)), ("bigint", map(str, indexes)), ("uuid", ids), ("bytea", map(_hex, hashes)),
            ("text", types), ("date", map(str, days)), ("text", (one or '""' for one in releases)),
            ("bytea", map(_hex, sealed)),
        )  # fmt: skip
        arrays = ",".join(f"'{{{','.join(values)}}}'::{type}[]" for type, values in columns)
        self.execute(f"INSERT INTO consent_logentry ({_ENTRY}) SELECT * FROM unnest({arrays})")  # noqa: S608

    def insert_routed(self) -> None:
        """Two INSERTs of one site's rows: Citus hands each to one machine."""
        records = [
            (
                d.site_id, index, at, d.id_text, d.type, day, d.release, d.regime, d.jurisdiction, d.language, d.action,
                payload.decode(), d.visitor and str(d.visitor), d.replaces and str(d.replaces), salt,
            )
            for d, index, at, day, payload, salt in self.records
        ]  # fmt: skip
        inserted = (("consent_logentry", _ENTRY, self.entries), ("consent_consentrecord", _RECORD, records))
        for table, columns, rows in inserted:
            marks = f"({_marks(columns.count(',') + 1)})"
            self.cursor.execute(
                f"INSERT INTO {table} ({columns}) VALUES {','.join([marks] * len(rows))}",  # noqa: S608
                [value for row in rows for value in row],
            )

    def insert_tiles(self) -> None:
        """Stores the tiles that became full. The leaves of a tile begun by earlier batches are read back."""
        grown = {site: head for site, head in self.heads.items() if head.size >> 8 > head.first >> 8}
        level = 0
        # Per site: hashes of this level that this batch has made, and the number of the first of them.
        fresh = {site: (head.first, head.leaves) for site, head in grown.items()}
        while fresh:
            above: dict[int, tuple[int, list[bytes]]] = {}
            rows = []
            for site, (first, hashes) in sorted(fresh.items()):
                start = first >> 8 << 8
                if first > start:
                    head = self.heads[site]
                    known = unfinished.of(site, first, merkle.split_edge(first, head.before)) if level == 0 else None
                    hashes = (known or self.earlier(site, level, start, first)) + hashes
                roots = []
                for offset in range(0, len(hashes) - 255, 256):
                    tile = hashes[offset : offset + 256]
                    roots.append(merkle.root(tile))
                    rows.append((site, level, (start + offset) >> 8, b"".join(tile), roots[-1]))
                if (start >> 8) + len(roots) >> 8 > start >> 16:
                    above[site] = (start >> 8, roots)
            for part in range(0, len(rows), 500):
                chunk = rows[part : part + 500]
                self.execute(
                    "INSERT INTO consent_logtile (site_id, level, number, hashes, root) VALUES "
                    + ",".join(["(%s,%s,%s,%s,%s)"] * len(chunk)),
                    [value for row in chunk for value in row],
                )
            fresh, level = above, level + 1

    def earlier(self, site: int, level: int, start: int, end: int) -> list[bytes]:
        """The hashes start ≤ number < end of a level, from what earlier batches stored."""
        if level:
            rows = self.ask(
                "SELECT root FROM consent_logtile WHERE site_id = %s AND level = %s AND number >= %s AND number < %s "
                "ORDER BY number",
                [site, level - 1, start, end],
            )
            return [bytes(row[0]) for row in rows]
        uuid = next(draft.site_uuid for draft in self.drafts if draft.site_id == site)
        rows = self.ask(
            "SELECT type, day, release_hash, commitment FROM consent_logentry "
            "WHERE site_id = %s AND leaf_index >= %s AND leaf_index < %s ORDER BY leaf_index",
            [site, start, end],
        )
        date_of = (lambda day: day) if self.postgres else (lambda day: self.day(day).date())
        return [
            merkle.leaf_hash(leaf_input(type, uuid, date_of(day), release_hash, bytes(sealed)))
            for type, day, release_hash, sealed in rows
        ]

    # --- 5. heads ---------------------------------------------------------------------------------------------------

    def move_heads(self) -> None:
        moved = [(site, head) for site, head in sorted(self.heads.items()) if head.size > head.first]
        if len(moved) == 1 or self.near or not self.postgres:
            for site, head in moved:
                self.execute(
                    "UPDATE consent_loghead SET size = %s, edge = %s, last_received_at = %s WHERE site_id = %s",
                    [head.size, b"".join(head.edge), self.time(head.last), site],
                )
            return
        values = ",".join(
            f"({site},{head.size},'\\x{b''.join(head.edge).hex()}'::bytea,'{utc_text(head.last)}'::timestamptz)"
            for site, head in moved
        )
        self.execute(
            "UPDATE consent_loghead h SET size = v.size, edge = v.edge, last_received_at = v.last "  # noqa: S608
            f"FROM (VALUES {values}) v(site, size, edge, last) WHERE h.site_id = v.site"
        )

    # --- what the two databases write differently -------------------------------------------------------------------

    def time(self, moment: datetime | None) -> Any:
        if moment is None or self.postgres:
            return moment
        return str(moment.astimezone(UTC).replace(tzinfo=None))

    @staticmethod
    def moment(value: Any) -> datetime | None:
        if isinstance(value, str):
            value = datetime.fromisoformat(value)
        return value.replace(tzinfo=UTC) if value and value.tzinfo is None else value

    @staticmethod
    def day(value: Any) -> datetime:
        """Midnight (UTC) of a day as either database gives it."""
        text = value if isinstance(value, str) else value.isoformat()
        return datetime.fromisoformat(text[:10]).replace(tzinfo=UTC)


_KNOWN = "site_id, record_id, leaf_index, request_hash, day"


def _each_of(given: str, site: str) -> str:
    """Asks for each id by itself: without OFFSET a planner that knows nothing of a young table would rather read a
    site's whole log."""
    return (
        f"SELECT e.* FROM {given}, LATERAL "  # noqa: S608 - integers and UUIDs
        f"(SELECT {_KNOWN} FROM consent_logentry WHERE site_id = {site} AND record_id = v.r OFFSET 0) e"
    )


_ENTRY = "site_id, leaf_index, record_id, request_hash, type, day, release_hash, commitment"
_RECORD = (
    "site_id, leaf_index, received_at, record_id, type, day, release, regime, jurisdiction, language, action, "
    "payload, visitor, replaces, salt"
)


_NULL = "\\N"


@lru_cache(4096)  # few combinations, asked for at every answer
def _columns(*texts: str) -> str:
    """Columns of printable ASCII (`_check_words`) for COPY's text format."""
    return "\t".join(text.replace("\\", "\\\\") for text in texts)


def _hex(data: bytes) -> str:
    """A bytea as an element of an array that stands in a statement."""
    return f"\\\\x{data.hex()}"


def _marks(count: int) -> str:
    return ",".join(["%s"] * count)
