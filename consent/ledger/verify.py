"""Recomputes a site's ledger from what is stored and says what does not fit, the first record by name.

Streams in constant memory (one bit an entry), on all cores: every leaf from payload and salt, every column that is
stored twice, every tile, the head, every checkpoint's signature, root and place among the others, every day total,
every erasure, the checkpoint kept outside the database, the audit trail and the anchors. Stretches of leaves are walked
apart (`stretch.py`); what depends on what came before is judged here, in order. `unproved` names what nothing here can
prove.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Max

from consent import citus, processes
from consent.ledger import anchors, checkpoint, erasure, events, guards, kept, merkle, signing, stretch
from consent.ledger.append import checkpoint_link
from consent.ledger.models import Anchor, Checkpoint, ConsentRecord, LogEntry, LogHead, LogTile
from consent.ledger.proofs import Tree
from consent.ledger.stretch import UNREADABLE, Day, Full, OwnEntry, Repair, Size, Stretch, Walked, Wrong
from consent.sites.models import Site
from consent.stats.models import DailyTotal
from consent.trail import chain
from consent.trail.actions import NO_SITE
from consent.trail.models import AuditEvent, TrailHead
from consent.trail.verbs import Verb

CHUNK = 2_000
MOST = 20  # findings told per site; more say nothing new
RECENT = 1_000  # checkpoints that may be signed while an entry is on its way
UNPROVED = (
    "Impressions and how answers came about (day totals of counters), gates' reports, drafts, accounts and roles, what "
    "was in records that are erased."
)
_LINE = ("number", "hash", "actor", "verb", "detail", "at")
_TOTAL = ("release", "regime", "jurisdiction", "language", "action")


@dataclass(slots=True)
class Report:
    """What was checked and what does not fit. The ledger is right when `wrong` is empty."""

    site: Site
    size: int = 0
    first: int = 0  # the first entry that was recomputed: not 0 after a checkpoint that somebody kept
    since: int = 0  # the size of that checkpoint
    records: int = 0
    erased: int = 0
    checkpoints: int = 0
    wrong: list[str] = field(default_factory=list)
    repairs: list[str] = field(default_factory=list)  # where the clock was set back, in words: no error
    events: list[str] = field(default_factory=list)  # restarts, rotations, waivers, erasures, void pictures, in words
    unproved: list[str] = field(default_factory=list)  # what lies beside the log and nothing proves


def verify(site: Site, progress: Callable[[int, int], None] = lambda done, total: None, since: str = "") -> Report:
    """Checks one site's ledger as it was at one moment; `progress(entries done, entries in all)`.

    With `since`, the text of a checkpoint that somebody kept: that the log is a continuation of it, and what follows
    it. What comes before is taken from the tiles, of which that checkpoint leaves no choice; only up to 65,535 entries
    of it are recomputed.
    """
    report = Report(site)
    # Another process can share a snapshot of one server, not of several.
    workers = processes.cores() if processes.shared() and not citus.installed(connection) else 1
    with one_moment(site.pk):
        try:
            _Check(site, report, progress, since).run(workers)
        except UNREADABLE as error:
            report.wrong.append(f"A row of the ledger cannot be read: {error}. What follows was not checked.")
        except Full:
            report.wrong.append("What follows was not checked.")
    return report


def orphans() -> list[str]:
    """Rows of ledger tables whose site does not exist."""
    known = set(Site.objects.values_list("pk", flat=True))
    found = []
    for model in (LogHead, LogEntry, ConsentRecord, LogTile, Checkpoint, DailyTotal, Anchor):
        # From one site id to the next by index, whatever the size of the table.
        current = -(2**63)
        while True:
            following = model.objects.filter(site_id__gt=current).order_by("site_id").values_list("site_id", flat=True)
            first = following.first()
            if first is None:
                break
            if first not in known:
                found.append(f"{model._meta.db_table} has rows of site {first}, which does not exist.")
            current = first
    return found


def common() -> list[str]:
    """What is wrong beside all logs: triggers that are missing, and the audit trail of what belongs to no site."""
    lacking = [f"The append-only trigger {name} is missing or was changed." for name in guards.missing(connection)]
    trail = check_trail(None).wrong
    return lacking + ([f"The audit trail of what belongs to no site does not hold: {trail}."] if trail else [])


def _snapshot() -> str:
    """A name by which other processes read of the same moment as this transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_export_snapshot()")
        found: str = cursor.fetchone()[0]
    return found


