"""What stands in the place of a held frame that is too small for words."""

from __future__ import annotations

import pytest

from tests.browser.shop import TEXT, URL, open_shop

pytestmark = pytest.mark.browser

FRAME = '<iframe width="{}" height="{}" src="https://www.youtube.com/embed/{}"></iframe>'


def test_a_small_frame_gets_an_empty_box_with_a_name(chromium, world):
    open_shop(world, body=FRAME.format(10, 10, "a") + FRAME.format(560, 60, "b") + FRAME.format(560, 315, "c") + TEXT)
    context = chromium.new_context(ignore_https_errors=True, locale="en-US")
    page = context.new_page()
    page.goto(URL)
    page.wait_for_function("document.querySelectorAll('.fg-hold').length === 3")
    boxes = page.evaluate("""[...document.querySelectorAll('.fg-hold')].map(box =>
        [box.innerText === '', box.title !== '', box.getAttribute('aria-label'),
         Math.round(box.getBoundingClientRect().width), Math.round(box.getBoundingClientRect().height)])""")
    assert boxes[:2] == [[True, True, "YouTube", 14, 14], [True, True, "YouTube", 564, 64]]
    assert boxes[2][:3] == [False, False, "YouTube"]
    context.close()
