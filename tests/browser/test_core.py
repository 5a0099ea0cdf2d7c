"""The heart of the gate in real Chromium: answers, cookies, records, signals, life cycle."""

from __future__ import annotations

import copy
import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from consent.publishing.tags import cookie_name
from tests import samples
from tests.browser.stage import CMP, SHOP, Stage
from tests.browser.state import at, stated

pytestmark = pytest.mark.browser
GA = '<script src="https://www.google-analytics.com/analytics.js"></script>'
ADS = '<script src="https://static.doubleclick.net/ads.js"></script>'
PLAUSIBLE = '<script src="https://plausible.io/js/p.js"></script>'
ACCEPT, REJECT = "#onetrust-accept-btn-handler", "#onetrust-reject-all-handler"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def small(**more):
    """Two services, and variants for the regimes tested here."""
    given = more.pop("services", None) or [
        samples.service("google-analytics"),
        samples.service("google-ads"),
        samples.service("plausible"),
    ]
    return samples.snapshot(services=given, variants=("eu_opt_in", "uk_pecr", "us_ca", "us_optout", "notice"), **more)


@pytest.fixture
def stage(world) -> Stage:
    return Stage(world)


@pytest.fixture
def context(chromium):
    context = chromium.new_context(ignore_https_errors=True)
    context.set_default_timeout(8000)
    yield context
    context.close()


@pytest.fixture
def page(context):
    page = context.new_page()
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    yield page
    assert page.errors == []


def until(what, seconds: float = 6.0):
    """The first true value of `what()`."""
    end = time.monotonic() + seconds
    while not (value := what()) and time.monotonic() < end:
        time.sleep(0.02)
    assert value, "it did not happen"
    return value


STATE = cookie_name(samples.SITE_UUID)


def cookie(context, name: str = STATE) -> str:
    found = [c["value"] for c in context.cookies() if c["name"] == name]
    return found[0] if found else ""


def fields(text: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in text.split("&"))


def ran(page) -> list[str]:
    return page.evaluate("window.__ran || []")


def declared() -> list[str]:
    """The members of `interface Fairgate` in fairgate.d.ts."""
    text = (Path(__file__).parents[2] / "cookiebanner/banner/fairgate.d.ts").read_text()
    [body] = re.findall(r"^export interface Fairgate \{\n(.*?)^\}", text, re.MULTILINE | re.DOTALL)
    return sorted(re.findall(r"^  (?:readonly )?(\w+)[(<:]", body, re.MULTILINE))


def test_the_public_members_are_those_of_the_types(stage, context, page):
    stage.release(small())
    page.goto(stage.page(""))
    before = page.evaluate("Object.keys(fairgate)")
    page.wait_for_function("() => !!fairgate._.decide")
    after = page.evaluate("Object.keys(fairgate)")
    assert sorted({*before} - {"_"}) == sorted({*after} - {"_"}) == declared()
    consent = page.evaluate("fairgate.consent()")
    text = (Path(__file__).parents[2] / "cookiebanner/banner/fairgate.d.ts").read_text()
    [body] = re.findall(r"^export interface Consent \{\n(.*?)^\}", text, re.MULTILINE | re.DOTALL)
    assert sorted(consent) == sorted(re.findall(r"^  (\w+)\??:", body, re.MULTILINE))


def test_before_an_answer_nothing_is_stored_and_nothing_runs(stage, context, page):
    stage.release(small())
    page.goto(stage.page(GA + ADS))
    page.wait_for_selector(ACCEPT)
    until(lambda: stage.posts("impressions"))
    assert context.cookies() == []
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
    assert ran(page) == []
    assert stage.posts() == []
    assert stage.posts("impressions") == [
        {"site": samples.SITE_UUID, "release": 3, "regime": "eu_opt_in", "language": "en", "kind": "banner"}
    ]
    assert page.evaluate("fairgate.consent()")["answered"] is False


