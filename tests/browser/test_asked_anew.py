"""Trackers wait while a banner asks: anew for what came with a release, in a test of two banners, and where a page claims a preview."""

from __future__ import annotations

import copy
import datetime
from typing import Any

import pytest

from tests.browser.guest import T, chromium, guest, pages, server

from .vectors import blockers

__all__ = ["chromium", "guest", "pages", "server"]

pytestmark = pytest.mark.browser
WAYS = f"""<script src='{T}/a.js'></script><script>
const s=document.createElement('script');s.src='{T}/b.js';document.head.append(s);
document.body.insertAdjacentHTML('beforeend',"<iframe src='{T}/f.html'></iframe>");
fetch('{T}/data').catch(() => log('refused'));document.cookie='_ga=1';log(/_ga/.test(document.cookie)?'stored':'')</script>"""


@pytest.fixture
def published(server):
    """Puts a release in the place of the server's; afterwards that is back."""
    before = dict(server.files)
    yield lambda release: server.files.update(blockers.gate_files(release))
    server.files.clear()
    server.files.update(before)


def holds(page, guest) -> bool:
    """Whether nothing of the page's ways ran, was stored, or was asked for."""
    page.locator("#onetrust-banner-sdk").wait_for()
    page.wait_for_function("ran.includes('refused')")
    return (sorted(page.evaluate("ran")), guest.asked) == (["", "refused"], [])


def test_what_a_new_release_asks_about_waits_for_who_has_said_yes_to_the_rest(guest, published) -> None:
    release: dict[str, Any] = blockers.snapshot("snippet")
    first = copy.deepcopy(release)
    first["categories"][1]["key"] = first["services"][1]["category"] = "C0002"
    first["services"][1] |= {"key": "other", "rules": ["other.shop.test"], "cookies": []}
    published(first)
    page = guest.open("")
    page.locator("#onetrust-banner-sdk").wait_for()
    page.evaluate("fairgate.accept()")
    page.wait_for_function("fairgate.consent().answered && !!document.cookie")
    published(release)
    page = guest.open(WAYS)
    assert holds(page, guest)
    page.evaluate("fairgate.accept()")
    page.wait_for_function("['A:', 'B:'].every(one => ran.includes(one))")


@pytest.mark.parametrize("arm", ["A", "B"])
def test_trackers_wait_under_either_banner_of_a_test(guest, published, arm: str) -> None:
    release: dict[str, Any] = blockers.snapshot("snippet")
    ends = datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=3)
    release["banner"]["test"] = {
        "ends": ends.isoformat(),
        "layout": "bar",
        "position": "bottom",
        "theme": {},
        "texts": {},
        "regime_texts": {},
    }
    published(release)
    page = guest.open(WAYS, gate=blockers.GATE.replace(" src", f" data-arm={arm} src") + blockers.SWALLOW)
    assert page.evaluate("fairgate._.drawn") == arm
    assert holds(page, guest)


def test_trackers_wait_where_a_page_claims_a_preview_that_nobody_signed(guest) -> None:
    page = guest.open("<script>name = 'fairgate-preview/made.up:by-somebody'</script>")
    page.goto(page.url)
    guest.asked.clear()
    guest.pages["/page"] = guest.pages["/page"].replace("</body>", WAYS + "</body>")
    page.reload()
    assert holds(page, guest)
