"""Pay or consent: a page that is shown to a subscriber asks nothing, holds all that is optional, and records no yes."""

from __future__ import annotations

import pytest

from tests import samples
from tests.browser.stage import CMP, SWALLOW
from tests.browser.test_core import ACCEPT, GA, PLAUSIBLE, context, page, ran, small, stage, until

__all__ = ["context", "page", "stage"]
pytestmark = pytest.mark.browser
MEMBER = f'<script src="https://{CMP}/v1/{samples.SITE_UUID}/gate.js" data-member></script>{SWALLOW}'


def test_a_member_is_asked_nothing_and_nothing_of_theirs_is_a_yes(stage, context, page):
    stage.release(small(membership=True))
    page.goto(stage.page(GA + PLAUSIBLE))
    page.click(ACCEPT)
    assert until(stage.posts)[0]["action"] == "accept_all"
    page.wait_for_function("window.__ran && __ran.length == 2")

    page.goto(stage.page(GA + PLAUSIBLE, path="/member", gate=MEMBER))
    page.wait_for_function("fairgate.consent().at !== undefined")  # late.js is there
    given = page.evaluate(
        "Promise.all([fairgate.accept(), fairgate.set({categories: {C0002: true}}), fairgate.open()])"
    )
    assert given[:2] == [None, None]
    page.evaluate("fairgate.show()")
    now = page.evaluate("fairgate.consent()")
    assert (now["member"], now["categories"]["C0002"], now["categories"]["C0001"]) == (True, False, True)
    assert (ran(page), page.locator(ACCEPT).count(), len(stage.posts())) == ([], 0, 1)
    page.evaluate("fairgate.withdraw()")
    assert until(lambda: stage.posts()[1:])[0]["action"] == "withdraw"

    page.goto(stage.page(GA + PLAUSIBLE, path="/plain"))
    assert page.evaluate("fairgate.consent().member") is False


def test_the_attribute_means_nothing_where_the_site_has_no_membership(stage, context, page):
    stage.release(small())
    page.goto(stage.page(GA, gate=MEMBER))
    page.click(ACCEPT)
    page.wait_for_function("window.__ran && __ran.length == 1")
    assert page.evaluate("fairgate.consent().member") is False
