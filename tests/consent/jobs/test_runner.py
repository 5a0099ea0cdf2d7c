from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consent.jobs import actions, registry, runner
from consent.jobs.models import Job
from consent.sites.models import Site
from tests.values import present

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def handle(monkeypatch):
    """Registers handlers for one test only; ours are imported before, so that they stay for other tests."""
    registry.discover()
    monkeypatch.setattr(registry, "_handlers", {})
    monkeypatch.setattr(registry, "_periods", {})
    monkeypatch.setattr(registry, "_queues", {})
    return registry.handler


def test_a_job_runs_once_and_keeps_its_result(handle):
    seen = []

    @handle("count")
    def count(run):
        seen.append(run.params)
        return {"rows": 3}

    job = actions.enqueue("count", params={"a": 1})
    assert runner.work_off() == 1
    assert runner.work_off() == 0
    job.refresh_from_db()
    assert (job.state, job.result, job.attempts, job.leased_until) == ("done", {"rows": 3}, 1, None)
    assert seen == [{"a": 1}]


def test_jobs_run_oldest_first_and_not_before_their_time(handle):
    order = []
    handle("note")(lambda run: order.append(run.params["n"]))
    actions.enqueue("note", params={"n": 1}, run_after=timezone.now() + timedelta(hours=1))
    actions.enqueue("note", params={"n": 2})
    actions.enqueue("note", params={"n": 3})
    assert runner.work_off() == 2
    assert order == [2, 3]


def test_a_dead_workers_job_is_resumed_where_it_stopped(handle):
    steps = []

    @handle("long")
    def long(run):
        for step in range(run.cursor.get("next", 0), 4):
            steps.append(step)
            if step == 2 and run.job.attempts == 1:
                raise KeyboardInterrupt  # leaves the row as kill -9 does
            run.progress(step + 1, 4, cursor={"next": step + 1})

    job = actions.enqueue("long")
    with pytest.raises(KeyboardInterrupt):
        runner.work_off()
    assert Job.objects.get().state == "running"
    assert runner.work_off() == 0  # the lease still holds
    Job.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert runner.work_off() == 1
    job.refresh_from_db()
    assert (job.state, job.attempts, job.done, job.total) == ("done", 2, 4, 4)
    assert steps == [0, 1, 2, 2, 3]


def test_a_job_whose_worker_dies_three_times_fails(handle):
    @handle("killer")
    def killer(run):
        raise KeyboardInterrupt

    job = actions.enqueue("killer")
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            runner.work_off()
        Job.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert runner.work_off() == 0
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("failed", 3)


def test_an_exception_is_retried_later_and_told_in_the_end(handle):
    @handle("bad")
    def bad(run):
        raise ValueError("the disk is full")

    job = actions.enqueue("bad")
    for attempt in (1, 2, 3):
        assert runner.work_off() == 1
        job.refresh_from_db()
        assert job.attempts == attempt
        Job.objects.update(run_after=timezone.now())
    assert (job.state, job.message) == ("failed", "ValueError: the disk is full")


def test_a_worker_that_lost_its_lease_cannot_write(handle):
    @handle("slow")
    def slow(run):
        Job.objects.update(attempts=2)  # another worker took it
        run.progress(1, cursor={"next": 1})

    job = actions.enqueue("slow")
    runner.work_off()
    job.refresh_from_db()
    assert (job.state, job.done, job.cursor) == ("running", 0, {})


def test_a_cancelled_job_stops_at_its_next_report(handle):
    @handle("slow")
    def slow(run):
        assert actions.cancel(run.job) is True
        run.progress(1, cursor={"next": 1})

    job = actions.enqueue("slow")
    runner.work_off()
    job.refresh_from_db()
    assert (job.state, job.done) == ("cancelled", 0)
    assert actions.cancel(job) is False


def test_a_stopping_worker_gives_its_job_back_with_its_cursor(handle):
    stop = []

    @handle("slow")
    def slow(run):
        stop.append(1)
        run.progress(5, cursor={"next": 5})

    job = actions.enqueue("slow")
    runner.work_off(lambda: bool(stop))
    job.refresh_from_db()
    assert (job.state, job.attempts, job.cursor) == ("waiting", 0, {"next": 5})


def test_an_unknown_kind_fails_in_words(handle):
    job = actions.enqueue("nobody")
    runner.work_off()
    job.refresh_from_db()
    assert (job.state, job.message) == ("failed", "Nothing here can do jobs of kind 'nobody'.")


def test_periodic_jobs_are_queued_once_a_period(handle):
    handle("sweep", every=3600)(lambda run: None)
    runner.enqueue_periodic()
    runner.enqueue_periodic()
    assert Job.objects.filter(kind="sweep").count() == 1
    Job.objects.update(created_at=timezone.now() - timedelta(seconds=3700), state="done")
    runner.enqueue_periodic()
    assert Job.objects.filter(kind="sweep").count() == 2


