"""A Chromium that is told what to do through a pipe and of which nothing else is asked.

Playwright enables the debugger's domains in every page. The browser then records a stack wherever it might have to tell
a developer something (`document.cookie`, a thrown error), for which V8 compiles the whole script anew: 8 of 22 ms of a
gate's start. No visitor pays that, so what a script costs is measured without it.
"""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from typing import Any


class Chromium:
    """The browser; its pages are sessions by id."""

    def __init__(self, path: str, arguments: list[str]) -> None:
        orders, self._orders = os.pipe()
        self._answers, answers = os.pipe()
        self._folder = tempfile.mkdtemp()
        self._number = 0
        self._read = b""
        self.events: list[dict[str, Any]] = []  # what the enabled domains told since it was last emptied

        def take_pipes() -> None:  # the browser reads its third file and writes its fourth
            for given, spare in ((orders, 100), (answers, 101)):
                os.dup2(given, spare)
            for spare, wanted in ((100, 3), (101, 4)):
                os.dup2(spare, wanted)

        switches = ["--headless=new", "--remote-debugging-pipe", f"--user-data-dir={self._folder}", "--no-first-run"]
        self._process = subprocess.Popen(
            [path, *arguments, *switches, "about:blank"],
            preexec_fn=take_pipes,  # noqa: PLW1509
            close_fds=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(orders)
        os.close(answers)

    def send(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """The answer to one order of the DevTools protocol."""
        self._number += 1
        order = {"id": self._number, "method": method, "params": parameters}
        os.write(self._orders, json.dumps({**order, **({"sessionId": session} if session else {})}).encode() + b"\0")
        while True:
            answer = self._next(60)
            if answer is None:
                raise TimeoutError(method)
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return dict(answer["result"])

    def _next(self, seconds: float) -> dict[str, Any] | None:
        while b"\0" not in self._read:
            if not select.select([self._answers], [], [], seconds)[0]:
                return None
            self._read += os.read(self._answers, 1 << 20)
        text, self._read = self._read.split(b"\0", 1)
        message = dict(json.loads(text))
        if "method" in message:
            self.events.append(message)
        return message

    def wait(self, seconds: float) -> None:
        """Lets time pass; what the browser says meanwhile stands in `events`."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._next(left)

    def open(self, width: int = 1280, height: int = 800) -> tuple[str, str]:
        """(context, session) of a page of somebody new."""
        context = self.send("Target.createBrowserContext")["browserContextId"]
        target = self.send(
            "Target.createTarget", url="about:blank", browserContextId=context, width=width, height=height
        )["targetId"]
        return context, self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def visit(self, session: str, address: str, seconds: float) -> None:
        """Goes to an address and stays there."""
        self.send("Page.navigate", session, url=address)
        self.wait(seconds)

    def evaluate(self, session: str, expression: str) -> Any:
        """What an expression gives in the page, or its promise."""
        answer = self.send("Runtime.evaluate", session, expression=expression, awaitPromise=True, returnByValue=True)
        return answer["result"].get("value")

    def press(self, session: str, selector: str) -> None:
        """A visitor's click in the middle of an element."""
        box = f"document.querySelector({json.dumps(selector)}).getBoundingClientRect()"
        x, y = self.evaluate(session, f"(({{x, y, width, height}}) => [x + width / 2, y + height / 2])({box})")
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", session, type=kind, x=x, y=y, button="left", clickCount=1)

    def metrics(self, session: str) -> dict[str, float]:
        """The page's counters: what its main thread took so far, in seconds."""
        return {entry["name"]: entry["value"] for entry in self.send("Performance.getMetrics", session)["metrics"]}

    def forget(self, context: str) -> None:
        """Closes a context with its pages."""
        self.send("Target.disposeBrowserContext", browserContextId=context)

    def close(self) -> None:
        """Ends the browser."""
        self.send("Browser.close")
        self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)
