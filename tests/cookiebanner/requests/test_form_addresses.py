"""Where the form is, as an owner copies it into a footer."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse

from consent.requests import actions
from consent.sites.actions import create_site
from cookiebanner.staff.accounts import add_person

pytestmark = pytest.mark.django_db


def test_the_addresses_of_the_form_can_be_copied_whole(client) -> None:
    owner = add_person("alice@example.net", "correct horse battery")
    client.force_login(owner)
    shop = create_site(["shop.example"], "alice@example.net", name="Tea shop", owners=[owner])
    actions.set_form(shop, "alice@example.net", enabled=True)
    page = client.get(reverse("dashboard:request_form", kwargs={"uuid": shop.uuid})).content.decode()
    whole = f"http://testserver/v1/{shop.uuid}/requests/"
    found = re.findall(r'<a\s+href="(http[^"]+/v1/[^"]+)">([^<]+)</a>', page)
    assert found == [(whole, whole), (f"{whole}part.html", f"{whole}part.html")]
