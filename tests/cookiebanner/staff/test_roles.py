"""docs/roles.md is what the product does: every page × method × role, on one's own site and on a foreign one.

The routes are read from the running product and each cell is asked for with a real request, so that neither a new page
nor a changed right goes by unseen.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import reverse

from consent.banners import actions as banners
from consent.catalogue.actions import set_purpose
from consent.jobs.actions import enqueue
from consent.models import LogEntry
from consent.publishing import actions as publishing
from consent.requests import actions as requests
from consent.requests import prepared
from consent.scanner import scans
from consent.sites import actions
from consent.stats.models import GateReport
from cookiebanner.dashboard import law_pdf
from cookiebanner.staff.pages import HOMES, home_of
from tests import uploads
from tests.consent.policies import sample_documents as documents
from tests.consent.preferences.sample_topics import imported, topic
from tests.cookiebanner.staff.test_tenants import METHODS, routes
from tests.values import present

pytestmark = pytest.mark.django_db
PAGE = Path(settings.BASE_DIR) / "docs" / "roles.md"
ROLES = {"alice": "owner", "bob": "editor", "dana": "auditor", "vera": "viewer", "carol": "clerk"}
NOTHING, READ, WRITE, BOTH = "–", "see", "do", "see, do"
ROW = re.compile(r"\| `([\w:]+)` \| (.+) \|")


def promised() -> dict[str, dict[str, str]]:
    """{route: {role: what it may}} of the page's tables."""
    found = {}
    for line in PAGE.read_text().splitlines():
        if row := ROW.fullmatch(line):
            found[row[1]] = dict(zip(ROLES.values(), row[2].split(" | "), strict=True))
    return found


@pytest.fixture
def ids(shop, people, clerk) -> dict[str, Any]:
    """Things of the shop, by the id that a route asks for; `key` by the route's name."""
    set_purpose(shop, "mail", "x", texts={"en": {"name": "Mail", "description": ""}})
    seen = GateReport.objects.create(site=shop, kind="unknown", subject="a.example", count=1, last_seen=shop.created_at)
    token, _ = actions.create_token(shop, "auditor", ["audit"], "x")
    first = present(LogEntry.objects.filter(site_id=shop.pk).order_by("index").first())
    actions.change_settings(shop, "x", controller="Tea Ltd")
    asked = requests.file_request(shop, kind="access", place="DE", language="en", email="a@example.com", actor="x")
    sent, _ = requests.attach(asked, "a.txt", b"x")
    words = prepared.save(shop, "x", name="Hello", kind="", language="en", text="Hello")
    terms = documents.written(shop, kind="terms", title="Terms")
    return {
        "document": terms.key, "asked": asked.number, "file": sent.pk, "prepared": words.pk, "named": banners.copy_draft(shop, "x", "Summer").pk,
        "upload": banners.add_file(shop, "x", "logo.png", uploads.png(1, 1)).pk,
        "topic": topic(shop).key, "subject": UUID(int=7), "imported": imported(shop).pk,
        "number": 1, "sha256": "0" * 64, "report": seen.pk, "user": people["vera"].pk, "token": token.pk,
        "invitation": actions.invite(shop, "new@example.net", "editor", "x", people["alice"]).pk,
        "job": enqueue("export", site=shop, params={"format": "csv"}).pk, "place": "US-CA", "index": first.index,
        "wanted": publishing.ask_to_publish(shop, "x", "x").pk, "scan": scans.ask(shop, "x").pk, "name": "verify.py",
        "key": {
            "service": "counter", "service_delete": "counter", "rule": "counter", "category": "C0002",
            "purpose": "mail", "record_by_id": first.record_id,
        },
    }  # fmt: skip


def address(route: str, wanted: tuple[str, ...], site: Any, ids: dict[str, Any]) -> str:
    given = {
        name: ids["key"][route.partition(":")[2]] if name == "key" else ids.get(name, site.uuid) for name in wanted
    }
    return reverse(route, kwargs=given)


def status(client: Client, method: str, path: str) -> tuple[int, str]:
    """What one request gets: its status and where it leads. Nothing of it stays."""
    with transaction.atomic():
        ask = client.get if method == "GET" else client.post if method == "POST" else None
        response = ask(path) if ask else client.generic(method, path)
        transaction.set_rollback(True)
    return response.status_code, response.headers.get("Location", "")


def may(client: Client, method: str, path: str, home: str) -> bool:
    """Whether the request is let in: not refused, no method of the page, and nobody sent away to their own part."""
    code, to = status(client, method, path)
    return code not in (403, 405) and (to != home or path == home)


