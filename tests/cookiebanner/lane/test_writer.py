"""The writer between the loop and the database: bounded, drained, and fair to the others of a batch."""

from __future__ import annotations

import asyncio
import json
import threading
import time
import uuid

import pytest
from django.db import DataError, OperationalError

from consent.ledger import append as ledger
from consent.ledger import places
from consent.ledger.append import Draft, Outcome
from consent.models import LogEntry
from cookiebanner.lane.app import Lane
from cookiebanner.lane.writer import Unavailable, Writer
from cookiebanner.wsgi import application as django
from tests import corpus
from tests.cookiebanner.lane.asgi import Running, ask


def draft(number: int = 0, site: int = 1) -> Draft:
    return Draft(site, str(uuid.UUID(int=site)), "consent", uuid.UUID(int=number), bytes(32))


def offer(writer: Writer, draft: Draft):
    """A future of the outcome; None when the writer takes no more."""
    future = asyncio.get_running_loop().create_future()

    def on_outcome(outcome):
        future.set_exception(outcome) if isinstance(outcome, Exception) else future.set_result(outcome)

    return future if writer.offer(draft, on_outcome) else None


def run(write, go, **options):
    """Runs `go(writer)` in a loop, ends the writer, and returns what `go` returned."""

    async def whole():
        writer = Writer(write, **options)
        writer.start(asyncio.get_running_loop())
        try:
            return await go(writer)
        finally:
            await asyncio.get_running_loop().run_in_executor(None, writer.end)

    return asyncio.run(whole())


def test_what_waits_becomes_one_batch():
    begun, go_on, sizes = threading.Event(), threading.Event(), []

    def write(drafts):
        begun.set()
        go_on.wait(10)
        sizes.append(len(drafts))
        return [Outcome("created", number) for number in range(len(drafts))]

    async def go(writer):
        futures = [offer(writer, draft(0))]
        await asyncio.to_thread(begun.wait, 10)
        futures += [offer(writer, draft(number)) for number in range(1, 8)]
        go_on.set()
        return [(await future).index for future in futures]

    assert run(write, go, batch=5) == [0, 0, 1, 2, 3, 4, 0, 1]
    assert sizes == [1, 5, 2]


def test_what_waits_for_a_batch_that_is_held_up_is_stored_beside_it_and_each_sites_in_order():
    """While the lock of one site's log is held by another, only answers of the sites of that batch wait."""
    held, begun = threading.Event(), threading.Event()
    order: dict[int, list[int]] = {}
    threads: set[int] = set()

    def write(drafts):
        threads.add(threading.get_ident())
        if any(one.site_id == 1 for one in drafts):
            begun.set()
            held.wait(10)
        for one in drafts:
            order.setdefault(one.site_id, []).append(one.record_id.int)
        return [Outcome("created", one.record_id.int) for one in drafts]

    async def go(writer):
        futures = {0: offer(writer, draft(0, 1))}
        await asyncio.to_thread(begun.wait, 10)
        futures |= {n: offer(writer, draft(n, 1 + n % 7)) for n in range(1, 210)}
        await asyncio.wait_for(asyncio.gather(*(f for n, f in futures.items() if n % 7)), 10)
        futures |= {n: offer(writer, draft(n, 1 + n % 7)) for n in range(210, 280)}
        await asyncio.wait_for(asyncio.gather(*(f for n, f in futures.items() if n % 7)), 10)
        assert not any(futures[n].done() for n in range(0, 280, 7))
        assert len(threads) == 2
        held.set()
        done = [(await future).index for future in futures.values()]
        return done, [line.sites for line in writer._lines]

    assert run(write, go, batch=8, writers=2) == (list(range(280)), [{}, {}])
    assert order == {1 + rest: list(range(rest, 280, 7)) for rest in range(7)}


def test_a_batch_is_of_one_site_where_the_database_keeps_sites_apart(monkeypatch):
    monkeypatch.setattr(ledger, "_apart", {"default": (True, time.monotonic())})  # as a look at Citus would find
    monkeypatch.setattr(places, "look", lambda: None)  # reaches no machine of it
    go_on = threading.Event()
    order: list[int] = []
    sites_of_batches: list[set[int]] = []

    def write(drafts):
        go_on.wait(10)
        order.extend(one.record_id.int for one in drafts)
        sites_of_batches.append({one.site_id for one in drafts})
        return [Outcome("created", one.record_id.int) for one in drafts]

    async def go(writer):
        writer.look_at_the_database()
        futures = [offer(writer, draft(n, n % 20)) for n in range(200)]
        go_on.set()
        return [(await future).index for future in futures], len({line.thread for line in writer._lines})

    assert run(write, go, batch=8) == (list(range(200)), 8)
    assert {len(sites) for sites in sites_of_batches} == {1}
    for site in range(20):
        mine = [number for number in order if number % 20 == site]
        assert mine == sorted(mine)


