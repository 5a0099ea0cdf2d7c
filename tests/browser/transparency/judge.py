"""Reads generated documents without the gate and with it, and tells by which readings they differ."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from tests import samples
from tests.browser.internet import World, tracker
from tests.browser.stage import CMP, SHOP, SWALLOW, Stage

from .documents import TRACKER, Writer

HERE = Path(__file__).resolve().parent
READ = (HERE / "read.js").read_text().partition("*/")[2]
WATCH = (HERE / "watch.js").read_text()
GROUPS = ("one", "two", "three", "four", "five")  # each has a test of its own, so that they can run beside each other
A_GROUP = 42
GATE = f'<script src="https://{CMP}/v1/{samples.SITE_UUID}/gate.js"></script>{SWALLOW}'
Differences = dict[str, str]
# What is not compared, by patterns of kinds, and why: at most five, besides our own nodes (our script tags and the one root).
EXCEPTIONS = {
    r"document styleSheets": "a style sheet that was not loaded is not among them",
    r"(img|input) \.(width|height)": "the drawn size of what was not loaded",
}


def seeds_of(group: str) -> range:
    """The documents of a group, by their seeds."""
    first = GROUPS.index(group) * A_GROUP
    return range(first, first + A_GROUP)


def serve(world: World, seeds: range) -> None:
    """A release that holds one tracker by its host and by a mark of its inline code; the documents, by seed."""
    services = [samples.service("trk", category="C0004", rules=[TRACKER.partition("//")[2]], inline=["trkAgent"])]
    # A frame stays where it is: what it would show is nobody's to read, and each would start a process.
    world.tracker = lambda asked: (
        (204, "text/html", b"")
        if asked.headers.get("sec-fetch-dest") in ("iframe", "object", "embed")
        else tracker(asked)
    )
    Stage(world).release(samples.snapshot(services=services, variants=("eu_opt_in",)))
    for seed in seeds:
        head, body = Writer(seed).document()
        for name, gate in (("without", ""), ("with", GATE)):
            html = (
                f'<!doctype html><html lang="en"><head><meta charset="utf-8">{gate}<title>{seed}</title>'
                f'<script>{WATCH}</script><link rel="icon" href="data:,">{head}</head>\n<body>\n{body}\n</body></html>'
            )
            world.pages[(SHOP, f"/{name}/{seed}")] = (200, "text/html; charset=utf-8", html.encode())


def read(page: Page, name: str, seed: int) -> dict[str, Any]:
    """What the page's own script finds there, before any answer."""
    page.goto(f"https://{SHOP}/{name}/{seed}", wait_until="load")
    if name == "with":
        page.wait_for_selector("#onetrust-accept-btn-handler")
    page.evaluate("window.__act()")
    page.wait_for_timeout(50 if name == "with" else 0)
    found = json.loads(page.evaluate(READ))
    return {**found["kinds"], "MutationObserver": found["records"]}


def differences(browser: Browser, world: World, seeds: range) -> Differences:
    """`{kind: the first pair that differs}` over these documents."""
    serve(world, seeds)
    context = browser.new_context(ignore_https_errors=True)
    page = context.new_page()
    found: Differences = {}
    for seed in seeds:
        base, seen = read(page, "without", seed), read(page, "with", seed)
        for kind in sorted(base.keys() | seen.keys()):
            if any(re.fullmatch(pattern, kind) for pattern in EXCEPTIONS):
                continue
            a, b = (readings.get(kind, []) for readings in (base, seen))
            if a == b:
                continue
            if kind == "MutationObserver":
                for record in (Counter(a) - Counter(b)) + (Counter(b) - Counter(a)):
                    found.setdefault(f"{kind} {record}", f"document {seed}")
            else:
                found.setdefault(kind, f"document {seed}: {_pair(a, b)}")
    context.close()
    return found


def _pair(base: list[Any], seen: list[Any]) -> str:
    if len(base) != len(seen):
        return f"{len(base)} values, {len(seen)} with the gate"
    a, b = next((a, b) for a, b in zip(base, seen, strict=True) if a != b)
    if isinstance(a, str) and isinstance(b, str):
        at = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
        a, b = a[max(0, at - 30) : at + 90], b[max(0, at - 30) : at + 90]
    return f"{json.dumps(a)[:200]} reads {json.dumps(b)[:200]}"
