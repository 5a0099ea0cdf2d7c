"""What programs and returning visitors of a OneTrust page meet after the move (docs/reference/onetrust.md)."""

from __future__ import annotations

import json
import re
import time

import pytest

from tests import samples
from tests.browser.internet import comes_true
from tests.browser.stage import CMP, SHOP
from tests.browser.test_core import ACCEPT, GA, REJECT, context, cookie, page, ran, small, stage, until
from tests.browser.test_stub import AUTO, LOG, READY, optanon, ready, stub

__all__ = ["context", "page", "stage"]
pytestmark = pytest.mark.browser


def first_visit(stage, page, body: str = "", **site: object) -> None:
    """A page of a drop-in site, until its banner asks."""
    stage.release(small(level="drop_in", **site))
    page.goto(stage.page(body, gate=AUTO + LOG + stub()))
    page.wait_for_selector(ACCEPT)
    ready(page)


def hand_over(context, groups: str, closed: str, number: str = "") -> None:
    value = f"interactionCount=1&groups={groups.replace(':', '%3A').replace(',', '%2C')}&consentId={number}"
    for name, text in (("OptanonConsent", value), ("OptanonAlertBoxClosed", closed)):
        context.add_cookies([{"name": name, "value": text, "domain": f".{SHOP}", "path": "/", "secure": True}])


def test_an_old_answer_is_a_record_of_its_own_once(stage, context, page):
    """Said elsewhere: its time is a remark, and whoever said yes keeps their number."""
    stage.release(small(level="drop_in"))
    closed = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() - 90 * 86400))
    number = "5b2f0000-0000-4000-8000-000000000001"
    hand_over(context, "C0001:1,C0002:1,C0003:0,C0004:0", closed, number)
    url = stage.page(GA, gate=AUTO + LOG + stub())
    for _ in range(3):
        page.goto(url)
        ready(page)
        assert page.evaluate("[OnetrustActiveGroups, fairgate.consent().answered]") == [",C0001,C0002,", True]
    until(lambda: stage.posts())
    (record,) = stage.posts()
    assert (record["action"], record["client_time"], record["visitor"], record["replaces"]) == (
        "import", closed, number, None,
    )  # fmt: skip
    assert "reference" not in record
    assert record["choices"]["categories"] == {
        "C0001": "granted", "C0002": "granted", "C0003": "denied", "C0004": "denied", "C0005": "denied",
    }  # fmt: skip


def test_an_old_refusal_gives_nobody_a_number(stage, context, page):
    stage.release(small(level="drop_in"))
    closed = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() - 9 * 86400))
    number = "5b2f0000-0000-4000-8000-000000000001"
    hand_over(context, "C0001:1,C0002:0,C0003:0,C0004:0", closed, number)
    page.goto(stage.page(GA, gate=AUTO + LOG + stub()))
    ready(page)
    until(lambda: stage.posts())
    # The server keeps a keyed hash of the reference (tests/consent/answers/test_references.py).
    assert [(r["action"], r["visitor"], r["reference"]) for r in stage.posts()] == [("import", None, number)]
    assert page.locator("#onetrust-banner-sdk:visible").count() == 0


def test_a_yes_covers_what_the_earlier_banner_had_and_the_rest_asks_until_it_is_answered(stage, context, page):
    """The import names only what it covered; a no to a category is one to all in it."""
    new = [samples.service("google-ads", added_since=True), samples.service("plausible", added_since=True)]
    stage.release(small(level="drop_in", services=[samples.service("google-analytics"), *new]))
    closed = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() - 9 * 86400))
    hand_over(context, "C0001:1,C0002:1,C0003:0,C0004:0", closed)
    url = stage.page(GA, gate=AUTO + LOG + stub())
    told = "Object.fromEntries(Object.entries(fairgate.consent().services))"
    for _ in range(2):
        page.goto(url)
        page.wait_for_selector(ACCEPT)
        ready(page)
        assert page.evaluate("[OnetrustActiveGroups, OneTrust.IsAlertBoxClosed()]") == [",C0001,C0002,", False]
        assert page.evaluate(told) == {"google-analytics": True, "google-ads": False, "plausible": False}
        assert len(ran(page)) == 1
    until(lambda: stage.posts())
    page.click(ACCEPT)
    until(lambda: len(stage.posts()) == 2)
    imported, answer = stage.posts()
    assert (imported["action"], imported["choices"]["services"]) == (
        "import", {"google-analytics": "granted", "google-ads": "denied", "plausible": "not_offered"},
    )  # fmt: skip
    assert (answer["action"], answer["replaces"]) == ("accept_all", imported["id"])
    page.goto(url)
    ready(page)
    assert page.evaluate("[fairgate._.ask, OneTrust.IsAlertBoxClosed()]") == [False, True]


