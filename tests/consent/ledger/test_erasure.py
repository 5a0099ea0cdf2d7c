from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command

from consent.ledger import erasure
from consent.ledger.append import append
from consent.ledger.verify import verify
from consent.models import AuditEvent, ConsentRecord, DailyTotal, Site
from tests.consent.ledger.world import answer, make_site

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
    assert json.loads(entry.payload)["indexes"] == [2, 4]
    assert str(visitor) not in entry.payload
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
        assert erasure._of_person(site.pk, None, start.record_id) == {1, 2, 4}
    assert erasure.erase(site, record_id=refusal.record_id, actor=ALICE, reason="asked").count == 3


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
    assert erasure.retain(site, now, dry=True).count == int(goes)
    assert erasure.retain(site, now).count == int(goes)
    assert (ConsentRecord.objects.get(site_id=site.pk, record_id=old.record_id).payload is None) is goes
    assert verify(site).wrong == []
    assert erasure.retain(site, now).count == 0


def test_the_commands(capsys):
    site = make_site()
    record = answer(site)
    append([record])
    call_command(
        "erase", site=str(site.uuid), record=str(record.record_id), refuse="17(3)(e)", reason="A claim is open."
    )
    assert ConsentRecord.objects.get(site_id=site.pk, index=1).payload is not None
    event = AuditEvent.objects.get(verb="erasure.refuse")
    assert (event.detail["ground"], event.detail["reason"]) == ("17(3)(e)", "A claim is open.")
    call_command("erase", site=str(site.uuid), visitor=str(record.visitor))
    assert "Erased 1 records; ledger entries 2 say so." in capsys.readouterr().out
    with pytest.raises(CommandError):
        call_command("erase", site=str(site.uuid), visitor=str(record.visitor))
    with pytest.raises(CommandError):
        call_command("erase", site=str(site.uuid), record="alice@example.org")
    call_command("retain")
    assert "Shop: 0 records erased." in capsys.readouterr().out
