"""Who comes back to a site that moved from Cookiebot, Usercentrics or klaro (docs/move.md) is met with what they said there."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from consent.sites.moved_from import clean
from tests import samples
from tests.browser.stage import SHOP
from tests.browser.test_core import ACCEPT, ADS, GA, context, cookie, page, ran, small, stage, until

__all__ = ["context", "page", "stage"]
pytestmark = pytest.mark.browser
KLARO = Path(__file__).parents[2] / "node_modules" / "klaro" / "dist" / "klaro-no-css.js"
NOW = time.time()
DAY = 86400
NAMES = [["HkocEodjb7", "C0002"], ["S1_9Vsuj-Q", "C0004"]]  # ids as Usercentrics has them: Google Analytics, Google Ads
COOKIEBOT = clean({"manager": "cookiebot"})
USERCENTRICS = clean({"manager": "usercentrics", "names": NAMES})
OF_KLARO = {"manager": "klaro", "names": [["ga", "C0002"], ["ads", "C0004"]]}
KLARO_COOKIE = clean({**OF_KLARO, "days": 120})
KLARO_UNDATED = clean(OF_KLARO)
SHOWN = "[fairgate.consent().answered, Object.entries(fairgate.consent().categories).filter(([, on]) => on).map(([key]) => key), !!document.querySelector('#onetrust-banner-sdk')]"


def cookiebot(preferences: bool, statistics: bool, marketing: bool, days: float = 20, method: str = "explicit") -> str:
    flags = {"necessary": True, "preferences": preferences, "statistics": statistics, "marketing": marketing}
    words = ",".join(f"{name}:{json.dumps(on)}" for name, on in flags.items())
    text = f"{{stamp:'aZ0+/==',{words},method:'{method}',ver:1,utc:{int((NOW - days * DAY) * 1000)},region:'de'}}"
    return quote(text, safe="{}:+/=")


def settings(days: float = 20, kind: str = "explicit", **status: bool) -> str:
    """Version 2: a service's history begins with what held before an answer."""
    default = {
        "action": "onInitialPageLoad",
        "status": False,
        "timestamp": (NOW - 200 * DAY) * 1000,
        "type": "implicit",
    }
    answer = {"action": "onUpdateServices", "timestamp": (NOW - days * DAY) * 1000, "type": kind}
    services = [
        {"id": id, "processorId": "p", "status": on, "history": [default, {**answer, "status": on}]}
        for id, on in zip((name for name, _ in NAMES), status.values(), strict=True)
    ]
    return json.dumps({"controllerId": "c", "id": "s", "language": "de", "services": services, "version": "1"})


def data(ga: bool, ads: bool) -> str:
    services = {
        "HkocEodjb7": {"name": "Google Analytics", "consent": ga},
        "S1_9Vsuj-Q": {"name": "Google Ads", "consent": ads},
    }
    return json.dumps({"gcm": {}, "consent": {"services": services}, "ui": {"language": "de"}})


def klaro(**said: bool) -> str:
    return quote(json.dumps({"session": True, **said}))


