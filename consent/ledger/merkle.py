"""The Merkle tree of RFC 9162 §2.1, pure: bytes in, bytes out. A hash is 32 bytes (SHA-256).

Tiles are those of C2SP tlog-tiles: height 8, so 256 hashes; tile (level, number) holds the roots of the complete
subtrees of height `8 * level` from number * 256 on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

HEIGHT = 8
WIDTH = 1 << HEIGHT
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    return sha256(b"\0" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """MTH of leaf hashes (§2.1.1)."""
    if len(leaves) == WIDTH:  # the usual tile: pairs of pairs
        while len(leaves) > 1:
            leaves = [
                sha256(b"\1" + left + right).digest() for left, right in zip(leaves[::2], leaves[1::2], strict=True)
            ]
        return leaves[0]
    return edge_root(edge_of(leaves))


def edge_of(leaves: Iterable[bytes]) -> list[bytes]:
    """The right edge of the tree of these leaf hashes, as `push` keeps it."""
    edge: list[bytes] = []
    for size, leaf in enumerate(leaves):
        push(edge, size, leaf)
    return edge


def push(edge: list[bytes], size: int, leaf: bytes) -> None:
    """Appends a leaf hash to the right edge of a tree of `size` leaves, in place.

    The edge holds one subtree root per set bit of the size, the largest subtree first.
    """
    while size & 1:
        leaf = sha256(b"\1" + edge.pop() + leaf).digest()
        size >>= 1
    edge.append(leaf)


def edge_root(edge: Sequence[bytes]) -> bytes:
    """The root of the tree whose right edge this is."""
    if not edge:
        return EMPTY_ROOT
    result = edge[-1]
    for left in reversed(edge[:-1]):
        result = node_hash(left, result)
    return result


def split_edge(size: int, packed: bytes) -> list[bytes]:
    """The stored right edge as a list. Raises ValueError when it does not fit the size."""
    if len(packed) != 32 * size.bit_count():
        raise ValueError(f"A tree of {size} leaves has {size.bit_count()} hashes at its edge.")
    return [packed[i : i + 32] for i in range(0, len(packed), 32)]


def subtrees(start: int, end: int) -> list[tuple[int, int]]:
    """The complete subtrees, as (height, number), that cover leaves start ≤ i < end from left to right."""
    found = []
    while start < end:
        height = (end - start).bit_length() - 1
        if start:
            height = min(height, (start & -start).bit_length() - 1)
        found.append((height, start >> height))
        start += 1 << height
    return found


def _split(size: int) -> int:
    """The largest power of two smaller than size."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_ranges(index: int, size: int) -> list[tuple[int, int]]:
    """PATH(index, D[size]) of §2.1.3.1 as leaf ranges, each (start, end), the lowest first."""
    if not 0 <= index < size:
        raise ValueError(f"There is no leaf {index} in a tree of {size}.")
    ranges = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start = middle
    return ranges[::-1]


def consistency_ranges(first: int, second: int) -> list[tuple[int, int]]:
    """PROOF(first, D[second]) of §2.1.4.1 as leaf ranges. Empty for equal sizes and for first = 0."""
    if not 0 <= first <= second:
        raise ValueError(f"A tree of {second} has not grown from {first}.")
    if first in (0, second):
        return []
    ranges = []
    start, end, whole = 0, second, True
    while first != end:
        middle = start + _split(end - start)
        if first <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((start, middle))
            start, whole = middle, False
    if not whole:
        ranges.append((start, end))
    return ranges[::-1]


def range_root(start: int, end: int, subtree: Callable[[int, int], bytes]) -> bytes:
    """MTH(D[start:end]) from complete subtrees; `subtree(height, number)` gives the root of one."""
    return edge_root([subtree(height, number) for height, number in subtrees(start, end)])


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The audit path of a leaf in the tree of these leaf hashes."""
    return [root(leaves[start:end]) for start, end in inclusion_ranges(index, len(leaves))]


def consistency_proof(leaves: Sequence[bytes], first: int) -> list[bytes]:
    """That the tree of these leaf hashes has grown from its first `first` leaves."""
    return [root(leaves[start:end]) for start, end in consistency_ranges(first, len(leaves))]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Iterable[bytes], expected: bytes) -> bool:
    """§2.1.3.2: whether the leaf hash is at `index` of the tree with this size and root."""
    if not 0 <= index < size:
        return False
    fn, sn, result = index, size - 1, leaf
    for step in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            result = node_hash(step, result)
            while not fn & 1 and fn:
                fn >>= 1
                sn >>= 1
        else:
            result = node_hash(result, step)
        fn >>= 1
        sn >>= 1
    return sn == 0 and result == expected


def verify_consistency(first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]) -> bool:
    """§2.1.4.2: whether the second tree begins with the first. An empty tree begins every tree."""
    if not 0 <= first <= second:
        return False
    if first == second:
        return not proof and first_root == second_root
    if first == 0:
        return not proof and first_root == EMPTY_ROOT
    path = list(proof)
    if first & (first - 1) == 0:
        path.insert(0, first_root)
    if not path:
        return False
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn >>= 1
        sn >>= 1
    old = new = path[0]
    for step in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            old, new = node_hash(step, old), node_hash(step, new)
            while not fn & 1 and fn:
                fn >>= 1
                sn >>= 1
        else:
            new = node_hash(new, step)
        fn >>= 1
        sn >>= 1
    return sn == 0 and old == first_root and new == second_root
