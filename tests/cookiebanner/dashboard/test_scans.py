"""Scans on the dashboard: who may, how far one is, what is filed, what is shown of whom."""

from __future__ import annotations

import json
import re
from hashlib import sha256

import pytest
from django.urls import reverse

from consent.jobs.models import Job
from consent.models import Scan
from consent.scanner import pictures, scans
from consent.scanner.seen import BEFORE, REFUSED
from tests.consent.scanner.sample_scans import HOTJAR, META, finished, made
from tests.cookiebanner.dashboard.conftest import SECRET
from tests.values import present

pytestmark = pytest.mark.django_db
FAR = "https://far.example/p.gif"


def url(site, name: str, **keys) -> str:
    return reverse(f"dashboard:{name}", kwargs={"uuid": site.uuid, **keys})


@pytest.fixture
def scan(shop, settings, tmp_path) -> Scan:
    settings.FAIRGATE_DATA = tmp_path
    report = made((HOTJAR, BEFORE), (META, REFUSED), (FAR, BEFORE), (HOTJAR, REFUSED))
    report["pages"][0]["picture"] = pictures.keep(b"picture", sha256(b"picture").hexdigest())
    return finished(shop, report)


def test_each_role_gets_what_it_may_at_each_address(login, shop, scan, foreign):
    digest = sha256(b"picture").hexdigest()
    pages = [
        url(shop, "scans"), url(shop, "scan", scan=scan.pk), url(shop, "scan_progress", scan=scan.pk),
        url(shop, "scan_report", scan=scan.pk), url(shop, "scan_picture", scan=scan.pk, sha256=digest),
    ]  # fmt: skip
    posts = [url(shop, name, scan=scan.pk) for name in ("scan_stop", "scan_file", "scan_undo")]
    posts += [url(shop, name) for name in ("scans", "scan_start", "notices")]
    read = {
        name: {login(name).get(page).status_code for page in pages}
        for name in ("alice", "bob", "vera", "dana", "charlie")
    }
    assert read == {"alice": {200}, "bob": {200}, "vera": {200}, "dana": {302}, "charlie": {404}}
    before = shop.audit_events.count(), shop.scans.count()
    wrote = {name: {login(name).post(page).status_code for page in posts} for name in ("vera", "dana", "charlie")}
    assert wrote == {"vera": {403}, "dana": {403}, "charlie": {404}}
    assert (shop.audit_events.count(), shop.scans.count()) == before
    # A scan of one site is not reached through another.
    for name in ("scan", "scan_progress", "scan_report"):
        assert login("charlie").get(url(foreign, name, scan=scan.pk)).status_code == 404
    assert login("charlie").post(url(foreign, "scan_stop", scan=scan.pk)).status_code == 404


def test_a_picture_that_the_report_does_not_name_is_not_shown(alice, shop, scan):
    other = pictures.keep(b"other", sha256(b"other").hexdigest())
    assert alice.get(url(shop, "scan_picture", scan=scan.pk, sha256=other)).status_code == 404
    shown = alice.get(url(shop, "scan_picture", scan=scan.pk, sha256=sha256(b"picture").hexdigest()))
    assert (b"".join(shown.streaming_content), shown["Content-Type"]) == (b"picture", "image/jpeg")


def test_the_file_has_the_hash_that_the_ledger_names(alice, shop, scan):
    body = alice.get(url(shop, "scan_report", scan=scan.pk)).content
    assert sha256(body).hexdigest() == scan.sha256
    assert json.loads(body) == scan.report


def test_a_scan_is_started_watched_and_stopped(alice, shop):
    response = alice.post(url(shop, "scan_start"))
    scan = shop.scans.get()
    assert response["Location"] == url(shop, "scan", scan=scan.pk)
    page = alice.get(response["Location"]).content.decode()
    assert f'hx-get="{url(shop, "scan_progress", scan=scan.pk)}"' in page
    Job.objects.filter(pk=present(scan.job_id)).update(
        state=Job.Status.RUNNING, done=3, total=9, message="https://shop.example/<b>"
    )
    part = alice.get(url(shop, "scan_progress", scan=scan.pk))
    assert ("Page 4 of about 9:" in part.content.decode(), "<b>" in part.content.decode()) == (True, False)
    assert part.headers.get("HX-Refresh") is None
    alice.post(url(shop, "scan_stop", scan=scan.pk))
    assert "It ends after this page." in alice.get(url(shop, "scan", scan=scan.pk)).content.decode()
    scans.finish(shop.scans.get(), made(ended="stopped"))
    assert alice.get(url(shop, "scan_progress", scan=scan.pk))["HX-Refresh"] == "true"
    assert "Somebody stopped it" in alice.get(url(shop, "scan", scan=scan.pk)).content.decode()