ANSWERED = {"uc_user_interaction": "true"}
SOME, NO, ALL = ["C0001", "C0002"], ["C0001"], ["C0001", "C0002", "C0003", "C0004"]
ASKS = None
# What stands in the browser → what is allowed then, or ASKS, and how old the record says the answer is, in days.
FORMS: dict[str, tuple[dict[str, Any], dict[str, str], dict[str, str], list[str] | None, float | None]] = {
    "Cookiebot, some": (COOKIEBOT, {"CookieConsent": cookiebot(False, True, False)}, {}, SOME, 20),
    "Cookiebot, all": (COOKIEBOT, {"CookieConsent": cookiebot(True, True, True)}, {}, ALL, 20),
    "Cookiebot, none": (COOKIEBOT, {"CookieConsent": cookiebot(False, False, False)}, {}, NO, 20),
    "Cookiebot, 0": (COOKIEBOT, {"CookieConsent": "0"}, {}, NO, 0),
    "Cookiebot, -1": (COOKIEBOT, {"CookieConsent": "-1"}, {}, ASKS, None),
    "Cookiebot, too old": (COOKIEBOT, {"CookieConsent": cookiebot(True, True, True, 800)}, {}, ASKS, None),
    "Cookiebot, implied": (COOKIEBOT, {"CookieConsent": cookiebot(True, True, True, 20, "implied")}, {}, ASKS, None),
    "Cookiebot, garbage": (COOKIEBOT, {"CookieConsent": "%E0%A4%A"}, {}, ASKS, None),
    "Usercentrics 2, some": (USERCENTRICS, {}, {**ANSWERED, "uc_settings": settings(ga=True, ads=False)}, SOME, 20),
    "Usercentrics 2, none": (USERCENTRICS, {}, {**ANSWERED, "uc_settings": settings(ga=False, ads=False)}, NO, 20),
    "Usercentrics 2, too old": (USERCENTRICS, {}, {**ANSWERED, "uc_settings": settings(800, ga=True, ads=False)}, ASKS, None),
    "Usercentrics 2, only shown": (USERCENTRICS, {}, {"uc_settings": settings(ga=True, ads=False)}, ASKS, None),
    "Usercentrics 2, implicit": (USERCENTRICS, {}, {**ANSWERED, "uc_settings": settings(20, "implicit", ga=True, ads=False)}, ASKS, None),
    "Usercentrics 3, none": (USERCENTRICS, {}, {**ANSWERED, "ucData": data(False, False)}, NO, 0),
    "Usercentrics 3, a yes without a time": (USERCENTRICS, {}, {**ANSWERED, "ucData": data(True, False)}, ASKS, None),
    "Usercentrics 3, only shown": (USERCENTRICS, {}, {"ucData": data(False, False)}, ASKS, None),
    "Usercentrics 2 and 3": (USERCENTRICS, {}, {**ANSWERED, "uc_settings": settings(ga=True, ads=False), "ucData": data(True, False)}, SOME, 20),
    "Usercentrics 2, then 3": (USERCENTRICS, {}, {**ANSWERED, "uc_settings": settings(ga=True, ads=True), "ucData": data(True, False)}, ASKS, None),
    "Usercentrics, garbage": (USERCENTRICS, {}, {**ANSWERED, "uc_settings": "{", "ucData": "null"}, ASKS, None),
    "klaro, some": (KLARO_COOKIE, {"klaro": klaro(ga=True, ads=False)}, {}, SOME, 120),
    "klaro, none": (KLARO_COOKIE, {"klaro": klaro(ga=False, ads=False)}, {}, NO, 0),
    "klaro, nobody says how old": (KLARO_UNDATED, {"klaro": klaro(ga=True, ads=False)}, {}, ASKS, None),
    "klaro, nobody says how old, none": (KLARO_UNDATED, {"klaro": klaro(ga=False, ads=False)}, {}, NO, 0),
    "klaro, in localStorage": (KLARO_COOKIE, {}, {"klaro": klaro(ga=True, ads=False)}, ASKS, None),
    "klaro, in localStorage, none": (KLARO_COOKIE, {}, {"klaro": klaro(ga=False, ads=False)}, NO, 0),
    "klaro, other services": (KLARO_COOKIE, {"klaro": klaro(matomo=True)}, {}, ASKS, None),
    "klaro, garbage": (KLARO_COOKIE, {"klaro": "{"}, {}, ASKS, None),
    "of another manager": (KLARO_COOKIE, {"CookieConsent": cookiebot(True, True, True)}, {}, ASKS, None),
    "not told": ({}, {"CookieConsent": cookiebot(True, True, True), "klaro": klaro(ga=True)}, {}, ASKS, None),
}  # fmt: skip


def bring(context, page, cookies: dict[str, str], storage: dict[str, str]) -> None:
    for name, value in cookies.items():
        context.add_cookies([{"name": name, "value": value, "domain": SHOP, "path": "/", "secure": True}])
    if storage:
        page.goto(f"https://{SHOP}/robots.txt")
        page.evaluate("(given) => Object.assign(localStorage, given)", storage)


