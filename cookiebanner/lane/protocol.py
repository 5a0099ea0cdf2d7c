"""HTTP/1.1 in front of the lane: uvicorn's protocol, with a fast path for scripts and small POSTs.

httptools parses, uvicorn keeps order among pipelined requests and runs ASGI for everything else. What the lane can
answer without a coroutine is written as soon as its request is complete: half the CPU of the way through ASGI
(docs/decisions/0013). Slow and greedy clients are ended by one timer for all connections of a process.

Every line of `data_received`, `on_…` and `_write` runs for every request: they ask no clock, no setting, and decode
nothing that they need not.

tests/cookiebanner/lane/test_uvicorn.py names all that is leaned on here and that uvicorn promises to nobody; with
FAIRGATE_PROTOCOL=stock a server does without this file.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any, final
from weakref import WeakKeyDictionary

import httptools
from django.conf import settings
from uvicorn.protocols.http.flow_control import service_unavailable
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from cookiebanner.lane.app import Lane, Post, PreparedResponse, head_of, headers_of
from cookiebanner.lane.http import DRAIN, KEEP_ALIVE_TIMEOUT, NO_HOST, has_one_host, plain_text_error, send_response
from cookiebanner.visitors.delivery import Headers, RawResponse
from cookiebanner.visitors.door import MOST_FIELDS, SMALL, head_refusal
from cookiebanner.visitors.proxies import UNIX, UNKNOWN, trusted

SWEEP = 5  # seconds; what is counted in sweeps below may take one more
IDLE_TIMEOUT = KEEP_ALIVE_TIMEOUT // SWEEP  # sweeps that a connection may be silent between requests
HEAD_TIMEOUT = 30 // SWEEP  # sweeps for a request's headers
BODY_TIMEOUT = 120 // SWEEP  # sweeps for a whole request
STALL_TIMEOUT = 300 // SWEEP  # sweeps that a client may take nothing of what waits for it
# Bytes of a request in parts, before its headers end: what is kept in memory of a client that never ends them.
# What has come whole is held to `LARGEST_HEAD` of `visitors/door.py`, which counts names and values only.
LARGEST_UNFINISHED_HEAD = 65_536
MOST_DROPPED = 1_048_576  # bytes of a too large body that are read, so that its sender can read why it was refused
LINGER_TIMEOUT = 2  # sweeps in which the rest of a refused request is read, so that its sender gets to read why
MOST_LINGERED = 4_194_304  # bytes of that rest
MOST_TASKS = 1024  # requests under way in ASGI in one process; a full queue of answers is refused before that
BETWEEN_REQUESTS, READING_HEAD, READING_BODY, CLOSING = range(4)
# How a head ends, and whether the connection does; HTTP/1.0 wants to be told that it stays.
KEEP_ALIVE, KEEP_ALIVE_1_0, CLOSE = b"\r\n", b"connection: keep-alive\r\n\r\n", b"connection: close\r\n\r\n"
SWEEPING: WeakKeyDictionary[ServerState, asyncio.TimerHandle] = WeakKeyDictionary()  # one timer a server
log = logging.getLogger("fairgate")


@final
class FastPost:
    """A POST on the fast path. It stands where uvicorn keeps the cycle of a request that is being answered."""

    __slots__ = ("body", "disconnected", "ending", "handler", "keep_alive", "limit", "read", "response_complete")
    message_event = SimpleNamespace(set=lambda: None)  # uvicorn wakes a cycle by it when the client has gone

    def __init__(self, handler: Post, ending: bytes, limit: int) -> None:
        self.handler: Post | None = handler  # None once it has been called
        self.ending, self.limit = ending, limit  # limit: bytes of a body
        self.keep_alive = True  # uvicorn takes it away when the server ends
        self.body, self.read = b"", 0
        self.response_complete = self.disconnected = False


UPGRADE = PreparedResponse(RawResponse(0, [], b""), b"")  # stands for "to be read once more": see `_without_upgrade`


class Protocol(HttpToolsProtocol):
    """One connection. `config.loaded_app` may be a Lane or any ASGI application, which then gets all requests."""

    # Slots, since beyond thirty attributes Python looks them up in a slower way.
    __slots__ = (
        "_age", "_ending", "_fast_path", "_lane", "_locatable", "_peer", "_read", "_running", "_shutting_down", "_size",
        "_stage", "_stalled", "_unsent",
    )  # fmt: skip
    _default_headers: Any = None  # uvicorn's list of default headers (Date), a new one each second, and its lines
    _default_header_lines = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)  # type: ignore[arg-type]
        self._peer = self.client[0] if self.client else _peer_without_address(transport)
        self._locatable = bool(settings.MMDB) or trusted(self._peer)  # its requests may say where they come from
        self._lane = self.app if isinstance(self.app, Lane) else None
        self._shutting_down = False  # the server ends: no time for clients that go on sending
        self._stage = BETWEEN_REQUESTS  # of the request that is being read
        self._fast_path: PreparedResponse | FastPost | None = None  # how it is answered, if not by uvicorn
        self._ending = KEEP_ALIVE
        self._running: RequestResponseCycle | None = None  # the request that uvicorn answers now
        self._read = 0  # bytes of the reads that the request's head came in
        self._size = 0  # bytes that were neither body nor the end of a request; -1: some of this read were
        self._age = 0  # sweeps since something happened, or since the request began
        self._unsent = self._stalled = 0  # bytes that wait for the client, and sweeps in which it took none of them
        if self.server_state not in SWEEPING:
            SWEEPING[self.server_state] = self.loop.call_later(SWEEP, _sweep, self.loop, self.server_state)

    # --- reading ----------------------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        if self.timeout_keep_alive_task is not None:
            self._unset_keepalive_if_required()
        try:
            while data:
                data = self._parse(data)
        except httptools.HttpParserCallbackError:
            log.exception("A request could not be answered.")
            self._stop_reading()
        except httptools.HttpParserError:
            self._respond_error(400, "Invalid HTTP request received.")

    def _parse(self, data: bytes) -> bytes:
        """What must be read once more."""
        self._read = self._read + len(data) if self._stage == READING_HEAD else len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as stopped:
            return self._without_upgrade(data[stopped.args[0] :])
        if self._stage:  # it came in parts
            self._in_parts(len(data))
        return b""

    def _in_parts(self, size: int) -> None:
        if self._size < 0:
            self._size = 0
        else:  # headers, trailers or chunk extensions
            self._size += size
            if self._size > LARGEST_UNFINISHED_HEAD:
                self._respond_error(431, "The headers are too large.")
                return
        if self._stage == READING_BODY and self._fast_path is not None and _expects_continue(self.headers):
            self.headers = [header for header in self.headers if header[0] != b"expect"]
            if self.parser.get_http_version() == "1.1" and not self.flow.write_paused:
                self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _without_upgrade(self, rest: bytes) -> bytes:
        """A request that asks for another protocol (h2c, WebSocket) as one that does not, and what came behind it.

        RFC 9110 §7.8 lets us. The parser took its body for that protocol, so a new one reads it again.
        """
        method, version = self.parser.get_method(), self.parser.get_http_version().encode()
        if method == b"CONNECT":
            self._respond_error(400, "Invalid HTTP request received.")
            return b""
        lines = [name + b": " + value + b"\r\n" for name, value in self.headers if name != b"upgrade"]
        self.parser = httptools.HttpRequestParser(self)
        return b"%s %s HTTP/%s\r\n%s\r\n%s" % (method, self.url, version, b"".join(lines), rest)

    def on_message_begin(self) -> None:
        self.url = b""
        self.headers = []
        self._stage = READING_HEAD
        self._fast_path = None
        self._age = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._stage == READING_HEAD:  # else a trailer, which must not count as a header: RFC 9110 §6.5.1
            self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self._stage = READING_BODY
        parser, cycle, lane = self.parser, self.cycle, self._lane
        if parser.should_upgrade():
            self._fast_path = UPGRADE
            return
        if not parser.should_keep_alive():
            self._ending = CLOSE
        else:
            self._ending = KEEP_ALIVE if parser.get_http_version() == "1.1" else KEEP_ALIVE_1_0
        # A head that may be too large goes to the lane's door, which looks at it.
        small = self._read <= SMALL and len(self.headers) <= MOST_FIELDS
        # Answers leave in the order of their requests: while another one is under way, uvicorn queues.
        if (
            lane is not None
            and (cycle is None or cycle.response_complete)
            and not self.flow.write_paused
            and (small or head_refusal(len(self.url), self.headers) is None)
        ):
            method = parser.get_method()
            # Nearly all send Host first; nothing here depends on it, so that a second one is not looked for.
            if (not self.headers or self.headers[0][0] != b"host") and not has_one_host(self.headers):
                pass  # HTTP/1.0 may, HTTP/1.1 is refused in its turn
            elif method == b"GET":
                self._fast_path = lane.script(self.url, self.headers, self._peer, self._locatable)
                if self._fast_path is not None:
                    return
            elif method == b"POST":
                handler = lane.post(self.url.partition(b"?")[0].decode("latin-1"))
                if handler:
                    self.cycle = self._fast_path = FastPost(handler, self._ending, lane.limit)  # type: ignore[assignment]
                    return
        self._through_asgi()

    def _through_asgi(self) -> None:
        headers, url, app = self.headers, self.url, self.app
        super().on_message_begin()
        for name, value in headers:
            super().on_header(name, value)
        self.url = _target(url)
        if not self.url:
            self.url, self.app = b"/", error_application(400, "Invalid HTTP request received.")
        elif not has_one_host(headers) and self.parser.get_http_version() == "1.1":
            self.app = error_application(400, NO_HOST)
        try:
            super().on_headers_complete()
        finally:
            self.app = app
        self.cycle.transport = LingeringTransport(self)  # type: ignore[assignment]

    def on_body(self, body: bytes) -> None:
        self._size = -1
        post = self._fast_path
        if post is None:
            super().on_body(body)
        elif type(post) is FastPost:
            post.read += len(body)
            if len(post.body) <= post.limit:
                post.body = post.body + body if post.body else body
            if post.read > MOST_DROPPED and post.handler:
                post.keep_alive = False
                self._handle_post(post, post.handler)

    def on_message_complete(self) -> None:
        fast_path = self._fast_path
        if fast_path is UPGRADE:
            return
        self._stage, self._size = BETWEEN_REQUESTS, -1
        if fast_path is None:
            super().on_message_complete()
        elif type(fast_path) is FastPost:
            if fast_path.handler:
                self._handle_post(fast_path, fast_path.handler)
        else:
            self._write(fast_path.head, fast_path.response.body, self._ending)

    def _handle_post(self, post: FastPost, handler: Post) -> None:
        post.handler = None
        body = post.body[: post.limit + 1]
        try:
            handler(body, headers_of(self.headers), self._peer, partial(self._on_response, post))
        except BaseException:
            post.response_complete = True  # nobody will tell it
            raise

    # --- answering --------------------------------------------------------------------------------------------------

    def _on_response(self, post: FastPost, finished: PreparedResponse) -> None:
        if post.response_complete:
            return
        post.response_complete = True
        self._age = 0
        self._write(finished.head, finished.response.body, post.ending if post.keep_alive else CLOSE)
        if self.pipeline:
            self.on_response_complete()

    def _write(self, head: bytes, body: bytes, ending: bytes) -> None:
        transport = self.transport
        if transport.is_closing():
            return
        given = self.server_state.default_headers
        if given is not Protocol._default_headers:
            Protocol._default_headers = given
            Protocol._default_header_lines = b"".join([name + b": " + value + b"\r\n" for name, value in given])
        if self._stage == CLOSING:
            return
        transport.write(b"".join((head, Protocol._default_header_lines, ending, body)))
        if ending is CLOSE:
            self.close_lingering()

    def on_response_complete(self) -> None:
        if self._stage == CLOSING:
            self.server_state.total_requests += 1
            return
        self._age = 0
        super().on_response_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Callable[..., Any]) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app if len(self.tasks) < MOST_TASKS else service_unavailable)

    # --- ending -----------------------------------------------------------------------------------------------------

    def close_lingering(self) -> None:
        """Ends the connection after what was written.

        A connection that is closed while its client still sends is reset, and the reset destroys what the client has
        not read: why it was refused. So we say that no more comes, and read a bounded rest for nobody.
        """
        transport = self.transport
        if transport.is_closing() or (self._shutting_down and self._stage == BETWEEN_REQUESTS):
            transport.close()
            return
        self._stage, self._age = CLOSING, 0
        for cycle in (self.cycle, self._running):
            if cycle is not None and not cycle.response_complete:  # nobody takes its answer
                cycle.disconnected = True
                cycle.message_event.set()
        self.pipeline.clear()
        self.flow.resume_reading()
        transport.set_protocol(DiscardingProtocol(self))
        try:
            transport.write_eof()
        except (OSError, RuntimeError):  # the client has gone
            transport.close()

    def _stop_reading(self) -> None:
        """Reads no more; what is being answered is answered."""
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()
        else:
            self.cycle.keep_alive = False
            self.flow.pause_reading()

    def _respond_error(self, status: int, why: str) -> None:
        """Ends the connection, and says why when it is this request's turn; earlier ones are answered first."""
        cycle = self.cycle
        # While a body is read, `cycle` is that of the request itself.
        own = self._stage == READING_BODY and type(self._fast_path) is not PreparedResponse
        if own and type(cycle) is RequestResponseCycle and cycle.response_started:
            self.transport.close()  # its answer is on its way, or was given
        elif own and self.pipeline:
            self.pipeline[0] = (cycle, error_application(status, why))
            self._stop_reading()
        elif cycle is not None and not cycle.response_complete and not own:
            self._stop_reading()
        else:
            if type(self._fast_path) is FastPost:
                self._fast_path.response_complete = True
            response = plain_text_error(status, why)
            self._write(head_of(response), response.body, CLOSE)

    def connection_lost(self, exc: Exception | None) -> None:
        # uvicorn tells the last request only; the one that is answered would write to nobody for ever.
        if self._running is not None and not self._running.response_complete:
            self._running.disconnected = True
            self._running.message_event.set()
        self.pipeline.clear()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        self._shutting_down = True
        super().shutdown()
        # Before uvicorn cancels its task: a Django thread that waits for a cancelled task waits for ever.
        self.loop.call_later(DRAIN - 3, self.transport.abort)

    def sweep(self) -> None:
        """Ends a connection that has been silent, reading a request or taking an answer for too long."""
        self._age += 1
        unsent = self.transport.get_write_buffer_size()
        self._stalled = self._stalled + 1 if unsent and unsent == self._unsent else 0
        self._unsent = unsent
        if self._stalled > STALL_TIMEOUT:
            self.transport.abort()
        elif self._stage == CLOSING:
            if unsent:
                self._age = 0
            elif self._age > LINGER_TIMEOUT:
                self.transport.close()
        elif self._stage == BETWEEN_REQUESTS:
            if self._age > IDLE_TIMEOUT and (self.cycle is None or self.cycle.response_complete):
                self.transport.close()
        elif self._age > (HEAD_TIMEOUT if self._stage == READING_HEAD else BODY_TIMEOUT) and not self.flow.read_paused:
            self._respond_error(408, "The request took too long.")


