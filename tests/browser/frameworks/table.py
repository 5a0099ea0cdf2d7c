"""Walks the pages, tells what fails and why, and writes `known.json` anew.

`python -m tests.browser.frameworks.table [--times 3] [--dry] [page …]`. A cell that does not come out the same each time
is told apart and fails the command: it is no fact about the engine, and nothing is written.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable

from . import known


def measure(pages: Iterable[str], times: int) -> list[dict[str, known.Found]]:
    """What each walk found, by page."""
    from playwright.sync_api import sync_playwright

    from tests.browser.internet import open_world
    from tests.browser.vectors.blockers import chromium

    from .judge import judge
    from .site import Site, walks

    runs = []
    with open_world() as world, sync_playwright() as play:
        arguments = ["--no-sandbox", "--disable-gpu", *world.chromium_arguments]
        browser = play.chromium.launch(executable_path=chromium(shell=True), args=arguments)
        for _ in range(times):
            found: dict[str, known.Found] = {}
            for page in pages or walks():
                world.forget()
                found[page] = judge(browser, Site(world, walks()[page]))
            runs.append(found)
        browser.close()
    return runs


def unsteady(runs: list[dict[str, known.Found]]) -> dict[tuple[str, str, str], int]:
    """Cells that failed in some runs and not in all, and in how many."""
    counts = Counter((page, *cell) for run in runs for page, cells in run.items() for cell in cells)
    return {
        cell: count for cell, count in counts.items() if count < len(runs) and cell[1:] not in known.unsteady(cell[0])
    }


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="*", help="all of them by default")
    parser.add_argument("--times", type=int, default=1, help="how often each page is walked")
    parser.add_argument("--dry", action="store_true", help="tell only, write nothing")
    given = parser.parse_args()
    runs = measure(given.pages, given.times)
    by_check: dict[tuple[str, str], list[str]] = defaultdict(list)
    for page, cells in runs[-1].items():
        for (phase, check), what in cells.items():
            by_check[check, what].append(f"{page} {phase}")
    for (check, what), where in sorted(by_check.items()):
        print(f"{check}: {what}\n    {', '.join(where)}")
    if loose := unsteady(runs):
        print(*(f"unsteady: {' '.join(cell)} failed {n} of {given.times}" for cell, n in loose.items()), sep="\n")
        return 1
    if not given.dry:
        known.write(runs[-1])
    return 0


if __name__ == "__main__":
    # The release is compiled without a database, but its code asks for Django's settings.
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cookiebanner.settings")
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("FAIRGATE_DATA", folder)
        import django

        django.setup()
        sys.exit(main())
