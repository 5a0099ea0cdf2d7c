"""A clock that jumped ahead and was put right: the log says so once, and time steps back there and nowhere else."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.utils import timezone

from consent.answers.receipts import receipt
from consent.jobs import runner
from consent.jobs.actions import enqueue
from consent.ledger import checkpoint, clock
from consent.ledger.append import CLOCK_REPAIR, append, draft_of
from consent.ledger.verify import verify
from consent.models import AuditEvent, ConsentRecord, DailyTotal, Job, LogEntry, LogHead, Site
from cookiebanner import checks
from tests.consent.ledger.sample_ledger import answer, make_site
from tests.values import present

pytestmark = pytest.mark.django_db(transaction=True)
AHEAD = datetime(2036, 2, 1, 12, tzinfo=UTC)


def jumped(name: str = "Shop") -> Site:
    """A site that got two answers today, two while the clock said 2036, and one after it was right again."""
    site = make_site(name)
    append([answer(site), answer(site)])
    with time_machine.travel(AHEAD, tick=False):
        append([answer(site), answer(site)])
        checkpoint.make(site)
    append([answer(site)])
    return site


def test_a_clock_that_jumped_ahead_stays_until_it_is_repaired():
    site = jumped()
    later = ConsentRecord.objects.get(site_id=site.pk, index=5)
    assert later.received_at == AHEAD  # the harm
    now = datetime.now(UTC)
    done = clock.repair(site, "alice@example.org", "The hypervisor was wrong.")
    assert (done.before, done.index) == (AHEAD, 6)
    assert now <= done.after <= datetime.now(UTC)
    fresh = answer(site)
    append([fresh])
    record = ConsentRecord.objects.get(site_id=site.pk, record_id=fresh.record_id)
    assert done.after <= record.received_at <= datetime.now(UTC)
    assert record.day == record.received_at.astimezone(UTC).date()
    entry = ConsentRecord.objects.get(site_id=site.pk, index=6)
    assert (entry.type, json.loads(present(entry.payload))["before"]) == (CLOCK_REPAIR, "2036-02-01T12:00:00.000000Z")
    event = AuditEvent.objects.get(verb="ledger.repair_clock")
    assert (event.actor, event.detail["entry"]) == ("alice@example.org", 6)
    checkpoint.make(site)
    report = verify(site)
    assert report.wrong == []
    [told] = report.repairs
    assert told.startswith("Entry 6 set the clock back from 2036-02-01T12:00:00.000000Z to ")
    assert told.endswith("The hypervisor was wrong.")
    assert clock.ahead() == []


def test_totals_of_a_day_that_came_twice_add_up():
    site = jumped()
    clock.repair(site, "alice", "wrong")
    append([answer(site) for _ in range(3)])
    assert verify(site).wrong == []
    assert sum(DailyTotal.objects.filter(site_id=site.pk).values_list("count", flat=True)) == 8
    DailyTotal.objects.filter(site_id=site.pk, day=AHEAD.date()).update(count=2)
    [wrong] = verify(site).wrong
    assert wrong.startswith("The total of 2036-02-01 ")


def test_replays_receipts_and_a_second_jump_work_across_a_repair():
    site = make_site()
    first, ahead = answer(site), answer(site)
    append([first])
    with time_machine.travel(AHEAD, tick=False):
        append([ahead])
    clock.repair(site, "alice", "wrong")
    for draft, index in ((first, 1), (ahead, 2)):
        [again] = append([draft])
        assert (again.status, again.index) == ("replayed", index)
        assert receipt(draft.record_id, site.uuid).entry.index == index
    with time_machine.travel(AHEAD, tick=False):
        append([answer(site)])
    clock.repair(site, "alice", "again")
    append([answer(site)])
    report = verify(site)
    assert (report.wrong, len(report.repairs)) == ([], 2)


@pytest.mark.parametrize("of", ["an empty log", "a log that is right"])
def test_nothing_is_repaired_that_is_not_wrong(of):
    site = Site.objects.create(name="Empty") if of == "an empty log" else make_site()
    with pytest.raises(ValueError, match="is not ahead of the clock"):
        clock.repair(site, "alice", "for fun")
    assert not LogEntry.objects.filter(type=CLOCK_REPAIR).exists()


def test_a_step_back_anywhere_else_is_found():
    site = make_site()
    append([answer(site)])
    yesterday = datetime.now(UTC) - timedelta(days=1)
    LogHead.objects.filter(site_id=site.pk).update(last_received_at=yesterday)
    append([answer(site)], at=yesterday)
    assert "it was received before the one before it" in verify(site).wrong[0]


def test_only_one_step_back_is_allowed_there():
    site = jumped()
    clock.repair(site, "alice", "wrong")
    yesterday = datetime.now(UTC) - timedelta(days=1)
    LogHead.objects.filter(site_id=site.pk).update(last_received_at=yesterday)
    append([answer(site)], at=yesterday)
    assert "it was received before the one before it" in verify(site).wrong[0]


@pytest.mark.parametrize("before", ["2036-02-01T12:00:00.000001Z", None])
def test_an_entry_that_only_pretends_to_set_the_clock_back_is_found(before):
    site = jumped()
    record = {"reason": "r", "actor": "a", **({"before": before} if before else {})}
    append([draft_of(site.pk, site.uuid, CLOCK_REPAIR, record, site.uuid)])
    assert "does not set the clock back from the time of the entry before it" in verify(site).wrong[0]


def test_a_repair_that_goes_forward_is_found():
    site = make_site()
    last = LogHead.objects.get(site_id=site.pk).last_received_at
    record = {
        "before": present(last).astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z",
        "reason": "r",
        "actor": "a",
    }
    append([draft_of(site.pk, site.uuid, CLOCK_REPAIR, record, site.uuid)])
    assert "does not set the clock back" in verify(site).wrong[0]


def test_the_command_repairs_every_log_that_is_ahead_and_says_so(capsys):
    one, two, right = jumped("One"), jumped("Two"), make_site("Right")
    call_command("repair_clock", reason="A wrong time server.")
    said = capsys.readouterr().out
    assert [f"{site.name}: the log went back from 2036-02-01T12:00:00.000000Z to " in said for site in (one, two, right)] == [
        True, True, False,
    ]  # fmt: skip
    call_command("repair_clock")
    assert "No log is ahead of the clock." in capsys.readouterr().out
    with pytest.raises(CommandError, match="is not ahead"):
        call_command("repair_clock", site=str(right.uuid))
    call_command("verify_ledger")
    assert "One: Entry 6 set the clock back from" in capsys.readouterr().out


def test_it_is_told_before_it_is_repaired(client, capsys):
    site = make_site()
    assert checks.no_log_is_ahead_of_the_clock(databases=["default"]) == []
    with time_machine.travel(datetime.now(UTC) + timedelta(days=3), tick=False):
        append([answer(site)])
    [warning] = checks.no_log_is_ahead_of_the_clock(databases=["default"])
    assert (warning.id, "2 days ahead of the clock" in warning.msg) == ("fairgate.W011", True)
    ready = client.get("/readyz")
    assert (ready.status_code, "manage.py repair_clock" in " ".join(ready.json()["warnings"])) == (200, True)
    clock.repair(site, "alice", "wrong")
    assert checks.no_log_is_ahead_of_the_clock(databases=["default"]) == []
    assert "repair_clock" not in " ".join(client.get("/readyz").json()["warnings"])


def test_a_few_seconds_between_machines_are_no_warning():
    site = make_site()
    append([answer(site)], at=datetime.now(UTC) + timedelta(seconds=3))
    assert clock.ahead() == []


def test_background_work_does_not_wait_for_the_time_that_was_wrong(capsys):
    with time_machine.travel(AHEAD, tick=False):
        enqueue("no_such_kind")
        enqueue("ledger_checkpoints")
    Job.objects.filter(kind="ledger_checkpoints").update(state="done")
    runner.enqueue_periodic()
    assert Job.objects.filter(kind="ledger_checkpoints").count() == 1  # the harm: none for ten years
    call_command("repair_clock")
    assert "2 background jobs that were dated ahead are due now." in capsys.readouterr().out
    assert not Job.objects.filter(created_at__gt=timezone.now()).exists()
    assert present(runner.claim()).kind == "no_such_kind"
