"""The gate is a guest in pages made with real libraries: beside the same page without it, all but the trackers is equal.

What is known to fail is `known.json`; this test fails when something else fails, and when something of it holds.
`python -m tests.browser.frameworks.table` measures it again.
"""

from __future__ import annotations

import pytest

from . import built, engines, guests, known
from .judge import judge
from .site import Site, walks

pytestmark = pytest.mark.browser


PAGES = list(walks())


@pytest.mark.guests
@pytest.mark.parametrize("page", PAGES)
def test_a_page_can_not_tell(page, chromium, world, uncaught) -> None:
    loose = known.unsteady(page)
    found = {cell: what for cell, what in judge(chromium, Site(world, walks()[page])).items() if cell not in loose}
    # What our files throw is in the page's console, which is judged.
    uncaught.clear()
    expected = known.cells(page)
    assert {cell: what for cell, what in found.items() if cell not in expected} == {}
    assert sorted(expected - set(found)) == [], "known to fail, and holds: take it out of known.json"


def test_the_pages_are_built_from_what_is_here() -> None:
    """`node build.mjs` makes those anew whose inputs changed, after `npm ci`."""
    assert built.stale() == []


def test_the_table_names_what_there_is() -> None:
    table = known.read()
    assert set(table) <= set(walks())
    assert {phase for phases in table.values() for phase in phases} <= set(known.PHASES)
    assert {check for phases in table.values() for checks in phases.values() for check in checks} <= set(known.CHECKS)


def test_each_cell_that_fails_is_a_limit_that_is_explained() -> None:
    """One that is not explained is a fault of the gate's or of the judge's."""
    tables = [known.read(), *(engine["pages"] for engine in known.read_engines().values())]
    named = {
        limit
        for table in tables
        for phases in table.values()
        for checks in phases.values()
        for limit in checks.values()
    }
    loose = {limit for page in walks() for limit in known.unsteady(page).values()}
    assert named | loose == set(known.limits())
    assert [why for why in known.limits().values() if len(why) < 40] == []


def test_the_documentation_shows_these_tables() -> None:
    assert set(guests.NAMES) == set(walks())
    assert all(set(engine["pages"]) <= set(engines.MAIN) for engine in known.read_engines().values())
    assert sorted(known.read_engines()) == sorted(engines.ENGINES)
    assert guests.PAGE.read_text() == guests.written(), "python -m tests.browser.frameworks.guests"
