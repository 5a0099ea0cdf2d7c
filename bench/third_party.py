"""Other projects' browser tests with the gate and without: `python -m bench.third_party jquery|htmx|wpt CHECKOUT`.

The checkout is the reader's own; docs/blocking.md says how to make one ready. Each page is loaded with an empty script
first in its head, and with the gate there, before an answer. A difference is a test that ends in one way each time
without the gate, and in another each time with it. Results go to docs/third-party.json, the table to docs/blocking.md.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import http.client
import json
import mimetypes
import os
import re
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cookiebanner.settings")
django.setup()

from playwright.async_api import Browser, Page, async_playwright  # noqa: E402
from playwright.async_api import Error as BrowserError  # noqa: E402

from bench.third_party_report import DATA, write  # noqa: E402
from tests import samples  # noqa: E402
from tests.browser.internet import open_world  # noqa: E402
from tests.browser.stage import CMP, SWALLOW, Stage  # noqa: E402
from tests.browser.vectors.blockers import chromium  # noqa: E402

WPT_FOLDERS = (
    "dom",
    "html/dom",
    "custom-elements",
    "shadow-dom",
    "domparsing",
    "html/semantics/scripting-1",
)
GATE = f'<script src="https://{CMP}/v1/{samples.SITE_UUID}/gate.js"></script>'
EMPTY = "<script>/* nothing */</script>"
TABS = 3
ROUNDS = 2
SUITE_SECONDS = 220
PAGE_SECONDS = 6

# What tells of each test, put behind the framework of the page.
QUNIT = """<script>window.__results = {}; QUnit.on('testEnd', (t) => { __results[t.fullName.join(' > ')] = t.status });
QUnit.on('runEnd', () => { window.__done = true })</script>"""
MOCHA = """<script>window.__results = {}; const begin = mocha.run; mocha.run = function () {
const runner = begin.apply(mocha, arguments);
for (const event of ['pass', 'fail', 'pending']) runner.on(event, (t) => { __results[t.fullTitle()] = event });
runner.on('end', () => { window.__done = true }); return runner }</script>"""
HARNESS = b"""window.__results = {}; add_completion_callback((tests, status) => {
__results[''] = 'OK ERROR TIMEOUT PRECONDITION_FAILED'.split(' ')[status.status];
for (const t of tests) __results[t.name] = 'PASS FAIL TIMEOUT NOTRUN PRECONDITION_FAILED'.split(' ')[t.status];
window.__done = true });"""

Reply = tuple[int, list[tuple[str, str]], bytes]
Results = dict[str, str]


def from_folder(folder: Path) -> Callable[[BaseHTTPRequestHandler, bytes], Reply]:
    """Answers with the files of a checkout."""

    def answer(request: BaseHTTPRequestHandler, _body: bytes) -> Reply:
        path = unquote(urlsplit(request.path).path)
        if path == "/resources/testharnessreport.js":
            return 200, [("Content-Type", "text/javascript")], HARNESS
        file = (folder / path.lstrip("/")).resolve()
        if not file.is_relative_to(folder) or not file.is_file():
            return 404, [("Content-Type", "text/plain")], b"not here"
        return 200, [("Content-Type", mimetypes.guess_type(file.name)[0] or "text/plain")], file.read_bytes()

    return answer


def from_server(port: int) -> Callable[[BaseHTTPRequestHandler, bytes], Reply]:
    """Answers with what a suite's own server says."""

    def answer(request: BaseHTTPRequestHandler, body: bytes) -> Reply:
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        link.request(request.command, request.path, body or None, dict(request.headers.items()))
        reply = link.getresponse()
        skip = {"transfer-encoding", "connection", "content-length", "keep-alive"}
        head = [(name, value) for name, value in reply.getheaders() if name.lower() not in skip]
        return reply.status, head, reply.read()

    return answer


