"""Pages that make a gate's life hard, and gates that come late, broken or not at all: nothing throws into the page, nothing
fails open silently, and the page itself works."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Browser, Playwright

from tests.browser.internet import comes_true

from .guest import chromium, pages
from .vectors import blockers
from .vectors.blockers import CMP, GATE, SWALLOW, UUID
from .vectors.run import arguments
from .vectors.server import PIXEL, SITE, TRACKER, Server

__all__ = ["chromium", "pages"]
pytestmark = pytest.mark.browser

KEY = (CMP, f"/v1/{UUID}/gate.js")
T = f"https://{TRACKER}/h/h"
BODY = f"""<h1>Own text</h1><img id=ownimg src=/own/png alt=""><script>window.inline=1</script>
<script src="{T}/t.js"></script>
<script>var s=document.createElement('script');s.src='{T}/t.js';document.body.appendChild(s);fetch('{T}/data').catch(()=>{{}})</script>
<script>window.last=1</script>"""
NONCE = "r4nd0m"


@pytest.fixture(scope="module")
def server(pages: dict[str, str]) -> Iterator[Server]:
    server = Server(lambda path: pages.get(path), blockers.gate_files(blockers.snapshot("snippet")))
    yield server
    server.close()


@pytest.fixture
def visit(chromium: Browser, pages: dict[str, str], server: Server) -> Iterator[Callable[..., Any]]:
    """Loads a page; `tab.thrown` are its uncaught errors, `tab.said` its console."""
    context = chromium.new_context(ignore_https_errors=True)
    server.left.clear()
    server.ran.clear()

    def visit(before: str = "", after: str = SWALLOW, body: str = BODY, gate: str = GATE, policy: str = "") -> Any:
        pages["/page"] = (
            f"<!doctype html><html lang=en><head>{before}{gate}{after}<title>t</title></head><body>{body}</body></html>"
        )
        server.headers[SITE, "*"] = {"Content-Security-Policy": policy} if policy else {}
        tab: Any = context.new_page()
        tab.thrown, tab.said = [], []
        tab.on("pageerror", lambda error: tab.thrown.append(str(error)))
        tab.on("console", lambda message: tab.said.append(message.text))
        tab.goto(f"https://{SITE}/page")
        tab.wait_for_timeout(500)
        return tab

    yield visit
    context.close()
    for table in (server.headers, server.delays, server.statuses):
        table.clear()


def works(tab: Any) -> None:
    """The page's own text, inline code and image are there, and nothing was thrown into it."""
    assert tab.evaluate("[document.querySelector('h1')?.textContent,window.inline,window.last]") == ["Own text", 1, 1]
    assert tab.evaluate("document.getElementById('ownimg').naturalWidth") == 1
    assert tab.evaluate("document.documentElement.lang") == "en"
    assert tab.thrown == []


def test_a_plain_page_is_held(visit, server: Server) -> None:
    tab = visit()
    works(tab)
    assert server.left["h/h"] == []
    assert tab.evaluate("document.querySelectorAll('[data-fg],[fg-held]').length") == 0


@pytest.mark.parametrize(
    "hostile",
    [
        "Object.freeze(Node.prototype)",
        "for (const p of [Node, Element, Document, EventTarget, Storage, XMLHttpRequest]) Object.freeze(p.prototype)",
        "Object.defineProperty(HTMLScriptElement.prototype,'src',{...Object.getOwnPropertyDescriptor(HTMLScriptElement.prototype,'src'),configurable:false})",
        "Object.defineProperty(window,'fetch',{value:fetch,configurable:false,writable:false})",
    ],
)
def test_frozen_natives_are_reported_and_nothing_runs(visit, server: Server, hostile: str) -> None:
    tab = visit(before=f"<script>{hostile}</script>")
    works(tab)
    assert "h/h" not in server.ran
    assert [text for text in tab.said if "is not armed" in text] != []


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_library_that_wraps_the_same_natives(visit, server: Server, when: str) -> None:
    wrap = """<script>(function(){const c=Document.prototype.createElement,f=window.fetch,a=Node.prototype.appendChild;
    Document.prototype.createElement=function(){const e=c.apply(this,arguments);window.made=(window.made||0)+1;return e};
    window.fetch=function(){window.fetched=1;return f.apply(this,arguments)};
    Node.prototype.appendChild=function(n){window.appended=1;return a.call(this,n)}})()</script>"""
    tab = visit(before=wrap) if when == "before" else visit(after=SWALLOW + wrap)
    works(tab)
    assert server.left["h/h"] == []
    assert tab.evaluate("[made>0,fetched,appended]") == [True, 1, 1]


@pytest.mark.parametrize(
    "names", ["matches", "querySelectorAll", "nodeType", "firstElementChild shadowRoot localName isConnected children"]
)
def test_a_form_whose_fields_are_named_like_methods(visit, server: Server, names: str) -> None:
    fields = "".join(f'<input name="{name}">' for name in names.split())
    tab = visit(body=f"<form>{fields}</form>{BODY}")
    works(tab)
    assert server.left["h/h"] == []
    tab.evaluate("""(fields) => {
      const form = document.createElement('form');
      form.innerHTML = fields;
      document.body.append(form);
      document.body.insertAdjacentHTML('beforeend', `<form>${fields}</form><i id=later></i>`);
    }""", fields)  # fmt: skip
    works(tab)
    assert tab.locator("#later").count() == 1


def noncing(html: str) -> str:
    return html.replace("<script", f'<script nonce="{NONCE}"')


STRICT = f"script-src 'nonce-{NONCE}' 'strict-dynamic'; object-src 'none'; base-uri 'none'"


