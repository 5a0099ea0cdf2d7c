"""The blocking vectors under every level of ours: never worse than the committed table (docs/blocking.json)."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import threading
from concurrent.futures import Future
from pathlib import Path

import pytest

from .vectors.blockers import LEVELS, NONE, find
from .vectors.pages import GROUPS, VECTORS
from .vectors.run import Result, measure, totals
from .vectors.unlisted import UNLISTED

pytestmark = [pytest.mark.browser, pytest.mark.vectors]
COMMITTED = json.loads((Path(__file__).resolve().parents[2] / "docs/blocking.json").read_text())["blockers"]
# Requests that race with the observer from one run to the next (±2 to 4): left, executed, stored.
RACES = {"drop_in": (2, 0, 2), "snippet": (2, 0, 2), "server": (1, 0, 1)}
# How many vectors each group has (117 that are on lists, 575 that are not).
AT_LEAST = dict(zip(GROUPS, (12, 5, 34, 13, 11, 7, 8, 7, 14, 6, 75, 112, 80, 60, 210, 38), strict=True))
LISTED = [vector for vector in VECTORS if vector.group not in UNLISTED]
OTHERS = [vector for vector in VECTORS if vector.group in UNLISTED]


# What the preload scanner asks for is a matter of timing: measured as the table was. The rest must hold in warm tabs too.
COLD = {"drop_in", "snippet"}


# Of what no list names a part: the engine of all is the snippet's, which is held to every one; the others' parts are what
# the tests have time for. The table has all (`make bench-blocking`).
PARTS = {
    "drop_in": slice(0, None, 4),
    "server": slice(1, None, 4),
    "strict": slice(0, None, 3),
    "server_header": slice(1, None, 3),
}

# Those with the most vectors first: two are measured at a time, and none should be left alone.
BY_LENGTH = sorted(
    (level for level in LEVELS if level in COMMITTED), key=lambda level: -len(OTHERS[PARTS.get(level, slice(None))])
)

LONGEST = 600  # seconds of one measurement; it takes a minute or two

# Groups whose vectors stand in the page's own markup.
PARSED = {"parser scripts", "preload scanner", "images", "iframes", "link", "media, embed, object"}


def run(name: str, browser: str, vectors=VECTORS, refused: bool = False) -> dict[str, Result]:
    """In a thread of its own: Playwright's fixtures keep this one's event loop."""
    known = COMMITTED[name]["vectors"]
    measured: Future[dict[str, Result]] = Future()

    def work() -> None:
        try:
            measured.set_result(asyncio.run(measure(find(name), vectors, browser, known, refused)))
        except Exception as error:  # whatever it is, it is the test's
            measured.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    try:
        return measured.result(timeout=LONGEST)
    except TimeoutError:
        # A process of Chromium that crashed may leave what waits for it waiting; without its driver the browser ends.
        subprocess.run(["pkill", "-KILL", "-P", str(os.getpid()), "node"], check=False)
        raise


def test_every_group_has_its_vectors() -> None:
    counts = {group: sum(vector.group == group for vector in VECTORS) for group in GROUPS}
    assert {group: count for group, count in counts.items() if count < AT_LEAST[group]} == {}
    assert len({vector.name for vector in VECTORS}) == len(VECTORS)


def test_without_a_cmp_the_pages_leak() -> None:
    found = totals(run(NONE.name, "warm", LISTED))["total"]
    assert found[1] >= 0.9 * found[0]
    assert found[2] >= 0.55 * found[0]


def test_without_a_cmp_each_way_that_no_list_names_does_something() -> None:
    """Each is measured when it comes into the table; here every sixth."""
    measured = COMMITTED[NONE.name]["vectors"]
    assert [vector.name for vector in OTHERS if not any(measured[vector.name])] == []
    idle = OTHERS[::6]
    for _ in range(3):  # what a page's process does not get done in time
        found = run(NONE.name, "warm", idle)
        idle = [vector for vector in idle if not any(found[vector.name][:3])]
        if not idle:
            break
    assert idle == []


@pytest.mark.long
@pytest.mark.parametrize("level", BY_LENGTH)
def test_a_level_is_no_worse_than_the_table(level: str) -> None:
    committed = COMMITTED[level]["vectors"]
    others = OTHERS[PARTS.get(level, slice(None))]
    if level in COLD:
        results = run(level, "chromium", LISTED) | run(level, "warm", others)
    else:
        results = run(level, "warm", [*LISTED, *others])
    assert {name: result.control for name, result in results.items() if result.control} == {}
    figures = {name: [int(r.left), int(r.executed), int(r.stored)] for name, r in results.items()}
    worse = {
        name: (figure, committed.get(name))
        for name, figure in figures.items()
        if any(now > then for now, then in zip(figure, committed.get(name, [0, 0, 0]), strict=True))
    }
    if worse:  # a race lost by one vector and won by another is no regression; a total is
        # Of the vectors measured here; newer ones are not in the table yet.
        now = totals(results)["total"][1:]
        then = [sum(figures) for figures in zip(*(committed.get(name, [0, 0, 0]) for name in results), strict=True)]
        race = RACES.get(level, (0, 0, 0))
        assert all(a <= b + slack for a, b, slack in zip(now, then, race, strict=True)), worse


def test_what_the_parser_makes_waits_on_later_views_of_who_has_refused() -> None:
    """The gate's late file comes earlier then, while the page is parsed. What left may be a race that was lost; nothing runs."""
    some = [vector for vector in VECTORS if vector.group in PARSED]
    assert len(some) >= 50
    results = run("snippet", "warm", some, refused=True)
    assert {name: result.control for name, result in results.items() if result.control} == {}
    assert [name for name, result in results.items() if result.executed] == []


def test_firefox_runs_no_more_than_its_table_says_and_the_page_works() -> None:
    """No gate on what leaves there (its scanner works in a thread of its own): one vector of each group, whole pages."""
    some = list({vector.group: vector for vector in reversed(LISTED)}.values())
    results = run("strict", "firefox", some)
    assert len(results) == len(GROUPS) - len(UNLISTED)
    assert {name: result.control for name, result in results.items() if result.control} == {}
    assert [name for name, result in results.items() if result.executed] == []


def test_what_names_a_held_import_does_not_run_where_a_page_has_one_import_map() -> None:
    names = {"o-subdomain-variable", "o-data", "o-handler", "o-srcdoc-variable", "o-static-comment"}
    some = [vector for vector in VECTORS if vector.name in names]
    results = run("snippet", "firefox", some)
    assert len(results) == len(names)
    assert {name: result for name, result in results.items() if result.executed or result.control} == {}
