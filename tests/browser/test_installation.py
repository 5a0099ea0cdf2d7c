"""A gate that does not stand first, or comes by another script, says so to its owner."""

from __future__ import annotations

import pytest

from tests import samples
from tests.browser.stage import CMP, SWALLOW, Stage

pytestmark = pytest.mark.browser
GATE = f"https://{CMP}/v1/{samples.SITE_UUID}/gate.js"
TAG = f'<script src="{GATE}"></script>{SWALLOW}'
ADS = "https://www.googletagservices.com/tag.js"
INSERTED = f"<script>document.head.append(Object.assign(document.createElement('script'), {{src: '{GATE}'}}))</script>"


@pytest.fixture
def stage(world) -> Stage:
    return Stage(world)


@pytest.fixture
def page(chromium):
    context = chromium.new_context(ignore_https_errors=True)
    yield context.new_page()
    context.close()


def reported(stage, page):
    """Every report of a gate's place, once the page has sent what it reports."""
    page.wait_for_timeout(4000)
    found = {(i["kind"], i["subject"]) for post in stage.posts("reports") for i in post["items"]}
    return {pair for pair in found if pair[0] in ("late", "before")}


@pytest.mark.parametrize(
    ("gate", "expected"),
    [
        (TAG, set()),
        (f'<link rel="icon" href="/i.png"><script src="/own.js"></script>{TAG}', set()),
        (f'<a href="{ADS}">.</a>{TAG}', set()),
        (f'<script async src="{ADS}"></script>{TAG}', {("before", "www.googletagservices.com")}),
        (f'<link rel="preload" as="script" href="{ADS}">{TAG}', {("before", "www.googletagservices.com")}),
        (f'{TAG}<script async src="{ADS}"></script>', set()),
        (
            f"{TAG}<script>document.head.prepend(Object.assign(document.createElement('script'), {{src: '{ADS}'}}))</script>",
            set(),
        ),
        (TAG.replace("<script ", "<script async "), {("late", "async")}),
        (TAG.replace("<script ", "<script defer "), {("late", "defer")}),
        (INSERTED, {("late", "inserted")}),
    ],
)
def test_where_the_gate_stands_is_reported(stage, page, gate, expected):
    snapshot = samples.snapshot()
    service = next(s for s in snapshot["services"] if s["key"] == "google-ads")
    service["rules"] = sorted({*service["rules"], "googletagservices.com"})
    stage.release(snapshot)
    page.goto(stage.page(gate=gate))
    page.wait_for_selector("#onetrust-banner-sdk", state="visible")
    assert reported(stage, page) == expected
