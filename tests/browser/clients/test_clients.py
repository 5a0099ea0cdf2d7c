"""Programs that others wrote for OneTrust, as their publishers ship them, on a page with the drop-in.

Their servers are hosts of the test's own internet; each is bundled as its users bundle it.
"""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.browser.internet import comes_true
from tests.browser.stage import SHOP
from tests.browser.test_core import ACCEPT, REJECT, context, page, small, stage, until
from tests.browser.test_move_in import hand_over
from tests.browser.test_stub import AUTO, LOG, ready, stub

__all__ = ["context", "page", "stage"]
pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[3]
ALL = ["C0001", "C0002", "C0003", "C0004", "C0005"]
# Regime → what runs before an answer; in the last three something does.
REGIMES = {"eu_opt_in": ["C0001"], "uk_pecr": ["C0001"], "us_ca": ALL, "us_optout": ALL, "notice": ALL}
INTEGRATIONS = {"integrations": {"Segment.io": {"apiKey": "key", "versionSettings": {"componentTypes": []}}}, "plan": {},
                "consentSettings": {"allCategories": ALL}}  # fmt: skip
SOURCE = {
    "source": {
        "id": "s", "name": "Shop", "writeKey": "key", "enabled": True, "config": {}, "destinations": [],
        "workspaceId": "w", "updatedAt": "", "dataplanes": {},
    },
    "updatedAt": "",
}  # fmt: skip


@pytest.fixture(scope="session")
def bundles(tmp_path_factory) -> dict[str, bytes]:
    """Each page's program, bundled."""
    out = tmp_path_factory.mktemp("clients")
    pages = sorted((Path(__file__).parent / "pages").glob("*.js"))
    command = ["node_modules/.bin/esbuild", *map(str, pages), "--bundle", "--format=iife", f"--outdir={out}", "--log-level=error"]  # fmt: skip
    subprocess.run([*command, '--define:process.env.NODE_ENV="production"'], cwd=ROOT, check=True)
    return {path.stem: path.read_bytes() for path in out.glob("*.js")}


@pytest.fixture
def shop(stage, bundles):
    """shop(client, regime) → the address of a page with the drop-in and the client behind it."""

    def shop(client: str, regime: str) -> str:
        stage.release(small(level="drop_in"), variant=regime)
        world = stage.world
        world.pages[(SHOP, "/client.js")] = (200, "text/javascript", bundles[client])
        for host, path, answer in (
            ("cdn.segment.test", "/v1/projects/key/settings", INTEGRATIONS), ("api.segment.test", "/v1/t", {}),
            ("config.rudder.test", None, SOURCE), ("data.rudder.test", "/v1/track", {}),
        ):  # fmt: skip
            world.extra_headers[host] = CORS | ({"Access-Control-Allow-Origin": f"https://{SHOP}"} if path else {})
            if path:
                world.pages[(host, path)] = (200, "application/json", json.dumps(answer).encode())
        world.tracker = lambda asked: (
            (200, "application/json", json.dumps(SOURCE).encode())
            if asked.host == "config.rudder.test"
            else (200, "text/javascript", b"")
        )
        return stage.page(gate=f'{AUTO}{LOG}{stub()}<script src="/client.js"></script>')

    return shop


CORS = {"Access-Control-Allow-Headers": "*, authorization, anonymousid, content-type",
        "Access-Control-Allow-Credentials": "true"}  # fmt: skip


def sent(stage, host: str) -> list[dict[str, Any]]:
    """The events that reached a client's server."""
    return [json.loads(one.body) for one in stage.world.asked if one.host == host and one.method == "POST"]


def active(page) -> list[str]:
    return page.evaluate("OnetrustActiveGroups.split(',').filter(Boolean)")


def answer(page, button: str) -> None:
    """By the banner where there is one; else as a page's own link does."""
    if page.locator(f"{button}:visible").count():
        page.click(button)
    else:
        page.evaluate("OneTrust.RejectAll()" if button == REJECT else "OneTrust.AllowAll()")