@pytest.mark.parametrize("form", FORMS)
def test_each_form_is_met_as_it_was_meant_at_each_view(stage, context, page, form):
    moved_from, cookies, storage, allowed, age = FORMS[form]
    stage.release(small(**({"moved_from": moved_from} if moved_from else {})))
    bring(context, page, cookies, storage)
    url = stage.page(GA + ADS)
    for _ in range(2):
        page.goto(url)
        if allowed is ASKS:
            page.wait_for_selector(ACCEPT)
        page.wait_for_function("!!fairgate._.decide")
        page.wait_for_timeout(150)
        assert page.evaluate(SHOWN) == [allowed is not ASKS, allowed or NO, allowed is ASKS]
    if allowed is ASKS:
        assert (stage.posts(), cookie(context)) == ([], "")
        return
    until(lambda: stage.posts())
    [record] = stage.posts()
    granted = [key for key, state in record["choices"]["categories"].items() if state == "granted"]
    at = time.mktime(time.strptime(record["client_time"][:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone
    assert (record["action"], granted, record["layer"], round((time.time() - at) / DAY)) == (
        "import",
        allowed,
        "api",
        age,
    )
    assert bool(record["visitor"]) == (allowed != NO)
    assert len(ran(page)) == len(set(allowed) & {"C0002", "C0004"})


@pytest.mark.parametrize(
    ("moved_from", "cookies", "storage"),
    [
        (COOKIEBOT, {"CookieConsent": cookiebot(False, True, False)}, {}),
        (USERCENTRICS, {}, {**ANSWERED, "uc_settings": settings(ga=True, ads=False)}),
        (KLARO_COOKIE, {"klaro": klaro(ga=True, ads=False)}, {}),
    ],
)
def test_what_was_added_since_the_move_is_asked_and_the_rest_stands(stage, context, page, moved_from, cookies, storage):
    new = samples.service("plausible", added_since=True)
    stage.release(small(moved_from=moved_from, services=[samples.service("google-analytics"), new]))
    bring(context, page, cookies, storage)
    url = stage.page(GA)
    for _ in range(2):
        page.goto(url)
        page.wait_for_selector(ACCEPT)
        page.wait_for_function("!!fairgate._.decide")
        assert page.evaluate(SHOWN) == [True, SOME, True]
        assert page.evaluate("fairgate.consent().services") == {"google-analytics": True, "plausible": False}
    until(lambda: stage.posts())
    [record] = stage.posts()
    assert (record["action"], record["choices"]["services"]) == (
        "import", {"google-analytics": "granted", "plausible": "not_offered"},
    )  # fmt: skip


def test_a_later_answer_stands_whatever_is_left_of_the_old_one(stage, context, page):
    stage.release(small(moved_from=KLARO_COOKIE))
    bring(context, page, {"klaro": klaro(ga=False, ads=False)}, {})
    url = stage.page(GA)
    page.goto(url)
    until(lambda: stage.posts())
    page.evaluate("fairgate.accept()")
    until(lambda: len(stage.posts()) == 2)
    for days in (1, 2):
        # Each view adds its day to those before.
        context.add_init_script(f"{{ const now = Date.now; Date.now = () => now() + {days} * {DAY * 1000} }}")
        page.goto(url)
        page.wait_for_function("!!fairgate._.decide")
        page.wait_for_timeout(150)
        assert page.evaluate(SHOWN) == [True, [*ALL, "C0005"], False]
    assert [record["action"] for record in stage.posts()] == ["import", "accept_all"]


@pytest.mark.parametrize("variant", ["us_ca", "notice"])
def test_a_no_holds_where_nothing_is_asked(stage, context, page, variant):
    stage.release(small(moved_from=COOKIEBOT), variant=variant)
    bring(context, page, {"CookieConsent": cookiebot(False, False, False)}, {})
    page.goto(stage.page(GA + ADS))
    until(lambda: stage.posts())
    assert [record["action"] for record in stage.posts()] == ["import"]
    assert page.evaluate("[fairgate.consent().answered, fairgate.consent().objected]") == [True, True]
    assert ran(page) == []


@pytest.mark.parametrize("method", ["cookie", "localStorage"])
def test_what_klaro_itself_wrote_is_read(stage, context, page, method):
    """Its own library, as its publisher ships it, on the site's page before the move."""
    stage.world.pages[(SHOP, "/klaro.js")] = (200, "text/javascript; charset=utf-8", KLARO.read_bytes())
    config = {
        "storageMethod": method, "cookieExpiresAfterDays": 90, "translations": {"zz": {"privacyPolicyUrl": "/p"}},
        "services": [{"name": "ga", "purposes": ["analytics"]}, {"name": "ads", "purposes": ["ads"]}],
    }  # fmt: skip
    stage.world.pages[(SHOP, "/before")] = (
        200,
        "text/html",
        f"<!doctype html><body><script>window.klaroConfig = {json.dumps(config)}</script>"
        '<script src="/klaro.js"></script></body>'.encode(),
    )
    page.goto(f"https://{SHOP}/before")
    page.evaluate(
        "() => { const manager = klaro.getManager(); manager.updateConsent('ga', true); manager.updateConsent('ads', false); manager.saveAndApplyConsents() }"
    )
    stage.release(small(moved_from=clean({**OF_KLARO, "days": 90})))
    page.goto(stage.page(GA))
    page.wait_for_function("!!fairgate._.decide")
    if method == "cookie":
        until(lambda: stage.posts())
        assert page.evaluate(SHOWN) == [True, SOME, False]
    else:
        page.wait_for_selector(ACCEPT)
        assert page.evaluate(SHOWN) == [False, NO, True]
