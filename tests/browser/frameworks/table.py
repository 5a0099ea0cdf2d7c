"""Walks the pages, tells what fails and why, and writes `known.json` anew.

`python -m tests.browser.frameworks.table [--times 3] [--dry] [--engine firefox|webkit] [page …]`. Another engine walks the main
pages, and its cells are kept in `engines.json` beside; docs/guests.md is written from both. A cell that does not come out the same each time
is told apart and fails the command: it is no fact about the engine, and nothing is written.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from . import known

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser.internet import World


@contextlib.contextmanager
def in_chromium(world: World) -> Iterator[Browser]:
    """Debian's Chromium."""
    from playwright.sync_api import sync_playwright

    from tests.browser.vectors.blockers import chromium

    with sync_playwright() as play:
        arguments = ["--no-sandbox", "--disable-gpu", *world.chromium_arguments]
        browser = play.chromium.launch(executable_path=chromium(shell=True), args=arguments)
        yield browser
        browser.close()


def measure(pages: Iterable[str], times: int, engine: str = "chromium") -> list[dict[str, known.Found]]:
    """What each walk found, by page."""
    from tests.browser.internet import open_world

    from .engines import ENGINES, HOOK, MAIN
    from .judge import judge
    from .site import Site, walks

    chosen = pages or (walks() if engine == "chromium" else MAIN)
    runs = []
    with open_world() as world:
        opened = in_chromium(world) if engine == "chromium" else ENGINES[engine](world.port)
        with opened as browser:
            for _ in range(times):
                found: dict[str, known.Found] = {}
                for page in chosen:
                    world.forget()
                    found[page] = judge(browser, Site(world, walks()[page], "" if engine == "chromium" else HOOK))
                runs.append(found)
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
    parser.add_argument("--engine", default="chromium", choices=("chromium", "firefox", "webkit"))
    given = parser.parse_args()
    runs = measure(given.pages, given.times, given.engine)
    by_check: dict[tuple[str, str], list[str]] = defaultdict(list)
    for page, cells in runs[-1].items():
        for (phase, check), what in cells.items():
            by_check[check, what].append(f"{page} {phase}")
    for (check, what), where in sorted(by_check.items()):
        print(f"{check}: {what}\n    {', '.join(where)}")
    loose = unsteady(runs)
    print(*(f"unsteady: {' '.join(cell)} failed {n} of {given.times}" for cell, n in loose.items()), sep="\n")
    if given.engine != "chromium" and not given.dry:
        from .engines import version

        # What differs from run to run fails in this table.
        known.write_engine(given.engine, version(given.engine), runs)
    elif not loose and not given.dry:
        known.write(runs[-1])
    return 1 if loose else 0


if __name__ == "__main__":
    # The release is compiled without a database, but its code asks for Django's settings.
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cookiebanner.settings")
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("FAIRGATE_DATA", folder)
        import django

        django.setup()
        sys.exit(main())