def test_accept_is_kept_recorded_and_released_once(stage, context, page):
    stage.release(small())
    url = stage.page(GA + ADS)
    page.goto(url)
    page.click(ACCEPT)
    body = until(stage.posts)[0]
    assert body.keys() == {
        "site", "id", "visitor", "replaces", "release", "regime", "language", "layer", "action", "choices", "signals",
        "page", "client_time", "time_to_answer",
    }  # fmt: skip
    assert 0 <= body["time_to_answer"] < 60_000
    assert (body["action"], body["layer"], body["regime"], body["page"]) == ("accept_all", "banner", "eu_opt_in", SHOP)
    assert (body["release"], body["replaces"], body["signals"]["gpc"]) == (3, None, False)
    assert set(body["choices"]["categories"].values()) == {"granted"}
    assert body["choices"]["services"] == {
        "google-ads": "granted",
        "google-analytics": "granted",
        "plausible": "granted",
    }
    state = stated(cookie(context), small())
    assert UUID.fullmatch(state["id"]) and UUID.fullmatch(state["u"])
    assert (state["id"], state["u"]) == (body["id"], body["visitor"])
    assert (state["v"], state["g"], state["x"], state["o"]) == ("2", "eu_opt_in", False, False)
    assert state["categories"] == {"C0001": None, **dict.fromkeys(("C0002", "C0003", "C0004", "C0005"), True)}
    assert state["services"] == dict.fromkeys(body["choices"]["services"], True)
    (made,) = [c for c in context.cookies() if c["name"] == STATE]
    assert (made["domain"], made["path"], made["secure"], made["sameSite"]) == (f".{SHOP}", "/", True, "Lax")
    page.wait_for_function("window.__ran && __ran.length == 2")
    assert ran(page) == ["www.google-analytics.com/analytics.js", "static.doubleclick.net/ads.js"]
    until(lambda: page.evaluate("Object.keys(localStorage).filter(k => k.includes('.q.')).length") == 0)
    stage.world.asked.clear()
    page.goto(url)
    page.wait_for_function("window.__ran && __ran.length == 2")
    page.wait_for_timeout(400)
    assert page.locator("#onetrust-banner-sdk").count() == 0
    assert (stage.loaded("/ui."), stage.posts()) == (0, [])


def test_a_refusal_makes_no_visitor(stage, context, page):
    stage.release(small())
    page.goto(stage.page(GA))
    page.click(REJECT)
    body = until(stage.posts)[0]
    assert (body["action"], body["visitor"], body["replaces"]) == ("reject_all", None, None)
    assert body["choices"]["categories"] == {
        "C0001": "granted",
        **dict.fromkeys(("C0002", "C0003", "C0004", "C0005"), "denied"),
    }
    state = stated(cookie(context), small())
    refused = {"C0001": None, **dict.fromkeys(("C0002", "C0003", "C0004", "C0005"), False)}
    assert (state["u"], state["categories"]) == ("", refused)
    page.reload()
    page.wait_for_timeout(300)
    assert (page.locator("#onetrust-banner-sdk").count(), ran(page)) == (0, [])


def test_withdrawing_deletes_blocks_and_replaces(stage, context, page):
    stage.release(small())
    page.goto(stage.page("<p>hello"))
    page.click(ACCEPT)
    first = until(stage.posts)[0]
    page.evaluate("document.cookie = '_ga=1; path=/'; document.cookie = 'own=1; path=/'")
    page.evaluate("fairgate.withdraw()")
    second = until(lambda: stage.posts()[1:])[0]
    assert (second["action"], second["replaces"], second["visitor"]) == ("withdraw", first["id"], first["visitor"])
    assert {c["name"] for c in context.cookies()} == {STATE, "own"}
    page.evaluate("fetch('https://www.google-analytics.com/collect').catch(() => 0)")
    page.evaluate("document.cookie = '_ga=2; path=/'")
    assert cookie(context, "_ga") == ""
    assert stage.world.requests_to("google-analytics.com") == []


