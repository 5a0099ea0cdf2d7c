"""What the releases page says of the draft in a browser: how far it is, what it found, who may ask for it."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from consent.models import Job, Site
from consent.publishing import queries, rendered
from consent.publishing.lint import BLOCK, Finding
from consent.sites.actions import change_settings
from cookiebanner.releases import pictures

pytestmark = pytest.mark.django_db
UNLIKE = Finding(
    "L03", BLOCK, "Accept and reject are not alike: width 300 and 100.", "CNIL 2020-092 §34", "Give both the same size.",
    "eu_opt_in", "banner accept reject alike", field="text en reject",
)  # fmt: skip


@pytest.fixture(autouse=True)
def with_a_browser(settings, monkeypatch):
    settings.FAIRGATE_PICTURES = True
    monkeypatch.setattr(pictures, "BROWSERS", ("python3",))  # any program: none is started here


def address(site: Site, name: str) -> str:
    return reverse(f"dashboard:{name}", kwargs={"uuid": site.uuid})


def words(response: Any) -> str:
    return " ".join(response.content.decode().split())


def drawing(site: Site, **row: Any) -> None:
    job = rendered.ask(site, queries.draft(site))
    Job.objects.filter(pk=job.pk).update(finished_at=timezone.now(), **row)


def test_an_editor_has_the_draft_looked_at_and_the_page_follows_it(login, shop):
    bob = login("bob")
    assert "This draft has not been looked at." in words(bob.get(address(shop, "releases")))
    assert bob.post(address(shop, "draw"))["Location"] == address(shop, "releases") + "#drawn"
    said = words(bob.get(address(shop, "releases")))
    assert '<span class="pill">Waiting</span>' in said and f'hx-get="{address(shop, "drawing")}"' in said
    drawing(shop, state="running", done=3, total=8, message="eu_opt_in, ar")
    part = bob.get(address(shop, "drawing"))
    assert '<progress value="3" max="8"' in words(part) and "3 of 8 eu_opt_in, ar" in words(part)
    assert "HX-Refresh" not in part
    bob.post(address(shop, "draw"))
    assert Job.objects.filter(kind="rendered").count() == 1


def test_what_was_found_stands_with_the_rest_and_leads_to_its_field(alice, shop):
    change_settings(shop, "alice@example.net", controller="Another Ltd")
    drawing(shop, state="done", result=rendered.result_of([UNLIKE], drawn=3, failed=[], browser="Chromium 1"))
    said = words(alice.get(address(shop, "releases")))
    assert "1 thing the law refuses" in said and UNLIKE.message in said
    assert f"{address(shop, 'banner')}?tab=words&amp;language=en&amp;regime=#t-reject" in said
    assert '<button class="primary" disabled>' in said
    assert '1 finding</span> <small class="soft"> 3 pages in Chromium 1 on' in said
    assert alice.get(address(shop, "drawing"))["HX-Refresh"] == "true"
    alice.post(address(shop, "publish"), {"note": ""})
    assert shop.releases.count() == 1


def test_the_page_says_when_nothing_was_found_and_what_could_not_be_measured(alice, shop):
    failed = ["us_ca, ar: The banner does not come."]
    drawing(shop, state="done", result=rendered.result_of([], drawn=2, failed=failed, browser="Chromium 1"))
    said = words(alice.get(address(shop, "releases")))
    assert "0 findings</span>" in said and "1 could not be measured" in said and failed[0] in said
    Job.objects.update(state="failed", message="Nothing could be drawn: no memory")
    assert "Nothing could be drawn: no memory" in words(alice.get(address(shop, "releases")))


def test_without_a_browser_the_page_says_so_and_offers_nothing(alice, shop, monkeypatch):
    monkeypatch.setattr(pictures, "BROWSERS", ("no-such-browser",))
    said = words(alice.get(address(shop, "releases")))
    assert "<strong>Not possible: Chromium is not installed.</strong>" in said
    assert address(shop, "draw") not in said


def test_viewers_see_it_and_ask_for_nothing_and_strangers_see_nothing(login, shop, foreign):
    vera, charlie = login("vera"), login("charlie")
    assert address(shop, "draw") not in words(vera.get(address(shop, "releases")))
    assert vera.post(address(shop, "draw")).status_code == 403
    assert [charlie.get(address(shop, "drawing")).status_code, charlie.post(address(shop, "draw")).status_code] == [
        404
    ] * 2
    assert not Job.objects.filter(kind="rendered").exists()