@pytest.mark.parametrize("groups", ["C0001:1,C0002:1,C0003:1,C0004:1", "C0001:1,C0002:1,C0003:0,C0004:0"])
def test_an_old_yes_that_is_older_than_the_law_lets_it_live_asks_at_every_view(stage, context, page, groups):
    stage.release(small(level="drop_in"))
    closed = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() - 800 * 86400))
    hand_over(context, groups, closed)
    url = stage.page(GA, gate=AUTO + LOG + stub())
    for _ in range(3):
        page.goto(url)
        page.wait_for_selector(ACCEPT)
        ready(page)
        assert page.evaluate("[OnetrustActiveGroups, OneTrust.IsAlertBoxClosed(), fairgate.consent().answered]") == [
            ",C0001,", False, False,
        ]  # fmt: skip
        assert ran(page) == []
    assert (stage.posts(), cookie(context)) == ([], "")


@pytest.mark.parametrize("variant", ["us_optout", "us_ca", "notice"])
def test_before_an_answer_the_cookie_says_what_runs_where_something_runs(stage, context, page, variant):
    stage.release(small(level="drop_in"), variant=variant)
    url = stage.page(GA, gate=AUTO + LOG + stub())
    for _ in range(2):
        page.goto(url)
        ready(page)
        fields = optanon(context)
        assert (fields["groups"], fields["interactionCount"], "consentId" in fields, fields["AwaitingReconsent"]) == (
            "C0001:1,C0002:1,C0003:1,C0004:1,C0005:1", "0", False, "false",
        )  # fmt: skip
        assert (fields["browserGpcFlag"], cookie(context, "OptanonAlertBoxClosed")) == ("0", "")
        assert page.evaluate("[OneTrust.IsAlertBoxClosed(), fairgate.consent().answered]") == [False, False]
    page.evaluate("OneTrust.AllowAll()")
    until(lambda: cookie(context, "OptanonAlertBoxClosed"))
    fields = optanon(context)
    assert (fields["interactionCount"], len(fields["consentId"])) == ("1", 36)


ALL_ON, SOLD_OFF = "C0001:1,C0002:1,C0003:1,C0004:1,C0005:1", "C0001:1,C0002:0,C0003:1,C0004:0,C0005:1"


def test_what_is_pressed_under_the_signal_is_told_as_what_was_pressed(stage, context, page):
    context.add_init_script("Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})")
    stage.release(small(level="drop_in"), variant="us_ca")
    page.goto(stage.page(gate=AUTO + LOG + stub()))
    ready(page)
    assert (optanon(context)["isGpcEnabled"], optanon(context)["browserGpcFlag"]) == ("1", "1")
    page.evaluate("OneTrust.AllowAll()")
    assert optanon(context)["intType"] == "1"


