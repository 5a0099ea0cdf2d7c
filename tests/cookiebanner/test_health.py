"""`/livez` and `/readyz`: whatever the Host, without Django's threads, and true."""

from __future__ import annotations

import asyncio
import json
import threading
import uuid
from pathlib import Path

import pytest
import uvloop
from django.conf import settings as given
from django.db import OperationalError, connection
from django.test import Client

from consent.answers.intake import record
from consent.ledger import kept
from consent.ledger.models import ConsentRecord, LogEntry, LogHead
from consent.models import Release, Site
from cookiebanner import health
from cookiebanner.health import readiness
from cookiebanner.lane.app import Lane
from cookiebanner.lane.writer import Writer
from cookiebanner.wsgi import application as django
from tests import append_only, corpus
from tests.cookiebanner.lane.wire import Wire, request

pytestmark = pytest.mark.django_db(transaction=True)
CONSENTS = "/api/v1/consents"


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """Looks each time it is asked."""
    readiness.forget()
    monkeypatch.setattr(health, "FRESH", 0.0)
    monkeypatch.setattr(health, "PAUSE", 0.0)
    yield
    readiness.forget()


@pytest.fixture
def world():
    return corpus.make_world()


def by_django():
    answer = Client().get("/readyz", headers={"Host": "127.0.0.1:8000"})
    return answer.status_code, answer.json()


def by_lane(writer=None, application=django, go=None):
    async def run():
        async with Wire(Lane(application, writer)) as wire:
            if go is not None:
                return await go(wire)
            return await ready(wire)

    return uvloop.run(run())


async def ready(wire):
    got = await wire.ask("GET", "/readyz")
    return got.status, json.loads(got.body)


async def answer(wire):
    body = json.dumps(corpus.DATA["body"] | {"id": str(uuid.uuid4())}).encode()
    return (await wire.ask("POST", CONSENTS, corpus.DATA["headers"].items(), body)).status


def both():
    """What the lane and plain Django say, which is the same."""
    told = by_lane()
    readiness.forget()
    assert by_django() == told
    return told


OK = (200, {"status": "ok", "database": "up", "warnings": []})


def test_all_is_well(world):
    assert both() == OK
    assert (LogEntry.objects.count(), ConsentRecord.objects.count()) == (0, 0)  # what was tried was taken back


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "evil.example", "[::1]", "a b", ""])
@pytest.mark.parametrize("path", ["/livez", "/readyz"])
def test_they_answer_whatever_the_host(world, settings, host, path):
    """The image's HEALTHCHECK asks 127.0.0.1."""
    settings.ALLOWED_HOSTS = ["consent.example.com"]

    async def go(wire):
        for method in ("GET", "HEAD"):
            client = await wire.open()
            client.write(request(method, path).replace(b"Host: testserver", f"Host: {host}".encode()))
            got = await client.read(method)
            assert (got.status, got.headers["cache-control"]) == (200, "no-store")

    by_lane(go=go)
    assert Client().get(path, headers={"Host": host}).status_code == 200
    assert Client().get("/accounts/login/", headers={"Host": host}).status_code == 400


def test_they_need_no_thread_of_django_s(world):
    stop, busy = threading.Event(), threading.Semaphore(0)

    def hanging(environ, start_response):
        busy.release()
        stop.wait(30)
        start_response("204 No Content", [])
        return []

    async def go(wire):
        clients = [await wire.open() for _ in range(given.FAIRGATE_THREADS + 3)]
        for client in clients:
            client.write(request("GET", "/x"))
        for _ in range(given.FAIRGATE_THREADS):
            assert await asyncio.to_thread(busy.acquire, True, 20)
        try:
            assert (await wire.ask("GET", "/livez")).status == 200
            assert await ready(wire) == OK
        finally:
            stop.set()

    by_lane(application=hanging, go=go)


def stop_log(site):
    kept.keep(str(site.uuid), "origin\n1000\nAAAA\n\n— origin AAAA\n")


@pytest.fixture
def no_notes():
    yield
    for note in kept.folder().glob("*.note"):
        note.unlink()


def test_a_log_behind_its_checkpoint_is_told_and_all_of_them_make_it_not_ready(world, no_notes):
    async def go(wire):
        assert await answer(wire) == 201
        assert await ready(wire) == OK
        await asyncio.to_thread(stop_log, world)
        assert await answer(wire) == 503
        status, told = await ready(wire)
        assert (status, told["status"], told["database"]) == (503, "unavailable", "up")
        assert "log_restarted" in told["reasons"][0]
        await asyncio.to_thread(another)
        status, told = await ready(wire)  # another site still takes answers
        assert (status, str(world.uuid) in told["warnings"][0]) == (200, True)
        await asyncio.to_thread(kept.set_aside, str(world.uuid))
        assert await ready(wire) == OK
        assert await answer(wire) == 201

    def another():
        LogHead.objects.create(site_id=Site.objects.get(uuid=corpus.DATA["other_site"]).pk, size=5)
        connection.close()

    by_lane(go=go)


def test_it_is_not_ready_while_batches_are_refused_and_recovers_by_itself(world, monkeypatch):
    monkeypatch.setattr(health, "QUARANTINE", 0.0)
    full = threading.Event()

    def write(drafts):
        if full.is_set():
            raise OperationalError("database or disk is full")
        return record(drafts)

    async def go(wire):
        full.set()
        assert await answer(wire) == 503
        monkeypatch.setattr(health, "QUARANTINE", 60.0)
        status, told = await ready(wire)
        assert (status, told["reasons"]) == (503, ["The disk of the database is full."])
        full.clear()
        assert await answer(wire) == 201
        assert await ready(wire) == OK  # an answer was stored
        full.set()
        assert await answer(wire) == 503
        assert (await ready(wire))[0] == 503
        monkeypatch.setattr(health, "QUARANTINE", 0.0)
        assert await ready(wire) == OK  # nobody answers, and a trial passes

    by_lane(Writer(write), go=go)


