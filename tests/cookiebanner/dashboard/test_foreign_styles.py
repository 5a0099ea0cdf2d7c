"""Style sheets of other hosts in a rehearsal, read by the server within bounds."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from cookiebanner.dashboard import foreign_styles

SHEETS = {
    "/a/main.css": (200, "text/css", b"@import url(other.css);b{background:url(../p.png)}i{background:url('data:,')}"),
    "/end.css": (200, "text/css", b'p::after{content:"</style><script>alert(1)</script>"}'),
    "/large.css": (200, "text/css", b"a" * (foreign_styles.LARGEST + 1)),
    "/page.css": (200, "text/html", b"<p>no sheet</p>"),
    "/gone.css": (404, "text/css", b""),
    "/inside.css": (302, "http://169.254.169.254/", b""),
}


@pytest.fixture
def cdn(settings):
    settings.FAIRGATE_OUTGOING_NETWORKS = ["127.0.0.0/8"]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, kind, body = SHEETS[self.path]
            self.send_response(status)
            self.send_header("Location" if status == 302 else "Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def inlined(page: str) -> tuple[str, list[str]]:
    return foreign_styles.inlined(page, "https://shop.example/x/", ["shop.example"])


def test_a_sheet_of_another_host_stands_in_place_of_its_link(cdn):
    page, missing = inlined(f'<link rel="Stylesheet" media="screen" href="{cdn}/a/main.css"><p>')
    assert page == (
        f'<style media="screen">b{{background:url("{cdn}/p.png")}}i{{background:url(\'data:,\')}}</style><p>'
    )
    assert missing == []


def test_the_text_of_a_sheet_ends_no_element(cdn):
    page, _ = inlined(f"<link rel=stylesheet href='{cdn}/end.css'>")
    assert page == r"""<style>p::after{content:"<\/style><script>alert(1)</script>"}</style>"""


@pytest.mark.parametrize("name", ["large", "page", "gone", "inside"])
def test_what_does_not_come_is_told(cdn, name):
    link = f'<link rel="stylesheet" href="{cdn}/{name}.css">'
    assert inlined(link) == (link, ["127.0.0.1"])


def test_what_is_nobodys_to_read_stays_as_it_is(settings):
    settings.FAIRGATE_OUTGOING_NETWORKS = []
    links = [
        '<link rel="stylesheet" href="/own.css">',
        '<link rel="stylesheet" href="https://www.shop.example/own.css">',
        '<link rel="alternate stylesheet" href="https://cdn.example/x.css">',
        '<link rel="preload" as="style" href="https://cdn.example/x.css">',
        '<link rel="stylesheet" href="https://fonts.googleapis.com/css?family=Roboto">',
        '<link rel="stylesheet" href="https://static.hotjar.com/x.css">',
        '<link rel="stylesheet">',
    ]
    assert inlined("".join(links)) == ("".join(links), [])
    private = '<link rel="stylesheet" href="http://127.0.0.1:9/x.css">'
    assert inlined(private) == (private, ["127.0.0.1"])


def test_a_page_of_many_sheets_costs_a_few(cdn):
    links = [f'<link rel="stylesheet" href="{cdn}/end.css?{n}">' for n in range(foreign_styles.SHEETS + 5)]
    SHEETS.update({f"/end.css?{n}": SHEETS["/end.css"] for n in range(len(links))})
    page, missing = inlined("".join(links))
    assert (page.count("<style>"), page.count("<link"), missing) == (foreign_styles.SHEETS, 5, ["127.0.0.1"])
