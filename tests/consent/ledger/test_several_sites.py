"""Batches of several sites, from several connections at once."""

from __future__ import annotations

import asyncio
import os
import random
import threading
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import DataError, connection
from django.utils import timezone

from consent.answers.intake import record
from consent.ledger import kept
from consent.ledger.append import append, keeps_sites_apart
from consent.ledger.verify import verify
from consent.models import DailyTotal, LogEntry, Site
from cookiebanner.lane.writer import Writer
from tests.consent.ledger.sample_ledger import answer, make_site

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_writers_with_crossing_orders_meet_no_deadlock_and_keep_each_sites_order():
    sites = [make_site(name) for name in "ABCDE"]
    again: list[tuple[int, str]] = []
    errors: list[BaseException] = []

    def work(backwards: bool) -> None:
        dice = random.Random(int(backwards))
        try:
            for turn in range(12):
                some = sorted(dice.sample(sites, 4), key=lambda site: site.pk, reverse=backwards)
                drafts = [answer(site) for site in some for _ in range(3)]
                now = timezone.now() - timedelta(hours=turn % 2)  # a clock that steps back and forth
                for draft, outcome in zip(drafts, append(drafts, at=now), strict=True):
                    assert outcome.status == "created"
                    again.append((draft.site_id, draft.id_text))
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(backwards,)) for backwards in (False, True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    assert [(report.wrong, report.size) for report in map(verify, sites)] == [
        ([], 1 + sum(site.pk == pk for pk, _ in again)) for site in sites
    ]
    assert sum(DailyTotal.objects.values_list("count", flat=True)) == len(again) == 2 * 12 * 12


@pytest.mark.parametrize("writers", [1, 3])
def test_a_poisoned_answer_and_a_deleted_site_harm_no_answer_of_another_site(writers):
    if connection.vendor == "sqlite" and writers > 1:
        return  # one writer
    good, bad, gone = make_site("Good"), make_site("Bad"), Site.objects.create(name="Gone")
    drafts = [answer(site) for _ in range(8) for site in (good, bad, gone)]
    drafts[13] = answer(bad, release=2**80, record=drafts[13].record)  # no column holds it
    Site.objects.filter(pk=gone.pk).delete()

    async def go():
        writer = Writer(record, writers=writers)
        loop = asyncio.get_running_loop()
        writer.start(loop)
        futures = [loop.create_future() for _ in drafts]
        for draft, future in zip(drafts, futures, strict=True):
            assert writer.offer(draft, future.set_result)
        outcomes = await asyncio.gather(*futures)
        await loop.run_in_executor(None, writer.end)
        return outcomes

    outcomes = asyncio.run(go())
    assert [n for n, outcome in enumerate(outcomes) if isinstance(outcome, Exception)] == [13]
    assert isinstance(outcomes[13], (DataError, OverflowError))
    for site in (good, bad):
        stored = LogEntry.objects.filter(site_id=site.pk, type="consent").order_by("index")
        mine = [d.id_text for n, d in enumerate(drafts) if d.site_id == site.pk and n != 13]
        assert [str(entry.record_id) for entry in stored] == mine
        assert verify(site).wrong == []


def test_a_batch_of_its_own_is_four_messages_and_all_or_nothing(monkeypatch):
    if connection.vendor == "sqlite" or keeps_sites_apart():
        return
    from psycopg2.extensions import TRANSACTION_STATUS_IDLE, cursor

    sent: list[str] = []

    class Recorded(cursor):
        def execute(self, query: Any, given: Any = None) -> None:
            super().execute(query, given)
            sent.append(self.query.decode())

        def copy_expert(self, sql: Any, file: Any, *more: Any) -> None:
            sent.append(sql)
            super().copy_expert(sql, file, *more)

    sites = [make_site("A"), make_site("B")]
    append([answer(site) for site in sites])  # whether sites are kept apart is known
    before = LogEntry.objects.count()
    with pytest.raises(DataError):
        append([answer(sites[0]), answer(sites[1], release=2**40)])  # no column holds it
    assert connection.connection.get_transaction_status() == TRANSACTION_STATUS_IDLE
    assert LogEntry.objects.count() == before
    monkeypatch.setattr(connection.connection, "cursor_factory", Recorded)
    append([answer(site) for site in sites])
    first_words = [[part.split()[0] for part in one.split(";\n")] for one in sent]
    assert first_words == [["BEGIN", "SELECT"], ["SELECT"], ["COPY"], ["INSERT", "INSERT", "UPDATE", "COMMIT"]]
    assert [verify(site).wrong for site in sites] == [[], []]


def test_answers_with_patience_leave_out_the_sites_whose_logs_others_hold():
    if connection.vendor == "sqlite" or keeps_sites_apart():
        return
    held, free = make_site("Held"), make_site("Free")
    drafts = [answer(site, patience=1) for site in (held, free, held, free)]
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT 1 FROM consent_loghead WHERE site_id = %s FOR UPDATE", [held.pk])
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '5s'")
        outcomes = append(drafts)
    finally:
        other.close()
        connection.close()
    assert [outcome.status for outcome in outcomes] == ["busy", "created", "busy", "created"]
    assert not LogEntry.objects.filter(site_id=held.pk, type="consent").exists()
    assert [outcome.index for outcome in append(drafts[:3])] == [1, 1, 2]
    assert [verify(site).wrong for site in (held, free)] == [[], []]


def test_the_kept_sizes_of_many_sites_are_remembered_until_the_folder_changes(settings, tmp_path, monkeypatch):
    settings.FAIRGATE_DATA = tmp_path
    clock = [100.0]
    monkeypatch.setattr(kept.time, "monotonic", lambda: clock[0])
    one, two = str(uuid.uuid4()), str(uuid.uuid4())

    def note(size: int) -> str:
        return f"log\n{size}\nroot\n"

    def asked() -> dict[str, int]:
        clock[0] += 0.1
        return kept.sizes([one, two])

    assert asked() == {one: 0, two: 0}  # there is no folder
    kept.keep(one, note(5))
    assert asked() == {one: 5, two: 0}
    os.utime(kept.folder(), ns=(7, 7))  # changes within one tick of its clock look like this
    assert asked() == {one: 5, two: 0}
    kept.keep(two, note(7))
    os.utime(kept.folder(), ns=(7, 7))
    assert asked() == {one: 5, two: 7}
    clock[0] += kept.SETTLED
    assert asked() == {one: 5, two: 7}
    kept.path(one).write_text(note(900))  # over it, by hand: seen when the memory ends
    os.utime(kept.folder(), ns=(7, 7))
    assert asked()[one] == 5
    clock[0] += kept.REMEMBERED
    assert asked()[one] == 900
    kept.keep(one, note(901))
    assert asked()[one] == 901
