"""Runs the vectors of one blocker in a browser, several contexts at once, and says what left, ran and was stored."""

from __future__ import annotations

import asyncio
import contextlib
import operator
import re
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, ClassVar, NamedTuple, Protocol

from playwright.async_api import Error, Page, Playwright, async_playwright

from tests.browser.uncaught import ours

from . import firefox, webkit
from .blockers import RIVALS, Blocker, chromium
from .pages import GROUPS, VECTORS, Vector, page
from .server import CDN, CMP, SITE, TRACKER, Server
from .unlisted import STORAGE

# Tabs at once, more than there are cores: most of a vector's time is waited. A process of its own costs more than a tab.
PARALLEL = {"chromium": 6, "warm": 10, "firefox": 4, "webkit": webkit.DRIVERS, "webkit_cold": 1}
SETTLE_MS = 600
LONGEST = 60  # seconds of one vector; the slowest take 16


class Result(NamedTuple):
    """One vector under one blocker; `control` is empty when the page itself still worked."""

    left: bool
    executed: bool
    stored: bool
    control: str


CONTROL = """() => [
  document.getElementById('own')?.textContent === 'Own text' || 'own text',
  document.documentElement?.lang === 'en' || 'lang',
  document.getElementById('ownimg')?.naturalWidth === 1 || 'own image',
  window.__inline === 1 || 'inline code',
  window.__cdn === 1 || 'allowed CDN script',
].filter((x) => x !== true).join(', ')"""
STORED = """async () => {
  const ours = (name) => /^_(ga|trk)/.test(name);
  const dbs = (await indexedDB.databases()).some((db) => ours(db.name));
  return Object.keys(localStorage).some(ours) || Object.keys(sessionStorage).some(ours) || dbs || /(^|; )_ga=/.test(document.cookie);
}"""


# What a page finds of an earlier one on its own origin. Not all that could be there: groups that store are always emptied.
KEPT = """async () => localStorage.length + sessionStorage.length + (await indexedDB.databases()).length
  + (await caches.keys()).length + (await navigator.serviceWorker.getRegistrations()).length"""
STORING = {"first-party storage", STORAGE}


def arguments(port: int) -> list[str]:
    """Every host name is this machine's server, whatever its port."""
    return [
        f"--host-resolver-rules=MAP * 127.0.0.1:{port}", "--ignore-certificate-errors", "--no-sandbox", "--disable-gpu",
        "--disable-quic", "--no-first-run", "--disable-component-update",
        "--disable-sync", "--mute-audio",
    ]  # fmt: skip


class Tab(Protocol):
    """A page in a context of its own."""

    async def goto(self, url: str, seconds: float) -> None: ...
    async def evaluate(self, function: str) -> Any: ...
    async def cookies(self) -> set[str]: ...


Opener = Callable[[Vector], AbstractAsyncContextManager[Tab]]


class ChromiumTab:
    """A page of Playwright's; what our files throw in it and nobody catches is kept in `thrown`."""

    thrown: ClassVar[list[str]] = []

    def __init__(self, page: Page) -> None:
        self.page = page
        self.untouched = False  # whether nothing reached the tracker, ran, or is known to be stored
        page.on("pageerror", self._threw)

    def _threw(self, error: Error) -> None:
        if ours(error):
            self.thrown.append(error.stack or error.message)

    async def goto(self, url: str, seconds: float) -> None:
        await self.page.goto(url, wait_until="load", timeout=seconds * 1000)

    async def evaluate(self, function: str) -> Any:
        return await self.page.evaluate(function)

    async def cookies(self) -> set[str]:
        return {cookie["name"] for cookie in await self.page.context.cookies()}

    async def keeps_nothing(self) -> bool:
        """Whether the next page would find what a first visit finds."""
        with contextlib.suppress(Error, TimeoutError):
            async with asyncio.timeout(5):
                return self.untouched and not await self.cookies() and await self.evaluate(KEPT) == 0
        return False

    async def keep_answer(self) -> None:
        """Forgets every cookie but the visitor's answer."""
        kept = [cookie for cookie in await self.page.context.cookies() if cookie["name"].startswith("fairgate_")]
        assert kept
        await self.page.context.clear_cookies()
        await self.page.context.add_cookies([{**cookie} for cookie in kept])