@pytest.fixture(autouse=True)
def _a_server_that_makes_no_pdf(monkeypatch):
    """Making one takes seconds, and says nothing of who may have it."""
    monkeypatch.setattr(law_pdf, "find_spec", lambda name: None)
    law_pdf.missing.cache_clear()
    yield
    law_pdf.missing.cache_clear()


def test_every_page_is_in_the_table():
    assert sorted(promised()) == sorted(name for name, _ in routes())


def test_every_role_sees_and_does_what_the_table_says_on_its_own_site(login, shop, ids):
    words = {(False, False): NOTHING, (True, False): READ, (False, True): WRITE, (True, True): BOTH}
    found: dict[str, dict[str, str]] = {}
    for person, role in ROLES.items():
        client = login(person)
        for name, wanted in routes():
            path = address(name, wanted, shop, ids)
            home = reverse(home_of(role), kwargs={"uuid": shop.uuid}) if role in HOMES and "uuid" in wanted else "none"
            does = may(client, "GET", path, home), may(client, "POST", path, home)
            found.setdefault(name, {})[role] = words[does]
    said = promised()
    assert {name: found[name] for name in found if found[name] != said.get(name)} == {}


def test_no_page_has_another_method(alice, shop, ids):
    paths = [address(name, wanted, shop, ids) for name, wanted in routes()]
    others = [method for method in METHODS if method not in ("GET", "HEAD", "POST")]
    codes = {(method, path): status(alice, method, path)[0] for path in paths for method in others}
    assert {what: code for what, code in codes.items() if code != 405} == {}


def test_strangers_find_nothing_and_who_is_not_logged_in_is_asked_who_they_are(login, shop, ids):
    charlie, nobody = login("charlie"), Client()
    for name, wanted in routes():
        if "uuid" not in wanted:
            continue
        path = address(name, wanted, shop, ids)
        for method in ("GET", "POST"):
            code, _ = status(charlie, method, path)
            assert (name, method, code in (404, 405)) == (name, method, True), code
            code, to = status(nobody, method, path)
            assert (name, method, code == 405 or to.startswith("/accounts/login/")) == (name, method, True), code


def test_a_clerk_sees_of_the_site_nothing_but_requests(login, shop, ids):
    carol, site = login("carol"), f"/dashboard/{shop.uuid}/"
    sites = carol.get("/dashboard/").content.decode()
    assert ("You answer people’s requests here." in sites, "answers in 30 days" in sites, "Release 1" in sites) == (
        True, False, False,
    )  # fmt: skip
    assert f'href="{site}requests/"' in sites
    actions.kill_site(shop, "alice@example.net", "Something broke")
    for page in ("requests/", f"requests/{ids['asked']}/", "requests/new/"):
        body = carol.get(site + page).content.decode()
        links = {link for link in re.findall(rf'href="({site}[^"]*)"', body) if status(carol, "GET", link)[0] != 200}
        assert (page, links, "switched off" in body, "Something broke" in body) == (page, set(), False, False)
    assert status(carol, "GET", site) == (302, f"{site}requests/")


def test_a_clerk_files_takes_and_answers_a_request(login, shop, ids, people):
    carol, at = login("carol"), f"/dashboard/{shop.uuid}/requests/{ids['asked']}/"
    assert carol.post(at, {"do": "owner", "owner": people["carol"].pk}).status_code == 302
    answer = {"do": "close", "outcome": "complied", "because": "", "text": "Here it is."}
    assert carol.post(at, answer).status_code == 302
    row = shop.requests.get(number=ids["asked"])
    assert (row.owner, row.status) == (people["carol"], "closed")
    given = {"channel": "letter", "received": "2026-11-20", "kind": "access", "place": "DE", "language": "de"}
    assert carol.post(f"/dashboard/{shop.uuid}/requests/new/", given).status_code == 302


def test_a_clerk_reaches_no_request_of_another_site(login, shop, foreign, ids):
    carol = login("carol")
    other = requests.file_request(foreign, kind="access", place="DE", language="en", email="b@example.com", actor="x")
    for site in (shop, foreign):
        at = f"/dashboard/{site.uuid}/requests/{other.number}/"
        assert [carol.get(at).status_code, carol.post(at, {"do": "withdraw"}).status_code] == [404, 404]
    assert carol.get(f"/dashboard/{foreign.uuid}/requests/").status_code == 404
    other.refresh_from_db()
    assert other.status == "open"
