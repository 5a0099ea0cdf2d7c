"""Firefox, driven through the WebDriver BiDi that it speaks itself (W3C): Debian has no geckodriver to put in between.

Only what the vectors need: a tab with cookies of its own, a page loaded, a function called.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from tests.values import present

START_SECONDS = 60
READY = "WebDriver BiDi listening on "


def binary() -> str:
    """The path of Debian's Firefox."""
    found = shutil.which("firefox-esr") or shutil.which("firefox")
    if not found:
        raise FileNotFoundError("Firefox is missing: sudo apt-get install -y firefox-esr")
    return found


def preferences(port: int) -> dict[str, object]:
    """Every host name is this machine's server, whatever its port; nothing is fetched on Firefox's own behalf."""
    return {
        "network.dns.forceResolve": "127.0.0.1",
        "network.socket.forcePort": f"443={port}",
        "network.http.http3.enable": False,
        "network.captive-portal-service.enabled": False,
        "network.connectivity-service.enabled": False,
        "network.trr.mode": 5,
        "app.update.enabled": False,
        "app.normandy.enabled": False,
        "browser.safebrowsing.malware.enabled": False,
        "browser.safebrowsing.phishing.enabled": False,
        "browser.safebrowsing.downloads.enabled": False,
        "browser.region.update.enabled": False,
        "browser.search.update": False,
        "datareporting.policy.dataSubmissionEnabled": False,
        "extensions.update.enabled": False,
        "media.gmp-manager.updateEnabled": False,
        "services.settings.server": "data:,",
        "toolkit.telemetry.enabled": False,
        "beacon.enabled": True,
        "dom.serviceWorkers.enabled": True,
    }


class BidiError(Exception):
    """What Firefox answered to a command that failed."""


class Firefox:
    """One browser and the connection to it."""

    def __init__(self, link: ClientConnection) -> None:
        self._link = link
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for text in self._link:
            message = json.loads(text)
            future = self._waiting.pop(message.get("id") or 0, None)
            if future and not future.done():
                if message["type"] == "success":
                    future.set_result(message["result"])
                else:
                    future.set_exception(BidiError(f"{message['error']}: {message['message']}"))

    async def ask(self, method: str, seconds: float = 20, **params: object) -> dict[str, Any]:
        """One command. Raises BidiError, and TimeoutError after `seconds`."""
        number = next(self._numbers)
        future = self._waiting[number] = asyncio.get_running_loop().create_future()
        await self._link.send(json.dumps({"id": number, "method": method, "params": params}))
        return await asyncio.wait_for(future, seconds)

    async def _context(self, user: str, tries: int = 3) -> str:
        """A new tab. On a busy machine Firefox loses one now and then before it can say its name."""
        try:
            return (await self.ask("browsingContext.create", type="tab", userContext=user))["context"]
        except BidiError:
            if tries == 1:
                raise
            return await self._context(user, tries - 1)

    @contextlib.asynccontextmanager
    async def tab(self) -> AsyncIterator[Tab]:
        """A tab in a context of its own: no cookie or key of another one's."""
        user = (await self.ask("browser.createUserContext"))["userContext"]
        try:
            yield Tab(self, await self._context(user), user)
        finally:
            await self.ask("browser.removeUserContext", userContext=user)


class Tab:
    """A page of Firefox with the verbs of Playwright's that the vectors use."""

    def __init__(self, firefox: Firefox, context: str, user: str) -> None:
        self._firefox, self._context, self._user = firefox, context, user

    async def goto(self, url: str, seconds: float) -> None:
        """Loads a page and waits for its load event. Raises BidiError and TimeoutError."""
        await self._firefox.ask("browsingContext.navigate", seconds, context=self._context, url=url, wait="complete")

    async def evaluate(self, function: str) -> Any:
        """What a function of the page returns: nothing, a boolean, a number or a string."""
        said = await self._firefox.ask(
            "script.callFunction", functionDeclaration=function, awaitPromise=True, target={"context": self._context}
        )
        if said["type"] != "success":
            raise BidiError(said["exceptionDetails"]["text"])
        return said["result"].get("value")

    async def cookies(self) -> set[str]:
        """The names of all cookies of this tab's context."""
        partition = {"type": "storageKey", "userContext": self._user}
        return {
            cookie["name"] for cookie in (await self._firefox.ask("storage.getCookies", partition=partition))["cookies"]
        }


@contextlib.asynccontextmanager
async def launch(port: int) -> AsyncIterator[Firefox]:
    """A headless Firefox with a fresh profile for which every HTTPS port is `port` on this machine."""
    with tempfile.TemporaryDirectory(prefix="firefox-", ignore_cleanup_errors=True) as folder:
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});" for name, value in preferences(port).items()]
        Path(folder, "user.js").write_text("\n".join(lines))
        process = await asyncio.create_subprocess_exec(
            binary(), "--headless", "--no-remote", "--profile", folder, "--remote-debugging-port=0", "about:blank",
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE, env={"HOME": folder, "PATH": "/usr/bin:/bin"},
        )  # fmt: skip
        try:
            address = await asyncio.wait_for(_address(present(process.stderr)), START_SECONDS)
            drain = asyncio.create_task(_drain(present(process.stderr)))
            async with connect(f"{address}/session", max_size=None) as link:
                firefox = Firefox(link)
                capabilities = {"alwaysMatch": {"acceptInsecureCerts": True}}
                await firefox.ask("session.new", START_SECONDS, capabilities=capabilities)
                yield firefox
            drain.cancel()
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _address(stream: asyncio.StreamReader) -> str:
    said = []
    async for line in stream:
        said.append(line.decode(errors="replace"))
        if READY in said[-1]:
            return said[-1].partition(READY)[2].strip()
    raise RuntimeError("Firefox ended: " + "".join(said))


async def _drain(stream: asyncio.StreamReader) -> None:
    async for _ in stream:
        pass
