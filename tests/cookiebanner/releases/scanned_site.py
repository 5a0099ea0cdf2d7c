"""A generated site of thirty pages with planted trackers and traps, on a port of this machine; every name under
localhost is a host of its own."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PLAIN = [f"topic-{word}" for word in (
    "alder", "hazel", "rowan",
)]  # fmt: skip
# Where the planted trackers are: name of the host → the page that asks it.
PLANTED = {
    "markup": "/", "lazy": "/lazy", "route": "/app", "inner": "/app#/inner", "embed": "/embed", "nested": "/embed",
    "deep": "/topic-rowan",
    "pushed": "/app/pushed", "assigned": "/assigned", "serviced": "/offline", "sent": "/asks", "fetched": "/asks", "styled": "/style", "socket": "/style",
}  # fmt: skip
MEBIBYTE = b"x" * (1 << 20)


class ScannedSite:
    """Answers every host by its first label. `asked` counts (host, path); `over` ends what hangs."""

    def __init__(self) -> None:
        self.asked: Counter[tuple[str, str]] = Counter()
        self.sent: Counter[str] = Counter()  # bytes of what has no end, by path
        self.files: dict[tuple[str, str], tuple[str, bytes]] = {}
        self.head = ""
        self.over = threading.Event()
        self.special: dict[tuple[str, str], Callable[[Any], None]] = {
            ("shop", "/hang"): self._hang, ("shop", "/download"): self._download, ("shop", "/stream"): self._stream,
        }  # fmt: skip
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.answer(self)

            do_POST = do_OPTIONS = do_GET

            def log_message(self, *arguments: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, request: Any, client_address: Any) -> None:
                """Whoever hangs up on a stream is right."""

        self.server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def address(self, host: str, path: str = "/") -> str:
        """The address of a path of a host."""
        return f"http://{host}.localhost:{self.server.server_address[1]}{path}"

    def answer(self, handler: Any) -> None:
        """One request."""
        host, path = handler.headers["Host"].partition(".")[0], handler.path.partition("?")[0]
        self.asked[host, path] += 1
        if special := self.special.get((host, path)):
            special(handler)
            return
        status, kind, body, headers = self._found(host, path, handler.path)
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body)))
        handler.send_header("Access-Control-Allow-Origin", "*")
        for name, value in headers:
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    def _found(self, host: str, path: str, whole: str) -> tuple[int, str, bytes, list[tuple[str, str]]]:
        if found := self.files.get((host, path)):
            return 200, found[0], found[1], [("Cache-Control", "max-age=3600")]
        if host == "shop":
            return self._page(path, whole)
        if host == "embed":
            script = f"<script>document.cookie='embedded=1;SameSite=None';localStorage.setItem('seen_by','1');new Image().src={self.address('nested', '/n.gif')!r}</script>"
            kept = [
                "frame_id=1; Path=/",
                *(f"{name}; Path=/; Secure; SameSite=None" for name in ("partner=1", "jar=1; Partitioned")),
            ]
            return 200, "text/html", f"<title>e</title>{script}".encode(), [("Set-Cookie", one) for one in kept]
        if host == "outside":
            return (
                200,
                "text/html",
                b"<title>o</title><script>document.cookie='foreign=1'</script>",
                [("Set-Cookie", "foreign_id=1")],
            )
        if path.endswith(".js"):
            return 200, "text/javascript", f"window['{host}']=1".encode(), []
        return 200, "image/gif", b"", []

    def _page(self, path: str, whole: str) -> tuple[int, str, bytes, list[tuple[str, str]]]:
        if path == "/robots.txt":
            return 200, "text/plain", b"User-agent: *\nDisallow: /private\n", []
        for at, to in (("/loop", "/loop"), ("/moved", "/about"), ("/out", self.address("outside"))):
            if path == at:
                return 302, "text/plain", b"", [("Location", to)]
        if path == "/sw.js":
            code = f"addEventListener('install',e=>e.waitUntil(fetch({self.address('serviced', '/p')!r},{{mode:'no-cors'}})))"
            return 200, "text/javascript", code.encode(), []
        if path == "/account":
            return 401, "text/html", self.html("Log in", "<form><input type=password></form>"), []
        kept = ["_fbp=fb.1.2; Path=/; Max-Age=7776000", "sid=a1b2; Path=/; HttpOnly; SameSite=Lax"]
        headers = [("Set-Cookie", one) for one in kept if path == "/promo"]
        if path.startswith("/calendar/"):
            month = int(path.rpartition("/")[2])
            body = f'<a href="/calendar/{month + 1}">next</a><a href="/calendar/{month - 1}">back</a>'
            return 200, "text/html", self.html(f"Month {month}", body), []
        found = self._bodies().get(path)
        if found is None:
            return 404, "text/html", self.html("Nothing", ""), []
        return 200, "text/html", self.html(path, found), headers

    def _bodies(self) -> dict[str, str]:
        def script(host: str, path: str = "/t.js") -> str:
            return f"(function(){{var s=document.createElement('script');s.src={self.address(host, path)!r};document.head.append(s)}})();"

        links = ["lazy", "app", "embed", "asks", "style", "router", "offline", "promo", "about", "private/x", "calendar/1",
                 "loop", "moved", "out", "account", "download", "hang", "stream", "busy", "maze", "windows", PLAIN[0]]  # fmt: skip
        menu = "".join(f'<a href="/{name}">{name}</a> ' for name in links)
        waits = f'<script type="text/plain" class="optanon-category-C0002" src="{self.address("waiting", "/w.js")}"></script>'
        bodies = {
            "/": menu + f'<img src="{self.address("markup", "/p.gif")}"><script>{script("counter", "/c.js")}</script>' + waits,
            "/about": "<p>About</p>",
            "/lazy": "<div style='height:4000px'></div><i id=end>.</i><script>new IntersectionObserver(function(seen,o){if(seen.some(function(e){return e.isIntersecting})){o.disconnect();"
            + script("lazy") + "}}).observe(document.querySelector('#end'))</script>",
            "/app": "<nav><a href='#/inner'>in</a></nav><script>if(location.hash=='#/inner'){" + script("inner") + "}else{" + script("route") + "}</script>",
            "/router": self._router(),
            "/app/pushed": f"<script>{script('pushed')}</script>",
            "/assigned": f"<script>{script('assigned')}</script>",
            "/offline": "<script>navigator.serviceWorker.register('/sw.js')</script>",
            "/embed": f'<iframe src="{self.address("embed")}"></iframe>',
            "/asks": f"<script>navigator.sendBeacon({self.address('sent', '/b')!r},'x');fetch({self.address('fetched', '/f')!r}).catch(function(){{}});localStorage.setItem('visitor_number','1234')</script>",
            "/style": f"<style>p{{background:url({self.address('styled', '/s.gif')})}}</style><p>Styled</p><img src=http://10.255.255.1/x.gif>"
            f"<script>new Worker(URL.createObjectURL(new Blob([\"fetch('{self.address('socket', '/w')}')\"])))</script>",
            "/promo": "<script>!function(f,b){f.fbq=b}(window,function(){});fbq('init','123');document.cookie='_ga=GA1.1.5.6;max-age=63072000'</script>",
            "/private/x": f'<img src="{self.address("private", "/p.gif")}">',
            "/busy": "<script>setTimeout(function(){for(;;);},50)</script>",
            "/maze": "<iframe src='/maze?a'></iframe><iframe src='/maze?b'></iframe>",
            "/windows": "<script>for(var i=0;i<8;i++)window.open('/about');alert('x');location.hash='x'</script>",
        }  # fmt: skip
        for number, name in enumerate(PLAIN):
            following = "".join(f'<a href="/{name}">next</a> ' for name in PLAIN[number + 1 : number + 3])
            bodies[f"/{name}"] = following or f'<img src="{self.address("deep", "/d.gif")}">'
        return bodies

    def _router(self) -> str:
        """A page whose menu has no links: what is pressed changes the address, sends and stores."""
        stores = "localStorage.pressed=1;document.cookie='pressed=1';navigator.sendBeacon('/bought','x')"
        return f"""<nav id=menu></nav><form action=/searched><button>Search</button></form><script>
          const menu = document.querySelector('#menu');
          const draw = () => {{
            menu.innerHTML = location.pathname === '/router'
              ? '<button data-to=push>Pushed</button><div style="cursor:pointer" data-to=assign>Assigned</div>' : '';
          }};
          draw();
          addEventListener('popstate', draw);
          menu.addEventListener('click', ({{ target }}) => {{
            {stores};
            if (target.dataset.to === 'push') {{ history.pushState(null, '', '/app/pushed'); draw(); }}
            if (target.dataset.to === 'assign') location.href = '/assigned';
          }});
        </script>"""

    def html(self, title: str, body: str) -> bytes:
        """A page of the shop with its gate."""
        return f'<!doctype html><html lang="en"><head>{self.head}<title>{title}</title></head><body><main><h1>{title}</h1>{body}</main></body></html>'.encode()

    def _hang(self, handler: Any) -> None:
        self.over.wait(60)

    def _download(self, handler: Any) -> None:
        self._endless(handler, "application/octet-stream", [("Content-Disposition", "attachment; filename=big.bin")])

    def _stream(self, handler: Any) -> None:
        self._endless(handler, "text/html", [])

    def _endless(self, handler: Any, kind: str, headers: list[tuple[str, str]]) -> None:
        handler.send_response(200)
        for name, value in [("Content-Type", kind), ("Content-Length", str(1 << 40)), *headers]:
            handler.send_header(name, value)
        handler.end_headers()
        while not self.over.is_set():
            handler.wfile.write(MEBIBYTE)
            self.sent[handler.path] += len(MEBIBYTE)
            time.sleep(0.01)


@contextmanager
def scanned_site() -> Iterator[ScannedSite]:
    """The site for as long as the block lasts."""
    made = ScannedSite()
    try:
        yield made
    finally:
        made.over.set()
        made.server.shutdown()
        made.server.server_close()
