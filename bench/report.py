"""The figures as text, and docs/performance.md from docs/performance.json."""

from __future__ import annotations

import json
import platform
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from bench.machine import ROOT
from tests.postgres import Cluster

DOCS = ROOT / "docs"
METHOD = """\
# Performance

Made by `make bench` (`python -m bench`): everything below the line is generated. Run it on your machine; only ratios
travel.

## Method

- One machine runs the load generator, the servers and the database. The two sides of each comparison are interleaved
  in one run; the figures are medians of the rounds.
- PostgreSQL as it is shipped: `fsync`, `synchronous_commit` and `full_page_writes` on, default memory. An answer counts
  when it was acknowledged, and it is acknowledged when its transaction is on disk and in the tree.
- Load: wrk with a Lua script that gives every answer a new id and visitor; keep-alive; the body of a visitor who
  accepts everything on a site of twenty services. `manage.py serve` as in production, without the rate limit.
- `pgbench, one row` is the yardstick for "as fast as the database can": `-M simple`, one INSERT of the same record with
  the same columns and indexes a transaction, no ledger, no HTTP.
- `plain DRF + ORM` is what one writes first: ModelSerializer, CreateAPIView, one row an answer, under gunicorn gthread
  (bench/baseline). It validates less, and has no ledger, totals or replays.
- CPU is that of all processes of a side, from /proc, divided by the requests.
- History: genuine leaves, tiles and totals (`verify_ledger` accepts them), over 36 months and as many partitions.

For comparison, other consent servers measured earlier on such a machine (2 cores): c15t 2.2.1 stores 131–144 answers/s
and serves its init 1,520–1,590 times/s; ConsentOS stores 104/s; Fides 2.23.3 stores 1.4/s.
"""


