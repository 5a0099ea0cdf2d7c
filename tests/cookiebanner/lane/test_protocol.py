"""The fast path of the lane's own server: order, limits, hostile bytes, and the same answers as ASGI gives."""

from __future__ import annotations

import asyncio
import json
import threading
import uuid
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import cast

import pytest
import uvloop
from django.conf import settings
from django.db import connection

from consent.answers.intake import record
from consent.models import LogEntry, Site
from cookiebanner.lane import protocol
from cookiebanner.lane.app import Lane
from cookiebanner.lane.writer import Writer
from cookiebanner.visitors.published import published
from cookiebanner.wsgi import application as django
from tests import corpus
from tests.cookiebanner.lane.wire import Wire, request, until
from tests.cookiebanner.sample_releases import release, site
from tests.values import present

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.any_database]
CONSENTS = "/api/v1/consents"


def on_the_wire(go, writer=None):
    """Runs `go(wire)` beside a server of its own."""

    async def run():
        async with Wire(Lane(django, writer)) as wire:
            return await go(wire)

    return uvloop.run(run())


def held() -> tuple[Writer, threading.Event]:
    """A writer that commits nothing before the event is set."""
    go_on = threading.Event()

    def write(drafts):
        go_on.wait(20)
        return record(drafts)

    return Writer(write), go_on


@pytest.fixture
def shop():
    made = site()
    release(made)
    published.refresh()
    return made


@pytest.fixture
def world():
    return corpus.make_world()


def post(**changes) -> bytes:
    body = json.dumps(corpus.DATA["body"] | {"id": str(uuid.uuid4())} | changes).encode()
    return request("POST", CONSENTS, corpus.DATA["headers"].items(), body)


def test_a_remembered_script_is_the_right_one(shop, settings):
    settings.FAIRGATE_TRUSTED_PROXIES = [ip_network("127.0.0.1/32")]
    gate = f"/v1/{shop.uuid}/gate.js"
    etag = f'"{present(published.site(shop.uuid)).names["gate.eu_opt_in.js"][0][:32]}"'

    def case(country, encoding="identity", **more):
        return "GET", gate, [("CF-IPCountry", country), ("Accept-Encoding", encoding), *more.items()]

    async def go(wire):
        cases = [
            case("US", **{"CF-Region-Code": "CA"}), case("FR"), case("FR", "br"), case("FR", "gzip"),
            case("FR", **{"If-None-Match": etag}),
        ]  # fmt: skip
        first, second = [[await wire.ask(*asked) for asked in cases] for _ in range(2)]
        assert first == second
        regimes = [answer.headers["fairgate-regime"].partition(";")[0] for answer in second]
        assert regimes == ["us_ca", *["eu_opt_in"] * 4]
        assert [answer.status for answer in second] == [*[200] * 4, 304]
        assert [answer.headers.get("content-encoding") for answer in second] == [None, None, "br", "gzip", None]
        assert [len(answer.body) > 0 for answer in second] == [True, True, True, True, False]
        assert second[0].headers["date"] == "Sun, 22 Nov 2026 08:00:00 GMT"
        await asyncio.to_thread(publish_second)
        assert b"release 2" in (await wire.ask(*case("FR"))).body
        assert (await wire.ask(*cases[-1])).status == 200
        await asyncio.to_thread(switch_off)
        assert (await wire.ask(*case("FR"))).body == b""

    def publish_second():
        release(shop, 2)
        published.refresh()
        published.file(present(published.site(shop.uuid)), "gate.eu_opt_in.js")
        connection.close()

    def switch_off():
        Site.objects.filter(pk=shop.pk).update(killed_at=datetime.now(UTC))
        published.refresh()
        connection.close()

    on_the_wire(go)


def test_an_untrusted_peer_cannot_say_where_it_is(shop):
    async def go(wire):
        for country in ("US", "FR"):
            got = await wire.ask("GET", f"/v1/{shop.uuid}/gate.js", [("CF-IPCountry", country)])
            assert got.headers["fairgate-regime"].startswith("eu_opt_in;")

    on_the_wire(go)


