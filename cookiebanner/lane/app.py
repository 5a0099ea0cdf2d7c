"""The ASGI application in front of Django: scripts from memory, answers in batches, all else to Django.

Django runs as WSGI on a bounded pool of lasting threads, so that its connections are bounded too.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import multiprocessing
import signal
import sys
from collections.abc import Awaitable, Callable, Hashable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from typing import Any

from a2wsgi import WSGIMiddleware
from django.conf import settings
from django.core.exceptions import SynchronousOnlyOperation
from django.db import DatabaseError, close_old_connections, connection

from consent.answers.errors import Refused
from consent.answers.published import view
from consent.jurisdictions.locate import UNKNOWN
from consent.sites.queries import host_of
from cookiebanner import endpoint
from cookiebanner.artifacts import respond as artifacts
from cookiebanner.counters import counters
from cookiebanner.delivery import Answer, Headers
from cookiebanner.facts import gather, trusted
from cookiebanner.lane.writer import Unavailable, Writer
from cookiebanner.onetrust import respond as onetrust
from cookiebanner.store import NotInMemory, Refresher, store

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
CONSENTS, IMPRESSIONS, REPORTS = "/api/v1/consents", "/api/v1/impressions", "/api/v1/reports"
READY = 4096  # finished scripts remembered
_EXPOSED = (b"access-control-expose-headers", ", ".join(settings.CORS_EXPOSE_HEADERS).encode())


class Lane:
    """One of them serves one process and one event loop."""

    def __init__(self, django: Any, writer: Writer | None = None) -> None:
        self._django = WSGIMiddleware(django, workers=settings.FAIRGATE_THREADS)
        self._blocking = ThreadPoolExecutor(2, thread_name_prefix="fairgate-lane")
        self._writer = writer or Writer()
        self._limit = settings.FAIRGATE_BODY_LIMIT
        self._refresher = Refresher(partial(view.refresh, 0.0))
        self._state: object = None
        self._ready: dict[Hashable, tuple[Message, Message]] = {}  # finished scripts, as long as `store` stays as it is

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            method, path = scope["method"], scope["path"]
            if method in ("GET", "HEAD"):
                respond = (artifacts.parse(path) and artifacts.respond) or (onetrust.parse(path) and onetrust.respond)
                if respond:
                    return await self._script(respond, scope, send)
            elif method == "POST":
                if path.endswith(CONSENTS):
                    return await self._consent(scope, receive, send)
                if path.endswith((IMPRESSIONS, REPORTS)):
                    return await self._count(path.rpartition("/")[2], scope, receive, send)
            return await self._django(scope, as_coroutine(receive), send)
        if scope["type"] == "lifespan":
            return await self._lifespan(receive, send)
        return await self._django(scope, receive, send)

    # --- scripts ----------------------------------------------------------------------------------------------------

    def _key(self, scope: Message) -> Hashable:
        """All of a request that decides which script it gets."""
        if self._state is not store.state:
            self._state, self._ready = store.state, {}
        accept = seen = b""
        for name, value in scope["headers"]:
            if name == b"accept-encoding":
                accept = accept + b"," + value if accept else value
            elif name == b"if-none-match":
                seen = seen + b"," + value if seen else value
        peer = peer_of(scope)
        place = gather(headers_of(scope["headers"]), peer) if settings.MMDB or trusted(peer) else UNKNOWN
        return scope["method"], scope["path"], accept, seen, place

    async def _script(self, respond: Callable[..., Answer | None], scope: Message, send: Send) -> None:
        key = self._key(scope)
        messages = self._ready.get(key) or await self._made(respond, scope, key)
        for message in messages:
            await send(message)

    async def _made(self, respond: Callable[..., Answer | None], scope: Message, key: Any) -> tuple[Message, Message]:
        asked = (scope["method"], scope["path"], headers_of(scope["headers"]), peer_of(scope))
        try:
            answer = respond(*asked, True)
        except NotInMemory:
            answer, key = await self._wait(respond, *asked), None
        answer = answer or Answer(404, [(b"content-length", b"0")], b"")
        if scope["method"] == "HEAD" and answer.body:
            answer = answer._replace(body=b"")
        messages = _messages(answer)
        if key and len(key[1]) + len(key[2]) + len(key[3]) < 500:
            if len(self._ready) >= READY:
                self._ready.clear()
            self._ready[key] = messages
        return messages

    # --- answers ----------------------------------------------------------------------------------------------------

    async def _consent(self, scope: Message, receive: Receive, send: Send) -> None:
        headers, peer = headers_of(scope["headers"]), peer_of(scope)
        body = await _body(receive, self._limit)
        origin = headers.get("origin")
        asked = (body, headers.get("content-type"), origin, headers, peer)
        try:
            try:
                prepared = endpoint.prepare(*asked)
            except SynchronousOnlyOperation:  # a site, a release or a host that is not in memory yet
                prepared = await self._wait(endpoint.prepare, *asked, True)
            future = self._writer.offer(prepared.draft)
            if future is None:
                raise endpoint.UNAVAILABLE
            status, content, more = endpoint.answer(prepared, await future)
        except Refused as refused:
            status, content, more = endpoint.refusal(refused)
        except (Unavailable, DatabaseError):
            status, content, more = endpoint.refusal(endpoint.UNAVAILABLE)
        await _send(send, _finished(status, _encoded(tuple(more.items())), content, origin))

    # --- counts -----------------------------------------------------------------------------------------------------

    async def _count(self, what: str, scope: Message, receive: Receive, send: Send) -> None:
        headers, peer = headers_of(scope["headers"]), peer_of(scope)
        body = await _body(receive, self._limit)
        try:
            answer = counters.take(what, headers, body, peer, memory_only=True)
        except NotInMemory:
            answer = await self._wait(counters.take, what, headers, body, peer)
        await _send(send, _finished(*answer, headers.get("origin")))

    # --- life -------------------------------------------------------------------------------------------------------

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self.start()
                await self._wait(_warm)
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await asyncio.get_running_loop().run_in_executor(None, self.end)
                await send({"type": "lifespan.shutdown.complete"})
                return

    def start(self) -> None:
        """Starts the threads that write, refresh and count. Call it in the loop that will serve."""
        _end_with_parent()
        _calm_garbage_collector()
        self._writer.start(asyncio.get_running_loop())
        self._refresher.start()
        counters.start()

    def end(self) -> None:
        """Writes all that was accepted. Blocks: not for the loop's thread."""
        self._writer.end()
        self._refresher.end()
        self._blocking.shutdown()
        self._django.executor.shutdown()
        counters.flush()
        connection.close()

    async def _wait(self, work: Callable[..., Any], *args: Any) -> Any:
        """Work that asks the database, on a thread of the lane's own."""
        return await asyncio.get_running_loop().run_in_executor(self._blocking, partial(_with_database, work, *args))


