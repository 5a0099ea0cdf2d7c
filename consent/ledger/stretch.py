"""One stretch of a log recomputed, whatever came before it: what `verify` gives to all cores.

A stretch is what one tile of the highest of LEVELS covers, so that all of its tiles lie inside. It is walked fast on
PostgreSQL, by code that only knows what is right; where anything else is met, it is walked again by code that says what
is wrong.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec
from django.db import DatabaseError, connection, transaction

from consent.ledger import copying, merkle
from consent.ledger.append import commitment, leaf_input, utc_text
from consent.ledger.models import ERASABLE, Checkpoint, ConsentRecord, LogEntry, LogTile
from consent.stats.actions import TEST

LEVELS = 2  # 65,536 leaves
CHUNK = 2_000
TILES = 32  # that are read at a time
UNREADABLE = (ValueError, TypeError, AttributeError, DatabaseError)
ENTRY = ("index", "record_id", "request_hash", "type", "day", "release_hash", "commitment")
RECORD = (
    "index", "received_at", "record_id", "type", "day", "release", "regime", "jurisdiction", "language", "action",
    "visitor", "replaces", "payload", "salt",
)  # fmt: skip
_decode = msgspec.json.Decoder().decode
Key = tuple[int, str, str, str, str]  # of a day total: release, regime, jurisdiction, language, action


@dataclass(frozen=True, slots=True)
class Stretch:
    """Leaves `first` … `last` of a log. `ends` when none should follow (then there may be more than its tiles hold);
    `sizes` are those whose roots are asked for beside those of checkpoints in the database; `snapshot` is of
    PostgreSQL, for another process."""

    site_id: int
    uuid: str
    first: int
    last: int
    ends: bool
    levels: int = LEVELS
    sizes: tuple[int, ...] = ()
    snapshot: str = ""


@dataclass(frozen=True, slots=True)
class Wrong:
    """Something that does not fit; `final`: what follows can't be checked."""

    text: str
    final: bool = False


@dataclass(frozen=True, slots=True)
class Repair:
    """The clock was set back, as the log says itself."""

    text: str


@dataclass(frozen=True, slots=True)
class OwnEntry:
    """An entry that is no answer and no choice, with what it says."""

    where: str
    index: int
    type: str
    received_at: datetime
    stated: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Day:
    """Answers of a day, counted, as far as they follow each other in this stretch."""

    day: date
    totals: dict[Key, int]


@dataclass(frozen=True, slots=True)
class Size:
    """The log had this size once: the right edge of the stretch then, and the time of its last entry."""

    size: int
    edge: list[bytes]
    last: datetime | None


Step = Wrong | Repair | OwnEntry | Day | Size


@dataclass(slots=True)
class Walked:
    """What a stretch is like, in the order in which it was met."""

    steps: list[Step] = field(default_factory=list)
    count: int = 0  # entries
    records: int = 0
    erased: bytearray = field(default_factory=bytearray)  # one bit an entry: its payload is gone
    edge: list[bytes] = field(default_factory=list)
    tiles: int = 0  # full ones
    root: bytes | None = None  # of the tile of the highest level, when it is full
    last: datetime | None = None  # when the last entry was received


class Unusual(Exception):  # noqa: N818 - it is no error
    """The fast walk met something that it does not know."""


class Full(Exception):
    """What follows can't be checked."""


def walk(stretch: Stretch) -> Walked:
    """Recomputes a stretch."""
    if not stretch.snapshot:
        return _walk(stretch)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute("SET TRANSACTION SNAPSHOT %s", [stretch.snapshot])
        return _walk(stretch)


def _walk(stretch: Stretch) -> Walked:
    if connection.vendor == "postgresql":
        with suppress(Unusual, *UNREADABLE):
            return FastWalk(stretch).run()
    return SlowWalk(stretch).run()


