"""The watch over our own errors sees them; what a page throws is the page's."""

from __future__ import annotations

import pytest

from tests.browser.stage import CMP
from tests.browser.test_core import small, stage
from tests.browser.uncaught import ours

__all__ = ["stage"]
pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("file", "broken"),
    [
        ("gate.js", b"addEventListener('focus', function (e) { document.body.contains(window); });"),
        ("gate.js", b"setTimeout(() => { throw new Error('of ours'); });"),
        ("late.js", b"Promise.reject(new TypeError('of ours'));"),
        ("ui.en.js", b"setTimeout(() => { null.x; });"),
    ],
)
def test_an_error_of_ours_is_seen(stage, chromium, uncaught, file, broken):
    stage.release(small())
    for key, answer in list(stage.world.pages.items()):
        if key[0] == CMP and key[1].endswith(f"/{file}"):
            stage.world.pages[key] = (*answer[:2], broken + answer[2])
    context = chromium.new_context(ignore_https_errors=True)
    page = context.new_page()
    page.goto(stage.page("<p>x"))
    page.wait_for_selector("#onetrust-banner-sdk")
    page.evaluate("dispatchEvent(new Event('focus'))")
    page.wait_for_timeout(100)
    context.close()
    assert [ours(error) for error in uncaught] == [True]
    uncaught.clear()


def test_an_error_of_the_page_is_the_pages(stage, chromium, uncaught):
    stage.release(small())
    context = chromium.new_context(ignore_https_errors=True)
    page = context.new_page()
    page.goto(
        stage.page(
            "<script>fetch('https://www.google-analytics.com/collect')</script><script>Promise.reject(new Error('own'))</script>"
            "<script>fairgate.on('ready', () => null.x); throw new Error('own')</script>"
        )
    )
    page.wait_for_selector("#onetrust-banner-sdk")
    page.wait_for_timeout(100)
    context.close()
    assert len(uncaught) == 3
    assert [ours(error) for error in uncaught] == [False] * 3
