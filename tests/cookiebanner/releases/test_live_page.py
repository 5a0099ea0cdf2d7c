"""A page as it is on the web, checked as an operator does it: a good one, one with every fault, and none."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from consent.catalogue.actions import add_service
from consent.models import ConsentRecord, ImpressionTotal, Site
from consent.sites import snippets
from consent.sites.actions import change_settings, create_site
from cookiebanner.releases import guarded_proxy, live_page, pictures
from cookiebanner.releases.compile import digest
from cookiebanner.releases.publish import publish
from cookiebanner.visitors.delivery import first_part
from tests.values import RESPONSIBLE

TEXT = "<main><h1>A shop</h1><p>Things to buy.</p></main>"


@pytest.fixture(autouse=True)
def _sooner(monkeypatch) -> None:
    """A browser that hangs is a failure, not a wait."""
    monkeypatch.setattr(live_page, "DEADLINE", 90.0)


class Web:
    """Every host under localhost: pages by path of the Host header's first label; what was asked of each."""

    def __init__(self) -> None:
        self.pages: dict[tuple[str, str], tuple[int, str, bytes]] = {}
        self.cookies: dict[tuple[str, str], str] = {}
        self.asked: list[tuple[str, str, str]] = []
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                host = self.headers["Host"].partition(".")[0]
                path = self.path.partition("?")[0]
                web.asked.append((self.command, host, path))
                status, kind, body = web.pages.get((host, path), (404, "text/plain", b"not here"))
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Access-Control-Allow-Origin", "*")
                if cookie := web.cookies.get((host, path)):
                    self.send_header("Set-Cookie", cookie)
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_OPTIONS = do_GET

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def address(self, host: str, path: str = "/") -> str:
        return f"http://{host}.localhost:{self.server.server_address[1]}{path}"


@pytest.fixture
def web() -> Iterator[Web]:
    made = Web()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def site(transactional_db, settings, monkeypatch, web) -> Site:
    settings.FAIRGATE_OUTGOING_NETWORKS = ["127.0.0.0/8"]
    monkeypatch.setattr(pictures, "LOWEST", 0)
    monkeypatch.setattr(live_page, "REST", 300)
    monkeypatch.setattr(live_page, "DEADLINE", 90.0)
    made = create_site(["shop.localhost"], "alice", languages=["en"], **RESPONSIBLE)
    change_settings(
        made, "alice", policy_url=web.address("shop", "/privacy"), imprint_url=web.address("shop", "/imprint")
    )
    for name, category, cookie in (("Counter", "C0002", "_count"), ("Adverts", "C0004", "_ads")):
        add_service(made, "alice", name=name, category=category, patterns=[f"{name.lower()}.localhost"],
                    cookies=[{"name": cookie, "lifetime": "1 day"}], targeted_ads=name == "Adverts")  # fmt: skip
    for path in ("/privacy", "/imprint", "/app.js", "/favicon.ico"):
        web.pages["shop", path] = (200, "text/html", b"<p>There.</p>" if path[1] in "pi" else b"")
    web.pages["counter", "/c.js"] = (200, "text/javascript", b"document.cookie='_count=1'")
    web.pages["adverts", "/p.gif"] = (200, "image/gif", b"")
    return made


def put(web: Web, site: Site, before: str = "", head: str = "") -> None:
    """The shop's page with its published gate; `before` stands in front of the gate."""
    release = publish(site, "alice")
    files = {file.name: file for file in release.artifacts.all()}
    base = f"/v1/{site.uuid}"
    for name, file in files.items():
        web.pages["consent", f"{base}/a/{digest(file.content.body)}/{name}"] = (
            200,
            file.content_type,
            file.content.body,
        )
    gate = "gate.eu_opt_in.js"
    body = files[gate].content.body + files[first_part(files, gate, "en")].content.body
    web.pages["consent", f"{base}/gate.js"] = (200, files[gate].content_type, body)
    script = snippets.snippet(web.address("consent", "").rstrip("/"), site.uuid)
    counter = web.address("counter", "/c.js")
    late = f"<script>var s=document.createElement('script');s.src={counter!r};document.head.append(s)</script>"
    html = f'<!doctype html><html lang="en"><head>{before}{script}<title>A shop</title>{head}</head><body>{TEXT}{late}</body></html>'
    web.pages["shop", "/"] = (200, "text/html; charset=utf-8", html.encode())