class _Walk:
    """What both walks do with what they have read."""

    def __init__(self, stretch: Stretch) -> None:
        self.stretch = stretch
        self.walked = Walked()
        self.index = stretch.first  # of the entry that follows
        sizes = Checkpoint.objects.filter(
            site_id=stretch.site_id, size__gt=stretch.first, size__lte=stretch.last + 1
        ).values_list("size", flat=True)
        self.sizes = {*sizes, *stretch.sizes}
        self.levels: list[list[bytes]] = [[] for _ in range(stretch.levels)]  # the tile of each level that is filling
        self.high: list[bytes] = []  # the edge of the full tiles of the lowest level
        self.low, self.pushed = list[bytes](), 0  # that of the filling one, of so many of its leaves
        self.stored: dict[tuple[int, int], tuple[bytes, bytes]] = {}  # tiles that were read ahead
        self.totals: dict[Key, int] = {}

    def add(self, step: Step) -> None:
        self.walked.steps.append(step)

    def wrong(self, text: str) -> None:
        self.add(Wrong(text))

    def mark_erased(self, index: int) -> None:
        place = index - self.stretch.first
        bits = self.walked.erased
        if place >> 3 >= len(bits):
            bits.extend(bytes((place >> 3) + 1 - len(bits)))
        bits[place >> 3] |= 1 << (place & 7)

    def leaf(self, leaf: bytes) -> None:
        """Adds a leaf hash to the tree and to its tile."""
        for level, tile in enumerate(self.levels):
            tile.append(leaf)
            if len(tile) < merkle.WIDTH:
                return
            leaf = self.full_tile(level)
        self.walked.root = leaf

    def edge(self) -> list[bytes]:
        """The right edge of the stretch so far: that of its full tiles, and that of the one that is filling, which is
        only made when somebody asks."""
        filling = self.levels[0]
        for place in range(self.pushed, len(filling)):
            merkle.push(self.low, place, filling[place])
        self.pushed = len(filling)
        return [*self.high, *self.low]

    def full_tile(self, level: int) -> bytes:
        """Holds a tile against what is stored; returns its root."""
        hashes, number = self.levels[level], self.index >> merkle.HEIGHT * (level + 1)
        root = merkle.root(hashes)
        if level == 0:
            merkle.push(self.high, self.index - self.stretch.first >> merkle.HEIGHT, root)
            self.low, self.pushed = [], 0
        if problem := tile_problem(self.tile(level, number), level, number, hashes, root, self.index + 1):
            self.wrong(problem)
        self.levels[level] = []
        self.walked.tiles += 1
        return root

    def tile(self, level: int, number: int) -> tuple[bytes, bytes] | None:
        if (level, number) not in self.stored:
            rows = LogTile.objects.filter(
                site_id=self.stretch.site_id, level=level, number__gte=number, number__lt=number + TILES
            )
            found = rows.values_list("number", "hashes", "root")
            self.stored = {(level, n): (bytes(hashes), bytes(root)) for n, hashes, root in found}
        return self.stored.get((level, number))

    def close_day(self, day: date | None) -> None:
        if day is not None:
            self.add(Day(day, self.totals))
        self.totals = {}


def tile_problem(
    stored: tuple[bytes, bytes] | None, level: int, number: int, hashes: list[bytes], root: bytes, size: int
) -> str:
    """What is wrong with a stored tile, in words; "" when it has these hashes and this root."""
    if stored is None:
        return f"Tile {number} of level {level} is missing."
    if stored != (b"".join(hashes), root):
        first = size - (merkle.WIDTH << 8 * level)
        return f"Tile {number} of level {level} does not fit entries {first} to {size - 1}."
    return ""