def test_a_signal_that_comes_later_is_told_as_a_change_of_the_signal(stage, context, page):
    """In the cookie, also where the law asks for no such signal; what was answered stays."""
    for variant, before, after in (
        ("us_ca", ALL_ON, SOLD_OFF),
        ("eu_opt_in", "C0001:1,C0002:0,C0003:0,C0004:0,C0005:0", None),
    ):
        context.clear_cookies()
        stage.release(small(level="drop_in"), variant=variant)
        url = stage.page(gate=AUTO + LOG + stub())
        page.goto(url)
        ready(page)
        if variant == "eu_opt_in":
            page.evaluate("OneTrust.RejectAll()")
        fields = optanon(context)
        assert (fields["browserGpcFlag"], fields.get("intType"), fields["groups"]) == (
            "0", "2" if variant == "eu_opt_in" else None, before,
        )  # fmt: skip
        with_signal = page.context.new_page()
        with_signal.add_init_script(
            "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})"
        )
        with_signal.goto(url)
        ready(with_signal)
        fields = optanon(context)
        assert (fields["browserGpcFlag"], fields["intType"], fields["groups"]) == ("1", "7", after or before)
        with_signal.close()


def test_a_number_said_before_an_answer_is_kept_with_the_answer(stage, context, page):
    first_visit(stage, page)
    page.evaluate(
        "OneTrust.setDataSubjectId('person 7', false, 'Crm'); OneTrust.setDataSubjectId(null); OneTrust.setDataSubjectId(' ')"
    )
    assert page.evaluate("OneTrust.getDataSubjectId()") == "person7"
    assert context.cookies() == []
    page.click(ACCEPT)
    until(lambda: cookie(context, "OptanonConsent"))
    fields = optanon(context)
    assert [fields[name] for name in ("consentId", "isAnonUser", "identifierType")] == ["person7", "0", "Crm"]


def test_the_banner_and_the_preferences_are_hidden_never_missing(stage, context, page):
    first_visit(stage, page)
    page.evaluate("window.banner = document.querySelector('#onetrust-banner-sdk')")
    assert page.evaluate("getComputedStyle(document.querySelector('#onetrust-pc-sdk')).display") == "none"
    page.click(REJECT)
    page.wait_for_function("getComputedStyle(banner).display === 'none'")
    assert page.evaluate("[banner.isConnected, banner.classList.contains('ot-hide')]") == [True, True]
    for _ in range(2):
        page.evaluate("OneTrust.ToggleInfoDisplay()")
        page.wait_for_selector("#onetrust-pc-sdk", state="visible")
        page.click("#close-pc-btn-handler")
        page.wait_for_selector("#onetrust-pc-sdk", state="hidden")
        assert [page.locator(f"#{name}").count() for name in ("onetrust-banner-sdk", "onetrust-pc-sdk")] == [1, 1]
    page.evaluate("fairgate.show()")
    page.wait_for_selector(ACCEPT)
    assert page.locator("#onetrust-banner-sdk").count() == 1


def test_inserted_scripts_stand_where_the_page_says_and_call_back(stage, page):
    first_visit(stage, page, '<div id="box"></div>')
    where = {"'head'": "head", "'#box'": "box", "'box'": "box", "''": "head", "null": "head", "undefined": "head"}
    for number, selector in enumerate(where):
        url = f"https://widgets.example.org/{number}.js"
        page.evaluate(
            f"OneTrust.InsertScript('{url}', {selector}, () => {{ window.called{number} = true }}, null, 'C0001')"
        )
    comes_true(page, " && ".join(f"window.called{number}" for number in range(len(where))))
    parents = "[...document.querySelectorAll('script[src*=\"widgets.example\"]')].map((one) => [one.src, one.parentNode.id || 'head'])"
    assert dict(page.evaluate(parents)) == {
        f"https://widgets.example.org/{number}.js": home for number, home in enumerate(where.values())
    }


def test_the_language_is_changed_to_the_nearest(stage, page):
    first_visit(stage, page, languages=("en", "de"))
    for asked, language in (("de-AT", "de"), ("en_GB", "en"), ("DE", "de"), ("en", "en"), ("de", "de")):
        page.evaluate(f"OneTrust.changeLanguage({json.dumps(asked)})")
        data = page.evaluate("[fairgate.language, OneTrust.GetDomainData().Language.Culture]")
        assert (asked, data) == (asked, [language, language])
    for none in ("tlh", 7):
        page.evaluate(f"OneTrust.changeLanguage({json.dumps(none)})")
        assert page.evaluate("fairgate.language") == "de"


