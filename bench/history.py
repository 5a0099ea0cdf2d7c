"""(c) to (f): what ten million records cost: answers, proofs and receipts, exports and verification, the dashboard."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median, quantiles
from typing import Any
from urllib.request import urlopen

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection, reset_queries
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bench import answers, fill, sample_sites
from bench.machine import ROOT, Load, cpu_ms, fairgate, family, peak_mb, wrk
from consent.ledger import checkpoint, signing
from consent.ledger.proofs import Tree
from consent.models import LogEntry, LogHead, Site
from tests.postgres import Cluster


def flat(
    cluster: Cluster, folder: Path, sizes: list[int], connections: int, seconds: float, rounds: int,
    say: Callable[[str], None], make: Callable[[int], Site],
) -> tuple[dict[int, Load], dict[int, Load], dict[int, Site]]:  # fmt: skip
    """(c) {records: answers}, {records: pgbench then}, {records: its site}; `make` makes a site with history."""
    env = {"DATABASE_URL": cluster.url, "FAIRGATE_RATE_LIMIT": "0", "FAIRGATE_DATA": str(folder), "SECRET_KEY": "bench"}
    loads, beside, sites = {}, {}, {}
    answers.sql(cluster, answers.ROW)
    for size in sizes:
        sites[size] = site = make(size)
        files = sample_sites.write_bodies(folder, site)
        answers.sql(cluster, "CHECKPOINT")
        script = answers.pgbench_script(cluster, folder, site.pk)
        with fairgate(env, folder) as server:
            wrk(
                server.url + "/api/v1/consents",
                "answer.lua",
                str(files["one"]),
                sample_sites.ORIGIN,
                connections=8,
                seconds=1,
            )
            runs, inserts = [], []
            for turn in range(rounds):
                inserts.append(answers.pgbench(cluster, script, connections, seconds))
                runs.append(answers.posts(cluster, server, files, "one", connections, seconds))
                say(f"round {turn + 1}: {size:,} records: {runs[-1].rate:,.0f}/s, pgbench {inserts[-1].rate:,.0f}/s")
        loads[size], beside[size] = answers.middle(runs), answers.middle(inserts)
    return loads, beside, sites


def milliseconds(times: list[float]) -> tuple[float, float]:
    """(median, 99th percentile) of seconds, in ms."""
    return median(times) * 1000, quantiles(times, n=100)[98] * 1000


def proofs(cluster: Cluster, folder: Path, site: Site, count: int = 300) -> dict[str, tuple[float, float]]:
    """(d) {what: (median ms, p99 ms)} of random records of a large log."""
    size = LogHead.objects.get(site_id=site.pk).size
    dice = random.Random(3)
    indexes = [dice.randrange(1, size) for _ in range(count)]
    tree = Tree(site.pk, site.uuid)
    tree.inclusion(indexes[0], size)
    inclusion, receipts = [], []
    for index in indexes:
        begun = time.perf_counter()
        tree.inclusion(index, size)
        inclusion.append(time.perf_counter() - begun)
    ids = dict(LogEntry.objects.filter(site_id=site.pk, index__in=indexes).values_list("index", "record_id"))
    env = {"DATABASE_URL": cluster.url, "FAIRGATE_RATE_LIMIT": "0", "FAIRGATE_DATA": str(folder), "SECRET_KEY": "bench"}
    with fairgate(env, folder) as server:
        for index in indexes:
            begun = time.perf_counter()
            urlopen(f"{server.url}/api/v1/consents/{ids[index]}/receipt?site={site.uuid}").read()
            receipts.append(time.perf_counter() - begun)
    return {"inclusion proof": milliseconds(inclusion), "receipt over HTTP": milliseconds(receipts)}


def reading(
    cluster: Cluster, site: Site, rounds: int = 1, say: Callable[[str], None] = lambda text: None,
    wanted: Sequence[str] = (),
) -> dict[str, dict[str, Any]]:  # fmt: skip
    """(e), (g) {what: {rates: rows a second, one a round; seconds: of the last; ours, database: CPU in µs a row; peak:
    memory in MB}} of exports and verification beside COPY of the same records, which takes its turn before each; with
    one round, once before all. `wanted`: formats, verify_ledger; all without any."""
    size = LogHead.objects.get(site_id=site.pk).size
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    commands = {
        name: command
        for name, command in reading_commands(cluster, site, folder).items()
        if not wanted or name == COPY or name.removeprefix("export, ").removesuffix(f" {AFTER}") in wanted
    }
    found: dict[str, dict[str, Any]] = {name: {"rates": [], "copies": [], "peak": 0.0} for name in commands}
    for turn in range(rounds):
        for name, command in commands.items():
            if rounds > 1 or name == COPY:
                copied = timed(cluster, commands[COPY])
            run = timed(cluster, command) if name != COPY else copied
            one = found[name]
            rows = size - size * 9 // 10 if name == SINCE else size
            one["rates"].append(rows / run.seconds)
            one["copies"].append(size / copied.seconds)
            one["seconds"] = run.seconds
            one["peak"] = max(one["peak"], run.peak)
            one["ours"], one["database"] = run.ours / rows * 1e6, run.database / rows * 1e6
            say(f"round {turn + 1}: {name}: {rows / run.seconds:,.0f}/s, COPY {size / copied.seconds:,.0f}/s")
            for left in folder.iterdir():
                left.unlink()
    shutil.rmtree(folder)
    return found


COPY = "COPY … TO"
AFTER = "--since nine tenths of it"
SINCE = f"verify_ledger {AFTER}"
IN_ONE = 10_000_000  # records that COPY is asked for at once
LARGEST = 2_000  # bytes of a record in the largest of the files


def reading_commands(cluster: Cluster, site: Site, folder: Path) -> dict[str, list[str]]:
    """What reads a whole log, by name; files go to `folder`."""
    first, last = fill.start_day().isoformat(), time.strftime("%Y-%m-%d", time.gmtime())
    export = [sys.executable, "manage.py", "export", "--site", str(site.uuid), "--from", first, "--to", last]
    size = LogHead.objects.get(site_id=site.pk).size
    room = shutil.disk_usage(folder).free > 2 * LARGEST * size
    to = str(folder / "copy") if room else os.devnull
    copies = [word for month in copied_parts(size) for word in ("-c", copy_of(site, *month))]
    psql = ["psql", "-h", str(cluster.folder), "-U", "postgres", "-q", "-o", to, *copies]
    verify = [sys.executable, "manage.py", "verify_ledger", "--site", str(site.uuid)]
    kinds = ("csv", "jsonl", "parquet", "bundle")
    return {
        COPY: [*psql, "postgres"],
        **{f"export, {kind}": [*export, "--format", kind, "--out", str(folder / kind)] for kind in kinds},
        "verify_ledger": verify,
        SINCE: [*verify, "--since", str(kept_checkpoint(site))],
    }


def copy_of(site: Site, first: date, end: date) -> str:
    """A site's records of first ≤ day < end, in order, as PostgreSQL itself writes them."""
    return (
        f"COPY (SELECT * FROM consent_consentrecord WHERE site_id = {site.pk} AND received_at >= '{first}T00:00Z' "  # noqa: S608
        f"AND received_at < '{end}T00:00Z' ORDER BY leaf_index) TO STDOUT"
    )


