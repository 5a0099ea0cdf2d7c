"""Every hot statement is planned for one machine: what EXPLAIN says on the cluster."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection

from consent import citus
from consent.answers.state import answer_in_force
from consent.ledger import places
from consent.ledger.append import append
from consent.ledger.erasure import of_person
from consent.ledger.verify import verify
from tests.consent.ledger.sample_ledger import answer, make_site
from tests.values import present

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def asked(monkeypatch) -> list[str]:
    """The statements about distributed tables, as they went to the coordinator."""
    monkeypatch.setattr(places, "_memory", places._Memory())
    return recorded(monkeypatch, connection)


def recorded(monkeypatch, connection: Any) -> list[str]:
    from psycopg2.extensions import cursor

    found: list[str] = []

    class Recorded(cursor):
        def execute(self, query: Any, given: Any = None) -> None:
            super().execute(query, given)
            for statement in self.query.decode().split(";\n"):  # several go together
                if any(table in statement for table in citus.DISTRIBUTED) and "pg_dist_" not in statement:
                    found.append(statement)

        def copy_expert(self, sql: Any, file: Any, *more: Any) -> None:
            found.append(sql)
            super().copy_expert(sql, file, *more)

    connection.ensure_connection()
    monkeypatch.setattr(connection.connection, "cursor_factory", Recorded)
    return found


def tasks(statement: str) -> int:
    """In how many pieces the coordinator hands it out."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement.replace('%', '%%')}", [])
        plan = cursor.fetchone()[0]
    job = (plan if isinstance(plan, list) else json.loads(plan))[0]["Plan"]["Distributed Query"]["Job"]
    return int(job["Task Count"])


def test_a_batch_of_answers_asks_one_machine_a_statement(asked):
    site = make_site()
    drafts = [answer(site, action=action) for action in ("accept_all", "reject_all") for _ in range(300)]
    asked.clear()
    append(drafts[:200])
    append(drafts[200:])  # two day totals
    append([drafts[3], answer(site, record_id=drafts[4].record_id)])
    statements = list(asked)
    assert {one.split()[0] for one in statements} == {"SELECT", "INSERT", "UPDATE"}
    assert [one[:150] for one in statements if tasks(one) != 1] == []
    assert len(statements) > 15


def test_batches_of_several_sites_are_cut_by_site(asked):
    sites = [make_site("A"), make_site("B")]
    asked.clear()
    append([answer(site) for site in sites])
    assert [one[:150] for one in list(asked) if tasks(one) != 1] == []


def test_a_batch_goes_to_the_machine_that_has_its_sites_and_to_no_other(monkeypatch):
    monkeypatch.setattr(places, "_memory", places._Memory())
    made = [make_site() for _ in range(20)]  # so many do not lie on one machine
    places.look()
    known = places._memory.shards.aliases
    at = {alias: [site for site in made if places.alias_of(site.pk) == alias] for alias in known}
    aliases = {present(alias) for alias in at}
    sites = [site for there in at.values() for site in there[:2]]
    assert (len(aliases), len(sites)) == (2, 4)
    by_the_coordinator = recorded(monkeypatch, connection)
    asked = {alias: recorded(monkeypatch, places.connection_to(alias)) for alias in aliases}
    try:
        drafts = [answer(site, action=action) for action in ("accept_all", "reject_all") for site in sites * 300]
        again = answer(sites[0], record_id=drafts[1].record_id)
        assert {outcome.status for outcome in append(drafts)} == {"created"}
        outcomes = append([drafts[0], drafts[5], again])
        assert [outcome.status for outcome in outcomes] == ["replayed", "replayed", "created"]
        assert by_the_coordinator == []
        for alias, statements in asked.items():
            assert {one.split()[0] for one in statements} == {"SELECT", "INSERT", "UPDATE", "COPY"}
            rows = ("COPY", "INSERT")  # go where their sites are
            assert [one[:150] for one in statements if not one.startswith(rows) and tasks(one) != 1] == []
            with places.connection_to(alias).cursor() as cursor:  # nothing was handed on
                cursor.execute("SELECT count(*) FROM pg_dist_transaction")
                assert cursor.fetchone() == (0,)
        for alias in aliases:
            places.lost(alias)
        assert [outcome.status for outcome in append([answer(site) for site in sites])] == ["created"] * 4
        assert len(by_the_coordinator) > 4
        assert [verify(site).wrong for site in sites] == [[]] * 4
    finally:
        places.close()


def test_what_visitors_ask_goes_to_one_machine(asked):
    site = make_site()
    draft = answer(site)
    append([draft])
    asked.clear()
    assert answer_in_force(site.pk, present(draft.visitor)) is not None
    assert of_person(site.pk, draft.visitor, draft.record_id) == {1}
    statements = list(asked)
    assert [one[:150] for one in statements if tasks(one) != 1] == []
    assert len(statements) >= 3
