"""The right law for every visitor, in Chromium: what runs, shows, is signalled and recorded in a dozen places."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any

import pytest

from consent.catalogue.actions import add_service
from consent.ledger.models import ConsentRecord
from consent.publishing.tags import cookie_name
from consent.stats import queries as stats
from cookiebanner.releases.publish import publish
from cookiebanner.visitors.counts import counters
from cookiebanner.visitors.first_party import named, parse
from tests.browser.regimes import GTM, KINDS, OURS, SHOP, layer, open_shop, ran, visit, visitor
from tests.values import present

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ALL = set(KINDS)
UNSOLD = {"chat", "stats", "counted"}
# place: (regime, jurisdiction, what runs before an answer, what runs before an answer with GPC), from the law's text
PLACES = {
    "DE": ("eu_opt_in", "DE", set(), set()),
    "FR": ("eu_opt_in", "FR", set(), set()),
    "GB": ("uk_pecr", "GB", {"counted"}, {"counted"}),
    "CH": ("ch", "CH", UNSOLD, UNSOLD),
    "US-CA": ("us_ca", "US-CA", ALL, ALL - {"ads", "sale"}),
    "US-TX": ("us_optout_gpc", "US-TX", ALL - {"health"}, UNSOLD),
    "US-VA": ("us_optout", "US-VA", ALL - {"health"}, UNSOLD),
    "CA-QC": ("ca_qc", "CA-QC", set(), set()),
    "BR": ("opt_in_generic", "BR", set(), set()),
    "JP": ("jp_notice", "JP", ALL - {"health"}, UNSOLD),
    "": ("eu_opt_in", "*", set(), set()),
    "US": ("us_optout_gpc", "US", ALL - {"health"}, UNSOLD),
}


@pytest.fixture
def world(world, settings):
    settings.FAIRGATE_TRUSTED_PROXIES = [ip_network("127.0.0.1/32")]
    settings.FAIRGATE_COUNTRY_HEADERS = []
    settings.MMDB = ""
    return world


def say(page, action: str) -> None:
    """An answer, and its record stored."""
    page.evaluate(f"() => new Promise(done => {{ fairgate.on('stored', () => done(0)); fairgate.{action}() }})")
    page.wait_for_timeout(250)


def banner(page) -> bool:
    return page.locator("#onetrust-banner-sdk").is_visible()


@pytest.mark.long
def test_what_runs_in_every_place_with_every_answer(world, chromium, live_server):
    open_shop(world, live_server.url)
    seen: dict[str, dict[str, Any]] = {}
    expected: dict[str, dict[str, Any]] = {}
    for place, (_, _, before, with_gpc) in PLACES.items():
        expected[place] = {"none": before, "accept": ALL, "reject": set(), "gpc": with_gpc}
        seen[place] = {}
        with visitor(chromium, world, place) as page:
            seen[place]["none"] = ran(page)
            say(page, "accept")
            visit(page)
            seen[place]["accept"] = ran(page)
            say(page, "reject")
            visit(page)
            seen[place]["reject"] = ran(page)
        with visitor(chromium, world, place, gpc=True) as page:
            seen[place]["gpc"] = ran(page)
    assert seen == expected


def test_nothing_is_asked_of_a_held_vendor(world, chromium, live_server):
    open_shop(world, live_server.url)
    with visitor(chromium, world, "DE"):
        assert world.requests_to("vendor.test") == []
    with visitor(chromium, world, "US-TX", gpc=True):
        hosts = {url.split("/")[2].split(".")[0] for url in world.requests_to("vendor.test")}
        assert hosts == UNSOLD


def test_what_shows(world, chromium, live_server):
    open_shop(world, live_server.url)
    titles = ("Your Privacy Choices", "Limit the Use of My Sensitive Personal Information", "Your Opt-Out Rights")
    seen = {}
    for place in (*PLACES, "IT", "US-CO"):
        with visitor(chromium, world, place) as page:
            page.locator("#onetrust-banner-sdk").wait_for()
            text = page.locator("#onetrust-consent-sdk").inner_text()
            shown = {name for name, id in (("accept", "accept-btn-handler"), ("reject", "reject-all-handler"),
                     ("manage", "pc-btn-handler")) if page.locator(f"#onetrust-{id}").is_visible()}  # fmt: skip
            seen[place] = (shown, [title for title in titles if title in text])
            if place == "IT":
                page.locator("#onetrust-banner-sdk .onetrust-close-btn-handler").first.click()
                page.wait_for_timeout(300)
                assert (banner(page), ran(page)) == (False, set())
            if place == "DE":
                assert page.locator(f"#onetrust-banner-sdk a[href='https://{SHOP}/imprint']").is_visible()
    three, california = {"accept", "reject", "manage"}, list(titles[:2])
    assert seen == {
        "DE": (three, []), "FR": (three, []), "GB": (three, []), "CH": (three, []), "CA-QC": (three, []),
        "BR": (three, []), "": (three, []), "IT": (three, []), "US-CA": (three, california), "US": (three, california),
        "US-TX": (three, []), "US-VA": (three, []), "US-CO": (three, [titles[2]]), "JP": ({"accept", "manage"}, []),
    }  # fmt: skip


def test_the_signal_s_status_is_shown_in_california(world, chromium, live_server):
    open_shop(world, live_server.url)
    honoured = {}
    for place in ("US-CA", "US", "US-TX"):
        with visitor(chromium, world, place, gpc=True) as page:
            page.wait_for_timeout(500)
            honoured[place] = "Opt-Out Request Honored" in page.locator("html").inner_text()
    with visitor(chromium, world, "US-CA") as page:
        honoured["US-CA without the signal"] = "Opt-Out Request Honored" in page.locator("html").inner_text()
    assert honoured == {"US-CA": True, "US": True, "US-TX": False, "US-CA without the signal": False}


def test_the_record_says_where_why_and_what_was_signalled(world, chromium, live_server):
    site = open_shop(world, live_server.url, gtm=True, head=GTM)
    for place in PLACES:
        with visitor(chromium, world, place) as page:
            say(page, "reject")
    rows = ConsentRecord.objects.filter(site_id=site.pk, type="consent").order_by("index")
    payloads = [json.loads(present(row.payload)) for row in rows]
    assert [(row.regime, row.jurisdiction, row.visitor) for row in rows] == [
        (regime, jurisdiction, None) for regime, jurisdiction, _, _ in PLACES.values()
    ]
    assert [payload["jurisdiction_by"] for payload in payloads] == ["header"] * 10 + ["fallback", "header"]
    assert {payload["regime_agrees"] for payload in payloads} == {True}
    told = {json.dumps(payload["signals"]["vendors"]["google"], sort_keys=True) for payload in payloads}
    denied = ("ad_personalization", "ad_storage", "ad_user_data", "analytics_storage", "functionality_storage",
              "personalization_storage")  # fmt: skip
    assert told == {json.dumps(dict.fromkeys(denied, "denied") | {"security_storage": "granted"}, sort_keys=True)}


def test_a_signal_is_recorded_once_and_without_a_visitor(world, chromium, live_server):
    site = open_shop(world, live_server.url)
    rows = ConsentRecord.objects.filter(site_id=site.pk, type="consent")
    with visitor(chromium, world, "US-TX", gpc=True) as page:
        for _ in range(20):
            if rows.count():
                break
            page.wait_for_timeout(250)
        visit(page)
        page.wait_for_timeout(1500)
        assert page.context.cookies() == [] or not [
            c for c in page.context.cookies() if c["name"].startswith("fairgate")
        ]
    [row] = rows
    payload = json.loads(present(row.payload))
    assert (row.action, row.visitor, row.regime, row.jurisdiction) == ("gpc", None, "us_optout_gpc", "US-TX")
    assert payload["gpc"] is True
    assert payload["choices"]["services"] == {
        "ads": "denied", "sale": "denied", "health": "denied", "chat": "granted", "stats": "granted",
        "counted": "granted",
    }  # fmt: skip


def test_the_signal_makes_no_record_per_page_view_and_is_a_share(world, chromium, live_server):
    """From 2027 on every browser offers it (AB 566): a visitor who reads on must not fill the log."""
    site = open_shop(world, live_server.url)
    rows = ConsentRecord.objects.filter(site_id=site.pk, type="consent")
    with visitor(chromium, world, "US-CA", gpc=True) as page:
        for _ in range(20):
            if rows.count():
                break
            page.wait_for_timeout(250)
        for _ in range(4):
            visit(page)
            page.wait_for_timeout(300)
        page.wait_for_timeout(1000)
    with visitor(chromium, world, "US-CA") as page:
        page.wait_for_timeout(1000)
    assert [row.action for row in rows] == ["gpc"]
    counters.flush()
    today = datetime.now(UTC).date()
    found = stats.circumstances(site.pk, today - timedelta(days=1), today)
    assert (found.gpc_banners, found.banners) == (5, 6)
    assert stats.gpc_share(site.pk, today - timedelta(days=1), today) == 5 / 6


def consent_mode(page) -> list:
    """The consent commands and the container's own event in order: ("default", ad_storage), …, "gtm"."""
    found: list[Any] = []
    for entry in layer(page):
        if isinstance(entry, list) and entry[0] == "consent":
            found.append((entry[1], entry[2]["ad_storage"], entry[2]["analytics_storage"]))
        elif isinstance(entry, dict) and entry.get("event") == "gtm.js":
            found.append("gtm")
    return found


