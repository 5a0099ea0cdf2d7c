"""Millions of past answers in a site's ledger, as the ledger itself would have written them, by COPY.

Every leaf, tile, edge and day total is genuine: `verify_ledger` accepts the result. A few drafts that went through the
intake are the patterns; ids, times and salts are fresh for every record.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from consent.answers import intake, schema
from consent.jurisdictions import locate
from consent.ledger import canonical, merkle, partitions
from consent.ledger.append import Draft, commitment, committed, leaf_input, utc_text
from consent.models import LogHead, Release, Site
from consent.stats.actions import add_totals
from cookiebanner.visitors.published import published

MONTHS = 36
CHUNK = 20_000
PLACES = {"DE": 30, "FR": 14, "GB": 13, "US-CA": 10, "ES": 8, "NL": 5, "IT": 5, "CH": 4, "JP": 4, "BR": 4, "US-VA": 3}
ACTIONS = {"accept_all": 52, "reject_all": 31, "custom": 11, "withdraw": 6}
_ID, _TIME, _REQUEST = "@ID@", "@TIME@", "@REQUEST@"


def start_day() -> date:
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
            draft = intake.draft(answer, known, release, decision, origin_host=origin, user_agent="Chrome/130.0")
            found.append((draft, often * share))
    return found


def samples(site: Site, origin: str) -> list[tuple[Draft, int, str]]:
    """The patterns with their weights, and each as the ledger commits to it, blank where every record differs."""
    found = []
    for draft, weight in patterns(site, origin):
        sample = canonical.encode(committed(draft, _TIME)).decode()
        sample = sample.replace(str(draft.record_id), _ID).replace(draft.request_hash.hex(), _REQUEST)
        found.append((draft, weight, sample))
    return found


def fill(site: Site, count: int, origin: str, progress: Callable[[int], None] = lambda done: None) -> None:
    """Adds `count` answers, spread evenly over `MONTHS` months until now. The site's ledger must be older."""
    start = datetime.combine(start_day(), datetime.min.time(), UTC)
    partitions.make(start.date(), MONTHS + 4)
    step = (datetime.now(UTC) - timedelta(minutes=1) - start) / count
    head = LogHead.objects.get(site_id=site.pk)
    edge, size = merkle.split_edge(head.size, bytes(head.edge)), head.size
    release_hash = Release.objects.get(site=site, number=1).sha256
    shapes = samples(site, origin)
    weights = [weight for _, weight, _ in shapes]
    dice = random.Random(7)
    levels: list[list[bytes]] = [[]]
    if size:
        from consent.ledger.proofs import Tree

        levels[0] = [Tree(site.pk, site.uuid).leaf(index) for index in range(size)]  # only the release's, no full tile
        assert size < 256
    done = 0
    while done < count:
        totals: Counter[tuple] = Counter()
        entries: list[str] = []
        records: list[str] = []
        tiles: list[tuple[int, int, bytes, bytes]] = []
        for draft, _, sample in dice.choices(shapes, weights, k=min(CHUNK, count - done)):
            received_at = start + step * done
            day, text = received_at.date(), utc_text(received_at)
            record_id, request = str(UUID(int=dice.getrandbits(128), version=4)), dice.randbytes(32)
            visitor = str(UUID(int=dice.getrandbits(128), version=4)) if draft.visitor else None
            payload = sample.replace(_ID, record_id).replace(_TIME, text).replace(_REQUEST, request.hex())
            if visitor:
                payload = payload.replace(str(draft.visitor), visitor)
            salt = os.urandom(32)
            sealed = commitment(salt, payload.encode())
            leaf = merkle.leaf_hash(leaf_input("consent", str(site.uuid), day, release_hash, sealed))
            merkle.push(edge, size, leaf)
            grow(levels, tiles, size, leaf)
            entries.append(
                f"{site.pk}\t{size}\t{record_id}\t\\\\x{request.hex()}\tconsent\t{day}\t{release_hash}\t\\\\x{sealed.hex()}\n"
            )
            records.append(
                f"{site.pk}\t{size}\t{received_at.isoformat()}\t{record_id}\tconsent\t{day}\t1\t{draft.regime}\t"
                f"{draft.jurisdiction}\t{draft.language}\t{draft.action}\t{payload}\t{visitor or chr(92) + 'N'}\t"
                f"\\N\t\\\\x{salt.hex()}\n"
            )
            key = (site.pk, day, 1, draft.regime, draft.jurisdiction, draft.language, draft.action)
            totals[key] += 1
            size, done = size + 1, done + 1
        write(
            site, entries, records, tiles, totals, LogHead(size=size, edge=b"".join(edge), last_received_at=received_at)
        )
        progress(done)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def write(
    site: Site, entries: list[str], records: list[str], tiles: list[tuple[int, int, bytes, bytes]],
    totals: Counter[tuple], head: LogHead,
) -> None:  # fmt: skip
    """One chunk, in one transaction; `head` says where the log stands after it."""
    with transaction.atomic(), connection.cursor() as wrapped:
        cursor = wrapped.cursor
        copy(cursor, "consent_logentry", "site_id, leaf_index, record_id, request_hash, type, day, release_hash, commitment", entries)  # fmt: skip  # noqa: E501
        copy(cursor, "consent_consentrecord", "site_id, leaf_index, received_at, record_id, type, day, release, regime, jurisdiction, language, action, payload, visitor, replaces, salt", records)  # fmt: skip  # noqa: E501
        rows = [f"{site.pk}\t{level}\t{number}\t\\\\x{hashes.hex()}\t\\\\x{root.hex()}\n" for level, number, hashes, root in tiles]  # fmt: skip  # noqa: E501
        copy(cursor, "consent_logtile", "site_id, level, number, hashes, root", rows)
        add_totals(cursor, totals)
        cursor.execute(
            "UPDATE consent_loghead SET size = %s, edge = %s, last_received_at = %s WHERE site_id = %s",
            [head.size, head.edge, head.last_received_at, site.pk],
        )


def grow(levels: list[list[bytes]], tiles: list[tuple[int, int, bytes, bytes]], size: int, leaf: bytes) -> None:
    """Adds a leaf to the unfinished tiles; what became full goes to `tiles`."""
    level, hash_, number = 0, leaf, size
    while True:
        if level == len(levels):
            levels.append([])
        levels[level].append(hash_)
        if len(levels[level]) < merkle.WIDTH:
            return
        hash_ = merkle.root(levels[level])
        number >>= merkle.HEIGHT
        tiles.append((level, number, b"".join(levels[level]), hash_))
        levels[level] = []
        level += 1


def copy(cursor: Any, table: str, columns: str, rows: list[str]) -> None:
    cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN", StringIO("".join(rows)))
