"""Millions of past answers in a site's ledger, as the ledger itself would have written them, by COPY, on all cores.

Every leaf, tile, edge and day total is genuine: `verify_ledger` accepts the result. A few drafts that went through the
intake are the patterns; ids, times and salts are fresh for every record. Each process writes whole stretches of leaves,
with their tiles; indexes that only reading needs are made afterwards.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from io import BytesIO
from struct import Struct
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from consent import processes
from consent.answers import intake, schema
from consent.jurisdictions import locate
from consent.ledger import canonical, copying, merkle, partitions
from consent.ledger.append import Draft, commitment, committed, leaf_input
from consent.ledger.proofs import Tree
from consent.models import LogHead, Release, Site
from consent.stats.actions import add_totals
from cookiebanner.visitors.published import published

MONTHS = 36
STRETCH = merkle.WIDTH**2
CHUNK = 16_384
FRESH = 92  # bytes by chance that a record has: salt, hash of the request, two ids
PLACES = {"DE": 30, "FR": 14, "GB": 13, "US-CA": 10, "ES": 8, "NL": 5, "IT": 5, "CH": 4, "JP": 4, "BR": 4, "US-VA": 3}
ACTIONS = {"accept_all": 52, "reject_all": 31, "custom": 11, "withdraw": 6}
_ID, _TIME, _REQUEST, _VISITOR = "@ID@", "@TIME@", "@REQUEST@", "@VISITOR@"
TABLES = ("consent_logentry", "consent_consentrecord")
ENTRY = "site_id, leaf_index, record_id, request_hash, commitment, type, day, release_hash"
RECORD = (
    "site_id, leaf_index, received_at, record_id, salt, visitor, replaces, payload, type, day, release, regime, "
    "jurisdiction, language, action"
)
LOOKED_UP = "site_id, leaf_index, received_at, record_id, type, day, release, action, visitor, replaces"
# Cells of COPY's binary format, each behind its size, up to those that many rows have alike.
_entry = Struct(">hiqiqi16si32si32s").pack
_visited = Struct(">hiqiqiqi16si32si16sii").pack
_plain = Struct(">hiqiqiqi16si32siii").pack
_YEAR_2000 = datetime.combine(copying.ZERO, datetime.min.time(), UTC)


def start_day() -> Any:
    """The first day of the history."""
    return datetime.now(UTC).date() - timedelta(days=30 * MONTHS)


def patterns(site: Site, origin: str) -> list[tuple[Draft, int]]:
    """Drafts of each action at each place, with their weights."""
    published.clear()
    known, release = published.find(site.uuid, 1)
    assert known and release, "the site has a first release"
    found = []
    for place, often in PLACES.items():
        country, _, region = place.partition("-")
        decision = locate.decide(locate.Place(country, region or None, "header"), datetime.now(UTC).date())
        for action, share in ACTIONS.items():
            denied = {key: "granted" if needed or action == "accept_all" else "denied"
                      for key, needed in release.categories.items()}  # fmt: skip
            if action == "custom":
                denied["C0002"] = "granted"
            body = {
                "site": str(site.uuid), "id": str(UUID(int=1)), "release": 1, "regime": decision.variant,
                "language": random.choice(["en", "de", "fr", "es"]), "layer": "banner", "action": action,
                "visitor": str(UUID(int=2)) if action in ("accept_all", "custom") else None,
                "choices": {"categories": denied}, "signals": {"gpc": False}, "page": origin,
                "client_time": "2026-11-21T10:00:00.000Z",
            }  # fmt: skip
            answer = schema.decode(canonical.encode({k: v for k, v in body.items() if v is not None}))
            draft, _ = intake.draft(answer, known, release, decision, origin_host=origin, user_agent="Chrome/130.0")
            found.append((draft, often * share))
    return found


@dataclass(frozen=True)
class Shape:
    """A kind of answer: what is committed to, cut where every record differs, and its columns."""

    pieces: list[str]  # texts and marks, in turns
    marks: list[int]  # where among them stand _ID, _TIME, _REQUEST and, where there is one, _VISITOR
    columns: tuple[str, str, str, str]
    visitor: bool


def shape(draft: Draft) -> Shape:
    """A draft as the ledger commits to it, blank where every record differs."""
    sample = canonical.encode(committed(draft, _TIME)).decode()
    sample = sample.replace(str(draft.record_id), _ID).replace(draft.request_hash.hex(), _REQUEST)
    if draft.visitor:
        sample = sample.replace(str(draft.visitor), _VISITOR)
    pieces = [sample]
    for mark in (_ID, _TIME, _REQUEST, _VISITOR):
        pieces = [part for piece in pieces for part in _around(piece, mark)]
    marks = [pieces.index(mark) for mark in (_ID, _TIME, _REQUEST, _VISITOR) if mark in pieces]
    return Shape(
        pieces, marks, (draft.regime, draft.jurisdiction, draft.language, draft.action), draft.visitor is not None
    )


def _around(piece: str, mark: str) -> list[str]:
    before, found, after = piece.partition(mark)
    return [before, mark, after] if found else [piece]


@dataclass(frozen=True)
class Order:
    """A stretch to be written: leaves from `first` on, behind those whose hashes are `leaves`."""

    site_id: int
    uuid: str
    release_hash: str
    shapes: list[Shape]
    weights: list[int]
    first: int
    count: int
    start: int  # of the first of these leaves, in microseconds since 2000
    step: int
    leaves: list[bytes]


@dataclass
class Written:
    """What a stretch was, for what lies above it."""

    edge: list[bytes]
    roots: list[bytes]  # of its full tiles of the highest level that is full
    totals: Counter[tuple[Any, ...]]
    last: datetime


def fill(site: Site, count: int, origin: str, progress: Callable[[int], None] = lambda done: None) -> None:
    """Adds `count` answers, spread evenly over `MONTHS` months until now. The site's ledger must be older and short."""
    start = datetime.combine(start_day(), datetime.min.time(), UTC)
    partitions.make(start.date(), MONTHS + 4)
    step = (datetime.now(UTC) - timedelta(minutes=1) - start) // count // timedelta(microseconds=1)
    begun = (start - _YEAR_2000) // timedelta(microseconds=1)
    size = LogHead.objects.get(site_id=site.pk).size
    assert 0 < size < merkle.WIDTH
    tree = Tree(site.pk, site.uuid)
    before = [tree.leaf(index) for index in range(size)]
    found = [(shape(draft), weight) for draft, weight in patterns(site, origin)]
    release_hash = Release.objects.get(site=site, number=1).sha256
    whole = size + count
    orders = []
    for stretch in range(0, whole, STRETCH):
        first = max(stretch, size)
        orders.append(
            Order(site.pk, str(site.uuid), release_hash, [one for one, _ in found], [often for _, often in found],
                  first, min(stretch + STRETCH, whole) - first, begun + step * (first - size), step,
                  [] if stretch else before)
        )  # fmt: skip
    edge: list[bytes] = []
    above: list[list[bytes]] = [[]]
    with quiet_database("16GB" if count <= 10_000_000 else "4GB"), without_indexes():
        workers = min(processes.cores(), len(orders)) if processes.shared() else 1
        for order, written in zip(orders, processes.in_order(write, orders, workers), strict=True):
            done = order.first + order.count
            tiles: list[tuple[int, int, bytes, bytes]] = []
            if written.roots:
                merkle.push(edge, (done >> 16) - 1, written.roots[0])
                grow(above, tiles, (done >> 16) - 1, written.roots[0], level=2)
            else:
                edge += written.edge
            finish(site, tiles, written, LogHead(size=done, edge=b"".join(edge)))
            progress(done - size)


