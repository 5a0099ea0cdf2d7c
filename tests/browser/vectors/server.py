"""One HTTPS server for every host of the blocking vectors: it acts by its Host header and remembers what reached the tracker."""

from __future__ import annotations

import base64
import hashlib
import ssl
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.browser.internet import certificate

SITE = "www.shop.test"
TRACKER = "tracker.shop.test"
CDN = "cdn.shop.test"
CMP = "cmp.shop.test"

PIXEL = base64.b64decode("R0lGODlhAQABAIAAAP///wAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")

# The site's own files that load from the tracker's host, or from one under it.
OWN_FILES = {
    "module.js": 'import "{0}/t.js"',
    "submodule.js": 'import "{1}/t.js"',
    "dynamic.js": 'var u="{1}/t.js";import(u)',
    "own.css": "h1{{background:url({0}/t.gif)}}",
    "import.css": '@import "{0}/t.css";',
}


def beacon(place: str) -> str:
    """What a tracker's script does: tell that it ran (to the site, which no blocker stops) and set its first-party cookie."""
    return f"""
(function(){{var g=self;try{{g.__ran=(g.__ran||0)+1}}catch(e){{}}
try{{document.cookie='_ga=GA1.1.1;path=/;max-age=999'}}catch(e){{}}
try{{fetch('https://{SITE}/{place}/ran',{{mode:'no-cors',keepalive:true}})}}catch(e){{}}
}})();
"""


class Server:
    """`pages(path)` gives a site page's HTML or None; `files` are more paths: `{(host, path): (type, bytes)}`."""

    def __init__(self, pages: Callable[[str], str | None], files: dict[tuple[str, str], tuple[str, bytes]]) -> None:
        self.pages, self.files = pages, files
        self.left: dict[str, list[str]] = defaultdict(list)
        self.ran: set[str] = set()
        self.delays: dict[tuple[str, str], float] = {}
        self.statuses: dict[tuple[str, str], int] = {}
        self.headers: dict[tuple[str, str], dict[str, str]] = {}
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate())
        context.sni_callback = self._sni
        self.http = _Http(("127.0.0.1", 0), _handler(self), context)
        self.port = self.http.server_address[1]
        threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def _sni(self, _socket: object, name: str | None, _context: object) -> None:
        # A bare connection shows in the name alone: preconnect vectors have `<run>-<vector>.tracker.test`.
        if name and name.endswith("." + TRACKER) and "--" in name:
            run, vector = name.removesuffix("." + TRACKER).split("--", 1)
            self.left[f"{run}/{vector}"].append("connection")

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handler: type, context: ssl.SSLContext) -> None:
        super().__init__(address, handler)
        self.context = context

    def finish_request(self, request, client_address) -> None:
        request.settimeout(20)
        try:
            request = self.context.wrap_socket(request, server_side=True)
        except (OSError, ssl.SSLError):
            return
        try:
            super().finish_request(request, client_address)
        finally:
            request.close()

    def handle_error(self, request, client_address) -> None:
        """Browsers drop connections all the time."""


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_args: object) -> None:
            pass

        def answer(self, kind: str, body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Access-Control-Allow-Origin", self.headers.get("Origin") or "*")
            self.send_header("Access-Control-Allow-Credentials", "true")
            self.send_header("Access-Control-Allow-Headers", "content-type")
            for name, value in (headers or {}).items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            if length:
                self.rfile.read(length)
            host = (self.headers.get("Host") or "").split(":")[0].lower()
            path = self.path.split("?")[0]
            key = (host, path)
            if key in server.delays:
                time.sleep(server.delays[key])  # a slow answer is what the page is about
            if key in server.files:
                kind, body = server.files[key]
                status = server.statuses.get(key, 200)
                self.answer(kind, body, status, {"Cache-Control": "no-store", **server.headers.get(key, {})})
            elif host == TRACKER or host.endswith("." + TRACKER):
                self.tracker(path)
            elif host == CDN:
                self.answer("text/javascript", b"window.__cdn=1;" + self.cdn(path))
            elif host == CMP:
                self.answer("application/json", b"{}", 200 if self.command != "GET" else 404)
            else:
                self.site(path)

        do_POST = do_OPTIONS = do_HEAD = do_GET

        def cdn(self, path: str) -> bytes:
            if path.startswith("/by/"):  # an allowed third party that inserts the tracker
                return f"var s=document.createElement('script');s.src='https://{TRACKER}{path[3:]}';document.head.appendChild(s);".encode()
            return b""

        def site(self, path: str) -> None:
            run, _, rest = path.strip("/").partition("/")
            vector, _, name = rest.partition("/")
            place = f"{run}/{vector}"
            tracker = f"https://{TRACKER}/{place}"
            if name == "ran":
                server.ran.add(place)
                self.answer("text/plain", b"")
            elif path.endswith("/slow.js"):
                time.sleep(0.25)  # slower than what follows it in the page
                self.answer("text/javascript", b"window.__slow=1;")
            elif path.endswith("/worker.js"):
                self.answer("text/javascript", f"importScripts('{tracker}/w.js');".encode())
            elif name in OWN_FILES:
                self.answer(
                    "text/css" if name.endswith(".css") else "text/javascript",
                    OWN_FILES[name].format(tracker, f"https://{run}--{vector}.{TRACKER}/{place}").encode(),
                )
            elif path.endswith("/png"):
                self.answer("image/gif", PIXEL)
            elif path.endswith("/own.html"):
                self.answer("text/html", b"<!doctype html><p>own frame</p>")
            elif (html := server.pages(path)) is not None:
                self.answer("text/html; charset=utf-8", html.encode(), headers=server.headers.get((SITE, "*")))
            else:
                self.answer("text/plain", b"nothing here", 404)

        def tracker(self, path: str) -> None:
            parts = path.strip("/").split("/")
            place = "/".join(parts[:2])
            name = parts[-1]
            server.left[place].append(f"{self.command} {name}")
            # Each connection is for one request, so that no vector finds one that another has opened.
            cookie = {
                "Set-Cookie": "uid=1; Path=/; Secure; SameSite=None; Max-Age=999", "Cache-Control": "no-store",
                "Connection": "close",
            }  # fmt: skip
            if self.headers.get("Upgrade", "").lower() == "websocket":
                accept = base64.b64encode(
                    hashlib.sha1(
                        (self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()
                    ).digest()
                ).decode()
                self.send_response(101)
                for key, value in {
                    **cookie,
                    "Upgrade": "websocket",
                    "Connection": "Upgrade",
                    "Sec-WebSocket-Accept": accept,
                }.items():
                    self.send_header(key, value)
                self.end_headers()
                self.close_connection = True
                time.sleep(0.3)  # an open WebSocket, for as long as the page looks
                return
            extension = name.rpartition(".")[2]
            if extension == "js":
                self.answer("text/javascript", beacon(place).encode(), headers=cookie)
            elif extension == "html":
                self.answer("text/html", f"<!doctype html><script>{beacon(place)}</script>".encode(), headers=cookie)
            elif extension == "gif":
                self.answer("image/gif", PIXEL, headers=cookie)
            elif extension == "css":
                self.answer("text/css", b"h2{color:red}", headers=cookie)
            elif extension == "sse":
                self.answer("text/event-stream", b"data: 1\n\n", headers=cookie)
            else:
                self.answer("application/octet-stream", b"x", headers=cookie)

    return Handler
