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
    page.wait_for_function("Array.from(frames).filter(frame => frame.document.querySelector('.fg-hold')).length === 3")
    boxes = page.evaluate("""Array.from(frames).map(frame => frame.document.querySelector('.fg-hold')).map(box =>
        [box.innerText === '', box.title !== '', box.getAttribute('aria-label'),
         Math.round(box.getBoundingClientRect().width), Math.round(box.getBoundingClientRect().height)])""")
    assert boxes[:2] == [[True, True, "YouTube", 10, 10], [True, True, "YouTube", 560, 60]]
    assert boxes[2] == [False, False, "YouTube", 560, 315]
    context.close()


def test_language_and_colours_reach_into_a_frame(chromium, world):
    open_shop(world, body=FRAME.format(560, 315, "c") + TEXT)
    context = chromium.new_context(ignore_https_errors=True, locale="en-US", color_scheme="light")
    page = context.new_page()
    page.goto(URL)
    box = page.frame_locator("iframe").locator(".fg-hold")
    box.wait_for()
    said, colour = box.inner_text(), box.evaluate("el => getComputedStyle(el).backgroundColor")
    assert (box.get_attribute("lang"), said.splitlines()[-1]) == ("en", "Always allow YouTube")
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(
        "before => getComputedStyle(frames[0].document.querySelector('.fg-hold')).backgroundColor !== before",
        arg=colour,
    )
    page.evaluate("fairgate._.loadUi('de')")
    page.wait_for_function("frames[0].document.querySelector('.fg-hold').lang === 'de'")
    assert "YouTube" in box.inner_text() and box.inner_text() != said
    context.close()
