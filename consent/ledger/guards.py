"""Append-only, enforced by the database: triggers on PostgreSQL and SQLite, and the check that they are there.

They refuse every UPDATE, DELETE and TRUNCATE of ledger tables, with two exceptions that are judged by content, never
by a session switch: the UPDATE that erases an answer's personal fields, and a head that moves forward. On PostgreSQL
they are ENABLE ALWAYS, so `session_replication_role` does not silence them either.
"""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError, connections
from django.db.migrations.loader import MigrationLoader
from django.db.models.signals import post_migrate

from consent import citus

RECORD = "consent_consentrecord"
ROWS = "fairgate_append_only"  # the trigger for rows
WHOLE = "fairgate_no_truncate"  # for statements
# What an erasing UPDATE must leave as it is; the other columns are visitor, replaces, payload and salt.
_RECORD_KEPT = (
    "site_id", "leaf_index", "received_at", "record_id", "type", "day", "release", "regime", "jurisdiction",
    "language", "action",
)  # fmt: skip
_RELEASE_KEPT = ("id", "site_id", "number", "sha256", "snapshot", "hosts", "published_by", "published_at")


def _same(columns: tuple[str, ...], operator: str) -> str:
    return " AND ".join(f"NEW.{column} {operator} OLD.{column}" for column in columns)


def _allowed(operator: str) -> dict[str, str]:
    """Per table, the condition under which an UPDATE is let through; "" = never."""
    return {
        "consent_logentry": "",
        RECORD: (
            "OLD.type IN ('consent', 'choice') AND NEW.visitor IS NULL AND NEW.replaces IS NULL "
            f"AND NEW.payload IS NULL AND NEW.salt IS NULL AND {_same(_RECORD_KEPT, operator)}"
        ),
        "consent_logtile": "",
        "consent_checkpoint": "",
        "consent_anchor": "",
        "consent_auditevent": "",
        "consent_loghead": "NEW.site_id = OLD.site_id AND NEW.size >= OLD.size",
        "consent_documentversion": "",
        "consent_release": _same(_RELEASE_KEPT, operator),
    }


# Keys whose row an `INSERT OR REPLACE` of SQLite would silently delete.
_KEYS = {
    "consent_logentry": (("site_id", "leaf_index"), ("site_id", "record_id")),
    RECORD: (("site_id", "leaf_index"),),
    "consent_logtile": (("site_id", "level", "number"),),
    "consent_checkpoint": (("site_id", "size"),),
}


def _sqlite() -> dict[str, tuple[str, str]]:
    """Trigger name → (table, its SQL)."""
    triggers = {}
    for table, allowed in _allowed("IS").items():
        short = table.removeprefix("consent_")
        refuse = f"BEGIN SELECT RAISE(ABORT, 'fairgate: {table} is append-only'); END"
        when = f"WHEN NOT ({allowed})" if allowed else ""
        triggers[f"fairgate_{short}_update"] = (table, f"BEFORE UPDATE ON {table} FOR EACH ROW {when} {refuse}")
        triggers[f"fairgate_{short}_delete"] = (table, f"BEFORE DELETE ON {table} FOR EACH ROW {refuse}")
        if keys := _KEYS.get(table):
            taken = " OR ".join(
                f"EXISTS (SELECT 1 FROM {table} WHERE {' AND '.join(f'{c} = NEW.{c}' for c in key)})"  # noqa: S608
                for key in keys
            )
            triggers[f"fairgate_{short}_replace"] = (
                table,
                f"BEFORE INSERT ON {table} FOR EACH ROW WHEN {taken} {refuse}",
            )
    return {name: (table, f"CREATE TRIGGER {name} {sql}") for name, (table, sql) in triggers.items()}


def _functions() -> str:
    """One PostgreSQL function a table; TRUNCATE has no row, so TG_OP is asked first."""
    parts = []
    for table, allowed in _allowed("IS NOT DISTINCT FROM").items():
        let = f"IF TG_OP = 'UPDATE' THEN IF {allowed} THEN RETURN NEW; END IF; END IF;" if allowed else ""
        parts.append(
            f"CREATE OR REPLACE FUNCTION {table}_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {let} "
            f"RAISE EXCEPTION 'fairgate: % of {table} is refused, it is append-only', TG_OP; END $$;"
        )
    return "\n".join(parts)


def partitions(connection: Any) -> list[str]:
    """The partitions of the records' table; none on SQLite."""
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = to_regclass(%s) ORDER BY 1", [RECORD]
        )
        return [row[0] for row in cursor.fetchall()]


def _wanted(connection: Any) -> list[tuple[str, str, str]]:
    """(table, trigger, when) of every trigger PostgreSQL must have."""
    tables = [*_allowed(""), *partitions(connection)]
    return [(table, ROWS, "UPDATE OR DELETE") for table in tables] + [(table, WHOLE, "TRUNCATE") for table in tables]


