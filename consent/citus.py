"""A PostgreSQL that Citus spreads over several machines: what is spread, where it lies, what its machines are asked.

A site's rows lie on one machine: the large tables are distributed by `site_id` and co-located, so that a statement with
an equality on `site_id` goes to one machine. All other tables stay the coordinator's own (docs/decisions/0038).
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db import DatabaseError

# The first one decides how many shards there are; the others lie beside it.
DISTRIBUTED = (
    "consent_loghead", "consent_logentry", "consent_consentrecord", "consent_logtile", "consent_dailytotal",
    "consent_impressiontotal", "consent_answeredtotal", "consent_showntotal", "consent_askedtotal",
    "consent_choicestate",
)  # fmt: skip
COLUMN = "site_id"
ATTEMPTS = 8  # at the triggers of shards
_installed: dict[tuple[str, Any], bool] = {}

# Of a running server: its standby has the same identifier, and another start.
IDENTITY = (
    "SELECT system_identifier || ' ' || extract(epoch FROM pg_catalog.pg_postmaster_start_time()) "
    "FROM pg_catalog.pg_control_system()"
)


class Node(NamedTuple):
    """A machine of the cluster, as the coordinator reaches it."""

    id: int
    name: str
    port: int
    coordinator: bool
    active: bool
    shards: bool  # whether shards may lie there

    def __str__(self) -> str:
        return f"[{self.name}]:{self.port}" if ":" in self.name else f"{self.name}:{self.port}"


class Reply(NamedTuple):
    """What one machine said; `text` is the trouble when it is not `well`."""

    node: Node
    well: bool
    text: str


def installed(connection: Any) -> bool:
    """Whether the database has the extension; asked once of each database and process."""
    if connection.vendor != "postgresql":
        return False
    key = (connection.alias, connection.settings_dict["NAME"])
    if key not in _installed:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_extension WHERE extname = 'citus'")
            _installed[key] = bool(cursor.fetchone()[0])
    return _installed[key]


def distributed(connection: Any) -> set[str]:
    """The tables that are distributed now, partitions included."""
    return _distributed(connection) if installed(connection) else set()


def is_distributed(connection: Any, table: str) -> bool:
    """Whether a table is, as the database says now, also where the extension came after this process."""
    if connection.vendor != "postgresql":
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('pg_dist_partition') IS NOT NULL")
        known = bool(cursor.fetchone()[0])
    return known and table in _distributed(connection)


def _distributed(connection: Any) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT logicalrelid::text FROM pg_dist_partition WHERE partmethod = 'h'")
        return {row[0] for row in cursor.fetchall()}


def nodes(connection: Any) -> list[Node]:
    """The machines that the coordinator knows, itself first when it was told its own name."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nodeid, nodename, nodeport, groupid = 0, isactive, shouldhaveshards FROM pg_dist_node "
            "WHERE noderole = 'primary' ORDER BY groupid, nodeid"
        )
        return [Node(*row) for row in cursor.fetchall()]


def ask(connection: Any, query: str) -> list[Reply]:
    """What every active machine answers to a query of one value."""
    known = {node.id: node for node in nodes(connection)}
    with connection.cursor() as cursor:
        cursor.execute("SELECT nodeid, success, result FROM run_command_on_all_nodes(%s)", [query])
        answers = [Reply(known[id], well, text or "") for id, well, text in cursor.fetchall() if id in known]
    return sorted(answers, key=lambda answer: answer.node.id)


