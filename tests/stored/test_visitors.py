"""What the gate of revision 1b79d33 stored in a browser is understood by the gate of today: the same answer, and no
question that was not asked then. `make.py` visited; the releases are those of its database."""

from __future__ import annotations

import json
import lzma
import sqlite3
import time
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from consent.jurisdictions import table
from consent.publishing.tags import cookie_name
from tests.browser.conftest import chromium, net, world
from tests.browser.stage import CMP, SWALLOW, Stage
from tests.browser.test_core import until
from tests.browser.uncaught import uncaught

__all__ = ["chromium", "net", "uncaught", "world"]
pytestmark = pytest.mark.browser

HERE = Path(__file__).parent / "1b79d33"
VISITORS: dict[str, dict[str, Any]] = json.loads((HERE / "visitors.json").read_text())
SITE, OTHER = (json.loads((HERE / "sqlite/log.json").read_text())[name] for name in ("site", "other"))
HOST = "shop.parent.example"
YEAR = 365 * 86400
# The last visitor left then; a stored answer grows old, and that is another test's matter.
THEN = "2026-11-29T13:00:00Z"
GPC = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})"


@cache
def releases() -> dict[tuple[str, int], dict[str, Any]]:
    """The snapshots that stood in its database, by site and number."""
    base = sqlite3.connect(":memory:")
    base.deserialize(lzma.decompress((HERE / "sqlite/database.sqlite3.xz").read_bytes()))
    rows = base.execute("SELECT number, snapshot FROM consent_release").fetchall()
    found = [(number, json.loads(text)) for number, text in rows]
    return {(snapshot["site"]["uuid"], number): snapshot for number, snapshot in found}


def number_of(name: str) -> int:
    """The release that stood when he came."""
    return int(name[-1]) if name[-1].isdigit() else 1


def variant_of(visitor: dict[str, Any]) -> str:
    country, state = (visitor["headers"].get(name, "") for name in ("cf-ipcountry", "cf-region-code"))
    for row in (f"{country}-{state}", country, table.EU):
        if row in table.ROWS:
            return table.variant_for(row)
    raise AssertionError(country)


class Browser:
    """A browser that holds what a visitor's held."""

    def __init__(self, chromium: Any, visitor: dict[str, Any]) -> None:
        self.context = chromium.new_context(ignore_https_errors=True)
        self.context.clock.set_fixed_time(THEN)
        self.context.add_cookies([{**cookie, "expires": time.time() + YEAR} for cookie in visitor["cookies"]])
        if visitor["gpc"]:
            self.context.add_init_script(GPC)
        self.page = self.context.new_page()

    def open(self, url: str) -> dict[str, Any]:
        """→ what our API says when all has been done that a page does by itself."""
        self.page.goto(url)
        self.page.wait_for_function("() => !!window.fairgate?._.decide")
        self.page.evaluate("() => fairgate._.started")
        said = self.page.evaluate("fairgate.consent()")
        assert said.pop("member") is False  # what gates did not say then
        return said


@pytest.fixture
def visit(chromium, world):
    """visit(visitor, release, site, host) → the stage and the browser, the release's gate in its place."""
    opened = []

    def visit(visitor: dict[str, Any], number: int, site: str = SITE, host: str = HOST) -> tuple[Stage, Browser, str]:
        stage = Stage(world)
        stage.release(releases()[site, number], variant_of(visitor), number)
        browser = Browser(chromium, visitor)
        opened.append(browser.context)
        gate = f'<script src="https://{CMP}/v1/{site}/gate.js"></script>{SWALLOW}'
        if visitor["path"] == "/one":
            gate = (
                f'<script src="https://{CMP}/consent/{site}/OtAutoBlock.js"></script>'
                f'<script src="https://{CMP}/scripttemplates/otSDKStub.js" data-domain-script="{site}"></script>'
            )
        body = '<script src="https://static.hotjar.com/c/hotjar-1.js"></script>'
        world.pages[(host, "/empty")] = (200, "text/html", b"<!doctype html><title>e</title>")
        url = stage.page(body, gate=gate, host=host)
        browser.page.goto(f"https://{host}/empty")
        browser.page.evaluate("(given) => Object.assign(localStorage, given)", visitor["local"])
        return stage, browser, url

    yield visit
    for context in opened:
        context.close()


def under(state: dict[str, Any], number: int) -> dict[str, Any]:
    """What was said of services that this release has."""
    offered = {service["key"] for service in releases()[SITE, number]["services"]}
    return {**state, "services": {key: value for key, value in state["services"].items() if key in offered}}


def test_there_are_visitors_of_every_release_and_kind():
    assert {number_of(name) for name in VISITORS} == {1, 2, 3}
    assert sorted(releases()) == [(SITE, 1), (SITE, 2), (SITE, 3), (OTHER, 1)]
    assert len({visitor["act"] for visitor in VISITORS.values()}) == 9


# The release that stood, and the one after the rollback: it holds nothing that they were not asked about.
@pytest.mark.parametrize("later", [False, True], ids=["same release", "after the rollback"])
@pytest.mark.parametrize("name", VISITORS)
def test_his_answer_stands_and_he_is_not_asked_again(visit, name, later):
    visitor = VISITORS[name]
    number = 3 if later else number_of(name)
    stage, browser, url = visit(visitor, number)
    expected = under(visitor["consent"], number)
    for _ in range(2):
        assert browser.open(url) == expected
        assert browser.page.locator("#onetrust-banner-sdk:visible").count() == 0 or not visitor["cookies"]
    ran = browser.page.evaluate("window.__ran || []")
    assert ran == ["static.hotjar.com/c/hotjar-1.js"] * expected["services"]["hotjar"]
    until(lambda: stage.posts("reports") or stage.posts("impressions") or not expected["answered"])
    assert stage.posts() == []
    held = {cookie["name"] for cookie in browser.context.cookies() if cookie["name"].startswith("fairgate")}
    assert held == ({cookie_name(SITE)} if visitor["cookies"] else set())


@pytest.mark.parametrize("name", [name for name in VISITORS if number_of(name) == 1])
def test_a_service_that_came_later_waits_and_is_asked_about(visit, name):
    """As then: what was said of the others stands, and an objection is an answer to it too."""
    visitor = VISITORS[name]
    _, browser, url = visit(visitor, 2)
    state = browser.open(url)
    assert state == {**visitor["consent"], "services": {**visitor["consent"]["services"], "meta-pixel": False}}
    asked = browser.page.locator("#onetrust-banner-sdk:visible").count() == 1
    assert asked == (not visitor["consent"]["objected"])


def test_on_another_site_of_the_family_it_is_no_answer(visit):
    """Even where its cookie arrives: the other site's page on a subdomain of that host."""
    visitor = VISITORS["eu_accept"]
    host = f"sub.{HOST}"
    _, browser, url = visit(visitor, 1, OTHER, host)
    state = browser.open(url)
    assert (state["answered"], state["id"]) == (False, None)
    assert browser.page.locator("#onetrust-banner-sdk:visible").count() == 1
    assert browser.page.evaluate("window.__ran || []") == []
    assert {cookie["name"] for cookie in browser.context.cookies()} == {"fairgate"}
