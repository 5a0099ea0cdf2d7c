"""A page whose optimiser delays scripts until the first press, takes that press, and repeats it when they have run: a visitor's
first press on the banner counts, once."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

BANNER, CENTER = "#onetrust-banner-sdk", "#onetrust-pc-sdk"
REPEAT = "setTimeout(() => target.dispatchEvent(new MouseEvent('click', {bubbles: true, cancelable: true})), 300)"
TAKE = "event.preventDefault(); event.stopPropagation(); event.stopImmediatePropagation();"
DELAYS = {
    # Takes the click where it lands, behind the listeners that stand there.
    "at its target": f"""addEventListener('mousedown', ({{target}}) => target.addEventListener('click', function take(event) {{
      target.removeEventListener('click', take); {TAKE} {REPEAT} }}), {{once: true, capture: true}})""",
    # Before everybody else.
    "before it lands": f"""addEventListener('click', (event) => {{ const [target] = event.composedPath(); {TAKE} {REPEAT} }},
      {{once: true, capture: true}})""",
}


@pytest.mark.parametrize(("layer", "delay"), [("banner", "before it lands"), ("preferences", "at its target")])
def test_the_first_press_counts_once(visit, world, layer, delay):
    page = visit(head=f"<script>{DELAYS[delay]}</script>" if layer == "banner" else "")
    if layer == "preferences":
        page.click("#onetrust-pc-btn-handler")
        page.wait_for_selector(CENTER, state="visible")
        page.evaluate(DELAYS[delay])
    page.wait_for_timeout(450)
    button = "#onetrust-reject-all-handler" if layer == "banner" else ".save-preference-btn-handler"
    page.click(button)
    page.wait_for_function("fairgate.consent().answered")
    page.wait_for_timeout(500)
    assert [(said["layer"], {*said["choices"]["categories"].values()}) for said in world.answers] == [
        (layer, {"granted", "denied"})
    ]
    assert [page.locator(one).is_visible() for one in (BANNER, CENTER)] == [False, False]
    assert page.errors == []