def identities(connection: Any) -> list[tuple[Node, str]]:
    """The workers that can answer for every site, each with what `IDENTITY` says there."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nodeid FROM pg_dist_node WHERE hasmetadata AND metadatasynced")
        able = {row[0] for row in cursor.fetchall()}
    said = ask(connection, IDENTITY)
    return [(one.node, one.text) for one in said if one.well and one.node.id in able and not one.node.coordinator]


def one_shard_at_a_time(connection: Any) -> None:
    """For the transaction that runs: a change of tables after anything else was read or changed in it. Nothing to do on
    plain PostgreSQL."""
    if installed(connection):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL citus.multi_shard_modify_mode TO 'sequential'")


def triggers_missing(connection: Any, wanted: Iterable[tuple[str, str]]) -> list[str]:
    """Of (table, trigger), what lacks or is not ENABLE ALWAYS on some shard, as `table.trigger`.

    One query to each machine. Raises DatabaseError when one does not answer: then nobody knows.
    """
    if not (tables := distributed(connection)):
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT n.nodeid, s.logicalrelid::text, s.shardid FROM pg_dist_shard s JOIN pg_dist_placement p "
            "USING (shardid) JOIN pg_dist_node n ON n.groupid = p.groupid AND n.noderole = 'primary'"
        )
        shards = cursor.fetchall()
    found: set[tuple[int, str]] = set()
    for answer in ask(connection, _TRIGGERS):
        if not answer.well:
            raise DatabaseError(f"{answer.node} does not answer: {answer.text}")
        found |= {(answer.node.id, name) for name in json.loads(answer.text)}
    on = {(table, trigger) for table, trigger in wanted if table in tables}
    lacking = {
        f"{table}.{trigger}"
        for node, table, shard in shards
        for of, trigger in on
        if of == table and (node, f"{table}_{shard}.{trigger}") not in found
    }
    return sorted(lacking)


def install_on_shards(connection: Any, wanted: Iterable[tuple[str, str, str, str]]) -> None:
    """Of (table, trigger, event, function), makes a trigger for statements on every shard that has none; each machine
    is asked once. Citus itself makes it on shards that it moves or splits, and on no others.

    The machines do it on connections of their own: not for a transaction that has locks on these tables. Raises
    DatabaseError when a machine does not do it, asked several times.
    """
    tables = distributed(connection)
    rows = ",".join(
        f"('{table}','{trigger}','{event}','{function}')"
        for table, trigger, event, function in wanted
        if table in tables
    )
    if not rows:
        return
    for left in reversed(range(ATTEMPTS)):
        failed = [answer for answer in ask(connection, _MAKE.format(rows=rows)) if not answer.well]
        if not failed:
            return
        if not left:
            raise DatabaseError("; ".join(f"{answer.node}: {answer.text}" for answer in failed))
        # Answers that are written meanwhile take the locks of shards in another order: PostgreSQL ends one of the two.
        time.sleep(0.5)


# As Citus names a shard's trigger: with the number of the shard behind it.
_MAKE = """
DO $do$ DECLARE one record; BEGIN
  FOR one IN
    SELECT w.*, format('%s_%s', w.of, s.shardid) AS shard, format('%s_%s', w.name, s.shardid) AS own
    FROM (VALUES {rows}) w(of, name, event, function)
    JOIN pg_dist_shard s ON s.logicalrelid = w.of::regclass
    JOIN pg_dist_placement p USING (shardid)
    WHERE p.groupid = (SELECT groupid FROM pg_dist_local_group)
  LOOP
    IF EXISTS (SELECT FROM pg_trigger WHERE tgrelid = one.shard::regclass AND tgname = one.own AND tgenabled = 'A') THEN
      CONTINUE;
    END IF;
    EXECUTE format('CREATE OR REPLACE TRIGGER %I BEFORE %s ON %I FOR EACH STATEMENT EXECUTE FUNCTION %I()',
                   one.own, one.event, one.shard, one.function);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER %I', one.shard, one.own);
  END LOOP;
END $do$
"""
# A shard's trigger ends with the number of a shard: its own, or that of the whole table it is a partition of.
_TRIGGERS = (
    r"SELECT coalesce(json_agg(c.relname || '.' || regexp_replace(t.tgname, '_\d+$', '')), '[]') "
    "FROM pg_catalog.pg_trigger t "
    "JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid WHERE t.tgname LIKE 'fairgate%' AND t.tgenabled = 'A'"
)