@contextmanager
def _nothing_on_its_way(site_id: int) -> Iterator[None]:
    """On Citus a site's log and the coordinator's tables are of two servers: their moments are taken while nothing can
    be appended, and what was appended is committed on both."""
    if not citus.installed(connection):
        yield
        return
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT size FROM consent_loghead WHERE site_id = %s FOR UPDATE", [site_id])
        yield
    finally:
        other.close()


@contextmanager
def one_moment(site_id: int) -> Iterator[None]:
    """What is read of a site inside is of one moment: repeatable read on PostgreSQL, one read transaction on SQLite."""
    if connection.in_atomic_block:  # the caller's transaction is the moment
        yield
        return
    if connection.vendor == "postgresql":
        with transaction.atomic():
            with _nothing_on_its_way(site_id), connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
                LogHead.objects.filter(site_id=site_id).first()  # on Citus the moment of the site's machine begins here
            yield
        return
    with connection.cursor() as cursor:
        cursor.execute("BEGIN")  # deferred: readers do not keep writers out
        try:
            yield
        finally:
            cursor.execute("COMMIT")


class _Check:
    def __init__(self, site: Site, report: Report, progress: Callable[[int, int], None], since: str = "") -> None:
        self.site = site
        self.uuid = str(site.uuid)
        self.report = report
        self.progress = progress
        self.since_note = since
        self.since: signing.Checkpoint | None = None
        self.first = 0  # the first entry that is recomputed
        self.levels = stretch.LEVELS
        self.height = merkle.HEIGHT * self.levels  # of the subtree that a whole stretch is
        self.edge: list[bytes] = []  # of the stretches so far
        self.upper: list[list[bytes]] = [
            []
        ]  # per level above those of a stretch, the hashes of the tile that is filling
        self.numbers: list[int] = [0]  # per level above those of a stretch, the number of that tile
        self.tiles = 0
        self.totals: dict[tuple[Any, ...], int] = {}
        self.total_rows = 0
        self.days: dict[date, dict[tuple[Any, ...], int]] | None = None  # of a log whose days come more than once
        self.day: date | None = None
        self.before: date | None = None  # the day of the last entry that was not recomputed
        self.last: datetime | None = None
        self.restart: int | None = None
        self.rotation: tuple[int, list[bytes]] | None = None  # the last one: its entry and its keys
        self.happened: list[tuple[int, str, datetime | None, dict[str, Any]]] = []  # entries for `events`
        self.chain = b""  # over the checkpoints so far
        self.chains = _Recent()
        self.chained = False  # whether the last checkpoint said its place
        self.trails: dict[str, int] = {}  # end of the audit trail → the last entry that names it
        self.erased = bytearray()  # one bit an entry: its payload is gone
        self.named = bytearray()  # one bit an entry: an erasure names it

    def wrong(self, text: str) -> None:
        self.report.wrong.append(text)
        if len(self.report.wrong) >= MOST:
            raise Full

    def run(self, workers: int) -> None:
        site_id = self.site.pk
        head = LogHead.objects.filter(site_id=site_id).first() or LogHead(site_id=site_id)
        self.report.size = head.size
        self.keys = checkpoint.trusted_keys(site_id) if head.size else []
        repairs = LogEntry.objects.filter(site_id=site_id, type=LogEntry.Type.CLOCK_REPAIR).exclude(type="consent")
        self.days = {} if repairs.exists() else None
        note = kept.note(self.uuid)
        self.kept = signing.parse(note) if note else None
        if note and signing.signer(note, self.keys) is None:
            self.wrong(f"The checkpoint kept in {kept.path(self.uuid)} is not signed by the log's key.")
        if self.kept and self.kept.size > head.size:
            self.wrong(
                f"The log has {head.size} entries, but a checkpoint of {self.kept.size} was signed: "
                "the database is older than its last checkpoint."
            )
        if self.since_note:
            self.go_on_from(head)
        points = Checkpoint.objects.filter(site_id=site_id).order_by("size")
        self.points = (points.filter(size__gt=self.first) if self.first else points).iterator(CHUNK)
        self.point = next(self.points, None)
        size = self.first
        for walked in self.walk(head, workers):
            size = self.take_up(walked, size)
            self.progress(size, head.size)
        self.end(head, size)
        self.progress(size, head.size)

    def walk(self, head: LogHead, workers: int) -> Iterator[Walked]:
        """The stretches of the log, walked, in order."""
        site_id, length = self.site.pk, 1 << self.height
        entries, records = (  # which may end before the head, or go on behind it
            model.objects.filter(site_id=site_id).aggregate(last=Max("index"))["last"] or 0
            for model in (LogEntry, ConsentRecord)
        )
        starts = range(self.first, max(min(head.size, entries + 1), self.first + 1), length)
        last = max(entries, records)
        workers = min(workers, len(starts))
        snapshot = _snapshot() if workers > 1 else ""
        kept_size = self.kept.size if self.kept else 0
        since = self.since.size if self.since else 0
        return processes.in_order(
            stretch.walk,
            (
                Stretch(
                    site_id, self.uuid, first, last if first == starts[-1] else first + length - 1,
                    first == starts[-1], self.levels, tuple(sorted({kept_size, since})), snapshot,
                )
                for first in starts
            ),
            workers,
        )  # fmt: skip

    def go_on_from(self, head: LogHead) -> None:
        """Takes up the check at a checkpoint that somebody kept: everything that the entries before it would have
        said."""
        try:
            since = signing.parse(self.since_note)
        except ValueError as error:
            self.wrong(f"The checkpoint that was given cannot be read: {error}")
            return
        if signing.signer(self.since_note, self.keys) is None:
            self.wrong("The checkpoint that was given is not signed by the log's key.")
            return
        if since.size > head.size:
            self.wrong(f"The log has {head.size} entries, and the checkpoint that was given {since.size}.")
            return
        self.since, self.report.since = since, since.size
        self.first = self.report.first = since.size >> self.height << self.height
        if not self.first:
            return
        site_id, first = self.site.pk, self.first
        tree = Tree(site_id, self.uuid)
        self.edge = [tree.subtree(height, number) for height, number in merkle.subtrees(0, first)]
        self.tiles = sum(first >> merkle.HEIGHT * (level + 1) for level in range(self.levels))
        self.upper, self.numbers, level = [], [], self.levels
        while number := first >> merkle.HEIGHT * level:  # of hashes of this level
            tile, rest = divmod(number, merkle.WIDTH)
            self.upper.append([tree.subtree(merkle.HEIGHT * level, number - rest + n) for n in range(rest)])
            self.numbers.append(tile)
            self.tiles += tile
            level += 1
        before = ConsentRecord.objects.filter(site_id=site_id, index=first - 1).values_list("received_at", "day")
        self.last, self.before = before[0]
        own = LogEntry.objects.filter(site_id=site_id, index__lt=first).exclude(type="consent")
        self.restart = own.filter(type=LogEntry.Type.RESTART).aggregate(last=Max("index"))["last"]
        points = Checkpoint.objects.filter(site_id=site_id, size__lte=first).order_by("size")
        for note, link in points.values_list("note", "chain").iterator(CHUNK):
            self.chain = checkpoint_link(self.chain, note)
            self.chains.add(self.chain)
            self.chained = link is not None

    def take_up(self, walked: Walked, size: int) -> int:
        """What a stretch is like, behind those before it; returns how many entries there are now."""
        start = size
        self.report.records += walked.records
        for step in walked.steps:
            if isinstance(step, Wrong):
                self.wrong(step.text)
                if step.final:
                    raise Full  # every later leaf would be wrong too
            elif isinstance(step, Repair):
                self.report.repairs.append(step.text)
            elif isinstance(step, OwnEntry):
                self.own_entry(step)
            elif isinstance(step, Day):
                self.count(step)
            else:
                self.at_size(step)
        self.erased[start - self.first >> 3 :] = walked.erased.ljust((walked.count + 7) >> 3, b"\0")
        self.report.erased += int.from_bytes(walked.erased, "big").bit_count()
        self.tiles += walked.tiles
        self.last = walked.last or self.last
        size += walked.count
        if walked.root is None:
            self.edge += walked.edge
        else:
            merkle.push(self.edge, (size >> self.height) - 1, walked.root)  # a tree whose leaves are stretches
            self.grow(walked.root, size)
        return size

    def grow(self, root: bytes, size: int) -> None:
        """Adds the root of a whole stretch to the tiles above those of a stretch."""
        level = 0
        self.upper[0].append(root)
        while len(self.upper[level]) == merkle.WIDTH:
            hashes, number = self.upper[level], self.numbers[level]
            root = merkle.root(hashes)
            rows = LogTile.objects.filter(site_id=self.site.pk, level=level + self.levels, number=number)
            stored = rows.values_list("hashes", "root").first()
            found = (bytes(stored[0]), bytes(stored[1])) if stored else None
            if problem := stretch.tile_problem(found, level + self.levels, number, hashes, root, size):
                self.wrong(problem)
            self.upper[level], self.numbers[level] = [], number + 1
            self.tiles += 1
            level += 1
            if level == len(self.upper):
                self.upper.append([])
                self.numbers.append(0)
            self.upper[level].append(root)

    # --- entries that are no answers --------------------------------------------------------------------------------

    def own_entry(self, entry: OwnEntry) -> None:
        """What it says of the rest."""
        where, index, type, stated = entry.where, entry.index, entry.type, entry.stated
        if type in events.TYPES and type != LogEntry.Type.CLOCK_REPAIR:  # those are in `repairs`
            self.happened.append((index, type, entry.received_at, events.few(stated)))
        if type == LogEntry.Type.ERASURE:
            self.erasure(where, stated)
        elif type == LogEntry.Type.RESTART:
            self.restarted(where, index, stated)
        elif type == LogEntry.Type.KEY_ROTATION:
            named = [checkpoint.named_key(stated.get(name)) for name in ("old_key", "new_key")]
            self.rotation = (index, named)
        if end := stated.get("trail"):
            self.trails[end] = index
        end = stated.get("checkpoints", "")
        if end and end not in self.chains:
            self.wrong(f"{where}: it names other checkpoints than those before it: one was removed, added or changed.")

    def restarted(self, where: str, index: int, stated: dict[str, Any]) -> None:
        """The head that a restart gave up must have been signed, of this log, and larger than what was left."""
        note, point = events.abandoned_note(stated), events.abandoned(stated)
        before, self.restart = checkpoint.origin_at(self.uuid, self.restart), index
        if point is None or signing.signer(note, self.keys) is None:
            self.wrong(f"{where}: the checkpoint that this restart abandoned is not one that the log's key signed.")
        elif point.origin != before or point.size <= index:
            self.wrong(f"{where}: the checkpoint that this restart abandoned is of another log or size.")

    def erasure(self, where: str, stated: dict[str, Any]) -> None:
        indexes = stated.get("indexes") or []
        for index in indexes:
            if isinstance(index, int) and index >= self.first:
                self.mark(self.named, index - self.first)
        if erasure.kept_digest(erasure.kept_rows(self.site.pk, indexes)) != stated.get("kept"):
            self.wrong(f"{where}: what was left of the records it erased has been changed since.")

    def mark(self, bits: bytearray, index: int) -> None:
        if not 0 <= index < 2**40:
            return
        if index >> 3 >= len(bits):
            bits.extend(bytes((index >> 3) + 1 - len(bits)))
        bits[index >> 3] |= 1 << (index & 7)

    # --- totals, checkpoints, the end -------------------------------------------------------------------------------

    def count(self, counted: Day) -> None:
        if counted.day != self.day:
            self.close_day()
            self.day = counted.day
        for key, count in counted.totals.items():
            self.totals[key] = self.totals.get(key, 0) + count

    def close_day(self) -> None:
        if self.day is None:
            return
        if self.days is None:
            self.compare(self.day, self.totals)
        else:
            day = self.days.setdefault(self.day, {})
            for key, count in self.totals.items():
                day[key] = day.get(key, 0) + count
        self.totals = {}

    def compare(self, day: date, totals: dict[tuple[Any, ...], int]) -> None:
        if self.before and day <= self.before:  # not all of its answers were counted
            return
        rows = DailyTotal.objects.filter(site_id=self.site.pk, day=day)
        stored = {tuple(row[:-1]): row[-1] for row in rows.values_list(*_TOTAL, "count")}
        self.total_rows += len(stored)
        if stored != totals:
            key = next(k for k in [*totals, *stored] if stored.get(k) != totals.get(k))
            self.wrong(
                f"The total of {day} for {', '.join(map(str, key))} is {stored.get(key, 0)}; "
                f"the records make {totals.get(key, 0)}."
            )

    def at_size(self, step: Size) -> None:
        """Each checkpoint of this size, and what was kept elsewhere, has the root of the entries."""
        size, root = step.size, merkle.edge_root([*self.edge, *step.edge])
        while self.point is not None and self.point.size <= size:
            point = self.point
            self.point = next(self.points, None)
            self.report.checkpoints += 1
            name = f"The checkpoint of size {point.size}"
            if point.size != size:
                self.wrong(f"{name} is of no size this log had.")
                continue
            try:
                stated = signing.parse(point.note)
            except ValueError as error:
                self.wrong(f"{name} cannot be read: {error}")
                continue
            origin = checkpoint.origin_at(self.uuid, self.restart)
            if signing.signer(point.note, self.keys) is None:
                self.wrong(f"{name} is not signed by the log's key.")
            elif (stated.origin, stated.size) != (origin, size):
                self.wrong(f"{name} is of another log or size: {stated.origin}, {stated.size}.")
            elif stated.root != root or bytes(point.root) != root:
                self.wrong(f"{name} has another root than the entries: something before {size} was changed.")
            elif point.note != signing_form(point.note) or point.created_at != step.last:
                self.wrong(f"{name} was changed in its form or time.")
            self.linked(name, point)
        if self.since and self.since.size == size and self.since.root != root:
            self.wrong(f"The log is no continuation of the checkpoint of size {size} that was given.")
        if self.kept and self.kept.size == size and self.kept.root != root:
            self.wrong(f"The checkpoint kept outside the database, of size {size}, has another root than the entries.")

    def linked(self, name: str, point: Checkpoint) -> None:
        """Its place among the checkpoints, and after a rotation both signatures."""
        begun = bool(self.chains.order) and self.chained
        self.chain = checkpoint_link(self.chain, point.note)
        self.chains.add(self.chain)
        if point.chain is not None and bytes(point.chain) != self.chain:
            self.wrong(f"{name} does not follow those before it: one was removed, added or changed.")
            self.chain = bytes(point.chain)  # said once
        elif point.chain is None and begun:
            self.wrong(f"{name} has lost its place among the others.")
        self.chained = point.chain is not None
        if self.rotation and self.rotation[0] == point.size - 1 and self.chained:
            missing = set(self.rotation[1]) - set(signing.signers(point.note, self.rotation[1]))
            if missing:
                self.wrong(f"{name} follows a new signing key and is not signed by both.")

    def end(self, head: LogHead, size: int) -> None:
        self.close_day()
        for day, totals in (self.days or {}).items():
            self.compare(day, totals)
        site_id = self.site.pk
        if size != head.size:
            self.wrong(f"The head says {head.size} entries, there are {size}.")
        elif bytes(head.edge) != b"".join(self.edge) or head.last_received_at != self.last:
            self.wrong("The head does not fit the entries.")
        if self.kept and not Checkpoint.objects.filter(site_id=site_id, size=self.kept.size).exists():
            self.wrong(f"The checkpoint of size {self.kept.size}, kept outside the database, is missing in it.")
        if self.point is not None:
            self.wrong(f"There is a checkpoint of size {self.point.size}, but only {size} entries.")
        tiles = LogTile.objects.filter(site_id=site_id).count()
        if tiles != self.tiles:
            self.wrong(f"There are {tiles} tiles, the entries make {self.tiles}.")
        stored = DailyTotal.objects.filter(site_id=site_id)
        if (stored.filter(day__gt=self.before) if self.before else stored).count() != self.total_rows:
            self.wrong("There are day totals of days without records.")
        self.kept_outside()
        self.anchored(self.trail())
        self.report.events = [event.words for event in events.in_order(self.happened)]
        self.report.unproved.append(UNPROVED)
        length = max(len(self.erased), len(self.named))
        erased, named = self.erased.ljust(length, b"\0"), self.named.ljust(length, b"\0")
        if erased != named:
            byte = next(i for i in range(length) if erased[i] != named[i])
            bit = next(b for b in range(8) if (erased[byte] ^ named[byte]) >> b & 1)
            index = self.first + byte * 8 + bit
            if erased[byte] >> bit & 1:
                self.wrong(f"Record at index {index}: it was erased, but no erasure entry names it.")
            else:
                self.wrong(f"Record at index {index}: an erasure entry names it, but it is still there.")

    # --- what lies beside the log -----------------------------------------------------------------------------------

    def kept_outside(self) -> None:
        """A checkpoint is kept outside the database before anybody gets it, so the last one must be there."""
        newest = checkpoint.latest(self.site.pk)
        if newest and kept.size(self.uuid) < newest.size:
            path = kept.path(self.uuid)
            found = f"is of {kept.size(self.uuid)}" if path.exists() else "is missing"
            self.wrong(f"A checkpoint of {newest.size} entries was signed; the one kept outside ({path}) {found}.")

    def trail(self) -> Counter[str]:
        """Checks the audit trail; returns what it says of anchors, each as its words."""
        found = check_trail(self.site, self.trails)
        if found.wrong:
            self.wrong(f"The audit trail does not hold: {found.wrong}.")
        elif found.loose and not self.first:
            lines = "line" if found.loose == 1 else "lines"
            self.report.unproved.append(f"The last {found.loose} {lines} of the audit trail: no entry names them yet.")
        return found.anchored

    def anchored(self, expected: Counter[str]) -> None:
        """Each anchor is one that the audit trail tells of, and the other way; its evidence is of its checkpoint."""
        notes = dict(
            Checkpoint.objects.filter(
                site_id=self.site.pk, size__in=Anchor.objects.filter(site_id=self.site.pk).values("size")
            ).values_list("size", "note")
        )
        unchecked: Counter[str] = Counter()
        for anchor in Anchor.objects.filter(site_id=self.site.pk).order_by("pk").iterator(CHUNK):
            name = f"The anchor of size {anchor.size} ({anchor.method} {anchor.target})"
            key = _anchor_key(anchors.facts(anchor))
            if anchor.size not in notes:
                self.wrong(f"An anchor of size {anchor.size} has no checkpoint.")
            elif not expected[key]:
                self.wrong(f"{name} was invented or changed: the audit trail tells of none such.")
            elif not anchors.fits(anchor, notes[anchor.size]):
                self.wrong(f"{name} holds no evidence of its checkpoint.")
            expected[key] -= 1
            unchecked[anchor.method] += 1
        gone = [key for key, count in expected.items() if count > 0]
        for key in gone[:3]:
            self.wrong(f"An anchor that the audit trail tells of is gone: {key}.")
        if unchecked:
            kinds = ", ".join(f"{count} by {method}" for method, count in sorted(unchecked.items()))
            self.report.unproved.append(f"Who gave the evidence of anchors ({kinds}): ask those who keep them.")


