"""Eighteen real visitors of revision 1b79d33, with what its own gate left in their browsers: today's gate knows them.

`make.py` recorded them; the snapshots of the releases that they answered to are in the database beside them.
"""

from __future__ import annotations

import json
import lzma
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests import samples
from tests.browser.conftest import chromium, net, uncaught, world
from tests.browser.stage import CMP, Stage
from tests.browser.world import World
from tests.stored.make import HOST, SITE

__all__ = ["chromium", "net", "uncaught", "world"]
pytestmark = pytest.mark.browser

HERE = Path(__file__).parent / "1b79d33"
VISITORS: dict[str, dict[str, Any]] = json.loads((HERE / "visitors.json").read_text(encoding="utf-8"))
VARIANTS = {"DE": "eu_opt_in", "GB": "uk_pecr", "JP": "jp_notice", "CA": "us_ca", "TX": "us_optout_gpc"}
BANNER = "#onetrust-banner-sdk"
GPC = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})"
TRACKERS = (
    '<script src="https://www.googletagmanager.com/gtag/js?id=G-1"></script>'
    '<script src="https://static.hotjar.com/c/hotjar-1.js"></script>'
)
STUB = (
    f'<script src="https://{CMP}/consent/{SITE}/OtAutoBlock.js"></script>'
    f'<script src="https://{CMP}/scripttemplates/otSDKStub.js" data-domain-script="{SITE}"></script>'
)
PLAIN = f'<script src="https://{CMP}/v1/{SITE}/gate.js"></script>'


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> dict[int, tuple[str, dict[str, Any]]]:
    """Number → (hash, snapshot), as published then."""
    file = tmp_path_factory.mktemp("stored") / "database.sqlite3"
    file.write_bytes(lzma.decompress((HERE / "sqlite/database.sqlite3.xz").read_bytes()))
    with closing(sqlite3.connect(file)) as database:
        rows = database.execute(
            "SELECT number, r.sha256, snapshot FROM consent_release r JOIN consent_site s ON s.id = r.site_id"
            " WHERE replace(s.uuid, '-', '') = ?",
            (SITE.replace("-", ""),),
        ).fetchall()
    return {number: (sha256, json.loads(text)) for number, sha256, text in rows}


def place(seen: dict[str, Any]) -> str:
    headers = seen["headers"]
    return VARIANTS[headers.get("cf-region-code") or headers["cf-ipcountry"]]


def answered_to(name: str) -> int:
    return int(name[-1]) if name[-1].isdigit() else 1


@pytest.fixture
def shop(world: World, chromium: Browser) -> Iterator[Any]:
    """Opens the shop as a visitor of then, two days later (his cookies would be gone one day); → page and world."""
    contexts = []

    def open_as(seen: dict[str, Any], snapshot: dict[str, Any], number: int) -> tuple[Page, Stage]:
        stage = Stage(world)
        stage.release(snapshot, place(seen), number)
        drop_in = seen["path"] == "/one"
        body = "<h1>A shop</h1>" + ("" if drop_in else TRACKERS)
        url = stage.page(body, gate=STUB if drop_in else PLAIN, host=HOST, path=seen["path"])
        world.pages[(HOST, "/favicon.ico")] = (204, "image/x-icon", b"")
        world.pages[(HOST, "/empty")] = (200, "text/html", b"<!doctype html><title>empty</title>")
        context = chromium.new_context(ignore_https_errors=True)
        contexts.append(context)
        context.set_default_timeout(8000)
        context.clock.set_fixed_time("2026-12-01T12:00:00Z")
        if seen["gpc"]:
            context.add_init_script(GPC)
        context.add_cookies([{**cookie, "expires": -1} for cookie in seen["cookies"]])
        page = context.new_page()
        if seen["local"] or seen["session"]:
            page.goto(f"https://{HOST}/empty")
            page.evaluate(
                "([local, session]) => { Object.assign(localStorage, local); Object.assign(sessionStorage, session) }",
                [seen["local"], seen["session"]],
            )
        page.goto(url)
        page.wait_for_function("fairgate._.begin && fairgate._.made.late")
        page.evaluate("fairgate._.started")
        return page, stage

    yield open_as
    for context in contexts:
        context.close()


def test_the_visitors_are_all_there(releases):
    assert len(VISITORS) == 18
    assert {answered_to(name) for name in VISITORS} == set(releases) == {1, 2, 3}
    for sha256, snapshot in releases.values():
        assert samples.sha256_of(snapshot) == sha256


@pytest.mark.parametrize("name", VISITORS)
def test_what_he_answered_is_in_force(shop, releases, name):
    seen = VISITORS[name]
    number = answered_to(name)
    page, stage = shop(seen, releases[number][1], number)
    said, then = page.evaluate("fairgate.consent()"), seen["consent"]
    assert said == then
    if then["answered"]:
        assert page.locator(BANNER).count() == 0
        assert page.evaluate("fairgate._.ask") is False
    assert stage.posts() == []
    page.reload()
    page.wait_for_function("fairgate._.made.late")
    assert page.evaluate("fairgate.consent()") == then


@pytest.mark.parametrize("name", [name for name in VISITORS if answered_to(name) != 2])
def test_the_release_after_the_upgrade_asks_only_what_is_new(shop, releases, name):
    """The draft held the new tracker: who answered before it was there is asked again, and it waits for that alone."""
    seen = VISITORS[name]
    page, stage = shop(seen, releases[2][1], 4)
    said, then = page.evaluate("fairgate.consent()"), seen["consent"]
    assert said.pop("services") == {"meta-pixel": False, **then["services"]}
    assert said.items() <= then.items()
    asked = not then["objected"]  # an objection holds for what comes later, too
    assert page.evaluate("fairgate._.ask") is asked
    assert page.locator(BANNER).count() == asked
    assert stage.posts() == []
