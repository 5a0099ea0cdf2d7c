"""From a page with OneTrust to a site, as a marketer does it."""

from __future__ import annotations

import html
import re
from urllib.parse import urlsplit

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from consent.scanner.actions import adopt
from consent.sites.actions import create_site
from consent.sites.models import Site
from tests.consent.scanner.test_adopt import FOUND, PAGE, UUID, services
from tests.values import present

pytestmark = pytest.mark.django_db
GIVEN = {"hosts": "moved.example\n", "source": PAGE}


def said(response) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", response.content.decode())).split())


def test_first_it_says_what_it_would_do_and_then_does_it(alice, shop):
    response = alice.post("/dashboard/move/", GIVEN)
    assert response.status_code == 200
    assert "Nothing is done yet." in said(response)
    assert not Site.objects.filter(uuid=UUID).exists()
    rows = {row.name: row.category for row, _name, _words in response.context["rows"]}
    assert rows["HubSpot"] == "C0004"
    assert (rows["stranger.example"], "not known to us" in said(response)) == ("", True)
    # What the page shows is what the second step sends.
    again = dict(re.findall(r'name="(hosts)" value="([^"]*)"', response.content.decode()))
    source = html.unescape(
        present(re.search(r'<textarea name="source" hidden>(.*?)</textarea>', response.content.decode(), re.S))[1]
    )
    response = alice.post("/dashboard/move/", {"hosts": html.unescape(again["hosts"]), "source": source, "make": "1"})
    site = Site.objects.get(uuid=UUID)
    assert services(site) == FOUND
    assert [(m.user.email, m.role) for m in site.memberships.all()] == [("alice@example.net", "owner")]
    assert "Shop AG is made" in said(response)
    assert alice.get(present(re.search(r'href="([^"]+/services/)"', response.content.decode()))[1]).status_code == 200


def test_a_file_does_as_well(alice, shop):
    file = SimpleUploadedFile("page.html", PAGE.encode("utf-16"), "text/html")
    response = alice.post("/dashboard/move/", {"hosts": "moved.example", "page": file})
    assert str(response.context["found"].site_id) == UUID


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"hosts": "moved.example"}, "There is no page in it."),
        ({"hosts": "moved.example", "source": "PDF"}, "There is no page in it."),
        ({"hosts": "", "source": PAGE}, "This field is required."),
        ({"hosts": "no host", "source": PAGE}, "no host"),
        ({"hosts": "moved.example", "source": "<p>" + "x" * 2_000_000}, "That is more than 2 MB"),
    ],
)
def test_what_cannot_be_is_said(alice, shop, given, words):
    response = alice.post("/dashboard/move/", given)
    assert words in said(response)
    assert response.context["found"] is None


@pytest.mark.parametrize("more", [{}, {"make": "1"}])
def test_another_s_site_is_neither_changed_nor_told_of(alice, shop, people, more):
    other = create_site(["secret.example"], "charlie", uuid=UUID, name="Secret", owners=[people["charlie"]])
    response = alice.post("/dashboard/move/", {**GIVEN, **more})
    assert "you may not change it" in said(response)
    assert "secret.example" not in said(response)
    assert (other.services.count(), list(other.hosts.values_list("name", flat=True))) == (0, ["secret.example"])


def test_who_may_not_add_sites_may_not_move_one(login, shop):
    assert login("bob").get("/dashboard/move/").status_code == 403


ALONE = PAGE.replace(f'<script src="https://cdn.cookielaw.org/consent/{UUID}/OtAutoBlock.js"></script>\n', "")
OLD = ALONE.replace("/scripttemplates/otSDKStub.js", f"/consent/{UUID}.js")


@pytest.mark.parametrize("page", [PAGE, ALONE, OLD], ids=["both tags", "the stub alone", "an old tag"])
def test_every_address_of_the_advice_is_answered(client, page):
    adoption = adopt(page, ["moved.example"], "alice", server="https://cmp.example")
    text = "\n".join(adoption.advice)
    addresses = set(re.findall(r"https://cmp\.example([^\s\"<>]+)", text))
    assert f"/consent/{UUID}/OtAutoBlock.js" in addresses
    assert {path: client.get(urlsplit(path).path).status_code for path in addresses} == dict.fromkeys(addresses, 200)
    assert ("add this before them" in text) == (page is not PAGE)
