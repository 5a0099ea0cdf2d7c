"""Citus for tests and benchmarks: a cluster of one's own from an installed extension, and databases on any cluster.

`python -m tests.citus COMMAND …` runs a command with CITUS_URL set to a coordinator with two workers on this machine.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import psycopg2

from tests.postgres import ROOT, Cluster

SHARDS = 8
# As docs/operate.md asks for, and nodes that are not there are noticed, and what they prepared is settled, at once.
SETTINGS = (
    "-c", "citus.enable_unsafe_triggers=on", "-c", f"citus.shard_count={SHARDS}", "-c", "max_connections=300",
    "-c", "citus.recover_2pc_interval=2s",
)  # fmt: skip
PRELOADED = ("-c", "shared_preload_libraries=citus", "-c", "wal_level=logical", "-c", "max_prepared_transactions=400")


def run(url: str, *statements: str) -> list[Any]:
    """Runs statements, each by itself; the rows of the last one."""
    connection = psycopg2.connect(url)
    connection.autocommit = True
    rows: list[Any] = []
    try:
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
                rows = cursor.fetchall() if cursor.description else []
    finally:
        connection.close()
    return rows


class Machines:
    """A coordinator and workers: PostgreSQL clusters that reach each other by their sockets. Of the workers the first
    `known` are told to the coordinator (None: all)."""

    def __init__(
        self, workers: int = 2, stock: bool = False, options: tuple[str, ...] = (), known: int | None = None
    ) -> None:
        self.known = known
        self.database = "postgres"
        self.clusters = [Cluster(stock=stock, options=(*PRELOADED, *options)) for _ in range(workers + 1)]

    def start(self) -> Machines:
        for cluster in self.clusters:
            cluster.options = (
                *cluster.options,
                "-c",
                f"citus.local_hostname={cluster.folder}",
            )  # nodes call themselves
            cluster.start()
            run(cluster.url, "CREATE EXTENSION citus")
        first, *others = (str(cluster.folder) for cluster in self.clusters)
        run(self.url, f"SELECT citus_set_coordinator_host('{first}', 5432)",
            *(f"SELECT citus_add_node('{name}', 5432)" for name in others[: self.known]))  # fmt: skip
        return self

    @property
    def url(self) -> str:
        return f"{self.clusters[0].url.rpartition('/')[0]}/{self.database}"

    def remove(self) -> None:
        for cluster in self.clusters:
            cluster.remove()


def at(url: str, name: str, port: int, database: str) -> str:
    """The URL of a database on a node, with the user and password of `url`."""
    parts = urlsplit(url)
    who = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
    return f"postgresql://{who}{quote(name, safe='')}:{port}/{database}"


def nodes(url: str) -> list[tuple[str, int]]:
    """Name and port of every node, the coordinator first."""
    return run(url, "SELECT nodename, nodeport FROM pg_dist_node WHERE noderole = 'primary' ORDER BY groupid")


def shards(url: str, table: str) -> Iterator[tuple[str, str]]:
    """The URL of the database and the name of every shard of a table."""
    rows = run(url, "SELECT nodename, nodeport, shardid FROM pg_dist_shard JOIN pg_dist_placement USING (shardid) "
               f"JOIN pg_dist_node USING (groupid) WHERE logicalrelid = '{table}'::regclass")  # fmt: skip
    for host, port, shard in rows:
        yield at(url, host, port, unquote(urlsplit(url).path[1:])), f"{table}_{shard}"


def drop(url: str, name: str) -> None:
    """Takes a database away from every node."""
    for host, port in nodes(url):
        here = at(url, host, port, unquote(urlsplit(url).path[1:]))
        run(here, "SET citus.enable_ddl_propagation = off", f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def database(url: str, name: str, workers: int | None = None, triggers: bool = True) -> str:
    """The URL of an empty database of this name on every node of the cluster at `url`; of them the first `workers` may
    hold shards (None: all). `triggers`: whether distributed tables may have some."""
    drop(url, name)
    known = nodes(url)
    for host, port in known:
        here = at(url, host, port, unquote(urlsplit(url).path[1:]))
        run(here, "SET citus.enable_ddl_propagation = off", f"CREATE DATABASE {name}")
        settings = [f"ALTER DATABASE {name} SET citus.shard_count = {SHARDS}"]
        if triggers:
            settings.append(f"ALTER DATABASE {name} SET citus.enable_unsafe_triggers = on")
        run(at(url, host, port, name), *settings, "CREATE EXTENSION citus")
    (first, port), *others = known
    made = at(url, first, port, name)
    run(made, f"SELECT citus_set_coordinator_host('{first}', {port})",
        *(f"SELECT citus_add_node('{host}', {number})" for host, number in others[:workers]))  # fmt: skip
    return made


def standby_of(name: str, port: int) -> Cluster:
    """A standby of a node, which follows it; to be removed."""
    made = Cluster(stock=True)
    made.options = (*PRELOADED, *SETTINGS, "-c", f"port={port}", "-c", f"citus.local_hostname={made.folder}")
    shutil.rmtree(made.data)
    made.run("pg_basebackup", "-h", name, "-p", str(port), "-U", "postgres", "-D", str(made.data), "-c", "fast", "-R")
    return made.start()


def manage(url: str, *arguments: str, folder: Path | str = "/tmp", check: bool = True) -> subprocess.CompletedProcess:
    """`manage.py` on a database; with `check`, raises CalledProcessError when it fails."""
    env = {
        **os.environ, "DATABASE_URL": url, "FAIRGATE_DATA": str(folder), "SECRET_KEY": "x", "FAIRGATE_UNSAFE": "1",
        "DJANGO_SETTINGS_MODULE": "cookiebanner.settings", "FAIRGATE_PICTURES": "0",
    }  # fmt: skip
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    if check and done.returncode:
        raise AssertionError(f"{arguments}: {done.stdout}{done.stderr}")
    return done


def distributed(url: str, name: str, folder: Path | str) -> str:
    """Like `database`, with our tables, distributed. Tests drop triggers in the middle of a transaction, which Citus
    allows only where all of it went over one connection to each machine."""
    made = database(url, name)
    manage(made, "migrate", "-v0", "--skip-checks", folder=folder)
    manage(made, "distribute", folder=folder)
    run(made, "SET citus.enable_ddl_propagation = off",
        f"ALTER DATABASE {name} SET citus.multi_shard_modify_mode = sequential")  # fmt: skip
    return made
