"""Proofs from what is stored, in O(log n) reads: full tiles, roots of tiles, and the last entries."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS

from consent.ledger import merkle
from consent.ledger.append import leaf_input
from consent.ledger.models import LogEntry, LogHead, LogTile

MOST_TILES = 1_000  # that a tree keeps: 20 MB


class Tree:
    """One site's tree as stored. Keeps the tiles it has read last; make a new one for each request."""

    def __init__(self, site_id: int, site_uuid: UUID | str, using: str = DEFAULT_DB_ALIAS) -> None:
        self.site_id = site_id
        self.site_uuid = str(site_uuid)
        self.using = using
        self._hashes: dict[tuple[int, int], list[bytes]] = {}

    def head(self) -> LogHead:
        """The head as it is now; an empty one for a site without entries."""
        return LogHead.objects.using(self.using).filter(site_id=self.site_id).first() or LogHead(self.site_id)

    def root(self, size: int) -> bytes:
        """The root of the first `size` leaves. Raises ValueError when there are fewer."""
        return merkle.range_root(0, size, self.subtree) if size else merkle.EMPTY_ROOT

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The audit path of a leaf in the tree of `size` leaves (RFC 9162 §2.1.3). Raises ValueError."""
        return [merkle.range_root(a, b, self.subtree) for a, b in merkle.inclusion_ranges(index, size)]

    def consistency(self, first: int, second: int) -> list[bytes]:
        """That the tree of `second` leaves begins with that of `first` (RFC 9162 §2.1.4). Raises ValueError."""
        return [merkle.range_root(a, b, self.subtree) for a, b in merkle.consistency_ranges(first, second)]

    def subtree(self, height: int, number: int) -> bytes:
        """The root of the complete subtree of 2^height leaves from number * 2^height on."""
        level, rest = divmod(height, merkle.HEIGHT)
        first = number << rest
        hashes = self.hashes(level, first >> merkle.HEIGHT, (first & 255) + (1 << rest))
        return merkle.root(hashes[first & 255 : (first & 255) + (1 << rest)])

    def hashes(self, level: int, number: int, width: int = merkle.WIDTH) -> list[bytes]:
        """The first `width` hashes of a tile, full or not. Raises ValueError when the tree is not that wide."""
        known = self._hashes.get((level, number))
        if known is None:
            if len(self._hashes) >= MOST_TILES:
                del self._hashes[next(iter(self._hashes))]
            known = self._hashes[level, number] = self._read(level, number)
        if len(known) < width:
            raise ValueError(f"Tile {number} of level {level} has {len(known)} hashes, not {width}.")
        return known[:width]

    def leaf(self, index: int) -> bytes:
        """The leaf hash of one entry."""
        start = index >> 8 << 8
        return self.hashes(0, start >> 8, index - start + 1)[-1]

    def entries(self, start: int, end: int) -> list[bytes]:
        """The leaf inputs E of start ≤ index < end: what an entry bundle holds."""
        return [
            leaf_input(type, self.site_uuid, day, release, bytes(c)) for type, day, release, c in self._rows(start, end)
        ]

    def _rows(self, start: int, end: int) -> Any:
        rows = LogEntry.objects.using(self.using).filter(site_id=self.site_id, index__gte=start, index__lt=end)
        return rows.order_by("index").values_list("type", "day", "release_hash", "commitment")

    def _read(self, level: int, number: int) -> list[bytes]:
        """As much of a tile as there is."""
        tiles = LogTile.objects.using(self.using).filter(site_id=self.site_id)
        stored = tiles.filter(level=level, number=number).values_list("hashes", flat=True).first()
        if stored is not None:
            packed = bytes(stored)
            return [packed[i : i + 32] for i in range(0, len(packed), 32)]
        start = number << 8
        if level == 0:
            return [merkle.leaf_hash(entry) for entry in self.entries(start, start + merkle.WIDTH)]
        below = tiles.filter(level=level - 1, number__gte=start, number__lt=start + merkle.WIDTH).order_by("number")
        return [bytes(root) for root in below.values_list("root", flat=True)]