@contextlib.contextmanager
def front(answer: Callable[[BaseHTTPRequestHandler, bytes], Reply], edit: Callable[[bytes], bytes]) -> Iterator[str]:
    """A server whose top documents are edited; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            status, head, body = answer(self, self.rfile.read(length) if length else b"")
            if self.headers.get("Sec-Fetch-Dest") == "document":
                body = edit(body)
            self.send_response(status)
            for name, value in [*head, ("Content-Length", str(len(body)))]:
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD" and status not in (204, 304):
                self.wfile.write(body)

        do_GET = do_POST = do_HEAD = do_PUT = do_DELETE = do_OPTIONS = do_PATCH = handle_one

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_arguments: None  # type: ignore[method-assign]  # closed tabs
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://localhost:{server.server_address[1]}"
    finally:
        server.shutdown()


def first_in_head(html: bytes, tag: str, reporter: str) -> bytes:
    """The page with a tag first in its head, and a reporter last in its body."""
    added = tag.encode()
    found = re.search(rb"<head[^>]*>", html, re.IGNORECASE) or re.match(rb"\s*<!doctype[^>]*>", html, re.IGNORECASE)
    at = found.end() if found else 0
    html = html[:at] + added + html[at:]
    end = html.lower().rfind(b"</body>")
    return html[:end] + reporter.encode() + html[end:] if reporter and end >= 0 else html


async def results(page: Page, url: str, seconds: float) -> Results:
    """What the tests of one page said."""
    try:
        await page.goto(url, wait_until="commit")
        await page.wait_for_function("window.__done", timeout=seconds * 1000, polling=100)
    except BrowserError:
        pass
    try:
        found: Results = await page.evaluate("window.__results || {}")
    except BrowserError:
        return {}
    return found


async def run_pages(browser: Browser, base: str, paths: list[str], seconds: float) -> dict[str, Results]:
    """The results of many pages, some tabs at once, each page in a tab of its own."""
    waiting, found = list(reversed(paths)), {}

    async def work() -> None:
        context = await browser.new_context(ignore_https_errors=True)
        while waiting:
            path = waiting.pop()
            page = await context.new_page()
            page.on("dialog", lambda dialog: asyncio.ensure_future(dialog.dismiss()))
            found[path] = await results(page, base + path, seconds)
            with contextlib.suppress(BrowserError):
                await page.close()
        await context.close()

    await asyncio.gather(*(work() for _ in range(min(TABS, len(paths)))))
    return found


def differences(without: list[dict[str, Results]], with_gate: list[dict[str, Results]]) -> list[str]:
    """Tests that end in one way in every round without the gate, and in others in every round with it."""
    found = []
    for path, results in without[0].items():
        for name, status in results.items():
            bare = {one.get(path, {}).get(name) for one in without}
            gate = {one.get(path, {}).get(name) for one in with_gate}
            if bare == {status} and status not in gate:
                found.append(f"{path} {name}: {status}, with the gate {'/'.join(sorted(map(str, gate)))}")
    return sorted(found)


async def measure(suite: str, browser_port: int, bases: dict[str, str], paths: list[str], count: int) -> dict[str, Any]:
    """Every page without the gate and with it; what differs once more."""
    arguments = [
        f"--host-resolver-rules=MAP {CMP} 127.0.0.1:{browser_port}, MAP * ~NOTFOUND, EXCLUDE localhost",
        "--ignore-certificate-errors", "--no-sandbox", "--disable-gpu", "--mute-audio",
    ]  # fmt: skip
    seconds = PAGE_SECONDS if suite == "wpt" else SUITE_SECONDS
    async with async_playwright() as play:
        browser = await play.chromium.launch(executable_path=chromium(), args=arguments)
        rounds = {which: [await run_pages(browser, base, paths, seconds)] for which, base in bases.items()}
        for _ in range(count - 1):
            unlike = [path for path in paths if rounds["without"][0].get(path) != rounds["with"][0].get(path)]
            for which, base in bases.items():
                rounds[which].append(rounds[which][0] | await run_pages(browser, base, unlike, seconds))
        version = browser.version
        await browser.close()
    ran = [status for results in rounds["without"][-1].values() for name, status in results.items() if name]
    ok = {"passed", "pass", "PASS"}
    return {
        "browser": f"Chromium {version}",
        "pages": len(paths),
        "tests": len(ran),
        "passed": sum(status in ok for status in ran),
        "passed_with": sum(s in ok for results in rounds["with"][-1].values() for name, s in results.items() if name),
        "differences": differences(rounds["without"], rounds["with"]),
    }


@contextlib.contextmanager
def own_server(checkout: Path) -> Iterator[int]:
    """jQuery's mock server, by its own runner."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["node_modules/.bin/jtr", "serve", "-q", "-m", "test/middleware-mockserver.cjs", "-p", str(port)]
    process = subprocess.Popen(
        command, cwd=checkout, stdout=subprocess.DEVNULL, env={**os.environ, "HOST": "localhost"}
    )
    try:
        for _ in range(100):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait()


def pages_of(checkout: Path, folder: str) -> list[str]:
    """The pages of a folder that test something, as paths of its server."""
    files = sorted((checkout / folder).rglob("*.htm*"))
    return [f"/{f.relative_to(checkout)}" for f in files if b"testharness.js" in f.read_bytes()]


def run(suite: str, checkout: Path, paths: list[str], rounds: int) -> dict[str, Any]:
    """The result of one suite, or of one part of it."""
    reporter = {"jquery": QUNIT, "htmx": MOCHA, "wpt": ""}[suite]
    with contextlib.ExitStack() as stack:
        world = stack.enter_context(open_world())
        services = [samples.service(key) for key in samples.TWENTY]
        Stage(world).release(samples.snapshot(hosts=("localhost",), services=services))
        answer = from_server(stack.enter_context(own_server(checkout))) if suite == "jquery" else from_folder(checkout)
        bases = {
            which: stack.enter_context(
                front(answer, lambda html, tag=tag: first_in_head(html, tag + SWALLOW, reporter))  # type: ignore[misc]
            )
            for which, tag in (("without", EMPTY), ("with", GATE))
        }
        found = asyncio.run(measure(suite, world.port, bases, paths, rounds))
    command = ["git", "log", "-1", "--format=%h of %cs"]
    revision = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=True).stdout.strip()
    return {**found, "revision": revision}


def main() -> None:
    """Runs one suite and keeps its results."""
    parser = argparse.ArgumentParser(prog="python -m bench.third_party", description=__doc__)
    parser.add_argument("suite", choices=("jquery", "htmx", "wpt"))
    parser.add_argument("checkout", type=Path)
    parser.add_argument("folders", nargs="*", default=list(WPT_FOLDERS), help="of web-platform-tests")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args()
    checkout = given.checkout.resolve()
    parts = {"jquery": ["/test/"]} if given.suite == "jquery" else {"htmx": ["/test/index.html"]}
    if given.suite == "wpt":
        parts = {f"wpt {folder}": pages_of(checkout, folder) for folder in given.folders}
    for part, paths in parts.items():
        found = run(given.suite, checkout, paths, given.rounds)
        keep(part, found)
        print(part, json.dumps(found, indent=1))


def keep(part: str, found: dict[str, Any]) -> None:
    """Writes a result into the data, beside the others."""
    data = json.loads(DATA.read_text()) if DATA.exists() else {}
    DATA.write_text(json.dumps({**data, part: found}, indent=1, sort_keys=True) + "\n")
    write()


if __name__ == "__main__":
    main()