@pytest.mark.parametrize("button", [ACCEPT, REJECT])
@pytest.mark.parametrize("regime", REGIMES)
def test_segment_stamps_its_events_with_what_is_in_force(stage, page, shop, regime, button):
    page.goto(shop("segment", regime))
    ready(page)
    page.evaluate("void track('early')")
    opted_in = REGIMES[regime] != ["C0001"]
    if opted_in:
        until(lambda: sent(stage, "api.segment.test"))
    else:
        page.wait_for_timeout(400)
        assert stage.world.requests_to("cdn.segment.test") == []
    answer(page, button)
    page.wait_for_function("fairgate.consent().answered")
    page.evaluate("void track('late')")
    names = {"early", "late", "Segment Consent Preference Updated"}
    until(lambda: {event["event"] for event in sent(stage, "api.segment.test")} == names)
    stamped = {
        event["event"]: [key for key, granted in event["context"]["consent"]["categoryPreferences"].items() if granted]
        for event in sent(stage, "api.segment.test")
    }
    now = ALL if button == ACCEPT else ["C0001"]
    assert stamped["late"] == now == active(page)
    assert stamped["early"] == (ALL if opted_in else now)
    assert stamped["Segment Consent Preference Updated"] == now


@pytest.mark.parametrize(
    "groups", ["C0001:1,C0002:1,C0003:0,C0004:0,C0005:0", "C0001:1,C0002:0,C0003:0,C0004:0,C0005:0"]
)
@pytest.mark.parametrize("client", ["segment", "rudderstack"])
@pytest.mark.parametrize("regime", REGIMES)
def test_for_who_comes_back_events_say_what_was_answered_to_onetrust(
    stage, context, page, shop, client, regime, groups
):
    closed = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() - 20 * 86400))
    hand_over(context, groups, closed)
    page.goto(shop(client, regime))
    ready(page)
    page.evaluate("void track('back')")
    host = "api.segment.test" if client == "segment" else "data.rudder.test"
    until(lambda: sent(stage, host))
    (event,) = sent(stage, host)
    if client == "segment":
        said = [key for key, granted in event["context"]["consent"]["categoryPreferences"].items() if granted]
    else:
        said = event["context"]["consentManagement"]["allowedConsentIds"]
    assert said == [group[:5] for group in groups.split(",") if group.endswith("1")] == active(page)


@pytest.mark.parametrize("regime", REGIMES)
def test_rudderstack_tells_what_is_allowed_and_what_is_not(stage, page, shop, regime):
    page.goto(shop("rudderstack", regime))
    ready(page)
    page.evaluate("void track('early')")
    until(lambda: sent(stage, "data.rudder.test"))
    (event,) = sent(stage, "data.rudder.test")
    allowed = REGIMES[regime]
    assert event["context"]["consentManagement"] == {
        "allowedConsentIds": allowed, "deniedConsentIds": [key for key in ALL if key not in allowed],
        "provider": "oneTrust", "resolutionStrategy": "and",
    }  # fmt: skip


@pytest.mark.parametrize("regime", REGIMES)
def test_mparticle_s_kit_hears_of_each_answer(page, shop, regime):
    page.goto(shop("mparticle", regime))
    ready(page)
    heard = "Object.fromEntries(Object.entries(heard.gdpr).map(([key, one]) => [key, one.Consented]))"
    for button, granted in ((ACCEPT, True), (REJECT, False)):
        answer(page, button)
        comes_true(page, f"({heard}).measuring === {json.dumps(granted)}")
        assert page.evaluate(heard) == {"measuring": granted, "advertising": granted}
        assert page.evaluate("heard.ccpa.Consented") is True


BACK = "C0001:1,C0002:1,C0003:0,C0004:0,C0005:0"
NAMES = {"C0001": "Strictly necessary", "C0002": "Performance", "C0003": "Functional", "C0004": "Targeting",
         "C0005": "Social media"}  # fmt: skip
VISITORS = ["new", "returning"]


@pytest.fixture
def visit(context, page, shop):
    """visit(client, regime, visitor) → what is in force when the page is there: for who comes back, what they said."""

    def visit(client: str, regime: str, visitor: str) -> list[str]:
        if visitor == "returning":
            closed = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() - 20 * 86400))
            hand_over(context, BACK, closed)
        page.goto(shop(client, regime))
        ready(page)
        return ["C0001", "C0002"] if visitor == "returning" else REGIMES[regime]

    return visit


def settled(page, seen: str, expected: object) -> None:
    """The last of what a page heard is this, and stays."""
    comes_true(page, f"JSON.stringify({seen}) === JSON.stringify({json.dumps(expected)})")
    page.wait_for_timeout(100)
    assert page.evaluate(seen) == expected