class LingeringTransport:
    """The transport as uvicorn's cycle sees it: it closes it as soon as it has answered."""

    __slots__ = ("_protocol", "is_closing", "write")

    def __init__(self, protocol: Protocol) -> None:
        self._protocol = protocol
        self.write, self.is_closing = protocol.transport.write, protocol.transport.is_closing

    def close(self) -> None:
        self._protocol.close_lingering()


class DiscardingProtocol(asyncio.Protocol):
    """What is left of a connection that we have ended: its client may finish its request, and read our answer."""

    def __init__(self, protocol: Protocol) -> None:
        self._protocol, self._left = protocol, MOST_LINGERED

    def data_received(self, data: bytes) -> None:
        self._left -= len(data)
        if self._left < 0:
            self._protocol.transport.close()

    def pause_writing(self) -> None:
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        self._protocol.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        self._protocol.connection_lost(exc)


def error_application(status: int, why: str) -> Callable[..., Any]:
    """An ASGI application that refuses a request whose turn comes later."""

    async def application(scope: Any, receive: Any, send: Callable[..., Any]) -> None:
        response = plain_text_error(status, why)
        await send_response(send, response._replace(headers=[*response.headers, (b"connection", b"close")]))

    return application


def _peer_without_address(transport: asyncio.BaseTransport) -> str:
    """A unix socket has none; a client that has gone already hides its own."""
    of = transport.get_extra_info("socket")
    return UNIX if of is not None and of.family == socket.AF_UNIX else UNKNOWN


def _target(url: bytes) -> bytes:
    """The request target as uvicorn can read it; empty when it is none."""
    try:
        return (url if httptools.parse_url(url).path else b"/") if url.isascii() else b""
    except httptools.HttpParserInvalidURLError:
        return b""


def _expects_continue(headers: Headers) -> bool:
    return any(name == b"expect" and value.lower() == b"100-continue" for name, value in headers)


def _sweep(loop: asyncio.AbstractEventLoop, state: ServerState) -> None:
    SWEEPING[state] = loop.call_later(SWEEP, _sweep, loop, state)
    for protocol in list(state.connections):
        if isinstance(protocol, Protocol):
            protocol.sweep()