def test_services_one_by_one_and_containers(stage, context, page):
    services = [samples.service(key) for key in ("google-analytics", "hotjar", "google-tag-manager", "youtube")]
    stage.release(small(services=services))
    page.goto(stage.page())
    page.wait_for_selector(ACCEPT)
    page.evaluate("fairgate.set({services: {youtube: true}})")
    assert page.evaluate("[fairgate.allowed('youtube'), fairgate.allowed('C0004'), fairgate.allowed('google-tag-manager')]") == [
        True, False, False,
    ]  # fmt: skip
    page.evaluate("fairgate.set({categories: {C0002: true}, services: {hotjar: false}})")
    assert page.evaluate("fairgate.consent().services") == {
        "google-analytics": True, "google-tag-manager": True, "hotjar": False, "youtube": True,
    }  # fmt: skip
    state = stated(cookie(context), small(services=services))
    assert list(state["categories"].values()) == [None, True, False, False, False]
    assert state["services"] == {
        "google-analytics": True, "google-tag-manager": True, "hotjar": False, "youtube": True,
    }  # fmt: skip
    page.reload()
    assert page.evaluate("fairgate.consent().services") == {
        "google-analytics": True, "google-tag-manager": True, "hotjar": False, "youtube": True,
    }  # fmt: skip


def test_the_queue_survives_an_outage_in_order_and_drops_what_is_refused(stage, context, page):
    stage.release(small())
    url = stage.page()
    stage.status = 503
    page.goto(url)
    page.click(ACCEPT)
    until(stage.posts)
    page.evaluate("void fairgate.reject()")
    page.wait_for_timeout(200)
    assert page.evaluate("Object.keys(localStorage).filter(k => k.includes('.q.')).length") == 2
    stage.status = 201
    stage.world.asked.clear()
    page.goto(url)
    sent = until(lambda: len(stage.posts()) == 2 and stage.posts())
    assert [body["action"] for body in sent] == ["accept_all", "reject_all"]
    stage.status = 422
    page.evaluate("void fairgate.accept()")
    until(lambda: len(stage.posts()) == 3)
    until(lambda: page.evaluate("Object.keys(localStorage).length") == 0)


def test_consent_mode_defaults_first_and_one_update_per_answer(stage, context, page):
    stage.release(small())
    tag = "<script>window.seen = JSON.stringify([...dataLayer].filter((a) => a.length).map((a) => [...a]))</script>"
    url = stage.page(head=tag)
    page.goto(url)

    def calls(kind):
        return [
            c
            for c in page.evaluate("[...dataLayer].filter((a) => a.length).map((a) => [...a])")
            if c[:2] == ["consent", kind]
        ]

    first = json.loads(page.evaluate("seen"))
    assert first[0][:2] == ["consent", "default"]
    assert first[0][2]["region"][:2] == ["AT", "BE"]
    assert {k: v for k, v in first[1][2].items() if k.endswith(("storage", "data", "personalization"))} == {
        "ad_storage": "denied", "ad_user_data": "denied", "ad_personalization": "denied", "analytics_storage": "denied",
        "functionality_storage": "denied", "personalization_storage": "denied", "security_storage": "granted",
    }  # fmt: skip
    assert ["set", "ads_data_redaction", True] in first and ["set", "url_passthrough", True] in first
    assert calls("update") == []
    page.wait_for_selector(ACCEPT)
    page.evaluate("fairgate.set({categories: {C0002: true}})")
    ((_, _, told),) = calls("update")
    assert (told["analytics_storage"], told["ad_storage"], told["ad_user_data"]) == ("granted", "denied", "denied")
    assert until(stage.posts)[0]["signals"]["vendors"]["google"] == told
    page.goto(url)
    seen = json.loads(page.evaluate("seen"))
    order = [c[1] for c in seen if c[0] == "consent"]
    assert order == ["default", "default", "update"]
    assert [c[2]["analytics_storage"] for c in seen if c[0] == "consent"] == ["denied", "denied", "granted"]


def test_other_vendors_hear_it_too(stage, context, page):
    stage.release(small(services=[samples.service(k) for k in ("microsoft-ads", "microsoft-clarity", "meta-pixel")]))
    snippet = """<script>if (!window.fbq) { const f = window.fbq = function () { f.queue.push(arguments) }; f.queue = [] }
    fbq('init', '1')</script>"""
    page.goto(stage.page(snippet))
    assert page.evaluate("uetq") == ["consent", "default", {"ad_storage": "denied"}]
    assert page.evaluate("clarity.q.map((a) => [...a])") == [
        ["consentv2", {"ad_Storage": "denied", "analytics_Storage": "denied"}]
    ]
    assert page.evaluate("fbq.queue.map((a) => [...a])") == [["consent", "revoke"], ["init", "1"]]
    page.click(ACCEPT)
    assert page.evaluate("uetq.slice(3)") == ["consent", "update", {"ad_storage": "granted"}]
    assert page.evaluate("fbq.queue.map((a) => [...a])[2]") == ["consent", "grant"]
    assert page.evaluate("clarity.q.length") == 2


