from __future__ import annotations

import json
import uuid

import pytest
from django.core.management import CommandError, call_command

from consent.ledger import erasure
from consent.ledger.append import append
from consent.ledger.verify import verify
from consent.models import AuditEvent, ConsentRecord, DailyTotal
from tests.consent.ledger.sample_ledger import answer, make_site
from tests.values import present

ALICE = "alice@example.org"
pytestmark = pytest.mark.django_db


def test_erasing_a_visitor_leaves_what_totals_need_and_every_proof():
    site = make_site()
    visitor = uuid.uuid4()
    kept, stranger = answer(site), answer(site)
    append([kept, answer(site, visitor=visitor), stranger, answer(site, visitor=visitor, action="withdraw")])
    totals = sorted(DailyTotal.objects.values_list("action", "count"))

    done = erasure.erase(site, visitor=visitor, actor=ALICE, reason="asked")

    assert (done.count, done.entries) == (2, [5])
    for index, action in ((2, "accept_all"), (4, "withdraw")):
        record = ConsentRecord.objects.get(site_id=site.pk, index=index)
        assert (record.visitor, record.replaces, record.payload, record.salt) == (None, None, None, None)
        assert (record.action, record.language, record.jurisdiction, record.release) == (action, "de", "DE", 1)
    entry = ConsentRecord.objects.get(site_id=site.pk, index=5)
    assert json.loads(present(entry.payload))["indexes"] == [2, 4]
    assert str(visitor) not in present(entry.payload)
    assert str(visitor) not in json.dumps(list(AuditEvent.objects.values_list("detail", flat=True)))
    assert ConsentRecord.objects.get(site_id=site.pk, index=3).payload is not None
    assert sorted(DailyTotal.objects.values_list("action", "count")) == totals
    report = verify(site)
    assert (report.wrong, report.erased, report.records) == ([], 2, 4)
    with pytest.raises(erasure.NotFound):
        erasure.erase(site, visitor=visitor, actor=ALICE, reason="again")


def test_a_record_id_finds_the_whole_person_by_chain_and_visitor():
    site = make_site()
    visitor = uuid.uuid4()
    refusal = answer(site, visitor=None, action="reject_all")
    grant = answer(site, visitor=visitor, replaces=refusal.record_id)
    withdrawal = answer(site, visitor=visitor, replaces=grant.record_id, action="withdraw")
    append([refusal, grant, answer(site), withdrawal, answer(site)])
    for start in (refusal, withdrawal):
        assert erasure.of_person(site.pk, None, start.record_id) == {1, 2, 4}
    assert erasure.erase(site, record_id=refusal.record_id, actor=ALICE, reason="asked").count == 3


def test_a_record_that_names_a_strangers_is_erased_alone():
    """`replaces` is what a client says: knowing an id gives nobody the records of its owner."""
    site = make_site()
    owner, thief = uuid.uuid4(), uuid.uuid4()
    grant = answer(site, visitor=owner)
    later = answer(site, visitor=owner, replaces=grant.record_id, action="custom")
    forged = answer(site, visitor=thief, replaces=later.record_id, action="withdraw")
    without = answer(site, visitor=None, replaces=grant.record_id, action="reject_all")
    append([grant, later, forged, without])
    assert erasure.of_person(site.pk, None, forged.record_id) == {3}
    assert erasure.of_person(site.pk, thief, None) == {3}
    assert erasure.of_person(site.pk, None, without.record_id) == {4}
    for mine in ({"record_id": grant.record_id}, {"record_id": later.record_id}, {"visitor": owner}):
        assert erasure.of_person(site.pk, mine.get("visitor"), mine.get("record_id")) == {1, 2}
    assert erasure.erase(site, record_id=forged.record_id, actor=ALICE, reason="asked").count == 1
    assert ConsentRecord.objects.filter(site_id=site.pk, visitor=owner, payload__isnull=False).count() == 2
    assert verify(site).wrong == []


def test_only_the_first_that_replaces_a_refusal_belongs_to_it():
    """A refusal has no visitor id. Its giver knew its id first; whoever names it later proves nothing."""
    site = make_site()
    owner, thief = uuid.uuid4(), uuid.uuid4()
    refusal = answer(site, visitor=None, action="reject_all")
    again = answer(site, visitor=None, replaces=refusal.record_id, action="reject_all")
    grant = answer(site, visitor=owner, replaces=again.record_id)
    forged = [answer(site, visitor=thief, replaces=one.record_id) for one in (refusal, again, grant)]
    append([refusal, again, grant, *forged])
    assert erasure.of_person(site.pk, thief, None) == {4, 5, 6}
    for start in (refusal, again, grant):
        assert erasure.of_person(site.pk, None, start.record_id) == {1, 2, 3}


