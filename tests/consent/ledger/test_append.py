from __future__ import annotations

import hashlib
import hmac
import threading
import uuid
from typing import Any

import pytest
from django.db import connection, connections

from consent.ledger import merkle
from consent.ledger.append import Draft, append, commitment, leaf_input
from consent.models import ConsentRecord, DailyTotal, LogEntry, LogHead, LogTile
from tests.values import present

SITE = "11111111-1111-4111-8111-111111111111"


def draft(record_id=None, site_id=1, body=b"x", **more) -> Draft:
    columns: dict[str, Any] = {
        "release": 1, "release_hash": "ab" * 32, "regime": "eu_opt_in", "jurisdiction": "DE", "language": "de",
        "action": "accept_all", "record": {"choices": {"categories": {"C0001": "granted"}}, "page": "shop'.test\\ü"},
    }  # fmt: skip
    site_uuid = f"{site_id}{SITE[1:]}"
    return Draft(
        site_id, site_uuid, "consent", record_id or uuid.uuid4(), hashlib.sha256(body).digest(), **columns | more
    )


def leaves(site_id=1) -> list[bytes]:
    entries = LogEntry.objects.filter(site_id=site_id).order_by("index")
    uuid_ = f"{site_id}{SITE[1:]}"
    return [merkle.leaf_hash(leaf_input(e.type, uuid_, e.day, e.release_hash, bytes(e.commitment))) for e in entries]


@pytest.mark.django_db
def test_a_batch_of_two_sites_becomes_leaves_records_and_totals():
    outcomes = append([draft(site_id=1), draft(site_id=2), draft(site_id=1, visitor=uuid.uuid4())])

    assert [(o.status, o.index) for o in outcomes] == [("created", 0), ("created", 0), ("created", 1)]
    assert {(h.site_id, h.size) for h in LogHead.objects.all()} == {(1, 2), (2, 1)}
    head = LogHead.objects.get(site_id=1)
    assert merkle.edge_root(merkle.split_edge(2, bytes(head.edge))) == merkle.root(leaves())
    assert head.last_received_at == outcomes[2].received_at
    record = ConsentRecord.objects.get(site_id=1, index=1)
    entry = LogEntry.objects.get(site_id=1, index=1)
    assert commitment(bytes(present(record.salt)), present(record.payload).encode()) == bytes(entry.commitment)
    assert '"page":"shop\'.test\\\\ü"' in present(record.payload)
    assert sorted(DailyTotal.objects.values_list("site_id", "count")) == [(1, 2), (2, 1)]


@pytest.mark.django_db
def test_replays_conflicts_and_duplicates_within_a_batch():
    first, other = uuid.uuid4(), uuid.uuid4()
    [stored] = append([draft(first, body=b"a")])
    outcomes = append(
        [draft(first, body=b"a"), draft(first, body=b"b"), draft(other), draft(other), draft(other, body=b"y")]
    )

    assert [o.status for o in outcomes] == ["replayed", "conflict", "created", "replayed", "conflict"]
    assert (outcomes[0].index, outcomes[0].received_at) == (0, stored.received_at)
    assert (outcomes[3].index, outcomes[3].received_at) == (1, outcomes[2].received_at)
    assert LogEntry.objects.count() == ConsentRecord.objects.count() == 2
    assert DailyTotal.objects.get().count == 2


@pytest.mark.django_db
def test_full_tiles_are_stored_once_they_are_full():
    for size in (100, 155, 1, 300, 256):
        append([draft() for _ in range(size)])
    hashes = leaves()
    tiles = list(LogTile.objects.order_by("number"))
    assert len(hashes) == 812
    assert [(t.level, t.number) for t in tiles] == [(0, 0), (0, 1), (0, 2)]
    for tile in tiles:
        part = hashes[tile.number * 256 : tile.number * 256 + 256]
        assert (bytes(tile.hashes), bytes(tile.root)) == (b"".join(part), merkle.root(part))


@pytest.mark.django_db
def test_a_record_that_is_not_canonical_is_refused_before_anything_is_written():
    for record in ({"x": 1.5}, {"x": None}, {"ü": "x"}, {"x": 2**53}, {"x": "\ud800"}):
        with pytest.raises(ValueError):
            append([draft(), draft(record=record)])
    assert LogEntry.objects.count() == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("same", [True, False])
def test_24_parallel_first_answers_leave_exactly_the_right_rows(same):
    shared = uuid.uuid4()
    start = threading.Barrier(24)
    outcomes = []

    def answer() -> None:
        mine = draft(shared if same else None, replaces=None)
        start.wait()
        try:
            outcomes.extend(append([mine]))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=answer) for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(outcomes) == 24
    expected = 1 if same else 24
    assert sorted(o.status for o in outcomes) == ["created"] * expected + ["replayed"] * (24 - expected)
    assert sorted(LogEntry.objects.values_list("index", flat=True)) == list(range(expected))
    assert sorted(ConsentRecord.objects.values_list("index", flat=True)) == list(range(expected))
    assert DailyTotal.objects.get().count == expected
    head = LogHead.objects.get()
    assert head.size == expected
    assert merkle.edge_root(merkle.split_edge(expected, bytes(head.edge))) == merkle.root(leaves())
    times = list(LogEntry.objects.order_by("index").values_list("pk"))
    assert len(times) == expected
    received = list(ConsentRecord.objects.order_by("index").values_list("received_at", flat=True))
    assert received == sorted(received)


@pytest.mark.django_db
def test_time_never_runs_backwards_within_a_site():
    from datetime import UTC, datetime

    [first] = append([draft()], at=datetime(2030, 1, 1, tzinfo=UTC))
    [second] = append([draft()])
    assert second.received_at == first.received_at
    assert connection.vendor in ("postgresql", "sqlite")


@pytest.mark.parametrize("length", [0, 31, 32, 33, 100])
def test_a_commitment_is_hmac(length):
    for payload in (b"", b'{"a":"b"}', bytes(1_000)):
        salt = bytes(range(length))
        assert commitment(salt, payload) == hmac.new(salt, payload, "sha256").digest()