def test_a_pixel_that_comes_after_the_answer_hears_both_in_order(stage, page):
    """And a page without the pixel sees none: whoever asks for `fbq` makes one, with its library, where there is none."""
    stage.release(small(services=[samples.service("meta-pixel")]), "us_ca")
    page.goto(stage.page())
    assert page.evaluate("typeof fbq") == "undefined"
    page.wait_for_function("!!fairgate._.decide")
    page.evaluate("void fairgate.optOut()")
    page.evaluate("() => { const f = (...call) => f.queue.push(call); f.queue = []; window.fbq = f; fbq('init', '1') }")
    assert page.evaluate("fbq.queue") == [
        ["consent", "grant"],
        ["dataProcessingOptions", []],
        ["consent", "revoke"],
        ["dataProcessingOptions", ["LDU"], 1, 1000],
        ["init", "1"],
    ]
    assert page.evaluate("Object.getOwnPropertyDescriptor(window, 'fbq').writable") is True


def test_gpc_denies_what_is_sold_once_and_without_a_visitor(stage, context, page):
    context.add_init_script("Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})")
    stage.release(small(), variant="us_ca")
    url = stage.page(GA + ADS)
    page.goto(url)
    body = until(stage.posts)[0]
    assert (body["action"], body["visitor"], body["signals"]["gpc"]) == ("gpc", None, True)
    assert body["choices"]["services"]["google-ads"] == "denied"
    assert body["choices"]["services"]["plausible"] == "granted"
    assert not [r for r in ran(page) if "doubleclick" in r]
    page.goto(url)
    page.wait_for_timeout(500)
    assert len(stage.posts()) == 1
    page.evaluate("void fairgate.accept()")
    later = until(lambda: stage.posts()[1:])[0]
    assert later["choices"]["services"]["google-ads"] == "denied"
    assert later["action"] == "custom"


def test_how_long_an_answer_took_is_told_once_a_layer_was_seen(stage, context, page):
    """From the layer that came up by itself; an answer by the page, or a second one, has no such time."""
    stage.release(small(level="drop_in"))
    url = stage.page('<a class="ot-sdk-show-settings" href="#x">Settings</a>')

    def told(run) -> Any:
        known = len(stage.posts())
        run()
        return until(lambda: stage.posts()[known:])[0].get("time_to_answer")

    page.goto(url)
    page.wait_for_selector(ACCEPT)
    page.wait_for_timeout(300)
    page.click("#onetrust-pc-btn-handler")
    page.wait_for_timeout(200)
    first = told(lambda: page.click("#accept-recommended-btn-handler"))
    assert 500 <= first < 60_000  # the preference center was opened from the banner, and goes on with it
    assert told(lambda: page.evaluate("void fairgate.reject()")) is None
    page.wait_for_timeout(first + 300)
    page.click("a.ot-sdk-show-settings")
    page.wait_for_selector("#accept-recommended-btn-handler")
    assert 0 <= told(lambda: page.click("#accept-recommended-btn-handler")) <= 60_000
    page.goto(url)
    page.wait_for_function("() => !!window.fairgate?._.decide")
    assert told(lambda: page.evaluate("void fairgate.reject()")) is None
    page.evaluate("void fairgate.open()")
    page.wait_for_selector("#accept-recommended-btn-handler")
    page.evaluate("const now = performance.now(); performance.now = () => now + 9e9")
    assert told(lambda: page.click("#accept-recommended-btn-handler")) == 86_400_000


def test_a_banner_is_counted_once_a_view_and_the_signal_with_it(stage, context, page):
    context.add_init_script("Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})")
    stage.release(small())
    page.goto(stage.page())
    page.wait_for_selector(ACCEPT)
    page.evaluate("fairgate.show()")
    page.evaluate("fairgate.show()")
    page.click(REJECT)
    until(stage.posts)
    page.evaluate("fairgate.open()")
    until(lambda: len(stage.posts("impressions")) == 2)
    common = {"site": samples.SITE_UUID, "release": 3, "regime": "eu_opt_in", "language": "en", "gpc": True}
    assert stage.posts("impressions") == [{**common, "kind": "banner"}, {**common, "kind": "preferences"}]


