from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import Model

from consent import citus
from consent.ledger import stretch
from consent.ledger.verify import UNPROVED, orphans, verify
from consent.models import (
    Checkpoint,
    ConsentRecord,
    DailyTotal,
    LogEntry,
    LogHead,
    LogTile,
    Release,
    Site,
)  # fmt: skip
from consent.publishing.verify import verify as verify_beside
from tests import append_only
from tests.consent.ledger.sample_ledger import answer, full_ledger, make_site
from tests.values import present

TABLES = (LogEntry, ConsentRecord, LogHead, LogTile, Checkpoint, DailyTotal)


def releases(site: Site) -> list[str]:
    return verify_beside(site).wrong


def findings(site: Site) -> list[str]:
    return verify(site).wrong + releases(site) + orphans()


@pytest.mark.django_db
def test_an_untouched_ledger_holds_together_and_counts_what_is_erased():
    site = full_ledger()
    report = verify(site)
    assert report.wrong == []
    assert (report.size, report.records, report.erased, report.checkpoints) == (324, 322, 1, 2)
    assert orphans() == releases(site) == []


@pytest.mark.django_db
def test_an_empty_site_holds_together():
    assert verify(Site.objects.create(name="Empty")).wrong == []


def columns() -> list[tuple[type[Model], str]]:
    return [
        (model, field.column)
        for model in TABLES
        for field in model._meta.concrete_fields
        if field.column and field.name != "pk"
    ]


def change(model: type[Model], column: str) -> None:
    """Changes the smallest thing in one column of one row, whatever its type, past every guard."""
    table = model._meta.db_table
    postgres = connection.vendor == "postgresql"
    kind = next(f for f in model._meta.concrete_fields if f.column == column).get_internal_type()
    order = "" if model in (LogHead, DailyTotal) else f"ORDER BY {model._meta.concrete_fields[1].column} DESC"
    with connection.cursor() as cursor:
        key = [str(field.column) for field in model._meta.pk_fields]
        row = " AND ".join(f"{name} = %s" for name in [*key, column])
        cursor.execute(f"SELECT {', '.join([*key, column])} FROM {table} WHERE {column} IS NOT NULL {order} LIMIT 1")
        *one, old = cursor.fetchone()
        if column == "site_id" and citus.is_distributed(connection, table):  # which no UPDATE changes there
            names = ", ".join(f.column for f in model._meta.concrete_fields if f.column not in (None, column))
            moved = f"SELECT {column} + 1003, {names} FROM {table} WHERE {row}"
            cursor.execute(f"INSERT INTO {table} ({column}, {names}) {moved}", [*one, old])
            cursor.execute(f"DELETE FROM {table} WHERE {row}", [*one, old])
            return
        new: Any
        if kind == "BinaryField":
            raw = bytearray(bytes(old))
            raw[random.randrange(len(raw))] ^= 1
            new = bytes(raw)
        elif "Integer" in kind:
            new = old + 1_003
        elif kind in ("DateField", "DateTimeField"):
            text = old if isinstance(old, str) else str(old)
            new = (date.fromisoformat(text[:10]) + timedelta(days=1)).isoformat() + text[10:]
            if postgres:  # keeps more than the days of it
                new = old + (timedelta(days=1) if kind == "DateField" else timedelta(microseconds=1))
            else:
                old = text
        else:
            text = str(old) if postgres or kind != "UUIDField" else str(old)
            place = text.rindex("a") if "a" in text else len(text) - 1
            new = text[:place] + ("b" if text[place] != "b" else "c") + text[place + 1 :]
            if kind == "UUIDField":
                new = text[:-1] + ("0" if text[-1] != "0" else "1")
        cursor.execute(
            f"UPDATE {table} SET {column} = %s WHERE {row}",
            [new, *one, old],
        )
        assert cursor.rowcount == 1, (kind, old, new)


@pytest.mark.django_db
@pytest.mark.parametrize(("model", "column"), columns(), ids=lambda value: getattr(value, "__name__", value))
def test_a_change_of_one_byte_in_any_column_is_found(model, column, monkeypatch):
    monkeypatch.setattr(stretch, "LEVELS", 1)  # two stretches
    site = full_ledger()
    append_only.drop(connection)
    change(model, column)
    assert findings(site) != []


@pytest.mark.django_db
@pytest.mark.parametrize("column", ["language", "received_at", "record_id", "action", "day", "release"])
def test_a_change_in_what_is_left_of_an_erased_record_is_found(column):
    site = full_ledger()
    append_only.drop(connection)
    erased = ConsentRecord.objects.filter(payload=None)
    new = {
        "language": "fr", "received_at": erased.get().received_at.replace(microsecond=1), "action": "reject_all",
        "record_id": "5a1e0000-0000-4000-8000-000000000001", "day": "2020-01-01", "release": 2,
    }  # fmt: skip
    assert erased.update(**{column: new[column]}) == 1
    assert findings(site) != []