ANALYTICS = "dataLayer.filter((one) => one[1] === 'trackOptanonEvent').map((one) => one[2].optanonAction)"


def test_analytics_hear_of_a_press_once_they_may(stage, context, page):
    first_visit(stage, page)
    page.evaluate("OneTrust.ToggleInfoDisplay()")
    page.click(".ot-pc-refuse-all-handler")
    assert page.evaluate(ANALYTICS) == []
    page.evaluate("OneTrust.AllowAll()")
    assert page.evaluate(ANALYTICS) == ["Banner Accept Cookies"]
    page.evaluate("OneTrust.ToggleInfoDisplay()")
    page.click(".save-preference-btn-handler")
    assert page.evaluate(ANALYTICS) == [
        "Banner Accept Cookies", "Preference Center Opened From Function", "Preferences Save Settings",
    ]  # fmt: skip


def test_the_domain_data_is_whole_and_the_same_from_the_first_call(stage, page):
    stage.release(small(level="drop_in"))
    page.goto(stage.page(gate=AUTO + LOG + stub()))
    first = page.wait_for_function("window.OneTrust?.GetDomainData && OneTrust.GetDomainData()").json_value()
    ready(page)
    page.wait_for_timeout(500)
    again = page.evaluate("OneTrust.GetDomainData()")
    assert first == {**again, "IsBannerLoaded": first["IsBannerLoaded"]}
    groups = {group["CustomGroupId"]: group for group in again["Groups"]}
    assert {key: group["GroupName"] for key, group in groups.items()} == {
        "C0001": "Strictly necessary", "C0002": "Performance", "C0003": "Functional", "C0004": "Targeting",
        "C0005": "Social media",
    }  # fmt: skip
    host = next(one for one in groups["C0002"]["Hosts"] if one["HostId"] == "google-analytics")
    assert (host["HostId"], host["DisplayName"]) == ("google-analytics", "Google Analytics")
    assert {cookie["Name"] for cookie in groups["C0002"]["FirstPartyCookies"]} >= {"_ga"}
    assert {cookie["Host"] for cookie in groups["C0002"]["FirstPartyCookies"]} == {SHOP}
    assert [groups["C0002"][name] for name in ("GeneralVendorsIds", "VendorServices", "SubGroups")] == [[], [], []]
    payload = again["ConsentIntegrationData"]["consentPayload"]
    assert payload["purposes"] == [
        {"Id": key, "TransactionType": "NO_CHOICE" if key == "C0001" else "NOTGIVEN"} for key in groups
    ]
    assert (payload["identifier"], payload["customPayload"]) == ("", {"Interaction": 0, "AddDefaultInteraction": False})
    page.evaluate("OneTrust.UpdateConsent('Category', 'C0002:1')")
    payload = page.evaluate("OneTrust.GetDomainData().ConsentIntegrationData.consentPayload")
    assert [one["TransactionType"] for one in payload["purposes"]] == [
        "NO_CHOICE", "CONFIRMED", "OPT_OUT", "OPT_OUT", "OPT_OUT",
    ]  # fmt: skip
    assert (len(payload["identifier"]), payload["customPayload"]["Interaction"]) == (36, 1)


@pytest.mark.parametrize("tag", ["/consent/{}.js", "/langswitch/{}.js"])
def test_older_tags_have_the_id_in_their_name(stage, page, tag):
    stage.release(small(level="drop_in"))
    path = tag.format(samples.SITE_UUID)
    stage.world.pages[(CMP, path)] = stage.world.pages[(CMP, "/scripttemplates/otSDKStub.js")]
    page.goto(stage.page(GA, gate=f'{LOG}<script src="https://{CMP}{path}"></script>'))
    page.wait_for_selector(ACCEPT)
    ready(page)
    assert page.evaluate("OneTrust.GetDomainData().cctId") == samples.SITE_UUID