def test_a_parked_tag_of_a_category_that_the_signal_denies_stays_parked(stage, context, page):
    stage.release(small(), "us_ca")
    tag = '<script type="text/plain" class="optanon-category-{}" src="https://static.doubleclick.net/{}.js"></script>'
    own = '<script type="text/plain" class="optanon-category-C0004">window.ran = 1</script>'
    url = stage.page(tag.format("C0004", "parked") + own)
    context.add_init_script("Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})")
    page.goto(url)
    until(lambda: stage.posts())
    page.wait_for_timeout(300)
    assert page.evaluate("[fairgate.consent().categories.C0004, window.ran]") == [False, None]
    assert page.locator("script[type='text/plain'][class*=optanon]").count() == 2
    assert stage.world.requests_to("doubleclick.net") == []


def test_an_opt_out_holds_what_ran_and_never_lapses(stage, context, page):
    stage.release(small(), variant="us_optout")
    url = stage.page(GA + ADS)
    page.goto(url)
    page.wait_for_function("window.__ran && __ran.length == 2")
    page.evaluate("window.told = []; addEventListener('fairgate:optout', (e) => told.push(e.detail.objected))")
    page.evaluate("fairgate.optOut()")
    assert page.evaluate("told") == [True]
    body = until(lambda: [b for b in stage.posts() if b["action"] == "opt_out"])[0]
    assert body["choices"]["services"]["google-ads"] == "denied"
    state = cookie(context)
    assert stated(state, small())["x"] is True
    old = at(state, int(time.time()) - 900 * 86400)
    context.clear_cookies()
    context.add_cookies([{"name": STATE, "value": old, "domain": f".{SHOP}", "path": "/", "secure": True}])
    page.goto(url)
    page.wait_for_timeout(400)
    assert not [r for r in ran(page) if "doubleclick" in r]
    assert page.evaluate("fairgate._.ask") is False


def test_a_yes_where_nothing_is_asked_is_no_consent_where_it_is(stage, context, page):
    stage.release(small(), variant="us_optout")
    url = stage.page(GA)
    page.goto(url)
    page.evaluate("fairgate.set({categories: {C0002: true}})")
    until(lambda: cookie(context))
    stage.release(small(), variant="eu_opt_in")
    page.goto(url)
    page.wait_for_selector(ACCEPT)
    assert ran(page) == []


@pytest.mark.parametrize("action", ["accept", "reject"])
def test_an_expired_answer_is_asked_again(stage, context, page, action):
    stage.release(small())
    url = stage.page(GA)
    page.goto(url)
    page.wait_for_selector(ACCEPT)
    page.evaluate(f"fairgate.{action}()")
    state = until(lambda: cookie(context))
    for days, asked in ((179, 0), (181, 1)):
        old = at(state, int(time.time()) - days * 86400)
        context.add_cookies([{"name": STATE, "value": old, "domain": f".{SHOP}", "path": "/", "secure": True}])
        page.goto(url)
        page.wait_for_timeout(700)
        assert page.locator("#onetrust-banner-sdk").count() == asked
        assert bool(ran(page)) == (action == "accept" and not asked)


