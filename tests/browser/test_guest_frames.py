"""Held frames: nothing is shown where nothing is seen, boxes keep their size, and no `load` comes before their own."""

from __future__ import annotations

from tests.browser.guest import T, chromium, guest, pages, server

__all__ = ["chromium", "guest", "pages", "server"]

import pytest

pytestmark = pytest.mark.browser

BOXES = """[...document.querySelectorAll('p.t,.box')].map(el => {
  const { x, y, width, height } = el.getBoundingClientRect(); return [x, y, width, height].map(Math.round) })"""
HIDDEN = "".join(
    f"<iframe src='{T}/{n}.html' style='{style}' {size}></iframe><p class=t>text</p>"
    for n, (style, size) in enumerate(
        [
            ("display:none", ""),
            ("visibility:hidden;position:absolute", "width=300 height=100"),
            ("border:0", "width=1 height=1"),
            ("", "hidden"),
        ]
    )
)
RATIO = """<style>.box{position:relative;width:600px}.box::before{content:'';display:block;padding-top:56.25%}
.box iframe{position:absolute;inset:0;width:100%;height:100%;border:0}</style>"""


def drawn(page, count: int) -> None:
    page.wait_for_function(f"document.querySelectorAll('.fg-hold').length === {count}")


def test_a_frame_that_nobody_sees_shows_nothing(guest) -> None:
    bare = guest.bare(HIDDEN).evaluate(BOXES)
    page = guest.open(HIDDEN + f"<iframe src='{T}/seen.html' width=300 height=200></iframe>")
    drawn(page, 1)
    assert page.evaluate(BOXES) == bare
    page.evaluate("document.querySelector('[hidden]').hidden = false")
    drawn(page, 2)


def test_a_box_that_keeps_a_ratio_keeps_it(guest) -> None:
    body = f"{RATIO}<div class=box><iframe src='{T}/r.html'></iframe></div><p class=t>text</p>"
    bare = guest.bare(body).evaluate(BOXES)
    page = guest.open(body)
    drawn(page, 1)
    assert page.evaluate(BOXES) == bare
    assert page.evaluate(
        "(({x, y, width, height}) => [x, y, width, height])(document.querySelector('.fg-hold').getBoundingClientRect())"
    ) == page.evaluate(
        "(({x, y, width, height}) => [x, y, width, height])(document.querySelector('.box').getBoundingClientRect())"
    )


def test_a_frame_that_leaves_and_comes_back_has_one_placeholder(guest) -> None:
    page = guest.open(f"<div id=root><iframe src='{T}/m.html' width=300 height=200></iframe></div>")
    drawn(page, 1)
    page.evaluate("window.frame = document.querySelector('iframe'); frame.remove()")
    drawn(page, 0)
    page.evaluate("root.append(frame)")
    drawn(page, 1)
    page.evaluate("root.replaceChildren(frame)")
    page.evaluate("{ const other = document.createElement('section'); root.replaceWith(other) }")
    drawn(page, 0)
    assert page.evaluate("document.querySelector('section').parentNode.querySelectorAll('iframe').length") == 0


LISTEN = "f.onload=()=>log('onload');f.addEventListener('load',()=>log('listener'));document.addEventListener('load',e=>e.target===f&&log('capture'),true);"


def test_a_held_frame_fires_load_once_and_only_its_own(guest) -> None:
    page = guest.open(
        f"<script>const f=document.createElement('iframe');{LISTEN}f.src='{T}/x/y/l.html';document.body.append(f)</script>"
        "<iframe src='about:blank' onload=\"log('own')\"></iframe>"
    )
    page.wait_for_timeout(300)
    assert page.evaluate("ran") == ["own"]
    page.evaluate("fairgate.accept()")
    page.wait_for_function("ran.length > 1")
    page.wait_for_timeout(300)
    assert page.evaluate("ran") == ["own", "capture", "onload", "listener"]
