"""A page that the server rewrote, with the gate on it: nothing loads before a yes, everything once and in order after."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from fairgate_enforce.html import Rewriter
from fairgate_enforce.policy import Rules

from .guest import chromium, pages
from .test_release import HEAD, ORDER_BODY, ORDER_HEAD, SCRIPTS, grant, ran
from .vectors import blockers
from .vectors.server import SITE, TRACKER, Server

__all__ = ["chromium", "pages"]
pytestmark = pytest.mark.browser

T = f"https://{TRACKER}"
RELEASE = blockers.snapshot("server")
POLICY = Rules(RELEASE, blockers.VARIANT).for_visitor(None, False, SITE)


def rewritten(html: str) -> str:
    rewriter = Rewriter(POLICY.held, POLICY.held_inline, f"https://{SITE}/page", POLICY.is_granted)
    return (rewriter.feed(html.encode()) + rewriter.close()).decode()


@pytest.fixture(scope="module")
def server(pages: dict[str, str]) -> Iterator[Server]:
    files = blockers.gate_files(RELEASE)
    files |= {(TRACKER, path): ("text/javascript", body) for path, body in SCRIPTS.items()}
    server = Server(lambda path: pages.get(path), files)
    server.delays[TRACKER, "/a.js"] = 0.15
    yield server
    server.close()


@pytest.fixture
def open_page(chromium: Browser, pages: dict[str, str]) -> Iterator[Callable[..., Page]]:
    context = chromium.new_context(ignore_https_errors=True)

    def open_page(body: str, head: str = "", again: bool = False) -> Any:
        pages["/page"] = rewritten(
            f"<!doctype html><html><head>{blockers.GATE}{HEAD}{head}</head><body><h1>x</h1>{body}</body></html>"
        )
        tab: Any = context.pages[0] if again else context.new_page()
        tab.asked = []
        tab.on("request", lambda request: tab.asked.append(request.url) if TRACKER in request.url else None)
        tab.goto(f"https://{SITE}/page")
        return tab

    yield open_page
    context.close()


def test_scripts_run_once_in_document_order(open_page) -> None:
    tab = open_page(ORDER_BODY, ORDER_HEAD)
    tab.wait_for_timeout(300)
    assert (tab.evaluate("ran"), tab.asked) == ([], [])
    grant(tab)
    result = ran(tab, 10)
    ordered = [x for x in result if x[0] in "AIECDH"]
    assert ordered == ["A:a", "I:i", "E:e", "C:c", "D", "H:h"]
    assert sorted(result) == sorted([*ordered, "B:b", "F:f", "load a", "load f"])
    assert tab.evaluate("document.querySelectorAll('[data-fg],[fg-held]').length") == 0


def test_a_page_parked_in_vain_runs_as_the_parser_meets_it(open_page) -> None:
    grant(open_page("<p>first</p>"))
    tab = open_page(ORDER_BODY, ORDER_HEAD, again=True)
    result = ran(tab, 10)
    assert [x for x in result if x[0] in "AIECDH"] == ["A:a", "I:i", "E:e", "C:c", "D", "H:h"]
    assert sorted(result)[-4:] == ["I:i", "load a", "load f"] or result.count("load a") == 1
    assert tab.evaluate("document.querySelectorAll('[data-fg],[fg-held]').length") == 0


ALL = f"""
<link rel=stylesheet href="{T}/v/l.css"><style>@import "{T}/v/i.css";h1{{background:url({T}/v/s.gif)}}</style>
<p style="background:url('{T}/v/a.gif')">x</p>
<img src="{T}/v/1.gif"><img src="/png" srcset="{T}/v/2.gif 1x"><picture><source srcset="{T}/v/3.gif"><img src="/png"></picture>
<svg width=9 height=9><image width=9 height=9 href="{T}/v/4.gif"/></svg>
<svg><script href="{T}/b.js"></script></svg>
<video poster="{T}/v/5.gif" width=9 height=9></video>
<iframe id=f src="{T}/v/f.html"></iframe><iframe srcdoc="<p>own</p><script src='{T}/v/d.js'></script>"></iframe>
<object data="{T}/v/o.html" type="text/html"></object><embed src="{T}/v/e.html" type="text/html">
<table><tr><td background="{T}/v/6.gif">x</table>
<noscript><img src="{T}/v/no.gif"></noscript>
"""
WANTED = "l.css i.css s.gif a.gif 1.gif 2.gif 3.gif 4.gif b.js 5.gif f.html d.js o.html e.html 6.gif".split()


def test_everything_else_comes_back_too_each_once(open_page) -> None:
    tab = open_page(ALL)
    tab.wait_for_timeout(500)
    assert tab.asked == []
    assert tab.evaluate("f.src") == f"{T}/v/f.html"
    grant(tab)
    tab.wait_for_timeout(1500)
    names = [url.rpartition("/")[2] for url in tab.asked]
    print(
        names,
        tab.evaluate("ran"),
        tab.evaluate(
            "[...document.querySelectorAll(`[data-fg],[fg-held],svg script,object,embed`)].map((el) => el.outerHTML)"
        ),
    )
    assert sorted(name for name in names if name in WANTED) == sorted(WANTED)
    assert "no.gif" not in names
    assert tab.evaluate("ran") == ["B:"]
    left = tab.evaluate("[...document.querySelectorAll('[data-fg],[fg-held]')].map((el) => el.outerHTML)")
    assert left == []
    assert "data:fg" not in tab.evaluate("document.documentElement.outerHTML.replace(/<noscript>.*?<.noscript>/s, '')")