@contextmanager
def quiet_database(wal: str) -> Iterator[None]:
    """Without what the database does by itself while tables grow: checkpoints, but where its log is longer than `wal`
    (what takes 50 GB leaves less room for it), and looks at what came. Afterwards all is on disk, and its settings are
    what they were."""
    names = {"autovacuum": "off", "max_wal_size": wal, "checkpoint_timeout": "1h", "synchronous_commit": "off",
             "wal_compression": "off"}  # fmt: skip
    with connection.cursor() as cursor:
        for name, value in names.items():
            cursor.execute(f"ALTER SYSTEM SET {name} = '{value}'")
        cursor.execute("SELECT pg_reload_conf()")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            for name in names:
                cursor.execute(f"ALTER SYSTEM RESET {name}")
            cursor.execute("SELECT pg_reload_conf()")
            cursor.execute("CHECKPOINT")


@contextmanager
def without_indexes() -> Iterator[None]:
    """The tables without the indexes that only reading needs: made of all rows at once they cost a tenth."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.conrelid::regclass::text, c.conname, pg_get_constraintdef(c.oid) FROM pg_constraint c "
            "WHERE c.contype IN ('u', 'p') AND c.conrelid::regclass::text = ANY(%s)",
            [list(TABLES)],
        )
        constraints = cursor.fetchall()
        for table, name, _ in constraints:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        cursor.execute(
            "SELECT i.indrelid::regclass::text, i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) "
            "FROM pg_index i WHERE NOT i.indisprimary AND i.indrelid::regclass::text = ANY(%s)",
            [list(TABLES)],
        )
        indexes = cursor.fetchall()
        for _, name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
    again: dict[str, list[str]] = {table: [] for table in TABLES}
    for table, _, definition in indexes:
        again[table].append(definition.replace(" ON ONLY ", " ON "))
    for table, name, definition in constraints:
        again[table].append(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
    try:
        yield
    finally:
        with ThreadPoolExecutor(len(TABLES)) as pool:
            list(pool.map(run_apart, again.values()))
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {TABLES[0]}, {TABLES[1]} ({LOOKED_UP})")


def run_apart(statements: list[str]) -> None:
    """Runs statements on a connection of their own."""
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SET maintenance_work_mem = '256MB'")
            for statement in statements:
                cursor.execute(statement)
    finally:
        other.close()


def write(order: Order) -> Written:
    """One stretch, a chunk a transaction."""
    levels: list[list[bytes]] = [[], []]
    tiles: list[tuple[int, int, bytes, bytes]] = []
    roots: list[bytes] = []
    for index, leaf in enumerate(order.leaves):
        roots += grow(levels, tiles, index, leaf, most=2)
    dice = random.Random(order.first)
    counted: Counter[tuple[int, tuple[str, ...]]] = Counter()
    for done in range(0, order.count, CHUNK):
        entries: list[bytes] = []
        records: list[bytes] = []
        count = min(CHUNK, order.count - done)
        fresh = os.urandom(FRESH * count)
        for number, chosen in enumerate(dice.choices(order.shapes, order.weights, k=count), done):
            index, at = order.first + number, order.start + order.step * number
            place = (number - done) * FRESH
            entry, record, leaf = row(order, chosen, index, at, fresh[place : place + FRESH])
            entries.append(entry)
            records.append(record)
            roots += grow(levels, tiles, index, leaf, most=2)
            counted[at // copying.MICROSECONDS, chosen.columns] += 1
        with transaction.atomic(), connection.cursor() as wrapped:
            copy_binary(wrapped.cursor, "consent_logentry", ENTRY, entries)
            copy_binary(wrapped.cursor, "consent_consentrecord", RECORD, records)
            write_tiles(wrapped.cursor, order.site_id, tiles)
        tiles.clear()
    totals = Counter({
        (order.site_id, _day(day), 1, *columns): count for (day, columns), count in counted.items()
    })  # fmt: skip
    last = order.start + order.step * (order.count - 1)
    edge = [*merkle.edge_of(levels[1]), *merkle.edge_of(levels[0])]  # what is in no tile of the highest level
    return Written(edge, roots, totals, _YEAR_2000 + timedelta(microseconds=last))


def row(order: Order, shape: Shape, index: int, at: int, fresh: bytes) -> tuple[bytes, bytes, bytes]:
    """(entry, record) as rows of COPY, and the leaf, of an answer that was received then; `fresh` is by chance."""
    salt, request = fresh[:32], fresh[32:64]
    record_id, id_text = _uuid(fresh[64:78])
    visitor, visitor_text = _uuid(fresh[78:])
    pieces = shape.pieces.copy()
    for place, value in zip(shape.marks, (id_text, copying.moment(at), request.hex(), visitor_text), strict=False):
        pieces[place] = value
    payload = "".join(pieces).encode()
    sealed = commitment(salt, payload)
    day = at // copying.MICROSECONDS
    leaf = merkle.leaf_hash(leaf_input("consent", order.uuid, _day(day), order.release_hash, sealed))
    entry = _entry(8, 8, order.site_id, 8, index, 16, record_id, 32, request, 32, sealed)
    head = 15, 8, order.site_id, 8, index, 8, at, 16, record_id, 32, salt
    if shape.visitor:
        begun = _visited(*head, 16, visitor, copying.NULL, len(payload))
    else:
        begun = _plain(*head, copying.NULL, copying.NULL, len(payload))
    own = _cells("consent", day, order.release_hash)
    return entry + own, begun + payload + _cells("consent", day, 1, *shape.columns), leaf


@lru_cache(4_000)
def _cells(*values: str | int) -> bytes:
    """Texts and numbers of four bytes as cells of COPY's binary format."""
    texts = (value.encode() if isinstance(value, str) else value.to_bytes(4, signed=True) for value in values)
    return b"".join(len(text).to_bytes(4) + text for text in texts)


