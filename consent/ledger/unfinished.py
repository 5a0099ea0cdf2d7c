"""The leaves of each log's unfinished tile, as this process wrote them: they need not be read back when it is full.

Memory proves nothing (another process may have written since, a transaction may have been rolled back), so what it
holds is used only where the log's own edge confirms it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from consent.ledger import merkle

MOST = 1_000  # logs; 8 kB each
_NOTHING = bytearray()

# site → the first index, the leaf hashes from there on; added to in place, since the whole is a hundred times a batch's
_leaves: OrderedDict[int, tuple[int, bytearray]] = OrderedDict()


def grown(site_id: int, first: int, leaves: Sequence[bytes]) -> None:
    """A log whose size was `first` got these leaves."""
    size = first + len(leaves)
    start = size >> merkle.HEIGHT << merkle.HEIGHT
    begun, known = _leaves.pop(site_id, (-1, _NOTHING))
    if start >= first:
        _leaves[site_id] = start, bytearray(b"".join(leaves[start - first :]))
    elif begun == start and begun + len(known) // 32 == first:
        known += b"".join(leaves)
        _leaves[site_id] = start, known
    while len(_leaves) > MOST:
        _leaves.popitem(last=False)


def of(site_id: int, size: int, edge: Sequence[bytes]) -> list[bytes] | None:
    """The leaves of the unfinished tile of a log of this size and right edge; None when they must be read."""
    start = size >> merkle.HEIGHT << merkle.HEIGHT
    begun, held = _leaves.get(site_id, (-1, _NOTHING))
    known = bytes(held)
    if begun != start or len(known) < 32 * (size - start):
        return None
    leaves = [known[i : i + 32] for i in range(0, 32 * (size - start), 32)]
    made = merkle.edge_of(leaves)
    return leaves if made == list(edge[len(edge) - len(made) :]) else None