def test_a_table_that_takes_no_rows_makes_it_not_ready_before_anybody_answers(world):
    """As a full disk does, or a right that is missing: the trial meets what an answer would meet."""
    with connection.cursor() as cursor:
        append_only.drop(connection)
        cursor.execute("ALTER TABLE consent_consentrecord RENAME TO elsewhere")
    try:
        status, told = both()
        assert (status, told["reasons"]) == (503, ["The database is not up to date: run `manage.py migrate`."])
    finally:
        from consent.ledger import guards

        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE elsewhere RENAME TO consent_consentrecord")
        guards.install(connection)
    assert both() == OK


def test_missing_migrations_make_it_not_ready(world):
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(id) FROM django_migrations WHERE app = 'consent'")
        [last] = cursor.fetchone()
        cursor.execute("UPDATE django_migrations SET app = 'nowhere' WHERE id = %s", [last])
    try:
        status, told = both()
        assert (status, told["reasons"]) == (503, ["The database is not up to date: run `manage.py migrate`."])
    finally:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE django_migrations SET app = 'consent' WHERE id = %s", [last])
    assert both() == OK


@pytest.mark.postgresql
def test_a_read_only_database_makes_it_not_ready(world):
    name = connection.settings_dict["NAME"]

    here = "SET citus.enable_ddl_propagation = off"  # of Citus's machines the one that is asked; elsewhere it means nothing

    def read_only(value):
        with connection.cursor() as cursor:
            cursor.execute(here)
            cursor.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = {value}')
        connection.close()

    read_only("on")
    try:
        status, told = both()
        assert (status, told["reasons"]) == (503, ["The database takes no writes: it is read-only, or a standby."])
    finally:
        connection.close()
        with connection.cursor() as cursor:
            cursor.execute(here)
            cursor.execute("SET default_transaction_read_only = off")
            cursor.execute(f'ALTER DATABASE "{name}" RESET default_transaction_read_only')
        connection.close()
    assert both() == OK


def test_a_database_that_hangs_is_told_in_time_and_once(world, monkeypatch):
    stop, asked = threading.Event(), []

    def hang():
        asked.append(1)
        stop.wait(30)
        return health.ReadinessReport([], [])

    monkeypatch.setattr(readiness, "look", hang)
    monkeypatch.setattr("cookiebanner.lane.app.READYZ_TIMEOUT", 0.2)

    async def go(wire):
        got = await asyncio.gather(*(ready(wire) for _ in range(20)))
        assert {(status, *told["reasons"]) for status, told in got} == {(503, "The database does not answer.")}
        assert asked == [1]
        assert (await wire.ask("GET", "/livez")).status == 200
        stop.set()

    by_lane(go=go)


def test_a_writer_that_hangs_or_has_died_is_told(world, monkeypatch):
    go_on, begun = threading.Event(), threading.Event()

    def write(drafts):
        begun.set()
        go_on.wait(30)
        return record(drafts)

    async def go(wire):
        waiting = asyncio.ensure_future(answer(wire))
        assert await asyncio.to_thread(begun.wait, 20)
        assert await ready(wire) == OK
        monkeypatch.setattr("cookiebanner.lane.writer.SLOW", -1)
        status, told = await ready(wire)
        assert (status, told["reasons"][0].startswith("Answers wait for the database")) == (503, True)
        go_on.set()
        assert await waiting == 201
        assert await ready(wire) == OK

    by_lane(Writer(write), go=go)
    dead, loop = Writer(writers=1), asyncio.new_event_loop()
    dead.start(loop)
    assert dead.trouble() == ""
    dead._lines[0].end()
    dead._lines[0].thread.join(10)
    loop.close()
    assert dead.trouble() == "The thread that writes answers has ended."


def test_plain_wsgi_remembers_a_refused_answer(world, monkeypatch):
    _, first, _ = corpus.cases()[0]

    def refuse(drafts):
        raise OperationalError("database or disk is full")

    monkeypatch.setattr("consent.answers.intake.append", refuse)
    sent = Client().generic(
        "POST", first.path, first.body, first.headers["content-type"], headers={"Origin": first.headers["origin"]}
    )
    assert sent.status_code == 503
    assert by_django() == (
        503,
        {"status": "unavailable", "database": "up", "reasons": ["The disk of the database is full."], "warnings": []},
    )


def test_what_was_seen_is_told_again_for_a_moment(world, monkeypatch):
    monkeypatch.setattr(health, "FRESH", 60.0)
    assert by_django() == OK
    stop = Release.objects.count()
    readiness.refused(OperationalError("no"))
    assert by_django()[0] == 503
    readiness.stored()
    assert by_django() == OK
    assert Release.objects.count() == stop


def test_a_stored_answer_overrules_a_trial_of_a_moment_ago(world, monkeypatch):
    monkeypatch.setattr(health, "PAUSE", 60.0)
    tried = []

    def full():
        tried.append(1)
        raise OperationalError("database or disk is full")

    monkeypatch.setattr("consent.ledger.trial.store_nothing", full)
    assert [by_django()[0] for _ in range(3)] == [503] * 3
    assert tried == [1]  # the others were told of the same
    monkeypatch.undo()
    readiness.stored()
    assert by_django() == OK


def test_little_room_is_a_warning(world, monkeypatch):
    monkeypatch.setattr(health, "LITTLE", 2**60)
    status, told = by_django()
    assert (status, len(told["warnings"]), Path(given.FAIRGATE_DATA).exists()) == (200, 1, True)