def _warm() -> None:
    """So that the first visitors need not wait; without a database they get what there is."""
    try:
        store.load_all()
        view.refresh()
    except DatabaseError:
        pass


def _end_with_parent() -> None:
    """A killed `manage.py serve` must not leave processes that hold its port (Linux; elsewhere nothing happens)."""
    if sys.platform == "linux" and multiprocessing.parent_process() is not None:
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def _calm_garbage_collector() -> None:
    """What stands at the start stays; requests make no cycles, so that looking for them often is for nothing."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def _with_database(work: Callable[..., Any], *args: Any) -> Any:
    close_old_connections()
    try:
        return work(*args)
    finally:
        close_old_connections()


def headers_of(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Names in lower case; repeated ones joined by a comma, as WSGI servers do."""
    pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in raw]
    headers = dict(pairs)
    if len(headers) != len(pairs):
        headers = {}
        for name, value in pairs:
            headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers


def peer_of(scope: Message) -> str:
    """The address of the other end of the connection; "" on a unix socket."""
    client = scope.get("client")
    return client[0] if client else ""


@lru_cache(64)
def _encoded(headers: tuple[tuple[str, str], ...]) -> Headers:
    return [(name.lower().encode(), value.encode()) for name, value in headers]


def _finished(status: int, headers: Headers, body: bytes, origin: str | None) -> Answer:
    """With the length and the CORS headers that django-cors-headers would add (settings CORS_…)."""
    headers = [*headers, (b"content-length", str(len(body)).encode()), (b"vary", b"origin")]
    if origin and (status < 300 or view.any_site_has(host_of(origin))):  # what was taken came from a site's host
        headers += [(b"access-control-allow-origin", origin.encode("latin-1")), _EXPOSED]
    return Answer(status, headers, body)


async def _body(receive: Receive, limit: int) -> bytes:
    """At most `limit` + 1 bytes of the body: one too many tells that it was too large."""
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return body
        body += message.get("body", b"")
        if len(body) > limit:
            return body[: limit + 1]
        if not message.get("more_body"):
            return body


def _messages(answer: Answer) -> tuple[Message, Message]:
    return (
        {"type": "http.response.start", "status": answer.status, "headers": answer.headers},
        {"type": "http.response.body", "body": answer.body, "more_body": False},
    )


async def _send(send: Send, answer: Answer) -> None:
    for message in _messages(answer):
        await send(message)


def as_coroutine(receive: Receive) -> Receive:
    """Granian's `receive` returns a future; a2wsgi hands it to another thread and needs a coroutine."""

    async def one() -> Message:
        return await receive()

    return one
