"""From each page to the same page of another site, or to the nearest that the person may see there."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from consent.sites import actions
from cookiebanner.dashboard.views import sites as views
from tests.cookiebanner.dashboard.conftest import SECRET
from tests.values import RESPONSIBLE

pytestmark = pytest.mark.django_db


@pytest.fixture
def other(people):
    """Alice owns it, Bob views it, Dana audits it."""
    made = actions.create_site(["tea.example"], "a", name="Tea & sons", owners=[people["alice"]], **RESPONSIBLE)
    for name, role in (("bob", "viewer"), ("dana", "auditor"), ("vera", "auditor")):
        actions.set_role(made, people[name], role, "a")
    return made


def led_to(client, address: str) -> list[tuple[str, str]]:
    """(address, name) of the other sites that a page leads to."""
    body = client.get(address).content.decode()
    listed = re.search(r'<ul id="other-sites">(.*?)</ul>', body, re.S)
    return re.findall(r'<a href="([^"]*)">([^<]*)</a>', listed[1]) if listed else []


def at(site, name: str, **keys: object) -> str:
    return reverse(f"dashboard:{name}", kwargs={"uuid": site.uuid, **keys})


def test_it_stays_on_the_page_or_goes_to_the_one_above(alice, shop, other, foreign):
    for here, there in (
        (at(shop, "overview"), at(other, "overview")),
        (at(shop, "settings"), at(other, "settings")),
        (at(shop, "kill"), at(other, "kill")),
        (at(shop, "services") + "?q=x", at(other, "services")),
        (at(shop, "service", key="counter"), at(other, "services")),
        (at(shop, "release", number=1), at(other, "releases")),
        (at(shop, "jurisdiction", place="US-CA"), at(other, "jurisdiction", place="US-CA")),
        (reverse("audit:ledger", kwargs={"uuid": shop.uuid}), reverse("audit:ledger", kwargs={"uuid": other.uuid})),
        (
            reverse("audit:record", kwargs={"uuid": shop.uuid, "index": 0}),
            reverse("audit:search", kwargs={"uuid": other.uuid}),
        ),
    ):
        assert (here, led_to(alice, here)) == (here, [(there, "Tea &amp; sons")])
        assert alice.get(there).status_code == 200
        assert SECRET not in alice.get(here).content.decode()


def test_a_page_that_is_not_theirs_there_leads_to_their_first_one(login, shop, other):
    bob, vera = login("bob"), login("vera")
    assert led_to(bob, at(shop, "service_new")) == [(at(other, "overview"), "Tea &amp; sons")]
    assert led_to(bob, at(shop, "services")) == [(at(other, "services"), "Tea &amp; sons")]
    audit = reverse("audit:search", kwargs={"uuid": other.uuid})
    assert led_to(vera, at(shop, "services")) == [(audit, "Tea &amp; sons")]
    for client, address in ((bob, at(other, "overview")), (vera, audit)):
        assert client.get(address).status_code == 200


def test_a_form_that_came_back_leads_to_no_address_that_only_takes_forms(alice, shop, other):
    body = alice.post(at(shop, "service_new"), {"name": ""}).content.decode()
    assert f'<a href="{at(other, "services")}">Tea &amp; sons</a>' in body


def test_many_sites_can_be_searched_and_one_alone_is_a_link(alice, shop, people):
    assert '<details class="switch">' not in alice.get(at(shop, "overview")).content.decode()
    for number in range(49):
        actions.create_site([f"s{number}.example"], "a", name=f"S{number:02}", owners=[people["alice"]], **RESPONSIBLE)
    body = alice.get(at(shop, "overview")).content.decode()
    assert body.count('<input type="search" data-filter="#other-sites"') == 1
    assert [name for _, name in led_to(alice, at(shop, "overview"))] == [f"S{number:02}" for number in range(49)]


def test_many_sites_are_paged_and_found_by_name_or_host(alice, people, shop, foreign):
    for number in range(views.PAGE):
        actions.create_site(
            [f"s{number}.example"], "a", name=f"Tea {number:02}", owners=[people["alice"]], **RESPONSIBLE
        )

    def names(**given: str) -> list[str]:
        body = alice.get(reverse("dashboard:sites"), given).content.decode()
        assert SECRET not in body
        return re.findall(rf"<h2>(Tea \d\d|{re.escape(shop.name)})</h2>", body)

    first, second = names(), names(page="2")
    assert sorted([*first, *second]) == sorted([*(f"Tea {number:02}" for number in range(views.PAGE)), shop.name])
    assert len(first) == views.PAGE
    assert names(q="tea 07") == names(q="S7.exam") == ["Tea 07"]
    assert names(q="of nobody") == []