def test_only_a_material_change_asks_again(stage, context, page):
    first = small()
    stage.release(first)
    url = stage.page(GA + ADS)
    page.goto(url)
    page.click(ACCEPT)
    until(lambda: cookie(context))

    def asked(snapshot) -> bool:
        stage.release(snapshot, number=4)
        page.goto(url)
        page.wait_for_timeout(600)
        return page.locator("#onetrust-banner-sdk").count() == 1

    fewer = copy.deepcopy(first)
    fewer["services"] = [s for s in fewer["services"] if s["key"] != "plausible"]
    renamed = copy.deepcopy(first)
    renamed["services"][0]["name"] = "Another name"
    necessary = copy.deepcopy(first)
    necessary["services"].append(samples.service("stripe"))
    assert [asked(s) for s in (fewer, renamed, necessary)] == [False, False, False]

    more = copy.deepcopy(first)
    more["services"].append(samples.service("hotjar"))
    assert asked(more)
    assert page.evaluate("[fairgate.allowed('hotjar'), fairgate.allowed('google-analytics')]") == [False, True]
    moved = copy.deepcopy(first)
    next(s for s in moved["services"] if s["key"] == "google-analytics")["category"] = "C0004"
    assert asked(moved)
    assert page.evaluate("fairgate.allowed('google-analytics')") is False
    purpose = copy.deepcopy(first)
    purpose["purposes"] = [{"key": "profiling", "category": "C0004", "legal_basis": "consent", "texts": {}}]
    assert asked(purpose)
    category = copy.deepcopy(first)
    category["categories"].append(
        {"key": "C0009", "necessary": False, "texts": {"en": {"name": "New", "description": ""}}, "consent_mode": []}
    )
    assert asked(category)


@pytest.mark.parametrize("name", [STATE, "fairgate"])
def test_an_unreadable_cookie_holds_everything(stage, context, page, name):
    said = []
    page.on("console", lambda message: said.append(message.text))
    stage.release(small(), variant="us_optout")
    context.add_cookies([{"name": name, "value": "v=1&garbage", "domain": f".{SHOP}", "path": "/", "secure": True}])
    page.goto(stage.page(GA + ADS))
    page.wait_for_timeout(500)
    assert ran(page) == []
    assert [s for s in said if "cannot be read" in s] == [
        "fairgate: the consent cookie cannot be read; everything optional waits "
    ]


@pytest.mark.parametrize("variant", ["eu_opt_in", "us_optout"])
def test_an_answer_to_onetrust_is_honoured_and_not_asked_again(stage, context, page, variant):
    stage.release(small(), variant=variant)
    closed = time.strftime("%Y-%m-%dT%H:%M:%S.123Z", time.gmtime(time.time() - 40 * 86400))
    for name, value in (
        ("OptanonConsent", "isGpcEnabled=0&groups=C0001%3A1%2CC0002%3A1%2CC0003%3A0%2CC0004%3A0&own=kept"),
        ("OptanonAlertBoxClosed", closed),
    ):
        context.add_cookies([{"name": name, "value": value, "domain": f".{SHOP}", "path": "/", "secure": True}])
    page.goto(stage.page(GA + ADS))
    until(lambda: cookie(context))
    page.wait_for_function("window.__ran && __ran.length == 1")
    assert ran(page) == ["www.google-analytics.com/analytics.js"]
    assert page.locator("#onetrust-banner-sdk").count() == 0
    assert page.evaluate("fairgate.consent().categories") == {
        "C0001": True, "C0002": True, "C0003": False, "C0004": False, "C0005": variant != "eu_opt_in",
    }  # fmt: skip
    # A record of its own, with the time of the answer as a remark.
    until(
        lambda: [(post["action"], post["client_time"]) for post in stage.posts()] == [("import", f"{closed[:-4]}000Z")]
    )


def test_without_the_banner_the_page_works(stage, context, page):
    stage.release(small())
    for key in [k for k in stage.world.pages if "/ui." in k[1]]:
        stage.world.pages[key] = (500, "text/plain", b"")
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(
        stage.page('<button onclick="window.clicked = 1">own</button><span class="optanon-show-settings">s</span>')
    )
    page.click("button")
    page.click("span")
    page.wait_for_timeout(400)
    assert page.evaluate("clicked") == 1
    assert [s for s in said if "did not load" in s]


def test_links_open_the_preferences_by_mouse_and_keyboard_also_late_ones(stage, context, page):
    stage.release(small())
    page.goto(
        stage.page(
            '<p>a</p><span class="optanon-show-settings">Mine</span><a class="ot-sdk-show-settings" href="#x">b</a>'
        )
    )
    page.click(REJECT)
    for selector in ("span.optanon-show-settings", "a.ot-sdk-show-settings"):
        page.click(selector)
        page.wait_for_selector("#onetrust-pc-sdk", state="visible")
        page.keyboard.press("Escape")
        page.wait_for_selector("#onetrust-pc-sdk", state="hidden")
    page.focus("span.optanon-show-settings")
    page.keyboard.press("Enter")
    page.wait_for_selector("#onetrust-pc-sdk", state="visible")
    page.keyboard.press("Escape")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<span id=late data-fairgate-open>late</span>')")
    page.wait_for_function("document.getElementById('late').tabIndex === 0")
    page.focus("#late")
    page.keyboard.press("Space")
    page.wait_for_selector("#onetrust-pc-sdk", state="visible")
    assert page.inner_text("span.optanon-show-settings") == "Mine"