def test_what_is_left_out_comes_again_before_what_came_later_until_its_patience_ends():
    go_on = threading.Event()
    order: list[int] = []
    left_out: list[int] = []

    def write(drafts):
        go_on.wait(10)
        # Others hold the log of site 1 for a moment, and that of site 2 all the time.
        busy = {one.record_id.int for one in drafts if one.patience and one.site_id == (2 if left_out else 1)}
        left_out.extend(busy)
        order.extend(one.record_id.int for one in drafts if one.record_id.int not in busy)
        return [Outcome("busy" if one.record_id.int in busy else "created", one.record_id.int) for one in drafts]

    async def go(writer):
        futures = [offer(writer, draft(n, 1 + n % 3)) for n in range(12)]
        go_on.set()
        return [((await future).status, (await future).index) for future in futures], writer._lines[0].sites

    assert run(write, go, batch=4, writers=1) == ([("created", n) for n in range(12)], {})
    for rest in range(3):
        assert [n for n in order if n % 3 == rest] == list(range(rest, 12, 3))
    assert [left_out.count(n) for n in (4, 7, 10)] == [2, 2, 2]


def test_each_machine_of_a_database_that_keeps_sites_apart_has_lines_of_its_own(monkeypatch):
    """As on Citus where the machines are reached: a batch is of any sites of one of them."""
    monkeypatch.setattr(ledger, "_apart", {"default": (True, time.monotonic())})
    monkeypatch.setattr(places, "look", lambda: None)
    shards = places._Shards((0, 1, 2, 3), ("one", "two", "two", None))
    memory = places._Memory({n: n % 4 for n in range(16)}, shards)
    monkeypatch.setattr(places, "_memory", memory)
    go_on = threading.Event()
    sites: list[set[int]] = []
    order: list[int] = []

    def write(drafts):
        go_on.wait(10)
        sites.append({one.site_id for one in drafts})
        order.extend(one.record_id.int for one in drafts)
        return [Outcome("created", one.record_id.int) for one in drafts]

    async def go(writer):
        writer.look_at_the_database()
        futures = [offer(writer, draft(n, n % 16)) for n in range(320)]
        go_on.set()
        return [(await future).index for future in futures]

    assert run(write, go, batch=64) == list(range(320))
    assert {frozenset(places.alias_of(site) for site in some) for some in sites} == {
        frozenset({"one"}), frozenset({"two"}), frozenset({None})
    }  # fmt: skip
    assert max(len(some) for some in sites if places.alias_of(min(some))) > 1
    assert {len(some) for some in sites if not places.alias_of(min(some))} == {1}
    for site in range(16):
        mine = [number for number in order if number % 16 == site]
        assert mine == sorted(mine)


def test_a_machine_that_hangs_leaves_room_for_the_answers_of_others(monkeypatch):
    monkeypatch.setattr(ledger, "_apart", {"default": (True, time.monotonic())})
    monkeypatch.setattr(places, "look", lambda: None)
    monkeypatch.setattr(places, "_memory", places._Memory({1: 0, 2: 1}, places._Shards((0, 1), ("one", "two"))))
    go_on = threading.Event()

    def write(drafts):
        if drafts[0].site_id == 1:
            go_on.wait(10)
        return [Outcome("created", one.record_id.int) for one in drafts]

    async def go(writer):
        writer.look_at_the_database()
        taken = [offer(writer, draft(n)) for n in range(100)]
        others = [(await offer(writer, draft(n, 2))).index for n in range(100, 110)]
        go_on.set()
        return [(await future).index for future in taken if future], others

    stored, others = run(write, go, queue=40, batch=4)
    assert stored == list(range(len(stored))) and 20 <= len(stored) <= 24  # 4 were being written
    assert others == list(range(100, 110))


def test_it_is_asked_once_at_a_time_where_sites_lie(monkeypatch):
    monkeypatch.setattr(ledger, "_apart", {"default": (True, time.monotonic())})
    monkeypatch.setattr("cookiebanner.lane.writer.keeps_sites_apart", lambda **given: True)
    monkeypatch.setattr("cookiebanner.lane.writer.LOOK_AGAIN", 0.0)
    monkeypatch.setattr("cookiebanner.lane.writer.HELD_UP", 0.01)
    go_on = threading.Event()
    asked: list[float] = []

    def look() -> None:
        asked.append(time.monotonic())
        go_on.wait(10)

    async def go(writer):
        monkeypatch.setattr(places, "look", lambda: None)
        writer.look_at_the_database()
        monkeypatch.setattr(places, "look", look)
        await asyncio.sleep(0.3)
        before = len(asked)
        go_on.set()
        await asyncio.sleep(0.1)
        return before

    assert run(lambda drafts: [], go) == 1
    assert len(asked) > 1


def test_a_full_queue_takes_no_more_and_says_so():
    begun, go_on = threading.Event(), threading.Event()

    def write(drafts):
        begun.set()
        go_on.wait(10)
        return [Outcome("created", 0) for _ in drafts]

    async def go(writer):
        offer(writer, draft())
        await asyncio.to_thread(begun.wait, 10)
        taken = [offer(writer, draft(number)) for number in range(1, 6)]
        go_on.set()
        return [future and (await future).status for future in taken]

    assert run(write, go, queue=3) == ["created", "created", "created", None, None]


