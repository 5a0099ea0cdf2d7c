"""Reads all documents and tells what differs: `python -m tests.browser.transparency.table [--times 3]`.

A kind that does not differ each time is told apart.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections import Counter


def main() -> int:
    """The command."""
    from playwright.sync_api import sync_playwright

    from tests.browser.internet import open_world
    from tests.browser.vectors.blockers import chromium

    from .judge import GROUPS, differences, seeds_of

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=1)
    given = parser.parse_args()
    found, loose = 0, []
    with open_world() as world, sync_playwright() as play:
        arguments = ["--no-sandbox", "--disable-gpu", *world.chromium_arguments]
        browser = play.chromium.launch(executable_path=chromium(shell=True), args=arguments)
        for group in GROUPS:
            runs = []
            for _ in range(given.times):
                world.forget()
                runs.append(differences(browser, world, seeds_of(group)))
            counts = Counter(kind for run in runs for kind in run)
            loose += [f"{group}: {kind} in {n} of {given.times}" for kind, n in counts.items() if n < given.times]
            found += len(counts)
            print(*(f"{group}: {kind}: {what}" for kind, what in sorted(runs[-1].items())), sep="\n")
        browser.close()
    print(*(f"unsteady: {line}" for line in loose), sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    # The release is compiled without a database, but its code asks for Django's settings.
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cookiebanner.settings")
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("FAIRGATE_DATA", folder)
        import django

        django.setup()
        sys.exit(main())
