"""Writes what docs/guests.md says of limits, and its tables: `python -m tests.browser.frameworks.guests`.

They are made of `limits.json`, `known.json`, `engines.json` and `unsteady.json`.
"""

from __future__ import annotations

from pathlib import Path

from . import engines, known

NAMES = {
    "alpine": "Alpine 3.17", "angular": "Angular 22, zone.js", "astro": "Astro 5.18, client router", "contenteditable": "`contenteditable`",
    "dialog": "modal `<dialog>`", "embla": "Embla 8.6 (carousel)", "focus-trap": "focus-trap 8.2", "htmx2": "htmx 2.0, boost",
    "htmx4": "htmx 4.0, boost", "idiomorph": "idiomorph 0.8", "jquery1": "jQuery 1.12", "jquery3": "jQuery 3.8",
    "layout-flex": "flex column as body", "layout-frames": "hidden and ratio frames", "layout-grid": "grid as body",
    "layout-transform": "`transform` on body", "lazysizes": "lazysizes 5.3", "library": "library with inline code behind it",
    "lightbox": "GLightbox 3.3", "lit": "Lit 3.3 (shadow roots)",
    "morph": "Alpine morph (Livewire), morphdom (LiveView)", "next": "Next 16.4, App Router", "nuxt": "Nuxt 4.2",
    "payment": "payment frame", "preact": "Preact 11, hydrated", "quill": "Quill 2.0", "react18-document-dev": "React 18.3, document, development",
    "react18-document-prod": "React 18.3, document", "react18-root-dev": "React 18.3, root, development",
    "react18-root-prod": "React 18.3, root", "react19-document-dev": "React 19.3, document, development",
    "react19-document-prod": "React 19.3, document", "react19-root-dev": "React 19.3, root, development",
    "react19-root-prod": "React 19.3, root", "splide": "Splide 4.1 (carousel with copies)", "svelte": "Svelte 5.57", "swiper": "Swiper 14.4 (carousel)",
    "tiptap": "Tiptap 3.35 (ProseMirror)", "trix": "Trix 2.1 (editor)", "turbo": "Turbo 8.0", "vanilla-lazyload": "vanilla-lazyload 19.1",
    "vue-dev": "Vue 3.5, development", "vue-prod": "Vue 3.5",
}  # fmt: skip

# Pages whose cells in `known.json` are of an earlier engine; empty once `make bench-guests` has walked them again.
STALE: tuple[str, ...] = ()
PAGE = Path(__file__).resolve().parents[3] / "docs/guests.md"
BEGIN, END = "<!-- made by tests/browser/frameworks/guests.py -->", "<!-- to here -->"
# A reader's questions, each about some phases and checks.
ALL = tuple(known.PHASES)
UNANSWERED = ("before", "next_before")
GRANTED = ("yes", "next_yes", "returning", "changed")
DENIED = ("withdrawn", "no", "next_no", "refused")
QUESTIONS = {
    "nothing runs early": (ALL, ("held",)),
    "asked, and can be answered": (ALL, ("asked", "mouse", "keyboard")),
    "runs once after a yes": (GRANTED, ("once",)),
    "`load` and `error`": (ALL, ("events",)),
    "boxes": (ALL, ("layout",)),
    "markup": (ALL, ("markup",)),
    "console": (ALL, ("console",)),
    "its own work": (ALL, ("usable",)),
}
TIMES = {"unanswered": UNANSWERED, "after a no": DENIED, "after a yes": GRANTED}


def holds(phases: known.Phases, question: str) -> str:
    """`holds`, or when not, with the numbers of the limits."""
    asked_of, checks = QUESTIONS[question]
    failing = {
        phase: phases[phase].keys() & set(checks) for phase in asked_of if phases.get(phase, {}).keys() & set(checks)
    }
    times = [time for time, members in TIMES.items() if failing.keys() & set(members)]
    if not times:
        return "holds"
    order = list(known.limits())
    limits = {phases[phase][check] for phase, found in failing.items() for check in found} - {""}
    numbers = ", ".join(str(number) for number in sorted(order.index(limit) + 1 for limit in limits))
    when = "not" if len(times) == len(TIMES) else f"not {', '.join(times)}"
    return f"{when} ({numbers})" if numbers else when


def chromium(page: str) -> known.Phases:
    """What fails of a page in Chromium: what always does, and what does in some runs."""
    phases = {phase: dict(checks) for phase, checks in known.read().get(page, {}).items()}
    for (phase, check), limit in known.unsteady(page).items():
        phases.setdefault(phase, {})[check] = limit
    return phases


def rows(pages: dict[str, known.Phases]) -> list[str]:
    """A table of pages and questions; pages of which all holds are named below it."""
    failing = {page: phases for page, phases in pages.items() if any(phases.values())}
    lines = [f"| page | {' | '.join(QUESTIONS)} |", "|---" * (len(QUESTIONS) + 1) + "|"] if failing else []
    for page, phases in failing.items():
        lines.append(f"| {NAMES[page]} | {' | '.join(holds(phases, question) for question in QUESTIONS)} |")
    whole = [NAMES[page] for page in pages if page not in failing]
    return [*lines, "", f"Everything holds on: {', '.join(whole)}."] if whole else lines


def tables() -> str:
    """All of them, as Markdown."""
    lines = ["## What does not hold, and why", "", "The numbers in the tables are these:", ""]
    lines += [f"{number}. {why}" for number, why in enumerate(known.limits().values(), 1)]
    lines += ["", "## In Chromium", "", *rows({page: chromium(page) for page in NAMES if page not in STALE}), ""]
    if STALE:
        lines += [f"Not walked since the last change: {', '.join(NAMES[page] for page in STALE)}.", ""]
    for engine in known.read_engines().values():
        pages = {page: engine["pages"][page] for page in NAMES if page in engine["pages"]}
        left = [NAMES[page] for page in engines.MAIN if page not in pages]
        lines += [f"## In {engine['version']}", "", *rows(pages), ""]
        if left:
            lines += [f"Not walked since the last change: {', '.join(left)}.", ""]
    return "\n".join(lines)


def written() -> str:
    """docs/guests.md as it has to be."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    return f"{before}{BEGIN}\n\n{tables()}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(written())
