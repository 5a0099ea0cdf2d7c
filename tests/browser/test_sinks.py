"""Every setter, method and constructor of the installed Chromium was looked at, and said to be harmless, held, or a limit."""

from __future__ import annotations

import json

import pytest

from .sinks.judge import JUDGED, PAGES, VERDICTS, judged, misjudged, unjudged, walk
from .vectors import blockers
from .vectors.run import arguments
from .vectors.server import Server

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def found(playwright):
    server = Server(PAGES.get, blockers.gate_files(blockers.snapshot("snippet")))
    browser = playwright.chromium.launch(executable_path=blockers.chromium(), args=arguments(server.port))
    yield walk(browser)
    browser.close()
    server.close()


def test_everything_that_the_browser_offers_is_judged(found):
    verdicts = judged(JUDGED.read_text())
    assert set(verdicts.values()) == VERDICTS
    assert unjudged(found, verdicts) == [], "new in this browser: python -m tests.browser.sinks.judge"


def test_what_is_called_patched_is(found):
    assert misjudged(found, judged(JUDGED.read_text())) == []


# What makes an element load something when it is set, whatever the element.
LOADING = ("src=", "srcset=", "srcdoc=", "data=", "poster=", "ping=", "background=", "imageSrcset=")


def test_the_gate_s_list_of_elements_that_load_is_whole(found):
    """It is written by hand, because walking a window's interfaces costs a page what making them all costs."""
    members = [
        (owner, name) for owner in found for name in LOADING if owner.endswith("Element") and name in found[owner]
    ]
    assert len(members) >= 18
    assert [f"{owner} {name}" for owner, name in members if not found[owner][name]] == []


@pytest.mark.parametrize(
    ("owner", "name"), [("Element", "innerHTML="), ("Attr", "value="), ("Math", "abs()"), ("WebSocket", "new")]
)
def test_a_missing_judgement_is_noticed(found, owner, name):
    rows = json.loads(JUDGED.read_text())
    (verdict,) = [verdict for verdict, members in rows[owner].items() if name in members.split()]
    rows[owner][verdict] = " ".join(member for member in rows[owner][verdict].split() if member != name)
    assert unjudged(found, judged(json.dumps(rows))) == [f"{owner} {name}"]
    rows[owner]["patched" if verdict != "patched" else "cannot load"] = name
    assert [line.partition(":")[0] for line in misjudged(found, judged(json.dumps(rows)))] == [f"{owner} {name}"]


def test_the_walk_sees_what_a_browser_has(found):
    """Of each sort of member one that every browser has, and one that the gate replaces beside one that it does not."""
    expected = {
        ("Element", "innerHTML="): True, ("Element", "id="): False, ("Node", "appendChild()"): True, ("Node", "contains()"): False,
        ("Document", "::parseHTMLUnsafe()"): True, ("URL", "::parse()"): False, ("WebSocket", "new"): True, ("Blob", "new"): False,
        ("Window", "fetch()"): True, ("Window", "alert()"): False,
    }  # fmt: skip
    assert {key: found[key[0]].get(key[1]) for key in expected} == expected
    assert len(found) > 900
