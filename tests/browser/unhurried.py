"""Playwright presses within a few milliseconds of an element's appearing, which no person does and which our layers take
for a slip of the finger (banner/src/ui/calm.js): here it looks at our layers first. Tests of the slip use `page.mouse`.
"""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Keyboard, Locator, Page

LOOK = 450  # milliseconds; a press counts after 400
OURS = re.compile(
    r"onetrust|\bot-|fg-|optout|btn-handler|refuse-all|accept-recommended|dialog|Accept|Reject|Manage|switch"
    r"|Privacy|Limit|summary"
)


def install() -> None:
    """From now on the tests' own hands are unhurried."""
    page_click, locator_click, locator_check, press = Page.click, Locator.click, Locator.check, Keyboard.press

    def of_page(self: Page, selector: str, **options: Any) -> None:
        self.wait_for_selector(selector, state="visible")
        _look(self, selector)
        page_click(self, selector, **options)

    def of_locator(self: Locator, **options: Any) -> None:
        self.wait_for(state="visible")
        _look(self.page, str(self))
        locator_click(self, **options)

    def check(self: Locator, **options: Any) -> None:
        self.wait_for(state="attached")
        _look(self.page, str(self))
        locator_check(self, **options)

    def of_keyboard(self: Keyboard, key: str, **options: Any) -> None:
        if key in ("Enter", "Space"):
            # Playwright tells no page of its keyboard; waiting in its loop is what `wait_for_timeout` does.
            self._sync(_pause())
        press(self, key, **options)

    Page.click, Locator.click, Locator.check, Keyboard.press = of_page, of_locator, check, of_keyboard  # type: ignore[method-assign]


def _look(page: Page, selector: str) -> None:
    if OURS.search(selector):
        page.wait_for_timeout(LOOK)


async def _pause() -> None:
    import asyncio

    await asyncio.sleep(LOOK / 1000)
