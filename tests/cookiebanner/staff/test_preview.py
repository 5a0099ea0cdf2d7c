"""Previews: the draft at a simulated place, in a sandbox, under an address that lapses."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from consent.banners.actions import edit_texts
from consent.catalogue.actions import add_service
from cookiebanner.staff import preview

pytestmark = pytest.mark.django_db


def test_a_place_decides_the_regime(client, shop):
    for place, variant in (("DE", "eu_opt_in-DE"), ("US-CA", "us_ca"), ("*", "eu_opt_in"), ("nowhere", "eu_opt_in")):
        body = client.get(preview.address(shop, place=place)).content.decode()
        assert (place, f"/regime/{variant}/gate.js" in body) == (place, True)


def test_the_page_is_sandboxed_and_sends_nothing(client, shop):
    response = client.get(preview.address(shop))
    policy = response["Content-Security-Policy"]
    assert "sandbox allow-scripts allow-forms" in policy
    assert "allow-same-origin" not in policy
    assert "connect-src 'none'" in policy
    assert response["X-Frame-Options"] == "SAMEORIGIN"


def test_the_gate_is_that_of_the_draft_not_of_the_release(client, shop):
    edit_texts(shop, "alice@example.net", "en", {"title": "Only in the draft"})
    address = preview.address(shop).partition("?")[0]
    gate = client.get(f"{address}v1/{shop.uuid}/regime/us_ca/gate.js")
    assert (gate.status_code, gate["Access-Control-Allow-Origin"]) == (200, "*")
    assert b'"release":2' in gate.content
    words = client.get(f"{address}v1/{shop.uuid}/a/{'0' * 64}/ui.en.js").content
    assert b"Only in the draft" in words
    released = preview.address(shop, release=1).partition("?")[0]
    assert b"Only in the draft" not in client.get(f"{released}v1/{shop.uuid}/a/{'0' * 64}/ui.en.js").content


def test_what_is_typed_shows_before_it_is_saved(alice, client, shop):
    url = reverse("dashboard:banner_draft", kwargs={"uuid": shop.uuid})
    made = alice.post(url, {"what": "words", "language": "en", "t-title": "Not yet saved"}).json()["url"]
    words = client.get(f"{made.partition('?')[0]}v1/{shop.uuid}/a/{'0' * 64}/ui.en.js").content
    assert b"Not yet saved" in words
    made = alice.post(
        url, {"what": "look", "accent": "#123456", "place": "bar top", "scheme": "dark", "radius": "3"}
    ).json()["url"]
    words = client.get(f"{made.partition('?')[0]}v1/{shop.uuid}/a/{'0' * 64}/ui.en.js").content
    assert b'"bar","top","dark",3' in words
    shop.banner.refresh_from_db()
    assert (shop.banner.texts, shop.banner.layout) == ({}, "card")
    assert alice.post(url, {"what": "look", "accent": "red"}).status_code == 422


def test_a_made_up_or_lapsed_address_shows_nothing(client, shop, foreign):
    address = preview.address(shop)
    token = address.split("/")[2]
    assert client.get(f"/fairgate-preview/{token[:-2]}xx/").status_code == 404
    assert client.get(f"/fairgate-preview/{token}/v1/{foreign.uuid}/regime/us_ca/gate.js").status_code == 404
    assert client.get(f"/fairgate-preview/{token}/v1/{shop.uuid}/regime/nowhere/gate.js").status_code == 404
    with time_machine.travel("2030-01-01"):
        assert client.get(address).status_code == 404


def test_a_link_for_the_site_itself_shows_the_drafts_banner_and_what_is_published_else(alice, client, shop):
    add_service(shop, "alice@example.net", name="Only in the draft", category="C0004", patterns=["new.vendor.test"])
    edit_texts(shop, "alice@example.net", "en", {"title": "Words of the draft"})
    page = alice.get(reverse("dashboard:banner_drafts", kwargs={"uuid": shop.uuid})).content.decode()
    [link] = set(re.findall(r"https://shop\.example/#(fairgate-preview/[\w:.-]+)", page))
    gate = client.get(f"/{link}/v1/{shop.uuid}/gate.js", headers={"accept-language": "en"})
    body = gate.content.decode()
    assert (gate.status_code, gate["Cache-Control"]) == (200, "private, no-store")
    assert ("Words of the draft" in body, "new.vendor.test" in body, '"preview":1' in body) == (True, False, True)
    assert '"cookie":"fairgate_preview"' in body
    words = client.get(f"/{link}/v1/{shop.uuid}/a/{'0' * 16}/ui.en.js").content.decode()
    assert "Words of the draft" in words
    with time_machine.travel(timezone.now() + timedelta(days=8), tick=True):
        assert client.get(f"/{link}/v1/{shop.uuid}/gate.js").status_code == 404


def test_a_link_of_one_site_opens_nothing_of_another_nor_an_address_of_the_dashboard(client, shop, foreign):
    link = preview.on_site(shop).lstrip("#")
    assert client.get(f"/{link}/v1/{foreign.uuid}/gate.js").status_code == 404
    assert client.get(f"/{link}/").status_code == 404
    other = preview.address(shop).partition("?")[0]
    assert client.get(f"{other}v1/{shop.uuid}/gate.js").status_code == 404
