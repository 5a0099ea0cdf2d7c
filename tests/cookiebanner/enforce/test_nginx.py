"""The nginx example as `manage.py edge --for nginx` makes it, in Debian's nginx with libnginx-mod-http-js."""

from __future__ import annotations

import gzip
import http.client
import shutil
import socket
import subprocess
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest

from cookiebanner.enforce import edge
from fairgate_enforce.html import Rewriter
from fairgate_enforce.policy import Rules
from tests.cookiebanner.enforce import pages
from tests.packages.enforce.vectors import DATA, RELEASE, REWRITES, cookie

PAGE = (
    b"<!doctype html><p>own \xff \xe2\x82\xac</p><script src='https://t.test/a.js'></script>"
    b"<img src='https://granted.test/a.gif'><script>NREUM</script>"
)
MARK = b'data-fg="tracker"'
YES = cookie(next(case["cookie"] for case in DATA["answers"] if case["name"] == "a yes"))
BIG = b"".join(b"<p class='a'>Line %d of many, with <b>words</b> in it.</p>\n" % i for i in range(8000))
MODULES = [Path(folder) / "ngx_http_js_module.so" for folder in ("/usr/lib/nginx/modules", "/etc/nginx/modules")]
CONFIG = """
load_module {module};
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
  access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/t; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  js_path {folder};
  gzip on; gzip_min_length 1;
  types {{ text/html html; image/gif gif; }}
  include {folder}/fairgate-http.conf;
  server {{
    listen 127.0.0.1:{port};
    location / {{ include {folder}/fairgate-location.conf; proxy_pass {origin}; proxy_buffering off; }}
    location /static/ {{ include {folder}/fairgate-location.conf; root {folder}; }}
  }}
}}
"""


