"""Spreading the large tables over the machines of a Citus cluster: what stands in the way, what is done.

Every statement may be repeated: a run that was killed goes on with the table it was at. Servers must be stopped
meanwhile: a table's writers wait until it is copied, and other processes learn of it when they start.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.conf import settings
from django.db import transaction

from consent import citus
from consent.ledger import guards

UNSAFE_TRIGGERS = "citus.enable_unsafe_triggers"
# What each machine must say, and why.
_SETTINGS = {
    UNSAFE_TRIGGERS: ("on", "distributed tables may not keep their append-only triggers"),
    "fsync": ("on", "acknowledged records could be lost"),
    "synchronous_commit": ("on", "acknowledged records could be lost"),
}
_ASKED = (
    "SELECT string_agg(name || '=' || setting, ' ' ORDER BY name) FROM "
    f"(SELECT name, setting FROM pg_catalog.pg_settings WHERE name IN ('fsync', 'synchronous_commit') UNION ALL "
    f"SELECT '{UNSAFE_TRIGGERS}', current_setting('{UNSAFE_TRIGGERS}', true)) s"
)


def problems(connection: Any) -> list[str]:
    """What must be set or done before tables can be distributed, each with the statement that does it."""
    if connection.vendor != "postgresql":
        return ["SQLite is one file on one machine. Tables are distributed on PostgreSQL with Citus: set DATABASE_URL."]
    if not citus.installed(connection):
        return [_how_to_install(connection)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT groupid FROM pg_dist_local_group")
        if cursor.fetchone()[0]:
            return ["DATABASE_URL names a worker. It must name the coordinator."]
    nodes = citus.nodes(connection)
    found = []
    if not any(node.coordinator for node in nodes):
        found.append(
            "The workers do not know the coordinator. On the coordinator: "
            "SELECT citus_set_coordinator_host('HOST', 5432); with the name by which they reach it."
        )
    if not any(node.shards for node in nodes):
        found.append(
            "No machine may hold shards. On the coordinator, for each worker: SELECT citus_add_node('HOST', 5432);"
        )
    found += [
        f"{node} is not active. On the coordinator: SELECT citus_activate_node('{node.name}', {node.port});"
        for node in nodes
        if not node.active
    ]
    for answer in citus.ask(connection, _ASKED):
        found += _wrong_settings(answer)
    return found


def _how_to_install(connection: Any) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_available_extensions WHERE name = 'citus'")
        if cursor.fetchone()[0]:
            return (
                "The database has no extension citus. On every machine: shared_preload_libraries = 'citus' in "
                "postgresql.conf, restart PostgreSQL, and in this database: CREATE EXTENSION citus;"
            )
    return (
        "This is plain PostgreSQL, which keeps everything on one machine: there is nothing to distribute. For several "
        "machines install Citus on each of them (docs/operate.md, Several database machines)."
    )


def _wrong_settings(answer: citus.Reply) -> Iterator[str]:
    if not answer.well:
        yield f"{answer.node} does not answer: {answer.text}"
        return
    said = dict(pair.split("=", 1) for pair in answer.text.split())
    for name, (wanted, why) in _SETTINGS.items():
        is_wrong = said.get(name) != wanted if name == UNSAFE_TRIGGERS else said.get(name) == "off"
        if is_wrong and not (settings.FAIRGATE_UNSAFE and name != UNSAFE_TRIGGERS):
            yield (
                f"{answer.node}: {name} is {said.get(name, 'unknown')}: {why}. There: "
                f"ALTER SYSTEM SET {name} = '{wanted}'; SELECT pg_reload_conf();"
            )


def plan(connection: Any) -> list[tuple[str, bool, int, list[str]]]:
    """Of each large table: its name, whether it is distributed, its bytes here, and the foreign keys that go."""
    done = citus.distributed(connection)
    steps = []
    for table in citus.DISTRIBUTED:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT sum(pg_total_relation_size(relid))::bigint FROM pg_partition_tree(%s::regclass)", [table]
            )
            size = cursor.fetchone()[0] or 0
            if not size:
                cursor.execute("SELECT pg_total_relation_size(%s::regclass)", [table])
                size = cursor.fetchone()[0]
        steps.append((table, table in done, size, _foreign_keys(connection, table)))
    return steps


def _foreign_keys(connection: Any, table: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE contype = 'f' AND conrelid = %s::regclass ORDER BY conname",
            [table],
        )
        return [row[0] for row in cursor.fetchall()]


def distribute(connection: Any, progress: Callable[[str], None] = lambda table: None) -> list[str]:
    """Distributes what is not distributed yet, a transaction a table, and puts every trigger back; the tables' names.

    Raises RuntimeError, naming what lacks, when a trigger could not be put back: nothing may be served then.
    """
    done = []
    for table, there, _, keys in plan(connection):
        if there:
            continue
        progress(table)
        with transaction.atomic(using=connection.alias):
            _distribute(connection, table, keys)
        done.append(table)
    guards.install(connection)
    if lacking := guards.missing(connection):
        raise RuntimeError(f"Append-only triggers are missing: {', '.join(lacking)}.")
    return done


def _distribute(connection: Any, table: str, keys: list[str]) -> None:
    citus.one_shard_at_a_time(connection)
    tables = [table, *(guards.partitions(connection) if table == guards.RECORD else ())]
    beside = "" if table == citus.DISTRIBUTED[0] else f", colocate_with => '{citus.DISTRIBUTED[0]}'"
    with connection.cursor() as cursor:
        for key in keys:  # a row on another machine than the site's; `verify_ledger` names what no site has
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{key}"')
        for one in tables:  # what was copied to the shards is emptied here, which this trigger would refuse
            cursor.execute(f"DROP TRIGGER IF EXISTS {guards.WHOLE} ON {one}")
        cursor.execute(f"SELECT create_distributed_table('{table}', '{citus.COLUMN}'{beside})")  # noqa: S608
        cursor.execute("SELECT truncate_local_data_after_distributing_table(%s::regclass)", [table])
    guards.install(connection)