class SlowWalk(_Walk):
    """Reads rows with their types, and names what is wrong."""

    def __init__(self, stretch: Stretch) -> None:
        super().__init__(stretch)
        self.day: date | None = None
        before = ConsentRecord.objects.filter(site_id=stretch.site_id, index=stretch.first - 1)
        self.last: datetime | None = before.values_list("received_at", flat=True).last()

    def run(self) -> Walked:
        with suppress(Full):
            self._entries_and_records()
        self.walked.count = self.index - self.stretch.first
        self.walked.edge = self.edge()
        self.walked.last = self.last
        return self.walked

    def stop(self, text: str) -> None:
        self.add(Wrong(text, final=True))
        raise Full

    def _entries_and_records(self) -> None:
        stretch = self.stretch
        within = {"site_id": stretch.site_id, "index__gte": stretch.first, "index__lte": stretch.last}
        entries = self.rows(LogEntry.objects.filter(**within).order_by("index").values_list(*ENTRY), "Entry")
        rows = self.rows(ConsentRecord.objects.filter(**within).order_by("index").values_list(*RECORD), "Record")
        record = next(rows, None)
        for entry in entries:
            index = entry[0]
            if index != self.index:
                self.missing(index)
            while record is not None and record[0] < index:
                self.wrong(f"There is a record {record[2]} at index {record[0]} without an entry, or twice.")
                record = next(rows, None)
            try:
                if record is None or record[0] != index:
                    self.wrong(f"Entry {index} (record {entry[1]}) has no record.")
                    self.leaf_of(entry)
                else:
                    self.pair(entry, record)
                    record = next(rows, None)
            except UNREADABLE as error:
                self.stop(f"Record {entry[1]} at index {index} cannot be read: {error}.")
            self.index += 1
            if self.index in self.sizes:
                self.add(Size(self.index, self.edge(), self.last))
        if not stretch.ends and self.index <= stretch.last:
            following = LogEntry.objects.filter(site_id=stretch.site_id, index__gte=self.index).order_by("index")
            found = following.values_list("index", flat=True).first()
            if found is not None:
                self.missing(found)
        while record is not None:
            self.wrong(f"There is a record {record[2]} at index {record[0]} without an entry.")
            record = next(rows, None)
        self.close_day(self.day)

    def missing(self, index: int) -> None:
        expected = self.index
        self.stop(f"Entry {expected} is missing: after it comes {index}." if index > expected else f"Entry {index}?")

    def rows(self, query: Any, what: str) -> Iterator[tuple[Any, ...]]:
        """The rows in order. One that cannot even be read (a byte that makes no date, no UUID, no UTF-8) is named."""
        last = self.stretch.first - 1
        try:
            for row in query.iterator(CHUNK):
                yield row
                last = row[0]
        except UNREADABLE as error:
            reason = str(error)
            following = query.filter(index__gt=last)
            for index in following.values_list("index", flat=True):
                try:
                    list(query.filter(index=index))
                except UNREADABLE as why:
                    last, reason = index - 1, str(why)
                    break
            self.stop(f"{what} at index {last + 1} cannot be read: {reason}.")

    def pair(self, entry: tuple[Any, ...], record: tuple[Any, ...]) -> None:
        index, record_id, request_hash, type, day, release_hash, sealed = entry
        received_at, payload, salt = record[1], record[12], record[13]
        where = f"Record {record_id} at index {index}"
        columns = dict(zip(RECORD, record, strict=True))
        for name, value in (("record_id", record_id), ("type", type), ("day", day)):
            if columns[name] != value:
                self.wrong(f"{where}: {name} is {columns[name]} in the record, {value} in the entry.")
        if received_at.astimezone(UTC).date() != day:
            self.wrong(f"{where}: it was received on {received_at}, but filed under {day}.")
        before, self.last = self.last, received_at
        if type == LogEntry.Type.CLOCK_REPAIR:
            self.add(repair(where, index, before, received_at, payload))
        elif before and received_at < before:
            self.wrong(f"{where}: it was received before the one before it.")
        if payload is None:
            self.mark_erased(index)
            if salt is not None or columns["visitor"] or columns["replaces"] or type not in ERASABLE:
                self.wrong(f"{where}: it is neither whole nor erased.")
        elif salt is None or len(salt) != 32 or commitment(bytes(salt), payload.encode()) != bytes(sealed):
            self.wrong(f"{where}: payload or salt was changed, they do not fit the commitment.")
        else:
            stated = _decode(payload)
            self.walked.steps += unlike(where, columns, stated, self.stretch.uuid, bytes(request_hash), release_hash)
            if type not in ERASABLE:
                self.add(OwnEntry(where, index, type, received_at, _packed(stated)))
        if type == "consent":
            self.walked.records += 1
            self.count(columns)
        self.leaf_of(entry)

    def count(self, columns: dict[str, Any]) -> None:
        if columns["day"] != self.day:
            self.close_day(self.day)
            self.day = columns["day"]
        if columns["action"] == TEST:
            return
        key = (
            columns["release"] or 0, columns["regime"], columns["jurisdiction"], columns["language"],
            columns["action"],
        )  # fmt: skip
        self.totals[key] = self.totals.get(key, 0) + 1

    def leaf_of(self, entry: tuple[Any, ...]) -> None:
        _, _, _, type, day, release_hash, sealed = entry
        self.leaf(merkle.leaf_hash(leaf_input(type, self.stretch.uuid, day, release_hash, bytes(sealed))))


def repair(where: str, index: int, before: datetime | None, after: datetime, payload: str | None) -> Step:
    """The one step back that is allowed: it says from where, and that is the time of the entry before."""
    stated = _decode(payload or "{}")
    if before is None or stated.get("before") != utc_text(before) or after >= before:
        return Wrong(f"{where}: it does not set the clock back from the time of the entry before it.")
    return Repair(
        f"Entry {index} set the clock back from {utc_text(before)} to {utc_text(after)}: {stated.get('reason')}"
    )


def unlike(
    where: str, columns: dict[str, Any], stated: dict[str, Any], uuid: str, request_hash: bytes, release_hash: str
) -> list[Step]:
    """Every column that is stored beside the payload must say what was committed to."""
    expected = {
        "id": str(columns["record_id"]),
        "site": uuid,
        "type": columns["type"],
        "received_at": utc_text(columns["received_at"]),
        "request": request_hash.hex(),
        "release_hash": release_hash,
        "release": columns["release"],
        "regime": columns["regime"],
        "jurisdiction": columns["jurisdiction"],
        "language": columns["language"],
        "action": columns["action"],
        "visitor": _text(columns["visitor"]),
        "replaces": _text(columns["replaces"]),
    }
    return [
        Wrong(f"{where}: {name} is {value!r}, but {stated.get(name)!r} was committed to.")
        for name, value in expected.items()
        if stated.get(name) != value
    ]


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)