def test_what_replaces_a_record_before_there_was_one_proves_nothing():
    site = make_site()
    refusal = answer(site, visitor=None, action="reject_all")
    early = answer(site, replaces=refusal.record_id)
    append([early, refusal])
    assert erasure.of_person(site.pk, None, early.record_id) == {1}
    assert erasure.of_person(site.pk, None, refusal.record_id) == {2}


def test_a_record_of_another_site_is_never_reached_by_a_chain():
    site, other = make_site(), make_site("Other")
    abroad = answer(other, visitor=None, action="reject_all")
    same_id = answer(other, visitor=uuid.uuid4())
    mine = answer(site, replaces=abroad.record_id)
    twin = answer(site, record_id=same_id.record_id)
    append([abroad, same_id, mine, twin])
    for draft in (mine, twin):
        assert erasure.erase(site, record_id=draft.record_id, actor=ALICE, reason="asked").count == 1
    assert ConsentRecord.objects.filter(site_id=other.pk, payload__isnull=True).count() == 0


def test_circles_of_forged_names_end():
    site = make_site()
    one, two = uuid.uuid4(), uuid.uuid4()
    append(
        [
            answer(site, record_id=one, visitor=None, replaces=two),
            answer(site, record_id=two, visitor=None, replaces=one),
            answer(site, record_id=uuid.uuid4(), visitor=None, replaces=two),
        ]
    )
    assert erasure.of_person(site.pk, None, one) == {1, 2, 3}


@pytest.mark.parametrize(
    "reason",
    [
        "alice@example.org asked",
        "visitor 0b8c6f6e-0000-4000-8000-00000000000a",
        "0b8c6f6e000040008000 00000000000a x@y",
    ],
)
def test_a_reason_that_names_somebody_is_refused(reason):
    site = make_site()
    record = answer(site)
    append([record])
    for verb in (erasure.erase, lambda *a, **k: erasure.refuse(*a, **k, ground="17(3)(e)")):
        with pytest.raises(ValueError, match="leave ids and mail addresses out"):
            verb(site, record_id=record.record_id, actor=ALICE, reason=reason)
    with pytest.raises(CommandError, match="leave ids"):
        call_command("erase", site=str(site.uuid), record=str(record.record_id), reason=reason)
    assert ConsentRecord.objects.get(site_id=site.pk, index=1).payload is not None


def test_a_replay_of_an_erased_record_is_told_so():
    site = make_site()
    gone = answer(site)
    append([gone])
    erasure.erase(site, record_id=gone.record_id, actor=ALICE, reason="asked")
    gone.request_hash = b"\1" * 32
    assert append([gone])[0].status == "erased"


def test_another_sites_records_are_never_touched():
    site, other = make_site(), make_site("Other")
    visitor = uuid.uuid4()
    append([answer(site, visitor=visitor), answer(other, visitor=visitor)])
    erasure.erase(site, visitor=visitor, actor=ALICE, reason="asked")
    assert ConsentRecord.objects.get(site_id=other.pk, index=1).visitor == visitor


def test_batches_hold_at_most_5000(monkeypatch):
    monkeypatch.setattr(erasure, "BATCH", 3)
    site = make_site()
    visitor = uuid.uuid4()
    append([answer(site, visitor=visitor) for _ in range(7)])
    done = erasure.erase(site, visitor=visitor, actor=ALICE, reason="asked")
    assert (done.count, done.entries) == (7, [8, 9, 10])
    assert verify(site).wrong == []


def test_the_commands(capsys):
    site = make_site()
    record = answer(site)
    append([record])
    call_command(
        "erase", site=str(site.uuid), record=str(record.record_id), refuse="17(3)(e)", reason="A claim is open."
    )
    assert ConsentRecord.objects.get(site_id=site.pk, index=1).payload is not None
    event = AuditEvent.objects.get(verb="erasure.refuse")
    assert event.detail == {"records": 1, "indexes": [1], "ground": "17(3)(e)", "reason": "A claim is open."}
    call_command("erase", site=str(site.uuid), visitor=str(record.visitor))
    assert "Erased 1 records; ledger entries 2 say so." in capsys.readouterr().out
    with pytest.raises(CommandError):
        call_command("erase", site=str(site.uuid), visitor=str(record.visitor))
    with pytest.raises(CommandError):
        call_command("erase", site=str(site.uuid), record="alice@example.org")
    call_command("retain")
    assert "Shop: 0 records erased." in capsys.readouterr().out
