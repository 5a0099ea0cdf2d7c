"""Setting a site up step by step: each step looks at the site itself, so it can be left and taken up."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from consent.catalogue.actions import add_service
from consent.models import Site, SiteSighting
from consent.publishing import actions as publishing
from consent.scanner import scans
from consent.scanner.scans import Choice
from consent.scanner.seen import BEFORE
from cookiebanner.releases.pictures import nothing_to_see
from tests.consent.scanner.sample_scans import HOTJAR, finished, made
from tests.cookiebanner.dashboard.conftest import no_files
from tests.values import RESPONSIBLE, present

pytestmark = pytest.mark.django_db
STEPS = ["Name the site's hosts", "Look at the site", "File the services", "See how the banner looks",
         "Choose the languages", "Publish", "Put two lines into your pages"]  # fmt: skip


def steps(client: Any, site: Site) -> dict[str, str]:
    """{title: the pill behind it}"""
    body = client.get(reverse("dashboard:guide", kwargs={"uuid": site.uuid})).content.decode()
    heads = re.findall(r"<h2>\d\. (.+?) (?:<span[^>]*>([^<]*)</span>)?\s*</h2>", body, re.S)
    return {title.replace("&#x27;", "'").strip(): pill for title, pill in heads}


@pytest.fixture
def fresh(alice, shop, settings, tmp_path) -> Site:
    settings.FAIRGATE_DATA = tmp_path
    alice.post("/dashboard/new/", {"hosts": "https://www.tea.example/\n", "name": ""})
    return present(Site.objects.filter(hosts__name="tea.example").first())


def test_each_step_is_next_when_the_one_before_is_done(alice, fresh):
    assert list(steps(alice, fresh)) == STEPS

    def following() -> list[str]:
        return [title for title, pill in steps(alice, fresh).items() if pill == "Next"]

    assert following() == ["Look at the site"]
    alice.post(reverse("dashboard:scan_start", kwargs={"uuid": fresh.uuid}))
    body = alice.get(reverse("dashboard:guide", kwargs={"uuid": fresh.uuid})).content.decode()
    assert ("A scan is under way." in body, 'hx-trigger="every 5s"' in body) == (True, True)
    finished(fresh, made((HOTJAR, BEFORE)))
    assert following() == ["File the services"]
    scans.file_services(fresh, "alice", [Choice("C0002", key="hotjar")])
    assert following() == ["Publish"]
    Site.objects.filter(pk=fresh.pk).update(**RESPONSIBLE)
    publishing.publish(Site.objects.get(pk=fresh.pk), "alice", no_files)
    assert following() == ["Put two lines into your pages"]
    body = alice.get(reverse("dashboard:guide", kwargs={"uuid": fresh.uuid})).content.decode()
    assert f"/v1/{fresh.uuid}/gate.js" in body
    SiteSighting.objects.create(site=fresh, host="tea.example", level="snippet", last_seen=timezone.now())
    assert (following(), set(steps(alice, fresh).values())) == ([], {"Done"})
    body = alice.get(reverse("dashboard:guide", kwargs={"uuid": fresh.uuid})).content.decode()
    assert ("<strong>We see your site.</strong>" in body, "every 5s" in body) == (True, False)


def test_a_site_that_has_nothing_has_nothing_to_file_and_asks_nothing(alice, fresh):
    assert steps(alice, fresh)["File the services"] == ""
    finished(fresh, made())
    assert steps(alice, fresh)["Publish"] == "Next"
    Site.objects.filter(pk=fresh.pk).update(**RESPONSIBLE)
    made_release = publishing.publish(Site.objects.get(pk=fresh.pk), "alice", no_files)
    asked = [one["key"] for one in json.loads(made_release.snapshot)["categories"] if not one["necessary"]]
    assert (asked, nothing_to_see(made_release)) == ([], "this release asks nothing, so no banner is shown")
    page = alice.get(reverse("dashboard:releases", kwargs={"uuid": fresh.uuid})).content.decode()
    assert "No service is filed: nothing is held, and no banner is shown." in page


def test_what_was_filed_by_hand_counts_too(alice, fresh):
    add_service(fresh, "alice", name="Mine", category="C0002", patterns=["mine.example"])
    assert steps(alice, fresh)["File the services"] == "Done"


def test_a_viewer_sees_the_steps_and_starts_nothing(login, shop):
    body = login("vera").get(reverse("dashboard:guide", kwargs={"uuid": shop.uuid})).content.decode()
    assert ("Look at it now" in body, "Look at the site" in body) == (False, True)