@pytest.mark.django_db
def test_erasing_past_the_ledger_is_found():
    site = full_ledger()
    append_only.drop(connection)
    ConsentRecord.objects.filter(index=5).update(visitor=None, replaces=None, payload=None, salt=None)
    assert verify(site).wrong == ["Record at index 5: it was erased, but no erasure entry names it."]


@pytest.mark.django_db
@pytest.mark.parametrize("model", [LogEntry, ConsentRecord, LogTile, Checkpoint, DailyTotal, LogHead])
def test_a_row_that_was_removed_is_found(model):
    site = full_ledger()
    append_only.drop(connection)
    row = model.objects.order_by("pk").last()
    model.objects.filter(pk=row.pk).delete()
    assert findings(site) != []


@pytest.mark.django_db
def test_entries_cut_off_at_the_end_are_found_even_with_a_matching_head():
    site = full_ledger()
    append_only.drop(connection)
    ConsentRecord.objects.filter(index=323).delete()
    LogEntry.objects.filter(index=323).delete()
    assert "The head says 324 entries, there are 323." in verify(site).wrong


@pytest.mark.django_db
def test_two_records_swapped_between_indexes_are_found():
    site = full_ledger()
    append_only.drop(connection)
    ConsentRecord.objects.filter(index=3).update(index=100_000)
    ConsentRecord.objects.filter(index=4).update(index=3)
    ConsentRecord.objects.filter(index=100_000).update(index=4)
    first = verify(site).wrong[0]
    assert "index 3: record_id is" in first


@pytest.mark.django_db
def test_the_command_names_the_record_and_exits_with_1(capsys):
    site = full_ledger()
    call_command("verify_ledger", site=str(site.uuid))
    assert capsys.readouterr().out.splitlines() == [
        "Shop: 1 record erased at 322 on request (GDPR art. 17). Reason given: asked",
        "Shop: 324 entries hold together: 322 answers, 1 of them erased, 2 checkpoints, 0 files of releases, 0 pictures.",
        "Shop: not proved: The last 1 line of the audit trail: no entry names them yet.",
        f"Shop: not proved: {UNPROVED}",
        "Shop: not proved: What browsers got of release 1: published by a version that did not log the files.",
    ]
    append_only.drop(connection)
    record = ConsentRecord.objects.get(index=7)
    ConsentRecord.objects.filter(index=7).update(payload=present(record.payload).replace("granted", "Granted"))
    with pytest.raises(CommandError) as error:
        call_command("verify_ledger")
    assert error.value.returncode == 1
    assert f"Record {record.record_id} at index 7: payload or salt was changed" in capsys.readouterr().out


@pytest.mark.django_db
def test_a_release_whose_text_was_changed_is_found():
    site = make_site()
    append_only.drop(connection)
    Release.objects.update(snapshot='{"site":{}}')
    assert releases(site) == ["Release 1: its text was changed, it does not have its hash."]


@pytest.mark.django_db
def test_a_release_that_was_renumbered_or_removed_is_found():
    site = make_site()
    append_only.drop(connection)
    Release.objects.update(number=7)
    gone = "Release 1 is in the ledger and nowhere else."
    assert releases(site) == [gone, "Release 7: the ledger has no entry for it."]
    Release.objects.all().delete()
    assert releases(site) == [gone]


@pytest.mark.django_db(transaction=True)
def test_verifying_outside_a_transaction_reads_one_moment():
    site = full_ledger()
    assert verify(site).wrong == []
    assert connection.in_atomic_block is False
    from consent.ledger.append import append

    append([answer(site)])
    assert verify(site).wrong == []


@pytest.mark.django_db
def test_a_row_that_cannot_be_read_is_named():
    """SQLite takes anything in any column; PostgreSQL refuses it, so there a NULL stands for it."""
    site = full_ledger()
    append_only.drop(connection)
    if connection.vendor == "sqlite":
        for change in ("day = 'x'", "received_at = 'x'", "record_id = 'zz'", "language = CAST(x'ff' AS TEXT)"):
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"UPDATE consent_consentrecord SET {change} WHERE leaf_index = 5")
                first = verify(site).wrong[0]
                assert ("at index 5" in first, change) == (True, change)
                transaction.set_rollback(True)
    else:
        ConsentRecord.objects.filter(index=5).update(salt=None)
        assert "payload or salt was changed" in verify(site).wrong[0]
