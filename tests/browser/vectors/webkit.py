"""WebKitGTK for the vectors: the walks' MiniBrowser (`frameworks/engines.py`) with the verbs of the other tabs.

A MiniBrowser has one page and starts four processes, which on a busy machine takes longer than a vector: each is used for many
pages, and emptied between them. `DRIVERS` of them work beside each other, since most of a vector's time is waited.
Of cookies its driver tells those of the page alone: what a tracker stored under its own host is not seen here.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from playwright.sync_api import Error

from tests.browser.frameworks.engines import in_webkit

DRIVERS = 3
PAGES = 40  # a browser, before it is begun anew

# Runs in a picture of the site's own, where nothing of a vector is left. Says whether all is gone.
EMPTY = """async () => {
  window.name = '';
  localStorage.clear();
  sessionStorage.clear();
  for (const pair of document.cookie.split('; ')) document.cookie = `${pair.split('=')[0]}=;path=/;max-age=0`;
  for (const name of await caches.keys()) await caches.delete(name);
  for (const { name } of await indexedDB.databases()) {
    const gone = await new Promise((told) => {
      const request = indexedDB.deleteDatabase(name);
      request.onsuccess = () => told(true);
      request.onerror = request.onblocked = () => told(false);
    });
    if (!gone) return false;
  }
  return document.cookie === '' && !(await navigator.serviceWorker?.getRegistrations())?.length;
}"""


class Tab:
    """A page of WebKit's, driven from a thread of its own."""

    def __init__(self, page: Any) -> None:
        self._page = page

    async def goto(self, url: str, seconds: float) -> None:
        """Loads a page. Raises TimeoutError."""
        await asyncio.wait_for(asyncio.to_thread(self._page.goto, url), seconds)

    async def evaluate(self, function: str) -> Any:
        """What a function of the page returns."""
        try:
            return await asyncio.to_thread(self._page.evaluate, f"({function})()")
        except Error as error:
            # Its process ended: as one that does not answer.
            raise TimeoutError(str(error)) from error

    async def cookies(self) -> set[str]:
        """The names of the page's own cookies that code can read; "" is that of a cookie that is only a value."""
        said = await self.evaluate("() => document.cookie")
        return {part.partition("=")[0] if "=" in part else "" for part in said.split("; ") if part}


class Browser:
    """One driver, its display and the browser that it has now, if any."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self._context: Any = None
        self._tab: Any = None
        self._pages = 0

    async def tab(self) -> Tab:
        """The tab of a browser in which nothing is stored."""
        if self._context is None:
            self._context, self._pages = await asyncio.to_thread(self._engine.new_context), 0
            self._tab = Tab(await asyncio.to_thread(self._context.new_page))
        self._pages += 1
        tab: Tab = self._tab
        return tab

    async def empty(self, blank: str) -> None:
        """Takes everything out of the browser, or ends it. `blank`: the address of a picture of the site's."""
        try:
            if self._tab and self._pages < PAGES:
                await self._tab.goto(blank, 5)
                if await asyncio.wait_for(self._tab.evaluate(EMPTY), 5):
                    return
        except (Error, TimeoutError):
            pass
        await self.end()

    async def end(self) -> None:
        """Ends the browser; the driver stays."""
        context, self._context, self._tab = self._context, None, None
        if context:
            with contextlib.suppress(Error):
                await asyncio.to_thread(context.close)


class WebKit:
    """Several drivers, of which a vector takes the first that is free."""

    def __init__(self, browsers: list[Browser], blank: str) -> None:
        self._free: asyncio.Queue[Browser] = asyncio.Queue()
        self._blank = blank
        for browser in browsers:
            self._free.put_nowait(browser)

    @contextlib.asynccontextmanager
    async def tab(self, alone: bool = False) -> AsyncIterator[Tab]:
        """A tab; `alone`: of a browser that nothing else was or will be loaded in."""
        browser = await self._free.get()
        try:
            if alone:
                await browser.end()
            yield await browser.tab()
        finally:
            await (browser.end() if alone else browser.empty(self._blank))
            self._free.put_nowait(browser)


@contextlib.asynccontextmanager
async def launch(port: int, blank: str, drivers: int = DRIVERS) -> AsyncIterator[WebKit]:
    """WebKitGTK for which every HTTPS port is `port` on this machine."""
    with contextlib.ExitStack() as stack:
        browsers = [Browser(stack.enter_context(in_webkit(port))) for _ in range(drivers)]
        try:
            yield WebKit(browsers, blank)
        finally:
            for browser in browsers:
                await browser.end()
