"""A publish itself logs the release and nothing else; what earlier versions logged as pictures is called blank."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.utils import timezone

from consent.exports import actions
from consent.jobs import registry, runner
from consent.ledger.append import append, draft_of
from consent.ledger.verify import verify
from consent.models import Job, LogEntry, Site
from consent.sites.actions import change_settings, create_site
from cookiebanner.releases.publish import publish, rollback
from tests.values import RESPONSIBLE

ROOT = Path(django_settings.BASE_DIR)


@pytest.fixture
def site(db, settings, tmp_path) -> Site:
    settings.FAIRGATE_DATA = tmp_path
    site = create_site(["shop.test"], "alice", languages=["en"], **RESPONSIBLE)
    change_settings(site, "alice", controller="Shop", policy_url="https://shop.test/privacy")
    return site


def test_a_publish_logs_the_release_and_no_picture(site, settings):
    publish(site, "alice")
    change_settings(site, "alice", controller="Shop Ltd")
    publish(site, "alice")
    rollback(site, 1, "alice")
    Job.objects.update(run_after=timezone.now())
    registry.discover()
    runner.work_off()
    assert set(LogEntry.objects.filter(site_id=site.pk).values_list("type", flat=True)) == {"release"}
    assert Job.objects.count() == 0
    assert registry.find("screenshots") is None
    assert not (settings.FAIRGATE_DATA / "screenshots").exists()


def test_a_picture_that_was_logged_stays_verifies_and_is_called_blank(site, settings, tmp_path):
    release = publish(site, "alice")
    png = b"\x89PNG blank"
    digest = hashlib.sha256(png).hexdigest()
    (settings.FAIRGATE_DATA / "screenshots").mkdir()
    (settings.FAIRGATE_DATA / "screenshots" / f"{digest}.png").write_bytes(png)
    record = {"sha256": digest, "number": 1, "for": "eu_opt_in en", "size": [1280, 800]}
    place = {"release": 1, "release_hash": release.sha256}
    append([draft_of(site.pk, site.uuid, "screenshot", record, uuid4(), **place)])
    assert verify(site).wrong == []
    out = tmp_path / "bundle.zip"
    today = timezone.now().date()
    actions.export(site, date(2026, 1, 1), today, "bundle", out, "alice")
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(ROOT / "consent/exports/verify/verify.py"), str(out)], capture_output=True
    )
    assert done.returncode == 3, done.stdout  # nothing from outside was given
    with zipfile.ZipFile(out) as archive:
        assert [name for name in archive.namelist() if "screenshot" in name] == []
        assert "such are blank, and not shown here." in archive.read("report.html").decode()
        assert json.loads(archive.read("records.jsonl").splitlines()[-1])["type"] == "screenshot"


def test_nothing_that_people_read_promises_pictures(site, tmp_path):
    publish(site, "alice")
    out = tmp_path / "bundle.zip"
    actions.export(site, date(2026, 1, 1), timezone.now().date(), "bundle", out, "alice")
    with zipfile.ZipFile(out) as archive:
        assert "screenshot" not in archive.read("report.html").decode()
        assert [name for name in archive.namelist() if "screenshot" in name] == []
    read = [*(ROOT / "templates").rglob("*.html"), ROOT / "docs" / "operate.md", ROOT / "README.md"]
    assert [path.name for path in read if "screenshot" in path.read_text().lower()] == []
    promised = [line for line in (ROOT / "docs" / "audit.md").read_text().splitlines() if "screenshot" in line.lower()]
    assert [line for line in promised if "blank" not in line] == []
