"""After a refusal what is held fails, as without a network; before an answer it waits."""

from __future__ import annotations

import pytest

from tests.browser.guest import T, chromium, guest, pages, ran, server

__all__ = ["chromium", "guest", "pages", "server"]
pytestmark = pytest.mark.browser

LOADER = f"""<script>function load(name) {{
  const script = document.createElement('script'); script.src = '{T}/' + name + '.js';
  script.onerror = () => log('fallback of ' + name); document.head.append(script);
  const image = new Image(); image.src = '{T}/x/' + name + '/t.gif'; image.onerror = () => log('image ' + name);
}}
load('a')</script>
<img alt="" src="{T}/x/parsed/t.gif" onerror="log('parsed image')">
<script src="{T}/b.js" onerror="log('parsed script')"></script>"""
TOLD = ["fallback of a", "image a", "parsed image", "parsed script"]


def test_nothing_fails_before_an_answer_and_everything_once_after_a_no(guest) -> None:
    page = guest.open(LOADER)
    page.wait_for_timeout(500)
    assert page.evaluate("ran") == []
    page.evaluate("fairgate.reject()")
    assert sorted(ran(page, 4)) == TOLD
    page.evaluate("load('c')")
    assert sorted(ran(page, 6)) == sorted([*TOLD, "fallback of c", "image c"])
    assert guest.asked == []


def test_a_returning_visitor_s_no_is_told_too(guest) -> None:
    guest.open("").evaluate("fairgate.reject()")
    page = guest.open(LOADER)
    assert sorted(ran(page, 4)) == TOLD
    assert guest.asked == []


@pytest.mark.parametrize(
    "before", [f"<iframe src='{T}/f'></iframe>", f"<video src='{T}/v'></video>", f"<object data='{T}/o'></object>", ""]
)
@pytest.mark.parametrize("move", ["title", "insertBefore(document.createElement('i'), document.body)"])
def test_what_waits_still_waits_on_later_views(guest, before, move) -> None:
    """The gate's own late file, and whatever a page puts beside a part of itself, comes while the parser is at work."""
    moving = f"""<script>new MutationObserver((records, observer) => {{
      if (!document.querySelector('#s')) return;
      observer.disconnect();
      document.documentElement.{move};
    }}).observe(document, {{childList: true, subtree: true}})</script>"""
    body = f"{before}<script id=s src='{T}/a.js'></script><script>'__AGENT__'; log('inline')</script><p>end"
    guest.open("").evaluate("fairgate.reject()")
    for _ in range(3):
        page = guest.open(body, moving)
        page.wait_for_timeout(300)
        assert page.evaluate("ran") == []
    page.evaluate("fairgate.accept()")
    page.wait_for_function("ran.includes('A:s')")


def test_a_yes_tells_of_no_failure(guest) -> None:
    page = guest.open(LOADER)
    page.evaluate("fairgate.accept()")
    assert sorted(ran(page, 2, 600)) == ["A:", "B:"]


def test_who_changes_his_mind_gets_what_failed(guest) -> None:
    page = guest.open(LOADER)
    page.evaluate("fairgate.reject()")
    assert sorted(ran(page, 4)) == TOLD
    page.evaluate("fairgate.accept()")
    assert sorted(ran(page, 6)) == sorted([*TOLD, "A:", "B:"])
