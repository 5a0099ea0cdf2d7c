"""Trackers wait while a banner asks: anew for what came with a release, in a test of two banners, and where a page claims a preview."""

from __future__ import annotations

import copy
import datetime
import json
from typing import Any

import pytest

from cookiebanner.releases.compile import built
from tests.browser.guest import T, chromium, guest, pages, server

from .vectors import blockers
from .vectors.server import CMP

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


@pytest.mark.parametrize("answer", ["accept", "reject"])
def test_what_a_new_release_asks_about_waits_for_who_has_answered_the_rest(guest, published, answer: str) -> None:
    release: dict[str, Any] = blockers.snapshot("snippet")
    first = copy.deepcopy(release)
    first["categories"][1]["key"] = first["services"][1]["category"] = "C0002"
    first["services"][1] |= {"key": "other", "rules": ["other.shop.test"], "cookies": []}
    published(first)
    page = guest.open("")
    page.locator("#onetrust-banner-sdk").wait_for()
    page.evaluate(f"fairgate.{answer}()")
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


SIGNED = "fairgate-preview/a.b:c"


def preview_files() -> dict[tuple[str, str], tuple[str, bytes]]:
    """What the server answers below a link that it has signed (cookiebanner/staff/preview.py)."""
    release: dict[str, Any] = blockers.snapshot("snippet")
    release["site"]["preview"] = True
    files = {
        (host, f"/{SIGNED}{path}"): file
        for (host, path), file in blockers.gate_files(release).items()
        if "/v1/" in path
    }
    gate = (CMP, f"/{SIGNED}/v1/{blockers.UUID}/gate.js")
    said = json.dumps({"said": "Preview", "end": "End", "path": SIGNED, "keep": ["fairgate_preview"]})
    badge = f";(function(__preview){{{built('preview').decode()}}})({said});"
    return {**files, gate: (files[gate][0], files[gate][1] + badge.encode())}


def test_a_signed_preview_takes_no_refusal_back(guest, server, published) -> None:
    """It asks by the draft's banner, and what is said to that holds in it alone."""
    page = guest.open("")
    page.locator("#onetrust-banner-sdk").wait_for()
    page.evaluate("fairgate.reject()")
    page.wait_for_function("fairgate.consent().answered && !!document.cookie")
    refusal = page.evaluate("document.cookie")
    published(blockers.snapshot("snippet"))
    server.files.update(preview_files())
    guest.pages["/page"] = guest.pages["/page"].replace("</body>", WAYS + "</body>")
    # As any script of the page can, for the page after this one.
    page.evaluate(f"name = '{SIGNED}'")
    page.reload()
    assert page.evaluate("fairgate._.cfg.preview") == 1
    assert holds(page, guest)
    assert page.evaluate("document.cookie") == refusal
    page.evaluate("fairgate.accept()")
    page.wait_for_function("['A:', 'B:'].every(one => ran.includes(one))")
    page.evaluate("name = ''")
    guest.asked.clear()
    page.reload()
    page.wait_for_function("ran.includes('refused')")
    assert (sorted(page.evaluate("ran")), guest.asked) == (["", "refused"], [])
    assert page.evaluate("fairgate.consent().answered && !fairgate.allowed('tracker')")
