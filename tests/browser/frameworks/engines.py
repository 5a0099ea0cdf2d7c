"""Firefox and WebKitGTK with the few verbs of Playwright's that judge.py uses, so that one judge walks a page in each.

Both take the same W3C actions for mouse and keys; Firefox by WebDriver BiDi (tests/browser/vectors/firefox.py), WebKitGTK by
WebDriver over HTTP with a display of its own. What the console says is kept by code that stands first in the page.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

from playwright.sync_api import Browser, Error

from tests.browser.vectors import firefox

# As Playwright words what a console says; what is thrown, too.
HOOK = """<script>{
  const said = (window.__console = []);
  for (const type of ['error', 'warn'])
    console[type] = (...given) => said.push(`${type}: ${given.map(String).join(' ')}`);
  addEventListener('error', (event) => event.message && said.push(`threw: ${event.message}`));
  Math.random = () => 0.5;
}</script>"""
FUNCTION = re.compile(r"\s*\(\w*\)\s*=>")
WHERE = """(selector) => {
  const element = document.querySelector(selector);
  element?.scrollIntoView({ block: 'nearest' });
  const { x, y, width, height } = element?.getBoundingClientRect() || {};
  if (!width) return null;
  const hit = document.elementFromPoint(x + width / 2, y + height / 2);
  return hit && (element.contains(hit) || hit.contains(element)) ? [x + width / 2, y + height / 2] : null;
}"""
ENTER = "\ue007"
MINI_BROWSER = Path("/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser")
Ask = Callable[..., Any]


class Page:
    """A tab: `navigate(url)`, `run(body)` of an async function, `act(actions)` are the engine's own."""

    def __init__(self, navigate: Ask, run: Ask, act: Ask) -> None:
        self._navigate, self._run, self._act = navigate, run, act
        self._said: Callable[[Any], None] = lambda line: None
        self.mouse = self.keyboard = self

    def on(self, event: str, listener: Callable[[Any], None]) -> None:
        """Events of the console are read from the page instead (`lines`)."""

    def goto(self, url: str, wait_until: str = "load") -> None:
        """Loads a page."""
        self._navigate(url)

    def evaluate(self, expression: str, argument: Any = None) -> Any:
        """What an expression is, or what a function returns."""
        call = f"({expression})({json.dumps(argument)})" if FUNCTION.match(expression) else f"({expression})"
        # What JSON can't say is nothing that the judge asks for.
        told = "try { return JSON.stringify([value]) } catch { return '[null]' }"
        said = self._run(f"try {{ const value = await {call}; {told} }} catch (error) {{ return String(error) }}")
        if not said.startswith("["):
            raise Error(said)
        return (json.loads(said) or [None])[0]

    def wait_for_timeout(self, milliseconds: float) -> None:
        """Lets time pass."""
        time.sleep(milliseconds / 1000)

    def click(self, selector: str | float, y: float = 0, *, timeout: float = 5000) -> None:
        """Presses the middle of an element, or a point, with the mouse."""
        where: Any = (selector, y)
        if isinstance(selector, str):
            end = time.monotonic() + timeout / 1000
            while not (where := self.evaluate(WHERE, selector)):
                if time.monotonic() > end:
                    raise Error("Nothing there to press.")
                time.sleep(0.05)
        moves = [{"type": "pointerMove", "x": round(where[0]), "y": round(where[1])}]
        moves += [{"type": name, "button": 0} for name in ("pointerDown", "pointerUp")]
        self._act([{"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": moves}])

    def press(self, key: str) -> None:
        """Presses Enter."""
        strokes = [{"type": name, "value": ENTER} for name in ("keyDown", "keyUp")]
        self._act([{"type": "key", "id": "keys", "actions": strokes}])

    def lines(self) -> list[str]:
        """What the console has said."""
        return self.evaluate("window.__console || []")


class Context:
    """One visitor; `end` forgets them."""

    def __init__(self, page: Page, end: Callable[[], None]) -> None:
        self._page, self.close = page, end

    def add_init_script(self, script: str) -> None:
        """HOOK has it."""

    def new_page(self) -> Page:
        """Their only tab."""
        return self._page


class Engine:
    """What stands for Playwright's Browser."""

    def __init__(self, opened: Callable[[], Context]) -> None:
        self._opened = opened

    def new_context(self, **_options: Any) -> Context:
        """A visitor who has never been here."""
        return self._opened()