def test_other_tabs_follow(stage, context, page):
    stage.release(small())
    url = stage.page(GA)
    page.goto(url)
    page.wait_for_selector(ACCEPT)
    other = context.new_page()
    other.goto(url)
    other.click(ACCEPT)
    page.wait_for_function("window.__ran && __ran.length == 1")
    page.wait_for_selector("#onetrust-banner-sdk", state="detached")
    other.evaluate("fairgate.withdraw()")
    page.wait_for_function("!fairgate.allowed('C0002')")


def test_a_frame_of_the_site_holds_but_does_not_ask(stage, context, page):
    stage.release(small())
    inner = stage.page(GA, path="/inner")
    page.goto(stage.page(f'<iframe src="{inner}"></iframe>'))
    page.wait_for_selector(ACCEPT)
    frame = page.frames[1]
    page.wait_for_timeout(400)
    assert frame.locator("#onetrust-banner-sdk").count() == 0
    assert frame.evaluate("window.__ran || []") == []
    page.click(ACCEPT)
    frame.wait_for_function("window.__ran && __ran.length == 1")


def test_back_from_the_cache_it_knows_the_new_answer(stage, context, page):
    stage.release(small())
    page.goto(stage.page(GA))
    page.wait_for_selector(ACCEPT)
    page.evaluate("window.stayed = 1")
    page.goto(stage.page("two", path="/two"))
    page.click(REJECT)
    page.go_back()
    page.wait_for_function("fairgate.consent().answered")
    page.wait_for_selector("#onetrust-banner-sdk", state="detached")


def test_strict_policies_with_our_nonce(stage, context, page):
    stage.release(small())
    csp = "script-src 'nonce-abc' 'strict-dynamic'; style-src 'nonce-abc'; require-trusted-types-for 'script'"
    gate = f'<meta http-equiv="Content-Security-Policy" content="{csp}"><script nonce="abc" src="https://{CMP}/v1/{samples.SITE_UUID}/gate.js"></script>'
    stage.release(small(level="server"))
    page.goto(stage.page("<p>x", gate=gate))
    page.click(ACCEPT)
    until(stage.posts)


def test_minors(stage, context, page):
    stage.release(small(), variant="us_optout")
    page.goto(stage.page(ADS))
    page.wait_for_function("window.__ran && __ran.length == 1")
    page.evaluate("fairgate.setAge(12)")
    page.wait_for_function("!fairgate.allowed('google-ads')")
    assert page.evaluate("fairgate.allowed('plausible')") is True
    page.evaluate("void fairgate.accept()")
    page.wait_for_function("fairgate.consent().answered")
    assert page.evaluate("fairgate.allowed('google-ads')") is False


def test_a_child_directed_site_holds_advertising_whatever_is_said(stage, context, page):
    stage.release(small(child_directed=True))
    page.goto(stage.page(ADS + PLAUSIBLE))
    page.click(ACCEPT)
    page.wait_for_function("window.__ran && __ran.length == 1")
    assert ran(page) == ["plausible.io/js/p.js"]
    assert until(stage.posts)[0]["action"] == "custom"


def test_it_reports_where_it_runs_and_whom_it_does_not_know(stage, context, page):
    stage.release(small())
    page.goto(stage.page('<img src="https://pixel.unknown-vendor.example/p.gif">'))
    page.wait_for_selector(ACCEPT)
    (report,) = until(lambda: stage.posts("reports"), 9)
    assert report == {
        "site": samples.SITE_UUID, "release": 3, "level": "snippet", "page": SHOP,
        "items": [{"kind": "unknown", "subject": "pixel.unknown-vendor.example"}],
    }  # fmt: skip
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]


