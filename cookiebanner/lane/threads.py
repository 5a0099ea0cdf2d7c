"""Django, as a WSGI application, on lasting threads that are never held at a client's pace.

A request's body is taken whole before a thread sees the request: in memory, or on disk when it is large. What the
thread answers is kept the same way, and the loop sends it as the client takes it. A file (an export, a static file) is
not copied: it is read piece by piece while it is sent. So few threads serve any number of slow clients
(docs/decisions/0018).
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import IO, Any

from a2wsgi.wsgi import build_environ
from django.conf import settings

from cookiebanner.lane.http import Message, Receive, Send, problem, send_response
from cookiebanner.visitors.delivery import Headers, RawResponse
from cookiebanner.visitors.proxies import peer_of

BODY_IN_MEMORY = 65_536  # bytes of a request's body, before it goes to disk
RESPONSE_IN_MEMORY = 262_144  # bytes of an answer that the client has not taken yet
CHUNK = 131_072  # bytes that are read from disk and sent at once
UPLOADS = ("/dashboard/", "/audit/", "/api/")  # paths of people and programs with a login
PUBLIC = "/api/v1/"
REQUEST_FORM = "/requests/"  # a person's request may bring a file
LARGEST_REQUEST = 11 * 2**20
_environ_of: Callable[..., Any] = build_environ  # it asks for types of its own, and we hand in no body
log = logging.getLogger("fairgate")


class ClientDisconnected(Exception):
    """The client has gone away."""


class SpoolFull(OSError):
    """The files of slow clients fill FAIRGATE_SPOOL_LIMIT."""


class Threads:
    """An ASGI application that runs a WSGI application on `workers` threads."""

    def __init__(self, application: Callable[..., Any], workers: int) -> None:
        self._application = application
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="fairgate-django")
        self._disk = ThreadPoolExecutor(2, thread_name_prefix="fairgate-disk")  # the loop waits for no disk
        self._quota = SpoolQuota(settings.FAIRGATE_SPOOL_LIMIT)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1000})
            return
        body = Body(self._quota)
        try:
            refusal = await self._receive_body(scope, receive, body)
            if refusal:
                await send_response(send, refusal)
            else:
                await self._respond(scope, receive, send, body)
        except ClientDisconnected:
            pass
        finally:
            body.close()

    def shutdown(self) -> None:
        """Ends the threads when they have done what they were given. Blocks."""
        self._pool.shutdown()
        self._disk.shutdown()

    async def _receive_body(self, scope: Message, receive: Receive, body: Body) -> RawResponse | None:
        """Takes the whole body; returns a refusal when it may not be had. Raises ClientDisconnected."""
        limit = limit_of(scope["path"])
        for name, value in scope["headers"]:
            if name == b"content-length" and value.isdigit() and (len(value) > 18 or int(value) > limit):
                return too_large(limit)
        while True:
            message = await receive()
            if message["type"] != "http.request":
                raise ClientDisconnected
            if piece := message.get("body", b""):
                if body.size + len(piece) > limit:
                    return too_large(limit)
                try:
                    if body.size + len(piece) > BODY_IN_MEMORY:
                        await self._in_disk_thread(body.add, piece)
                    else:
                        body.add(piece)
                except OSError as error:
                    log.error("A request's body could not be kept: %s", error)
                    return problem(503, "unavailable", "There is no room for the request; try again later.")
            if not message.get("more_body"):
                return None

    async def _respond(self, scope: Message, receive: Receive, send: Send, body: Body) -> None:
        spool = ResponseSpool(self._quota, asyncio.get_running_loop())
        environ = environ_of(scope, body, spool)
        job = self._pool.submit(contextvars.copy_context().run, _run, self._application, environ, spool)
        work = asyncio.wrap_future(job)
        watch = asyncio.ensure_future(_watch_for_disconnect(receive, spool))
        try:
            while spool.head is None and not spool.done and not spool.abandoned:
                await spool.wait_for_change()
            piece = await self._next(spool)  # before the head: an application that fails now can still get a 500
            if spool.head is None or (spool.failed and piece is None):
                await work  # raises what the application raised
                raise RuntimeError("The application began no answer.")
            await send({"type": "http.response.start", "status": spool.head[0], "headers": spool.head[1]})
            if scope["method"] == "HEAD":
                piece = None
            while piece is not None:
                last = spool.is_empty() and not spool.failed
                await send({"type": "http.response.body", "body": piece, "more_body": not last})
                if last:
                    return
                piece = await self._next(spool)
            if spool.failed:
                raise RuntimeError("An answer broke off; the log has said why.")
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            watch.cancel()
            spool.abandon()  # all was sent, or the client has gone
            if not job.cancel():  # it has begun, and ends soon: what it adds is refused
                await asyncio.wait([work])
                work.exception()  # was told
            await self._in_disk_thread(spool.close)

    async def _next(self, spool: ResponseSpool) -> bytes | None:
        """The next piece, when there is one; None at the end. Raises ClientDisconnected."""
        while not spool.abandoned:
            done = spool.done  # asked first: what came before it is found below
            if piece := spool.take():
                return piece
            if spool.on_disk:
                return await self._in_disk_thread(spool.read)
            if done:
                return (await self._in_disk_thread(spool.file.read) or None) if spool.file else None
            await spool.wait_for_change()
        raise ClientDisconnected

    async def _in_disk_thread(self, work: Callable[..., Any], *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._disk, work, *args)


def limit_of(path: str) -> int:
    """Bytes that the body of a request to this path may have."""
    if path.startswith(UPLOADS) and not path.startswith(PUBLIC):
        return int(settings.FAIRGATE_UPLOAD_LIMIT)
    if path.endswith(REQUEST_FORM):
        return min(int(settings.FAIRGATE_UPLOAD_LIMIT), LARGEST_REQUEST)
    return int(settings.FAIRGATE_REQUEST_LIMIT)


def too_large(limit: int) -> RawResponse:
    return problem(413, "too_large", f"The body is larger than {limit} bytes.")


def environ_of(scope: Message, body: Body, spool: ResponseSpool) -> dict[str, Any]:
    """The WSGI environment of a request whose body is here."""
    # A name with an underscore would be read as the one with a hyphen: X_Forwarded_For as what the proxy says.
    headers = [(name, value) for name, value in scope["headers"] if b"_" not in name]
    environ: dict[str, Any] = _environ_of(scope | {"headers": headers}, None)
    environ["REMOTE_ADDR"] = peer_of(scope)
    environ["wsgi.input"] = body.reader()
    environ["wsgi.input_terminated"] = True
    environ["wsgi.file_wrapper"] = WsgiFile
    if body.size:
        environ["CONTENT_LENGTH"] = str(body.size)  # a body in chunks comes without
    return environ


def _run(application: Callable[..., Any], environ: dict[str, Any], spool: ResponseSpool) -> None:
    """What a thread does for a request."""
    try:
        chunks = application(environ, spool.start)
        if isinstance(chunks, WsgiFile):
            spool.file = chunks
            return
        try:
            for chunk in chunks:
                spool.add(chunk)
        finally:
            if hasattr(chunks, "close"):
                chunks.close()
    except ClientDisconnected:
        pass
    except BaseException as error:
        spool.failed = True
        if spool.head is not None:
            log.error("An answer broke off.", exc_info=error)
        raise
    finally:
        spool.finish()


async def _watch_for_disconnect(receive: Receive, spool: ResponseSpool) -> None:
    """A thread that makes an answer for a client that has gone may stop."""
    while (await receive())["type"] != "http.disconnect":
        pass
    spool.abandon()


class SpoolQuota:
    """The bytes on disk that slow clients may take up in one process. Safe to use from any thread."""

    def __init__(self, limit: int) -> None:
        self._lock = threading.Lock()
        self._left = limit

    def reserve(self, size: int) -> None:
        """Raises SpoolFull."""
        with self._lock:
            if size > self._left:
                raise SpoolFull("slow clients take up all of FAIRGATE_SPOOL_LIMIT")
            self._left -= size

    def release(self, size: int) -> None:
        with self._lock:
            self._left += size


class Body:
    """A request's body, in memory or in a file without a name."""

    def __init__(self, quota: SpoolQuota) -> None:
        self._quota, self._taken = quota, 0
        self._file = tempfile.SpooledTemporaryFile(BODY_IN_MEMORY)  # noqa: SIM115 - closed by close()
        self.size = 0

    def add(self, piece: bytes) -> None:
        """Raises OSError when there is no room."""
        self.size += len(piece)
        if self.size > BODY_IN_MEMORY:
            self._quota.reserve(self.size - self._taken)
            self._taken = self.size
        self._file.write(piece)

    def reader(self) -> IO[bytes]:
        """To read it from its start."""
        self._file.seek(0)
        return self._file

    def close(self) -> None:
        self._quota.release(self._taken)
        with suppress(OSError):  # a full disk is told once
            self._file.close()