def checked(capsys: Any, *arguments: str) -> tuple[int, str, str]:
    """(exit code, what is printed, what went wrong in words)."""
    try:
        with ThreadPoolExecutor(1) as aside:  # as a command runs: in no thread that has an event loop
            aside.submit(call_command, "check_site", *arguments).result()
    except CommandError as error:
        return error.returncode, capsys.readouterr().out, str(error)
    return 0, capsys.readouterr().out, ""


@pytest.mark.browser
def test_a_good_page_passes_and_nothing_of_the_check_is_recorded(site, web, capsys):
    put(web, site)
    code, out, _ = checked(capsys, web.address("shop"), "--json")
    report = json.loads(out)
    assert (report["findings"], code, report["passed"]) == ([], 0, True)
    assert (report["site"], report["release"], report["regime"]) == (str(site.uuid), 1, "eu_opt_in")
    # The control: the counter is let in after a yes, and only then.
    assert [asked for asked in web.asked if asked[1] == "counter"] == [("GET", "counter", "/c.js")]
    assert report["requests"]["after a yes"] == report["requests"]["before an answer"] + 1
    assert [asked for asked in web.asked if asked[0] != "GET"] == []
    assert ConsentRecord.objects.filter(type="consent").count() == ImpressionTotal.objects.count() == 0


@pytest.mark.browser
def test_each_fault_of_a_page_is_found_with_its_rule(site, web, capsys):
    style = (
        "<style>html #onetrust-consent-sdk #onetrust-banner-sdk #onetrust-button-group{grid-template-columns:3fr 1fr"
        "!important}html #onetrust-consent-sdk #onetrust-banner-sdk #onetrust-policy-title{color:#bbb!important}</style>"
    )
    early = (
        f"<script>new Image().src={web.address('adverts', '/p.gif')!r};var dataLayer=[];"
        "function gtag(){dataLayer.push(arguments)}gtag('js',new Date())</script>"
    )
    put(web, site, early, style)
    del web.pages["shop", "/privacy"]
    web.cookies["shop", "/"] = "_ads=1; HttpOnly; Path=/"
    code, out, said = checked(capsys, web.address("shop"), "--json")
    report = json.loads(out)
    rules = {(one["rule"], one["subject"]) for one in report["findings"] if one["severity"] == "block"}
    assert rules == {
        ("L03", "banner accept reject alike"),
        ("L04", "banner text light contrast"),
        ("L11", f"link {web.address('shop', '/privacy')}"),
        ("L26", "adverts before an answer"),
        ("L26", "adverts after a refusal"),
        ("L27", "adverts after a yes was withdrawn"),
        ("L28", "consent default"),
        ("L28", "consent update"),
    }
    assert code == 1 and said == f"{len(rules)} of {len(report['findings'])} findings must be mended."
    [link] = [one for one in report["findings"] if one["rule"] == "L11"]
    assert link["message"].endswith("/privacy answers 404.")


@pytest.mark.browser
def test_a_page_without_a_gate_is_told_so(site, web, capsys, monkeypatch):
    monkeypatch.setattr(live_page, "BANNER", 1000)
    web.pages["shop", "/"] = (200, "text/html", f"<!doctype html><title>A shop</title>{TEXT}".encode())
    code, out, _ = checked(capsys, web.address("shop"))
    assert code == 1
    assert "MEND    F11 The page has no gate of ours: nothing is held, and nobody is asked." in out
    code, _, said = checked(capsys, web.address("shop", "/nothing"))
    assert (code, said) == (2, f"{web.address('shop', '/nothing')} answers 404.")