def test_reload_after_accept(stage, context, page):
    stage.release(small(reload=True))
    page.goto(stage.page(GA))
    page.evaluate("window.before = 1")
    page.click(ACCEPT)
    page.wait_for_function("window.before === undefined && window.__ran && __ran.length == 1")
    assert len(until(stage.posts)) == 1


def test_advanced_mode_lets_googles_own_tags_load(stage, context, page):
    stage.release(
        small(advanced=["eu_opt_in"], services=[samples.service("google-analytics"), samples.service("hotjar")])
    )
    page.goto(stage.page(GA + '<script src="https://static.hotjar.com/h.js"></script>'))
    page.wait_for_function("window.__ran && __ran.length == 1")
    assert ran(page) == ["www.google-analytics.com/analytics.js"]
    assert page.evaluate("dataLayer[1][2].analytics_storage") == "denied"


def test_a_wrapped_fetch_and_storage_do_no_harm(stage, context, page):
    stage.release(small())
    wrap = """<script>const f = window.fetch; window.fetch = function () { window.calls = (window.calls || 0) + 1; return f.apply(this, arguments); };
    Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('no', 'SecurityError'); }});</script>"""
    page.goto(stage.page(head=wrap))
    page.click(ACCEPT)
    assert until(stage.posts)[0]["action"] == "accept_all"
    assert page.evaluate("calls") > 0


NO_COOKIES = """Object.defineProperty(Document.prototype, 'cookie', {configurable: true, get: () => '', set() {}});"""


@pytest.mark.parametrize("status", [200, 201, 204, 403, 404])
def test_what_somebody_else_says_to_an_answer_takes_it_from_no_queue(stage, context, page, status):
    """A portal, a proxy or a host's own page has stored nothing."""
    stage.release(small())
    url = stage.page()
    portal = (status, "text/html", b"" if status == 204 else b"<!doctype html><title>Log in</title>")
    stage.world.pages[(CMP, "/api/v1/consents")] = portal
    page.goto(url)
    page.wait_for_function("() => !!window.fairgate?._.decide")
    page.evaluate("new Promise(done => { fairgate.on('queued', () => done(0)); void fairgate.accept() })")
    assert len(page.evaluate("Object.keys(localStorage)")) == 1
    stage.world.pages[(CMP, "/api/v1/consents")] = stage.answer
    stage.world.asked.clear()
    page.goto(url)
    assert [body["action"] for body in until(stage.posts)] == ["accept_all"]
    until(lambda: page.evaluate("Object.keys(localStorage).length") == 0)


def test_who_has_nothing_to_ask_does_not_ask(stage, page):
    snapshot = small()
    snapshot["categories"] = [c for c in snapshot["categories"] if c["necessary"]]
    snapshot["services"] = [s for s in snapshot["services"] if s["category"] == "C0001"]
    snapshot["purposes"] = []
    stage.release(snapshot)
    page.goto(stage.page())
    page.wait_for_timeout(1500)
    assert page.locator("#onetrust-banner-sdk").count() == 0
    assert page.evaluate("fairgate.consent().answered") is False
    page.evaluate("void fairgate.open()")
    page.wait_for_selector("#onetrust-pc-sdk")
    assert page.evaluate("document.cookie") == ""


@pytest.mark.parametrize(
    "value",
    ["v=1&r=3&h=&id=&u=&t={now}&g=us_ca&c=C0002:0.C0004:0&s=&p=&x=1&m=&o=1", "v=1&r=3&h=&id=&u=&t=9&g=us_ca&c=C0002:0.C0004:0&s=&p=&x=1&m=&o=1"],
    ids=["of an earlier form", "lapsed, but an objection"],
)  # fmt: skip
def test_vendors_hear_of_an_objection_in_the_same_view(stage, context, page, value):
    snapshot = small()
    stage.release(snapshot, "us_ca")
    name = cookie_name(samples.SITE_UUID)
    context.add_cookies(
        [{"name": name, "value": value.format(now=int(time.time())), "domain": f".{SHOP}", "path": "/", "secure": True}]
    )
    page.goto(stage.page(head="<script>window.seen = [...dataLayer].map((a) => [...a])</script>"))
    told = page.evaluate("seen.filter((a) => a[0] === 'consent').pop()")
    assert (told[1], told[2]["ad_storage"], told[2]["analytics_storage"]) == ("update", "denied", "denied")