def test_old_rows_of_periodic_jobs_go(handle):
    handle("sweep", every=60)(lambda run: None)
    handle("yearly", every=30 * registry.DAY)(lambda run: None)
    long_ago = timezone.now() - timedelta(days=8)
    for kind, state in (("sweep", "done"), ("sweep", "running"), ("yearly", "done"), ("export", "done")):
        actions.enqueue(kind)
        Job.objects.filter(pk=Job.objects.latest("pk").pk).update(state=state, created_at=long_ago)
    assert actions.sweep() == 1
    assert sorted(Job.objects.values_list("kind", "state")) == [
        ("export", "done"),
        ("sweep", "running"),
        ("yearly", "done"),
    ]


def queries_of_a_look(looks) -> int:
    with CaptureQueriesContext(connection) as asked:
        runner.enqueue_periodic(looks)
    return len(asked)


def test_a_worker_looks_once_a_minute_whether_a_kind_is_due(handle, monkeypatch):
    handle("sweep", every=60)(lambda run: None)
    handle("retain", every=registry.DAY)(lambda run: None)
    clock = 1000.0
    monkeypatch.setattr(runner.time, "monotonic", lambda: clock)
    looks: dict[str, float] = {}
    runner.enqueue_periodic(looks)
    assert sorted(Job.objects.values_list("kind", flat=True)) == ["retain", "sweep"]
    assert [queries_of_a_look(looks) for _ in range(3)] == [0, 0, 0]
    clock += 59.9
    assert queries_of_a_look(looks) == 0
    clock += 0.2
    Job.objects.update(state="done", created_at=timezone.now() - timedelta(seconds=61))
    runner.enqueue_periodic(looks)
    assert Job.objects.filter(kind="sweep").count() == 2
    assert Job.objects.filter(kind="retain").count() == 1


def test_a_kind_that_another_worker_queued_is_due_a_period_after_that(handle, monkeypatch):
    handle("sweep", every=60)(lambda run: None)
    clock = 1000.0
    monkeypatch.setattr(runner.time, "monotonic", lambda: clock)
    actions.enqueue("sweep")
    Job.objects.update(state="done", created_at=timezone.now() - timedelta(seconds=50))
    looks: dict[str, float] = {}
    runner.enqueue_periodic(looks)
    assert Job.objects.count() == 1
    assert 1005 < looks["sweep"] <= 1010


@pytest.mark.parametrize("years", [10, -10], ids=["ahead", "behind"])
def test_a_clock_that_was_wrong_keeps_no_kind_waiting(handle, monkeypatch, years):
    handle("retain", every=registry.DAY)(lambda run: None)
    clock = 1000.0
    monkeypatch.setattr(runner.time, "monotonic", lambda: clock)
    looks: dict[str, float] = {}
    now = timezone.now()
    with time_machine.travel(now + timedelta(days=365 * years), tick=False):
        runner.enqueue_periodic(looks)
    Job.objects.update(state="done")
    if years > 0:
        with time_machine.travel(now - timedelta(days=1, seconds=1), tick=False):
            actions.put_right()
    clock += runner.LOOK
    runner.enqueue_periodic(looks)
    assert Job.objects.filter(state="waiting").count() == 1


def test_enqueue_once_does_not_queue_an_equal_waiting_job_twice(handle):
    first = actions.enqueue("scan", params={"a": 1}, once=True)
    assert actions.enqueue("scan", params={"a": 1}, once=True) == first
    assert actions.enqueue("scan", params={"a": 2}, once=True) != first


def test_worker_once_does_what_is_due(handle, capsys):
    handle("nothing")(lambda run: None)
    actions.enqueue("nothing")
    call_command("worker", "--once")
    assert capsys.readouterr().out == "1 job done.\n"


def sites(count: int) -> list[Site]:
    return [Site.objects.create(name=f"Site {n}", languages=["en"]) for n in range(count)]


def test_sites_take_turns_whoever_asked_first_and_most(handle):
    order = []
    handle("export")(lambda run: order.append(run.job.site.name))
    one, two, three = sites(3)
    for site in (one, one, one, one, two, two, three):
        actions.enqueue("export", site=site)
    runner.work_off()
    assert order == ["Site 0", "Site 1", "Site 2", "Site 0", "Site 1", "Site 0", "Site 0"]


def test_a_site_has_one_job_at_a_time_in_a_lane(handle):
    handle("export")(lambda run: None)
    handle("hook", queue=registry.DELIVERIES)(lambda run: None)
    one, two = sites(2)
    for site in (one, one, one, two):
        actions.enqueue("export", site=site)
    actions.enqueue("hook", site=one)
    claimed = [runner.claim(queue=registry.WORK), runner.claim(queue=registry.WORK)]
    assert [present(job).site for job in claimed] == [one, two]
    assert runner.claim(queue=registry.WORK) is None
    assert present(runner.claim(queue=registry.DELIVERIES)).kind == "hook"
    # A worker that died keeps nobody waiting.
    Job.objects.filter(pk=present(claimed[0]).pk).update(leased_until=timezone.now() - timedelta(seconds=1))
    assert present(runner.claim(queue=registry.WORK)).pk == present(claimed[0]).pk


