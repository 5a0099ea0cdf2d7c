"""(a) durable answers a second: the lane, the DRF view and the baseline beside pgbench's single-row inserts."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median

import psycopg2

from bench.machine import Load, Server, cpu_ms, fairgate, gunicorn, wrk
from bench.sample_sites import ORIGIN
from tests.postgres import Cluster

ROW = """
DROP TABLE IF EXISTS bench_row; DROP SEQUENCE IF EXISTS bench_index; CREATE SEQUENCE bench_index CACHE 100;
CREATE TABLE bench_row (LIKE consent_consentrecord INCLUDING DEFAULTS);
ALTER TABLE bench_row ADD PRIMARY KEY (site_id, leaf_index, received_at);
CREATE INDEX ON bench_row (site_id, visitor);
CREATE INDEX ON bench_row (site_id, replaces);
CREATE INDEX ON bench_row (site_id, received_at);
"""


def sql(cluster: Cluster, text: str) -> list[tuple]:
    connection = psycopg2.connect(cluster.url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(text)
        rows = cursor.fetchall() if cursor.description else []
    connection.close()
    return rows


def pgbench_script(cluster: Cluster, folder: Path, site_id: int) -> Path:
    """One INSERT of a record as the ledger stores it, with fresh ids."""
    [(payload,)] = sql(cluster, "SELECT payload FROM consent_consentrecord WHERE action = 'accept_all' LIMIT 1") or [
        (json.dumps({"choices": "x" * 1400}),)
    ]
    script = folder / "insert.sql"
    script.write_text(
        "INSERT INTO bench_row (site_id, leaf_index, received_at, record_id, type, day, release, regime, jurisdiction, "
        f"language, action, visitor, replaces, payload, salt) VALUES ({site_id}, nextval('bench_index'), now(), "
        "gen_random_uuid(), 'consent', current_date, 1, 'eu_opt_in', '*', 'en', 'accept_all', gen_random_uuid(), NULL, "
        f"'{payload.replace(chr(39), chr(39) * 2)}', decode(md5(random()::text) || md5(random()::text), 'hex'));\n"
    )
    return script


def pgbench(cluster: Cluster, script: Path, connections: int, seconds: float) -> Load:
    root = cluster.pid
    before = cpu_ms(root)
    done = subprocess.run(
        [str(cluster.bin / "pgbench"), "-n", "-M", "simple", "-f", str(script), "-c", str(connections), "-j", "2",
         "-T", str(max(1, round(seconds))), "-h", str(cluster.folder), "-U", "postgres", "postgres"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = {line.split(" = ")[0].split(":")[0]: line for line in done.stdout.splitlines()}
    if "tps" not in found:
        raise SystemExit(f"pgbench failed: {done.stdout}{done.stderr}")
    count = int(found["number of transactions actually processed"].split(":")[1].split("/")[0])
    rate = float(found["tps"].split()[2])
    latency = float(found["latency average"].split()[3])
    load = Load(count, count / rate, 0, 0, latency, latency)
    load.database_ms = (cpu_ms(root) - before) / max(count, 1)
    return load


def posts(
    cluster: Cluster, server: Server, files: dict[str, Path], body: str, connections: int, seconds: float
) -> Load:
    """One run of wrk against a server that stores answers."""
    path = "/api/v1/consents"
    arguments = [str(files[body]), ORIGIN]
    if body == "many":
        arguments.append(str(files["sites"]))
    if body == "plain":
        arguments += [str(files["sites"]), "application/json"]
    before = cpu_ms(server.pid), cpu_ms(cluster.pid)
    commits = committed(cluster)
    load = wrk(server.url + path, "answer.lua", *arguments, connections=connections, seconds=seconds)
    count = max(load.requests, 1)
    load.server_ms = (cpu_ms(server.pid) - before[0]) / count
    load.database_ms = (cpu_ms(cluster.pid) - before[1]) / count
    load.batch = (load.requests - load.refused) / max(committed(cluster) - commits, 1)
    return load


def committed(cluster: Cluster) -> int:
    """Transactions that changed something, so far: each takes one transaction id."""
    [(number,)] = sql(cluster, "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
    return number


def middle(runs: list[Load]) -> Load:
    """Medians, figure by figure."""
    return Load(
        *(median(getattr(run, name) for run in runs) for name in
          ("requests", "seconds", "refused", "broken", "p50", "p99", "server_ms", "database_ms", "batch"))
    )  # fmt: skip


def run(
    cluster: Cluster, site_id: int, files: dict[str, Path], connections: tuple[int, ...], seconds: float, rounds: int,
    say: Callable[[str], None],
) -> dict[str, dict[int, Load]]:  # fmt: skip
    """Every contender at every number of connections, interleaved, `rounds` times: {contender: {connections: Load}}."""
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    env = {"DATABASE_URL": cluster.url, "FAIRGATE_RATE_LIMIT": "0", "FAIRGATE_DATA": str(folder), "SECRET_KEY": "bench"}
    sql(cluster, ROW)
    seen: dict[str, dict[int, list[Load]]] = {}
    with ExitStack() as stack:
        one = stack.enter_context(fairgate(env, folder))
        two = stack.enter_context(fairgate(env, folder, workers=2))
        view = stack.enter_context(gunicorn("cookiebanner.wsgi:application", env, folder, "/livez"))
        base = stack.enter_context(gunicorn("bench.baseline.app:application", env, folder, "/api/v1/consents"))
        for server in (one, two, view):  # every site's release is read once by every process
            for body in ("one", "many"):
                posts(cluster, server, files, body, 16, min(4.0, seconds))
        script = pgbench_script(cluster, folder, site_id)
        for turn in range(rounds):
            for count in connections:
                contenders: dict[str, Callable[[], Load]] = {
                    "pgbench, one row": partial(pgbench, cluster, script, count, seconds),
                    "lane, 1 process": partial(posts, cluster, one, files, "one", count, seconds),
                    "lane, 2 processes": partial(posts, cluster, two, files, "one", count, seconds),
                    "lane, 1 process, 300 sites": partial(posts, cluster, one, files, "many", count, seconds),
                    "lane, 2 processes, 300 sites": partial(posts, cluster, two, files, "many", count, seconds),
                    "DRF view, gunicorn": partial(posts, cluster, view, files, "one", count, seconds),
                    "plain DRF + ORM, gunicorn": partial(posts, cluster, base, files, "plain", count, seconds),
                }
                for name, go in contenders.items():
                    load = go()
                    seen.setdefault(name, {}).setdefault(count, []).append(load)
                    say(f"round {turn + 1}: {name}, {count} connections: {load.rate:,.0f}/s "
                        f"({load.refused} refused, {load.broken} broken)")  # fmt: skip
    return {name: {count: middle(runs) for count, runs in rows.items()} for name, rows in seen.items()}