def machine(cluster: Cluster) -> dict[str, Any]:
    """Where and how it was measured."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    import os

    version = (cluster.data / "PG_VERSION").read_text().strip()
    return {
        "day": datetime.now(UTC).date().isoformat(), "cores": os.cpu_count(), "cpu": model,
        "python": platform.python_version(), "postgresql": version,
    }  # fmt: skip


def rate(load: dict[str, Any]) -> float:
    return (load["requests"] - load["refused"]) / load["seconds"]


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    return [f"| {' | '.join(head)} |", f"|{'|'.join(['---'] + ['---:'] * (len(head) - 1))}|",
            *(f"| {' | '.join(row)} |" for row in rows), ""]  # fmt: skip


def text(results: dict[str, Any]) -> str:
    """The tables as Markdown."""
    out = ["---", "", f"Measured {results['day']} on {results['cores']} cores ({results['cpu']}), Python "
           f"{results['python']}, PostgreSQL {results['postgresql']}.", ""]  # fmt: skip
    if "answers" in results:
        out += ["## (a) Durable answers a second", "", f"{results['took']['a']}.", "", *answers(results["answers"])]
    if "scripts" in results:
        how = f"The gate in brotli, as a browser asks for it, and its 304; {results['took']['b']}."
        out += ["## (b) Scripts a second", "", how, "", *scripts(results["scripts"])]
    if "flat" in results:
        out += [
            "## (c) Answers a second as the ledger grows",
            "",
            f"{results['took']['c']}.",
            "",
            *flat(results["flat"]),
        ]
    if "proofs" in results:
        rows = [[name, f"{middle:.1f}", f"{most:.1f}"] for name, (middle, most) in results["proofs"].items()]
        out += ["## (d) Proofs and receipts in the largest ledger", "", f"{results['took']['d']}.", "",
                *table(["", "median ms", "99 % ms"], rows)]  # fmt: skip
    if "reading" in results:
        out += ["## (e) Exports and verification", "", f"{results['took']['e']}.", "", *reading(results["reading"])]
    if "dashboard" in results:
        found = results["dashboard"]
        out += ["## (f) The dashboard's overview of the largest ledger, 90 days", "", f"{results['took']['f']}: "
                f"{found['database']:.0f} ms in the database ({found['queries']} queries), "
                f"{found['whole']:.0f} ms in all.", ""]  # fmt: skip
    if "whole" in results:
        out += ["## (g) Exports and verification of the largest ledger", "", f"{results['took']['g']}.", "",
                *reading(results["whole"]), *filled(results.get("filled"))]  # fmt: skip
    if "slope" in results:
        out += [f"With more of them, for the slope ({results['took']['slope']}; COPY month by month):", "",
                *reading(results["slope"])]  # fmt: skip
    if "numbers" in results:
        found = results["numbers"]
        rows = [[by, f"{one['database']:.0f}", f"{one['whole']:.0f}"] for by, one in found["by"].items()]
        out += ["## (i) The Numbers page of seven days with ten million answers", "",
                f"Medians of five; {found['rows']:,} rows of day totals, generated.", "",
                *table(["by", "ms in the database", "ms in all"], rows)]  # fmt: skip
    if "peers" in results:
        from bench import peers

        out += peers.text(results["peers"])
    if "soak" in results:
        from bench import soak

        out += soak.text(results["soak"])
    if "growth" in results:
        from bench import growth

        out += growth.text(results["growth"])
    if "banner" in results:
        from bench import banner  # needs Django set up

        out += banner.text(results["banner"])
    return "\n".join(out)


def reading(rows: dict[str, Any]) -> list[str]:
    lines = []
    for name, one in rows.items():
        ratios = [rate / copied for rate, copied in zip(one["rates"], one["copies"], strict=False)]
        beside = f"{median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f})" if ratios else ""
        cpu = [f"{one[side]:.1f}" if side in one else "" for side in ("ours", "database")]
        seconds = f"{one['seconds']:,.0f}" if "seconds" in one else ""
        lines.append([name, f"{median(one['rates']):,.0f}", beside, seconds, *cpu, f"{one['peak']:,.0f}"])
    head = ["", "records/s", "× COPY", "seconds", "our CPU µs", "database CPU µs", "peak MB"]
    return table(head, lines)


def filled(made: dict[str, float] | None) -> list[str]:
    if made is None:
        return []
    rate = made["records"] / made["seconds"]
    return [f"Filled by bench/fill.py: {made['records']:,} records in {made['seconds']:,.0f} s, {rate:,.0f} a second, "
            "indexes and statistics included.", ""]  # fmt: skip


def answers(rows: dict[str, Any]) -> list[str]:
    out = []
    for count in next(iter(rows.values())):
        base, plain = rate(rows["pgbench, one row"][count]), rate(rows["plain DRF + ORM, gunicorn"][count])
        lines = [
            [name, f"{rate(load[count]):,.0f}", f"{rate(load[count]) / base:.2f}", f"{rate(load[count]) / plain:.1f}",
             f"{load[count]['p50']:.0f}", f"{load[count]['p99']:.0f}", f"{load[count]['server_ms']:.2f}",
             f"{load[count]['database_ms']:.2f}", f"{load[count]['batch']:.0f}" if load[count].get("batch") else ""]
            for name, load in rows.items()
        ]  # fmt: skip
        head = [
            "",
            "answers/s",
            "× pgbench",
            "× plain DRF",
            "p50 ms",
            "p99 ms",
            "server CPU ms",
            "database CPU ms",
            "batch",
        ]
        out += [f"{count} connections:", "", *table(head, lines)]
    return out


def scripts(rows: dict[str, Any]) -> list[str]:
    out = []
    for count in next(iter(rows.values())):
        lines = []
        for name, load in rows.items():
            base, one = rate(rows[f"nginx, {name[-3:]}"][count]), load[count]
            line = [name, f"{rate(one):,.0f}", f"{rate(one) / base:.2f}"]
            lines.append([*line, f"{one['p50']:.1f}", f"{one['p99']:.1f}", f"{one['server_ms']:.3f}"])
        head = ["", "requests/s", "× nginx", "p50 ms", "p99 ms", "server CPU ms"]
        out += [f"{count} connections:", "", *table(head, lines)]
    return out


def flat(rows: dict[str, Any]) -> list[str]:
    lane, base = rows["lane, 1 process"], rows["pgbench, one row"]
    lane = dict(sorted(lane.items(), key=lambda pair: int(pair[0])))
    first = rate(next(iter(lane.values())))
    lines = [
        [f"{int(size):,}", f"{rate(load):,.0f}", f"{rate(load) / first:.2f}", f"{rate(load) / rate(base[size]):.2f}",
         f"{load['server_ms']:.2f}", f"{load['database_ms']:.2f}"]
        for size, load in lane.items()
    ]  # fmt: skip
    head = ["records", "answers/s", "× empty", "× pgbench then", "server CPU ms", "database CPU ms"]
    return table(head, lines)


def laid_over(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """`old` with the figures of `new`; what only `old` has stays."""
    both = dict(old)
    for key, value in new.items():
        before = both.get(key)
        both[key] = laid_over(before, value) if isinstance(value, dict) and isinstance(before, dict) else value
    return both


def write(results: dict[str, Any]) -> None:
    """Lays these results over the kept ones and writes both files."""
    kept = DOCS / "performance.json"
    whole = json.loads(kept.read_text()) if kept.exists() else {}
    for part in {"flat"} & results.keys():  # its rows are sizes, of which another run has others
        del whole[part]
    whole = laid_over(whole, results)
    kept.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n")
    (DOCS / "performance.md").write_text(f"{METHOD}\n{text(whole)}")
