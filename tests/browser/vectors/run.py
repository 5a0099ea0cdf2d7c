"""Runs the vectors of one blocker in Chromium, several contexts at once, and says what left, ran and was stored."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterable
from typing import NamedTuple

from playwright.async_api import Browser, Error, Page, async_playwright

from .blockers import RIVALS, Blocker, chromium
from .pages import GROUPS, VECTORS, Vector, page
from .server import SITE, Server

PARALLEL = 6
SETTLE_MS = 600


class Result(NamedTuple):
    """One vector under one blocker; `control` is empty when the page itself still worked."""

    left: bool
    executed: bool
    stored: bool
    control: str
    errors: tuple[str, ...] = ()


CONTROL = """() => [
  document.getElementById('own')?.textContent === 'Own text' || 'own text',
  document.documentElement.lang === 'en' || 'lang',
  document.getElementById('ownimg')?.naturalWidth === 1 || 'own image',
  window.__inline === 1 || 'inline code',
  window.__cdn === 1 || 'allowed CDN script',
].filter((x) => x !== true).join(', ')"""
STORED = """async () => {
  const own = (box) => Object.keys(box).includes('_ga');
  const dbs = (await indexedDB.databases()).some((db) => db.name === '_ga');
  return own(localStorage) || own(sessionStorage) || dbs;
}"""


def arguments(port: int) -> list[str]:
    """Every host name is this machine's server, whatever its port."""
    return [
        f"--host-resolver-rules=MAP * 127.0.0.1:{port}", "--ignore-certificate-errors", "--no-sandbox", "--disable-gpu",
        "--disable-quic", "--no-first-run", "--disable-component-update",
        "--disable-sync", "--mute-audio",
    ]  # fmt: skip


async def launch(play, server: Server) -> Browser:
    return await play.chromium.launch(executable_path=chromium(), args=arguments(server.port))


async def one(tab: Page, server: Server, run: str, vector: Vector) -> Result:
    """Loads one vector in a tab of a fresh context."""
    place = f"{run}/{vector.name}"
    server.left.pop(place, None)
    server.ran.discard(place)
    errors: list[str] = []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    try:
        await tab.goto(f"https://{SITE}/{place}/", wait_until="load", timeout=15_000)
    except Error:
        pass  # a download or a frame that never ends; the control tells whether the page is there
    await tab.wait_for_timeout(SETTLE_MS)
    control = await tab.evaluate(CONTROL)
    kept = await tab.evaluate(STORED)
    cookies = await tab.context.cookies()
    stored = kept or any(c["name"] in ("uid", "_ga") for c in cookies)
    return Result(bool(server.left[place]), place in server.ran, stored, control, tuple(errors))


def serve(blocker: Blocker) -> Server:
    """The site under one blocker: `/<blocker>/<vector>/`."""
    vectors = {vector.name: vector for vector in VECTORS}

    def pages(path: str) -> str | None:
        run, _, rest = path.strip("/").partition("/")
        vector = vectors.get(rest)
        return blocker.rewrite(page(vector, run, blocker.markup)) if run == blocker.name and vector else None

    server = Server(pages, dict(blocker.files))
    server.headers[SITE, "*"] = blocker.headers
    return server


async def measure(blocker: Blocker, vectors: Iterable[Vector] = VECTORS) -> dict[str, Result]:
    """Every vector under one blocker: once, and twice more when something leaked; the majority of the three counts."""
    server = serve(blocker)
    results: dict[str, Result] = {}
    queue = list(vectors)
    try:
        async with async_playwright() as play:
            browser = await launch(play, server)

            async def once(vector: Vector) -> Result:
                if "preconnect" in vector.name:  # incognito profiles don't preconnect
                    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
                        context = await play.chromium.launch_persistent_context(
                            folder, executable_path=chromium(), args=arguments(server.port), ignore_https_errors=True
                        )
                        try:
                            return await one(await context.new_page(), server, blocker.name, vector)
                        finally:
                            await context.close()
                context = await browser.new_context(ignore_https_errors=True)
                try:
                    return await one(await context.new_page(), server, blocker.name, vector)
                finally:
                    await context.close()

            async def worker() -> None:
                while queue:
                    vector = queue.pop(0)
                    result = await once(vector)
                    leaked = result.left or result.executed or result.stored or result.control
                    if blocker.name not in RIVALS and leaked:
                        result = majority([result, await once(vector), await once(vector)])
                    results[vector.name] = result

            await asyncio.gather(*(worker() for _ in range(PARALLEL)))
            await browser.close()
    finally:
        server.close()
    return results


def majority(runs: list[Result]) -> Result:
    """What most of the runs saw."""
    seen = [sum(getattr(run, name) for run in runs) * 2 > len(runs) for name in ("left", "executed", "stored")]
    broken = [run.control for run in runs if run.control]
    return Result(*seen, broken[0] if len(broken) * 2 > len(runs) else "", runs[0].errors)


def totals(results: dict[str, Result]) -> dict[str, list[int]]:
    """[vectors, left, executed, stored] per group and in all."""
    made: dict[str, list[int]] = {group: [0, 0, 0, 0] for group in (*GROUPS, "total")}
    for vector in VECTORS:
        if result := results.get(vector.name):
            for key in (vector.group, "total"):
                for place, value in enumerate((1, result.left, result.executed, result.stored)):
                    made[key][place] += int(value)
    return made
