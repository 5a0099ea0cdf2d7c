"""What this browser offers, beside what people said of it in `judged.json`.

`python -m tests.browser.sinks.judge` prints what nobody judged in Chromium, and with `firefox` in Firefox, of which only what
Chromium has not, or has otherwise, stands in `judged_firefox.json`: after a browser's release, read it, look each member up, try it
on a page with the gate, and write it into the row of its interface. `{interface: {verdict: members}}`, members as walk.js writes them:

- `patched`: the gate replaces it; the test knows by looking.
- `watched`: what it does comes to the gate's notice by a patched member, an observer or an event before anything is asked for.
- `cannot load`: asks no host that a page names for anything, and stores nothing under a name.
- `limit`: can, and the gate does not see it; docs/blocking.md says so.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser.vectors import blockers, firefox
from tests.browser.vectors.run import arguments
from tests.browser.vectors.server import SITE, Server

HERE = Path(__file__).parent
JUDGED = HERE / "judged.json"
JUDGED_FIREFOX = HERE / "judged_firefox.json"
VERDICTS = {"patched", "watched", "cannot load", "limit"}
WALK = (HERE / "walk.js").read_text().rpartition("*/")[2].strip().removesuffix(";")
# What stands for a browser's function says of itself what that says: only who knew the function before can tell them apart.
BEFORE = """<script>{
  const own = (window.fromTheStart = new WeakSet());
  for (const name of Object.getOwnPropertyNames(window)) {
    for (const object of [window, window[name], window[name]?.prototype]) {
      if (!object || !/function|object/.test(typeof object)) continue;
      for (const found of Object.values(Object.getOwnPropertyDescriptors(object)))
        for (const f of Object.values(found)) if (typeof f === 'function') own.add(f);
    }
  }
}</script>"""
PAGES = {
    "/bare": f"<!doctype html><title>x</title>{BEFORE}",
    "/gate": f"<!doctype html><html><head>{BEFORE}{blockers.GATE}{blockers.SWALLOW}</head><body>x</body></html>",
}


Found = dict[str, dict[str, bool]]


def compared(bare: Found, gate: Found) -> Found:
    """`{interface: {member: whether the gate replaced it}}`: what a page has with the gate that a bare one has not."""
    return {
        owner: {name: replaced and not bare[owner].get(name) for name, replaced in members.items()}
        for owner, members in gate.items()
        if owner in bare
    }


def walk(browser: Browser) -> Found:
    """What Chromium offers."""
    context = browser.new_context(ignore_https_errors=True)
    found = {}
    for path in PAGES:
        page = context.new_page()
        page.goto(f"https://{SITE}{path}")
        found[path] = page.evaluate(WALK)
    context.close()
    return compared(*found.values())


async def walk_firefox(port: int) -> Found:
    """What Firefox offers."""
    found = {}
    async with firefox.launch(port) as browser:
        for path in PAGES:
            async with browser.tab() as tab:
                await tab.goto(f"https://{SITE}{path}", 30)
                found[path] = json.loads(await tab.evaluate(f"() => JSON.stringify(({WALK})())"))
    return compared(*found.values())


def judged(text: str) -> dict[tuple[str, str], str]:
    """`{(interface, member): verdict}` of a file like `judged.json`."""
    return {
        (owner, member): verdict
        for owner, verdicts in json.loads(text).items()
        for verdict, members in verdicts.items()
        for member in members.split()
    }


def judged_in_firefox() -> dict[tuple[str, str], str]:
    """The verdicts that hold in Firefox: those of Chromium, and its own over them."""
    return judged(JUDGED.read_text()) | judged(JUDGED_FIREFOX.read_text())


def unjudged(found: Found, verdicts: dict[tuple[str, str], str]) -> list[str]:
    """What the browser offers and nobody judged."""
    return sorted(
        f"{owner} {name}" for owner, members in found.items() for name in members if (owner, name) not in verdicts
    )


def misjudged(found: Found, verdicts: dict[tuple[str, str], str]) -> list[str]:
    """What is called patched and is not, or is and is not called so."""
    return sorted(
        f"{owner} {name}: {verdict}"
        for (owner, name), verdict in verdicts.items()
        if name in found.get(owner, {}) and found[owner][name] != (verdict == "patched")
    )


def main(browser: str = "chromium") -> None:
    server = Server(PAGES.get, blockers.gate_files(blockers.snapshot("snippet")))
    if browser == "firefox":
        found, verdicts = asyncio.run(walk_firefox(server.port)), judged_in_firefox()
    else:
        verdicts = judged(JUDGED.read_text())
        with sync_playwright() as play:
            chromium = play.chromium.launch(executable_path=blockers.chromium(), args=arguments(server.port))
            found = walk(chromium)
            chromium.close()
    server.close()
    print(*unjudged(found, verdicts), *misjudged(found, verdicts), sep="\n")


if __name__ == "__main__":
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cookiebanner.settings")
    django.setup()
    main(*sys.argv[1:])
