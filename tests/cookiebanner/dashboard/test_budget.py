"""Every page of the dashboard with 50 sites: how much it weighs, what it asks the database, how long it computes."""

from __future__ import annotations

import re
import time
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, reverse
from django.utils import timezone

from consent.banners import actions as banners
from consent.catalogue import known
from consent.models import GateReport, Site, SiteSighting
from consent.publishing import actions as publishing
from consent.requests import actions as requests
from consent.requests import prepared
from consent.scanner import scans
from consent.scanner.scans import Choice
from consent.scanner.seen import BEFORE, REFUSED
from consent.sites import actions
from cookiebanner.audit import urls as audit
from cookiebanner.dashboard import urls as dashboard
from tests import uploads
from tests.consent.policies import sample_documents as documents
from tests.consent.preferences import sample_topics
from tests.consent.preferences.sample_topics import choice, imported, said_by, topic
from tests.consent.scanner.sample_scans import HOTJAR, META, finished, made
from tests.values import RESPONSIBLE, present

pytestmark = pytest.mark.django_db
BYTES, QUERIES, SECONDS = 120_000, 20, 0.1


@pytest.fixture
def busy(shop, people, settings, tmp_path) -> Site:
    """A shop with 30 services, scans with news, unknown hosts and a release that waits, beside 49 others."""
    settings.FAIRGATE_DATA = tmp_path
    actions.change_settings(shop, "x", publish_needs_approval=True, controller="Tea and Coffee Ltd")
    publishing.ask_to_publish(shop, "bob@example.net", "Please")
    choices = [Choice("C0004", key=key) for key in list(known.by_key())[:30]]
    scans.file_services(shop, "alice@example.net", choices)
    for number in range(60):
        GateReport.objects.create(
            site=shop, kind="unknown", subject=f"host-{number}.example", count=9, last_seen=timezone.now()
        )
    SiteSighting.objects.create(site=shop, host="shop.example", level="snippet", release=1, last_seen=timezone.now())
    finished(shop, made((HOTJAR, BEFORE)))
    finished(shop, made((HOTJAR, BEFORE), (META, REFUSED)))
    banners.copy_draft(shop, "x", "Summer")
    banners.add_file(shop, "x", "logo.png", uploads.png(3, 2))
    for number in range(40):
        requests.file_request(
            shop, kind="access", place="DE", language="en", email=f"p{number}@example.com",
            details="What do you have about me? " * 40, actor="x",
        )  # fmt: skip
    requests.attach(present(shop.requests.first()), "a.txt", b"x")
    prepared.save(shop, "x", name="Hello", kind="", language="en", text="Hello. " * 200)
    topic(shop)
    imported(shop)
    for start in range(0, 600, 200):
        sample_topics.said(
            shop, *(choice(shop, id=f"c-{number}", source="the shop's app 4.2") for number in range(start, start + 200))
        )
    long = "\n\n".join(f"## Part {n}\n\nWe keep *some* of it for {n} days. " + "More is said. " * 20 for n in range(60))
    document = documents.written(shop, long)
    documents.published(document)
    for number in range(12):
        documents.published(document, f"{long}\n\nAnd {number}.")
    documents.written(shop, long.replace("some", "all"), kind="terms", title="Terms")
    for number in range(49):
        actions.create_site([f"s{number}.example"], "a", name=f"Site {number}", owners=[people["alice"]], **RESPONSIBLE)
    return shop


def addresses(site: Site) -> list[str]:
    """Of every route, with the things of the site in it."""
    first = present(site.requests.first())
    values: dict[str, dict[str, Any]] = {
        "topic": {"topic": "news"}, "choice_person": {"subject": said_by(site)},
        **dict.fromkeys(("choice_import", "choice_refused"), {"imported": present(site.choice_imports.first()).pk}),
        "service": {"key": "counter"}, "rule": {"key": "counter"}, "service_delete": {"key": "counter"},
        "category": {"key": "C0002"}, "purpose": {"key": "mail"}, "jurisdiction": {"place": "US-CA"},
        "approve": {"wanted": 1}, "report": {"report": 1}, "invitation": {"invitation": 1}, "member": {"user": 1},
        "revoke": {"token": 1}, "record": {"index": 0},
        **dict.fromkeys(("release", "pictures", "rollback"), {"number": 1}),
        **dict.fromkeys(("export_progress", "export_cancel", "export_file"), {"job": 1}),
        **dict.fromkeys(("request", "request_export", "request_records"), {"asked": first.number}),
        "request_answer": {"prepared": present(site.prepared_answers.first()).pk},
        "request_came_with": {"asked": first.number, "file": first.files.get().pk},
        "banner_file": {"upload": site.banner_files.get().pk}, "banner_compare": {"named": site.banner_drafts.get().pk},
        **dict.fromkeys(("document", "document_publish"), {"document": "data"}),
        "record_by_id": {"key": UUID(int=1)}, "erasure": {"job": 1},
        "picture": {"number": 1, "sha256": "0"}, "scan_picture": {"sha256": "0"},
    }  # fmt: skip
    newest = present(scans.newest(site)).pk
    found = []
    for face in (dashboard, audit):
        for page in (*face.site_pages, *(page for page in face.urlpatterns if isinstance(page, URLPattern))):
            name = str(page.name)
            keys = dict(values.get(name, {}))
            keys |= {"scan": newest} if "<int:scan>" in str(page.pattern) else {}
            keys |= {"uuid": site.uuid} if page in face.site_pages else {}
            keys |= {"name": "README.md"} if name == "verifier" else {}
            found.append(reverse(f"{face.app_name}:{name}", kwargs=keys))
    return found


def measured_once(client: Client, address: str) -> tuple[Any, int, float]:
    """The answer, how many queries it took, and how many seconds of computing."""
    with CaptureQueriesContext(connection) as asked:
        begun = time.thread_time()
        page = client.get(address)
        spent = time.thread_time() - begun
    return page, len(asked), spent


def said(body: str) -> tuple[str, str]:
    """The title and the first heading of a page; "" for a part of one."""
    found = (re.search(r"<title>(.*?)</title>", body, re.S), re.search(r"<h1[^>]*>(.*?)</h1>", body, re.S))
    title, heading = (" ".join(re.sub(r"<[^>]*>", " ", one[1]).split()) if one else "" for one in found)
    return title, heading


def test_every_page_keeps_its_budget_with_fifty_sites(alice, busy):
    heavy, titles = [], {}
    for address in addresses(busy):
        alice.get(address)  # what is read once in a process's life is no part of it
        page, queries, spent = measured_once(alice, address)
        for _ in range(4 * (spent > SECONDS)):  # something else had the processor
            spent = min(spent, measured_once(alice, address)[2])
        if page.status_code != 200 or not page["Content-Type"].startswith("text/html"):
            continue
        titles[address] = said(page.content.decode())
        measured = (len(page.content), queries, spent)
        if any(one > most for one, most in zip(measured, (BYTES, QUERIES, SECONDS), strict=True)):
            heavy.append((address, *measured))
    assert heavy == []
    assert len(titles) >= 40
    named = [title for title, _ in titles.values() if title]
    assert len(set(named)) == len(named)
    of_the_site = [title for address, (title, _) in titles.items() if title and str(busy.uuid) in address]
    assert [title for title in of_the_site if not title.endswith(" · Tea shop · Fairgate")] == []
    # The title's first word, but for the site's name on its overview, is one of the heading below it.
    liars = {
        address: pair
        for address, pair in titles.items()
        if pair[0] and pair[0].split()[0] not in (*pair[1].split(), "Overview", "Leaf")
    }
    assert liars == {}
