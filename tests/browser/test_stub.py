"""The drop-in: pages written for OneTrust, with our host in their two tags (docs/reference/onetrust.md)."""

from __future__ import annotations

import json
import re
import time
from urllib.parse import parse_qsl

import pytest

from tests import samples
from tests.browser.internet import comes_true
from tests.browser.stage import CMP, SHOP
from tests.browser.test_core import (
    ACCEPT,
    ADS,
    GA,
    REJECT,
    context,
    cookie,
    page,
    ran,
    small,
    stage,
    until,
)

__all__ = ["context", "page", "stage"]
pytestmark = pytest.mark.browser

AUTO = f'<script src="https://{CMP}/consent/{samples.SITE_UUID}/OtAutoBlock.js"></script>'
LOG = """<script>
window.log = [];
function OptanonWrapper() { log.push('wrapper ' + window.OnetrustActiveGroups); }
for (const name of ['consent.onetrust', 'OneTrustGroupsUpdated', 'OTConsentApplied', 'otloadbanner', 'OneTrustPCLoaded'])
  addEventListener(name, (e) => log.push(name + (e.detail ? ' ' + e.detail.join() : '')));
const push = Array.prototype.push;
window.dataLayer = window.dataLayer || [];
dataLayer.push = function (o) { if (o && o.event) log.push('dl ' + o.event + ' ' + (o.OnetrustActiveGroups || o.OptanonActiveGroups)); return push.apply(this, arguments); };
</script>"""


def stub(more: str = "", id: str = samples.SITE_UUID) -> str:
    return f'<script src="https://{CMP}/scripttemplates/otSDKStub.js" charset="UTF-8" data-domain-script="{id}" {more}></script>'


def optanon(context) -> dict[str, str]:
    return dict(parse_qsl(cookie(context, "OptanonConsent"), keep_blank_values=True))


def log(page) -> list[str]:
    return page.evaluate("log")


READY = "window.OneTrust && OneTrust.IsAlertBoxClosed && log.some((l) => l.startsWith('wrapper'))"


def ready(page) -> None:
    comes_true(page, READY)
    page.wait_for_timeout(50)


LOADED = ["dl OneTrustLoaded", "dl OptanonLoaded", "dl OneTrustGroupsUpdated"]


def with_groups(names: list[str], groups: str) -> list[str]:
    return [f"{name} {groups}" for name in names]


def test_a_first_visit_in_order(stage, context, page):
    stage.release(
        small(level="drop_in", services=[samples.service("hotjar"), samples.service("google-ads", adapter="")])
    )
    page.goto(stage.page(gate=AUTO + LOG + stub()))
    page.wait_for_selector(ACCEPT)
    ready(page)
    seen = log(page)
    order = [*with_groups(LOADED, ",C0001,"), "wrapper ,C0001,"]
    assert [s for s in seen if s in order] == order
    assert seen.index("otloadbanner") < seen.index("wrapper ,C0001,")
    assert {"consent.onetrust C0001", "OneTrustGroupsUpdated C0001"} <= set(seen)
    assert page.evaluate("[OnetrustActiveGroups, OptanonActiveGroups, OneTrust === Optanon, OneTrustStub]") == [
        ",C0001,", ",C0001,", True, None,
    ]  # fmt: skip
    assert page.evaluate("Object.keys(otStubData)") == ["userLocation"]
    assert page.evaluate("OneTrust.IsAlertBoxClosed()") is False
    assert context.cookies() == []


