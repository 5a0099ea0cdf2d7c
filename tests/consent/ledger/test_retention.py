from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import time_machine
from django.utils import timezone

from consent.jobs import runner
from consent.jobs.actions import enqueue
from consent.jobs.models import Job
from consent.jurisdictions.table import REGIMES
from consent.ledger import jobs, kept, retention
from consent.ledger.append import append
from consent.ledger.verify import verify
from consent.models import ConsentRecord, Site
from tests.consent.ledger.sample_ledger import answer

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("action", "regime", "days", "replaced", "goes"),
    [
        ("accept_all", "eu_opt_in", 180 + 3 * 365, False, False),
        ("accept_all", "eu_opt_in", 180 + 3 * 366 + 2, False, True),
        ("withdraw", "eu_opt_in", 400, False, False),
        ("reject_all", "eu_opt_in", 170, False, False),
        ("reject_all", "eu_opt_in", 190, False, True),
        ("close", "eu_opt_in", 190, False, True),
        ("reject_all", "us_ca", 700, True, False),
        ("opt_out", "us_ca", 700, True, False),
        ("opt_out", "us_ca", 2 * 366 + 2, True, True),
        ("opt_out", "us_ca", 4000, False, False),
        ("accept_all", "us_ca", 365 + 3 * 365, False, False),
    ],
)
def test_retention_by_age(action, regime, days, replaced, goes):
    site = Site.objects.create(name="Old shop")  # without a release's entry of today: time never runs backwards
    old = answer(site, action=action, regime=regime)
    now = datetime.now(UTC)
    append([old], at=now - timedelta(days=days))
    if replaced:
        append([answer(site, visitor=old.visitor, replaces=old.record_id)])
    assert retention.retain(site, now, dry=True).count == int(goes)
    assert retention.retain(site, now).count == int(goes)
    assert (ConsentRecord.objects.get(site_id=site.pk, record_id=old.record_id).payload is None) is goes
    assert verify(site).wrong == []
    assert retention.retain(site, now).count == 0


def test_a_strangers_record_does_not_end_an_objection():
    """Retention keeps an objection while it is in force: a forged `replaces` must not end it."""
    site = Site.objects.create(name="Old shop")
    now = datetime.now(UTC)
    objection = answer(site, action="opt_out", regime="us_ca")
    append([objection], at=now - timedelta(days=2 * 366 + 2))
    append([answer(site, replaces=objection.record_id), answer(site, visitor=None, replaces=objection.record_id)])
    assert retention.retain(site, now).count == 0
    append([answer(site, visitor=objection.visitor, replaces=objection.record_id)])
    assert retention.retain(site, now).count == 1


# --- what has become due since the pass before ------------------------------------------------------------------------

ACTIONS = ("accept_all", "reject_all", "close", "opt_out", "gpc", "withdraw", "test")


@pytest.mark.parametrize("begun", ["2027-02-27T23:30:00Z", "2028-02-28T12:00:00Z", "2027-12-31T00:00:00Z"])
def test_daily_passes_find_what_passes_over_everything_find(begun):
    """Of every regime and action, around the moment when its time is over, and of objections that are replaced later:
    day by day, the ends of months and leap years among them."""
    begun = datetime.fromisoformat(begun)
    site = Site.objects.create(name="Old shop")
    made = []
    for regime in ["eu_opt_in-IT", "gone", *sorted(REGIMES)]:
        for action in ACTIONS:
            moment = retention._last_due(partial(retention._until, regime=regime, action=action), begun)
            for hours in (-30, -1, 0, 1, 23, 25, 49, 80):
                made.append((moment + timedelta(hours=hours, seconds=7), answer(site, action=action, regime=regime)))
    made.sort(key=lambda one: one[0])
    for at, draft in made:
        append([draft], at=at)
    objections = [(at, one) for at, one in made if one.action == "opt_out"]
    since, found = begun, set(retention._over(site.pk, begun))
    assert found
    for day in range(1, 5):
        now = begun + day * DAY
        for at, old in objections[day::7]:  # replaced today, whether kept for long enough or not
            append([answer(site, visitor=old.visitor, replaces=old.record_id)], at=now - timedelta(hours=2))
        whole, fresh = set(retention._over(site.pk, now)), list(retention._over_since(site.pk, since, now))
        assert whole - found <= set(fresh) <= whole
        assert len(whole - found) > len(ACTIONS)
        since, found = now, whole