def test_every_way_to_write_an_address_gets_the_script(shop):
    gate = f"/v1/{shop.uuid}/gate.js"

    async def go(wire):
        plain = await wire.ask("GET", gate)
        for other in (
            f"{gate}?a=b",
            gate.replace("gate", "g%61te"),
            f"http://testserver{gate}",
            f"/under/a/path{gate}",
        ):
            assert (other, (await wire.ask("GET", other))) == (other, plain)
        head = await wire.ask("HEAD", gate)
        assert (head.status, head.headers["etag"], head.body) == (200, plain.headers["etag"], b"")
        assert (await wire.ask("GET", f"/v1/{uuid.uuid4()}/gate.js")).headers["fairgate-status"] == "unknown site"
        assert (await wire.ask("GET", "/livez")).body == b'{"status": "ok"}'

    on_the_wire(go)


def test_pipelined_requests_are_answered_in_their_order(world, shop):
    requests = [
        ("POST", post()), ("GET", request("GET", f"/v1/{shop.uuid}/gate.js")), ("GET", request("GET", "/livez")),
        ("POST", post(release=99)), ("GET", request("GET", f"/v1/{shop.uuid}/gate.js")), ("POST", post()),
        ("GET", request("GET", "/nowhere")),
    ]  # fmt: skip

    async def go(wire):
        for whole in (True, False):
            client = await wire.open()
            text = b"".join(message for _, message in requests) if whole else b""
            client.write(text)
            if not whole:
                for byte in b"".join(message for _, message in requests[1:4]):
                    client.write(bytes([byte]))
                    await asyncio.sleep(0)
            got = [(await client.read(method)).status for method, _ in (requests if whole else requests[1:4])]
            assert got == ([201, 200, 200, 422, 200, 201, 404] if whole else [200, 200, 422])
            client.close()

    on_the_wire(go)
    assert LogEntry.objects.count() == 2


def test_many_wishes_for_another_protocol_in_one_chunk(world):
    wish = [("Connection", "Upgrade"), ("Upgrade", "h2c"), *corpus.DATA["headers"].items()]
    bodies = [json.dumps(corpus.DATA["body"] | {"id": str(uuid.uuid4())}).encode() for _ in range(100)]

    async def go(wire):
        client = await wire.open()
        client.write(b"".join(request("POST", CONSENTS, wish, body) for body in bodies))
        got = [await client.read() for _ in bodies]
        assert [answer.status for answer in got] == [201] * 100
        assert [json.loads(answer.body)["id"] for answer in got] == [json.loads(body)["id"] for body in bodies]

    on_the_wire(go)


def test_a_body_in_parts_or_in_chunks_is_one_body(world):
    whole = post()
    head, _, body = whole.partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.startswith(b"Content-Length")]
    chunks = b"%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n" % (10, body[:10], len(body) - 10, body[10:])

    async def go(wire):
        client = await wire.open()
        client.write(head + b"\r\n\r\n" + body[:30])
        await wire.arrived()
        client.write(body[30:])
        first = await client.read()
        client.write(b"\r\n".join([*lines, b"Transfer-Encoding: chunked", b"", b""]) + chunks)
        second = await client.read()
        assert (first.status, second.status) == (201, 200)
        assert json.loads(first.body) == json.loads(second.body)
        client.write(head + b"\r\nExpect: 100-continue\r\n\r\n")
        assert (await client.read()).status == 100
        client.write(body)
        assert (await client.read()).status == 200

    on_the_wire(go)


def test_a_body_that_is_too_large_is_refused_and_read_no_further_than_needed(world):
    async def go(wire):
        client = await wire.open()
        client.write(post(page="x" * 20_000))
        assert (await client.read()).status == 413
        client.write(post())
        assert (await client.read()).status == 201
        client.write(request("POST", CONSENTS, [*corpus.DATA["headers"].items(), ("Content-Length", 10**9)]))
        sent, got = 0, asyncio.ensure_future(client.read())
        while not got.done() and sent < 5_000_000:
            client.write(b"x" * 50_000)
            sent += 50_000
            await asyncio.sleep(0.01)  # as a network would: what is tested is how much gets through before the answer
        assert (await got).status == 413
        assert sent < 5_000_000

    on_the_wire(go)


