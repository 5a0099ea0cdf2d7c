"""The rate limit that several machines share, on a real Redis: exact, without addresses, and never waited for."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import redis

from cookiebanner.checks import the_server_of_limits_answers
from cookiebanner.health import readiness
from cookiebanner.lane.app import Lane
from cookiebanner.visitors import rate_limit, redis_limit
from cookiebanner.visitors.rate_limit import RateLimited
from cookiebanner.visitors.redis_limit import AWAY, Question, RedisLimit
from cookiebanner.wsgi import application as wsgi
from tests import corpus
from tests.cookiebanner.lane.asgi import Running, ask
from tests.values import present

PEER = "203.0.113.7"


class Server:
    """A redis-server of one's own on a unix socket."""

    def __init__(self) -> None:
        program = shutil.which("redis-server")
        assert program, "redis-server is missing: ./scripts/need redis-server"
        self.folder = Path(tempfile.mkdtemp(prefix="redis-"))
        self.url = f"unix://{self.folder}/socket"
        options = ["--port", "0", "--unixsocket", f"{self.folder}/socket", "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen([program, *options], stdout=subprocess.DEVNULL, cwd=self.folder)
        self.client = redis.Redis.from_url(self.url)
        deadline = time.monotonic() + 20
        while not (self.folder / "socket").exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def send(self, number: int) -> None:
        os.kill(self.process.pid, number)

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder)


@pytest.fixture(scope="module")
def running():
    server = Server()
    yield server
    server.end()


@pytest.fixture
def server(running, monkeypatch):
    """Empty, and asked by this process."""
    running.client.flushall()
    monkeypatch.setattr(redis_limit, "PAUSE", 0.02)
    monkeypatch.setattr(rate_limit, "shared", RedisLimit(running.url))
    return running


def passes(limit: RedisLimit, *questions: Question) -> list[int]:
    return [reply.wait for reply in present(limit.ask(questions))]


def now(server: Server) -> int:
    return server.client.time()[0]


def test_machines_that_ask_at_once_let_exactly_the_limit_through(server):
    machines = [RedisLimit(server.url) for _ in range(4)]
    one = Question(f"consents {PEER}", 25)
    with ThreadPoolExecutor(4) as pool:
        found = [
            wait for each in pool.map(lambda m: [passes(m, one, one) for _ in range(10)], machines) for wait in each
        ]
    waits = [wait for pair in found for wait in pair]
    assert (len(waits), waits.count(0)) == (80, 25)
    assert {wait for wait in waits if wait} <= {60, 61}
    assert passes(machines[0], Question("consents 203.0.113.8", 25)) == [0]


def test_a_minute_is_sixty_one_whole_seconds_by_the_servers_clock(server):
    one, limit = Question("a", 3), present(rate_limit.shared)
    name = limit._name(one)
    at = now(server)
    server.client.hset(name, mapping={at - 61: 9, at - 58: 1, at - 20: 2, at + 900: 5})
    # What is older counts no more, nor what was counted before the clock was set back; three are left, and are full.
    [reply] = present(limit.ask([one]))
    assert (reply.left, reply.wait in (2, 3)) == (0, True)
    assert len(server.client.hgetall(name)) == 2
    server.client.hdel(name, at - 58)
    assert limit.ask([one]) == [(0, 0)]


def test_an_hour_counts_only_what_the_minute_let_through(server):
    limit = present(rate_limit.shared)
    asked = Question("a", 2), Question("a", 5, 60, follows=True)
    assert [[wait > 0 for wait in passes(limit, *asked)] for _ in range(3)] == [[False] * 2] * 2 + [[True, False]]
    hour = server.client.hgetall(limit._name(asked[1]))
    assert [int(count) for count in hour.values()] == [2]