@contextlib.asynccontextmanager
async def in_chromium(port: int) -> AsyncIterator[Opener]:
    """Opens tabs of Debian's Chromium, each in a context and a process of its own, as a first visitor has them: of its
    headless shell where there is one, which starts a page in a third of the time."""
    async with async_playwright() as play:
        browser = await play.chromium.launch(executable_path=chromium(shell=True), args=arguments(port))

        @contextlib.asynccontextmanager
        async def tab(vector: Vector) -> AsyncIterator[Tab]:
            if "preconnect" in vector.name:
                async with own_profile(play, port) as page:
                    yield page
            else:
                context = await browser.new_context(ignore_https_errors=True)
                try:
                    yield ChromiumTab(await context.new_page())
                finally:
                    await context.close()

        yield tab
        await browser.close()


@contextlib.asynccontextmanager
async def in_warm_chromium(port: int) -> AsyncIterator[Opener]:
    """Opens the same few tabs of Chromium again and again, emptied of all data: twice as fast, and harder on the
    blocker, since a warm process parses a whole page before any observer has its turn. Where a vector came to nothing
    there is nothing to empty, and the next page follows it at once: emptying takes as long as a page."""
    async with async_playwright() as play:
        flags = [*arguments(port), "--disable-features=BackForwardCache"]
        browser = await play.chromium.launch(executable_path=chromium(shell=True), args=flags)
        free: list[ChromiumTab] = []

        async def emptied(opened: ChromiumTab) -> None:
            page = opened.page
            for _ in range(3):  # a navigation that the vector began may come in between
                with contextlib.suppress(Error):
                    await page.goto(f"https://{SITE}/own/png")
                    break
            session = await page.context.new_cdp_session(page)
            cleared = [
                session.send("Storage.clearDataForOrigin", {"origin": f"https://{host}", "storageTypes": "all"})
                for host in (SITE, TRACKER, CDN, CMP)
            ]
            await asyncio.gather(
                *cleared, session.send("Network.clearBrowserCookies"), session.send("Network.clearBrowserCache")
            )
            await session.detach()

        @contextlib.asynccontextmanager
        async def tab(vector: Vector) -> AsyncIterator[Tab]:
            if "preconnect" in vector.name:
                async with own_profile(play, port) as one:
                    yield one
                return
            opened = free.pop() if free else None
            if opened is None:
                context = await browser.new_context(ignore_https_errors=True)
                opened = ChromiumTab(await context.new_page())
            opened.untouched = False
            yield opened
            if vector.group in STORING or not await opened.keeps_nothing():
                await emptied(opened)
            free.append(opened)

        yield tab
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(browser.close(), 20)


@contextlib.asynccontextmanager
async def own_profile(play: Playwright, port: int) -> AsyncIterator[Tab]:
    """A tab of a browser with a profile on disk: incognito ones don't preconnect."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        context = await play.chromium.launch_persistent_context(
            folder, executable_path=chromium(), args=arguments(port), ignore_https_errors=True
        )
        try:
            yield ChromiumTab(await context.new_page())
        finally:
            await context.close()


@contextlib.asynccontextmanager
async def in_firefox(port: int) -> AsyncIterator[Opener]:
    """Opens tabs of Debian's Firefox."""
    async with firefox.launch(port) as browser:
        yield lambda _vector: browser.tab()


# What would be left of these is a window, a worker or a connection, which nothing in a page can end.
LEAVES_SOMETHING = re.compile(r"(?<![\w.])open\(|[sS]erviceWorker|preconnect")


@contextlib.asynccontextmanager
async def in_webkit(port: int) -> AsyncIterator[Opener]:
    """Opens the same few tabs of Debian's WebKitGTK again and again, emptied of all data."""
    async with webkit.launch(port, f"https://{SITE}/own/png") as browser:
        yield lambda vector: browser.tab(bool(LEAVES_SOMETHING.search(vector.head + vector.body)))


@contextlib.asynccontextmanager
async def in_cold_webkit(port: int) -> AsyncIterator[Opener]:
    """Opens tabs of WebKitGTK, each in a browser of its own: what the other way is held against."""
    async with webkit.launch(port, f"https://{SITE}/own/png", drivers=1) as browser:
        yield lambda _vector: browser.tab(alone=True)


BROWSERS = {
    "chromium": in_chromium, "warm": in_warm_chromium, "firefox": in_firefox,
    "webkit": in_webkit, "webkit_cold": in_cold_webkit,
}  # fmt: skip


