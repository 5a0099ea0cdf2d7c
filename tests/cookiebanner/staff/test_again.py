"""A button pressed after the session's end: the login leads back to it, with what was typed, and to nobody else's."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from tests.cookiebanner.dashboard.conftest import PASSWORD, login, people, shop

__all__ = ["login", "people", "shop"]
pytestmark = pytest.mark.django_db


def log_in(client: Client, response) -> str:
    """Logs in where a response sends a person; the address that the login leads to."""
    assert response.status_code == 302
    address = response["Location"]
    assert urlsplit(address).path == "/accounts/login/"
    done = client.post(
        address,
        {"login": "alice@example.net", "password": PASSWORD, "next": parse_qs(urlsplit(address).query)["next"][0]},
    )
    assert done.status_code == 302
    return done["Location"]


def test_the_note_is_kept_and_the_button_does_it(client, shop):
    shop.reload_after_accept = True
    shop.save()
    address = reverse("dashboard:publish", kwargs={"uuid": shop.uuid})
    back = log_in(client, client.post(address, {"note": 'Two "teas" & a <cup>'}))
    page = client.get(back)
    body = page.content.decode()
    assert (page.status_code, page.context["does"], page.context["typed"]) == (200, "Publish", ['Two "teas" & a <cup>'])
    assert shop.releases.count() == 1
    actions = re.findall(r'method="post" action="([^"]+)"', body)
    [action] = [one for one in actions if one != reverse("language")]
    fields = dict(page.context["fields"])
    assert (action, fields) == (address, {"note": 'Two "teas" & a <cup>'})
    assert "<cup>" not in body
    client.post(action, fields)
    assert shop.releases.count() == 2
    assert shop.releases.first().note == 'Two "teas" & a <cup>'


def test_another_browser_gets_nothing_of_it(client, shop, login):
    response = client.post(reverse("dashboard:kill", kwargs={"uuid": shop.uuid}), {"reason": "Attack"})
    kept = parse_qs(urlsplit(response["Location"]).query)["next"][0]
    other = login("alice").get(kept)
    assert (other.status_code, other["Location"]) == (302, "/dashboard/")
    back = log_in(client, response)
    assert client.get(back).context["does"] == "Switch the gate off"
    client.cookies["fairgate_again"] = "guessed"
    assert client.get(back)["Location"] == "/dashboard/"
    assert client.get(f"{reverse('again')}?kept=forged")["Location"] == "/dashboard/"


def test_what_is_too_long_for_an_address_leads_to_the_dashboard(client, shop):
    words = "".join(chr(0x4E00 + n * 7 % 20000) for n in range(20000))
    response = client.post(reverse("dashboard:banner", kwargs={"uuid": shop.uuid}), {"t-body": words})
    assert response["Location"] == "/accounts/login/?next=/dashboard/"


def test_a_page_leads_back_to_itself(client, shop):
    address = reverse("dashboard:releases", kwargs={"uuid": shop.uuid})
    assert log_in(client, client.get(address)) == address
