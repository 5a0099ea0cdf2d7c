"""Four fake trackers for the sample shop, on host names of their own: what a real page loads, without the real thing.

They answer on one local port and tell each other apart by host name (`*.localhost` is this machine in every browser).
Each script says on the page that it ran and sets a first-party cookie, as the real ones do.
"""

from __future__ import annotations

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# host label → (service name, category, cookie it sets, what it says)
TRACKERS = {
    "analytics": ("Tealeaf Analytics", "C0002", "_tla", "counted this page view"),
    "ads": ("AdKettle", "C0004", "_adk", "noted which teas you look at"),
    "chat": ("SipChat", "C0003", "_sip", "opened a chat window"),
    "video": ("SteepTube", "C0005", "_stp", "showed a video"),
}

SCRIPT = """(function () {
  document.cookie = %(cookie)s + "=" + Math.random().toString(36).slice(2) + "; path=/; max-age=31536000";
  var say = function () {
    window.dispatchEvent(new CustomEvent("demo:tracker", {detail: {name: %(name)s, did: %(did)s}}));
    (window.demoTrackers = window.demoTrackers || []).push(%(name)s);
  };
  say();
  %(more)s
})();
"""
CHAT = """var box = document.createElement("div");
  box.id = "sipchat";
  box.textContent = "SipChat: which tea may we help you find?";
  document.body.appendChild(box);"""
PIXEL = bytes.fromhex("47494638396101000100800000ffffff00000021f90401000000002c00000000010001000002024401003b")
VIDEO = """<!doctype html><html lang="en"><title>SteepTube</title><style>
html, body { margin: 0; height: 100% }
body { font: 16px system-ui, sans-serif; background: #1d2a26; color: #f4efe4; display: grid; place-items: center }
p { margin: 0; text-align: center }
b { display: block; font-size: 40px }
</style><p><b aria-hidden="true">&#9654;</b>How to steep a white tea</p></html>"""


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        label = self.headers.get("Host", "").split(".")[0]
        if label not in TRACKERS:
            return self.answer(404, "text/plain", b"no such tracker")
        name, _category, cookie, did = TRACKERS[label]
        if self.path.startswith("/pixel"):
            return self.answer(200, "image/gif", PIXEL)
        if self.path.startswith("/embed"):
            return self.answer(200, "text/html; charset=utf-8", VIDEO.encode())
        words = {"cookie": json.dumps(cookie), "name": json.dumps(name), "did": json.dumps(did)}
        more = CHAT if label == "chat" else ""
        return self.answer(200, "text/javascript; charset=utf-8", (SCRIPT % {**words, "more": more}).encode())

    def answer(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Quiet: the demo's terminal shows addresses, not requests."""


class Server(ThreadingHTTPServer):
    """Says nothing of browsers that hang up: the gate takes back a frame's request that the parser has already sent."""

    def handle_error(self, request: object, client_address: object) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


def start(port: int) -> Server:
    """Serves the trackers on 127.0.0.1:`port` in a thread. Raises OSError when the port is taken."""
    server = Server(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
