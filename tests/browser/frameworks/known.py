"""The cells that are known to fail: `known.json`, page × phase × check. It shrinks as the engine gets better."""

from __future__ import annotations

import json
from pathlib import Path

PATH = Path(__file__).resolve().parent / "known.json"
UNSTEADY = PATH.with_name("unsteady.json")
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


def read() -> dict[str, dict[str, list[str]]]:
    """`{page: {phase: [check, …]}}`."""
    return json.loads(PATH.read_text())


def cells(page: str) -> set[tuple[str, str]]:
    """What is known to fail of one page."""
    return {(phase, check) for phase, checks in read().get(page, {}).items() for check in checks}


def unsteady(page: str) -> dict[tuple[str, str], str]:
    """The cells of one page that fail in some runs and hold in others, and why; neither is a finding."""
    phases = json.loads(UNSTEADY.read_text()).get(page, {})
    return {(phase, check): why for phase, checks in phases.items() for check, why in checks.items()}


def write(found: dict[str, Found]) -> None:
    """Makes the table anew from what was found; pages that were not walked keep their cells."""
    table = read() if PATH.exists() else {}
    for page, cells in found.items():
        phases: dict[str, list[str]] = {}
        loose = unsteady(page)
        for phase in PHASES:
            if checks := [check for check in CHECKS if (phase, check) in cells and (phase, check) not in loose]:
                phases[phase] = checks
        table[page] = phases
    text = json.dumps({page: table[page] for page in sorted(table) if table[page]}, indent=1)
    # One line a phase: a diff then shows cells, not brackets.
    lines = text.replace("[\n   ", "[").replace(",\n   ", ", ").replace("\n  ]", "]")
    PATH.write_text(lines + "\n")
