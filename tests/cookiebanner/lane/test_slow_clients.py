"""No thread of Django's is held at a client's pace; a refused client gets to read why."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import threading
import uuid
from pathlib import Path

import pytest
import uvloop
from django.conf import settings
from django.http import FileResponse

from cookiebanner.front import NO_HOST
from cookiebanner.lane import protocol
from cookiebanner.lane.app import Lane
from cookiebanner.lane.threads import limit_of
from cookiebanner.wsgi import application as django
from tests import corpus
from tests.cookiebanner.lane.asgi import Running, ask
from tests.cookiebanner.lane.wire import Wire, request, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.any_database]
MANY = settings.FAIRGATE_THREADS * 2 + 1
CONSENTS = "/api/v1/consents"


def answer() -> bytes:
    return json.dumps(corpus.DATA["body"] | {"id": str(uuid.uuid4())}).encode()


async def all_goes_on(wire):
    """Health, a page of Django's and a visitor's answer, each soon."""
    async with asyncio.timeout(20):
        assert (await wire.ask("GET", "/livez")).status == 200
        assert (await wire.ask("GET", "/accounts/login/")).status == 200
        assert (await wire.ask("POST", CONSENTS, corpus.DATA["headers"].items(), answer())).status == 201


def run(application, go):
    async def whole():
        async with Wire(Lane(application)) as wire:
            return await go(wire)

    return uvloop.run(whole())


@pytest.fixture
def world():
    return corpus.make_world()


@pytest.mark.parametrize("path", ["/accounts/login/", "/dashboard/new/", "/livez", "/nowhere"])
def test_slow_bodies_hold_no_thread(world, path):
    seen = []

    def watched(environ, start_response):
        seen.append(environ["PATH_INFO"])
        return django(environ, start_response)

    async def go(wire):
        clients = [await wire.open() for _ in range(MANY)]
        for client in clients:
            client.write(request("POST", path, [("Content-Length", "100")]) + b"a=")
        for _ in range(3):
            for client in clients:
                client.write(b"x")
            await wire.arrived()
        assert seen == []
        await all_goes_on(wire)
        for client in clients:  # who ends its body is answered
            client.write(b"x" * 95)
        for client in clients:
            assert (await client.read()).status in (302, 403, 404, 405)

    run(watched, go)


def slow_readers(download, go_on=all_goes_on):
    """More clients than there are threads take nothing of a large answer, while all else goes on."""
    ended = threading.Semaphore(0)

    def application(environ, start_response):
        if environ["PATH_INFO"] != "/big":
            return django(environ, start_response)
        try:
            return download(environ, start_response)
        finally:
            ended.release()

    async def go(wire):
        clients = [await wire.open() for _ in range(MANY)]
        for client in clients:
            client.writer.transport.pause_reading()
            client.write(request("GET", "/big"))
        for _ in clients:
            assert await asyncio.to_thread(ended.acquire, True, 20)
        await go_on(wire)
        last = clients.pop()
        last.writer.transport.resume_reading()
        got = await last.read()
        for client in clients:
            client.writer.transport.abort()
        return got

    return run(application, go)


SIZE = 12 * 2**20


def test_slow_readers_of_what_is_made_hold_no_thread(world):
    def download(environ, start_response):
        start_response("200 OK", [("Content-Type", "application/octet-stream")])
        return (bytes([number % 251]) * 2**18 for number in range(SIZE >> 18))

    got = slow_readers(download)
    assert got.body == b"".join(bytes([number % 251]) * 2**18 for number in range(SIZE >> 18))


def test_slow_readers_of_a_file_hold_no_thread_and_it_is_not_copied(world, tmp_path, monkeypatch):
    export = Path(tmp_path, "bundle.zip")
    export.write_bytes(bytes(range(256)) * (SIZE >> 8))
    monkeypatch.setattr(settings, "FAIRGATE_SPOOL_LIMIT", 0)

    def download(environ, start_response):
        response = FileResponse(export.open("rb"), as_attachment=True)
        start_response("200 OK", [(name, value) for name, value in response.items()])
        return environ["wsgi.file_wrapper"](response.file_to_stream, response.block_size)

    got = slow_readers(download)
    assert (got.body == export.read_bytes(), got.headers["content-length"]) == (True, str(SIZE))


def test_an_answer_in_small_pieces_is_whole(world):
    pieces = [bytes([number % 256]) * (number % 977) for number in range(4000)]

    def application(environ, start_response):
        start_response("200 OK", [("Content-Type", "application/octet-stream")])
        return iter(pieces)

    async def go(wire):
        got = await wire.ask("GET", "/")
        head = await wire.ask("HEAD", "/")
        return got.body, head.status, head.body

    assert run(application, go) == (b"".join(pieces), 200, b"")


def test_who_fills_the_disk_is_ended_and_the_others_are_not(world, monkeypatch):
    monkeypatch.setattr(settings, "FAIRGATE_SPOOL_LIMIT", 2**20)

    def application(environ, start_response):
        if environ["PATH_INFO"] != "/big":
            return django(environ, start_response)
        start_response("200 OK", [("Content-Type", "application/octet-stream")])
        return (b"x" * 2**18 for _ in range(200))

    async def go(wire):
        client = await wire.open()
        client.writer.transport.pause_reading()
        client.write(request("GET", "/big"))
        await all_goes_on(wire)
        await asyncio.sleep(0.5)  # time to fill the disk in, were there no bound
        client.writer.transport.resume_reading()
        with pytest.raises((asyncio.IncompleteReadError, ValueError)):
            await client.read()
        for _ in range(3):
            assert (await wire.ask("POST", "/accounts/login/", (), b"a=" + b"x" * 100_000)).status == 403  # room again

    run(application, go)


def test_a_body_is_whole_in_memory_or_on_disk(world):
    got = []

    def application(environ, start_response):
        got.append((environ["CONTENT_LENGTH"], environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))))
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]

    bodies = [b"a", bytes(range(256)) * 250, bytes(range(256)) * 3000]

    async def go(wire):
        for body in bodies:
            assert (await wire.ask("POST", "/x", (), body)).body == b"ok"
            client = await wire.open()
            client.write(request("POST", "/x", [("Transfer-Encoding", "chunked")]))
            client.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
            assert (await client.read()).body == b"ok"

    run(application, go)
    assert got == [(str(len(body)), body) for body in bodies for _ in range(2)]


def test_each_path_has_its_bound_whatever_the_length_says(world, monkeypatch):
    monkeypatch.setattr(settings, "FAIRGATE_REQUEST_LIMIT", 100_000)
    monkeypatch.setattr(settings, "FAIRGATE_UPLOAD_LIMIT", 300_000)
    assert [limit_of(p) for p in ("/accounts/login/", "/api/v1/x", "/dashboard/x", "/api/sites", "/audit/x")] == [
        100_000, 100_000, 300_000, 300_000, 300_000,
    ]  # fmt: skip

    async def go(wire):
        for path, limit in (("/accounts/login/", 100_000), ("/dashboard/", 300_000)):
            for headers, body in (
                ([("Content-Length", str(limit + 1))], b""),
                ([("Content-Length", "9" * 30)], b""),
                ([("Transfer-Encoding", "chunked")], b"%x\r\n%s\r\n" % (limit + 1, b"x" * (limit + 1))),
            ):
                client = await wire.open()
                client.write(request("POST", path, headers) + body)
                got = await client.read()
                assert (path, got.status) in ((path, 413), (path, 400))
                if got.status == 413:
                    assert json.loads(got.body)["code"] == "too_large"
            assert (await wire.ask("POST", path, (), b"x" * limit)).status in (302, 403, 405)

    run(django, go)


def test_a_header_with_an_underscore_is_not_taken_for_another(world):
    seen = []

    def application(environ, start_response):
        seen.append(environ.get("HTTP_X_FORWARDED_FOR"))
        start_response("204 No Content", [])
        return []

    async def go(wire):
        for name in ("X_Forwarded_For", "X-Forwarded-For"):
            await wire.ask("GET", "/x", [(name, "198.51.100.1")])

    run(application, go)
    assert seen == [None, "198.51.100.1"]


# --- a refused client gets to read why --------------------------------------------------------------------------------
def blocking(port: int, send: bytes, rest: bytes, pause: float = 0.2) -> bytes:
    """What a plain client reads that goes on sending `rest` after it was refused, and reads only then."""
    with socket.create_connection(("127.0.0.1", port), 10) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.sendall(send)
        threading.Event().wait(pause)
        try:
            for start in range(0, len(rest), 20_000):
                client.sendall(rest[start : start + 20_000])
        except OSError as error:
            return f"the connection was reset while it sent: {error}".encode()
        threading.Event().wait(pause)
        got = b""
        while True:
            try:
                piece = client.recv(65_536)
            except ConnectionResetError:
                return b"reset after " + got
            if not piece:
                return got
            got += piece


@pytest.mark.parametrize(
    ("status", "head"),
    [
        (400, b"GET / HTTP/1.1\r\nHost : x\r\n\r\n"),
        (400, b"GET / HTTP/1.1\r\n\r\n"),
        (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
        (413, b"POST /dashboard/ HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n"),
        (413, b"POST /accounts/login/ HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999\r\n\r\n"),
        (431, b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"x" * 70_000),
        (413, b"POST /api/v1/consents HTTP/1.1\r\nHost: x\r\nOrigin: https://shop.example\r\n"
              b"Content-Type: application/json\r\nContent-Length: 9999999\r\n\r\n" + b"x" * 1_100_000),
    ],
)  # fmt: skip
def test_a_refusal_is_read_by_who_still_sends(world, status, head):
    async def go(wire):
        return await asyncio.to_thread(blocking, wire.port, head, b"x" * 1_000_000)

    got = run(django, go)
    assert got.startswith(b"HTTP/1.1 %d " % status), got[:200]
    assert b"\r\nconnection: close\r\n" in got


def test_who_never_stops_sending_is_ended_all_the_same(world):
    async def go(wire):
        client = await wire.open()
        client.write(b"GET / HTTP/1.1\r\nHost : x\r\n\r\n")
        sent = 0
        while sent < protocol.MOST_LINGERED * 20 and not client.writer.transport.is_closing():
            client.write(b"x" * 100_000)
            sent += 100_000
            await asyncio.sleep(0.001)  # as a network would: what is tested is how much gets through before the end
        assert sent < protocol.MOST_LINGERED * 20
        silent = await wire.open()
        silent.write(b"GET / HTTP/1.1\r\nHost : x\r\n\r\n")
        assert (await silent.read()).status == 400
        for _ in range(protocol.LINGER_TIMEOUT + 2):
            for one in wire.protocols:
                one.sweep()
        await until(lambda: wire.protocols == [])

    run(django, go)


# --- Host -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("target", "hosts"),
    [
        ("/livez", []), ("/nowhere", []), ("/v1/5a1e0000-0000-4000-8000-000000000001/gate.js", []),
        ("/api/v1/consents", []), ("/nowhere", ["a", "b"]),
    ],
)  # fmt: skip
def test_http_1_1_needs_one_host(world, target, hosts):
    lines = b"".join(b"Host: %s\r\n" % host.encode() for host in hosts)

    async def go(wire):
        for method in (b"GET", b"HEAD", b"POST"):
            for version, status in ((b"1.1", 400), (b"1.0", None))[: 1 if hosts else 2]:
                client = await wire.open()
                client.write(b"%s %s HTTP/%s\r\nX-A: b\r\n%s\r\n" % (method, target.encode(), version, lines))
                got = (await client.read("HEAD")).status
                assert (got == 400) is (status == 400)
        assert (await wire.ask("GET", "/livez")).status == 200

    run(django, go)


def test_another_asgi_server_s_requests_need_a_host_too(world):
    async def go():
        async with Running(Lane(django)) as lane:

            async def nameless(scope, receive, send):
                await lane(
                    scope | {"headers": [line for line in scope["headers"] if line[0] != b"host"]}, receive, send
                )

            return [(await ask(nameless, "GET", path)).status for path in ("/livez", "/nowhere")]

    assert asyncio.run(go()) == [400, 400]


def test_plain_wsgi_needs_a_host_too():
    told = []
    environ = {"SERVER_PROTOCOL": "HTTP/1.1", "REQUEST_METHOD": "GET", "PATH_INFO": "/livez"}
    assert list(django(environ, lambda status, headers: told.append(status))) == [NO_HOST.encode()]
    assert told == ["400 Bad Request"]


def test_a_client_that_resets_harms_nobody(world):
    async def go(wire):
        for _ in range(5):
            with socket.create_connection(("127.0.0.1", wire.port)) as client:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                client.sendall(b"GET / HTTP/1.1\r\nHost : x\r\n\r\n")
        await all_goes_on(wire)

    run(django, go)