def copied_parts(size: int) -> list[tuple[date, date]]:
    """What one COPY reads: all; of more than `IN_ONE` records a month, since the disk has no room to sort them."""
    first, end = fill.start_day(), datetime.now(UTC).date() + timedelta(days=1)
    months = [first + timedelta(days=days) for days in range(1, (end - first).days)] if size > IN_ONE else []
    edges = [first, *(day for day in months if day.day == 1), end]
    return list(pairwise(edges))


def kept_checkpoint(site: Site) -> Path:
    """A file with a signed checkpoint of nine tenths of a log, as an auditor has one."""
    size = LogHead.objects.get(site_id=site.pk).size * 9 // 10
    root = Tree(site.pk, site.uuid).root(size)
    path = Path(settings.FAIRGATE_DATA) / f"nine-tenths-{site.pk}.txt"
    path.write_text(signing.sign(checkpoint.origin(site.pk, site.uuid), size, root, signing.private_key()))
    return path


@dataclass
class Timed:
    """A command that has ended: seconds of the clock, of CPU, and the most memory of it and its processes in MB."""

    seconds: float
    ours: float
    database: float
    peak: float


def timed(cluster: Cluster, command: list[str]) -> Timed:
    """Runs a command. Raises SystemExit with what it said when it fails."""
    with tempfile.TemporaryFile("w+") as said:
        before, database = getrusage(RUSAGE_CHILDREN), cpu_ms(cluster.pid)
        begun, peak = time.perf_counter(), 0.0
        process = subprocess.Popen(command, cwd=ROOT, stdout=said, stderr=said)
        while process.poll() is None:
            peak = max(peak, sum(map(peak_mb, family(process.pid))))
            time.sleep(0.1)
        seconds, after = time.perf_counter() - begun, getrusage(RUSAGE_CHILDREN)
        if process.returncode:
            said.seek(0)
            raise SystemExit(f"{command} failed: {said.read()[-2000:]}")
    ours = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Timed(seconds, ours, (cpu_ms(cluster.pid) - database) / 1000, peak)


def dashboard(site: Site, page: str = "overview", **given: Any) -> dict[str, Any]:
    """(f), (i) a page: time in the database, number of queries, whole time, in ms; medians of five."""
    people = get_user_model().objects
    user = people.filter(username="bench").first() or people.create_superuser("bench", "bench@example.org", "x")
    client = Client()
    client.force_login(user)
    database, whole, queries = [], [], 0
    for _ in range(6):
        reset_queries()
        with CaptureQueriesContext(connection) as captured:
            begun = time.perf_counter()
            answer = client.get(reverse(f"dashboard:{page}", args=[site.uuid]), given)
            whole.append((time.perf_counter() - begun) * 1000)
        if answer.status_code != 200:
            raise SystemExit(f"The page answered {answer.status_code} {answer.headers.get('Location', '')}")
        database.append(sum(float(query["time"]) for query in captured.captured_queries) * 1000)
        queries = len(captured.captured_queries)
    return {"database": median(database[1:]), "whole": median(whole[1:]), "queries": queries}
