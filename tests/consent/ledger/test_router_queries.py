"""What a batch of answers asks the database: where it keeps sites apart (Citus), each statement names one site and no
other, so that one machine is asked. Elsewhere a batch of several sites has a fixed number of statements; those that name
more than one are listed."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.db import connection, transaction

from consent.ledger import append as ledger
from consent.ledger.append import _Batch, append, keeps_sites_apart
from consent.ledger.verify import verify
from tests.consent.ledger.sample_ledger import answer, make_site

pytestmark = pytest.mark.django_db
LARGE = ("consent_loghead", "consent_logentry", "consent_consentrecord", "consent_logtile", "consent_dailytotal")


@pytest.fixture
def asked(monkeypatch):
    """The statements about the large tables, as they went to PostgreSQL."""
    from psycopg2.extensions import cursor

    found: list[str] = []

    class Recorded(cursor):
        def execute(self, query: Any, given: Any = None) -> None:
            super().execute(query, given)
            found.extend(self.query.decode().split(";\n"))  # several go together

        def copy_expert(self, sql: Any, file: Any, *more: Any) -> None:
            found.append(sql)
            super().copy_expert(sql, file, *more)

    def statements() -> list[str]:
        return [one for one in found if any(table in one for table in LARGE)]

    if connection.vendor == "postgresql":
        connection.ensure_connection()
        monkeypatch.setattr(connection.connection, "cursor_factory", Recorded)
    return statements


def is_routed(statement: str, site_id: int) -> bool:
    """Whether it reads or writes rows of one site alone, and a planner can see that."""
    if re.match(r"(COPY|INSERT INTO) \w+ \(site_id, ", statement):
        return True  # each row goes where its site is
    return f"site_id = {site_id} " in f"{statement} " and " IN (SELECT" not in statement and "VALUES" not in statement


def test_every_statement_of_a_batch_of_one_site_names_the_site(asked):
    site = make_site()
    drafts = [answer(site) for _ in range(600)]  # tiles become full, the leaves of one are read back
    append(drafts[:200])
    append(drafts[200:])
    append([drafts[3], answer(site, record_id=drafts[4].record_id)])  # a replay and a conflict
    if connection.vendor == "sqlite":
        return
    statements = asked()
    assert {one.split()[0] for one in statements} == {"SELECT", "INSERT", "COPY", "UPDATE"}
    assert [one[:120] for one in statements if not is_routed(one, site.pk)] == []
    assert len(statements) > 15


def of_two_sites():
    sites = [make_site("A"), make_site("B")]
    earlier = [answer(site) for site in sites for _ in range(300)]
    append(earlier)
    return sites, [*(answer(site, record_id=uuid.uuid4()) for site in sites), earlier[0], earlier[-1]]


@pytest.mark.one_machine
def test_a_batch_of_several_sites_names_one_in_each_statement_where_they_are_kept_apart(asked, monkeypatch):
    if connection.vendor == "sqlite":
        assert not keeps_sites_apart()
        return
    with connection.cursor() as cursor:  # what Citus tells of its tables
        cursor.execute('CREATE TABLE pg_dist_partition (logicalrelid regclass, partmethod "char")')
        monkeypatch.setattr(ledger, "_apart", {})
        assert not keeps_sites_apart()
        cursor.execute("INSERT INTO pg_dist_partition VALUES ('consent_logentry', 'h')")
        assert not keeps_sites_apart()  # it is asked once a minute
    monkeypatch.setattr(ledger, "_apart", {})
    sites, drafts = of_two_sites()
    before = len(asked())
    assert [outcome.status for outcome in append(drafts)] == ["created", "created", "replayed", "replayed"]
    statements = asked()[before:]
    assert [one[:120] for one in statements if not any(is_routed(one, site.pk) for site in sites)] == []
    assert {re.sub(r"\W.*", "", one, flags=re.DOTALL) for one in statements} == {"SELECT", "INSERT", "COPY", "UPDATE"}


@pytest.mark.one_machine
def test_what_a_batch_of_several_sites_asks_at_once(asked):
    sites, drafts = of_two_sites()
    before = len(asked())
    assert [outcome.status for outcome in append(drafts)] == ["created", "created", "replayed", "replayed"]
    if connection.vendor == "sqlite":
        return
    mixed = [one for one in asked()[before:] if not any(is_routed(one, site.pk) for site in sites)]
    assert [one.split()[0] for one in mixed] == ["SELECT", "SELECT", "UPDATE"]  # lock heads, replays, move heads


def test_a_batch_that_one_machine_commits_is_the_same_log(asked):
    """On Citus a batch of its own is inserted without COPY: by statements that name one site, of whatever text."""
    site = make_site()
    if connection.vendor == "sqlite":
        return
    odd = {"status": "ConsentGiven", "choices": {"categories": {"C0001": "granted"}}, "page": "it's 100 %s \\ \\N é\t"}
    before = len(asked())
    with transaction.atomic(), connection.cursor() as wrapped:
        drafts = [answer(site, record=odd), answer(site, visitor=None, replaces=uuid.uuid4())]
        assert [outcome.index for outcome in _Batch(wrapped.cursor, True, drafts, None, routed=True).run()] == [1, 2]
    statements = asked()[before:]
    assert {one.split()[0] for one in statements} == {"SELECT", "INSERT", "UPDATE"}
    assert [one[:120] for one in statements if not is_routed(one, site.pk)] == []
    assert verify(site).wrong == []
