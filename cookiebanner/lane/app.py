"""The ASGI application in front of Django: scripts from memory, answers in batches, all else to Django.

Django runs as WSGI on a bounded pool of lasting threads (`threads.py`), so that its connections are bounded too.

What is hot, `script` and the handlers of `post`, needs no coroutine: it answers at once or tells later. Any ASGI server
gets these answers through `__call__`; our own (`protocol.py`) asks for them without a task a request.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
from collections.abc import Callable, Hashable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import lru_cache, partial
from http import HTTPStatus
from typing import Any, NamedTuple, TypeVar

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connection

from consent.answers.errors import RejectedSubmission
from consent.ledger.append import Outcome
from consent.sites.origins import origin_host
from cookiebanner import health
from cookiebanner.artifacts import respond as artifacts
from cookiebanner.health import ReadinessReport
from cookiebanner.lane.http import NO_HOST, Message, Receive, Send, has_one_host, plain_text_error, send_response
from cookiebanner.lane.limits import Limits
from cookiebanner.lane.threads import Threads
from cookiebanner.lane.writer import Unavailable, Writer
from cookiebanner.onetrust import respond as onetrust
from cookiebanner.visitors import consents, door, rate_limit
from cookiebanner.visitors.counts import counters
from cookiebanner.visitors.delivery import Headers, RawResponse, wishes
from cookiebanner.visitors.place import place_of
from cookiebanner.visitors.proxies import peer_of
from cookiebanner.visitors.published import NotInMemory, Refresher, published
from cookiebanner.visitors.redis_limit import Reply

Responder = Callable[..., RawResponse | None]
T = TypeVar("T")
OnResponse = Callable[["PreparedResponse"], None]
Post = Callable[[bytes, dict[str, str], str, OnResponse], None]
CONSENTS, IMPRESSIONS, REPORTS = "/api/v1/consents", "/api/v1/impressions", "/api/v1/reports"
READYZ_TIMEOUT = 2.5  # seconds that `/readyz` waits for the database
MOST_REMEMBERED = 2048  # responses with scripts
LONGEST_KEY = 400  # characters; nothing is remembered by a longer key
NOT_FOUND = RawResponse(404, [(b"content-length", b"0")], b"")
STATUS = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}
_EXPOSED = (b"access-control-expose-headers", ", ".join(settings.CORS_EXPOSE_HEADERS).encode())
log = logging.getLogger("fairgate")


class PreparedResponse(NamedTuple):
    """A response that can be sent, and its head as HTTP/1.1 writes it."""

    response: RawResponse
    head: bytes


class Lane:
    """One of them serves one process and one event loop."""

    def __init__(self, django: Any, writer: Writer | None = None) -> None:
        self._django = Threads(django, settings.FAIRGATE_THREADS)
        self._blocking = ThreadPoolExecutor(2, thread_name_prefix="fairgate-lane")
        self._readiness_check: asyncio.Future[ReadinessReport] | None = None
        self._writer = writer or Writer()
        self._limits = Limits(rate_limit.shared) if rate_limit.shared else None
        self.limit = settings.FAIRGATE_BODY_LIMIT
        self._refresher = Refresher()
        self._generation: object = None
        # Responses with scripts, as long as `published` stays as it is.
        self._remembered: dict[Hashable, PreparedResponse] = {}

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            method, path = scope["method"], scope["path"]
            too_large = door.head_refusal(len(path) + len(scope.get("query_string", b"")), scope["headers"])
            if too_large is not None:
                return await send_response(send, problem(too_large))
            if scope["http_version"] == "1.1" and not has_one_host(scope["headers"]):
                return await send_response(send, plain_text_error(400, NO_HOST))
            if method in ("GET", "HEAD"):
                if path in health.PATHS:
                    response = self.health(path) or await self._readiness()
                    return await send_response(send, response._replace(body=b"") if method == "HEAD" else response)
                if responder := script_of(path):
                    asked = partial(responder, method, path, headers_of(scope["headers"]), peer_of(scope))
                    query = scope.get("query_string", b"").decode("latin-1")
                    return await send_response(send, await self._script(partial(asked, query=query), method))
            elif method == "POST" and (handler := self.post(path)):
                return await self._posted(handler, scope, receive, send)
            return await self._django(scope, receive, send)
        if scope["type"] == "lifespan":
            return await self._lifespan(receive, send)
        return await self._django(scope, receive, send)

    # --- scripts ----------------------------------------------------------------------------------------------------

    def script(self, target: bytes, headers: Headers, peer: str, locatable: bool) -> PreparedResponse | None:
        """The script that a GET gets; None when the target is no script's or memory does not have it.

        `target` is that of the request line, `headers` have names in lower case; `locatable`: they may say where the
        visitor is. What decides which script it is, is the key under which it is remembered.
        """
        if self._generation is not published.generation:
            self._generation, self._remembered = published.generation, {}
        accept = seen = spoken = b""
        for name, value in headers:
            if name == b"accept-encoding":
                accept = accept + b"," + value if accept else value
            elif name == b"if-none-match":
                seen = seen + b"," + value if seen else value
            elif name == b"accept-language":
                spoken = spoken + b"," + value if spoken else value
        path, _, query = target.decode("latin-1").partition("?")
        languages = wishes({"accept-language": spoken.decode("latin-1")}, query) if path.endswith("/gate.js") else ()
        key = (target, accept, seen, languages, place_of(headers_of(headers), peer) if locatable else None)
        ready = self._remembered.get(key)
        if ready is None:
            if path in health.PATHS:
                healthy = self.health(path)
                return PreparedResponse(healthy, head_of(healthy)) if healthy else None
            responder = script_of(path) if "%" not in path else None
            if responder is None:
                return None
            try:
                response = responder("GET", path, headers_of(headers), peer, True, query) or NOT_FOUND
            except NotInMemory:
                return None
            ready = PreparedResponse(response, head_of(response))
            # What is no file of a site's is made anew: strangers can make up as many addresses as they like.
            if (response.body or response.status == 304) and len(target) + len(accept) + len(seen) < LONGEST_KEY:
                if len(self._remembered) >= MOST_REMEMBERED:
                    self._remembered.clear()
                self._remembered[key] = ready
        return ready

    async def _script(self, asked: Callable[..., RawResponse | None], method: str) -> RawResponse:
        try:
            response = asked(memory_only=True)
        except NotInMemory:
            response = await self._in_thread(asked)
        response = response or NOT_FOUND
        return response._replace(body=b"") if method == "HEAD" else response

    # --- answers and counts -----------------------------------------------------------------------------------------

    def post(self, path: str) -> Post | None:
        """What takes a POST to this path, when it is the lane's: body, headers, the peer's address, a callback.

        It calls back at once or later, always in the loop's thread, and raises nothing. The body may be cut
        after `limit` + 1 bytes.
        """
        if path.endswith(CONSENTS):
            return self._consent if self._limits is None else partial(self._limited, "consents", self._consent)
        if path.endswith((IMPRESSIONS, REPORTS)):
            what = path.rpartition("/")[2]
            handler = partial(self._count, what)
            return handler if self._limits is None else partial(self._limited, what, handler)
        return None

    def _limited(
        self,
        kind: str,
        handler: Callable[..., None],
        body: bytes,
        headers: dict[str, str],
        peer: str,
        on_response: OnResponse,
    ) -> None:
        """Counts a request in all machines before its handler gets it."""

        def go_on(replies: Sequence[Reply] | None) -> None:
            try:
                rate_limit.decide(asked, replies)
            except RejectedSubmission as error:
                self._respond_to_error(headers.get("origin"), on_response, error)
            else:
                handler(body, headers, peer, on_response, True)

        try:
            asked = rate_limit.questions(kind, headers, peer)
        except Exception as error:
            self._respond_to_error(headers.get("origin"), on_response, error)
            return
        if asked and self._limits is not None:
            self._limits.ask(asked, go_on)
        else:
            go_on(None)

    async def _posted(self, handler: Post, scope: Message, receive: Receive, send: Send) -> None:
        body = await _body(receive, self.limit)
        future: asyncio.Future[PreparedResponse] = asyncio.get_running_loop().create_future()
        handler(body, headers_of(scope["headers"]), peer_of(scope), partial(_set_result, future))
        await send_response(send, (await future).response)

    def _consent(
        self, body: bytes, headers: dict[str, str], peer: str, on_response: OnResponse, already_counted: bool = False
    ) -> None:
        origin = headers.get("origin")
        asked = (body, headers.get("content-type"), origin, headers, peer)
        try:
            self._enqueue(origin, on_response, consents.prepare(*asked, already_counted, memory_only=True))
        except NotInMemory:  # a site or a release
            self._continue_in_thread(
                origin, on_response, partial(self._enqueue, origin, on_response), consents.prepare, *asked, True
            )
        except Exception as error:
            self._respond_to_error(origin, on_response, error)

    def _enqueue(self, origin: str | None, on_response: OnResponse, prepared: consents.Prepared) -> None:
        if not self._writer.offer(prepared.draft, partial(self._respond_to_answer, origin, on_response, prepared)):
            raise Unavailable  # not a lasting exception: each `raise` would add to its traceback

    def _respond_to_answer(
        self, origin: str | None, on_response: OnResponse, prepared: consents.Prepared, outcome: Outcome | Exception
    ) -> None:
        if isinstance(outcome, Exception):
            self._respond_to_error(
                origin, on_response, outcome if isinstance(outcome, Unavailable) else consents.failure(outcome)
            )
        else:
            status, content, headers = consents.answer(prepared, outcome)
            on_response(_prepared_response(status, tuple(headers.items()), content, origin))

    def _count(
        self,
        what: str,
        body: bytes,
        headers: dict[str, str],
        peer: str,
        on_response: OnResponse,
        already_counted: bool = False,
    ) -> None:
        origin = headers.get("origin")
        try:
            response = counters.receive(what, headers, body, peer, True, already_counted)
            self._respond_to_count(origin, on_response, response)
        except NotInMemory:
            then = partial(self._respond_to_count, origin, on_response)
            self._continue_in_thread(
                origin, on_response, then, partial(counters.receive, what, headers, body, peer, already_counted=True)
            )
        except Exception as error:
            self._respond_to_error(origin, on_response, error)

    def _respond_to_count(self, origin: str | None, on_response: OnResponse, response: RawResponse) -> None:
        headers = tuple((name.decode(), value.decode()) for name, value in response.headers)
        on_response(_prepared_response(response.status, headers, response.body, origin))

    def _continue_in_thread(
        self, origin: str | None, on_response: OnResponse, then: Callable[[Any], None], work: Any, *args: Any
    ) -> None:
        """Does `work` where the database may be asked, and goes on with what it returns."""

        def go_on(done: asyncio.Future[Any]) -> None:
            try:
                then(done.result())
            except asyncio.CancelledError:  # the server ends
                self._respond_to_error(origin, on_response, Unavailable())
            except Exception as error:
                self._respond_to_error(origin, on_response, error)

        asyncio.ensure_future(self._in_thread(work, *args)).add_done_callback(go_on)

    def _respond_to_error(self, origin: str | None, on_response: OnResponse, error: Exception) -> None:
        if isinstance(error, Unavailable):
            error = door.unavailable()
        elif not isinstance(error, RejectedSubmission):
            error = consents.failure(error, stored=False)
        status, content, headers = door.refusal(error)
        on_response(_prepared_response(status, tuple(headers.items()), content, origin))

    # --- health -----------------------------------------------------------------------------------------------------

    def health(self, path: str) -> RawResponse | None:
        """What `/livez` or `/readyz` says; None when the database must be asked."""
        if path == "/livez":
            return health.live()
        report = health.readiness.kept()
        return self._with_writer_trouble(report).response() if report else None

    async def _readiness(self) -> RawResponse:
        """Asks the database, once for all who want to know now, and waits for it no longer than they would."""
        if self._readiness_check is None or self._readiness_check.done():
            self._readiness_check = _check_readiness(asyncio.get_running_loop())
        done, _ = await asyncio.wait([self._readiness_check], timeout=READYZ_TIMEOUT)
        report = self._readiness_check.result() if done else ReadinessReport([health.AWAY], [], "down")
        return self._with_writer_trouble(report).response()

    def _with_writer_trouble(self, report: ReadinessReport) -> ReadinessReport:
        trouble = self._writer.trouble()
        return report._replace(reasons=[trouble, *report.reasons]) if trouble else report

    # --- life -------------------------------------------------------------------------------------------------------

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self.start()
                await self._in_thread(_fill_memory)
                await self._in_thread(self._writer.look_at_the_database)
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await asyncio.get_running_loop().run_in_executor(None, self.end)
                await send({"type": "lifespan.shutdown.complete"})
                return

    def start(self) -> None:
        """Starts the threads that write, refresh and count. Call it in the loop that will serve."""
        _tune_garbage_collector()
        self._writer.start(asyncio.get_running_loop())
        if self._limits is not None:
            self._limits.start(asyncio.get_running_loop())
        self._refresher.start()
        counters.start()

    def end(self) -> None:
        """Writes all that was accepted. Blocks: not for the loop's thread."""
        if self._limits is not None:
            self._limits.end()
        self._writer.end()
        self._refresher.end()
        self._blocking.shutdown()
        self._django.shutdown()
        counters.flush()
        connection.close()

    async def _in_thread(self, work: Callable[..., Any], *args: Any) -> Any:
        """Work that asks the database, on a thread of the lane's own."""
        return await asyncio.get_running_loop().run_in_executor(self._blocking, partial(_with_database, work, *args))


