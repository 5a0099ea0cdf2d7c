"""What this browser offers, beside what people said of it in `judged.json`.

`python -m tests.browser.sinks.judge` prints what nobody judged: after a browser's release, read it, look each member up, try it on
a page with the gate, and write it into the row of its interface. `{interface: {verdict: members}}`, members as walk.js writes them:

- `patched`: the gate replaces it; the test knows by looking.
- `watched`: what it does comes to the gate's notice by a patched member, an observer or an event before anything is asked for.
- `cannot load`: asks no host that a page names for anything, and stores nothing under a name.
- `limit`: can, and the gate does not see it; docs/blocking.md says so.
"""

from __future__ import annotations

import json
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.browser.vectors import blockers
from tests.browser.vectors.run import arguments
from tests.browser.vectors.server import SITE, Server

HERE = Path(__file__).parent
JUDGED = HERE / "judged.json"
VERDICTS = {"patched", "watched", "cannot load", "limit"}
WALK = (HERE / "walk.js").read_text().rpartition("*/")[2].strip().removesuffix(";")
PAGES = {
    "/bare": "<!doctype html><title>x</title>",
    "/gate": f"<!doctype html><html><head>{blockers.GATE}{blockers.SWALLOW}</head><body>x</body></html>",
}


def walk(browser: Browser) -> dict[str, dict[str, bool]]:
    """`{interface: {member: whether the gate replaced it}}`: what a page has with the gate that a bare one has not."""
    context = browser.new_context(ignore_https_errors=True)
    found = {}
    for path in PAGES:
        page = context.new_page()
        page.goto(f"https://{SITE}{path}")
        found[path] = page.evaluate(WALK)
    context.close()
    bare, gate = found.values()
    return {
        owner: {name: replaced and not bare[owner].get(name) for name, replaced in members.items()}
        for owner, members in gate.items()
        if owner in bare
    }


def judged(text: str) -> dict[tuple[str, str], str]:
    """`{(interface, member): verdict}` of a file like `judged.json`."""
    return {
        (owner, member): verdict
        for owner, verdicts in json.loads(text).items()
        for verdict, members in verdicts.items()
        for member in members.split()
    }


def unjudged(found: dict[str, dict[str, bool]], verdicts: dict[tuple[str, str], str]) -> list[str]:
    """What the browser offers and nobody judged."""
    return sorted(
        f"{owner} {name}" for owner, members in found.items() for name in members if (owner, name) not in verdicts
    )


def misjudged(found: dict[str, dict[str, bool]], verdicts: dict[tuple[str, str], str]) -> list[str]:
    """What is called patched and is not, or is and is not called so."""
    return sorted(
        f"{owner} {name}: {verdict}"
        for (owner, name), verdict in verdicts.items()
        if name in found.get(owner, {}) and found[owner][name] != (verdict == "patched")
    )


def main() -> None:
    server = Server(PAGES.get, blockers.gate_files(blockers.snapshot("snippet")))
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=blockers.chromium(), args=arguments(server.port))
        print(*unjudged(walk(browser), judged(JUDGED.read_text())), sep="\n")
        browser.close()
    server.close()


if __name__ == "__main__":
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cookiebanner.settings")
    django.setup()
    main()
