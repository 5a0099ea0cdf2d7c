"""`python -m bench.peers`: answers a second of Fairgate beside c15t's backend, on one PostgreSQL, in one run.

Each side stores what its own banner sends when a visitor accepts everything, every time of a new visitor, in a database
of its own; the sides take turns, and turns in beginning. c15t comes from npm (bench/c15t) and runs as its documentation
has it. What they store differs: c15t a row of the answer and what it refers to, Fairgate a leaf of a log that can be
checked.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import time
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from bench.against import ORIGIN, Side, side
from bench.machine import ROOT, Load, Server, cpu_ms, free_port, wrk
from bench.report import machine, table, write
from tests.postgres import Cluster

HERE = Path(__file__).parent / "c15t"
PLACE = ROOT / "build" / "c15t"
ANSWER = {
    "type": "cookie_banner", "subjectId": "sub_@SUBJECT@", "domain": "shop.example", "givenAt": 1_790_000_000_000,
    "preferences": {"necessary": True, "functionality": True, "measurement": True, "experience": True,
                    "marketing": True},
    "jurisdiction": "GDPR", "jurisdictionModel": "opt-in",
}  # fmt: skip
OURS, THEIRS = "Fairgate", "c15t 2.2.1"


def install() -> None:
    """Brings c15t and what it needs, as locked. Raises CalledProcessError."""
    PLACE.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json", "server.mjs"):
        shutil.copy(HERE / name, PLACE / name)
    subprocess.run(["npm", "ci", "--silent", "--no-audit", "--no-fund"], cwd=PLACE, check=True)


def c15t(env: dict[str, str], folder: Path, workers: int) -> Server:
    """Its server with that many processes, on a port of its own."""
    port = free_port()
    given = {**env, "PORT": str(port), "WORKERS": str(workers), "NODE_ENV": "production"}
    return Server(["node", "server.mjs"], given, port, "/status", folder / f"c15t-{workers}.log", PLACE)


def node_url(cluster: Cluster, database: str) -> str:
    """As pg wants it: a socket's folder is a parameter."""
    return f"postgresql://postgres@localhost/{database}?host={cluster.folder}"


def loads(cluster: Cluster, ours: Side, theirs: Side, given: argparse.Namespace) -> dict[str, dict[str, list[Load]]]:
    """{what: {side: [a load for each round]}}."""
    body = theirs.folder / "answer.json"
    body.write_text(json.dumps(ANSWER))
    seen: dict[str, dict[str, list[Load]]] = {}
    with ExitStack() as stack:
        servers = {(OURS, n): stack.enter_context(ours.serve(n)) for n in (1, 2)}
        servers |= {(THEIRS, n): stack.enter_context(c15t(theirs.env, theirs.folder, n)) for n in (1, 2)}
        for turn in range(-1, given.rounds):
            for workers in (1, 2):
                for count in given.connections:
                    for name in (OURS, THEIRS) if turn % 2 else (THEIRS, OURS):
                        load = one(cluster, servers[name, workers], name, ours, body, count, given.seconds)
                        if turn >= 0:  # the first round warms every process
                            what = f"{workers} process{'es' * (workers > 1)}, {count} connections"
                            seen.setdefault(what, {}).setdefault(name, []).append(load)
            print(f"{time.strftime('%H:%M:%S')} round {turn + 1} of {given.rounds}", flush=True)
    return seen


def one(
    cluster: Cluster, server: Server, name: str, ours: Side, body: Path, connections: int, seconds: float
) -> Load:  # fmt: skip
    """Raises SystemExit when an answer was refused: then nothing was measured."""
    before = cpu_ms(server.pid), cpu_ms(cluster.pid)
    if name == OURS:
        load = wrk(server.url + "/api/v1/consents", "answer.lua", str(ours.folder / "one.txt"), ORIGIN,
                   connections=connections, seconds=seconds)  # fmt: skip
    else:
        sites = body.with_name("sites.txt")
        sites.write_text("shop.example\n")
        load = wrk(server.url + "/subjects", "answer.lua", str(body), ORIGIN, str(sites), "application/json",
                   connections=connections, seconds=seconds)  # fmt: skip
    if load.refused or not load.requests:
        raise SystemExit(f"{name}: {load.refused} of {load.requests} refused; see {server.log}")
    load.server_ms = (cpu_ms(server.pid) - before[0]) / load.requests
    load.database_ms = (cpu_ms(cluster.pid) - before[1]) / load.requests
    return load


def text(found: dict[str, Any]) -> list[str]:
    """The section of docs/performance.md."""
    rows = []
    for what, by_side in found["loads"].items():
        ratios = [
            rate(ours) / rate(theirs) for ours, theirs in zip(by_side[OURS], by_side[THEIRS], strict=True)
        ]  # fmt: skip
        for name, runs in by_side.items():
            spread = f"{median(ratios):.1f} ({min(ratios):.1f} to {max(ratios):.1f})" if name == OURS else "1"
            middle = {key: median(run[key] for run in runs) for key in ("p50", "p99", "server_ms", "database_ms")}
            rows.append([
                f"{name}, {what}", f"{median(map(rate, runs)):,.0f}", spread, f"{middle['p50']:.0f}",
                f"{middle['p99']:.0f}", f"{middle['server_ms']:.2f}", f"{middle['database_ms']:.2f}",
            ])  # fmt: skip
    head = ["", "answers/s", f"× {THEIRS}", "p50 ms", "p99 ms", "server CPU ms", "database CPU ms"]
    return [
        "## (j) Answers a second beside another consent server", "",
        f"Made by `make bench-peers` ({found['day']}, {found['how']}): c15t's backend from npm, as its documentation "
        "has it (Node, Kysely, node-postgres), on the same PostgreSQL. It stores a row of the answer and what that "
        "refers to, without a log that can be checked.", "", *table(head, rows),
    ]  # fmt: skip


def rate(load: dict[str, Any]) -> float:
    return (load["requests"] - load["refused"]) / load["seconds"]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.peers", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--connections", type=int, nargs="+", default=[64, 256])
    parser.add_argument("--quick", action="store_true", help="one short round, nothing is written")
    given = parser.parse_args()
    if given.quick:
        given.rounds, given.seconds, given.connections = 1, 2, [16]
    install()
    cluster = Cluster(stock=True, options=("-c", "max_connections=600")).start()
    try:
        ours, theirs = side("ours", ROOT, cluster), side("theirs", PLACE, cluster)
        ours.make(1)
        theirs.env = {"DATABASE_URL": node_url(cluster, "bench_theirs")}
        subprocess.run(["node", "server.mjs", "migrate"], cwd=PLACE, env={**os.environ, **theirs.env}, check=True)
        seen = loads(cluster, ours, theirs, given)
        facts = machine(cluster)
    finally:
        cluster.remove()
    plain = {what: {name: [asdict(load) for load in runs] for name, runs in by.items()} for what, by in seen.items()}
    how = f"{given.rounds} rounds of {given.seconds:g} seconds, the first not counted, {facts['cores']} cores"
    found = {"day": facts["day"], "how": how, "loads": plain}
    print("\n".join(text(found)))
    if not given.quick:
        write({"peers": found})


if __name__ == "__main__":
    main()