def _fill_memory() -> None:
    """So that the first visitors need not wait; without a database they get what there is."""
    try:
        published.refresh()
    except DatabaseError:
        pass


def _tune_garbage_collector() -> None:
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


def _check_readiness(loop: asyncio.AbstractEventLoop) -> asyncio.Future[ReadinessReport]:
    """What the database says to a thread that nobody need wait for: it may be away for minutes."""
    future: asyncio.Future[ReadinessReport] = loop.create_future()

    def ask() -> None:
        try:
            report = health.readiness.look()
        except Exception as error:  # each is a reason
            log.error("/readyz could not look.", exc_info=error)
            report = ReadinessReport(["The server has an error; the operator finds it in the log."], [])
        finally:
            connection.close()
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(_set_result, future, report)

    threading.Thread(target=ask, name="fairgate-health", daemon=True).start()
    return future


def script_of(path: str) -> Responder | None:
    """What answers a GET of this path, when it is a script's."""
    if artifacts.parse(path):
        return artifacts.respond
    return onetrust.respond if onetrust.parse(path) else None


def headers_of(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Names in lower case; repeated ones joined by a comma, as WSGI servers do."""
    pairs = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in raw]
    headers = dict(pairs)
    if len(headers) != len(pairs):
        headers = {}
        for name, value in pairs:
            headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers


def _prepared_response(
    status: int, headers: tuple[tuple[str, str], ...], body: bytes, origin: str | None
) -> PreparedResponse:
    # A success tells that the Origin was one; here it is at most as long as an Origin can be.
    if origin and status >= 300 and not published.knows_host(origin_host(origin)):
        origin = None
    whole, head = _head(status, headers, len(body), origin)
    return PreparedResponse(RawResponse(status, whole, body), head)


@lru_cache(2048)
def _head(status: int, headers: tuple[tuple[str, str], ...], length: int, origin: str | None) -> tuple[Headers, bytes]:
    """All headers, with the length and those that django-cors-headers would add (settings CORS_…)."""
    whole = [(name.lower().encode(), value.encode()) for name, value in headers]
    if status != 204:  # RFC 9110 §8.6
        whole.append((b"content-length", str(length).encode()))
    whole.append((b"vary", b"origin"))
    if origin:
        whole += [(b"access-control-allow-origin", origin.encode("latin-1")), _EXPOSED]
    return whole, head_of(RawResponse(status, whole, b""))


def problem(rejected: RejectedSubmission) -> RawResponse:
    """The answer to a request that nobody looked at."""
    status, content, headers = door.refusal(rejected)
    pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    return RawResponse(status, [*pairs, (b"content-length", b"%d" % len(content))], content)


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


def head_of(response: RawResponse) -> bytes:
    """The status line and the header lines of HTTP/1.1 (RFC 9112 §2.1), without the empty line that ends them."""
    return STATUS[response.status] + b"".join([name + b": " + value + b"\r\n" for name, value in response.headers])


def _set_result(future: asyncio.Future[T], result: T) -> None:
    if not future.done():  # it is, when the client has gone away
        future.set_result(result)