def test_consent_mode_speaks_before_the_container_and_once_an_answer(world, chromium, live_server):
    def gtm(asked):
        if asked.host == "www.googletagmanager.com":
            return 200, "text/javascript", b"window.dataLayer.push({event: 'gtm.js'});"
        return 200, "text/javascript", f"(window.__ran = window.__ran || []).push('{asked.host}');".encode()

    world.tracker = gtm
    open_shop(world, live_server.url, gtm=True, head=GTM)
    denied, granted = ("denied", "denied"), ("granted", "granted")
    with visitor(chromium, world, "DE") as page:
        first = consent_mode(page)
        assert set(first) == {("default", *denied)}
        assert world.requests_to("googletagmanager.com") == []
        say(page, "accept")
        page.wait_for_timeout(500)
        assert consent_mode(page) == [*first, ("update", *granted), "gtm"]
        visit(page)
        page.wait_for_timeout(500)
        assert consent_mode(page) == [*first, ("update", *granted), "gtm"]
        say(page, "reject")
        assert consent_mode(page) == [*first, ("update", *granted), "gtm", ("update", *denied)]
    with visitor(chromium, world, "US-CA", gpc=True) as page:
        page.wait_for_timeout(500)
        seen = consent_mode(page)
        assert (set(seen[:-1]), seen[-1]) == ({("default", "denied", "granted")}, "gtm")
        commands = [entry for entry in layer(page) if isinstance(entry, list) and entry[0] == "consent"]
        assert ["US-CA"] in [entry[2].get("region") for entry in commands]


