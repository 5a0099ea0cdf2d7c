"""A test of two banners in Chromium: drawn anew at each view, stored only with the answer, and over by itself."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest

from consent.banners import banner_tests
from consent.ledger.models import ConsentRecord
from consent.publishing.actions import Blocked
from consent.stats import numbers
from cookiebanner.releases.publish import publish
from cookiebanner.visitors.counts import counters
from tests.browser.regimes import SHOP, open_shop, visit, visitor
from tests.values import present

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TITLE = "May we count visits?"


@pytest.fixture
def world(world, settings):
    settings.FAIRGATE_TRUSTED_PROXIES = [ip_network("127.0.0.1/32")]
    settings.FAIRGATE_COUNTRY_HEADERS = []
    settings.MMDB = ""
    return world


def arm(page) -> str:
    """Which banner this view shows; its layout must be that banner's, too."""
    shown = page.locator("#onetrust-banner-sdk")
    shown.wait_for()
    found = "B" if TITLE in shown.inner_text() else "A"
    assert page.evaluate("fairgate._.drawn") == found
    return found


def kept(page) -> str:
    everything = "JSON.stringify([document.cookie, {...localStorage}, {...sessionStorage}])"
    return str(page.evaluate(everything))


def until(page, wanted: str) -> None:
    """Views until one shows the wanted banner: after twenty it would be missing once in a million runs."""
    for _ in range(20):
        if arm(page) == wanted:
            return
        visit(page)
    raise AssertionError(f"Banner {wanted} never came.")


def again(page, times: int) -> list[str]:
    """What further views show."""
    shown = []
    for _ in range(times):
        visit(page)
        shown.append(arm(page))
    return shown


def test_a_test_from_its_first_view_to_its_end(world, chromium, live_server):
    site = open_shop(world, live_server.url)
    today = datetime.now(UTC).date()
    banner_tests.save(site, "test", ends=today + timedelta(days=3), layout="bar", position="bottom")
    banner_tests.edit_texts(site, "test", "en", {"title": TITLE, "accept": "Ok"})
    with pytest.raises(Blocked):
        publish(site, "test")
    banner_tests.edit_texts(site, "test", "en", {"accept": ""})
    publish(site, "test")
    with visitor(chromium, world, "DE") as page:
        until(page, "A")
        until(page, "B")
        assert kept(page) == '["",{},{}]'  # nothing is kept of what was drawn
        width = present(page.locator("#onetrust-banner-sdk").bounding_box())["width"]
        assert width > 1000  # a bar
        # The rest of the banner is ui.js's, which must go on with the same one.
        page.locator("#onetrust-pc-btn-handler").click()
        page.locator("#onetrust-pc-sdk").wait_for()
        page.keyboard.press("Escape")
        assert arm(page) == "B"
        with page.expect_response("**/api/v1/consents") as response:
            page.locator("#onetrust-accept-btn-handler").click()
        assert response.value.status == 201
        # A later change of mind is no answer to either banner.
        page.wait_for_timeout(300)
        page.evaluate("() => new Promise(done => { fairgate.on('stored', done); fairgate.withdraw() })")
        assert "arm" not in kept(page)
    with visitor(chromium, world, "DE", days=5) as page:  # no new release
        assert {arm(page), *again(page, 3)} == {"A"}
        with page.expect_response("**/api/v1/consents") as response:
            page.locator("#onetrust-reject-all-handler").click()
        assert response.value.status == 201
    status, kind, body = world.pages[(SHOP, "/")]
    world.pages[(SHOP, "/")] = (status, kind, body.replace(b"/gate.js", b'/gate.js" data-arm="B', 1))
    with visitor(chromium, world, "DE") as page:
        assert arm(page) == "B"
        assert page.evaluate("fairgate._.arm ?? 'none'") == "none"
    rows = ConsentRecord.objects.filter(site_id=site.pk, type="consent").order_by("index")
    records = [(row.action, json.loads(present(row.payload)).get("arm")) for row in rows]
    assert records == [("accept_all", "B"), ("withdraw", None), ("reject_all", None)]
    counters.flush()
    chosen = numbers.Chosen(today - timedelta(days=1), today + timedelta(days=1))
    arms = {row.name: row for row in numbers.outcomes(site.pk, chosen, "arm")}
    assert set(arms) == {"A", "B", ""}
    assert [(arms[name].yes, arms[name].no) for name in ("A", "B", "")] == [(0, 0), (1, 0), (0, 1)]
    assert arms["A"].banners >= 1 <= arms["B"].banners
    assert arms[""].banners == 5  # after its end, and the pinned one
