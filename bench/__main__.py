"""`python -m bench [--quick] [--only PARTS] [--records N]`: measures, prints the table, writes docs/performance.md."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from bench.machine import ROOT
from tests.postgres import Cluster

LARGEST = 10_000_000  # records

console = Console()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a smoke test: one short round, few records, no report")
    parser.add_argument(
        "--only", default="abcdefi", help="parts to measure (see docs/performance.md); g too, if asked for"
    )
    parser.add_argument(
        "--records", type=int, default=LARGEST, help="of the largest ledger in (c) to (g); more are the slope of (g)"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--reading", nargs="+", default=[], metavar="FORMAT", help="what to measure in (e) and (g); all by default"
    )
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--connections", type=int, nargs="+", default=[64, 256])
    given = parser.parse_args()
    if given.quick:
        given.rounds, given.seconds, given.records, given.connections = 1, 3, 5_000, [16]
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    cluster = Cluster(stock=True, options=("-c", "max_connections=600")).start()
    os.environ |= {
        "DATABASE_URL": cluster.url, "FAIRGATE_DATA": str(folder), "FAIRGATE_RATE_LIMIT": "0", "SECRET_KEY": "bench",
        "DJANGO_SETTINGS_MODULE": "cookiebanner.settings", "FAIRGATE_PICTURES": "0",
    }  # fmt: skip
    try:
        results = measure(cluster, folder, given)
    finally:
        cluster.remove()
    from bench import report

    text = report.text(results)
    console.print(text, markup=False, highlight=False)
    if not given.quick:
        report.write(results)


def say(text: str) -> None:
    console.print(f"{time.strftime('%H:%M:%S')} {text}", highlight=False)


def plain(rows: dict) -> dict:
    """Loads by contender and connections, as plain figures."""
    return {name: {str(count): asdict(load) for count, load in loads.items()} for name, loads in rows.items()}


def measure(cluster: Cluster, folder: Path, given: argparse.Namespace) -> dict:
    """Everything that was asked for, as plain figures."""
    import django

    django.setup()
    from django.core.management import call_command

    from bench import answers, report, sample_sites, scripts

    call_command("migrate", verbosity=0)
    subprocess.run([sys.executable, "-m", "bench.baseline.app"], cwd=ROOT, check=True)
    results = report.machine(cluster) | {
        "took": dict.fromkeys(given.only, f"{given.rounds} rounds of {given.seconds:g} seconds")
    }

    say("publishing a site of twenty services, and 299 beside it")
    site = sample_sites.make(300)
    files = sample_sites.write_bodies(folder, site)

    if "a" in given.only:
        rows = answers.run(cluster, site.pk, files, tuple(given.connections), given.seconds, given.rounds, say)
        results["answers"] = plain(rows)
    if "b" in given.only:
        rows = scripts.run(cluster, site, tuple(given.connections), given.seconds, given.rounds, say)
        results["scripts"] = plain(rows)
    if set("cdefg") & set(given.only):
        measure_history(cluster, folder, given, site, results)
    if "i" in given.only:
        results["numbers"] = measure_numbers(site)
        results["took"]["i"] = "median of five"
    return json.loads(json.dumps(results))


def measure_numbers(site: Any) -> dict[str, Any]:
    """(i): the Numbers page of seven days with ten million answers, by each dimension."""
    from datetime import UTC, datetime

    from bench import history, numbers
    from consent.stats.numbers import BY

    say("the Numbers page")
    rows = numbers.fill(site.pk, numbers.ANSWERS, datetime.now(UTC).date())
    return {"rows": rows, "by": {by: history.dashboard(site, "numbers", days=7, by=by) for by in BY}}


def measure_history(
    cluster: Cluster, folder: Path, given: argparse.Namespace, site: Any, results: dict[str, Any]
) -> None:
    """(c) to (g), into `results`: what a long past costs."""
    from bench import fill, history, sample_sites

    sizes = sorted({0, given.records // 10, given.records} if set("ce") & set(given.only) else {0, given.records})

    def make(size: int) -> Any:
        made = sample_sites.another(site)
        if size:
            begun = time.monotonic()
            fill.fill(made, size, sample_sites.HOST, lambda done: say(f"history: {done:,} of {size:,}")
                      if done % 500_000 == 0 else None)  # fmt: skip
            seconds = time.monotonic() - begun
            say(f"{size:,} records made in {seconds:.0f} s, {size / seconds:,.0f} a second")
            if size <= LARGEST:  # more leaves the database less room for its log, and takes longer for it
                results["filled"] = {"records": size, "seconds": seconds}
        return made

    if "c" in given.only:
        loads, beside, sites = history.flat(
            cluster, folder, sizes, max(given.connections), given.seconds, given.rounds, say, make
        )
        results["flat"] = plain({"lane, 1 process": loads, "pgbench, one row": beside})
    else:
        sites = {size: make(size) for size in sizes[1:]}
    large, small = sites[sizes[-1]], sites[sizes[-2] or sizes[-1]]
    if "d" in given.only:
        say("proofs and receipts")
        results["proofs"] = history.proofs(cluster, folder, large)
        results["took"]["d"] = f"300 random records of {sizes[-1]:,}"
    if "e" in given.only:
        say("exports and verification")
        results["reading"] = history.reading(cluster, small, given.rounds, say, given.reading)
        results["took"]["e"] = f"{given.rounds} rounds, {sizes[-2]:,} records; COPY of the same before each"
    if "f" in given.only:
        say("the dashboard")
        results["dashboard"] = history.dashboard(large, days=90)
        results["took"]["f"] = f"Medians of five; {sizes[-1]:,} records"
    if "g" in given.only:
        say("exports and verification of the largest ledger")
        part = ("slope", "slope") if sizes[-1] > LARGEST else ("whole", "g")
        results[part[0]] = history.reading(cluster, large, 1, say, given.reading)
        results["took"][part[1]] = f"once, {sizes[-1]:,} records"


if __name__ == "__main__":
    main()