def test_a_choice_in_order(stage, context, page):
    stage.release(
        small(level="drop_in", services=[samples.service("hotjar"), samples.service("google-ads", adapter="")])
    )
    page.goto(stage.page(gate=AUTO + LOG + stub()))
    page.wait_for_selector(ACCEPT)
    ready(page)
    page.evaluate("log.length = 0; OneTrust.OnConsentChanged((e) => log.push('heard ' + e.detail))")
    page.click(ACCEPT)
    comes_true(page, "log.includes('OTConsentApplied')")
    every = "C0001,C0002,C0003,C0004,C0005"
    assert log(page) == [
        "dl fairgate_consent undefined", *with_groups(LOADED, f",{every},"), f"wrapper ,{every},", f"consent.onetrust {every}", f"heard {every}",
        f"OneTrustGroupsUpdated {every}", "OTConsentApplied",
    ]  # fmt: skip
    fields = optanon(context)
    assert (fields["groups"], fields["intType"], fields["interactionCount"], fields["landingPath"]) == (
        "C0001:1,C0002:1,C0003:1,C0004:1,C0005:1", "1", "1", "NotLandingPage",
    )  # fmt: skip
    assert re.fullmatch(r"[0-9a-f-]{36}", fields["consentId"])
    assert re.search(r"groups=C0001%3A1%2CC0002%3A1", cookie(context, "OptanonConsent"))
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", cookie(context, "OptanonAlertBoxClosed"))
    kept = {c["name"]: c for c in context.cookies()}
    for name in ("OptanonConsent", "OptanonAlertBoxClosed"):
        assert (kept[name]["domain"], kept[name]["path"], kept[name]["sameSite"]) == (f".{SHOP}", "/", "Lax")
        assert 364 < (kept[name]["expires"] - time.time()) / 86400 < 366
    assert page.evaluate("OneTrust.IsAlertBoxClosed()") is True

    page.reload()
    ready(page)
    seen = log(page)
    assert seen[:3] == with_groups(LOADED, f",{every},")
    assert seen.count(f"consent.onetrust {every}") == 1
    assert f"wrapper ,{every}," in seen
    page.wait_for_timeout(300)
    # Their texts are fetched again (from the cache): names must not change under who reads the domain data.
    assert (page.locator("#onetrust-banner-sdk:visible").count(), stage.loaded("/ui.")) == (0, 2)


def test_after_a_refusal_one_group_is_left(stage, context, page):
    stage.release(small(level="drop_in"))
    page.goto(stage.page(GA + ADS, gate=AUTO + LOG + stub()))
    page.click(REJECT)
    assert page.evaluate("OnetrustActiveGroups.split(',').filter(Boolean)") == ["C0001"]
    assert (optanon(context)["intType"], optanon(context)["groups"]) == ("2", "C0001:1,C0002:0,C0003:0,C0004:0,C0005:0")
    assert ran(page) == []


def test_old_cookies_count_and_keep_what_we_do_not_know(stage, context, page):
    stage.release(small(level="drop_in"))
    old = (
        "isGpcEnabled=0&datestamp=Sat+Nov+21+2026+20%3A46%3A10+GMT%2B0000+(UTC)&version=202407.1.0&isIABGlobal=false&hosts=H1%3A1"
        "&genVendors=V9%3A0%2C&consentId=5b2f0000-0000-4000-8000-000000000001&interactionCount=3&own=a+b%26c"
        "&groups=C0001%3A1%2CC0002%3A1%2CC0003%3A0%2CC0004%3A0%2CSPD_BG%3A1&intType=6"
    )
    closed = time.strftime("%Y-%m-%dT%H:%M:%S.123Z", time.gmtime(time.time() - 90 * 86400))
    for name, value in (("OptanonConsent", old), ("OptanonAlertBoxClosed", closed)):
        context.add_cookies([{"name": name, "value": value, "domain": f".{SHOP}", "path": "/", "secure": True}])
    page.goto(stage.page(GA + ADS, gate=AUTO + LOG + stub()))
    ready(page)
    comes_true(page, "window.__ran && __ran.length == 1")
    assert ran(page) == ["www.google-analytics.com/analytics.js"]
    assert log(page)[:3] == with_groups(LOADED, ",C0001,C0002,")
    assert page.locator("#onetrust-banner-sdk:visible").count() == 0
    until(lambda: cookie(context))
    fields = optanon(context)
    assert {name: fields[name] for name in ("consentId", "interactionCount", "own", "hosts", "genVendors")} == {
        "consentId": "5b2f0000-0000-4000-8000-000000000001", "interactionCount": "3", "own": "a b&c", "hosts": "H1:1",
        "genVendors": "V9:0,",
    }  # fmt: skip
    assert fields["groups"] == "C0001:1,C0002:1,C0003:0,C0004:0,C0005:0,SPD_BG:1"
    assert cookie(context, "OptanonAlertBoxClosed") == closed
    assert [(post["action"], post["visitor"]) for post in stage.posts()] == [
        ("import", "5b2f0000-0000-4000-8000-000000000001")
    ]


