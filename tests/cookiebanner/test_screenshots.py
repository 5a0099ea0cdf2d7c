"""A release's banners are pictured once each, and the log names each picture."""

from __future__ import annotations

import hashlib
import json

import pytest

from consent.jobs import runner
from consent.models import ConsentRecord, Job
from consent.sites.actions import change_settings, create_site
from cookiebanner import screenshots
from cookiebanner.publish import publish
from tests.browser.uncaught import uncaught

__all__ = ["uncaught"]
pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_release_is_pictured_and_the_log_names_the_pictures(settings, tmp_path, monkeypatch):
    settings.FAIRGATE_DATA = tmp_path
    monkeypatch.setattr(screenshots, "wanted", lambda release: [("eu_opt_in", "de"), ("eu_opt_in", "en")])
    site = create_site(["shop.test"], "alice")
    change_settings(site, "alice", controller="Shop", policy_url="https://shop.test/privacy", languages=["en", "de"])
    release = publish(site, "alice")
    job = Job.objects.get(kind="screenshots")
    assert job.run_after > job.created_at  # visitors come first
    Job.objects.update(run_after=job.created_at)
    runner.work_off()
    job.refresh_from_db()
    assert (job.state, job.result) == ("done", {"taken": 2, "of": 2})
    entries = ConsentRecord.objects.filter(site_id=site.pk, type="screenshot").order_by("index")
    said = [json.loads(entry.payload) for entry in entries]
    assert [one["for"] for one in said] == ["eu_opt_in de", "eu_opt_in en"]
    pictures = [(tmp_path / "screenshots" / f"{one['sha256']}.png").read_bytes() for one in said]
    assert [hashlib.sha256(png).hexdigest() for png in pictures] == [one["sha256"] for one in said]
    assert pictures[0] != pictures[1]
    assert {entry.release for entry in entries} == {release.number}
    screenshots.ask_for(release)
    Job.objects.update(run_after=job.created_at)
    runner.work_off()
    assert ConsentRecord.objects.filter(site_id=site.pk, type="screenshot").count() == 2