async def one(tab: Tab, server: Server, run: str, vector: Vector) -> Result:
    """Loads one vector in a tab of a fresh context."""
    place = f"{run}/{vector.name}"
    server.left.pop(place, None)
    server.ran.discard(place)
    try:
        await tab.goto(f"https://{SITE}/{place}/", 15)
    except (Error, firefox.BidiError, TimeoutError):
        pass  # a download or a frame that never ends; the control tells whether the page is there
    await asyncio.sleep(SETTLE_MS / 1000)  # what does not leave can't be waited for
    control = await tab.evaluate(CONTROL)
    stored = await tab.evaluate(STORED) or not {"uid", "_ga"}.isdisjoint(await tab.cookies())
    result = Result(bool(server.left[place]), place in server.ran, stored, control)
    if isinstance(tab, ChromiumTab):
        tab.untouched = not any(result)
    return result


async def refuse(tab: Tab, address: str) -> None:
    """Says no on this page, and keeps nothing else of it."""
    assert isinstance(tab, ChromiumTab)
    with contextlib.suppress(Error, TimeoutError):
        await tab.goto(address, 15)
    await tab.evaluate("fairgate.reject().then(() => {})")
    await tab.keep_answer()


async def attempts(blocker: Blocker, vector: Vector, browser: str, times: int) -> list[int]:
    """How many requests reached the tracker in each of so many first visits of one page, one after the other."""
    server = serve(blocker, [vector])
    counts = []
    try:
        async with BROWSERS[browser](server.port) as opened:
            for _ in range(times):
                async with asyncio.timeout(LONGEST), opened(vector) as tab:
                    await one(tab, server, blocker.name, vector)
                counts.append(len(server.left[f"{blocker.name}/{vector.name}"]))
    finally:
        server.close()
    return counts


def serve(blocker: Blocker, vectors: Iterable[Vector] = VECTORS) -> Server:
    """The site under one blocker: `/<blocker>/<vector>/`."""
    known = {vector.name: vector for vector in vectors}

    def pages(path: str) -> str | None:
        run, _, rest = path.strip("/").partition("/")
        vector = known.get(rest)
        return blocker.rewrite(page(vector, run, blocker.markup)) if run == blocker.name and vector else None

    server = Server(pages, dict(blocker.files))
    server.headers[SITE, "*"] = blocker.headers
    return server


async def measure(
    blocker: Blocker,
    vectors: Iterable[Vector] = VECTORS,
    browser: str = "chromium",
    known: Mapping[str, Sequence[int]] | None = None,
    refused: bool = False,
) -> dict[str, Result]:
    """Every vector under one blocker: once, and twice more when a level of ours leaked; the majority of the three counts.

    `known` = {vector: [left, executed, stored]}: what leaks no more than this is not tried again. Raises AssertionError
    when our own files threw (in Chromium). `refused`: by a visitor who said no in the view before.
    """
    ChromiumTab.thrown.clear()
    server = serve(blocker)
    results: dict[str, Result] = {}
    queue = list(vectors)

    def worse(vector: Vector, result: Result) -> bool:
        before = (known or {}).get(vector.name, (0, 0, 0))
        return bool(result.control) or any(map(operator.gt, result[:3], before))

    try:
        async with BROWSERS[browser](server.port) as opened:

            async def once(vector: Vector) -> Result:
                try:
                    async with asyncio.timeout(LONGEST), opened(vector) as tab:
                        if refused:
                            await refuse(tab, f"https://{SITE}/{blocker.name}/{vector.name}/")
                        return await one(tab, server, blocker.name, vector)
                except TimeoutError:  # a process of Chromium that crashed leaves what waits for it waiting
                    return Result(False, False, False, "the browser did not answer")

            async def worker() -> None:
                while queue:
                    vector = queue.pop(0)
                    result = await once(vector)
                    if blocker.name not in RIVALS and worse(vector, result):
                        result = majority([result, await once(vector), await once(vector)])
                    results[vector.name] = result

            await asyncio.gather(*(worker() for _ in range(PARALLEL[browser])))
    finally:
        server.close()
    assert ChromiumTab.thrown == []
    return results


def majority(runs: list[Result]) -> Result:
    """What most of the runs saw."""
    left, executed, stored = (
        sum(getattr(run, name) for run in runs) * 2 > len(runs) for name in ("left", "executed", "stored")
    )
    broken = [run.control for run in runs if run.control]
    return Result(left, executed, stored, broken[0] if len(broken) * 2 > len(runs) else "")


def totals(results: dict[str, Result]) -> dict[str, list[int]]:
    """[vectors, left, executed, stored] per group and in all."""
    made: dict[str, list[int]] = {group: [0, 0, 0, 0] for group in (*GROUPS, "total")}
    for vector in VECTORS:
        if result := results.get(vector.name):
            for key in (vector.group, "total"):
                for place, value in enumerate((1, result.left, result.executed, result.stored)):
                    made[key][place] += int(value)
    return made