_day = lru_cache(4_000)(copying.date_of)


def _uuid(by_chance: bytes) -> tuple[bytes, str]:
    """Version 4, as bytes and as a text."""
    made = b"%b\x4a%b\xa4%b" % (by_chance[:6], by_chance[6:7], by_chance[7:14])
    digits = made.hex()
    return made, f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def finish(site: Site, tiles: list[tuple[int, int, bytes, bytes]], written: Written, head: LogHead) -> None:
    """Makes a stretch part of the log; `head` says where it stands after it."""
    with transaction.atomic(), connection.cursor() as wrapped:
        write_tiles(wrapped.cursor, site.pk, tiles)
        add_totals(wrapped.cursor, written.totals, postgres=True)
        wrapped.execute(
            "UPDATE consent_loghead SET size = %s, edge = %s, last_received_at = %s WHERE site_id = %s",
            [head.size, bytes(head.edge), written.last, site.pk],
        )


def write_tiles(cursor: Any, site_id: int, tiles: list[tuple[int, int, bytes, bytes]]) -> None:
    rows = [
        f"{site_id}\t{level}\t{number}\t\\\\x{hashes.hex()}\t\\\\x{root.hex()}\n"
        for level, number, hashes, root in tiles
    ]
    copy(cursor, "consent_logtile", "site_id, level, number, hashes, root", rows)


def copy_binary(cursor: Any, table: str, columns: str, rows: list[bytes]) -> None:
    source = BytesIO(b"".join((copying.HEADER, *rows, copying.TRAILER)))
    cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN (FORMAT binary)", source, 1 << 20)


def grow(
    levels: list[list[bytes]], tiles: list[tuple[int, int, bytes, bytes]], number: int, hash_: bytes, *,
    level: int = 0, most: int = 99,
) -> list[bytes]:  # fmt: skip
    """Adds a hash to the unfinished tiles, of which `levels` holds those from `level` on; what became full goes to
    `tiles`. Returns the roots that belong above the `most` levels."""
    place = 0
    while place < most:
        if place == len(levels):
            levels.append([])
        levels[place].append(hash_)
        if len(levels[place]) < merkle.WIDTH:
            return []
        hash_ = merkle.root(levels[place])
        number >>= merkle.HEIGHT
        tiles.append((level + place, number, b"".join(levels[place]), hash_))
        levels[place] = []
        place += 1
    return [hash_]


def copy(cursor: Any, table: str, columns: str, rows: list[str]) -> None:
    cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN", BytesIO("".join(rows).encode()), 1 << 20)
