"""On hosts outside the site a page's console is as without us but for one plain warning; with the testing script, which
counts and reports nothing, it is as without us on every host."""

from __future__ import annotations

import json

import pytest

from tests import samples
from tests.browser.stage import CMP, SHOP, SWALLOW, Stage

pytestmark = pytest.mark.browser

PLAIN = f'<script src="https://{CMP}/v1/{samples.SITE_UUID}/gate.js"></script>{SWALLOW}'
STUB = '<script src="https://{cmp}/scripttemplates/otSDKStub.js" data-domain-script="{id}"></script>'
AUTO = '<script src="https://{cmp}/consent/{id}/OtAutoBlock.js"></script>'
LINES = {
    "gate": PLAIN,
    "stub": (AUTO + STUB).format(cmp=CMP, id=samples.SITE_UUID),
    "testing script": (AUTO + STUB).format(cmp=CMP, id=f"{samples.SITE_UUID}-test"),
}
WARNING = "fairgate: {} is none of the site's hosts; nothing is sent or recorded from here "


@pytest.fixture
def stage(world):
    return Stage(world)


@pytest.mark.parametrize("lines", LINES)
@pytest.mark.parametrize("host", ["other.example", SHOP])
def test_the_console_is_as_without(stage, world, chromium, lines, host):
    release = samples.snapshot()
    release["site"]["first_party_endpoint"] = host != SHOP
    stage.release(release)

    def refuse(asked):
        known = asked.headers.get("origin") == f"https://{SHOP}" or json.loads(asked.body).get("test")
        return (201 if known else 403), "application/json", b'{"id": "x"}'

    for path in ("consents", "impressions", "reports"):
        world.pages[(CMP, f"/api/v1/{path}")] = refuse
    world.pages[(host, "/favicon.ico")] = (204, "image/x-icon", b"")
    context = chromium.new_context(ignore_https_errors=True)
    page = context.new_page()
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(stage.page(gate=LINES[lines], host=host))
    page.click("#onetrust-accept-btn-handler")
    page.wait_for_function("fairgate.allowed('C0002')")
    page.reload()
    page.wait_for_function("fairgate.consent().answered")
    # Reports go two seconds after.
    page.wait_for_timeout(3000)
    posts = [asked.path for asked in world.asked if asked.method == "POST"]
    if lines == "testing script":
        assert (said, posts) == ([], ["/api/v1/consents"])
    elif host == SHOP:
        assert (said, sorted(set(posts))) == ([], ["/api/v1/consents", "/api/v1/impressions", "/api/v1/reports"])
    else:
        # Two page views.
        assert (said, posts) == ([WARNING.format(host)] * 2, [])
        assert page.evaluate("fairgate.reject()") is None
        assert page.evaluate("Object.keys(localStorage).filter((key) => key.includes('.q.'))") == []
    context.close()