def test_methods(stage, context, page):
    stage.release(small(level="drop_in"))
    body = '<div id="box" style="display:none"><p>old</p></div><i id="gone"></i>'
    page.goto(stage.page(body, gate=AUTO + LOG + stub()))
    page.wait_for_selector(ACCEPT)
    ready(page)
    page.evaluate("""() => {
      window.heard = [];
      for (let i = 0; i < 3; i++) OneTrust.OnConsentChanged(function () { heard.push('a'); });
      OneTrust.OnConsentChanged(function () { heard.push('b'); });
      OneTrust.UpdateConsent('Category', 'C0004:1');
      OneTrust.UpdateConsent('Nonsense', {}); OneTrust.UpdateConsent('Category', 'C0001:0'); OneTrust.UpdateConsent('Category', 'X:1');
    }""")
    comes_true(page, "heard.length")
    page.wait_for_timeout(100)
    assert page.evaluate("heard") == ["a", "b"]
    assert optanon(context)["groups"] == "C0001:1,C0002:0,C0003:0,C0004:1,C0005:0"
    assert page.locator("#onetrust-banner-sdk:visible").count() == 0
    page.evaluate("""() => {
      OneTrust.InsertHtml('<b>in</b>', 'box', null, {deleteSelectorContent: true, makeSelectorVisible: true, deleteElements: ['gone']}, 'C0004');
      OneTrust.InsertHtml('<b>out</b>', 'box', null, {}, 'C0002');
      OneTrust.InsertScript('https://widgets.example.org/w.js', 'head', () => { window.called = true; }, null, 'C0004');
      OneTrust.BlockGoogleAnalytics('UA-1', 'C0002'); OneTrust.BlockGoogleAnalytics('UA-2', 'C0004');
    }""")
    comes_true(page, "window.called")
    assert page.inner_text("#box") == "in"
    assert page.evaluate(
        "[window['ga-disable-UA-1'], window['ga-disable-UA-2'], !document.getElementById('gone')]"
    ) == [True, False, True]
    assert page.evaluate("OneTrust.getGeolocationData()") == {"country": "", "state": "", "stateName": ""}
    page.evaluate("OneTrust.setDataSubjectId('an id', true)")
    assert page.evaluate("OneTrust.getDataSubjectId()") == "anid"
    page.evaluate("OneTrust.ToggleInfoDisplay()")
    page.wait_for_selector("#onetrust-pc-sdk", state="visible")
    data = page.evaluate("OneTrust.GetDomainData()")
    assert (data["cctId"], data["ShowAlertNotice"], data["ConsentModel"]["Name"]) == (samples.SITE_UUID, True, "opt-in")
    assert [(g["CustomGroupId"], g["Status"], g["GroupName"]) for g in data["Groups"][:2]] == [
        ("C0001", "always active", "Strictly necessary"), ("C0002", "inactive", "Performance"),
    ]  # fmt: skip


def test_a_spa_asks_again(stage, context, page):
    stage.release(small(level="drop_in"))
    page.goto(stage.page(gate=AUTO + LOG + stub()))
    page.click(REJECT)
    page.evaluate("""() => {
      document.cookie = 'OptanonAlertBoxClosed=; Max-Age=0; path=/; domain=shop.example';
      document.getElementById('onetrust-consent-sdk').remove();
      OneTrust.LoadBanner(); OneTrust.Init(true); OneTrust.InitializeBanner();
    }""")
    page.wait_for_selector(ACCEPT)
    assert page.locator("#onetrust-banner-sdk").count() == 1


def test_attributes(stage, context, page):
    stage.release(small(level="drop_in", languages=("en", "de")))
    page.goto(stage.page(gate=AUTO + LOG.replace("window.dataLayer", "window.other").replace("dataLayer.push", "other.push") + stub(
        'data-language="de" data-dLayer-name="other"')))  # fmt: skip
    page.wait_for_selector(ACCEPT)
    ready(page)
    assert page.evaluate("[fairgate.language, other.filter((o) => o.event).length, OneTrust.GetDomainData().Language.Culture]") == [
        "de", 4, "de",
    ]  # fmt: skip
    page.goto(stage.page(gate=AUTO + LOG + stub('data-dLayer-ignore="true" data-ignore-html="true"')))
    ready(page)
    page.wait_for_timeout(300)
    assert page.evaluate("dataLayer.filter((o) => o.event).length") == 0
    assert page.locator("#onetrust-banner-sdk:visible").count() == 0


