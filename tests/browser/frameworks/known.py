"""The cells that are known to fail: `known.json`, page × phase × check, each with the name of the limit that it is.

`limits.json` says in words, for a site's developer, what each limit is. A cell that no limit explains is a fault.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

PATH = Path(__file__).resolve().parent / "known.json"
UNSTEADY = PATH.with_name("unsteady.json")
ENGINES = PATH.with_name("engines.json")
LIMITS = PATH.with_name("limits.json")
PHASES = {
    "before": "a first visit, before an answer",
    "next_before": "the page after it, by the page's own router",
    "yes": "after a yes",
    "next_yes": "the page after that, by the router",
    "returning": "the next visit of who said yes",
    "withdrawn": "the visit after a change of mind, from yes to no",
    "no": "after a no",
    "next_no": "the page after that, by the router",
    "refused": "the next visit of who said no",
    "changed": "after a change of mind, from no to yes",
}
CHECKS = {
    "layout": "the page's elements have the same boxes, ± 1 px",
    "markup": "its markup reads the same",
    "console": "its console says the same",
    "held": "no tracker was asked for, and none ran (what the parser asks for itself: see Site.raced)",
    "once": "each tracker was asked for and ran once",
    "events": "its elements said `load` once when they had loaded; after a no scripts and pictures said `error`; before, nothing",
    "usable": "pressed, it did the same; an editor saves the same",
    "asked": "the banner, or after an answer a way back to it, is there and nothing lies over it",
    "mouse": "the banner is answered by a press of the mouse, a dialog of the page open or not",
    "keyboard": "the banner is answered by the keyboard, a dialog of the page open or not",
}
Found = dict[tuple[str, str], str]
Phases = dict[str, dict[str, str]]  # {phase: {check: limit}}


def read() -> dict[str, Phases]:
    """`{page: {phase: {check: limit}}}`."""
    return json.loads(PATH.read_text())


def limits() -> dict[str, str]:
    """`{limit: what it is, for a site's developer}`."""
    return json.loads(LIMITS.read_text())


def cells(page: str) -> set[tuple[str, str]]:
    """What is known to fail of one page."""
    return {(phase, check) for phase, checks in read().get(page, {}).items() for check in checks}


def unsteady(page: str) -> dict[tuple[str, str], str]:
    """The cells of one page that fail in some runs and hold in others, and their limits. `*` is every page."""
    table = json.loads(UNSTEADY.read_text())
    of_all, of_page = (table.get(key, {}) for key in ("*", page))
    return {(phase, check): why for part in (of_all, of_page) for phase in part for check, why in part[phase].items()}


def _phases(cells: Iterable[tuple[str, str]], *before: Phases) -> Phases:
    """Cells by phase, in the order of the tables above, each with the limit that it was called before."""
    failing = set(cells)
    named = [table for table in before if table]

    def limit(phase: str, check: str) -> str:
        return next((table[phase][check] for table in named if check in table.get(phase, {})), "")

    phases = {phase: {check: limit(phase, check) for check in CHECKS if (phase, check) in failing} for phase in PHASES}
    return {phase: checks for phase, checks in phases.items() if checks}


def _text(table: Any) -> str:
    """JSON with one line a phase: a diff then shows cells, not brackets."""

    def in_one_line(found: re.Match[str]) -> str:
        return "{" + re.sub(r",\n +", ", ", found[1]) + "}"

    text = json.dumps(table, indent=1, ensure_ascii=False)
    return re.sub(r"{\n +([^{}]*?)\n +}", in_one_line, text) + "\n"


def write(found: dict[str, Found]) -> None:
    """Makes the table anew from what was found; pages that were not walked keep their cells. What is new has no limit yet."""
    table = read() if PATH.exists() else {}
    for page, cells in found.items():
        table[page] = _phases(set(cells) - set(unsteady(page)), table.get(page, {}))
    PATH.write_text(_text({page: table[page] for page in sorted(table) if table[page]}))


def read_engines() -> dict[str, Any]:
    """`{engine: {"version": …, "pages": {page: {phase: {check: limit}}}}}` of the other engines."""
    return json.loads(ENGINES.read_text()) if ENGINES.exists() else {}


def write_engine(engine: str, version: str, runs: list[dict[str, Found]]) -> None:
    """Keeps what another engine's walks found; pages that were not walked keep their cells."""
    tables = read_engines()
    pages = tables.get(engine, {}).get("pages", {})
    chromium = read()
    for page in runs[-1]:
        failing = {cell for run in runs for cell in run[page]}
        pages[page] = _phases(failing, pages.get(page, {}), chromium.get(page, {}))
    tables[engine] = {"version": version, "pages": {page: pages[page] for page in sorted(pages)}}
    ENGINES.write_text(_text({name: tables[name] for name in sorted(tables)}))