def test_the_page_reads_the_visitors_country(stage, page):
    stage.release(small(level="drop_in"))
    stage.world.extra_headers[CMP] |= {"Server-Timing": 'place;desc="CA-QC"', "Timing-Allow-Origin": "*"}
    page.goto(stage.page(gate=AUTO + LOG + stub()))
    page.wait_for_selector(ACCEPT)
    ready(page)
    place = {"country": "CA", "state": "QC", "stateName": ""}
    assert page.evaluate("[OneTrust.getGeolocationData(), otStubData.userLocation]") == [place, place]


NOW = time.time()


def at(days: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(NOW - days * 86400))


def stamp(days: float) -> str:
    return time.strftime("%a+%b+%d+%Y+%H%%3A%M%%3A%S+GMT%%2B0000", time.gmtime(NOW - days * 86400))


SOME = "C0001%3A1%2CC0002%3A1%2CC0003%3A0%2CC0004%3A0"
# Form → the cookies of a visitor who has allowed C0002 alone, twenty days ago, or None: it is no answer. Synthetic, in the
# forms that docs/reference/onetrust.md names.
FORMS: dict[str, tuple[list[tuple[str, str, str]], bool]] = {
    "of 2019": ([("OptanonConsent", f"isIABGlobal=false&datestamp={stamp(20)}&version=5.8.0&landingPath=NotLandingPage&groups={SOME}&hosts=", "."), ("OptanonAlertBoxClosed", at(20), ".")], True),
    "of 2022": ([("OptanonConsent", f"isIABGlobal=false&datestamp={stamp(20)}&version=6.38.0&consentId=5b2f0000-0000-4000-8000-000000000001&interactionCount=1&landingPath=NotLandingPage&groups={SOME}&hosts=H1%3A1&geolocation=DE%3BBE", "."), ("OptanonAlertBoxClosed", at(20), ".")], True),
    "of 2023": ([("OptanonConsent", f"isGpcEnabled=0&datestamp={stamp(20)}&version=202306.2.0&browserGpcFlag=0&consentId=5b2f0000-0000-4000-8000-000000000001&interactionCount=2&groups={SOME}", "."), ("OptanonAlertBoxClosed", at(20), ".")], True),
    "of 2025": ([("OptanonConsent", f"isGpcEnabled=0&datestamp={stamp(20)}&version=202504.1.0&browserGpcFlag=0&isIABGlobal=false&hosts=&genVendors=V9%3A0%2C&consentId=5b2f0000-0000-4000-8000-000000000001&interactionCount=1&isAnonUser=1&prevHadToken=0&landingPath=NotLandingPage&groups={SOME}&crTime=1764000000000&intType=6&AwaitingReconsent=false", "."), ("OptanonAlertBoxClosed", at(20), ".")], True),
    "groups first": ([("OptanonConsent", f"groups={SOME}&interactionCount=1", "."), ("OptanonAlertBoxClosed", at(20), ".")], True),
    "not encoded": ([("OptanonConsent", "groups=C0001:1,C0002:1,C0003:0,C0004:0&interactionCount=1", "."), ("OptanonAlertBoxClosed", at(20), ".")], True),
    "encoded twice": ([("OptanonConsent", f"groups={SOME.replace('%', '%25')}&interactionCount=1", "."), ("OptanonAlertBoxClosed", at(20), ".")], True),
    "encoded as a whole": ([("OptanonConsent", f"groups%3D{SOME.replace('%', '%25')}%26interactionCount%3D1", "."), ("OptanonAlertBoxClosed", at(20), ".")], True),
    "its time encoded": ([("OptanonConsent", f"groups={SOME}", "."), ("OptanonAlertBoxClosed", at(20).replace(":", "%3A"), ".")], True),
    "consentId empty": ([("OptanonConsent", f"consentId=&groups={SOME}&interactionCount=1", "."), ("OptanonAlertBoxClosed", at(20), ".")], True),
    "consentId no UUID": ([("OptanonConsent", f"consentId=user%40example&groups={SOME}&isAnonUser=0", "."), ("OptanonAlertBoxClosed", at(20), ".")], True),
    "names with a mark": ([("OptanonConsent_3f9a", f"groups={SOME}&interactionCount=1", "."), ("OptanonAlertBoxClosed_3f9a", at(20), ".")], True),
    "on the host": ([("OptanonConsent", f"groups={SOME}&interactionCount=1", ""), ("OptanonAlertBoxClosed", at(20), "")], True),
    "twins, the host's older": ([("OptanonConsent", f"datestamp={stamp(90)}&groups={SOME.replace('C0002%3A1', 'C0002%3A0')}", ""), ("OptanonConsent", f"datestamp={stamp(20)}&groups={SOME}", "."), ("OptanonAlertBoxClosed", at(90), ""), ("OptanonAlertBoxClosed", at(20), ".")], True),
    "twins, the domain's older": ([("OptanonConsent", f"datestamp={stamp(20)}&groups={SOME}", ""), ("OptanonConsent", f"datestamp={stamp(90)}&groups={SOME.replace('C0002%3A1', 'C0002%3A0')}", "."), ("OptanonAlertBoxClosed", at(20), ""), ("OptanonAlertBoxClosed", at(90), ".")], True),
    "bundles and vendors": ([("OptanonConsent", f"groups={SOME}%2CSPD_BG%3A1%2CBG71%3A0%2CSTACK42%3A1&genVendors=V9%3A0%2C&vs=VS1%3A1", "."), ("OptanonAlertBoxClosed", at(20), ".")], True),
    "not answered": ([("OptanonConsent", f"interactionCount=0&landingPath=https%3A%2F%2Fshop.example%2F&groups={SOME}", ".")], False),
    "waits for a new answer": ([("OptanonConsent", f"interactionCount=1&groups={SOME}&AwaitingReconsent=true", "."), ("OptanonAlertBoxClosed", at(20), ".")], False),
    "other numbers": ([("OptanonConsent", "interactionCount=1&groups=1%3A1%2C2%3A1%2C3%3A0", "."), ("OptanonAlertBoxClosed", at(20), ".")], False),
    "no groups": ([("OptanonConsent", "interactionCount=1&groups=", "."), ("OptanonAlertBoxClosed", at(20), ".")], False),
    "the mark alone": ([("OptanonAlertBoxClosed", at(20), ".")], False),
    "no date": ([("OptanonConsent", f"interactionCount=1&groups={SOME}", "."), ("OptanonAlertBoxClosed", "yesterday", ".")], False),
}  # fmt: skip
STATES = ("fresh", "lapsed", "opted out", "GPC", "GPC in California")
# What a page and its readers see of the visitor.
SEEN = """() => [
  !!document.querySelector('#onetrust-banner-sdk')?.checkVisibility(),
  OnetrustActiveGroups.split(',').filter(Boolean),
  /(^|; )fairgate_\\w+=v=2/.test(document.cookie),
  document.cookie.split('; ').filter((pair) => pair.startsWith('OptanonConsent=')).map(decodeURIComponent).pop(),
]"""