class _Recent:
    """The chains over the last checkpoints, of which entries name one."""

    def __init__(self) -> None:
        self.order: deque[str] = deque()
        self.known: set[str] = set()

    def add(self, chain: bytes) -> None:
        """One more; the oldest of RECENT goes."""
        if len(self.order) == RECENT:
            self.known.discard(self.order.popleft())
        self.order.append(chain.hex())
        self.known.add(chain.hex())

    def __contains__(self, chain: str) -> bool:
        return chain in self.known


@dataclass(slots=True)
class Trail:
    """What an audit trail is like: `wrong` in words, "" when it holds; `loose`: lines that no entry covers yet."""

    wrong: str = ""
    loose: int = 0
    anchored: Counter[str] = field(default_factory=Counter)


def check_trail(site: Site | None, named: Mapping[str, int] | None = None) -> Trail:
    """Checks the chain of a site's audit trail (None: of what belongs to no site), and that it has the ends that
    entries named: {end: entry}."""
    found, missing = Trail(), dict(named or {})
    count, end, covered = 0, "", 0
    rows = AuditEvent.objects.filter(site=site)
    for number, hash, actor, verb, detail, at in (
        rows.exclude(number=None).order_by("number").values_list(*_LINE).iterator(CHUNK)
    ):
        count += 1
        link = chain.link(end, site=str(site.uuid) if site else "", actor=actor, verb=verb, detail=detail, at=at)
        if not found.wrong and number != count:
            found.wrong = f"line {count} is missing"
        elif not found.wrong and link != hash:
            found.wrong = f"line {number} ({verb} by {actor}) was changed, or the one before it was removed"
        end = hash
        if missing.pop(hash, None) is not None:
            covered = count
        if verb == Verb.LEDGER_ANCHOR:
            found.anchored[_anchor_key(detail)] += 1
    if not found.wrong and (loose := rows.filter(number=None).count()):
        found.wrong = f"{loose} of its lines are in no order"
    key = site.pk if site else NO_SITE
    head = TrailHead.objects.filter(site_id=key).first() or TrailHead(site_id=key)
    if not found.wrong and missing:
        found.wrong = f"entry {min(missing.values())} names an end that it does not have"
    if not found.wrong and (head.count, head.hash) != (count, end):
        found.wrong = f"it says that it has {head.count} lines, and has {count}, or ends otherwise"
    found.loose = count - covered
    return found


def _anchor_key(facts: dict[str, Any]) -> str:
    return ", ".join(f"{name} {facts.get(name)}" for name in ("size", "method", "target", "evidence"))


def signing_form(note: str) -> str:
    """The note as this server writes it: anything else in the text is a change."""
    text, _, signatures = note.partition("\n\n")
    lines = [line for line in signatures.split("\n") if line.startswith("— ")]
    return text + "\n\n" + "".join(f"{line}\n" for line in lines)
