"""Servers on this machine that behave as servers of strangers do: a thread each, bytes as they come."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable


class Server:
    """Takes connections at `url`, reads a request of each, gives them to `behave(socket)`, counts them."""

    def __init__(self, behave: Callable[[socket.socket], None], host: str = "127.0.0.1") -> None:
        self.behave = behave
        self.requests: list[bytes] = []
        self.asked, self.over = threading.Event(), threading.Event()
        self.listening = socket.create_server((host, 0))
        self.port = self.listening.getsockname()[1]
        self.url = f"http://{host}:{self.port}/hook"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                taken, _ = self.listening.accept()
                threading.Thread(target=self._serve, args=(taken,), daemon=True).start()

    def _serve(self, taken: socket.socket) -> None:
        with taken, contextlib.suppress(OSError):
            got = b""
            while b"\r\n\r\n" not in got:
                got += taken.recv(65536)
            head, _, body = got.partition(b"\r\n\r\n")
            length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
            while len(body) < length:
                body += taken.recv(65536)
            self.requests.append(head + b"\r\n\r\n" + body)
            self.asked.set()
            self.behave(taken)

    def close(self) -> None:
        self.over.set()
        self.listening.close()


def says(status: int, *headers: str, body: bytes = b"") -> Callable[[socket.socket], None]:
    """Answers at once."""
    lines = [f"HTTP/1.1 {status} x", f"Content-Length: {len(body)}", *headers, "", ""]
    return lambda taken: taken.sendall("\r\n".join(lines).encode() + body)
