"""Pages of a few lines, each with our gate and without: a good guest leaves no difference but that trackers wait."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Playwright, Request

from .vectors import blockers
from .vectors.run import arguments
from .vectors.server import SITE, TRACKER, Server

T = f"https://{TRACKER}"
JQUERY = "<script src=/jquery.js></script>"
LOG = """<script>window.ran=[];window.log=x=>ran.push(x);window.thrown=[];
addEventListener('error',e=>e.message&&thrown.push(e.message));</script>"""
GATE = blockers.GATE + blockers.SWALLOW


def say(name: str, more: str = "") -> bytes:
    """A tracker's file: it says that it ran, and from which element."""
    return f"log('{name}'+(document.currentScript?':'+document.currentScript.id:''));{more}".encode()


class Guest:
    """Opens pages in one context of a browser; `asked` are the trackers' addresses that were asked for."""

    def __init__(self, browser: Browser, pages: dict[str, str]) -> None:
        self.context = browser.new_context(ignore_https_errors=True)
        self.pages = pages
        self.asked: list[str] = []
        self.context.on("request", self._ask)

    def _ask(self, request: Request) -> None:
        if TRACKER in request.url:
            self.asked.append(request.url)

    def open(self, body: str, head: str = "", gate: str = GATE) -> Any:
        self.pages["/page"] = (
            f"<!doctype html><html lang=en><head>{gate}{LOG}{head}</head><body><h1>x</h1>{body}</body></html>"
        )
        page = self.context.new_page()
        page.goto(f"https://{SITE}/page")
        return page

    def bare(self, body: str, head: str = "") -> Any:
        """The same page without the gate."""
        return self.open(body, head, gate="")


def ran(page: Any, count: int, settle_ms: int = 300) -> list[str]:
    """What said that it ran, once at least `count` did and nothing more came."""
    page.wait_for_function(f"ran.length >= {count}")
    page.wait_for_timeout(settle_ms)
    return page.evaluate("ran")


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return {}


@pytest.fixture(scope="module")
def server(pages: dict[str, str]) -> Iterator[Server]:
    files = blockers.gate_files(blockers.snapshot("snippet"))
    files |= {(TRACKER, f"/{name}.js"): ("text/javascript", say(name.upper())) for name in "abcdefgh"}
    files[SITE, "/own.js"] = ("text/javascript", b"log('own')")
    files[SITE, "/jquery.js"] = ("text/javascript", (blockers.MODULES / "jquery/dist/jquery.min.js").read_bytes())
    server = Server(lambda path: pages.get(path), files)
    yield server
    server.close()


@pytest.fixture(scope="module")
def chromium(playwright: Playwright, server: Server) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=blockers.chromium(shell=True), args=arguments(server.port))
    yield browser
    browser.close()


@pytest.fixture
def guest(chromium: Browser, pages: dict[str, str]) -> Iterator[Guest]:
    guest = Guest(chromium, pages)
    yield guest
    guest.context.close()
