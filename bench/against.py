"""`python -m bench.against CHECKOUT`: (a) and (b) of this tree beside another checkout of Fairgate, interleaved.

Each side makes its own world with its own code in a database of its own, on one PostgreSQL. The table says this tree's
figure, the other's and their ratio, with the spread of the rounds; and the ratio of the server's CPU time a request,
which a busy machine disturbs less.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psycopg2

from bench.machine import ROOT, Load, Server, cpu_ms, fairgate, wrk
from tests.postgres import Cluster

ORIGIN = "https://shop.example"  # of bench.sample_sites, on both sides
MAKE = """
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from pathlib import Path
from bench import sample_sites
site = sample_sites.make({sites})
sample_sites.write_bodies(Path({folder!r}), site)
print(site.uuid)
"""


@dataclass
class Side:
    """One checkout with its world."""

    name: str
    checkout: Path
    env: dict[str, str]
    folder: Path
    site: str = ""

    def make(self, sites: int) -> None:
        """Publishes the site of twenty services and the others beside it. Raises CalledProcessError."""
        text = MAKE.format(sites=sites, folder=str(self.folder))
        done = subprocess.run(
            [sys.executable, "-c", text], cwd=self.checkout, env={**os.environ, **self.env}, text=True,
            stdout=subprocess.PIPE, check=True,
        )  # fmt: skip
        self.site = done.stdout.split()[-1]

    def serve(self, workers: int) -> Server:
        return fairgate(self.env, self.folder, workers, self.checkout)


def side(name: str, checkout: Path, cluster: Cluster) -> Side:
    """A database and a folder for one side."""
    database = f"bench_{name}"
    connection = psycopg2.connect(cluster.url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {database}")
    connection.close()
    folder = Path(tempfile.mkdtemp(prefix=f"bench-{name}-"))
    url = f"{cluster.url.rpartition('/')[0]}/{database}"
    env = {
        "DATABASE_URL": url, "FAIRGATE_RATE_LIMIT": "0", "FAIRGATE_DATA": str(folder), "SECRET_KEY": "bench",
        "DJANGO_SETTINGS_MODULE": "cookiebanner.settings", "FAIRGATE_SCREENSHOTS": "0", "PYTHONPATH": "",
    }  # fmt: skip
    return Side(name, checkout, env, folder)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.against", description=__doc__)
    parser.add_argument("checkout", type=Path, help="the other side: `git worktree add FOLDER REVISION` makes one")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=6)
    parser.add_argument("--connections", type=int, nargs="+", default=[64, 256])
    parser.add_argument("--sites", type=int, default=300)
    given = parser.parse_args()
    cluster = Cluster(stock=True, options=("-c", "max_connections=600")).start()
    try:
        sides = [side("this", ROOT, cluster), side("other", given.checkout.resolve(), cluster)]
        for one in sides:
            one.make(given.sites)
        rates = measure(sides, given)
    finally:
        cluster.remove()
    print(f"{'requests a second':50}{'this':>9}{'other':>9}{'ratio':>7}  {'of the rounds':14}{'CPU a request':>15}")
    for what, by_side in rates.items():
        ratios = [here.rate / there.rate for here, there in zip(by_side["this"], by_side["other"], strict=True)]
        this, other = (median(load.rate for load in by_side[name]) for name in ("this", "other"))
        cpu = median(load.server_ms for load in by_side["this"]) / median(load.server_ms for load in by_side["other"])
        spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
        print(f"{what:50}{this:9,.0f}{other:9,.0f}{median(ratios):7.2f}  {spread:14}{cpu:15.2f}")


def measure(sides: list[Side], given: argparse.Namespace) -> dict[str, dict[str, list[Load]]]:
    """What wrk saw: {what: {side: [one a round]}}. The sides take turns, and turns in beginning."""
    rates: dict[str, dict[str, list[Load]]] = {}
    with ExitStack() as stack:
        servers = {(one.name, workers): stack.enter_context(one.serve(workers)) for one in sides for workers in (1, 2)}
        runs = [
            (what, workers, count)
            for workers in (1, 2)
            for count in given.connections
            for what in ("answers", "answers of all sites", "script")
        ]
        for turn in range(-1, given.rounds):
            for what, workers, count in runs:
                for one in sides if turn % 2 else sides[::-1]:
                    server = servers[one.name, workers]
                    before = cpu_ms(server.process.pid) if server.process else 0.0
                    if what == "script":
                        path = f"/v1/{one.site}/gate.js"
                        load = wrk(server.url + path, "get.lua", "Accept-Encoding=gzip, deflate, br, zstd",
                                   connections=count, seconds=given.seconds)  # fmt: skip
                    else:
                        body = "one.txt" if what == "answers" else "many.txt"
                        more = [str(one.folder / "sites.txt")] if body == "many.txt" else []
                        load = wrk(server.url + "/api/v1/consents", "answer.lua", str(one.folder / body), ORIGIN, *more,
                                   connections=count, seconds=given.seconds)  # fmt: skip
                    if load.refused or load.broken:
                        print(f"{what}, {one.name}: {load.refused} refused, {load.broken} broken", flush=True)
                    load.server_ms = (
                        (cpu_ms(server.process.pid) - before) / max(load.requests, 1) if server.process else 0.0
                    )
                    if turn >= 0:  # the first round warms every process
                        name = f"{what}, {workers} process{'es' * (workers > 1)}, {count} connections"
                        rates.setdefault(name, {}).setdefault(one.name, []).append(load)
            print(f"{time.strftime('%H:%M:%S')} round {turn + 1} of {given.rounds}", flush=True)
    return rates


if __name__ == "__main__":
    main()