@pytest.mark.parametrize(
    ("version", "headers", "stays"),
    [
        ("1.1", [], True), ("1.1", [("Connection", "close")], False), ("1.0", [], False),
        ("1.0", [("Connection", "keep-alive")], True),
        ("1.1", [("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", "h2c"), ("HTTP2-Settings", "AAMAAABk")], True),
        ("1.1", [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13")], True),
    ],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["script", "answer", "django"])
def test_the_connection_stays_when_it_should(world, shop, version, headers, stays, kind):
    stays = stays and not (version == "1.0" and kind == "django")  # uvicorn's own way

    async def go(wire):
        await wire.ask("GET", f"/v1/{shop.uuid}/gate.js")  # in memory from now on
        client = await wire.open()
        if kind == "answer":
            first, _, rest = post().partition(b"\r\n")
            more = "".join(f"{name}: {value}\r\n" for name, value in headers)
            client.write(first.replace(b"1.1", version.encode()) + b"\r\n" + more.encode() + rest)
        else:
            path = f"/v1/{shop.uuid}/gate.js" if kind == "script" else "/nowhere"
            client.write(request("GET", path, headers, version=version))
        got = await client.read()
        assert got.status == {"script": 200, "answer": 201, "django": 404}[kind]
        assert (got.headers.get("connection") == "close") is not stays
        if stays:
            assert (got.headers.get("connection") == "keep-alive") is (version == "1.0")
            client.write(request("GET", "/livez"))
            assert (await client.read()).status == 200
        else:
            assert await client.closed()

    on_the_wire(go)


@pytest.mark.parametrize(
    "hostile",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /api/v1/consents HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /api/v1/consents HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        b"POST /api/v1/consents HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /api/v1/consents HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"CONNECT shop.example:443 HTTP/1.1\r\nHost: shop.example\r\n\r\n",
        b"GET / HTTP/1.1\r\nOrigin: https://shop.example\r\n Set-Cookie: a\r\n\r\n",
    ],
)
def test_what_is_no_request_gets_400_and_the_end(world, hostile):
    async def go(wire):
        client = await wire.open()
        client.write(hostile)
        assert (await client.read()).status == 400
        assert await client.closed()
        client = await wire.open()  # behind an answer that is still to come, it ends the connection after that answer
        client.write(post() + hostile)
        assert (await client.read()).status == 201
        assert (await client.reader.read()).partition(b"\r\n")[0] in (b"", b"HTTP/1.1 400 Bad Request")

    on_the_wire(go)


def test_endless_headers_get_431(world):
    async def go(wire):
        client = await wire.open()
        client.write(b"GET / HTTP/1.1\r\n")
        for _ in range(2):
            client.write((b"A: " + b"x" * 1000 + b"\r\n") * 33)
            await asyncio.sleep(0.1)  # in parts; the server reads none after the one that is too much
        assert (await client.read()).status == 431
        assert await client.closed()

    on_the_wire(go)


def test_slow_and_silent_clients_are_ended_and_busy_ones_are_not(world):
    writer, go_on = held()

    async def go(wire):
        clients = [await wire.open() for _ in range(5)]
        silent, slow_head, slow_body, busy, used = clients
        slow_head.write(b"GET / HT")
        slow_body.write(post()[:-10])
        busy.write(post())
        used.write(request("GET", "/livez"))
        assert (await used.read()).status == 200
        await wire.arrived()
        assert len(wire.protocols) == 5

        def sweep(times):
            for _ in range(times):
                for one in wire.protocols:
                    one.sweep()

        sweep(protocol.HEAD_TIMEOUT + 1)
        assert (await slow_head.read()).status == 408
        used.write(request("GET", "/livez"))
        assert (await used.read()).status == 200
        sweep(protocol.IDLE_TIMEOUT - protocol.HEAD_TIMEOUT)
        assert await silent.closed()
        await until(lambda: len(wire.protocols) == 3)
        sweep(protocol.BODY_TIMEOUT - protocol.IDLE_TIMEOUT)
        assert (await slow_body.read()).status == 408
        sweep(100)
        go_on.set()
        assert (await busy.read()).status == 201

    on_the_wire(go, writer)


def test_a_client_that_takes_nothing_fills_no_memory(shop):
    gate = request("GET", f"/v1/{shop.uuid}/regime/us_ca/gate.js")

    async def go(wire):
        client = await wire.open()
        client.writer.transport.pause_reading()
        body = (await wire.ask("GET", f"/v1/{shop.uuid}/regime/us_ca/gate.js")).body
        wanted = 60_000_000 // len(body)
        for _ in range(wanted // 100):
            client.write(gate * 100)
            await asyncio.sleep(0)
        await asyncio.sleep(0.5)  # time to fill memory in, were there no bound
        [stuck] = [one for one in wire.protocols if one.transport.get_write_buffer_size()]
        assert stuck.transport.get_write_buffer_size() < 2_000_000
        for _ in range(protocol.STALL_TIMEOUT + 2):
            stuck.sweep()
        await until(lambda: stuck not in wire.protocols)

    on_the_wire(go)


def test_who_leaves_before_the_answer_harms_nobody(world):
    async def go(wire):
        for _ in range(5):
            client = await wire.open()
            client.write(post())
            client.writer.transport.abort()
        return (await wire.ask("POST", CONSENTS, corpus.DATA["headers"].items(), json.dumps(
            corpus.DATA["body"] | {"id": str(uuid.uuid4())}).encode())).status  # fmt: skip

    assert on_the_wire(go) == 201


def test_what_cannot_be_read_behind_a_waiting_answer_does_not_take_its_place(world):
    writer, go_on = held()

    async def go(wire):
        for target in ("http://testserver", "http://a:99999999/", "/\xff"):
            client = await wire.open()
            client.write(post() + request("GET", "/livez"))
            await wire.arrived()
            client.write(request("GET", target))
            await asyncio.sleep(0.1)  # time to be read, and to be answered too early
            go_on.set()
            assert [(await client.read()).status for _ in range(2)] == [201, 200]
            client.close()
            go_on.clear()

    on_the_wire(go, writer)


def test_trailers_are_no_headers_and_have_an_end(world):
    first, _, body = post().partition(b"\r\n\r\n")
    lines = [line for line in first.split(b"\r\n") if not line.lower().startswith((b"content-length", b"origin"))]
    head = b"\r\n".join([*lines, b"Transfer-Encoding: chunked", b"", b""])

    async def go(wire):
        client = await wire.open()
        client.write(head + b"%x\r\n%s\r\n0\r\nOrigin: https://shop.example\r\n\r\n" % (len(body), body))
        assert (await client.read()).status == 403
        client.write(head + b"0\r\n")
        for _ in range(3):
            await asyncio.sleep(0.05)  # in parts; the server reads none after the one that is too much
            client.write(b"a: b\r\n" * 5_000)
        assert (await client.read()).status == 431
        assert await client.closed()

    on_the_wire(go)


def test_a_request_gets_one_answer(world):
    async def go(wire):
        client = await wire.open()
        client.write(b"POST /nowhere HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n")
        await wire.arrived()
        client.write(b"zz\r\n")
        assert (await client.read()).status == 400
        assert await client.closed()

    on_the_wire(go)


def test_many_pipelined_scripts_are_all_answered(shop):
    gate = request("GET", f"/v1/{shop.uuid}/gate.js")

    async def go(wire):
        client = await wire.open()
        client.write(gate * 2000 + gate[:40])
        await asyncio.sleep(0.2)  # the rest comes while answers are written: nobody has read one yet, so no event tells
        client.write(gate[40:])
        for _ in range(2001):
            assert (await client.read()).status == 200

    on_the_wire(go)


def test_who_leaves_a_pipelined_download_frees_its_thread(world, shop):
    """More often than there are Django threads."""

    def downloads(environ, start_response):
        if environ["PATH_INFO"] == "/big":
            begun.append(1)
            start_response("200 OK", [("Content-Type", "application/octet-stream")])
            return (b"x" * 2**20 for _ in range(60))
        return django(environ, start_response)

    begun: list[int] = []

    async def run():
        async with Wire(Lane(downloads)) as wire:
            for _ in range(settings.FAIRGATE_THREADS + 1):
                begun.clear()
                client = await wire.open()
                cast(asyncio.Transport, client.writer.transport).pause_reading()
                client.write(request("GET", "/big") + request("GET", "/livez"))
                await until(lambda: begun)
                client.writer.transport.abort()
            assert (await wire.ask("GET", "/livez")).status == 200

    uvloop.run(run())
