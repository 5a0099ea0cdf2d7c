"""HTTP/1.1 in front of the lane: uvicorn's protocol, with a short way for scripts and small POSTs.

httptools parses, uvicorn keeps order among pipelined requests and runs ASGI for everything else. What the lane can
answer without a coroutine is written as soon as its request is complete: half the CPU of the way through ASGI
(docs/decisions/0013). Slow and greedy clients are ended by one timer for all connections of a process.

Every line of `data_received`, `on_…` and `_write` runs for every request: they ask no clock, no setting, and decode
nothing that they need not.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import httptools
from django.conf import settings
from uvicorn.protocols.http.flow_control import service_unavailable
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from cookiebanner.delivery import Answer, Headers
from cookiebanner.facts import trusted
from cookiebanner.lane.app import Finished, Lane, Post, head_of, headers_of, send_answer

SWEEP = 5  # seconds; what is counted in sweeps below may take one more
IDLE = 75 // SWEEP  # sweeps that a connection may be silent between requests; proxies keep theirs shorter (nginx: 60 s)
HEAD = 30 // SWEEP  # sweeps for a request's headers
BODY = 120 // SWEEP  # sweeps for a whole request
STALLED = 300 // SWEEP  # sweeps that a client may take nothing of what waits for it
LARGEST_HEAD = 65_536  # bytes of a request that came in parts, before its headers end
MOST_DROPPED = 1_048_576  # bytes of a too large body that are read, so that its sender can read why it was refused
MOST_TASKS = 1024  # requests under way in ASGI in one process; a full queue of answers is refused before that
BETWEEN, READING_HEAD, READING_BODY = range(3)
# How a head ends, and whether the connection does; HTTP/1.0 wants to be told that it stays.
STAYS, STAYS_1_0, CLOSES = b"\r\n", b"connection: keep-alive\r\n\r\n", b"connection: close\r\n\r\n"
log = logging.getLogger("fairgate")


class Posted:
    """A POST on the short way. It stands where uvicorn keeps the cycle of a request that is being answered."""

    __slots__ = ("body", "disconnected", "ending", "handler", "keep_alive", "read", "response_complete")
    message_event = SimpleNamespace(set=lambda: None)  # uvicorn wakes a cycle by it when the client has gone

    def __init__(self, handler: Post, ending: bytes) -> None:
        self.handler: Post | None = handler  # None once it has been called
        self.ending = ending
        self.keep_alive = True  # uvicorn sets it when the server ends
        self.body, self.read = b"", 0
        self.response_complete = self.disconnected = False


UPGRADE = Finished(Answer(0, [], b""), b"")  # stands for "to be read once more": see `_plain`


class Protocol(HttpToolsProtocol):
    """One connection. `config.loaded_app` may be a Lane or any ASGI application, which then gets all requests."""

    # Slots, since beyond thirty attributes Python looks them up in a slower way.
    __slots__ = ("_age", "_ending", "_lane", "_peer", "_placed", "_quick", "_size", "_stage", "_stalled")
    _given: Any = None  # uvicorn's list of default headers (Date), a new one each second, and its lines
    _lines = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)  # type: ignore[arg-type]
        self._peer = self.client[0] if self.client else ""
        self._placed = bool(settings.MMDB) or trusted(self._peer)  # its requests may say where they come from
        self._lane = self.app if isinstance(self.app, Lane) else None
        self._stage = BETWEEN  # of the request that is being read
        self._quick: Finished | Posted | None = None  # how it is answered, if not by uvicorn
        self._ending = STAYS
        self._size = 0  # bytes that came before its headers ended
        self._age = 0  # sweeps since something happened, or since the request began
        self._stalled = -1  # sweeps since we wait for the client to take what was written; -1: we don't
        if not hasattr(self.server_state, "sweeping"):
            self.server_state.sweeping = self.loop.call_later(SWEEP, _sweep, self.loop, self.server_state)

    # --- reading ----------------------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        if self.timeout_keep_alive_task is not None:
            self._unset_keepalive_if_required()
        try:
            while data:
                data = self._fed(data)
        except httptools.HttpParserCallbackError:
            if self.url.isascii():
                log.exception("A request could not be answered.")
                self._refuse(500, "Internal Server Error")
            else:
                self._refuse(400, "Invalid HTTP request received.")
        except httptools.HttpParserError:
            self._refuse(400, "Invalid HTTP request received.")

    def _fed(self, data: bytes) -> bytes:
        """What must be read once more."""
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as stopped:
            return self._plain(data[stopped.args[0] :])
        if self._stage:  # it came in parts
            self._in_parts(len(data))
        return b""

    def _in_parts(self, size: int) -> None:
        if self._stage == READING_HEAD:
            self._size += size
            if self._size > LARGEST_HEAD:
                self._refuse(431, "The headers are too large.")
        elif type(self._quick) is Posted and not self._quick.read and _expects(self.headers):
            self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _plain(self, rest: bytes) -> bytes:
        """A request that asks for another protocol (h2c, WebSocket) as one that does not, and what came behind it.

        RFC 9110 §7.8 lets us. The parser took its body for that protocol, so a new one reads it again.
        """
        method = self.parser.get_method()
        if method == b"CONNECT":
            self._refuse(400, "Invalid HTTP request received.")
            return b""
        lines = [name + b": " + value + b"\r\n" for name, value in self.headers if name != b"upgrade"]
        self.parser = httptools.HttpRequestParser(self)
        return b"%s %s HTTP/1.1\r\n%s\r\n%s" % (method, self.url, b"".join(lines), rest)

    def on_message_begin(self) -> None:
        self.url = b""
        self.headers = []
        self._stage = READING_HEAD
        self._quick = None
        self._age = self._size = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        self._stage = READING_BODY
        parser, cycle, lane = self.parser, self.cycle, self._lane
        if parser.should_upgrade():
            self._quick = UPGRADE
            return
        if not parser.should_keep_alive():
            self._ending = CLOSES
        else:
            self._ending = STAYS if parser.get_http_version() == "1.1" else STAYS_1_0
        # Answers leave in the order of their requests: while another one is under way, uvicorn queues.
        if lane is not None and (cycle is None or cycle.response_complete) and not self.flow.write_paused:
            method = parser.get_method()
            if method == b"GET":
                self._quick = lane.script(self.url, self.headers, self._peer, self._placed)
                if self._quick is not None:
                    return
            elif method == b"POST":
                handler = lane.post(self.url.partition(b"?")[0].decode("latin-1"))
                if handler:
                    self.cycle = self._quick = Posted(handler, self._ending)  # type: ignore[assignment]
                    return
        self._through_asgi()

    def _through_asgi(self) -> None:
        headers, url = self.headers, self.url
        super().on_message_begin()
        for name, value in headers:
            super().on_header(name, value)
        self.url = url
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        post = self._quick
        if post is None:
            super().on_body(body)
        elif type(post) is Posted:
            post.read += len(body)
            if len(post.body) <= self._lane.limit:
                post.body = post.body + body if post.body else body
            if post.read > MOST_DROPPED and post.handler:
                post.keep_alive = False
                self._take(post)

    def on_message_complete(self) -> None:
        quick = self._quick
        if quick is UPGRADE:
            return
        self._stage = BETWEEN
        if quick is None:
            super().on_message_complete()
        elif type(quick) is Posted:
            if quick.handler:
                self._take(quick)
        else:
            self._write(quick.head, quick.answer.body, self._ending)

    def _take(self, post: Posted) -> None:
        handler, post.handler = post.handler, None
        body = post.body[: self._lane.limit + 1]
        handler(body, headers_of(self.headers), self._peer, partial(self._told, post))

    # --- answering --------------------------------------------------------------------------------------------------

    def _told(self, post: Posted, finished: Finished) -> None:
        if post.response_complete:
            return
        post.response_complete = True
        self._age = 0
        self._write(finished.head, finished.answer.body, post.ending if post.keep_alive else CLOSES)
        if self.pipeline:
            self.on_response_complete()

    def _write(self, head: bytes, body: bytes, ending: bytes) -> None:
        transport = self.transport
        if transport.is_closing():
            return
        given = self.server_state.default_headers
        if given is not Protocol._given:
            Protocol._given = given
            Protocol._lines = b"".join([name + b": " + value + b"\r\n" for name, value in given])
        transport.write(b"".join((head, Protocol._lines, ending, body)))
        if ending is CLOSES:
            transport.close()

    def on_response_complete(self) -> None:
        self._age = 0
        super().on_response_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Callable[..., Any]) -> None:
        super()._start_asgi_task(cycle, app if len(self.tasks) < MOST_TASKS else service_unavailable)

    # --- ending -----------------------------------------------------------------------------------------------------

    def _last_request(self) -> None:
        """Reads no more; what is being answered is answered."""
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()
        else:
            self.cycle.keep_alive = False
            self.flow.pause_reading()

    def _refuse(self, status: int, why: str) -> None:
        """Ends the connection, and says why when it is this request's turn; earlier ones are answered first."""
        cycle = self.cycle
        # While a body is read, `cycle` is that of the request itself.
        own = self._stage == READING_BODY and type(self._quick) is not Finished
        if own and self.pipeline:
            self.pipeline[0] = (cycle, refusal(status, why))
            self._last_request()
        elif cycle is not None and not cycle.response_complete and not own:
            self._last_request()
        else:
            if type(self._quick) is Posted:
                self._quick.response_complete = True
            answer = refused(status, why)
            self._write(head_of(answer), answer.body, CLOSES)

    def pause_writing(self) -> None:
        self._stalled = 0
        super().pause_writing()

    def resume_writing(self) -> None:
        self._stalled = -1
        super().resume_writing()

    def sweep(self) -> None:
        """Ends a connection that has been silent, reading a request or taking an answer for too long."""
        self._age += 1
        if self._stalled >= 0:
            self._stalled += 1
        if self._stalled > STALLED:
            self.transport.abort()
        elif self._stage == BETWEEN:
            if self._age > IDLE and (self.cycle is None or self.cycle.response_complete):
                self.transport.close()
        elif self._age > (HEAD if self._stage == READING_HEAD else BODY) and not self.flow.read_paused:
            self._refuse(408, "The request took too long.")


def refused(status: int, why: str) -> Answer:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(why))]
    return Answer(status, headers, why.encode())


def refusal(status: int, why: str) -> Callable[..., Any]:
    """An ASGI application that refuses a request whose turn comes later."""

    async def application(scope: Any, receive: Any, send: Callable[..., Any]) -> None:
        await send_answer(send, refused(status, why))

    return application


def _expects(headers: Headers) -> bool:
    return any(name == b"expect" and value.lower() == b"100-continue" for name, value in headers)


def _sweep(loop: asyncio.AbstractEventLoop, state: Any) -> None:
    for protocol in list(state.connections):
        protocol.sweep()
    state.sweeping = loop.call_later(SWEEP, _sweep, loop, state)
