"""A page whose list of Trusted Types policies lacks ours: its default policy serves, else one plain word and nothing else."""

from __future__ import annotations

import json

import pytest

from tests.browser.internet import comes_true
from tests.browser.shop import CONSENT, URL, UUID, open_shop

pytestmark = pytest.mark.browser

POLICY = "trusted-types {}; require-trusted-types-for 'script'"
TRACKER = "https://www.google-analytics.com/analytics.js"
# The page goes on by its own policy; what it puts in is held where it has to be.
OWN = f"""<script>const foo = trustedTypes.createPolicy('foo', {{createHTML: x => x, createScriptURL: x => x}});
const s = document.createElement('script'); s.src = foo.createScriptURL('{TRACKER}');
document.documentElement.append(s);
addEventListener('DOMContentLoaded', () => {{ document.querySelector('#own').innerHTML = foo.createHTML('<b>own</b>'); window.done = 1 }})
</script>"""
DEFAULT = "<script>trustedTypes.createPolicy('default', {createHTML: x => x, createScript: x => x, createScriptURL: x => x})</script>"
BODY = "<h1>A shop</h1><div id=own></div>"


@pytest.fixture
def visit_with(chromium, world):
    contexts = []

    def visit_with(names, head, first=None):
        policy = {"Content-Security-Policy": POLICY.format(names)}
        open_shop(world, "eu_opt_in", head=head, body=BODY, headers=policy, first=first)
        contexts.append(chromium.new_context(ignore_https_errors=True))
        page = contexts[-1].new_page()
        page.errors, page.said = [], []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on("console", lambda message: page.said.append(message.text))
        page.goto(URL)
        return page

    yield visit_with
    for context in contexts:
        context.close()


def ours(page):
    """Our own lines of the console, without what an error adds."""
    return [text.partition(" TypeError")[0].strip() for text in page.said if text.startswith("fairgate:")]


# The markup of the level "snippet" and import maps are text that becomes code, too.
DISARMED = "fairgate: snippet is not armed"


@pytest.mark.parametrize("first", [None, ""])
def test_the_pages_default_policy_serves(visit_with, world, first):
    """Without a first layer files are asked for at once, before the page has made its policy, and once more after that."""
    page = visit_with("foo default", DEFAULT + OWN, first)
    page.wait_for_selector("#onetrust-banner-sdk", state="visible")
    assert (page.inner_html("#own"), world.requests_to("google-analytics.com")) == ("<b>own</b>", [])
    page.click("#onetrust-accept-btn-handler")
    comes_true(page, "fairgate.consent().answered")
    for _ in range(40):
        if world.requests_to("google-analytics.com"):
            break
        page.wait_for_timeout(100)
    assert world.requests_to("google-analytics.com") == [TRACKER]
    assert (page.errors, ours(page)) == ([], [DISARMED])


def test_without_one_it_is_told_once_and_the_page_goes_on(visit_with, world):
    page = visit_with("foo", OWN)
    comes_true(page, "window.done")
    page.wait_for_timeout(1500)
    once = [DISARMED, 'fairgate: Trusted Types: the page allows no policy "fairgate"']
    assert ours(page) == once
    assert page.errors == []
    assert page.evaluate("fairgate.accept().then((answer) => [answer, fairgate.allowed('C0002')])") == [None, False]
    page.wait_for_timeout(500)
    assert ours(page) == once
    assert (page.inner_html("#own"), world.requests_to("google-analytics.com")) == ("<b>own</b>", [])
    told = [json.loads(asked.body) for asked in world.asked if asked.path == "/api/v1/reports"]
    assert told == [{"site": UUID, "release": 1, "items": [{"kind": "broken", "subject": "trusted-types"}]}]
    assert [asked.path for asked in world.asked if asked.host == CONSENT and "/a/" in asked.path] == []
