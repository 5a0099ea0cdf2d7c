"""Verbs of scans: the plan, the queue, the ledger, who is told, what is filed, what is forgotten."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from hashlib import sha256

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consent.catalogue.actions import add_service
from consent.common import InvalidChange
from consent.jobs import registry, runner
from consent.jobs.actions import enqueue
from consent.jobs.models import Job
from consent.ledger import canonical, checkpoint, kept
from consent.models import ConsentRecord, LogEntry, Scan, Site
from consent.notices.actions import choose
from consent.notices.kinds import CHANNELS
from consent.scanner import pictures, scans
from consent.scanner.models import ScanPlan
from consent.scanner.scans import Choice
from consent.scanner.seen import BEFORE, REFUSED
from consent.sites.actions import create_site, set_role
from cookiebanner.staff.accounts import add_person
from tests.consent.scanner.sample_scans import HOTJAR, META, finished, made
from tests.values import present

pytestmark = pytest.mark.django_db


@pytest.fixture
def site(settings, tmp_path) -> Site:
    settings.FAIRGATE_DATA = tmp_path
    return create_site(["shop.example", "www.shop.example"], "alice")


def test_a_scan_begins_at_the_first_host_or_where_the_plan_says(site):
    assert scans.start_of(scans.plan_of(site)) == "https://shop.example/"
    scans.set_plan(site, "alice", start="https://www.shop.example/map.xml", pages=5, schedule="weekly")
    assert (scans.start_of(scans.plan_of(site)), scans.plan_of(site).pages) == ("https://www.shop.example/map.xml", 5)
    assert site.audit_events.filter(verb="scan.plan").count() == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"start": "https://other.example/"}, {"start": "http://127.0.0.1/"}, {"start": "ftp://shop.example/"},
        {"pages": 0}, {"pages": 100_000}, {"depth": 99}, {"delay": 3600}, {"schedule": "hourly"}, {"speed": 1},
    ],
)  # fmt: skip
def test_a_plan_that_cannot_be_is_refused(site, fields):
    with pytest.raises(InvalidChange):
        scans.set_plan(site, "alice", **fields)
    assert ScanPlan.objects.count() == 0


def test_one_scan_at_a_time_is_enough(site):
    first = scans.ask(site, "alice")
    assert (scans.ask(site, "bob").pk, first.status, first.going_on) == (first.pk, "waiting", True)
    assert [(job.kind, job.params) for job in Job.objects.all()] == [("scan", {"scan": first.pk})]
    bare = create_site(["bare.example"], "alice")
    bare.hosts.all().delete()
    with pytest.raises(InvalidChange):
        scans.ask(bare, "alice")


def test_a_scan_that_waits_never_begins_once_it_is_stopped_and_one_that_runs_is_told(site):
    waits = scans.ask(site, "alice")
    scans.stop(waits, "bob")
    assert Scan.objects.get(pk=waits.pk).status == "stopped"
    runs = scans.ask(site, "alice")
    Job.objects.filter(pk=present(runs.job_id)).update(state=Job.Status.RUNNING)
    runs = Scan.objects.get(pk=runs.pk)
    scans.stop(runs, "bob")
    assert (scans.stop_asked(runs), Scan.objects.get(pk=runs.pk).status) == (True, "running")
    assert list(site.audit_events.filter(verb="scan.stop").values_list("actor", flat=True)) == ["bob", "bob"]


def test_the_ledger_names_the_report_once(site):
    report = made((HOTJAR, BEFORE), (META, REFUSED))
    scan = finished(site, report)
    assert scans.finish(scan, made()).entry == scan.entry
    [entry] = LogEntry.objects.filter(site_id=site.pk, type="scan")
    assert (scan.entry, scan.sha256) == (entry.index, sha256(canonical.encode(report)).hexdigest())
    [record] = checkpoint.payloads(site.pk, LogEntry.objects.filter(pk=entry.pk)).values()
    said = {
        name: record[name] for name in ("report", "start", "pages", "complete", "services", "before", "after_refusal")
    }
    assert said == {
        "report": scan.sha256, "start": "https://shop.example/", "pages": 1, "complete": True, "services": 2,
        "before": 1, "after_refusal": 1,
    }  # fmt: skip
    assert ConsentRecord.objects.get(site_id=site.pk, index=entry.index).visitor is None


def test_what_is_due_by_the_plan_is_queued(site):
    assert scans.schedule() == 0
    scans.set_plan(site, "alice", schedule="weekly")
    assert (scans.schedule(), site.scans.get().actor) == (1, "")
    assert scans.schedule() == 0
    for days, due in ((6, 0), (8, 1)):
        finished(site, made())
        site.scans.update(created_at=timezone.now() - timedelta(days=days))
        assert scans.schedule() == due
    Job.objects.update(state=Job.Status.DONE)
    scans.set_plan(site, "alice", schedule="monthly")
    site.scans.update(created_at=timezone.now() - timedelta(days=8), finished_at=timezone.now())
    assert scans.schedule() == 0
    site.scans.update(created_at=timezone.now() - timedelta(days=31))
    assert scans.schedule() == 1


def test_news_are_what_is_new_too_early_or_survives_and_filing_ends_the_first(site):
    finished(site, made((HOTJAR, BEFORE)))
    assert scans.news_of(site, present(scans.newest(site))) == ([], ["Hotjar"], [])  # nothing to compare with yet
    finished(site, made((HOTJAR, BEFORE), (META, REFUSED), ("https://far.example/", BEFORE)))
    assert scans.news_of(site, present(scans.newest(site))) == (
        ["Meta Pixel", "far.example"], ["Hotjar", "1 unknown host"], ["Meta Pixel"],
    )  # fmt: skip
    scans.file_services(site, "alice", [Choice("C0004", key="meta-pixel")])
    assert scans.news_of(site, present(scans.newest(site))).new_tracker == ["far.example"]


def test_each_notice_can_be_switched_off_by_each_person(site):
    people = {name: add_person(f"{name}@example.net", "correct horse battery") for name in ("alice", "bob", "vera")}
    for name, role in (("alice", "owner"), ("bob", "editor"), ("vera", "viewer")):
        set_role(site, people[name], role, "x")
    finished(site, made())
    Job.objects.all().delete()
    for channel in CHANNELS:
        choose(site, people["bob"], channel, ["after_refusal"])
    finished(site, made((HOTJAR, BEFORE), (META, REFUSED)))
    assert scans.news_for(site, people["alice"], scans.newest(site)) == (
        ["Hotjar", "Meta Pixel"],
        ["Hotjar"],
        ["Meta Pixel"],
    )
    assert scans.news_for(site, people["bob"], scans.newest(site)) == ([], [], ["Meta Pixel"])
    told = Job.objects.filter(kind=scans.MAIL).values_list("params", flat=True)
    assert sorted(one["user"] for one in told) == sorted([people["alice"].pk, people["bob"].pk])
    Job.objects.all().delete()
    for channel in CHANNELS:
        choose(site, people["bob"], channel, [])
    finished(site, made((HOTJAR, BEFORE), (META, REFUSED)))
    assert [one["user"] for one in Job.objects.filter(kind=scans.MAIL).values_list("params", flat=True)] == [
        people["alice"].pk
    ]


def test_nobody_is_told_of_a_scan_that_was_stopped(site):
    set_role(site, add_person("alice@example.net", "correct horse battery"), "owner", "x")
    finished(site, made((HOTJAR, BEFORE)))
    assert Job.objects.filter(kind=scans.MAIL).count() == 1
    Job.objects.filter(kind=scans.MAIL).delete()
    finished(site, made((META, REFUSED), ended="stopped"))
    assert Job.objects.filter(kind=scans.MAIL).count() == 0
    assert [one["key"] for one in present(scans.newest(site)).report["services"]] == ["hotjar"]


def test_services_are_filed_as_the_catalogue_has_them_all_or_none(site):
    with pytest.raises(InvalidChange):
        scans.file_services(site, "alice", [Choice("C0002", key="hotjar"), Choice("", host="far.example")])
    assert site.services.count() == 0
    scans.file_services(site, "alice", [Choice("C0002", key="hotjar"), Choice("C0004", host="far.example")])
    filed = {
        one.key: (one.category.key, list(one.rules.values_list("pattern", flat=True))) for one in site.services.all()
    }
    assert filed["far-example"] == ("C0004", ["far.example"])
    assert "hotjar.com" in filed["hotjar"][1]
    assert site.services.get(key="hotjar").cookies.count() > 2


def test_what_was_filed_is_taken_back_and_nothing_else(site):
    add_service(site, "alice", name="Mine", category="C0002", patterns=["mine.example"])
    added = scans.file_services(site, "alice", [Choice("C0002", key="hotjar")])
    assert (
        scans.take_back(site, "alice", [one.key for one in added]),
        list(site.services.values_list("key", flat=True)),
    ) == (1, ["mine"])


def keep_pictures(*names: str, days: float = 3) -> dict[str, str]:
    """Pictures by a name, kept so long ago."""
    digests = {name: pictures.keep(name.encode(), sha256(name.encode()).hexdigest()) for name in names}
    then = time.time() - 86_400 * days
    for digest in digests.values():
        os.utime(pictures.path(digest), (then, then))
    return digests


def test_old_scans_go_with_the_pictures_that_no_other_names(site, monkeypatch):
    monkeypatch.setattr(scans, "KEPT", 2)
    other = create_site(["other.example"], "alice")
    digests = keep_pictures("a", "b", "c", "d", "e")

    def with_picture(of: Site, name: str) -> None:
        report = made()
        report["pages"][0]["picture"] = digests[name]
        report["pictures"] = {REFUSED: digests["e"]}
        finished(of, report)

    with_picture(other, "b")
    for name in ("a", "b", "c", "d"):
        with_picture(site, name)
    assert site.scans.count() == 2
    assert scans.sweep() == 1
    assert {name: pictures.path(digest).exists() for name, digest in digests.items()} == {
        "a": False, "b": True, "c": True, "d": True, "e": True,
    }  # fmt: skip
    assert oct(pictures.path(digests["d"]).stat().st_mode & 0o777) == "0o600"


def test_pictures_whose_report_is_not_written_yet_stay(site):
    digests = keep_pictures("a") | keep_pictures("b", days=1)
    finished(site, made())
    assert scans.sweep() == 1
    assert [pictures.path(digests[name]).exists() for name in ("a", "b")] == [False, True]


def test_what_a_scan_keeps_anew_while_the_reports_are_read_stays(site, monkeypatch):
    digests = keep_pictures("a", "b")
    finished(site, made())
    read = scans.pictures_of

    def kept_meanwhile(report):
        pictures.keep(b"a", digests["a"])
        return read(report)

    monkeypatch.setattr(scans, "pictures_of", kept_meanwhile)
    assert scans.sweep() == 1
    assert [pictures.path(digests[name]).exists() for name in ("a", "b")] == [True, False]


def test_neither_the_schedule_nor_an_old_scan_reads_a_report(site, monkeypatch):
    monkeypatch.setattr(scans, "KEPT", 2)
    others = [create_site([f"{number}.example"], "alice") for number in range(5)]
    for one in (site, *others):
        scans.set_plan(one, "alice", schedule="weekly")
        finished(one, made())
    finished(site, made())
    last = finished(site, made())
    assert site.scans.count() == 2
    Scan.objects.create(site=site, plan=last.plan)
    with CaptureQueriesContext(connection) as asked:
        assert (scans.forget_old(site), scans.schedule()) == (1, 0)
    assert [one["sql"] for one in asked if '"report"' in one["sql"]] == []
    assert len([one for one in asked if one["sql"].startswith("SELECT")]) <= 3


def test_the_worker_takes_pictures_away(site):
    keep_pictures("a")
    registry.discover()
    enqueue("scan_pictures")
    runner.work_off(queue=registry.DAILY)
    assert list(Job.objects.values_list("result", flat=True)) == [{"deleted": 1}]


def test_a_report_is_kept_while_the_ledger_takes_no_entries(site):
    kept.keep(str(site.uuid), f"of another time\n900\n{'A' * 44}\n")
    scan = finished(site, made())
    assert (scan.finished_at is not None, scan.entry) == (True, None)
