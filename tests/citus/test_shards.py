"""A shard by its own name, on the machine where it lies: what refuses, and what is noticed of whoever got past it."""

from __future__ import annotations

import os

import psycopg2
import pytest
from django.db import connection

from consent.ledger import guards
from consent.ledger.verify import verify
from consent.models import Site
from tests.citus.cluster import run, shards
from tests.consent.ledger.sample_ledger import full_ledger

pytestmark = pytest.mark.django_db(transaction=True)
BY_NAME = "SET citus.enable_manual_changes_to_shards = on"
REFUSED = {
    "consent_logentry": "UPDATE {0} SET type = 'x'",
    "consent_consentrecord": "UPDATE {0} SET language = 'xx'",
    "consent_logtile": "UPDATE {0} SET number = 900",
    "consent_loghead": "UPDATE {0} SET size = 1",
}


@pytest.fixture
def site() -> Site:
    return full_ledger()


def filled(table: str) -> tuple[str, str]:
    """The database and the name of the shard of a table that holds the one site."""
    return next(
        (where, shard) for where, shard in shards(os.environ["DATABASE_URL"], table)
        if run(where, f"SELECT count(*) FROM {shard}") != [(0,)]
    )  # fmt: skip


@pytest.mark.parametrize("table", REFUSED)
def test_a_shard_refuses_by_its_own_name(site, table):
    where, shard = filled(table)
    refused = "append-only|shard of a distributed table"
    for before in (["SELECT 1"], [BY_NAME], [BY_NAME, "SET session_replication_role = replica"]):
        for statement in (REFUSED[table].format(shard), f"DELETE FROM {shard}", f"TRUNCATE {shard}"):
            with pytest.raises(psycopg2.Error, match=refused):
                run(where, *before, statement)
    assert verify(site).wrong == []


def test_a_month_of_a_shard_refuses_by_its_own_name(site):
    [(where, shard)] = [filled(month) for month in guards.partitions(connection) if any_rows(month)]
    for statement in (f"UPDATE {shard} SET language = 'xx'", f"DELETE FROM {shard}", f"TRUNCATE {shard}"):
        with pytest.raises(psycopg2.Error, match="append-only"):
            run(where, BY_NAME, statement)


def any_rows(table: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS (SELECT 1 FROM {table})")
        return bool(cursor.fetchone()[0])


@pytest.mark.parametrize("table", REFUSED)
def test_an_owner_who_empties_a_shard_is_found_out(site, table):
    family = [table, *(guards.partitions(connection) if table == guards.RECORD else [])]  # one refuses for all
    there = [shard for one in family for shard in shards(os.environ["DATABASE_URL"], one)]
    where, shard = filled(table)
    assert guards.missing(connection) == []
    unguarded = [f"DROP TRIGGER {guards.WHOLE}_{one.rpartition('_')[2]} ON {one}" for at, one in there if at == where]
    run(where, BY_NAME, *unguarded, f"TRUNCATE {shard}")
    assert guards.missing(connection) == sorted(f"{one}.{guards.WHOLE}" for one in family)
    assert verify(site).wrong != []
    guards.install(connection)
    assert guards.missing(connection) == []
