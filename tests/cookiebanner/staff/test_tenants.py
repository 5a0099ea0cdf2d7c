"""A member of one site walks every page of people with a login, with another site's ids: nothing is seen, nothing moves.

The routes are read from the running product: a new one without ids here fails the test.
"""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from consent.banners.actions import add_file, copy_draft
from consent.catalogue.actions import set_purpose
from consent.jobs.actions import enqueue
from consent.models import LogEntry
from consent.publishing import actions as publishing
from consent.requests import actions as requests
from consent.requests import prepared
from consent.scanner import scans
from consent.sites import actions
from tests import uploads
from tests.consent.policies import sample_documents as documents
from tests.consent.preferences.sample_topics import imported, said_by, topic
from tests.cookiebanner.dashboard.conftest import SECRET
from tests.values import present

pytestmark = pytest.mark.django_db
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
MANY = {
    # Whatever a form of ours takes, so that a door that is open would do something.
    "add": 1, "dismiss": 1, "remove": 1, "delete": 1, "withdraw": 1, "resend": 1, "name": "Taken", "category": "C0002",
    "patterns": "taken.example", "role": "owner", "email": "taken@example.net", "reason": "taken over", "level": "strict",
    "what": "category", "key": "C0009", "position": 1, "rule": "L01", "signed_by": "Mallory", "hosts": "taken.example",
    "languages": "en", "first_language": "en", "tiles": "public", "unknown_third_parties": "allow", "catalogue": "stripe",
    "scopes": "audit", "days": 9, "format": "csv", "start": "2026-01-01", "end": "2026-12-31", "note": "taken",
    "preset": "us_opt_out", "regime": "us_ca", "state": "hold", "accent": "#000000", "place": "card bottom-left",
    "scheme": "auto", "radius": 3, "language": "en", "title": "Taken",
    "approve": 1, "copy": 1, "do": "save", "text": "taken", "base": 0, "kind": "terms",
}  # fmt: skip


def routes(patterns=None, names=()) -> list[tuple[str, tuple[str, ...]]]:
    """(name, the names of its ids) of every route below /dashboard/ and /audit/."""
    found = []
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(pattern, URLResolver):
            if names or pattern.app_name in ("dashboard", "audit"):
                own = (*names, *pattern.pattern.converters)
                inner = routes(pattern.url_patterns, own or ("",))
                found += [(f"{pattern.app_name}:{n}" if pattern.app_name else n, ids) for n, ids in inner]
        elif isinstance(pattern, URLPattern) and names:
            found.append((pattern.name or "", tuple(filter(None, (*names, *pattern.pattern.converters)))))
    return found


@pytest.fixture
def ids(foreign, people) -> dict[str, Any]:
    """Things of Charlie's site, by the id that a route asks for; `key` by the route's name."""
    set_purpose(foreign, "zebra-mail", "x", texts={"en": {"name": SECRET, "description": ""}})
    waiver = publishing.waive(foreign, "L01", "", SECRET, SECRET, "x")
    job = enqueue("export", site=foreign, params={"format": "csv"}, requested_by=people["charlie"])
    actions.change_settings(foreign, "x", controller=f"{SECRET} Ltd")
    wanted = publishing.ask_to_publish(foreign, "x", SECRET)
    looked = scans.ask(foreign, "x")
    asked = requests.file_request(
        foreign, kind="access", place="DE", language="en", name=SECRET, email="zebracorn@example.net", actor="x"
    )
    sent, _ = requests.attach(asked, "zebracorn.txt", SECRET.encode())
    words = prepared.save(foreign, "x", name=SECRET, kind="", language="en", text=SECRET)
    draft = copy_draft(foreign, "x", SECRET)
    logo = add_file(foreign, "x", f"{SECRET}.png", uploads.png(1, 1))
    invitation = actions.invite(foreign, "zebracorn@example.net", "editor", "x", people["charlie"])
    terms = documents.written(foreign, SECRET, kind="terms", title=SECRET)
    return {
        "any": {
            "topic": topic(foreign, texts={"en": {"name": SECRET, "text": SECRET}}).key, "subject": said_by(foreign),
            "imported": imported(foreign, name=SECRET).pk,
            "number": 1, "sha256": "0" * 64, "report": foreign.gate_reports.get().pk, "user": people["charlie"].pk,
            "token": foreign.tokens.get().pk, "invitation": invitation.pk, "job": job.pk, "place": "US-CA",
            "wanted": wanted.pk, "scan": looked.pk, "asked": asked.number, "document": terms.key, "file": sent.pk, "prepared": words.pk, "named": draft.pk, "upload": logo.pk,
            "index": present(LogEntry.objects.filter(site_id=foreign.pk).order_by("index").first()).index,
        },
        "key": {
            "service": "zebracorn", "service_delete": "zebracorn", "rule": "zebracorn", "category": "C0002",
            "purpose": "zebra-mail",
            "record_by_id": present(LogEntry.objects.filter(site_id=foreign.pk).order_by("index").first()).record_id,
        },
        "waiver": waiver.pk,
    }  # fmt: skip


def addresses(site, ids) -> list[str]:
    from django.urls import reverse

    found = []
    for name, wanted in routes():
        if "uuid" in wanted:
            short = name.partition(":")[2]
            values = {w: ids["key"][short] if w == "key" else ids["any"][w] for w in wanted if w != "uuid"}
            found.append(reverse(name, kwargs={"uuid": site.uuid, **values}))
    return found