def test_a_page_with_the_stub_alone_gets_the_gate_first(stage, context, page):
    stage.release(small(level="drop_in"))
    page.goto(stage.page(ADS + GA, gate=LOG + stub()))
    page.wait_for_selector(ACCEPT)
    ready(page)
    assert ran(page) == []
    page.click(ACCEPT)
    comes_true(page, "window.__ran && __ran.length == 2")
    page.goto(stage.page(ADS, gate=LOG + stub("async")))
    ready(page)
    assert page.locator("#onetrust-banner-sdk:visible").count() == 0


def test_the_testing_script_keeps_to_its_host(stage, context, page):
    stage.release(small(level="drop_in"))
    id = f"{samples.SITE_UUID}-test"
    stage.page(host=f"www.{SHOP}", gate=AUTO.replace(samples.SITE_UUID, id) + LOG + stub(id=id))
    page.goto(f"https://www.{SHOP}/")
    page.click(ACCEPT)
    until(lambda: cookie(context))
    assert {c["domain"] for c in context.cookies()} == {f"www.{SHOP}"}


def test_without_a_gate_nothing_breaks(stage, context, page):
    stage.release(small(level="drop_in"))
    for key in [k for k in stage.world.pages if k[1].endswith(("gate.js", "OtAutoBlock.js"))]:
        stage.world.pages[key] = (200, "text/javascript", b"")
    page.goto(
        stage.page(
            '<script type="text/plain" class="optanon-category-C0002">window.parked = 1</script>',
            gate=AUTO + LOG + stub(),
        )
    )
    page.wait_for_timeout(400)
    assert page.evaluate("[window.OneTrust, window.fairgate, window.parked].filter(Boolean)") == []


def test_parked_tags(stage, context, page):
    stage.release(small(level="drop_in"))
    body = (
        '<script type="text/plain" class="optanon-category-C0002">window.two = OnetrustActiveGroups</script>'
        '<script type="text/plain" class="optanon-category-C0002-C0004">window.both = 1</script>'
        '<iframe class="optanon-category-C0004" data-src="https://frames.example.org/f.html"></iframe>'
    )
    page.goto(stage.page(body, gate=AUTO + LOG + stub()))
    page.wait_for_selector(ACCEPT)
    page.evaluate("OneTrust.UpdateConsent('Category', 'C0002:1')")
    comes_true(page, "window.two")
    assert page.evaluate("[two, window.both || 0]") == [",C0001,C0002,", 0]
    page.evaluate("OneTrust.UpdateConsent('Category', 'C0004:1')")
    comes_true(page, "window.both")
    until(lambda: stage.world.requests_to("frames.example.org"))


def test_gpc_in_the_cookie(stage, context, page):
    context.add_init_script("Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})")
    stage.release(small(level="drop_in"), variant="us_ca")
    page.goto(stage.page(gate=AUTO + LOG + stub()))
    ready(page)
    page.evaluate("OneTrust.AllowAll()")
    fields = optanon(context)
    assert (fields["isGpcEnabled"], fields["browserGpcFlag"]) == ("1", "1")
    assert "C0004:0" in fields["groups"]


def test_consent_handed_over_by_an_app(stage, context, page):
    stage.release(small(level="drop_in"))
    given = {"consentedDate": "2026-11-01T10:00:00.000Z", "groups": "C0001:1,C0002:1,C0003:0,C0004:0,C0005:0"}
    page.goto(stage.page(GA, gate=f"<script>OTExternalConsent = {json.dumps(given)}</script>{AUTO}{LOG}{stub()}"))
    ready(page)
    comes_true(page, "window.__ran && __ran.length == 1")
    assert page.evaluate("OnetrustActiveGroups") == ",C0001,C0002,"
    assert page.locator("#onetrust-banner-sdk:visible").count() == 0


def test_strict_policies(stage, context, page):
    stage.release(small(level="drop_in"))
    csp = "script-src 'nonce-abc' 'strict-dynamic'; style-src 'nonce-abc'; require-trusted-types-for 'script'"
    tags = AUTO + LOG + stub() + GA
    tags = tags.replace("<script", '<script nonce="abc"')
    page.goto(stage.page(gate=f'<meta http-equiv="Content-Security-Policy" content="{csp}">{tags}'))
    page.wait_for_selector(ACCEPT)
    ready(page)
    assert ran(page) == []
    page.click(ACCEPT)
    comes_true(page, "window.__ran && __ran.length == 1")
    assert page.evaluate("OnetrustActiveGroups") == ",C0001,C0002,C0003,C0004,C0005,"
