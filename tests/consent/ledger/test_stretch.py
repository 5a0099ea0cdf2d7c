"""A log in stretches: whoever walks them says the same, and a check goes on from a checkpoint that somebody kept."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import connection

from consent.ledger import checkpoint, clock, erasure, guards, kept, signing, stretch
from consent.ledger.append import append
from consent.ledger.stretch import FastWalk, SlowWalk, Stretch
from consent.ledger.verify import verify
from consent.models import ConsentRecord, LogEntry, LogHead, Site
from consent.trail.actions import audit
from tests import append_only
from tests.consent.ledger.sample_ledger import answer, full_ledger, make_site
from tests.values import present

pytestmark = pytest.mark.django_db
AHEAD = datetime(2036, 2, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """A stretch has 256 leaves, so that a small log has several."""
    monkeypatch.setattr(stretch, "LEVELS", 1)


def signed(site: Site) -> str:
    point = present(checkpoint.make(site))
    kept.keep(str(site.uuid), point.note)
    return point.note


def long_ledger() -> Site:
    """Four stretches with something in each, at their ends too."""
    site = full_ledger()
    append([answer(site) for _ in range(512 - 324)])
    signed(site)
    strange = {"status": "ConsentGiven", "page": 'a\\b\t"c"\n\u2028é'}
    append([answer(site, record=strange), answer(site, release=None, regime="", visitor=None), answer(site)])
    signed(site)
    gone = ConsentRecord.objects.get(index=400)
    erasure.erase(site, record_id=gone.record_id, actor="alice", reason="asked")
    append([answer(site, action="test")])
    append([answer(site) for _ in range(300)])
    signed(site)
    return site


def stretches(site: Site) -> list[Stretch]:
    size = LogHead.objects.get(site_id=site.pk).size
    return [
        Stretch(site.pk, str(site.uuid), first, min(first + 256, size) - 1, first + 256 >= size, 1, (300,))
        for first in range(0, size, 256)
    ]


def told(site: Site, **more):
    report = asdict(verify(site, **more))
    return {name: value for name, value in report.items() if name != "site"}


def test_the_fast_walk_says_what_the_slow_one_says():
    site = long_ledger()
    assert told(site)["wrong"] == []
    if connection.vendor == "sqlite":  # which has no COPY: only the slow one walks there
        return
    for one in stretches(site):
        assert FastWalk(one).run() == SlowWalk(one).run()


@pytest.mark.parametrize("index", [0, 5, 255, 256, 511, 512, 600])
@pytest.mark.parametrize("column", ["language", "received_at", "salt", "visitor", "release", "record_id"])
def test_the_fast_walk_stops_at_whatever_was_changed(index, column):
    site = long_ledger()
    append_only.drop(connection)
    row = ConsentRecord.objects.get(index=index)
    new = {
        "language": "xx", "received_at": row.received_at - timedelta(seconds=1), "salt": bytes(32),
        "visitor": uuid4(), "release": 9, "record_id": uuid4(),
    }  # fmt: skip
    ConsentRecord.objects.filter(index=index).update(**{column: new[column]})
    [place] = [one for one in stretches(site) if one.first <= index <= one.last]
    if connection.vendor == "postgresql":
        with pytest.raises(stretch.Unusual):
            FastWalk(place).run()
    assert f"at index {index}: " in verify(site).wrong[0]


@pytest.mark.django_db(transaction=True)
def test_two_processes_say_what_one_says(settings):
    site = long_ledger()
    settings.FAIRGATE_PROCESSES = 1
    alone = told(site)
    assert (alone["wrong"], alone["erased"]) == ([], 2)
    settings.FAIRGATE_PROCESSES = 2
    assert told(site) == alone
    append_only.drop(connection)
    ConsentRecord.objects.filter(index=300).update(language="xx")
    LogEntry.objects.filter(index=600).delete()
    several = told(site)
    settings.FAIRGATE_PROCESSES = 1
    assert told(site) == several
    assert [finding.split(":")[0] for finding in several["wrong"]][1:] == [
        "Entry 600 is missing", "What follows was not checked.",
    ]  # fmt: skip
    guards.install(connection)


@pytest.mark.parametrize("before", [254, 255, 256])
def test_a_clock_that_was_set_back_where_a_stretch_ends_holds(before):
    site = make_site()
    append([answer(site) for _ in range(before - 2)])
    with time_machine.travel(AHEAD, tick=False):
        append([answer(site)])
    clock.repair(site, "alice", "It ran ahead.")
    assert LogEntry.objects.get(type="clock_repair").index == before
    append([answer(site) for _ in range(30)])
    report = verify(site)
    assert (report.wrong, [told.split(":")[0][:32] for told in report.repairs]) == (
        [],
        [f"Entry {before} set the clock back from"[:32]],
    )


# --- from a checkpoint that somebody kept ---------------------------------------------------------------------------


def test_only_what_follows_a_kept_checkpoint_is_recomputed():
    site = long_ledger()
    note = present(checkpoint.latest(site.pk)).note
    append([answer(site) for _ in range(30)])
    audit(site, "alice", "site.settings", changes={})
    signed(site)
    report = verify(site, since=note)
    assert (report.wrong, report.first, report.erased) == ([], 768, 0)
    assert report.size == LogHead.objects.get(site_id=site.pk).size
    assert report.records == report.size - 768 - LogEntry.objects.filter(index__gte=768).exclude(type="consent").count()
    append_only.drop(connection)
    ConsentRecord.objects.filter(index=700).update(language="xx")
    assert verify(site, since=note).wrong == []  # it lies before: whoever has the checkpoint asks for all to see it
    ConsentRecord.objects.filter(index=report.size - 5).update(language="xx")
    assert f"at index {report.size - 5}: language is 'xx'" in verify(site, since=note).wrong[0]


def test_a_log_that_was_written_anew_is_no_continuation():
    site = long_ledger()
    note = present(checkpoint.latest(site.pk)).note
    own = signing.private_key()
    root = bytes(32)
    other = signing.sign(checkpoint.origin(site.pk, site.uuid), signing.parse(note).size, root, own)
    size = signing.parse(note).size
    assert verify(site, since=other).wrong == [
        f"The log is no continuation of the checkpoint of size {size} that was given."
    ]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda note: "nonsense", "The checkpoint that was given cannot be read"),
        (lambda note: note.replace("— ", "- "), "The checkpoint that was given is not signed by the log's key."),
    ],
)
def test_a_checkpoint_that_proves_nothing_is_refused(change, said):
    site = full_ledger()
    assert verify(site, since=change(present(checkpoint.latest(site.pk)).note)).wrong[0].startswith(said)


def test_a_log_that_became_shorter_is_no_continuation():
    site = full_ledger()
    longer = signing.sign(checkpoint.origin(site.pk, site.uuid), 999, bytes(32), signing.private_key())
    assert verify(site, since=longer).wrong[0] == "The log has 324 entries, and the checkpoint that was given 999."


def test_the_command_takes_the_file_of_a_checkpoint(tmp_path, capsys):
    site = long_ledger()
    file = tmp_path / "checkpoint.txt"
    file.write_text("Kept on Friday:\r\n\r\n" + present(checkpoint.latest(site.pk)).note.replace("\n", "\r\n"))
    size = LogHead.objects.get(site_id=site.pk).size
    call_command("verify_ledger", site=str(site.uuid), since=str(file))
    assert f"Shop: {size} entries hold together since entry 768 (checkpoint of size {size})" in capsys.readouterr().out
    with pytest.raises(CommandError, match="--since needs --site"):
        call_command("verify_ledger", since=str(file))
    with pytest.raises(CommandError, match="No such file"):
        call_command("verify_ledger", site=str(site.uuid), since=str(tmp_path / "none"))
