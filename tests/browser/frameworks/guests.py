"""Writes the tables of docs/guests.md from `known.json` and `engines.json`: `python -m tests.browser.frameworks.guests`."""

from __future__ import annotations

from pathlib import Path

from . import known

NAMES = {
    "alpine": "Alpine 3.17", "astro": "Astro 5.18, client router", "contenteditable": "`contenteditable`",
    "dialog": "modal `<dialog>`", "embla": "Embla 8.6 (carousel)", "focus-trap": "focus-trap 8.2", "htmx2": "htmx 2.0, boost",
    "htmx4": "htmx 4.0, boost", "idiomorph": "idiomorph 0.8", "jquery1": "jQuery 1.12", "jquery3": "jQuery 3.8",
    "layout-flex": "flex column as body", "layout-frames": "hidden and ratio frames", "layout-grid": "grid as body",
    "layout-transform": "`transform` on body", "lazysizes": "lazysizes 5.3", "library": "library with inline code behind it",
    "lightbox": "GLightbox 3.3", "lit": "Lit 3.3 (shadow roots)", "next": "Next 16.4, App Router", "nuxt": "Nuxt 4.2",
    "payment": "payment frame", "quill": "Quill 2.0", "react18-document-dev": "React 18.3, document, development",
    "react18-document-prod": "React 18.3, document", "react18-root-dev": "React 18.3, root, development",
    "react18-root-prod": "React 18.3, root", "react19-document-dev": "React 19.3, document, development",
    "react19-document-prod": "React 19.3, document", "react19-root-dev": "React 19.3, root, development",
    "react19-root-prod": "React 19.3, root", "svelte": "Svelte 5.57", "swiper": "Swiper 14.4 (carousel)",
    "tiptap": "Tiptap 3.35 (ProseMirror)", "turbo": "Turbo 8.0", "vanilla-lazyload": "vanilla-lazyload 19.1",
    "vue-dev": "Vue 3.5, development", "vue-prod": "Vue 3.5",
}  # fmt: skip

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


def holds(phases: dict[str, list[str]], question: str) -> str:
    """`holds`, `not`, or when not."""
    asked_of, checks = QUESTIONS[question]
    failing = {phase for phase in asked_of if set(checks) & set(phases.get(phase, []))}
    times = [time for time, members in TIMES.items() if failing & set(members)]
    return "holds" if not times else "not" if len(times) == len(TIMES) else f"not {', '.join(times)}"


def chromium(page: str) -> dict[str, list[str]]:
    """What fails of a page in Chromium: what always does, and what does in some runs."""
    phases = {phase: list(checks) for phase, checks in known.read().get(page, {}).items()}
    for phase, check in known.unsteady(page):
        phases.setdefault(phase, []).append(check)
    return phases


def rows(pages: dict[str, dict[str, list[str]]]) -> list[str]:
    """A table of pages and questions."""
    lines = [f"| page | {' | '.join(QUESTIONS)} |", "|---" * (len(QUESTIONS) + 1) + "|"]
    for page, phases in pages.items():
        lines.append(f"| {NAMES[page]} | {' | '.join(holds(phases, question) for question in QUESTIONS)} |")
    return lines


def tables() -> str:
    """All of them, as Markdown."""
    lines = ["## In Chromium", "", *rows({page: chromium(page) for page in NAMES}), ""]
    for engine in known.read_engines().values():
        pages = {page: engine["pages"][page] for page in NAMES if page in engine["pages"]}
        lines += [f"## In {engine['version']}", "", *rows(pages), ""]
    return "\n".join(lines)


def written() -> str:
    """docs/guests.md as it has to be."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    return f"{before}{BEGIN}\n\n{tables()}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(written())
