"""Runs the vectors of one blocker in Chromium, several contexts at once, and says what left, ran and was stored."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import NamedTuple

from playwright.async_api import Browser, Error, async_playwright

from .blockers import Blocker, chromium
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


async def one(browser: Browser, server: Server, run: str, vector: Vector) -> Result:
    """Loads one page in a fresh context."""
    place = f"{run}/{vector.name}"
    context = await browser.new_context(ignore_https_errors=True)
    tab = await context.new_page()
    errors: list[str] = []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    try:
        try:
            await tab.goto(f"https://{SITE}/{place}/", wait_until="load", timeout=15_000)
        except Error:
            pass
        await tab.wait_for_timeout(SETTLE_MS)
        control = await tab.evaluate(CONTROL)
        stored = await tab.evaluate(STORED)
        cookies = await context.cookies()
        stored = stored or any(c["name"] in ("uid", "_ga") for c in cookies)
    finally:
        await context.close()
    return Result(bool(server.left[place]), place in server.ran, stored, control, tuple(errors))


def serve(blockers: Iterable[Blocker]) -> Server:
    """A server that knows every blocker's pages: `/<run>/<vector>/`, run = the blocker's name."""
    known = {blocker.name: blocker for blocker in blockers}
    vectors = {vector.name: vector for vector in VECTORS}

    def pages(path: str) -> str | None:
        run, _, rest = path.strip("/").partition("/")
        blocker, vector = known.get(run), vectors.get(rest)
        if not blocker or not vector:
            return None
        return blocker.rewrite(page(vector, run, blocker.markup))

    files = {}
    for blocker in known.values():
        files.update(blocker.files)
    return Server(pages, files)


async def measure(blocker: Blocker, vectors: Iterable[Vector] = VECTORS) -> dict[str, Result]:
    """Every vector once under one blocker."""
    server = serve([blocker])
    results: dict[str, Result] = {}
    queue = list(vectors)
    try:
        async with async_playwright() as play:
            browser = await launch(play, server)

            async def worker() -> None:
                while queue:
                    vector = queue.pop(0)
                    results[vector.name] = await one(browser, server, blocker.name, vector)

            await asyncio.gather(*(worker() for _ in range(PARALLEL)))
            await browser.close()
    finally:
        server.close()
    return results


def totals(results: dict[str, Result]) -> dict[str, list[int]]:
    """[vectors, left, executed, stored] per group and in all."""
    made: dict[str, list[int]] = {group: [0, 0, 0, 0] for group in (*GROUPS, "total")}
    for vector in VECTORS:
        if result := results.get(vector.name):
            for key in (vector.group, "total"):
                for place, value in enumerate((1, result.left, result.executed, result.stored)):
                    made[key][place] += int(value)
    return made
