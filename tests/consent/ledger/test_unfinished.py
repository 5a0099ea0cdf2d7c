"""What a process remembers of an unfinished tile is used where the edge confirms it, and nowhere else."""

from __future__ import annotations

import random

import pytest
from django.db import transaction

from consent.ledger import merkle, unfinished
from consent.ledger.append import append
from consent.ledger.verify import verify
from consent.models import LogTile
from tests.consent.ledger.sample_ledger import answer, make_site
from tests.consent.ledger.test_router_queries import asked  # noqa: F401


@pytest.fixture(autouse=True)
def nothing_known():
    unfinished._leaves.clear()
    yield
    unfinished._leaves.clear()


def tree(count: int) -> tuple[list[bytes], list[bytes]]:
    dice = random.Random(count)
    leaves = [dice.randbytes(32) for _ in range(count)]
    edge: list[bytes] = []
    for size, leaf in enumerate(leaves):
        merkle.push(edge, size, leaf)
    return leaves, edge


@pytest.mark.parametrize("batch", [1, 7, 64, 256, 600])
@pytest.mark.parametrize("size", [1, 2, 3, 100, 255, 256, 257, 511, 600])
def test_the_leaves_since_the_last_full_tile_are_known(size, batch):
    leaves, edge = tree(size)
    for first in range(0, size, batch):
        unfinished.grown(1, first, leaves[first : first + batch])
    assert unfinished.of(1, size, edge) == leaves[size >> 8 << 8 :]
    assert unfinished.of(2, size, edge) is None


def test_what_the_edge_does_not_confirm_is_not_used():
    leaves, edge = tree(100)
    other = [bytes(32), *leaves[1:]]
    unfinished.grown(1, 0, other)
    assert unfinished.of(1, 100, edge) is None


def test_what_another_process_wrote_meanwhile_is_not_known():
    leaves, edge = tree(100)
    unfinished.grown(1, 0, leaves[:40])
    assert unfinished.of(1, 100, edge) is None
    unfinished.grown(1, 60, leaves[60:])  # 20 came from elsewhere
    assert unfinished.of(1, 100, edge) is None


def test_the_oldest_are_forgotten(monkeypatch):
    monkeypatch.setattr(unfinished, "MOST", 3)
    leaves, edge = tree(5)
    for site in range(5):
        unfinished.grown(site, 0, leaves)
    assert [unfinished.of(site, 5, edge) is not None for site in range(5)] == [False, False, True, True, True]


class Abandoned(Exception):
    pass


@pytest.mark.django_db
def test_a_batch_that_was_rolled_back_leaves_no_trace_in_a_tile(asked):  # noqa: F811
    site = make_site()
    append([answer(site) for _ in range(100)])
    with pytest.raises(Abandoned), transaction.atomic():
        append([answer(site) for _ in range(50)])
        raise Abandoned
    append([answer(site) for _ in range(200)])
    assert (verify(site).wrong, LogTile.objects.filter(site_id=site.pk).count()) == ([], 1)
    # Of what memory held, the edge confirms the part that was not rolled back.
    assert [one for one in asked() if one.startswith("SELECT type, day, release_hash, commitment")] == []


@pytest.mark.django_db
def test_leaves_that_were_written_here_are_not_read_back(asked):  # noqa: F811
    site = make_site()
    for _ in range(6):
        append([answer(site) for _ in range(100)])
    assert [one for one in asked() if "commitment FROM consent_logentry" in one] == []
    assert (verify(site).wrong, LogTile.objects.filter(site_id=site.pk).count()) == ([], 2)
