"""Nineteen visitors' browsers as revision 1b79d33 left them meet a gate of today, of the release that they answered to
published again: each is in the state he was in, is not asked again, and keeps his record and his id."""

from __future__ import annotations

import json
import lzma
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext

from cookiebanner.releases.compile import compile as compile_release
from cookiebanner.releases.compile import digest
from tests.browser.conftest import chromium, net, world  # noqa: F401 - fixtures
from tests.browser.world import World, comes_true
from tests.stored.make import CONSENT, HOST, SITE, VISITORS

pytestmark = pytest.mark.browser
HERE = Path(__file__).parent / "1b79d33"
SEEN: dict[str, dict[str, Any]] = json.loads((HERE / "visitors.json").read_text())
VARIANTS = {"DE": "eu_opt_in", "GB": "uk_pecr", "US-CA": "us_ca", "US-TX": "us_optout_gpc", "JP": "jp_notice"}
AGAIN = 9  # the number of the release in which the content is published again
THE_DAY_AFTER = "2026-11-30T09:00:00Z"


@pytest.fixture(scope="module")
def snapshots(tmp_path_factory: pytest.TempPathFactory) -> dict[int, dict[str, Any]]:
    """The releases that were answered to, by number, as the old database holds them."""
    file = tmp_path_factory.mktemp("stored") / "old.sqlite3"
    file.write_bytes(lzma.decompress((HERE / "sqlite" / "database.sqlite3.xz").read_bytes()))
    with sqlite3.connect(file) as old:
        rows = old.execute(
            "SELECT number, snapshot FROM consent_release JOIN consent_site ON consent_site.id = site_id WHERE uuid = ?",
            [SITE.replace("-", "")],
        )
        return {number: json.loads(text) for number, text in rows}


@pytest.fixture(scope="module")
def compiled(snapshots: dict[int, dict[str, Any]]) -> dict[int, list[tuple[str, str, bytes]]]:
    return {
        number: compile_release(snapshot, AGAIN, f"{number:064}")
        for number, snapshot in snapshots.items()
        if number < 4
    }


def serve(world: World, files: list[tuple[str, str, bytes]], variant: str) -> None:  # noqa: F811
    for name, kind, content in files:
        if name == f"gate.{variant}.js":
            world.pages[(CONSENT, f"/v1/{SITE}/gate.js")] = (200, kind, content)
        elif not name.startswith("gate."):
            world.pages[(CONSENT, f"/v1/{SITE}/a/{digest(content)}/{name}")] = (200, kind, content)
    assert (CONSENT, f"/v1/{SITE}/gate.js") in world.pages
    for path in ("consents", "impressions", "reports"):
        world.pages[(CONSENT, f"/api/v1/{path}")] = (204, "text/plain", b"")
    world.extra_headers[CONSENT] = {"Access-Control-Allow-Origin": f"https://{HOST}"}
    page = f'<!doctype html><title>A shop</title><script src="https://{CONSENT}/v1/{SITE}/gate.js"></script><h1>A shop</h1>'
    world.pages[(HOST, "/")] = (200, "text/html; charset=utf-8", page.encode())
    world.pages[(HOST, "/favicon.ico")] = (204, "image/x-icon", b"")


def returning(chromium: Browser, seen: dict[str, Any]) -> BrowserContext:  # noqa: F811
    """A context that holds what the visitor's browser held then, on the day after."""
    context = chromium.new_context(ignore_https_errors=True)
    context.clock.set_fixed_time(THE_DAY_AFTER)
    context.add_cookies([{**cookie, "expires": -1} for cookie in seen["cookies"]])
    kept = json.dumps(seen["local"])
    context.add_init_script(f"for (const [key, value] of Object.entries({kept})) localStorage[key] ??= value;")
    if seen["gpc"]:
        context.add_init_script("Object.defineProperty(Navigator.prototype,'globalPrivacyControl',{get:()=>true})")
    return context


@pytest.mark.parametrize("name", SEEN)
def test_a_visitor_of_then_is_known_today(world, chromium, compiled, name):  # noqa: F811
    seen = SEEN[name]
    headers = seen["headers"]
    place = "-".join(filter(None, (headers["cf-ipcountry"], headers.get("cf-region-code", ""))))
    release = int(name.rpartition("_")[2]) if name[-1].isdigit() else 1
    serve(world, compiled[release], VARIANTS[place])
    context = returning(chromium, seen)
    page = context.new_page()
    page.goto(f"https://{HOST}/")
    comes_true(page, "window.fairgate && fairgate.optOut")
    then = seen["consent"]
    if not then["answered"]:  # the browser's signal is no answer of his: only the state must be the same
        then = {**then, "id": None}
    now = page.evaluate("fairgate.consent()")
    for what in ("answered", "at", "id", "visitor", "gpc", "objected", "categories", "services", "purposes"):
        assert (what, now[what]) == (what, then[what])
    page.wait_for_timeout(300)
    if then["answered"]:
        assert page.locator("#onetrust-banner-sdk:visible").count() == 0
    sent = [asked for asked in world.asked if asked.host == CONSENT and asked.path.endswith("/consents")]
    assert [json.loads(asked.body)["action"] for asked in sent] == []
    names = {cookie["name"] for cookie in context.cookies()}
    assert "fairgate" not in names
    context.close()


def test_the_recorded_visitors_are_those_that_make_says():
    assert {name.rpartition("_")[0] if name[-1].isdigit() else name for name in SEEN} == set(VISITORS)