def test_a_nonce_policy_with_our_nonce(visit, server: Server) -> None:
    tab = visit(gate=noncing(GATE), after=noncing(SWALLOW), body=noncing(BODY), policy=STRICT)
    works(tab)
    assert server.left["h/h"] == []
    tab.evaluate("fairgate.accept()")
    comes_true(tab, "window.__ran >= 2")
    assert "h/h" in server.ran


def test_a_nonce_policy_without_our_nonce_leaves_the_page_alone(visit, server: Server) -> None:
    tab = visit(body=noncing(BODY), policy=STRICT)
    works(tab)
    assert tab.evaluate("typeof fairgate") == "undefined"


@pytest.mark.parametrize(
    "policy", ["require-trusted-types-for 'script'", "require-trusted-types-for 'script'; trusted-types other"]
)
def test_trusted_types(visit, server: Server, policy: str) -> None:
    body = BODY.replace(
        f"s.src='{T}/t.js'",
        f"s.src=trustedTypes.createPolicy('other',{{createScriptURL:u=>u}}).createScriptURL('{T}/t.js')",
    )
    tab = visit(after="", body=body, policy=policy)
    works(tab)
    assert "h/h" not in server.ran
    assert tab.evaluate("!!fairgate._.engine")


def test_a_page_of_5000_nodes(visit, server: Server) -> None:
    rows = "".join(f"<p class=row data-n={i}>x <b>{i}</b></p>" for i in range(2500))
    tab = visit(body=rows + BODY)
    works(tab)
    assert tab.evaluate("document.querySelectorAll('.row').length") == 2500
    assert server.left["h/h"] == []


def test_a_gate_that_takes_three_seconds(visit, server: Server) -> None:
    server.delays[KEY] = 3
    tab = visit()
    works(tab)
    assert "h/h" not in server.ran


def test_a_gate_that_answers_500_or_404(visit, server: Server) -> None:
    for status in (500, 404):
        server.statuses[KEY] = status
        body, kind = server.files[KEY][1], server.files[KEY][0]
        server.files[KEY] = ("text/plain", b"Server error")
        parked = "<script type='text/plain' class='optanon-category-C0004'>window.parked=1</script>"
        tab = visit(body=parked + BODY)
        server.files[KEY] = (kind, body)
        works(tab)
        assert tab.evaluate("[window.parked,typeof fairgate]") == [None, "undefined"]


def test_a_gate_that_is_cut_off(visit, server: Server) -> None:
    kind, body = server.files[KEY]
    server.files[KEY] = (kind, body[: len(body) // 2])
    tab = visit()
    server.files[KEY] = (kind, body)
    assert tab.evaluate("[document.querySelector('h1').textContent,window.last]") == ["Own text", 1]
    assert len(tab.thrown) == 1  # the browser's own syntax error


def test_an_asynchronous_gate_says_so(visit, server: Server) -> None:
    tab = visit(gate=GATE.replace("<script", "<script async"))
    works(tab)
    assert [text for text in tab.said if "late" in text] != []


@pytest.mark.parametrize(
    "second",
    [
        "",
        "<!-- a comment --><script>window.second=1</script>",
        "<script>window.second=1</script>",
        "\n  <meta charset=utf-8>\n  <link rel=canonical href=/page>\n <script>window.second=1</script>",
    ],
)
def test_a_page_without_the_second_line_stays_whole(visit, server: Server, second: str) -> None:
    tab = visit(after=second)
    works(tab)
    assert tab.title() == "t"
    assert tab.evaluate("document.querySelectorAll('script#fg-swallow').length") == 0
    assert tab.evaluate("window.second") == (1 if "second" in second else None)
    assert "h/h" not in server.ran


def test_the_second_line_leaves_nothing_behind(visit) -> None:
    tab = visit(after=SWALLOW.replace('"text/plain"', "text/plain") + "\n<meta name=x content=y>")
    works(tab)
    assert tab.evaluate("document.head.querySelectorAll('meta').length") == 1
    assert tab.evaluate("document.head.textContent.includes('-->')") is False


def test_a_page_over_http_is_held_and_answered(
    playwright: Playwright, server: Server, pages: dict[str, str], visit
) -> None:
    """Without a secure context there is no randomUUID, no cookieStore, no service worker: all the same."""

    class Plain(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            html = self.path == "/page"
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8" if html else "image/gif")
            self.end_headers()
            self.wfile.write(pages["/page"].encode() if html else PIXEL)

        def log_message(self, *_arguments: object) -> None:
            pass

    plain = ThreadingHTTPServer(("127.0.0.1", 0), Plain)
    threading.Thread(target=plain.serve_forever, daemon=True).start()
    rules = f"--host-resolver-rules=MAP {SITE}:80 127.0.0.1:{plain.server_address[1]},MAP * 127.0.0.1:{server.port}"
    browser = playwright.chromium.launch(executable_path=blockers.chromium(), args=[rules, *arguments(server.port)[1:]])
    try:
        pages["/page"] = (
            f"<!doctype html><html lang=en><head>{GATE}{SWALLOW}<title>t</title></head><body>{BODY}</body></html>"
        )
        tab: Any = browser.new_context(ignore_https_errors=True).new_page()
        tab.thrown = []
        tab.on("pageerror", lambda error: tab.thrown.append(str(error)))
        tab.goto(f"http://{SITE}/page")
        tab.wait_for_timeout(500)
        works(tab)
        assert tab.evaluate("isSecureContext") is False
        assert server.left["h/h"] == []
        tab.evaluate("fairgate.accept()")
        comes_true(tab, "window.__ran >= 2")
        assert "fairgate_" in tab.evaluate("document.cookie")
        assert tab.thrown == []
    finally:
        browser.close()
        plain.shutdown()
        plain.server_close()
