"""A receipt is signed for whoever asks, but a log at most once a second; and it is of the record that was meant."""

from __future__ import annotations

import threading
import time
import uuid
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from consent.answers.errors import RejectedSubmission
from consent.answers.receipts import NotYet, Receipt, receipt
from consent.ledger import checkpoint, erasure, merkle, signing
from consent.ledger.append import append
from consent.ledger.verify import verify
from consent.models import Checkpoint, LastSignature, Site
from tests.consent.ledger.sample_ledger import answer, make_site

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def proves(found: Receipt) -> bool:
    head = signing.parse(found.checkpoint)
    _, public = signing.parse_vkey(found.key)
    signed = signing.signer(found.checkpoint, [public]) == public
    return signed and merkle.verify_inclusion(found.leaf, found.entry.index, head.size, found.proof, head.root)


def writes(captured: CaptureQueriesContext) -> list[str]:
    """The statements that write or lock."""
    words = ("INSERT", "UPDATE", "DELETE", "SAVEPOINT", "BEGIN")
    return [q["sql"] for q in captured if q["sql"].startswith(words) or "FOR UPDATE" in q["sql"]]


@pytest.mark.django_db(transaction=True)
def test_sixty_receipts_of_sixty_new_answers_sign_once_a_second():
    site = make_site()
    drafts = [answer(site) for _ in range(60)]
    with time_machine.travel(NOW, tick=False) as clock:
        append(drafts[:1])
        assert proves(receipt(drafts[0].record_id, site.uuid))
        for draft in drafts[1:]:
            append([draft])
            with (
                CaptureQueriesContext(
                    connection,
                ) as captured,
                pytest.raises(NotYet) as early,
            ):
                receipt(draft.record_id, site.uuid)
            assert 0 < early.value.wait <= 1
            assert writes(captured) == []
        assert Checkpoint.objects.count() == 1
        clock.shift(timedelta(seconds=0.999))
        with pytest.raises(NotYet):
            receipt(drafts[-1].record_id, site.uuid)
        clock.shift(timedelta(seconds=0.001))
        assert [proves(receipt(draft.record_id, site.uuid)) for draft in drafts] == [True] * 60
        assert Checkpoint.objects.count() == 2
    assert verify(site).wrong == []


@pytest.mark.django_db
def test_a_receipt_that_is_covered_writes_nothing_but_once_that_its_checkpoint_left_the_house():
    site = make_site()
    draft = answer(site)
    append([draft])
    checkpoint.make(site)
    assert not checkpoint.issued_sizes(site.pk)
    assert proves(receipt(draft.record_id, site.uuid))
    assert set(checkpoint.issued_sizes(site.pk)) == {2}
    with CaptureQueriesContext(connection) as captured:
        assert proves(receipt(draft.record_id, site.uuid))
    assert writes(captured) == []


@pytest.mark.django_db
def test_a_signature_of_the_future_keeps_nobody_waiting():
    site = make_site()
    LastSignature.objects.create(site_id=site.pk, at=datetime.now(UTC) + timedelta(days=3650))
    draft = answer(site)
    append([draft])
    assert proves(receipt(draft.record_id, site.uuid))
    assert LastSignature.objects.get(site_id=site.pk).at <= datetime.now(UTC)


@pytest.mark.django_db
def test_one_sites_receipts_do_not_make_another_sites_wait():
    one, two = make_site("One"), make_site("Two")
    drafts = [answer(one), answer(two)]
    with time_machine.travel(NOW, tick=False):
        append(drafts)
        assert [proves(receipt(draft.record_id)) for draft in drafts] == [True, True]


@pytest.mark.django_db(transaction=True)
def test_many_at_once_sign_once_a_second_whoever_asks():
    """Each thread has a connection of its own, as each process has: only the database tells them of each other."""
    site = make_site()
    start, failures, proved = threading.Barrier(8), [], []

    def visit() -> None:
        try:
            start.wait(30)
            for _ in range(5):
                draft = answer(site)
                append([draft])
                try:
                    proved.append(proves(receipt(draft.record_id, site.uuid)))
                except NotYet:
                    pass
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    began = time.monotonic()
    threads = [threading.Thread(target=visit) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    seconds = time.monotonic() - began
    assert failures == []
    assert set(proved) == {True}
    assert 1 <= Checkpoint.objects.filter(site_id=site.pk).count() <= 1 + seconds
    assert verify(site).wrong == []


@pytest.mark.django_db
def test_an_id_that_another_site_repeats_still_leads_to_the_first_and_to_each_by_its_site():
    with time_machine.travel(NOW, tick=False) as clock:
        first, second = make_site("First"), make_site("Second")
        mine = answer(second)  # stored first, though its site is the younger one
        append([mine])
        clock.shift(timedelta(seconds=1))
        append([answer(first, record_id=mine.record_id)])
        assert receipt(mine.record_id).site == second
        for site in (first, second):
            found = receipt(mine.record_id, site.uuid)
            assert (found.site, proves(found)) == (site, True)
        with pytest.raises(RejectedSubmission) as refused:
            receipt(mine.record_id, uuid.uuid4())
        assert refused.value.code == "unknown_record"


@pytest.mark.django_db
def test_the_same_id_at_two_sites_in_one_batch_is_two_records():
    first, second = make_site("First"), make_site("Second")
    mine = answer(first)
    other = answer(second, record_id=mine.record_id)
    assert [(one.status, one.index) for one in append([mine, other, mine, other])] == [
        ("created", 1), ("created", 1), ("replayed", 1), ("replayed", 1),
    ]  # fmt: skip
    assert receipt(mine.record_id).site == receipt(mine.record_id).site
    for site in (first, second):
        assert receipt(mine.record_id, site.uuid).site == site


@pytest.mark.django_db
def test_the_first_one_stays_the_first_when_it_is_erased():
    first, second = make_site("First"), make_site("Second")
    mine = answer(first)
    append([mine])
    append([answer(second, record_id=mine.record_id)])
    erasure.erase(first, record_id=mine.record_id, actor="alice", reason="asked")
    with pytest.raises(RejectedSubmission) as refused:
        receipt(mine.record_id)
    assert refused.value.code == "erased"
    assert receipt(mine.record_id, second.uuid).site == second


@pytest.mark.django_db
def test_a_repeated_id_costs_others_no_more_queries():
    site = make_site()
    draft = answer(site)
    append([draft])
    checkpoint.make(site)
    receipt(draft.record_id)  # the first one notes that its checkpoint left the house
    with CaptureQueriesContext(connection) as alone:
        receipt(draft.record_id)
    for number in range(3):
        append([answer(Site.objects.create(name=f"Copy {number}"), record_id=draft.record_id)])
    with CaptureQueriesContext(connection) as named:
        receipt(draft.record_id, site.uuid)
    assert len(named) == len(alone)