def changed(cookies: list[tuple[str, str, str]], state: str) -> list[tuple[str, str, str]]:
    """The same visitor in another state: years ago, or with nothing allowed."""
    for old, new in {"lapsed": ((at(20), at(820)), (at(90), at(890))), "opted out": (("C0002%3A1", "C0002%3A0"),
                     ("C0002:1", "C0002:0"), ("C0002%253A1", "C0002%253A0"))}.get(state, ()):  # fmt: skip
        cookies = [(name, value.replace(old, new).replace(old.replace(":", "%3A"), new.replace(":", "%3A")), host)
                   for name, value, host in cookies]  # fmt: skip
    return cookies


def meant(is_answer: bool, state: str) -> tuple[bool, list[str], list[str], bool]:
    """Asked or not, the groups, the records, whether there is a state cookie."""
    some = ["C0001"] if state == "opted out" else ["C0001", "C0002"]
    if state == "GPC in California":  # what is sold is off, analytics too; what nobody asked about runs
        return (
            (False, ["C0001", "C0005"], ["import"], True)
            if is_answer
            else (True, ["C0001", "C0003", "C0005"], ["gpc"], False)
        )
    counts = is_answer and state != "lapsed"
    return not counts, some if counts else ["C0001"], ["import"] if counts else [], counts


