"""WebKitGTK for the vectors: the walks' MiniBrowser (`frameworks/engines.py`), a session a tab, with the verbs of the other tabs.

Of cookies its driver tells those of the page alone: what a tracker stored under its own host is not seen here.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from playwright.sync_api import Error

from tests.browser.frameworks.engines import in_webkit


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
        """The names of the page's own cookies that code can read."""
        said = await self.evaluate("() => document.cookie")
        return {part.partition("=")[0] for part in said.split("; ") if part}


class WebKit:
    """A driver and its display."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    @contextlib.asynccontextmanager
    async def tab(self) -> AsyncIterator[Tab]:
        """A tab of a browser of its own."""
        context = await asyncio.to_thread(self._engine.new_context)
        try:
            yield Tab(await asyncio.to_thread(context.new_page))
        finally:
            with contextlib.suppress(Error):
                await asyncio.to_thread(context.close)


@contextlib.asynccontextmanager
async def launch(port: int) -> AsyncIterator[WebKit]:
    """WebKitGTK for which every HTTPS port is `port` on this machine."""
    with in_webkit(port) as engine:
        yield WebKit(engine)
