"""A small internet on this machine: one HTTPS port that answers for every host name and records what was asked.

`World` holds pages by host and path, passes some hosts on to a running Fairgate, and answers the rest as trackers do:
with a script that says it ran, a pixel, a frame. Browsers reach it with `--host-resolver-rules=MAP * 127.0.0.1:PORT`.
"""

from __future__ import annotations

import contextlib
import datetime
import http.client
import json
import ssl
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.values import present

PIXEL = bytes.fromhex("47494638396101000100800000ffffff00000021f90401000000002c00000000010001000002024401003b")


@dataclass
class Asked:
    """One request that reached the world."""

    method: str
    host: str
    path: str
    headers: dict[str, str]
    body: bytes = b""
    at: float = field(default_factory=time.monotonic)

    @property
    def url(self) -> str:
        return f"https://{self.host}{self.path}"


Answer = tuple[int, str, bytes]


def certificate() -> str:
    """A throw-away certificate and key in one PEM file; the browser is told to ignore its errors."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "world.test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    file = tempfile.NamedTemporaryFile(suffix=".pem", delete=False)  # noqa: SIM115
    file.write(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    file.write(made.public_bytes(serialization.Encoding.PEM))
    file.close()
    return file.name


class Server(ThreadingHTTPServer):
    daemon_threads = True
    # A page asks a dozen hosts at once; whoever finds the queue full tries again a second later.
    request_queue_size = 128


class World:
    """`pages[(host, path)]` = (status, content type, body); `upstream[host]` = a base URL; the rest are trackers."""

    def __init__(self) -> None:
        self.forget()
        world = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def handle_one(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                host = (self.headers.get("Host") or "").split(":")[0].lower()
                asked = Asked(
                    self.command,
                    host,
                    self.path,
                    {k.lower(): v for k, v in self.headers.items()},
                    self.rfile.read(length) if length else b"",
                )
                world.asked.append(asked)
                if host in world.upstream:
                    self.pass_on(asked, world.upstream[host])
                else:
                    self.write(host, *world.answer(asked))

            do_GET = do_POST = do_HEAD = do_OPTIONS = do_PUT = handle_one

            def write(self, host: str, status: int, content_type: str, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(body)))
                for name, value in world.extra_headers.get(host, {}).items():
                    self.send_header(name, value)
                if host not in {h for h, _ in world.pages}:
                    self.send_header("Access-Control-Allow-Origin", "*")
                    self.send_header("Cache-Control", "no-store")
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def pass_on(self, asked: Asked, base: str) -> None:
                to = urlsplit(base)
                link = http.client.HTTPConnection(present(to.hostname), to.port, timeout=30)
                headers = {k: v for k, v in asked.headers.items() if k not in ("connection", "host")}
                headers |= world.extra_headers.get(asked.host, {})
                link.request(asked.method, asked.path, asked.body or None, {**headers, "host": asked.host})
                answer = link.getresponse()
                body = answer.read()
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("transfer-encoding", "connection", "content-length", "date", "server"):
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if asked.method != "HEAD":
                    self.wfile.write(body)
                link.close()

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate())
        # The handshake happens in the connection's own thread, so one stalled client stops nobody.
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.server.handle_error = lambda *arguments: None  # type: ignore[method-assign]  # closed tabs
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def forget(self) -> None:
        """Takes away every page and all that was asked."""
        self.pages: dict[tuple[str, str], Answer | Callable[[Asked], Answer]] = {}
        self.upstream: dict[str, str] = {}
        self.extra_headers: dict[str, dict[str, str]] = {}
        self.asked: list[Asked] = []
        self.tracker: Callable[[Asked], Answer] = tracker

    @property
    def port(self) -> int:
        return self.server.server_address[1]

    @property
    def chromium_arguments(self) -> list[str]:
        return [f"--host-resolver-rules=MAP * 127.0.0.1:{self.port}", "--ignore-certificate-errors"]

    def answer(self, asked: Asked) -> Answer:
        page = self.pages.get((asked.host, urlsplit(asked.path).path))
        if callable(page):
            return page(asked)
        if page:
            return page
        if any(host == asked.host for host, _ in self.pages):
            return 404, "text/plain", b"not here"
        return self.tracker(asked)

    def requests_to(self, *suffixes: str) -> list[str]:
        """URLs asked of hosts that end in one of the suffixes."""
        return [a.url for a in self.asked if any(a.host == s or a.host.endswith("." + s) for s in suffixes)]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def tracker(asked: Asked) -> Answer:
    """What an unknown host answers: by the ending of the path a picture, a style sheet, a frame, else a script."""
    path = urlsplit(asked.path).path
    if path.endswith((".png", ".gif", ".jpg", ".ico", ".webp", ".svg")):
        return 200, "image/gif", PIXEL
    if path.endswith(".css") or asked.headers.get("sec-fetch-dest") == "style":
        return 200, "text/css", b"/* nothing */"
    if asked.headers.get("sec-fetch-dest") in ("iframe", "document", "frame"):
        return 200, "text/html", b"<!doctype html><title>frame</title><p>A frame."
    say = json.dumps(asked.host + path)
    body = f"(window.__ran = window.__ran || []).push({say}); document.cookie = 'trk_' + location.host.length + '=1';"
    return 200, "text/javascript", body.encode()


@contextlib.contextmanager
def open_world() -> Iterator[World]:
    world = World()
    try:
        yield world
    finally:
        world.close()


def file_answer(path: Path) -> Answer:
    kinds = {
        ".js": "text/javascript",
        ".css": "text/css",
        ".html": "text/html; charset=utf-8",
        ".json": "application/json",
    }
    return 200, kinds.get(path.suffix, "application/octet-stream"), path.read_bytes()


def comes_true(page, expression: str, seconds: float = 15) -> None:
    """Waits for a JavaScript expression to be true. Playwright's own wait evaluates in the page, which a
    Content-Security-Policy without `unsafe-eval` forbids."""
    end = time.monotonic() + seconds
    while not page.evaluate(f"!!({expression})"):
        if time.monotonic() > end:
            raise AssertionError(f"It never came true: {expression}")
        page.wait_for_timeout(50)