def test_a_daily_pass_reads_a_few_days():
    now = datetime.now(UTC)
    spans = retention._became_due(now - DAY, now)
    assert all(start < end for start, end in spans)
    assert sum((end - start for start, end in spans), timedelta()) < 12 * DAY


def passes() -> list[dict]:
    """Does the daily pass; the results of all so far, the newest first."""
    enqueue(jobs.RETENTION)
    runner.work_off()
    return [job.result for job in Job.objects.filter(kind=jobs.RETENTION).order_by("-id")]


def old_refusals(site: Site, count: int, days: int) -> None:
    append([answer(site, action="reject_all") for _ in range(count)], at=timezone.now() - days * DAY)


@pytest.fixture
def read(monkeypatch):
    """[(site, since)] of each look at a site's answers."""
    seen, retain = [], retention.retain

    def watched(site, now, **more):
        seen.append((site.pk, more["since"]))
        return retain(site, now, **more)

    monkeypatch.setattr(retention, "retain", watched)
    return seen


def test_the_worker_reads_everything_once_a_month_and_what_is_new_daily(read):
    site = Site.objects.create(name="Old shop")
    old_refusals(site, 3, days=400)
    old_refusals(site, 2, days=179)
    start = timezone.now()
    assert passes()[0]["erased"] == 3
    with time_machine.travel(start + 2 * DAY, tick=False):
        assert passes()[0]["erased"] == 2
        newest = timezone.now()
    with time_machine.travel(start + 31 * DAY, tick=False):
        assert passes()[0]["erased"] == 0
    assert [since is None for _, since in read] == [True, False, True]
    assert newest - start == 2 * DAY
    assert verify(site).wrong == []


def test_other_terms_are_looked_at_whole(read, monkeypatch):
    Site.objects.create(name="Old shop")
    passes()
    passes()
    monkeypatch.setitem(REGIMES, "eu_opt_in", {**REGIMES["eu_opt_in"], "refusal_days": 30})
    passes()
    assert [since is None for _, since in read] == [True, False, True]


def test_a_stopped_log_is_read_whole_the_next_time(read, monkeypatch):
    site, other = Site.objects.create(name="Old shop"), Site.objects.create(name="Other shop")
    old_refusals(site, 1, days=400)
    old_refusals(other, 1, days=400)
    with monkeypatch.context() as patch:
        patch.setattr(kept, "sizes", lambda uuids: {uuid: 99 if uuid == str(site.uuid) else 0 for uuid in uuids})
        first = passes()[0]
        assert (first["erased"], first["left"]) == (1, [site.pk])
    assert passes()[0]["erased"] == 1
    assert [(pk, since is None) for pk, since in read] == [
        (site.pk, True), (other.pk, True), (site.pk, True), (other.pk, False),
    ]  # fmt: skip


def test_a_site_that_fails_stops_no_other_and_is_tried_again(monkeypatch):
    broken, other = Site.objects.create(name="Broken shop"), Site.objects.create(name="Other shop")
    for site in (broken, other):
        old_refusals(site, 1, days=400)
    erase = retention.erase_batch
    with monkeypatch.context() as patch:
        patch.setattr(
            retention, "erase_batch", lambda site, *given: 1 / 0 if site.pk == broken.pk else erase(site, *given)
        )
        passes()
        job = Job.objects.get(kind=jobs.RETENTION)
        assert (job.state, job.result["erased"], "Broken shop: ZeroDivisionError" in job.message) == (
            "waiting",
            1,
            True,
        )
    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        runner.work_off()
    job.refresh_from_db()
    assert (job.state, job.result["erased"]) == ("done", 1)
    assert not ConsentRecord.objects.filter(site_id=broken.pk, action="reject_all", payload__isnull=False).exists()