def test_lanes_do_not_meet(handle):
    done = []
    every: list[tuple[str, dict[str, Any]]] = [
        ("sweep", {"every": 60}), ("retain", {"every": registry.DAY}), ("export", {}), ("hook", {"queue": registry.DELIVERIES}),
        ("look", {"queue": registry.PICTURES}), ("walk", {"queue": registry.SCANS}),
    ]  # fmt: skip
    for kind, more in every:
        handle(kind, **more)(lambda run: done.append(run.job.kind))
        actions.enqueue(kind)
    for queue in registry.QUEUES:
        assert runner.work_off(queue=queue) == 1
    assert done == ["sweep", "retain", "export", "hook", "look", "walk"]
    actions.enqueue("nobody")
    assert runner.work_off(queue=registry.WORK) == 1


def test_a_job_that_must_wait_has_used_up_no_attempt(handle):
    until = timezone.now() + timedelta(hours=1)

    @handle("hook")
    def hook(run):
        raise runner.Later(until, "the other side is away")

    job = actions.enqueue("hook")
    runner.work_off()
    job.refresh_from_db()
    assert (job.state, job.attempts, job.run_after, job.message) == ("waiting", 0, until, "the other side is away")


SCRIPT = """
import os, sys, time, django
os.environ["DJANGO_SETTINGS_MODULE"] = "cookiebanner.settings"
django.setup()
from consent.jobs import actions, registry, runner
from consent.jobs.models import Job

@registry.handler("long")
def long(run):
    for step in range(run.cursor.get("next", 0), 40):
        run.progress(step + 1, 40, cursor={"next": step + 1})
        if run.job.attempts == 1:
            print(step, flush=True)
            time.sleep(0.05)  # work, long enough to be killed in

if sys.argv[1] == "first":
    actions.enqueue("long")
else:
    from datetime import timedelta
    from django.utils import timezone
    Job.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
runner.work_off()
job = Job.objects.get(kind="long")
print(job.state, job.attempts, job.done)
"""


def test_kill_9_of_a_worker_loses_no_job(tmp_path):
    environment = {**os.environ, "FAIRGATE_DATA": str(tmp_path)}
    environment.pop("DATABASE_URL", None)
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v0", "--skip-checks"], cwd=ROOT, env=environment, check=True
    )
    first = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, "first"], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    for line in present(first.stdout):
        if line == "5\n":
            os.kill(first.pid, signal.SIGKILL)
            break
    first.wait()
    second = subprocess.run(
        [sys.executable, "-c", SCRIPT, "second"], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert second.stdout == "done 2 40\n"


def test_house_keeping_does_not_wait_behind_long_jobs(handle):
    done = []
    handle("export")(lambda run: done.append("export"))
    handle("checkpoints", every=60)(lambda run: done.append("checkpoints"))
    actions.enqueue("export")
    actions.enqueue("checkpoints")
    assert runner.work_off(periodic=True) == 1
    assert done == ["checkpoints"]
    assert runner.work_off(periodic=False) == 1
    assert done == ["checkpoints", "export"]


@pytest.mark.parametrize("result", [{"x": object()}, {"x": {1, 2}}], ids=["an object", "a set"])
def test_a_result_that_cannot_be_stored_does_not_make_its_job_run_again(handle, result):
    seen = []

    @handle("strange")
    def strange(run):
        seen.append(run.job.pk)
        return result

    later = actions.enqueue("strange")
    assert runner.work_off() == 1
    later.refresh_from_db()
    assert (later.state, later.result, len(seen)) == ("done", {}, 1)
    assert "can't hold its result" in later.message


@pytest.mark.postgresql
def test_postgresql_refuses_a_nul_in_a_result_and_the_job_is_done_all_the_same(handle):
    handle("nul")(lambda run: {"x": "a\x00b"})
    job = actions.enqueue("nul")
    assert runner.work_off() == 1
    job.refresh_from_db()
    assert (job.state, job.result) == ("done", {})


def test_an_error_with_control_characters_is_told_without_them(handle):
    @handle("nul")
    def nul(run):
        run.progress(1, message="half\x00way\ud800", cursor={"at": 1})
        raise ValueError("bad \x00 byte \x1b[31m")

    job = actions.enqueue("nul")
    assert runner.work_off() == 1
    job.refresh_from_db()
    assert (job.state, job.message) == ("waiting", "ValueError: bad \ufffd byte \ufffd[31m")


@pytest.mark.django_db(transaction=True)
def test_workers_that_reach_for_a_sites_jobs_together_get_one(handle):
    handle("export")(lambda run: None)
    one, two = sites(2)
    for _ in range(12):
        actions.enqueue("export", site=one)
    actions.enqueue("export", site=two)
    start, got = threading.Barrier(6), []

    def reach():
        start.wait(20)
        got.append(runner.claim(queue=registry.WORK))
        connection.close()

    threads = [threading.Thread(target=reach) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    claimed = [job.site_id for job in got if job]
    assert claimed.count(one.pk) == 1
    assert claimed.count(two.pk) <= 1
