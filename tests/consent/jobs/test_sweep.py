"""Rows of ended jobs go after a while; what something still reads stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consent.jobs import actions, registry, runner
from consent.jobs.models import Job
from consent.models import Scan, Site

pytestmark = pytest.mark.django_db


def ended(kind: str, days: float, state: str = "done", **more: Any) -> Job:
    """A job that ended so many days ago."""
    job = Job.objects.create(kind=kind, state=state, run_after=timezone.now(), **more)
    then = timezone.now() - timedelta(days=days)
    Job.objects.filter(pk=job.pk).update(created_at=then, finished_at=then)
    return job


@pytest.fixture(autouse=True)
def kinds():
    registry.discover()


def test_what_ended_a_month_ago_goes_in_whatever_state_it_ended():
    for state in ("done", "failed", "cancelled"):
        ended("compress", 31, state)
        ended("request_news", 31, state)
        ended("of an earlier version", 31, state)
    kept = [ended("compress", 29), ended("compress", 90, "waiting"), ended("compress", 90, "running")]
    late = ended("publish_scheduled", 90)
    Job.objects.filter(pk=late.pk).update(finished_at=timezone.now())  # it waited for its time
    assert actions.sweep() == 9
    assert set(Job.objects.values_list("pk", flat=True)) == {job.pk for job in (*kept, late)}


def test_what_is_still_asked_for_stays():
    site = Site.objects.create(name="Shop", languages=["en"])
    scan = Scan.objects.create(site=site, job=ended("scan", 90, site=site))
    stays = [
        ended("export", 400, result={"path": "a.csv"}),
        ended("export", 400, result={"file": "/of/an/earlier/version.csv"}),
        ended("rendered", 400, result={"findings": []}),
        ended("pictures", 400),
        ended("choice_import", 400, "failed"),
        ended("ledger_retention", 29),
        ended("optout_webhook", 31),  # deleted elsewhere
        scan.job,
    ]
    goes = [
        ended("export", 31, "failed"),
        ended("export", 31, result={"removed": True, "records": 4}),
        ended("rendered", 31, result={"why": "the draft has changed since"}),
        ended("choice_import", 31),
        ended("ledger_retention", 31),
        ended("scan", 31),
        ended("ledger_checkpoints", 8),
        ended("mail.password_reset", 2),
    ]
    known = {job.kind for job in (*stays, *goes) if job}
    assert {kind for kind in known if registry.find(kind) is None} == set()
    assert actions.sweep() == len(goes)
    assert set(Job.objects.values_list("pk", flat=True)) == {job.pk for job in stays if job}
    assert Scan.objects.get().job == scan.job


def test_rows_go_in_slices_and_none_is_read(monkeypatch):
    monkeypatch.setattr(actions, "SLICE", 10)
    for _ in range(25):
        ended("compress", 31)
    ended("compress", 1)
    with CaptureQueriesContext(connection) as asked:
        assert actions.sweep() == 25
    said = [one["sql"] for one in asked]
    assert len([sql for sql in said if sql.startswith("DELETE")]) == 3
    assert [sql for sql in said if "params" in sql or "consent_scan" in sql] == []
    assert Job.objects.count() == 1


def test_the_worker_sweeps_by_itself():
    ended("compress", 31)
    actions.enqueue("jobs_sweep")
    runner.work_off(queue=registry.DAILY)
    assert list(Job.objects.values_list("kind", "result")) == [("jobs_sweep", {"deleted": 1})]


@pytest.mark.postgresql
def test_ended_mails_are_found_among_many_other_jobs_by_an_index():
    now = timezone.now()
    Job.objects.bulk_create(
        Job(kind=kind, state="done", run_after=now)
        for kind, count in (("optout_webhook", 20_000), ("request_mail", 2))
        for _ in range(count)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE consent_job")
    plan = Job.objects.filter(kind="request_mail", state__in=actions.OVER).order_by().explain()
    assert ("job_by_kind" in plan, "Seq Scan" in plan) == (True, False)