class Got(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


class Origin(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    pages: dict[str, tuple[str, bytes]] = {}
    slowly = threading.Event()

    def log_message(self, *args):
        pass

    def do_GET(self):
        if self.path == "/slow":
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(PAGE)
            self.wfile.flush()
            self.slowly.wait(20)
            self.wfile.write(b"<img src=//t.test/late>")
            self.close_connection = True
            return
        kind, body = self.pages[self.path]
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"a"')
        if self.path == "/zipped":
            self.send_header("Content-Encoding", "gzip")
        if self.path == "/links":
            self.send_header("Link", "<https://t.test/a.js>; rel=preload; as=script, </own.css>; rel=preload; as=style")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET


@pytest.fixture(scope="module")
def nginx(tmp_path_factory):
    """Asks nginx before an origin; `nginx(path, mode)` with mode on, csp, off by host name."""
    with running(
        tmp_path_factory, edge.data(DATA["release"], "https://consent.test", {"US-TX": "us_optout_gpc"})
    ) as get:
        yield get


@contextmanager
def running(tmp_path_factory, made):
    """nginx with these rules."""
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    module = next((path for path in MODULES if path.exists()), None)
    if not program or not module:
        pytest.fail("nginx with njs is missing: sudo apt-get install -y nginx-light libnginx-mod-http-js")
    folder = tmp_path_factory.mktemp("nginx")
    for name, text in edge.files("nginx", made).items():
        text = text.replace("default on;", "default on; csp.test csp; off.test off;")
        (folder / name).write_text(text)
    (folder / "static").mkdir()
    (folder / "static/page.html").write_bytes(PAGE)
    (folder / "static/a.gif").write_bytes(PAGE)
    Origin.pages = {
        "/": ("text/html; charset=utf-8", PAGE),
        "/plain": ("text/plain", PAGE),
        "/json": ("application/json", bytes(range(256)) * 50),
        "/zipped": ("text/html", gzip.compress(PAGE)),
        "/links": ("text/html", PAGE),
        "/big": ("text/html", BIG + PAGE + BIG),
        "/empty": ("text/html", b""),
        "/vectors": ("text/html", b"\n<p>-</p>\n".join(before for _, before, _ in joined())),
    }
    origin = ThreadingHTTPServer(("127.0.0.1", 0), Origin)
    threading.Thread(target=origin.serve_forever, daemon=True).start()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    places = {"module": module, "folder": folder, "port": port, "origin": f"http://127.0.0.1:{origin.server_port}"}
    (folder / "nginx.conf").write_text(CONFIG.format(**places))
    process = subprocess.Popen(
        [program, "-p", str(folder), "-c", str(folder / "nginx.conf")], stderr=subprocess.DEVNULL
    )

    def ask(path: str, host: str = "shop.test", method: str = "GET", **headers: str) -> Got:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        asked = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers={"Host": host, **asked})
        answer = connection.getresponse()
        got = Got(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        connection.close()
        return got

    get: Any = ask
    get.port = port
    get.errors = lambda: log.read_text() if (log := folder / "error.log").exists() else "look at nginx -t"
    for _ in range(200):
        if process.poll() is not None:
            pytest.fail(get.errors())
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            time.sleep(0.05)
    yield get
    process.terminate()
    process.wait(10)
    origin.shutdown()
    origin.server_close()


def joined() -> list[tuple[str, bytes, bytes]]:
    """The vectors that leave nothing open behind them, and no <base>."""
    open_ends: tuple[str, ...] = (
        "plain text",
        "unfinished",
        "abruptly",
        "base",
        "strange",
        "never closed",
        "what is no tag",
        "prose",
    )
    open_ends += ("never ends", "encoding", "mark of UTF")
    return [case for case in REWRITES if not any(word in case[0] for word in open_ends)]


def test_a_page_is_parked_without_an_answer(nginx):
    got = nginx("/")
    assert got.body == PAGE.replace(
        b"<script src=", b'<script data-fg="tracker" type="text/plain" data-fg-type="" data-fg-sync="" src='
    ).replace(b"<script>NR", b'<script data-fg="agent" type="text/plain" data-fg-type="" data-fg-sync="">NR')
    assert got.headers["vary"] == "Cookie, Sec-GPC"
    assert got.headers["cache-control"] == "private, no-cache"
    assert not {"etag", "content-security-policy"} & got.headers.keys()


def test_a_page_is_released_with_a_yes(nginx):
    assert nginx("/", Cookie=f"other=1; {YES}").body == PAGE


def test_the_place_decides(nginx):
    texas = {"CF_IPCountry": "US", "CF_Region_Code": "TX"}
    assert nginx("/", **texas).body == PAGE
    assert MARK in nginx("/", **texas, Sec_GPC="1").body


@pytest.mark.parametrize("path", ["/plain", "/json", "/zipped"])
def test_other_content_is_byte_identical(nginx, path):
    got = nginx(path)
    assert got.body == Origin.pages[path][1]
    assert got.headers["etag"] == '"a"'


def test_what_is_off_is_untouched(nginx):
    got = nginx("/", host="off.test")
    assert (got.body, got.headers["etag"]) == (PAGE, '"a"')


def test_the_header_comes_when_asked(nginx):
    csp = nginx("/", host="csp.test").headers["content-security-policy"]
    assert ("granted.test" in csp, "consent.test" in csp, " t.test" in csp) == (True, True, False)


def test_a_link_header_asks_for_nothing_that_waits(nginx):
    assert nginx("/links").headers["link"] == "</own.css>; rel=preload; as=style"


def test_files_are_rewritten_too_and_stay_whole(nginx):
    got = nginx("/static/page.html", Range="bytes=0-10", If_Modified_Since="Thu, 01 Jan 1970 00:00:00 GMT")
    assert (got.status, MARK in got.body, "last-modified" in got.headers) == (200, True, False)
    assert nginx("/static/a.gif").body == PAGE


def test_nginx_may_compress_what_leaves(nginx):
    got = nginx("/", Accept_Encoding="gzip")
    assert MARK in gzip.decompress(got.body)


def test_a_big_page_passes(nginx):
    begun = time.monotonic()
    got = nginx("/big")
    assert got.body == BIG + nginx("/").body + BIG
    assert time.monotonic() - begun < 40


def test_nothing_and_a_question_for_the_headers_alone_pass(nginx):
    assert nginx("/empty").body == b""
    assert nginx("/", method="HEAD").status == 200


def test_a_slow_page_comes_as_it_is_made(nginx):
    Origin.slowly.clear()
    connection = http.client.HTTPConnection("127.0.0.1", nginx.port, timeout=15)
    connection.request("GET", "/slow", headers={"Host": "shop.test"})
    answer = connection.getresponse()
    assert MARK in answer.read1(), "the first part waits for the last"
    Origin.slowly.set()
    assert answer.read().endswith(b'<img data-fg="tracker" data-fg-src=//t.test/late>')
    connection.close()


def test_the_vectors_in_one_page(nginx):
    got = nginx("/vectors", host="shop.test")
    # The page's own address is /vectors; the relative paths of the vectors are from the root as well.
    expected = b"\n<p>-</p>\n".join(after for _, _, after in joined())
    assert got.body.split(b"\n<p>-</p>\n") == expected.split(b"\n<p>-</p>\n")
    assert "fairgate" not in nginx.errors()


def test_hostile_pages_come_out_as_from_python(nginx):
    policy = Rules(RELEASE, "eu_opt_in", ("consent.test",)).for_visitor(None, False, "shop.test", 0)
    connection = http.client.HTTPConnection("127.0.0.1", nginx.port, timeout=20)
    for seed in range(1, 1500):
        page = pages.page(Random(seed))
        Origin.pages["/page"] = ("text/html", page)
        made = Rewriter(policy.held, policy.held_inline, "http://shop.test/page", policy.is_granted)
        expected = made.feed(page) + made.close()
        connection.request("GET", "/page", headers={"Host": "shop.test"})
        got = connection.getresponse().read()
        assert got == expected, f"seed {seed}: {page!r}"
    connection.close()
    assert "fairgate" not in nginx.errors()


def test_an_error_in_the_middle_of_a_page_costs_no_byte_of_it_and_is_told_once(tmp_path_factory):
    made = edge.data(DATA["release"], "https://consent.test", {})
    # What no compiler makes: a URL that no host claims is an error.
    made["table"][""] = [["(", 0]]
    page = (
        b"<img src=//t.test/a>\xff"
        + BIG
        + b"<img src=//nobody.test/b><img src=//t.test/c>"
        + BIG
        + b"<img src=//t.test/d>"
    )
    with running(tmp_path_factory, made) as get:
        Origin.pages["/broken"] = ("text/html", page)
        assert get("/broken").body == page.replace(b"<img src", b'<img data-fg="tracker" data-fg-src', 1)
        assert get.errors().count("goes out as it came") == 1


def test_an_error_before_the_page_leaves_it_and_its_headers_as_they_came(tmp_path_factory):
    made = edge.data(DATA["release"], "https://consent.test", {})
    made["variants"] = {}
    with running(tmp_path_factory, made) as get:
        got = get("/")
        assert (got.body, got.headers["etag"], "vary" in got.headers) == (PAGE, '"a"', False)
        assert get.errors().count("goes out as it is") == 1