class WsgiFile:
    """`wsgi.file_wrapper`: the loop reads the file itself, so that no thread waits for who takes it."""

    def __init__(self, file: Any, size: int = CHUNK) -> None:
        self._file = file

    def read(self) -> bytes:
        """The next piece; empty at the end."""
        piece: bytes = self._file.read(CHUNK)
        return piece

    def __iter__(self) -> Iterator[bytes]:
        while piece := self.read():
            yield piece

    def close(self) -> None:
        if hasattr(self._file, "close"):
            self._file.close()


class ResponseSpool:
    """What a thread has answered and the client has not taken: some in memory, the rest in a file, or a file as it is.

    One thread adds, one loop takes; neither waits for the other.
    """

    def __init__(self, quota: SpoolQuota, loop: asyncio.AbstractEventLoop) -> None:
        self._quota, self._loop = quota, loop
        self._changed, self._notified = asyncio.Event(), False
        self._lock, self._file_lock = threading.Lock(), threading.Lock()
        self._pieces: deque[bytes] = deque()
        self._held = 0  # bytes in memory
        self._file: IO[bytes] | None = None
        self._read = self._written = 0  # positions in the file
        self.on_disk = 0  # bytes in the file that were not read
        self.head: tuple[int, Headers] | None = None
        self.file: WsgiFile | None = None
        self.done = self.failed = self.abandoned = False

    # --- the thread's side ------------------------------------------------------------------------------------------

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
        """WSGI's start_response."""
        lines = [(name.strip().lower().encode("latin-1"), value.strip().encode("latin-1")) for name, value in headers]
        self.head = int(status.split(" ", 1)[0]), lines
        return self.add

    def add(self, piece: bytes) -> None:
        """Raises ClientDisconnected, and OSError when there is no room on disk."""
        if self.abandoned:
            raise ClientDisconnected
        if not piece:
            return
        with self._lock:
            in_memory = not self.on_disk and self._held + len(piece) <= RESPONSE_IN_MEMORY
            if in_memory:
                self._pieces.append(piece)
                self._held += len(piece)
        if not in_memory:
            self._write(piece)
        self._notify()

    def _write(self, piece: bytes) -> None:
        self._quota.reserve(len(piece))
        with self._file_lock:
            if self._file is None:
                self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - closed by close()
            self._file.seek(self._written)
            self._written += len(piece)
            rest = memoryview(piece)
            while rest:
                rest = rest[self._file.write(rest) :]
            with self._lock:
                self.on_disk += len(piece)

    def finish(self) -> None:
        """Nothing comes any more."""
        self.done = True
        self._notify()

    def _notify(self) -> None:
        if not self._notified:
            self._notified = True
            self._loop.call_soon_threadsafe(self._on_notify)

    # --- the loop's side --------------------------------------------------------------------------------------------

    def _on_notify(self) -> None:
        self._notified = False
        self._changed.set()

    async def wait_for_change(self) -> None:
        """Waits until something is new since the last question."""
        await self._changed.wait()
        self._changed.clear()

    def take(self) -> bytes:
        """What is in memory; it comes before what is on disk."""
        with self._lock:
            taken = b"".join(self._pieces)
            self._pieces.clear()
            self._held = 0
        return taken

    def read(self) -> bytes:
        """The next piece from disk, for a thread that may wait for it."""
        with self._file_lock:
            assert self._file is not None
            self._file.seek(self._read)
            piece = self._file.read(CHUNK)
            self._read += len(piece)
            if self._read == self._written:
                self._file.seek(0)
                self._file.truncate()
                self._quota.release(self._written)
                self._read = self._written = 0
            with self._lock:
                self.on_disk -= len(piece)
        return piece

    def is_empty(self) -> bool:
        """Whether all was taken and nothing comes any more."""
        return self.done and not (self._held or self.on_disk or self.file)

    def abandon(self) -> None:
        """Nobody takes the rest."""
        self.abandoned = True
        self._changed.set()

    def close(self) -> None:
        """When the thread has ended. Closing a file of Django's also ends its request."""
        with self._file_lock:
            if self._file is not None:
                self._file.close()
                self._quota.release(self._written)
        if self.file is not None:
            self.file.close()