def test_what_is_found_is_filed_in_one_form_and_taken_back(alice, shop, scan):
    page = alice.get(url(shop, "scan", scan=scan.pk)).content.decode()
    assert 'value="service:hotjar" checked' in page
    # What the catalogue proposes is chosen; for a host that nobody knows nothing is.
    rows = {
        name: page.partition(f'name="category-{name}"')[2].partition("</select>")[0]
        for name in ("service:hotjar", "host:far.example")
    }
    assert {name: row.count(" selected") for name, row in rows.items()} == {"service:hotjar": 1, "host:far.example": 0}
    assert 'value="host:far.example" checked' not in page
    both = {"add": ["service:hotjar", "host:far.example"], "category-service:hotjar": "C0002"}
    alice.post(url(shop, "scan_file", scan=scan.pk), both)
    assert shop.services.count() == 2  # the two of the fixture: all or nothing
    assert "Choose a category for far.example." in alice.get(url(shop, "scan", scan=scan.pk)).content.decode()
    alice.post(url(shop, "scan_file", scan=scan.pk), {**both, "category-host:far.example": "C0004"})
    assert set(shop.services.values_list("key", flat=True)) == {"counter", "adverts", "hotjar", "far-example"}
    page = alice.get(url(shop, "scan", scan=scan.pk)).content.decode()
    assert ("In the draft now: Hotjar, far.example." in page, 'value="service:hotjar"' in page) == (True, False)
    assert 'value="host:far.example"' not in page
    alice.post(url(shop, "scan_undo", scan=scan.pk))
    assert set(shop.services.values_list("key", flat=True)) == {"counter", "adverts"}


def test_only_what_the_report_has_can_be_filed(alice, shop, scan):
    for value in ("service:meta", "host:evil.example", "x", "service:"):
        response = alice.post(url(shop, "scan_file", scan=scan.pk), {"add": value, f"category-{value}": "C0002"})
        assert response.status_code == 404
    assert shop.services.count() == 2


def test_the_plan_is_saved(alice, shop, people):
    good = {"start": "https://shop.example/map.xml", "pages": 9, "depth": 2, "delay": 0, "schedule": "monthly"}
    assert alice.post(url(shop, "scans"), good).status_code == 302
    plan = scans.plan_of(shop)
    assert (plan.start, plan.pages, plan.obey_robots, plan.schedule) == (good["start"], 9, False, "monthly")
    page = alice.post(url(shop, "scans"), {**good, "start": "https://other.example/"}).content.decode()
    assert "is not on a host of this site" in page


def test_the_overview_tells_each_person_what_they_want_to_know(alice, login, shop, scan, foreign):
    finished(foreign, made((HOTJAR, BEFORE)))
    body = alice.get(url(shop, "overview")).content.decode()
    assert ("Still runs after a refusal:" in body, "Runs before an answer:" in body) == (True, True)
    alice.post(url(shop, "notices"), {"dashboard-before_answer": "on"})
    body = alice.get(url(shop, "overview")).content.decode()
    assert ("Still runs after a refusal:" in body, "Runs before an answer:" in body, SECRET in body) == (
        False,
        True,
        False,
    )
    assert "Still runs after a refusal:" in login("bob").get(url(shop, "overview")).content.decode()


@pytest.mark.parametrize(
    ("course", "words"),
    [
        ({"moments": [], "notes": ["No browser looked: Chromium is not installed."]}, "The pages were only read."),
        (
            {"banner": "another", "others": ["cookiebot.com"], "moments": [BEFORE]},
            "Another banner is there: cookiebot.com.",
        ),
        ({"banner": "none", "moments": [BEFORE]}, "No banner of ours is on these pages."),
        ({"ended": "pages"}, "It ended at the number of pages"),
    ],
)
def test_the_report_says_what_it_can_not_know(alice, shop, course, words):
    scan = finished(shop, made((HOTJAR, BEFORE), **course))
    assert words in alice.get(url(shop, "scan", scan=scan.pk)).content.decode()


def test_what_a_page_says_of_itself_is_only_text(alice, shop, scan):
    report = made((HOTJAR, BEFORE))
    report["pages"][0] |= {"title": "<script>alert(1)</script>", "why": "<i>x", "url": "https://shop.example/?<b>"}
    report["stored"] = [{
        "kind": "cookie", "name": "<u>", "host": "<u>", "moments": [], "pages": [], "by": ["<u>"], "service": "",
        "service_name": "", "category": "", "confidence": "", "reason": "", "detail": {"path": "<u>", "same_site": "<u>"},
    }]  # fmt: skip
    body = alice.get(url(shop, "scan", scan=finished(shop, report).pk)).content.decode()
    assert [mark in body for mark in ("<script>alert", "<i>x", "?<b>", "<u>")] == [False] * 4


def test_what_changed_since_the_scan_before_is_told(alice, shop):
    finished(shop, made((HOTJAR, BEFORE)))
    second = finished(shop, made((META, BEFORE)))
    body = re.sub(r"\s*(<[^>]+>)\s*", r"\1", alice.get(url(shop, "scan", scan=second.pk)).content.decode())
    assert "<dt>New services</dt><dd>Meta Pixel</dd>" in body
    assert "<dt>Services gone</dt><dd>Hotjar</dd>" in body
