"""`#fairgate-open` behind a page's address opens its preferences (docs/cookie-policy.md)."""

from __future__ import annotations

import pytest

from tests.browser.test_core import context, page, small, stage

__all__ = ["context", "page", "stage"]
pytestmark = pytest.mark.browser


def test_only_an_address_with_the_mark_opens_the_preferences(stage, page):
    stage.release(small())
    address = stage.page()
    page.goto(address)
    page.locator("#onetrust-banner-sdk").wait_for()
    page.wait_for_function("!!fairgate._.decide")
    assert page.get_by_role("dialog", name="Privacy settings").count() == 0
    page.goto("about:blank")
    page.goto(f"{address}#fairgate-open")
    page.get_by_role("dialog", name="Privacy settings").wait_for()
