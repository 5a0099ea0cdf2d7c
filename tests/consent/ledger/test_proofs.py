from __future__ import annotations

import random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from consent.ledger import merkle
from consent.ledger.append import append
from consent.ledger.models import LogHead, LogTile
from consent.ledger.proofs import Tree
from tests.consent.ledger.test_append import SITE, draft, leaves


@pytest.mark.django_db
def test_every_proof_of_a_small_tree():
    append([draft() for _ in range(40)])
    hashes = leaves()
    tree = Tree(1, SITE)
    for size in range(1, 41):
        assert tree.root(size) == merkle.root(hashes[:size])
        for index in range(size):
            assert tree.inclusion(index, size) == merkle.inclusion_proof(hashes[:size], index)
        for first in range(size + 1):
            assert tree.consistency(first, size) == merkle.consistency_proof(hashes[:size], first)
    with pytest.raises(ValueError):
        tree.inclusion(0, 41)


@pytest.mark.slow
@pytest.mark.django_db
def test_a_tree_of_two_levels_has_its_tiles_and_its_proofs_need_few_reads():
    for _ in range(17):
        append([draft() for _ in range(4_000)])
    hashes = leaves()
    size = len(hashes)
    assert size == 68_000
    root = merkle.root(hashes)
    [tile] = LogTile.objects.filter(level=1)
    roots = [bytes(root) for root in LogTile.objects.filter(level=0).order_by("number").values_list("root", flat=True)]
    assert len(roots) == 265
    assert (bytes(tile.hashes), bytes(tile.root)) == (b"".join(roots[:256]), merkle.root(roots[:256]))
    head = LogHead.objects.get()
    assert merkle.edge_root(merkle.split_edge(head.size, bytes(head.edge))) == root
    chosen = random.Random(9162)
    for index in (0, 255, 256, 65_535, 65_536, size - 1, *(chosen.randrange(size) for _ in range(5))):
        tree = Tree(1, SITE)
        with CaptureQueriesContext(connection) as queries:
            proof = tree.inclusion(index, size)
        assert merkle.verify_inclusion(hashes[index], index, size, proof, root)
        assert len(queries) <= 8
    for first in (1, 300, 65_536, 66_000):
        proof = Tree(1, SITE).consistency(first, size)
        assert merkle.verify_consistency(first, size, merkle.root(hashes[:first]), root, proof)
    with pytest.raises(ValueError):
        Tree(1, SITE).inclusion(0, size + 1)