class Committed(msgspec.Struct, gc=False):
    """What is stored beside the payload, as it was committed to."""

    id: str | None = None
    site: str | None = None
    type: str | None = None
    received_at: str | None = None
    request: str | None = None
    release_hash: str | None = None
    release: int | None = None
    regime: str | None = None
    jurisdiction: str | None = None
    language: str | None = None
    action: str | None = None
    visitor: str | None = None
    replaces: str | None = None


_committed: Callable[[bytes], Committed] = msgspec.json.Decoder(Committed).decode


class FastWalk(_Walk):
    """Knows only what is right, and raises Unusual at whatever is not as it should be."""

    def __init__(self, stretch: Stretch) -> None:
        super().__init__(stretch)
        self.last = ""  # when the last entry was received
        self.day: date | None = None
        for record in copying.records(stretch.site_id, stretch.first - 1, stretch.first - 1):
            self.last = record[1]

    def run(self) -> Walked:
        stretch = self.stretch
        if stretch.last >= stretch.first + (1 << merkle.HEIGHT * stretch.levels):  # more than the head says
            raise Unusual
        records = copying.records(stretch.site_id, stretch.first, stretch.last)
        for entry in copying.entries(stretch.site_id, stretch.first, stretch.last):
            record = next(records, None)
            if record is None or entry[0] != self.index:
                raise Unusual
            self.pair(entry, record)
            self.index += 1
            if self.index in self.sizes:
                self.add(Size(self.index, self.edge(), _moment(self.last)))
        if next(records, None) is not None or (not stretch.ends and self.index <= stretch.last):
            raise Unusual
        self.close_day(self.day)
        self.walked.count = self.index - stretch.first
        self.walked.edge = self.edge()
        self.walked.last = _moment(self.last)
        return self.walked

    def pair(self, entry: copying.Entry, record: copying.Record) -> None:
        index, record_id, request, sealed, (type, day, release_hash) = entry
        at, received_at, known_as, salt, visitor, replaces, payload, words = record
        if (at, known_as, words.type, words.day) != (index, record_id, type, day) or received_at < self.last:
            raise Unusual
        if not received_at.startswith(_day_text(day)):
            raise Unusual
        self.last = received_at
        _, _, release, regime, jurisdiction, language, action = words
        if payload is None:
            if (salt, visitor, replaces) != (None, None, None) or type not in ERASABLE:
                raise Unusual
            self.mark_erased(index)
        else:
            if salt is None or len(salt) != 32 or commitment(salt, payload) != sealed:
                raise Unusual
            said = _committed(payload)
            if (
                said.id, said.site, said.type, said.received_at, said.request, said.release_hash, said.release,
                said.regime, said.jurisdiction, said.language, said.action, said.visitor, said.replaces,
            ) != (
                record_id, self.stretch.uuid, type, received_at, request.hex(), release_hash, release, regime,
                jurisdiction, language, action, visitor, replaces,
            ):  # fmt: skip
                raise Unusual
        if type == LogEntry.Type.CONSENT:
            self.count(words)
        elif type not in ERASABLE and payload is not None:
            self.own_entry(record_id, index, type, payload)
        self.leaf(merkle.leaf_hash(leaf_input(type, self.stretch.uuid, day, release_hash, sealed)))

    def count(self, words: copying.RecordWords) -> None:
        self.walked.records += 1
        if words.day != self.day:
            self.close_day(self.day)
            self.day = words.day
        if words.action != TEST:
            total = words.release or 0, words.regime, words.jurisdiction, words.language, words.action
            self.totals[total] = self.totals.get(total, 0) + 1

    def own_entry(self, record_id: str, index: int, type: str, payload: bytes) -> None:
        if type == LogEntry.Type.CLOCK_REPAIR:
            raise Unusual
        at = datetime.fromisoformat(self.last)
        self.add(OwnEntry(f"Record {record_id} at index {index}", index, type, at, _packed(_decode(payload))))


def _packed(stated: dict[str, Any]) -> dict[str, Any]:
    """What an entry says, with places of the log as eight bytes each: a stretch may name ten millions of them."""
    indexes = stated.get("indexes")
    if isinstance(indexes, list):
        with suppress(TypeError, OverflowError):  # those of a row that no log has
            stated["indexes"] = array("q", indexes)
    return stated


@lru_cache(4_000)
def _day_text(day: date) -> str:
    return day.isoformat()


def _moment(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
