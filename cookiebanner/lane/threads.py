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

from cookiebanner.lane.http import Message, Receive, Send, problem, send_answer
from cookiebanner.visitors.delivery import Answer, Headers
from cookiebanner.visitors.proxies import peer_of

BODY_IN_MEMORY = 65_536  # bytes of a request's body, before it goes to disk
ANSWER_IN_MEMORY = 262_144  # bytes of an answer that the client has not taken yet
PIECE = 131_072  # bytes that are read from disk and sent at once
UPLOADS = ("/dashboard/", "/audit/", "/api/")  # paths of people and programs with a login
PUBLIC = "/api/v1/"
log = logging.getLogger("fairgate")


class Gone(Exception):
    """The client has gone away."""


class Full(OSError):
    """The files of slow clients fill FAIRGATE_SPOOL_LIMIT."""


class Threads:
    """An ASGI application that runs a WSGI application on `workers` threads."""

    def __init__(self, application: Callable[..., Any], workers: int) -> None:
        self._application = application
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="fairgate-django")
        self._disk = ThreadPoolExecutor(2, thread_name_prefix="fairgate-disk")  # the loop waits for no disk
        self._room = Room(settings.FAIRGATE_SPOOL_LIMIT)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1000})
            return
        body = Body(self._room)
        try:
            refusal = await self._take(scope, receive, body)
            if refusal:
                await send_answer(send, refusal)
            else:
                await self._answer(scope, receive, send, body)
        except Gone:
            pass
        finally:
            body.close()

    def shutdown(self) -> None:
        """Ends the threads when they have done what they were given. Blocks."""
        self._pool.shutdown()
        self._disk.shutdown()

    async def _take(self, scope: Message, receive: Receive, body: Body) -> Answer | None:
        """Takes the whole body; returns a refusal when it may not be had. Raises Gone."""
        limit = limit_of(scope["path"])
        for name, value in scope["headers"]:
            if name == b"content-length" and value.isdigit() and (len(value) > 18 or int(value) > limit):
                return too_large(limit)
        while True:
            message = await receive()
            if message["type"] != "http.request":
                raise Gone
            if piece := message.get("body", b""):
                if body.size + len(piece) > limit:
                    return too_large(limit)
                try:
                    if body.size + len(piece) > BODY_IN_MEMORY:
                        await self._on_disk(body.add, piece)
                    else:
                        body.add(piece)
                except OSError as error:
                    log.error("A request's body could not be kept: %s", error)
                    return problem(503, "unavailable", "There is no room for the request; try again later.")
            if not message.get("more_body"):
                return None

    async def _answer(self, scope: Message, receive: Receive, send: Send, body: Body) -> None:
        reply = Reply(self._room, asyncio.get_running_loop())
        environ = environ_of(scope, body, reply)
        given = self._pool.submit(contextvars.copy_context().run, _run, self._application, environ, reply)
        work = asyncio.wrap_future(given)
        watch = asyncio.ensure_future(_watch(receive, reply))
        try:
            while reply.head is None and not reply.done and not reply.given_up:
                await reply.change()
            piece = await self._next(reply)  # before the head: an application that fails now can still get a 500
            if reply.head is None or (reply.failed and piece is None):
                await work  # raises what the application raised
                raise RuntimeError("The application began no answer.")
            await send({"type": "http.response.start", "status": reply.head[0], "headers": reply.head[1]})
            if scope["method"] == "HEAD":
                piece = None
            while piece is not None:
                last = reply.is_empty() and not reply.failed
                await send({"type": "http.response.body", "body": piece, "more_body": not last})
                if last:
                    return
                piece = await self._next(reply)
            if reply.failed:
                raise RuntimeError("An answer broke off; the log has said why.")
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            watch.cancel()
            reply.give_up()  # all was sent, or the client has gone
            if not given.cancel():  # it has begun, and ends soon: what it adds is refused
                await asyncio.wait([work])
                work.exception()  # was told
            await self._on_disk(reply.close)

    async def _next(self, reply: Reply) -> bytes | None:
        """The next piece, when there is one; None at the end. Raises Gone."""
        while not reply.given_up:
            done = reply.done  # asked first: what came before it is found below
            if piece := reply.take():
                return piece
            if reply.on_disk:
                return await self._on_disk(reply.read)
            if done:
                return (await self._on_disk(reply.file.read) or None) if reply.file else None
            await reply.change()
        raise Gone

    async def _on_disk(self, work: Callable[..., Any], *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._disk, work, *args)


def limit_of(path: str) -> int:
    """Bytes that the body of a request to this path may have."""
    if path.startswith(UPLOADS) and not path.startswith(PUBLIC):
        return int(settings.FAIRGATE_UPLOAD_LIMIT)
    return int(settings.FAIRGATE_REQUEST_LIMIT)


def too_large(limit: int) -> Answer:
    return problem(413, "too_large", f"The body is larger than {limit} bytes.")


def environ_of(scope: Message, body: Body, reply: Reply) -> dict[str, Any]:
    """The WSGI environment of a request whose body is here."""
    # A name with an underscore would be read as the one with a hyphen: X_Forwarded_For as what the proxy says.
    headers = [(name, value) for name, value in scope["headers"] if b"_" not in name]
    environ: dict[str, Any] = build_environ(scope | {"headers": headers}, None)  # type: ignore[arg-type,operator]
    environ["REMOTE_ADDR"] = peer_of(scope)
    environ["wsgi.input"] = body.reader()
    environ["wsgi.input_terminated"] = True
    environ["wsgi.file_wrapper"] = File
    if body.size:
        environ["CONTENT_LENGTH"] = str(body.size)  # a body in chunks comes without
    return environ


