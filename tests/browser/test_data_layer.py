"""What tag managers hear in the page's data layer: one event for each state of consent, at every level."""

from __future__ import annotations

import pytest

from tests import samples
from tests.browser.stage import CMP, SWALLOW
from tests.browser.test_core import ACCEPT, REJECT, context, page, small, stage, until
from tests.browser.test_loaders import rewritten
from tests.browser.test_stub import AUTO, stub
from tests.browser.vectors.blockers import HOLD

__all__ = ["context", "page", "stage"]
pytestmark = pytest.mark.browser

GATE = f'<script src="https://{CMP}/v1/{samples.SITE_UUID}/gate.js"></script>'
LEVELS = {"drop_in": AUTO + stub(), "snippet": GATE + SWALLOW, "strict": GATE + HOLD, "server": GATE}
OWN = "<script>window.dataLayer = window.dataLayer || []; dataLayer.push({event: 'own'})</script>"
TOLD = "(window.dataLayer || []).filter((one) => one.event === 'fairgate_consent').map((one) => one.fairgate)"


def in_brief(told: list[dict]) -> list[tuple]:
    return [(one["action"], one["answered"], one["categories"]["C0002"], one["services"]["hotjar"]) for one in told]


@pytest.mark.parametrize("level", LEVELS)
def test_one_event_for_each_state_at_every_level(stage, context, page, level):
    """None of these services is Google's, so that nothing else of ours writes there."""
    release = small(level=level, services=[samples.service("hotjar"), samples.service("google-ads", adapter="")])
    stage.release(release)
    url = stage.page(OWN, gate=LEVELS[level])
    if level == "server":
        status, kind, body = stage.world.pages["shop.example", "/"]
        stage.world.pages["shop.example", "/"] = (status, kind, rewritten(body.decode(), release).encode())
    page.goto(url)
    page.wait_for_selector(ACCEPT)
    page.wait_for_function(f"{TOLD}.length > 0")
    assert in_brief(page.evaluate(TOLD)) == [("view", False, False, False)]
    page.click(ACCEPT)
    if level == "strict":  # reloads after a yes
        page.wait_for_function(f"{TOLD}[0]?.answered")
        expected = [("view", True, True, True)]
    else:
        page.wait_for_function(f"{TOLD}.length > 1")
        expected = [("view", False, False, False), ("accept_all", True, True, True)]
    assert in_brief(page.evaluate(TOLD)) == expected
    page.wait_for_function("fairgate._.decide")
    page.evaluate("void fairgate.accept()")  # says nothing new
    page.evaluate("void fairgate.reject()")
    expected.append(("reject_all", True, False, False))
    assert in_brief(page.evaluate(TOLD)) == expected
    until(lambda: len(stage.posts()) == 2)
    known = {"action", "answered", "gpc", "categories", "purposes", "services"}
    assert [one.keys() ^ known for one in page.evaluate(TOLD)] == [set()] * len(expected)
    page.reload()
    page.wait_for_function(f"{TOLD}.length > 0")
    assert in_brief(page.evaluate(TOLD)) == [("view", True, False, False)]


def test_it_goes_where_the_gate_s_tag_says_and_nowhere_else(stage, context, page):
    stage.release(small(services=[samples.service("hotjar")]))
    lengths = "[window.dataLayer, window.other].map((list) => list?.length ?? null)"
    for more, body, expected in (
        ('data-dLayer-name="other"', OWN + OWN.replace("dataLayer", "other"), [1, 3]),
        ('data-dLayer-ignore="true"', OWN, [1, None]),
        ("", "", [None, None]),  # a page without a data layer gets none
    ):
        page.goto(stage.page(body, gate=GATE.replace("<script", f"<script {more}") + SWALLOW))
        page.click(REJECT)
        until(stage.posts)
        assert page.evaluate(lengths) == expected, more
        context.clear_cookies()
        stage.world.asked.clear()