def everything(site) -> dict[str, list]:
    """Every row that belongs to a site."""
    rows = {}
    for model in apps.get_app_config("consent").get_models():
        names = {field.name for field in model._meta.get_fields()}
        for way in ("site", "site_id", "service__site", "release__site", "document__site"):
            if way.partition("__")[0] in names:
                found = model._default_manager.filter(**{way: site.pk}).values_list()
                rows[model.__name__] = sorted(
                    str([bytes(v) if isinstance(v, memoryview) else v for v in row]) for row in found
                )
                break
    return rows | {"Site": list(map(str, type(site).objects.filter(pk=site.pk).values_list()))}


def test_the_walk_knows_every_route():
    names = {name for name, _ in routes()}
    assert {
        "dashboard:invitation",
        "dashboard:waive",
        "audit:export_file",
        "dashboard:site_new",
        "audit:sites",
    } <= names
    assert len(names) > 40


@pytest.mark.parametrize("who", ["alice", "bob", "vera", "dana"])
def test_another_sites_address_is_not_there_by_any_method(login, shop, foreign, ids, who):
    before = everything(foreign)
    assert len(before) > 10
    client = login(who)
    for address in addresses(foreign, ids):
        for method in METHODS:
            data = {"data": MANY} if method == "POST" else {}
            response = (
                client.generic(method, address)
                if method == "TRACE"
                else getattr(client, method.lower())(address, **data)
            )
            assert (method, address, response.status_code in (404, 405)) == (method, address, True), (
                response.status_code
            )
            assert (method, address, SECRET in response.content.decode()) == (method, address, False)
    assert everything(foreign) == before


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_another_sites_things_are_not_reached_below_ones_own_site(login, shop, foreign, ids, who):
    before = everything(foreign)
    client = login(who)
    for address in addresses(shop, ids):
        for method in ("GET", "POST"):
            response = client.get(address) if method == "GET" else client.post(address, MANY)
            assert (method, address, response.status_code < 500) == (method, address, True)
            if response.status_code == 200:
                body = b"".join(response.streaming_content) if response.streaming else response.content
                assert (method, address, SECRET.encode() in body) == (method, address, False)
    assert everything(foreign) == before


def test_ids_in_forms_are_those_of_the_site(alice, shop, foreign, ids):
    at = f"/dashboard/{shop.uuid}/"
    actions.locked(foreign).categories.create(key="ZEBRA", position=9)
    before = everything(foreign)
    for path, data in (
        ("releases/waive/", {"revoke": ids["waiver"]}),
        ("releases/waive/", {"revoke": "x"}),
        ("services/new/", {"name": "New", "category": "ZEBRA", "patterns": "a.example"}),
        ("services/counter/", {"name": "Counter", "category": "ZEBRA"}),
        ("categories/", {"what": "purpose", "purpose-key": "new", "purpose-category": "ZEBRA", "purpose-legal_basis": "consent"}),
        (f"team/{ids['any']['user']}/", {"role": "viewer"}),
        (f"tokens/{ids['any']['token']}/revoke/", {}),
        (f"team/invitations/{ids['any']['invitation']}/", {"withdraw": 1}),
        ("settings/", {"hosts": "shop.example\nzebracorn.example", "name": "Tea", "level": "snippet", "languages": "en",
                       "first_language": "en", "unknown_third_parties": "allow", "tiles": "off"}),
    ):  # fmt: skip
        response = alice.post(at + path, data)
        assert (path, response.status_code in (200, 404)) == (path, True)
        assert (path, SECRET in response.content.decode()) == (path, False)
    assert everything(foreign) == before
    assert sorted(shop.hosts.values_list("name", flat=True)) == ["shop.example"]
    assert not shop.services.filter(key="new").exists() and not shop.purposes.exists()


def test_a_new_site_does_not_tell_whose_a_host_or_an_id_is(alice, shop, foreign):
    for data in (
        {"hosts": "zebracorn.example"},
        {"hosts": "new.example", "uuid": str(foreign.uuid)},
        {"hosts": "zebracorn.example", "uuid": str(uuid.uuid4())},
    ):
        response = alice.post("/dashboard/new/", data)
        assert (response.status_code, SECRET in response.content.decode()) == (200, False)


def test_an_auditors_token_of_one_site_reads_no_other_log(shop, foreign):
    _, mine = actions.create_token(shop, "auditor", ["audit"], "x")
    _, theirs = actions.create_token(foreign, "auditor", ["audit"], "x")
    address = f"/v1/{foreign.uuid}/log/checkpoint"
    assert Client().get(address, headers={"Authorization": f"Bearer {mine}"}).status_code == 401
    assert Client().get(address, headers={"Authorization": f"Bearer {theirs}"}).status_code == 200


def test_every_list_of_sites_holds_ones_own(alice, shop, foreign):
    for address in ("/dashboard/", "/audit/"):
        body = alice.get(address, follow=True).content.decode()
        assert (SECRET in body, str(foreign.uuid) in body) == (False, False)


def test_a_former_member_walks_against_closed_doors(login, people, shop, foreign, ids):
    actions.set_role(foreign, people["alice"], "owner", "x")
    alice = login("alice")
    assert alice.get(f"/dashboard/{foreign.uuid}/").status_code == 200
    actions.remove_member(foreign, people["alice"], "x")
    assert {alice.get(address).status_code for address in addresses(foreign, ids)} <= {404, 405}