def test_no_address_is_kept_and_nothing_for_longer_than_its_window(server, settings):
    settings.FAIRGATE_RATE_LIMIT = 5
    rate_limit.admit("impressions", {}, PEER)
    keys = server.client.keys()
    assert sorted(0 < server.client.ttl(key) <= 62 for key in keys) == [False, True]
    assert max(server.client.ttl(key) for key in keys) <= 62 * 60
    kept = repr([(key, server.client.hgetall(key)) for key in keys])
    assert PEER not in kept and "impressions" not in kept
    # Another SECRET_KEY, another name: who has the store alone can't look a client up.
    first = present(rate_limit.shared)._name(Question("a", 1))
    settings.SECRET_KEY = "another"
    assert RedisLimit(server.url)._name(Question("a", 1)) != first


def test_who_was_refused_is_refused_again_without_a_question(server, settings):
    settings.FAIRGATE_RATE_LIMIT = 1
    rate_limit.admit("consents", {}, PEER)
    asked = server.client.info("stats")["total_commands_processed"]
    for _ in range(20):
        with pytest.raises(RateLimited) as refused:
            rate_limit.admit("consents", {}, PEER)
        assert 59 <= refused.value.wait <= 61
    assert server.client.info("stats")["total_commands_processed"] - asked < 8  # one question, and our own


def test_a_hanging_server_is_waited_for_once_and_then_the_machine_counts_alone(server, settings):
    settings.FAIRGATE_RATE_LIMIT = 3
    assert the_server_of_limits_answers() == []
    server.send(signal.SIGSTOP)
    try:
        begun = time.monotonic()
        for _ in range(3):
            rate_limit.admit("consents", {}, PEER)
        with pytest.raises(RateLimited):
            rate_limit.admit("consents", {}, PEER)
        assert time.monotonic() - begun < 0.5
        [warning] = the_server_of_limits_answers()
        assert (warning.id, warning.msg) == ("fairgate.W012", AWAY)
    finally:
        server.send(signal.SIGCONT)
    deadline = time.monotonic() + 10
    while present(rate_limit.shared).down and time.monotonic() < deadline:
        time.sleep(0.01)
    rate_limit.admit("consents", {}, PEER)  # asked again, and nobody is counted there yet
    assert len(server.client.keys()) == 1


def post(peer):
    body = json.dumps(corpus.DATA["body"] | {"id": str(uuid.uuid4())}).encode()
    return "POST", "/api/v1/consents", list(corpus.DATA["headers"].items()), body, peer


@pytest.mark.django_db(transaction=True)
def test_the_lane_and_the_views_of_all_machines_count_together(server, settings, client, monkeypatch):
    monkeypatch.setattr("cookiebanner.visitors.counts.Counters.start", lambda self: None)
    settings.FAIRGATE_RATE_LIMIT = 4
    corpus.make_world()

    async def go(*peers):
        async with Running(Lane(wsgi)) as lane:
            return [answer.status for answer in await asyncio.gather(*(ask(lane, *post(peer)) for peer in peers))]

    def view():
        method, path, headers, body, _ = post(PEER)
        given = {f"HTTP_{name.upper()}": value for name, value in headers if name.lower() == "origin"}
        return client.generic(method, path, body, "text/plain", REMOTE_ADDR=PEER, **given)

    assert asyncio.run(go(PEER, PEER, PEER, "203.0.113.8")) == [201] * 4
    assert [view().status_code for _ in range(2)] == [201, 429]
    monkeypatch.setattr(rate_limit, "shared", RedisLimit(server.url))  # a machine that remembers no refusal
    assert asyncio.run(go(PEER, "203.0.113.8")) == [429, 201]
    assert readiness.look(anew=True).warnings == []
    server.send(signal.SIGSTOP)
    try:
        begun = time.monotonic()
        assert sorted(asyncio.run(go(*["203.0.113.9"] * 6))) == [201] * 4 + [429] * 2  # this machine's own limit
        assert time.monotonic() - begun < 3
        assert AWAY in readiness.look(anew=True).warnings
    finally:
        server.send(signal.SIGCONT)