def test_ending_writes_what_waits_and_takes_no_more():
    written = []

    def write(drafts):
        written.extend(drafts)
        return [Outcome("created", 0) for _ in drafts]

    async def go(writer):
        futures = [offer(writer, draft(number)) for number in range(20)]
        await asyncio.get_running_loop().run_in_executor(None, writer.end)
        assert offer(writer, draft(99)) is None
        return [(await future).status for future in futures]

    assert run(write, go) == ["created"] * 20
    assert len(written) == 20


def test_one_bad_draft_does_not_harm_the_others():
    def write(drafts):
        if any(d.record_id.int == 3 for d in drafts):
            raise ValueError("no canonical form")
        return [Outcome("created", d.record_id.int) for d in drafts]

    async def go(writer):
        futures = [offer(writer, draft(number)) for number in range(6)]
        return await asyncio.gather(*futures, return_exceptions=True)

    outcomes = run(write, go)
    assert [type(outcome) for outcome in outcomes] == [Outcome, Outcome, Outcome, ValueError, Outcome, Outcome]


def test_without_a_database_everything_is_refused_until_it_is_back():
    away = [True]

    def write(drafts):
        if away[0]:
            raise OperationalError("gone")
        return [Outcome("created", 0) for _ in drafts]

    async def go(writer):
        first = await asyncio.gather(*(offer(writer, draft(n)) for n in range(4)), return_exceptions=True)
        away[0] = False
        return first, await offer(writer, draft(9))

    first, later = run(write, go)
    assert [type(outcome) for outcome in first] == [Unavailable] * 4
    assert later.status == "created"


@pytest.mark.django_db(transaction=True)
def test_a_storm_is_answered_503_with_retry_after_and_what_is_acknowledged_is_stored():
    from consent.answers.intake import record

    corpus.make_world()
    slow = threading.Event()

    def write(drafts):
        slow.wait(0.05)
        return record(drafts)

    def post():
        body = json.dumps(corpus.DATA["body"] | {"id": str(uuid.uuid4())}).encode()
        return "POST", "/api/v1/consents", corpus.DATA["headers"].items(), body

    async def go():
        async with Running(Lane(django, Writer(write, queue=5, batch=3))) as lane:
            return await asyncio.gather(*(ask(lane, *post()) for _ in range(40)))

    answers = asyncio.run(go())
    refused = [answer for answer in answers if answer.status == 503]
    stored = [json.loads(answer.body)["id"] for answer in answers if answer.status == 201]
    assert len(stored) + len(refused) == 40
    assert stored and refused
    for answer in refused:
        assert answer.headers["retry-after"] == "5"
        assert answer.headers["access-control-allow-origin"] == "https://shop.example"
        assert json.loads(answer.body)["code"] == "unavailable"
    assert sorted(stored) == sorted(str(id) for id in LogEntry.objects.values_list("record_id", flat=True))


def test_a_batch_with_bad_answers_is_halved_not_taken_apart():
    sizes = []

    def write(drafts):
        sizes.append(len(drafts))
        if any(d.record_id.int == 77 for d in drafts):
            raise DataError("too long")
        return [Outcome("created", d.record_id.int) for d in drafts]

    async def go(writer):
        futures = [offer(writer, draft(number)) for number in range(256)]
        outcomes = await asyncio.gather(*futures, return_exceptions=True)
        return outcomes, writer.set_aside

    outcomes, set_aside = run(write, go, batch=256)
    assert [n for n, outcome in enumerate(outcomes) if isinstance(outcome, Exception)] == [77]
    assert (type(outcomes[77]), set_aside) == (DataError, 1)
    assert len(sizes) <= 20


@pytest.mark.django_db(transaction=True)
def test_an_answer_that_no_database_can_hold_is_refused_for_good_and_harms_no_other():
    """503 would keep it first in its browser's queue for ever, before all later answers."""
    from consent.answers.intake import record

    corpus.make_world()
    bad = uuid.uuid4()

    def write(drafts):
        for one in drafts:
            if one.record_id == bad:
                one.record["page"] = "\ud800"  # half a character, as if every check before had a hole
        return record(drafts)

    def post(record_id):
        body = json.dumps(corpus.DATA["body"] | {"id": str(record_id)}).encode()
        return "POST", "/api/v1/consents", corpus.DATA["headers"].items(), body

    async def go():
        async with Running(Lane(django, Writer(write))) as lane:
            return await asyncio.gather(*(ask(lane, *post(id)) for id in (uuid.uuid4(), bad, uuid.uuid4())))

    answers = asyncio.run(go())
    assert [answer.status for answer in answers] == [201, 422, 201]
    assert json.loads(answers[1].body)["code"] == "unstorable"
    assert LogEntry.objects.count() == 2
