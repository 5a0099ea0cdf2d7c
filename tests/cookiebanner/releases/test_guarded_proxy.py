"""The proxy of our browsers counts what comes in, and lets no more in than it may."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from cookiebanner.releases import guarded_proxy

CHUNK = b"x" * 100_000


@pytest.fixture
def stream(settings) -> Iterator[int]:
    """The port of a server that sends without an end, to whoever asks."""
    settings.FAIRGATE_OUTGOING_NETWORKS = ["127.0.0.0/8"]
    over = threading.Event()

    def answer(taken: socket.socket) -> None:
        with taken:
            taken.recv(65536)
            taken.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            try:
                while not over.is_set():
                    taken.sendall(CHUNK)
            except OSError:
                return

    def serve(listening: socket.socket) -> None:
        while True:
            try:
                taken, _ = listening.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(taken,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve, args=(listening,), daemon=True).start()
        yield listening.getsockname()[1]
        over.set()


def taken(proxy: guarded_proxy.Proxy, port: int, most: int) -> bytes:
    """What comes of the endless answer, until it ends or there is enough."""
    with socket.create_connection(("127.0.0.1", proxy.server_address[1]), timeout=10) as asked:
        asked.sendall(f"GET http://stream.localhost:{port}/ HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        got = b""
        while len(got) < most and (piece := asked.recv(65536)):
            got += piece
        return got


def test_bytes_are_bounded_and_nothing_comes_when_there_are_none_left(stream):
    with guarded_proxy.running() as proxy:
        proxy.left = 1_000_000
        assert 900_000 <= len(taken(proxy, stream, 9_000_000)) <= 1_000_000
        assert taken(proxy, stream, 100).startswith(b"HTTP/1.1 502 ")
        assert proxy.refused == {}  # it is nothing about the host
        proxy.left = None
        assert len(taken(proxy, stream, 3_000_000)) >= 3_000_000
