"""A browser's signal that was added as a row: what the gate holds and shows, and what record it makes."""

from __future__ import annotations

import json
from ipaddress import ip_network

import pytest

from consent.ledger.models import ConsentRecord
from tests.browser.regimes import KINDS, open_shop, ran, visit, visitor
from tests.signals import KEY, NAME, add
from tests.values import present

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
BEFORE = set(KINDS) - {"health"}  # of a visitor in Texas
MEASURING = {"stats", "counted"}


@pytest.fixture
def shop(world, settings, live_server, monkeypatch):
    settings.FAIRGATE_TRUSTED_PROXIES = [ip_network("127.0.0.1/32")]
    settings.FAIRGATE_COUNTRY_HEADERS = []
    settings.MMDB = ""
    add(monkeypatch)
    return open_shop(world, live_server.url)


def send(page, value: str) -> None:
    """From the next page on, this browser's property says so."""
    page.context.add_init_script(
        f"Object.defineProperty(Navigator.prototype, '{KEY}', {{get: () => {value}, configurable: true}})"
    )
    visit(page)


def records(site, page, number: int) -> list[ConsentRecord]:
    rows = ConsentRecord.objects.filter(site_id=site.pk, type="consent").order_by("index")
    for _ in range(20):
        if rows.count() >= number:
            break
        page.wait_for_timeout(250)
    return list(rows)


def test_it_is_held_to_recorded_once_and_said_in_words(shop, world, chromium):
    with visitor(chromium, world, "US-TX") as page:
        assert ran(page) == BEFORE
        send(page, "'measuring'")
        assert ran(page) == BEFORE - MEASURING
        visit(page)
        [row] = records(shop, page, 1)
        page.wait_for_timeout(500)
        assert len(records(shop, page, 1)) == 1
        page.evaluate("fairgate.open()")
        page.locator("#onetrust-pc-sdk").wait_for()
        note = page.locator("#onetrust-pc-sdk .fg-note").inner_text()
        locked = page.locator("#onetrust-pc-sdk .category-switch-handler:disabled").evaluate_all(
            "all => all.map(e => e.id)"
        )
    payload = json.loads(present(row.payload))
    assert (row.action, row.visitor, payload["gpc"], payload["signals"]["acted_on"]) == (
        "signal",
        None,
        False,
        {KEY: NAME},
    )
    assert payload["signals"][KEY] == "measuring"
    states = {key: state == "granted" for key, state in payload["choices"]["services"].items()}
    assert states == {"chat": True, "stats": False, "counted": False, "ads": True, "sale": True, "health": False}
    assert note == f"Your browser sends {NAME}. We follow it."
    assert locked == ["ot-group-id-C0002"]


def test_a_yes_does_not_switch_on_what_it_stops_where_it_wins(shop, world, chromium):
    with visitor(chromium, world, "US-TX") as page:
        send(page, "'all'")
        assert ran(page) == set()
        page.evaluate("fairgate.accept()")
        page.wait_for_timeout(500)
        visit(page)
        assert ran(page) == set()
        signal, answer = records(shop, page, 2)
    assert (signal.action, answer.action) == ("signal", "custom")
    assert json.loads(present(answer.payload))["signals"]["acted_on"] == {KEY: NAME}


def test_of_two_signals_each_is_heard_and_gpc_keeps_its_own_record(shop, world, chromium):
    with visitor(chromium, world, "US-TX", gpc=True) as page:
        assert ran(page) == BEFORE - {"ads", "sale"}
        assert [row.action for row in records(shop, page, 1)] == ["gpc"]
        send(page, "'measuring'")
        assert ran(page) == {"chat"}
        rows = records(shop, page, 2)
    told = [json.loads(present(row.payload))["signals"]["acted_on"] for row in rows]
    assert [row.action for row in rows] == ["gpc", "signal"]
    assert told == [{"gpc": "Global Privacy Control"}, {"gpc": "Global Privacy Control", KEY: NAME}]


def test_where_a_yes_is_asked_for_the_yes_holds_and_elsewhere_it_is_not_heard(shop, world, chromium):
    with visitor(chromium, world, "DE") as page:
        send(page, "'measuring'")
        assert ran(page) == set()
        page.evaluate("fairgate.accept()")
        page.wait_for_timeout(500)
        visit(page)
        assert ran(page) == set(KINDS)
        [row] = records(shop, page, 1)
    assert (row.action, json.loads(present(row.payload))["signals"].get("acted_on")) == ("accept_all", None)
    with visitor(chromium, world, "US-CA") as page:  # its regime does not honour this one
        send(page, "'all'")
        assert ran(page) == set(KINDS)
