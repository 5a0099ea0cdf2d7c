"""merkle.py against the definitions of RFC 9162 written out naively, and against published vectors."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.ledger import merkle

# The reference data of Certificate Transparency's own tests (transparency-dev/merkle, Apache-2.0).
INPUTS = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def test_the_published_roots():
    hashes = [merkle.leaf_hash(data) for data in INPUTS]
    assert [merkle.root(hashes[:size]).hex() for size in range(1, 9)] == ROOTS
    assert merkle.root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_the_published_audit_path():
    hashes = [merkle.leaf_hash(data) for data in INPUTS]
    assert [step.hex() for step in merkle.inclusion_proof(hashes, 0)] == [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]


# --- the definitions of §2.1, word by word ---------------------------------------------------------------------------


def k(n: int) -> int:
    power = 1
    while power * 2 < n:
        power *= 2
    return power


def mth(d: list[bytes]) -> bytes:
    if not d:
        return sha256(b"").digest()
    if len(d) == 1:
        return sha256(b"\0" + d[0]).digest()
    return sha256(b"\1" + mth(d[: k(len(d))]) + mth(d[k(len(d)) :])).digest()


def path(m: int, d: list[bytes]) -> list[bytes]:
    if len(d) == 1:
        return []
    half = k(len(d))
    if m < half:
        return [*path(m, d[:half]), mth(d[half:])]
    return [*path(m - half, d[half:]), mth(d[:half])]


def subproof(m: int, d: list[bytes], whole: bool) -> list[bytes]:
    if m == len(d):
        return [] if whole else [mth(d)]
    half = k(len(d))
    if m <= half:
        return [*subproof(m, d[:half], whole), mth(d[half:])]
    return [*subproof(m - half, d[half:], False), mth(d[:half])]


leaves = st.lists(st.binary(max_size=3), min_size=1, max_size=70)


@given(leaves)
def test_root_is_mth(data):
    assert merkle.root([merkle.leaf_hash(item) for item in data]) == mth(data)


@pytest.mark.parametrize("size", [255, 256, 257])
def test_the_root_of_a_full_tile_is_mth(size):
    data = [bytes([number % 256, number >> 8]) for number in range(size)]
    assert merkle.root([merkle.leaf_hash(item) for item in data]) == mth(data)


@given(leaves, st.data())
def test_inclusion_proofs_are_path_and_verify(data, draw):
    index = draw.draw(st.integers(0, len(data) - 1))
    hashes = [merkle.leaf_hash(item) for item in data]
    proof = merkle.inclusion_proof(hashes, index)
    assert proof == path(index, data)
    root = merkle.root(hashes)
    assert merkle.verify_inclusion(hashes[index], index, len(data), proof, root)
    other = draw.draw(st.integers(0, len(data) - 1))
    if hashes[other] != hashes[index]:
        assert not merkle.verify_inclusion(hashes[other], index, len(data), proof, root)
    assert not merkle.verify_inclusion(hashes[index], index, len(data), [*proof, root], root)
    assert not merkle.verify_inclusion(hashes[index], len(data), len(data), proof, root)
    if proof:
        assert not merkle.verify_inclusion(hashes[index], index, len(data), proof[:-1], root)


@given(leaves, st.data())
def test_consistency_proofs_are_subproof_and_verify(data, draw):
    first = draw.draw(st.integers(0, len(data)))
    hashes = [merkle.leaf_hash(item) for item in data]
    proof = merkle.consistency_proof(hashes, first)
    assert proof == (subproof(first, data, True) if first else [])
    old, new = merkle.root(hashes[:first]), merkle.root(hashes)
    assert merkle.verify_consistency(first, len(data), old, new, proof)
    forged = sha256(b"another").digest()
    assert not merkle.verify_consistency(first, len(data), forged, new, proof)
    if first:
        assert not merkle.verify_consistency(first, len(data), old, forged, proof)
    if proof:
        assert not merkle.verify_consistency(first, len(data), old, new, proof[1:])


@given(st.integers(0, 5000), st.integers(0, 5000))
def test_subtrees_cover_a_range_once_and_in_order(start, length):
    at = start
    for height, number in merkle.subtrees(start, start + length):
        assert number << height == at
        at += 1 << height
    assert at == start + length


def test_what_cannot_be_proved_is_refused():
    for index, size in ((0, 0), (3, 3), (-1, 2)):
        with pytest.raises(ValueError):
            merkle.inclusion_ranges(index, size)
    with pytest.raises(ValueError):
        merkle.consistency_ranges(4, 3)
    with pytest.raises(ValueError):
        merkle.split_edge(3, b"\0" * 32)