@pytest.mark.browser
def test_a_page_that_never_rests_is_given_up(site, web, capsys, monkeypatch):
    monkeypatch.setattr(live_page, "DEADLINE", 5.0)
    busy = "<!doctype html><title>A shop</title><script>setTimeout(()=>{for(;;);},300)</script>"
    web.pages["shop", "/"] = (200, "text/html", busy.encode())
    code, _, said = checked(capsys, web.address("shop"))
    assert (code, said) == (
        2, f"{web.address('shop')} can't be checked: it kept the browser busy for 5 seconds."
    )  # fmt: skip


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("shop.example", "is no web address"),
        ("ftp://shop.example/", "is no web address"),
        ("https://user:word@shop.example/", "with a user or a password"),
        ("https://10.0.0.5/", "10.0.0.5 is at 10.0.0.5, which is no public address."),
        ("http://localhost:1/", "FAIRGATE_OUTGOING_NETWORKS"),
        ("https://nobody.invalid/", "nobody.invalid can't be reached: "),
    ],
)
def test_what_can_not_be_checked_is_said_and_ends_with_2(capsys, url, why):
    code, out, said = checked(capsys, url)
    assert (code, out) == (2, "")
    assert why in said


def test_without_chromium_the_command_says_how_to_get_it(capsys, monkeypatch):
    monkeypatch.setattr(pictures, "BROWSERS", ("no-such-browser",))
    code, _, said = checked(capsys, "https://shop.example/")
    assert code == 2
    assert said.startswith("Chromium is not installed. Install it: apt-get install -y chromium && pip install ")


# --- the proxy --------------------------------------------------------------------------------------------------------


def ask(proxy: guarded_proxy.Proxy, request: str) -> bytes:
    with socket.create_connection(("127.0.0.1", int(proxy.server_address[1])), timeout=10) as link:
        link.sendall(request.encode())
        answer = b""
        while piece := link.recv(65536):
            answer += piece
        return answer


def test_the_proxy_reaches_what_the_operator_allows_and_nothing_else(settings, web):
    web.pages["shop", "/"] = (200, "text/plain", b"the shop")
    settings.FAIRGATE_OUTGOING_NETWORKS = ["127.0.0.0/8"]
    with guarded_proxy.running() as proxy:
        plain = f"GET {web.address('shop')} HTTP/1.1\r\nHost: shop.localhost\r\nProxy-Connection: keep-alive\r\n\r\n"
        assert ask(proxy, plain).endswith(b"the shop")
        port = web.server.server_address[1]
        tunnel = f"CONNECT shop.localhost:{port} HTTP/1.1\r\n\r\nGET / HTTP/1.0\r\nHost: shop.localhost\r\n\r\n"
        assert ask(proxy, tunnel).startswith(b"HTTP/1.1 200 Connected\r\n\r\nHTTP/1.0 200")
        assert (proxy.asked, proxy.refused) == ({"shop.localhost"}, {})
        settings.FAIRGATE_OUTGOING_NETWORKS = []
        proxy.hang_up()
        web.asked.clear()
        assert ask(proxy, plain).startswith(b"HTTP/1.1 502")
        assert ask(proxy, "CONNECT 10.0.0.1:443 HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 502")
        assert sorted(proxy.refused) == ["10.0.0.1", "shop.localhost"]
        assert "which is no public address" in proxy.refused["shop.localhost"]
        assert (web.asked, proxy.asked) == ([], {"shop.localhost", "10.0.0.1"})


def test_hanging_up_ends_what_is_open(settings, web):
    settings.FAIRGATE_OUTGOING_NETWORKS = ["127.0.0.0/8"]
    with (
        guarded_proxy.running() as proxy,
        socket.create_connection(("127.0.0.1", int(proxy.server_address[1])), timeout=10) as link,
    ):
        link.sendall(f"CONNECT shop.localhost:{web.server.server_address[1]} HTTP/1.1\r\n\r\n".encode())
        assert link.recv(100).startswith(b"HTTP/1.1 200")
        proxy.hang_up()
        begun = time.monotonic()
        assert link.recv(100) == b""
        assert time.monotonic() - begun < 5