def granted(choices: dict[str, str]) -> list[str]:
    return [key for key, state in choices.items() if state == "granted"]


def hosts_of_forms() -> dict[str, str]:
    return {form: f"f{number}.{SHOP}" for number, form in enumerate(FORMS)}


def visit_all(stage, tabs, query: str) -> dict[str, list]:
    """A view of each form's host, all at once; what is seen there."""
    for form, host in hosts_of_forms().items():
        tabs[form].goto(stage.page(gate=AUTO + LOG + stub(), host=host, path=f"/{query}"), wait_until="commit")
    for form in FORMS:
        comes_true(tabs[form], READY)
    tabs[form].wait_for_timeout(150)
    return {form: tabs[form].evaluate(SEEN) for form in FORMS}


def test_every_form_of_an_old_cookie(stage, context):
    """Asked or not, the groups, the record, the cookies: on the first view and on the one after. Each form has a host."""
    context.add_init_script(
        "if (location.search === '?gpc') Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})"
    )
    tabs = {form: context.new_page() for form in FORMS}
    wrong = {}
    for state in STATES:
        hosts = tuple(hosts_of_forms().values())
        stage.release(small(level="drop_in", hosts=hosts), variant="us_ca" if "California" in state else "eu_opt_in")
        context.clear_cookies()
        stage.world.asked.clear()
        for form, (cookies, _) in FORMS.items():
            given = [(name, value, f"{dot}{hosts_of_forms()[form]}") for name, value, dot in changed(cookies, state)]
            context.add_cookies(
                [{"name": n, "value": v, "domain": domain, "path": "/", "secure": True} for n, v, domain in given]
            )
        for view in ("first", "second") if state in ("fresh", "lapsed") else ("first",):
            seen = visit_all(stage, tabs, "?gpc" if "GPC" in state else "")
            for form, (asked, groups, state_cookie, kept) in seen.items():
                posts = [post for post in stage.posts() if post["page"] == hosts_of_forms()[form]]
                actions = [post["action"] for post in posts]
                found, expected = (asked, groups, actions, state_cookie), meant(FORMS[form][1], state)
                # The record and the cookie say the same as the page is told.
                said = [granted(post["choices"]["categories"]) for post in posts]
                said += [re.findall(r"\b(C000\d):1", kept)] if state_cookie else []
                if found != expected or any(one != groups for one in said):
                    wrong[form, state, view] = (found, said, expected)
                if form == "bundles and vendors" and "V9:0" not in kept:
                    wrong[form, state, view] = kept
    assert wrong == {}


def test_what_is_tried_out_on_the_testing_script_says_so_on_any_host(stage, context, page):
    """Answers are marked, no banner is counted, cookies are of that host alone."""
    stage.release(small(level="drop_in"))
    id = f"{samples.SITE_UUID}-test"
    stub_tag = f'<script src="https://{CMP}/scripttemplates/otSDKStub.js" data-domain-script="{id}"></script>'
    auto = f'<script src="https://{CMP}/consent/{id}/OtAutoBlock.js"></script>'
    page.goto(stage.page(GA, gate=auto + LOG + stub_tag, host="staging.other.example"))
    page.wait_for_selector(ACCEPT)
    page.click(ACCEPT)
    until(lambda: stage.posts())
    page.evaluate("fairgate.withdraw()")
    until(lambda: len(stage.posts()) == 2)
    assert [(post["action"], post["test"]) for post in stage.posts()] == [("accept_all", True), ("withdraw", True)]
    assert stage.posts("impressions") == []
    assert {cookie["domain"] for cookie in context.cookies()} == {"staging.other.example"}
    page.goto(stage.page(GA, gate=AUTO + LOG + stub()))
    page.click(ACCEPT)
    until(lambda: len(stage.posts()) == 3)
    assert "test" not in stage.posts()[2]