def _run(application: Callable[..., Any], environ: dict[str, Any], reply: Reply) -> None:
    """What a thread does for a request."""
    try:
        chunks = application(environ, reply.start)
        if isinstance(chunks, File):
            reply.file = chunks
            return
        try:
            for chunk in chunks:
                reply.add(chunk)
        finally:
            if hasattr(chunks, "close"):
                chunks.close()
    except Gone:
        pass
    except BaseException as error:
        reply.failed = True
        if reply.head is not None:
            log.error("An answer broke off.", exc_info=error)
        raise
    finally:
        reply.finish()


async def _watch(receive: Receive, reply: Reply) -> None:
    """A thread that makes an answer for a client that has gone may stop."""
    while (await receive())["type"] != "http.disconnect":
        pass
    reply.give_up()


class Room:
    """The bytes on disk that slow clients may take up in one process. Safe to use from any thread."""

    def __init__(self, limit: int) -> None:
        self._lock = threading.Lock()
        self._left = limit

    def take(self, size: int) -> None:
        """Raises Full."""
        with self._lock:
            if size > self._left:
                raise Full("slow clients take up all of FAIRGATE_SPOOL_LIMIT")
            self._left -= size

    def give(self, size: int) -> None:
        with self._lock:
            self._left += size


class Body:
    """A request's body, in memory or in a file without a name."""

    def __init__(self, room: Room) -> None:
        self._room, self._taken = room, 0
        self._file = tempfile.SpooledTemporaryFile(BODY_IN_MEMORY)  # noqa: SIM115 - closed by close()
        self.size = 0

    def add(self, piece: bytes) -> None:
        """Raises OSError when there is no room."""
        self.size += len(piece)
        if self.size > BODY_IN_MEMORY:
            self._room.take(self.size - self._taken)
            self._taken = self.size
        self._file.write(piece)

    def reader(self) -> IO[bytes]:
        """To read it from its start."""
        self._file.seek(0)
        return self._file  # type: ignore[return-value]

    def close(self) -> None:
        self._room.give(self._taken)
        with suppress(OSError):  # a full disk is told once
            self._file.close()


class File:
    """`wsgi.file_wrapper`: the loop reads the file itself, so that no thread waits for who takes it."""

    def __init__(self, file: Any, size: int = PIECE) -> None:
        self._file = file

    def read(self) -> bytes:
        """The next piece; empty at the end."""
        piece: bytes = self._file.read(PIECE)
        return piece

    def __iter__(self) -> Iterator[bytes]:
        while piece := self.read():
            yield piece

    def close(self) -> None:
        if hasattr(self._file, "close"):
            self._file.close()


class Reply:
    """What a thread has answered and the client has not taken: some in memory, the rest in a file, or a file as it is.

    One thread adds, one loop takes; neither waits for the other.
    """

    def __init__(self, room: Room, loop: asyncio.AbstractEventLoop) -> None:
        self._room, self._loop = room, loop
        self._changed, self._told = asyncio.Event(), False
        self._lock, self._file_lock = threading.Lock(), threading.Lock()
        self._pieces: deque[bytes] = deque()
        self._held = 0  # bytes in memory
        self._file: IO[bytes] | None = None
        self._read = self._written = 0  # positions in the file
        self.on_disk = 0  # bytes in the file that were not read
        self.head: tuple[int, Headers] | None = None
        self.file: File | None = None
        self.done = self.failed = self.given_up = False

    # --- the thread's side ------------------------------------------------------------------------------------------

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], None]:
        """WSGI's start_response."""
        lines = [(name.strip().lower().encode("latin-1"), value.strip().encode("latin-1")) for name, value in headers]
        self.head = int(status.split(" ", 1)[0]), lines
        return self.add

    def add(self, piece: bytes) -> None:
        """Raises Gone, and OSError when there is no room on disk."""
        if self.given_up:
            raise Gone
        if not piece:
            return
        with self._lock:
            in_memory = not self.on_disk and self._held + len(piece) <= ANSWER_IN_MEMORY
            if in_memory:
                self._pieces.append(piece)
                self._held += len(piece)
        if not in_memory:
            self._write(piece)
        self._tell()

    def _write(self, piece: bytes) -> None:
        self._room.take(len(piece))
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
        self._tell()

    def _tell(self) -> None:
        if not self._told:
            self._told = True
            self._loop.call_soon_threadsafe(self._wake)

    # --- the loop's side --------------------------------------------------------------------------------------------

    def _wake(self) -> None:
        self._told = False
        self._changed.set()

    async def change(self) -> None:
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
            piece = self._file.read(PIECE)
            self._read += len(piece)
            if self._read == self._written:
                self._file.seek(0)
                self._file.truncate()
                self._room.give(self._written)
                self._read = self._written = 0
            with self._lock:
                self.on_disk -= len(piece)
        return piece

    def is_empty(self) -> bool:
        """Whether all was taken and nothing comes any more."""
        return self.done and not (self._held or self.on_disk or self.file)

    def give_up(self) -> None:
        """Nobody takes the rest."""
        self.given_up = True
        self._changed.set()

    def close(self) -> None:
        """When the thread has ended. Closing a file of Django's also ends its request."""
        with self._file_lock:
            if self._file is not None:
                self._file.close()
                self._room.give(self._written)
        if self.file is not None:
            self.file.close()