@contextlib.contextmanager
def in_firefox(port: int) -> Iterator[Browser]:
    """Debian's Firefox."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()

    def wait(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(90)

    launched = firefox.launch(port)
    browser = wait(launched.__aenter__())

    def opened() -> Context:
        user = wait(browser.ask("browser.createUserContext"))["userContext"]
        tab = wait(browser.ask("browsingContext.create", type="tab", userContext=user))["context"]
        view = {"width": 1280, "height": 720}
        wait(browser.ask("browsingContext.setViewport", context=tab, viewport=view))

        def run(body: str) -> str:
            target = {"context": tab}
            code = f"async () => {{ {body} }}"
            said = wait(browser.ask("script.callFunction", functionDeclaration=code, awaitPromise=True, target=target))
            return said["result"]["value"] if said["type"] == "success" else said["exceptionDetails"]["text"]

        page = Page(
            lambda url: wait(browser.ask("browsingContext.navigate", 60, context=tab, url=url, wait="complete")),
            run,
            lambda actions: wait(browser.ask("input.performActions", context=tab, actions=actions)),
        )
        return Context(page, lambda: wait(browser.ask("browser.removeUserContext", userContext=user)))

    try:
        yield cast(Browser, Engine(opened))
    finally:
        wait(launched.__aexit__(None, None, None))
        loop.call_soon_threadsafe(loop.stop)


def tunnels(port: int) -> socket.socket:
    """A proxy that takes every CONNECT to `port` on this machine: WebKitGTK can't be told where hosts are."""
    server = socket.create_server(("127.0.0.1", 0), backlog=128)

    def copy(source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while part := source.recv(65536):
                sink.sendall(part)
            sink.shutdown(socket.SHUT_WR)

    def serve(client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                if not (part := client.recv(4096)):
                    return
                head += part
            there = socket.create_connection(("127.0.0.1", port))
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            threading.Thread(target=copy, args=(there, client), daemon=True).start()
            copy(client, there)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return server


def need(name: str, package: str) -> str:
    """Where a program is."""
    found = shutil.which(name)
    if not found:
        raise FileNotFoundError(f"{name} is missing: sudo apt-get install -y {package}")
    return found


def free_port() -> int:
    """A port that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@contextlib.contextmanager
def in_webkit(port: int) -> Iterator[Browser]:
    """Debian's WebKitGTK, one MiniBrowser a visitor."""
    proxy, at = tunnels(port), free_port()
    screen = f":{at % 10000 + 100}"
    display = subprocess.Popen(
        [need("Xvfb", "xvfb"), screen, "-screen", "0", "1400x1000x24"], stderr=subprocess.DEVNULL
    )
    environment = {**os.environ, "DISPLAY": screen, "GDK_BACKEND": "x11", "LIBGL_ALWAYS_SOFTWARE": "1"}
    driver = subprocess.Popen(
        [need("WebKitWebDriver", "webkit2gtk-driver"), f"--port={at}"],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    time.sleep(1)

    def ask(method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{at}{path}", data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=90) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise Error(error.read().decode()[:300]) from None

    address = f"127.0.0.1:{proxy.getsockname()[1]}"
    wanted = {
        "acceptInsecureCerts": True,
        "webkitgtk:browserOptions": {
            "binary": str(MINI_BROWSER),
            "args": ["--automation", f"--proxy=http://{address}"],
        },
    }

    def opened() -> Context:
        session = f"/session/{ask('POST', '/session', {'capabilities': {'alwaysMatch': wanted}})['sessionId']}"
        ask("POST", f"{session}/window/rect", {"x": 0, "y": 0, "width": 1280, "height": 800})

        def run(body: str) -> str:
            code = f"const done = arguments[0]; (async () => {{ {body} }})().then(done)"
            return ask("POST", f"{session}/execute/async", {"script": code, "args": []})

        page = Page(
            lambda url: ask("POST", f"{session}/url", {"url": url}),
            run,
            lambda actions: ask("POST", f"{session}/actions", {"actions": actions}),
        )
        return Context(page, lambda: ask("DELETE", session))

    try:
        yield cast(Browser, Engine(opened))
    finally:
        for process in (driver, display):
            process.terminate()
            process.wait()
        proxy.close()


def version(engine: str) -> str:
    """The engine's name and number; MiniBrowser says its own only on a display."""
    webkit = ["dpkg-query", "-W", "-f", "WebKitGTK ${Version}", "libwebkit2gtk-4.1-0"]
    command = [firefox.binary(), "--version"] if engine == "firefox" else webkit
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    return said.removeprefix("Mozilla ").partition("-")[0]


ENGINES = {"firefox": in_firefox, "webkit": in_webkit}
# The pages that the other engines walk.
MAIN = (
    "angular", "astro", "contenteditable", "htmx2", "htmx4", "jquery1", "jquery3", "morph", "next", "nuxt", "react18-document-prod",
    "react18-root-prod", "react19-document-prod", "react19-root-prod", "tiptap", "turbo", "vue-prod",
)  # fmt: skip
