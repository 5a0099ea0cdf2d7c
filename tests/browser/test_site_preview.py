"""A draft on the site itself, by the link that the dashboard shows: the real gate, on pages of the site."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_network

import pytest
import time_machine
from django.utils import timezone

from consent.banners.actions import edit_texts
from consent.ledger.models import ConsentRecord
from cookiebanner.staff import preview
from cookiebanner.visitors.counts import counters
from tests.browser.regimes import SHOP, open_shop, visitor

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TITLE = "Only in the draft"
BANNER = "#onetrust-banner-sdk"
ACCEPT = "#onetrust-accept-btn-handler"


@pytest.fixture
def world(world, settings):
    settings.FAIRGATE_TRUSTED_PROXIES = [ip_network("127.0.0.1/32")]
    settings.FAIRGATE_COUNTRY_HEADERS = []
    settings.MMDB = ""
    return world


def shown(page) -> bool:
    """Whether the page's banner is the draft's."""
    page.locator(BANNER).wait_for()
    return TITLE in page.locator(BANNER).inner_text()


def test_the_draft_is_shown_on_the_site_and_nothing_is_recorded(world, chromium, live_server):
    site = open_shop(world, live_server.url)
    edit_texts(site, "test", "en", {"title": TITLE})
    link = preview.on_site(site)
    with visitor(chromium, world, "DE") as page:
        assert not shown(page)
        page.goto(f"https://{SHOP}/{link}")
        page.reload()
        assert shown(page)
        assert page.url == f"https://{SHOP}/"
        page.goto(f"https://{SHOP}/?next")
        assert shown(page)
        world.asked.clear()
        page.locator(ACCEPT).click()
        page.wait_for_function("() => fairgate.consent().answered")
        page.goto(f"https://{SHOP}/?after")
        page.wait_for_function("() => fairgate.consent().answered")
        page.wait_for_timeout(2500)  # when reports are sent
        assert [asked.path for asked in world.asked if asked.method == "POST"] == []
        assert [one["name"] for one in page.context.cookies() if one["name"].startswith("fairgate")] == [
            "fairgate_preview"
        ]
        page.get_by_role("button", name="End the preview").click()
        page.wait_for_function("() => window.name === ''")
        assert not shown(page)
        assert page.evaluate("document.cookie.includes('fairgate_preview')") is False
    counters.flush()
    assert ConsentRecord.objects.filter(site_id=site.pk, type="consent").count() == 0


def test_a_link_that_lapsed_or_that_nobody_signed_leaves_the_published_gate(world, chromium, live_server):
    site = open_shop(world, live_server.url)
    edit_texts(site, "test", "en", {"title": TITLE})
    with time_machine.travel(timezone.now() - timedelta(days=8), tick=True):
        lapsed = preview.on_site(site)
    for link in (lapsed, "#fairgate-preview/made.up:by-somebody", lapsed[:-3]):
        with visitor(chromium, world, "DE") as page:
            page.goto(f"https://{SHOP}/?{len(link)}{link}")
            assert not shown(page)
            page.locator(ACCEPT).click()
            page.wait_for_function("() => fairgate.consent().answered")
            assert page.evaluate("[...document.scripts].filter((one) => one.src.includes('preview')).length") == 0