@pytest.mark.parametrize("visitor", VISITORS)
@pytest.mark.parametrize("regime", REGIMES)
def test_tealium_reads_a_decision_where_there_is_one(page, visit, regime, visitor):
    allowed = visit("tealium", regime, visitor)
    for button, groups in ((None, allowed), (ACCEPT, ALL), (REJECT, ["C0001"])):
        if button:
            answer(page, button)
        model = page.evaluate("OneTrust.GetDomainData().ConsentModel.Name")
        settled(
            page,
            "({...heard.at(-1)})",
            {
                "key": page.evaluate("fairgate.site"),
                "explicit": bool(button) or visitor == "returning",
                "model": model,
                "purposes": [NAMES[key] for key in groups],
                "groups": groups,
            },
        )
        assert isinstance(model, str)
        assert model


@pytest.mark.parametrize("visitor", VISITORS)
@pytest.mark.parametrize("regime", REGIMES)
def test_adobe_launch_hears_and_reads_the_same(page, visit, regime, visitor):
    allowed = visit("launch", regime, visitor)
    # Where consent is needed nothing is stored before an answer.
    stored = visitor == "returning" or REGIMES[regime] != ["C0001"]
    settled(page, "heard.at(-1)", {"event": allowed, "cookie": allowed if stored else None})
    collect = ["y" if "C0002" in allowed else "n"]
    assert page.evaluate("consents.map(([, value]) => value)") == collect
    for button, groups in ((ACCEPT, ALL), (REJECT, ["C0001"])):
        answer(page, button)
        settled(page, "heard.at(-1)", {"event": groups, "cookie": groups})
    page.wait_for_timeout(100)
    assert page.evaluate("consents.map(([, value]) => value)") == (["y", "n"] if collect == ["y"] else ["n", "y", "n"])


@pytest.mark.parametrize("visitor", VISITORS)
@pytest.mark.parametrize("regime", REGIMES)
def test_tag_manager_templates_read_the_same_everywhere(page, visit, regime, visitor):
    allowed = visit("gtm", regime, visitor)
    for button, groups in ((None, allowed), (ACCEPT, ALL), (REJECT, ["C0001"])):
        if button:
            answer(page, button)
        text = f",{','.join(groups)},"
        stored = button or visitor == "returning" or REGIMES[regime] != ["C0001"]
        settled(page, "[fromGlobal(), fromLayer(), fromCookie() ?? null]", [text, text, text if stored else None])
        states = {
            name: "granted" if key in groups else "denied"
            for key, name in (
                ("C0002", "analytics_storage"), ("C0003", "functionality_storage"), ("C0004", "ad_storage"),
                ("C0004", "ad_user_data"), ("C0004", "ad_personalization"),
            )
        }  # fmt: skip
        assert page.evaluate("[...heard.at(-1)]") == ["consent", "update", states]


@pytest.mark.parametrize("visitor", VISITORS)
@pytest.mark.parametrize("regime", REGIMES)
def test_shopify_is_told_what_is_in_force(page, visit, regime, visitor):
    allowed = visit("shopify", regime, visitor)
    for button, groups in ((None, allowed), (ACCEPT, ALL), (REJECT, ["C0001"])):
        if button:
            answer(page, button)
        has = {"analytics": "C0002", "preferences": "C0003", "marketing": "C0004", "sale_of_data": "C0004"}
        settled(page, "heard.at(-1)", {name: key in groups for name, key in has.items()})


@pytest.mark.parametrize("visitor", VISITORS)
@pytest.mark.parametrize("regime", REGIMES)
def test_wrappers_that_delete_cookies_find_them_in_the_domain_data(context, page, visit, regime, visitor):
    """`_ga` is in the list of Performance; the page's own code set it, and its own wrapper takes it away."""
    for name in ("_ga", "_gid"):
        context.add_cookies([{"name": name, "value": "1", "domain": f".{SHOP}", "path": "/"}])
    allowed = visit("cookie_deletion", regime, visitor)
    kept = ["_ga", "_gid"] if "C0002" in allowed else []
    settled(page, "heard.at(-1)", {"active": allowed, "withdrawn": [], "cookies": kept})
    answer(page, ACCEPT)
    page.wait_for_timeout(100)
    assert page.evaluate("heard.at(-1).active") == ALL
    answer(page, REJECT)
    settled(page, "heard.at(-1)", {"active": ["C0001"], "withdrawn": ALL[1:], "cookies": []})
