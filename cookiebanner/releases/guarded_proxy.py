"""A proxy on this machine through which a browser reaches what requests of ours may reach, and nothing else.

A page names hosts as it likes, also by redirects and names that are looked up anew; so each connection of the browser
is made here, by `consent.jobs.outgoing`, to the address that was judged.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from consent.jobs import outgoing

CONNECT = 10.0  # seconds until a host has taken the connection
SILENCE = 60.0  # seconds after which a connection is given up
HEAD = 65536  # bytes of a request's head
NOT_REACHED = b"HTTP/1.1 502 Not reached\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Proxy(socketserver.ThreadingTCPServer):
    """`refused` is {host: why} of what was not reached, `asked` the hosts that the browser wanted since it was last
    emptied. `left`: how many bytes may still come in; at 0 nothing does any more. None = any number."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self) -> None:
        self.refused: dict[str, str] = {}
        self.asked: set[str] = set()
        self.left: int | None = None
        self._open: set[socket.socket] = set()
        super().__init__((outgoing.LOOPBACK, 0), _Handler)

    @property
    def url(self) -> str:
        return f"http://{outgoing.LOOPBACK}:{self.server_address[1]}"

    def hang_up(self) -> None:
        """Ends every connection and forgets what was asked: what the browser asks from now on, it asks anew."""
        for one in list(self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self.asked.clear()

    def may_pass(self, count: int) -> bool:
        """Counts bytes that come in; whether they still may."""
        if self.left is None:
            return True
        self.left = max(0, self.left - count)
        return self.left > 0

    def process_request_thread(self, request: object, client_address: object) -> None:
        """Knows the connection while it is open."""
        assert isinstance(request, socket.socket)
        self._open.add(request)
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._open.discard(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """A tab that is closed is no fault."""


@contextlib.contextmanager
def running() -> Iterator[Proxy]:
    """A proxy for as long as the block lasts."""
    proxy = Proxy()
    threading.Thread(target=proxy.serve_forever, daemon=True, name="guarded-proxy").start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        proxy.server_close()


def reach(host: str, port: int) -> socket.socket:
    """A connection that the rules for outgoing requests allow. Raises ForbiddenAddress or another OSError."""
    return outgoing.connect(host, port, time.monotonic() + CONNECT)


class _Handler(socketserver.BaseRequestHandler):
    server: Proxy

    def handle(self) -> None:
        head, body = _head(self.request)
        if not head:
            return
        first, *lines = head.split("\r\n")
        method, _, rest = first.partition(" ")
        target = rest.rpartition(" ")[0]
        parts = urlsplit(f"//{target}" if method == "CONNECT" else target)
        try:
            host, port = parts.hostname or "", parts.port or (443 if method == "CONNECT" else 80)
        except ValueError:
            return
        self.server.asked.add(host)
        if self.server.left == 0:  # which says nothing of the host
            self.request.sendall(NOT_REACHED)
            return
        try:
            onward = reach(host, port)
        except (OSError, ValueError) as error:
            self.server.refused.setdefault(host, str(error))
            self.request.sendall(NOT_REACHED)
            return
        with onward:
            if method == "CONNECT":
                self.request.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
                onward.sendall(body)
            else:
                onward.sendall(_plain_request(method, parts.path or "/", parts.query, lines) + body)
            _relay(self.request, onward, self.server)


def _head(client: socket.socket) -> tuple[str, bytes]:
    """The head of the request, and what came behind it; ("", b"") when none came."""
    client.settimeout(SILENCE)
    got = b""
    while b"\r\n\r\n" not in got:
        piece = client.recv(8192) if len(got) < HEAD else b""
        if not piece:
            return "", b""
        got += piece
    head, _, body = got.partition(b"\r\n\r\n")
    return head.decode("latin-1"), body


def _plain_request(method: str, path: str, query: str, lines: list[str]) -> bytes:
    """One request per connection: the next one of the browser may be for another host."""
    kept = [line for line in lines if line.partition(":")[0].lower() not in ("proxy-connection", "connection")]
    asked = f"{path}?{query}" if query else path
    return "\r\n".join([f"{method} {asked} HTTP/1.1", *kept, "Connection: close", "", ""]).encode("latin-1")


def _relay(one: socket.socket, other: socket.socket, proxy: Proxy) -> None:
    """Passes bytes on in both directions until one side ends, both are silent, or no more may come in."""
    one.settimeout(SILENCE)
    other.settimeout(SILENCE)
    with selectors.DefaultSelector() as waiting:
        waiting.register(one, selectors.EVENT_READ, (one, other))
        waiting.register(other, selectors.EVENT_READ, (other, one))
        while ready := waiting.select(SILENCE):
            for key, _ in ready:
                source, target = key.data
                piece = source.recv(65536)
                if not piece or not proxy.may_pass(len(piece) if source is other else 0):
                    return
                target.sendall(piece)
