"""From a host to "we see your site", walked by keyboard alone in Chromium, and looked at on three screens."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from consent.models import Site, SiteSighting
from consent.scanner.seen import BEFORE
from tests.browser.uncaught import uncaught
from tests.consent.scanner.sample_scans import HOTJAR, finished, made
from tests.cookiebanner.dashboard.test_browser import signed_in
from tests.cookiebanner.dashboard.test_scans_browser import look
from tests.values import RESPONSIBLE

__all__ = ["signed_in", "uncaught"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def press(page, target, text: str = "") -> None:
    """Tabs on to it, then presses Enter, or types."""
    for _ in range(120):
        if target.evaluate("it => it === document.activeElement"):
            break
        page.keyboard.press("Tab")
    assert target.evaluate("it => it === document.activeElement")
    if text:
        page.keyboard.type(text)
    else:
        page.keyboard.press("Enter")


def test_a_new_site_is_set_up_step_by_step(signed_in, live_server, shop, settings, tmp_path):
    settings.FAIRGATE_DATA = tmp_path
    page = signed_in(1440, "light")
    page.goto(f"{live_server.url}/dashboard/new/")
    press(page, page.get_by_label("Hosts"), "https://www.tea.example/de")
    press(page, page.get_by_role("button", name="Make the site"))
    page.get_by_role("heading", name="Set up www.tea.example").wait_for()
    site = Site.objects.get(hosts__name="tea.example")
    press(page, page.get_by_role("button", name="Look at it now"))
    page.get_by_role("heading", name="How far it is").wait_for()
    finished(site, made((HOTJAR, BEFORE)))
    guide = live_server.url + reverse("dashboard:guide", kwargs={"uuid": site.uuid})
    page.goto(guide)  # left, and taken up again
    press(page, page.get_by_role("link", name="File what was found"))
    press(page, page.get_by_role("button", name="File what is ticked"))
    page.get_by_text("In the draft now:").wait_for()
    Site.objects.filter(pk=site.pk).update(**RESPONSIBLE)
    page.goto(guide)
    press(page, page.get_by_role("link", name="Check and publish"))
    press(page, page.get_by_role("button", name="Publish"))
    page.get_by_text("Release 1 is live.").first.wait_for(timeout=60_000)
    page.goto(guide)
    assert f"/v1/{site.uuid}/gate.js" in page.locator("pre").inner_text()
    for width, scheme in ((1440, "light"), (768, "dark"), (360, "light"), (360, "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        page.reload()  # colours change slowly
        look(page, f"guide-{width}-{scheme}")
    SiteSighting.objects.create(site=site, host="tea.example", level="snippet", last_seen=timezone.now())
    page.get_by_text("We see your site.", exact=True).wait_for()  # it comes by itself
    assert page.complaints == []
