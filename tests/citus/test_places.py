"""What a batch that goes straight to a machine does where that machine is not, or no longer, the one that is meant."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import Error, OperationalError, connection

from consent import citus
from consent.ledger import places
from consent.ledger.append import append
from consent.ledger.models import LogHead
from consent.ledger.verify import verify
from consent.sites.models import Site
from tests.citus.cluster import at, run, standby_of
from tests.citus.test_plans import recorded
from tests.consent.ledger.sample_ledger import answer, make_site
from tests.values import present

pytestmark = pytest.mark.django_db(transaction=True)
DATABASE = "SELECT current_database()"


@pytest.fixture(autouse=True)
def memory(monkeypatch) -> Iterator[None]:
    monkeypatch.setattr(places, "_memory", places._Memory())
    yield
    places.close()


def two_apart() -> tuple[Site, Site]:
    """Sites on two machines, which are reached."""
    sites = [make_site() for _ in range(20)]  # so many do not lie on one machine
    places.look()
    by_alias = {places.alias_of(site.pk): site for site in sites}
    assert None not in by_alias
    one, other, *_ = by_alias.values()
    return one, other


def database_of(alias: str) -> str:
    """The URL of our database on a machine."""
    node, _ = places._memory.nodes[alias]
    with connection.cursor() as cursor:
        cursor.execute(DATABASE)
        return at("postgresql://postgres@", node.name, node.port, cursor.fetchone()[0])


def test_a_machine_that_is_another_than_the_coordinator_means_is_not_used(monkeypatch, caplog):
    site = make_site()
    known = citus.identities(connection)
    monkeypatch.setattr(citus, "identities", lambda _: [(node, "another") for node, _ in known])
    places.look()
    assert places.alias_of(site.pk) is None
    assert [outcome.index for outcome in append([answer(site)])] == [1]
    assert caplog.text.count("another server has this name here") == 2


def test_a_standby_that_has_the_name_of_its_machine_is_not_written_to():
    site, _ = two_apart()
    alias = present(places.alias_of(site.pk))
    node, identity = places._memory.nodes[alias]
    standby = standby_of(node.name, node.port)
    try:
        places._memory.nodes[alias] = node._replace(name=str(standby.folder)), identity
        places.close()
        with pytest.raises(OperationalError, match="another server"):
            append([answer(site)])
        assert [outcome.index for outcome in append([answer(site)])] == [1]  # by way of the coordinator
    finally:
        standby.remove()


def test_a_connection_to_a_server_whose_place_was_taken_is_not_used_again():
    site, _ = two_apart()
    alias = present(places.alias_of(site.pk))
    append([answer(site)])
    node, _ = places._memory.nodes[alias]
    places._memory.nodes[alias] = node, "its standby"  # as the coordinator says after a failover
    with pytest.raises(OperationalError, match="another server"):
        append([answer(site)])
    assert verify(site).size == 2


def test_a_machine_that_no_longer_has_a_log_writes_nothing_of_it():
    """It may have been taken out of the cluster, and then passes rows on to where shards were."""
    here, there = two_apart()
    aliases = [present(places.alias_of(site.pk)) for site in (here, there)]
    places._memory.hashes[here.pk] = places._memory.hashes[there.pk]  # so it is looked for on the other machine
    asked = [recorded(pytest.MonkeyPatch(), places.connection_to(alias)) for alias in aliases]
    outcomes = append([answer(one) for one in (here, there, here)])
    assert [(outcome.status, outcome.index) for outcome in outcomes] == [("created", 1), ("created", 1), ("created", 2)]
    written = [[one for one in statements if one.startswith(("COPY", "INSERT", "UPDATE"))] for statements in asked]
    assert written == [[], []]
    assert places.alias_of(here.pk) is None
    places.look()
    assert places.alias_of(there.pk) == aliases[1]
    assert [verify(site).wrong for site in (here, there)] == [[], []]


def test_a_machine_whose_metadata_was_cleared_is_left_to_the_coordinator():
    site, _ = two_apart()
    alias = present(places.alias_of(site.pk))
    node, _ = places._memory.nodes[alias]
    with connection.cursor() as cursor:
        cursor.execute("SELECT stop_metadata_sync_to_node(%s, %s)", [node.name, node.port])
    try:
        with pytest.raises(Error):
            append([answer(site)])
        assert [outcome.index for outcome in append([answer(site)])] == [1]  # by way of the coordinator
        places.look()
        assert places.alias_of(site.pk) is None
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT start_metadata_sync_to_node(%s, %s)", [node.name, node.port])
    assert LogHead.objects.get(site_id=site.pk).size == 2
    assert verify(site).wrong == []


def test_a_machine_that_refuses_what_the_coordinator_could_do_is_left_to_it():
    site, _ = two_apart()
    alias = present(places.alias_of(site.pk))
    name = database_of(alias).rpartition("/")[2]
    run(database_of(alias), "SET citus.enable_ddl_propagation = off",
        f"ALTER DATABASE {name} SET search_path = nowhere")  # fmt: skip
    try:
        places.close()
        with pytest.raises(Error, match="does not exist"):
            append([answer(site)])
        assert [outcome.index for outcome in append([answer(site)])] == [1]
    finally:
        run(database_of(alias), "SET citus.enable_ddl_propagation = off", f"ALTER DATABASE {name} RESET search_path")


def test_a_site_that_got_its_number_before_another_and_was_stored_after_it_is_found():
    first = make_site()
    second = make_site()
    places.look()
    del places._memory.hashes[first.pk]
    places.look()
    assert places.alias_of(first.pk) is not None
    assert places.alias_of(second.pk) is not None


def test_a_machine_that_is_gone_without_a_word_is_noticed_within_seconds():
    site, _ = two_apart()
    told = present(places.connection_to(present(places.alias_of(site.pk))).connection).get_dsn_parameters()
    assert {name: told[name] for name in ("keepalives_idle", "tcp_user_timeout", "connect_timeout")} == {
        "keepalives_idle": "4", "tcp_user_timeout": "10000", "connect_timeout": "5"
    }  # fmt: skip
