"""The database itself refuses what the ledger forbids."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from consent.ledger import checkpoint, guards, partitions
from consent.ledger.append import append
from consent.models import Checkpoint, ConsentRecord, LogEntry, LogHead, LogTile, Release
from tests import append_only
from tests.consent.ledger.sample_ledger import answer, make_site

TABLES = (LogEntry, ConsentRecord, LogTile, Checkpoint, LogHead, Release)


@pytest.fixture
def site(db):
    site = make_site()
    append([answer(site) for _ in range(260)])
    checkpoint.make(site)
    return site


def refused(sql: str, *params) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, params)
            assert cursor.rowcount != 0, sql
    except DatabaseError as error:
        # Citus refuses that a row leaves its site before any trigger is asked.
        assert "append-only" in str(error) or "modifying the partition value" in str(error), error
        return True
    return False


@pytest.mark.parametrize("model", TABLES)
def test_nothing_is_deleted(site, model):
    assert refused(f"DELETE FROM {model._meta.db_table}")


@pytest.mark.parametrize("model", [LogEntry, ConsentRecord, LogTile, Checkpoint])
def test_no_column_is_updated(site, model):
    for field in model._meta.concrete_fields:
        if field.column:
            column = field.column
            assert refused(
                f"UPDATE {model._meta.db_table} SET {column} = (SELECT max({column}) FROM {model._meta.db_table})"
                if field.get_internal_type() not in ("UUIDField", "BinaryField")
                else f"UPDATE {model._meta.db_table} SET {column} = NULL"
            ), column


def test_a_release_keeps_all_but_its_note(site):
    for change in (
        "snapshot = '{}'",
        "sha256 = 'ab'",
        "number = 9",
        "published_by = 'x'",
        "hosts = '[\"x\"]'",
        "site_id = site_id + 1",
    ):
        assert refused(f"UPDATE consent_release SET {change}")
    assert not refused("UPDATE consent_release SET note = 'typo'")


def test_an_update_that_erases_is_let_through_by_its_content_only(site):
    table = ConsentRecord._meta.db_table
    erase = "visitor = NULL, replaces = NULL, payload = NULL, salt = NULL"
    assert refused(f"UPDATE {table} SET {erase}, language = 'fr' WHERE leaf_index = 3")
    assert refused(f"UPDATE {table} SET {erase}, received_at = '2020-01-01' WHERE leaf_index = 3")
    assert refused(f"UPDATE {table} SET visitor = NULL, payload = NULL WHERE leaf_index = 3")
    assert refused(f"UPDATE {table} SET {erase} WHERE leaf_index = 0")  # a release's entry
    assert not refused(f"UPDATE {table} SET {erase} WHERE leaf_index = 3")
    assert refused(f"UPDATE {table} SET payload = '{{}}' WHERE leaf_index = 3")


def test_a_head_only_moves_forward(site):
    assert refused("UPDATE consent_loghead SET size = size - 1")
    assert not refused("UPDATE consent_loghead SET size = size + 1")


def test_what_only_one_database_has(site):
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for model in TABLES:
            assert refused(f"TRUNCATE {model._meta.db_table} CASCADE")
        parts = guards.partitions(connection)
        assert len(parts) == 5
        for part in parts:
            assert refused(f"TRUNCATE {part}")
        [used] = [part for part in parts if part.endswith(site.created_at.strftime("y%Ym%m"))]
        assert refused(f"DELETE FROM {used}")
        assert refused(f"UPDATE {used} SET language = 'fr'")
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            assert refused("DELETE FROM consent_logentry")
    else:
        row = "SELECT site_id, leaf_index, record_id, request_hash, 'consent', day, release_hash, commitment"
        assert refused(f"INSERT OR REPLACE INTO consent_logentry ({_ENTRY}) {row} FROM consent_logentry")


_ENTRY = "site_id, leaf_index, record_id, request_hash, type, day, release_hash, commitment"


def test_migrate_puts_missing_triggers_back_and_a_check_says_so(db):
    assert guards.triggers_are_there(databases=["default"]) == []
    append_only.drop(connection)
    [error] = guards.triggers_are_there(databases=["default"])
    assert error.id == "fairgate.E010"
    assert "consent_logentry" in error.msg
    call_command("migrate", verbosity=0, skip_checks=True)
    assert guards.triggers_are_there(databases=["default"]) == []


def test_new_partitions_are_guarded_too(db):
    made = partitions.make(date(2031, 12, 15), ahead=1)
    if connection.vendor == "sqlite":
        assert made == []
        return
    assert made == ["consent_consentrecord_y2031m12", "consent_consentrecord_y2032m01"]
    assert partitions.make(date(2031, 12, 1), ahead=1) == []
    assert guards.missing(connection) == []
    assert partitions.default_is_used() is False


def test_records_of_other_months_fall_into_the_default_partition_and_are_noticed(db):
    from datetime import UTC, datetime

    site = make_site()
    append([answer(site)], at=datetime(2040, 1, 1, tzinfo=UTC))
    assert partitions.default_is_used() is (connection.vendor == "postgresql")
    assert partitions.make(date(2040, 1, 1), ahead=0) == []