def test_lifetimes_and_asking_again(world, chromium, live_server):
    """Place, answer, days later → is the banner shown (None: either way), what runs."""
    open_shop(world, live_server.url)
    expected = {
        ("DE", "accept", 179): (False, ALL),
        ("DE", "accept", 181): (True, set()),
        ("DE", "reject", 179): (False, set()),
        ("DE", "reject", 181): (True, set()),
        ("GB", "reject", 181): (None, set()),  # whether asked again or not, the objection to statistics stands
        ("US-CA", "reject", 364): (False, set()),
        ("US-CA", "reject", 399): (False, set()),
        ("US-TX", "accept", 300): (False, ALL),
        ("US-TX", "accept", 366): (None, ALL - {"health"}),
    }
    seen = {}
    for (place, action, days), (asked, _) in expected.items():
        with visitor(chromium, world, place) as page:
            say(page, action)
            cookies = page.context.cookies()
        with visitor(chromium, world, place, days=days, cookies=cookies) as page:
            page.wait_for_timeout(500)
            seen[place, action, days] = (None if asked is None else banner(page), ran(page))
    assert seen == expected


def test_a_new_vendor_in_an_answered_category_asks_again_and_waits_and_a_new_word_does_not(
    world, chromium, live_server
):
    site = open_shop(world, live_server.url)
    with visitor(chromium, world, "DE") as page:
        say(page, "accept")
        site.name = "Shop, renamed"
        site.save()
        publish(site, "test")
        visit(page)
        assert (banner(page), ran(page)) == (False, ALL)
        add_service(site, "test", name="late", category="C0004", patterns=["late.vendor.test"], targeted_ads=True)
        publish(site, "test")
        visit(page)
        page.wait_for_timeout(300)
        assert (banner(page), ran(page)) == (True, ALL)
        assert page.evaluate("fairgate.consent().services.late") is False


def test_on_a_site_for_children_advertising_stays_off_whatever_is_answered(world, chromium, live_server):
    open_shop(world, live_server.url, child_directed=True)
    off = {"ads", "sale"}
    for place in ("US-TX", "US-NY", "DE"):
        with visitor(chromium, world, place) as page:
            assert ran(page) & off == set()
            say(page, "accept")
            visit(page)
            assert ran(page) & off == set()


def test_the_first_party_endpoint_gets_a_state_that_it_accepts(world, chromium, live_server):
    site = open_shop(world, live_server.url, first_party_endpoint=True)
    with visitor(chromium, world, "US-CA") as page:
        say(page, "reject")
        page.wait_for_timeout(300)
    posted = [asked for asked in world.asked if asked.host == SHOP and asked.method == "POST"]
    assert {asked.path for asked in posted} <= {"/.well-known/fairgate/", "/.well-known/fairgate/state"}
    name, state = named(posted[-1].body)
    assert name == cookie_name(str(site.uuid))
    fields = parse(state)
    assert (present(fields)["g"], present(fields)["x"], posted[-1].headers["origin"]) == (
        "us_ca",
        "1",
        f"https://{SHOP}",
    )
    assert OURS in {asked.host for asked in world.asked}