def missing(connection: Any) -> list[str]:
    """The triggers that are not there or switched off, as `table.trigger`; empty before the tables are made. On Citus
    each shard is looked at, too, but inside a transaction."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type IN ('trigger', 'table')")
            there = dict(cursor.fetchall())
            return [
                f"{table}.{name}"
                for name, (table, sql) in _sqlite().items()
                if table in there and there.get(name) != sql
            ]
        cursor.execute("SELECT relkind FROM pg_class WHERE oid = to_regclass(%s)", [RECORD])
        if (cursor.fetchone() or [""])[0] != "p":
            return []
        cursor.execute(
            "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE tgname LIKE 'fairgate_%%' AND tgenabled = 'A'"
        )
        found = set(cursor.fetchall())
    wanted = [(table, name) for table, name, _ in _wanted(connection)]
    lacking = [f"{table}.{name}" for table, name in wanted if (table, name) not in found]
    if connection.in_atomic_block:  # what it made on other machines, another connection to them does not see yet
        return lacking
    return lacking + [name for name in citus.triggers_missing(connection, wanted) if name not in lacking]


def install(connection: Any) -> None:
    """Makes the triggers that are missing, as this version wants them. Safe to repeat. Inside a transaction Citus's new
    shards stay without that for TRUNCATE: `install_on_shards` after it."""
    lacking = set(missing(connection))
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for name, (table, sql) in _sqlite().items():
                if f"{table}.{name}" in lacking:
                    cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
                    cursor.execute(sql)
            return
        spread = bool(lacking) and RECORD in citus.distributed(connection)
        if spread:
            lacking |= _drop_lacking(connection, lacking)
        cursor.execute(_functions())  # in any case: an older version's may know fewer columns
        for table, name, when in _wanted(connection):
            # A shard's partition has the trigger of the whole table's shard, under that one's name.
            is_inherited = spread and name == ROWS and table != RECORD and table.startswith(RECORD)
            if f"{table}.{name}" not in lacking or is_inherited:
                continue
            each = "ROW" if when != "TRUNCATE" else "STATEMENT"
            cursor.execute("SELECT 1 FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname = %s", [table, name])
            if not cursor.fetchone():  # a partition gets its row trigger from the whole table
                event = f"BEFORE {when} ON {table} FOR EACH {each}"
                cursor.execute(f"CREATE TRIGGER {name} {event} EXECUTE FUNCTION {_guarded(table)}_guard()")
            cursor.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")
    if not connection.in_atomic_block:
        install_on_shards(connection)


def install_on_shards(connection: Any) -> None:
    """What Citus leaves out of `install`: the trigger for TRUNCATE on every shard. Safe to repeat; nothing to do on
    plain PostgreSQL. Raises DatabaseError when a machine does not do it."""
    truncate = [(table, name, when) for table, name, when in _wanted(connection) if name == WHOLE]
    citus.install_on_shards(
        connection, [(table, name, when, f"{_guarded(table)}_guard") for table, name, when in truncate]
    )


def _guarded(table: str) -> str:
    """The table whose function a table's triggers call."""
    return RECORD if table.startswith(RECORD) else table


def _drop_lacking(connection: Any, lacking: set[str]) -> set[str]:
    """Takes away what some shards lack, so that it can be made on all of them; what is gone with it. The trigger for
    rows of a partition is one with that of the whole table."""
    family = [RECORD, *partitions(connection)]
    of_family = {f"{table}.{ROWS}" for table in family}
    gone = of_family if lacking & of_family else set()
    with connection.cursor() as cursor:
        for table, name, _ in _wanted(connection):
            is_partition = name == ROWS and table in family[1:]
            if f"{table}.{name}" in lacking | gone and not is_partition:
                cursor.execute(f"DROP TRIGGER IF EXISTS {name} ON {table}")
    return gone


def connect(app: AppConfig) -> None:
    """Reinstalls the triggers after each migrate (an AlterField on SQLite drops them silently)."""
    post_migrate.connect(_after_migrate, sender=app, dispatch_uid="fairgate-guards")
    register(Tags.database)(triggers_are_there)


def _after_migrate(using: str, **kwargs: Any) -> None:
    install(connections[using])


def _unmigrated(connection: Any) -> bool:
    """Whether migrations of ours are still to come: `serve` refuses to start until then, by a check of its own."""
    loader = MigrationLoader(connection)
    return any(
        app == "consent" and (app, name) not in loader.applied_migrations for app, name in loader.disk_migrations
    )


def triggers_are_there(databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """fairgate.E010: the ledger could be rewritten without anybody noticing at once."""
    errors: list[CheckMessage] = []
    for alias in databases or []:
        try:
            lacking = missing(connections[alias])
        except DatabaseError:  # the database is away; another check's business
            continue
        # An upgrade changes them at the end of its migrate, which must be let to begin.
        if lacking and not _unmigrated(connections[alias]):
            errors.append(
                Error(
                    f"Append-only triggers are missing: {', '.join(lacking)}.",
                    hint="Run: manage.py migrate --skip-checks",
                    id="fairgate.E010",
                )
            )
    return errors
