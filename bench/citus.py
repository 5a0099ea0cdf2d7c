"""`python -m bench.citus`: answers a second on plain PostgreSQL and on Citus with two workers, interleaved.

Both databases are on this machine with stock durability; CITUS_URL names a coordinator, else a cluster is made of an
installed extension. The answers are of eight sites, which lie on both workers.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from bench.against import ORIGIN, Side
from bench.machine import Load, cpu_ms, wrk
from tests.citus.cluster import Machines, database, run
from tests.postgres import Cluster


def side(name: str, url: str) -> Side:
    folder = Path(tempfile.mkdtemp(prefix=f"bench-{name}-"))
    env = {
        "DATABASE_URL": url, "FAIRGATE_RATE_LIMIT": "0", "FAIRGATE_DATA": str(folder), "SECRET_KEY": "bench",
        "DJANGO_SETTINGS_MODULE": "cookiebanner.settings", "FAIRGATE_PICTURES": "0", "PYTHONPATH": "",
    }  # fmt: skip
    return Side(name, Path(__file__).parents[1], env, folder)


def command(one: Side, name: str) -> None:
    """Runs one of our commands on a side. Raises CalledProcessError."""
    env = {**os.environ, **one.env}
    subprocess.run([sys.executable, "manage.py", name, "--skip-checks"], cwd=one.checkout, env=env, check=True)


def measure(sides: list[Side], given: argparse.Namespace) -> dict[tuple[int, int], dict[str, list[Load]]]:
    """{(processes, connections): {side: one load a round}}; the sides take turns in beginning."""
    loads: dict[tuple[int, int], dict[str, list[Load]]] = {}
    with ExitStack() as stack:
        servers = {
            (one.name, count): stack.enter_context(one.serve(count)) for one in sides for count in given.processes
        }
        for turn in range(-1, given.rounds):
            for count in given.processes:
                for connections in given.connections:
                    for one in sides if turn % 2 else sides[::-1]:
                        server = servers[one.name, count]
                        before = cpu_ms(server.pid)
                        load = wrk(
                            server.url + "/api/v1/consents", "answer.lua", str(one.folder / "many.txt"), ORIGIN,
                            str(one.folder / "sites.txt"), connections=connections,
                            seconds=given.seconds if turn >= 0 else 2,
                        )  # fmt: skip
                        load.server_ms = (cpu_ms(server.pid) - before) / max(load.requests, 1)
                        if load.refused or load.broken:
                            print(f"{one.name}: {load.refused} refused, {load.broken} broken", flush=True)
                        if turn >= 0:  # the first round warms every process
                            loads.setdefault((count, connections), {}).setdefault(one.name, []).append(load)
            print(f"{time.strftime('%H:%M:%S')} round {turn + 1} of {given.rounds}", flush=True)
    return loads


def report(loads: dict[tuple[int, int], dict[str, list[Load]]]) -> None:
    head = "answers a second, 8 sites"
    print(f"{head:32}{'plain':>8}{'Citus':>8}{'ratio':>7}  {'of the rounds':14}{'p50, p99 ms':>24}")
    for (count, connections), by_side in loads.items():
        ratios = [there.rate / here.rate for here, there in zip(by_side["plain"], by_side["citus"], strict=True)]
        plain, spread = (median(load.rate for load in by_side[name]) for name in ("plain", "citus"))
        late = " / ".join(
            f"{median(load.p50 for load in by_side[name]):.0f}, {median(load.p99 for load in by_side[name]):.0f}"
            for name in ("plain", "citus")
        )
        name = f"{count} process{'es' * (count > 1)}, {connections} connections"
        rounds = f"{min(ratios):.2f} to {max(ratios):.2f}"
        print(f"{name:32}{plain:8,.0f}{spread:8,.0f}{median(ratios):7.2f}  {rounds:14}{late:>24}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.citus", description=__doc__)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--connections", type=int, nargs="+", default=[64, 256])
    parser.add_argument("--processes", type=int, nargs="+", default=[1])
    given = parser.parse_args()
    with ExitStack() as stack:
        plain = Cluster(stock=True, options=("-c", "max_connections=300"))
        stack.callback(plain.remove)
        url = os.environ.get("CITUS_URL", "")
        if not url:
            machines = Machines(stock=True, options=("-c", "max_connections=300"))
            stack.callback(machines.remove)
            url = machines.start().url
        sides = [side("plain", plain.start().url), side("citus", database(url, "fairgate_bench"))]
        for one in sides:
            one.make(8)
        command(sides[1], "distribute")
        lying = run(
            sides[1].env["DATABASE_URL"],
            "SELECT count(DISTINCT (nodename, nodeport)) FROM citus_shards "
            "WHERE table_name = 'consent_loghead'::regclass",
        )
        print(f"Shards lie on {lying[0][0]} machines.", flush=True)
        report(measure(sides, given))


if __name__ == "__main__":
    main()
