"""`python -m bench.soak`: half the load that one server takes, for half an hour, with all that goes on beside answers.

Each minute a release is published, a visitor erased, a checkpoint made, and the worker does its jobs. At the end every
answer that was acknowledged must be in the log, and `verify_ledger` must hold. Writes docs/pictures/soak.svg (latencies
and memory, minute by minute) and a line of docs/performance.md.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from threading import Thread
from typing import Any

from bench.machine import ROOT, Load, Server, free_port, wrk
from bench.report import DOCS, machine, write
from tests.postgres import Cluster

CONNECTIONS = 64
PICTURE = DOCS / "pictures" / "soak.svg"
COLOURS = {"p50": "#2f6f4f", "p99": "#b4552d", "MB": "#3b5b92"}


def resident_mb(root: int) -> float:
    """What a process and all below it hold in memory, shared pages once for each, in MB."""
    done = subprocess.run(["ps", "-eo", "pid,ppid,rss"], capture_output=True, text=True, check=True)
    rows = [tuple(map(int, line.split())) for line in done.stdout.splitlines()[1:]]
    held, waiting = 0, [root]
    while waiting:
        process = waiting.pop()
        held += sum(rss for pid, _, rss in rows if pid == process)
        waiting += [pid for pid, parent, _ in rows if parent == process]
    return held / 1024


def answers(server: Server, body: Path, seconds: float, delay_ms: int) -> Load:
    """`delay_ms` is how long each connection waits between two answers."""
    from bench.sample_sites import ORIGIN

    return wrk(server.url + "/api/v1/consents", "answer.lua", str(body), ORIGIN, "", "", str(delay_ms),
               connections=CONNECTIONS, seconds=seconds)  # fmt: skip


def beside(site: Any, minute: int) -> None:
    """What a minute brings besides answers. Raises whatever goes wrong."""
    from django.core.management import call_command
    from django.db import connection

    from consent.banners.actions import edit_texts
    from consent.ledger import erasure
    from consent.ledger.models import ConsentRecord
    from cookiebanner.releases.publish import publish

    edit_texts(site, "bench", "en", {"title": f"May we? ({minute})"})
    publish(site, "bench", force=True)
    last = ConsentRecord.objects.filter(site_id=site.pk, type="consent", visitor__isnull=False).order_by("-index")
    if visitor := last.values_list("visitor", flat=True).first():
        erasure.erase(site, visitor=visitor, actor="bench", reason="on request")
    with open(os.devnull, "w") as nowhere:
        call_command("checkpoint", stdout=nowhere)
    connection.close()


def soak(site: Any, server: Server, body: Path, given: argparse.Namespace) -> dict[str, Any]:
    """Minute by minute: [requests a second, p50, p99, MB]; and what was acknowledged."""
    full = answers(server, body, given.slice, 0)
    cycle = 1000 * CONNECTIONS / (full.rate / 2)  # ms from one answer of a connection to its next
    delay = round(cycle)
    taken, minutes, failed = full.requests - full.refused, [], []
    refused = full.refused
    for minute in range(given.minutes):

        def more(minute: int = minute) -> None:
            try:
                beside(site, minute)
            except Exception as error:  # it is told at the end, with the minute
                failed.append(f"minute {minute + 1}: {error}")

        thread = Thread(target=more)
        thread.start()
        load = answers(server, body, given.slice, delay)
        thread.join()
        # A connection waits for its answer first, so the half is met from the second minute on.
        delay = max(0, round(cycle - load.p50))
        taken += load.requests - load.refused
        refused += load.refused + load.broken
        minutes.append([round(load.rate, 1), load.p50, load.p99, round(resident_mb(server.pid), 1)])
        print(f"{time.strftime('%H:%M:%S')} minute {minute + 1} of {given.minutes}: {load.rate:,.0f}/s, "
              f"p99 {load.p99:.0f} ms, {minutes[-1][3]:.0f} MB", flush=True)  # fmt: skip
    return {"full": full.rate, "minutes": minutes, "taken": taken, "refused": refused, "failed": failed}


def picture(minutes: list[list[float]]) -> str:
    """Latencies (ms) above, memory (MB) below, against minutes, as SVG."""
    width, height, left, gap = 720, 150, 56, 46

    def curve(place: int, top: float, name: str) -> str:
        """The top of the scale is `top`; a line, its name at its end."""
        base = gap + height if name != "MB" else 2 * (gap + height)
        step = (width - left - 90) / max(len(minutes) - 1, 1)
        points = [(left + n * step, base - height * row[place] / top) for n, row in enumerate(minutes)]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        x, y = points[-1]
        return (f'<polyline fill="none" stroke="{COLOURS[name]}" stroke-width="2" points="{path}"/>'
                f'<text x="{x + 6:.0f}" y="{y + 4:.0f}" fill="{COLOURS[name]}">{name}</text>')  # fmt: skip

    latency = max(row[2] for row in minutes) * 1.1 or 1
    memory = max(row[3] for row in minutes) * 1.1 or 1
    frames = ""
    for base, top, unit in ((gap + height, latency, "ms"), (2 * (gap + height), memory, "MB")):
        frames += (f'<path d="M{left} {base - height}V{base}H{width - 90}" fill="none" stroke="#999"/>'
                   f'<text x="{left - 8}" y="{base - height + 4}" text-anchor="end">{top:.0f} {unit}</text>'
                   f'<text x="{left - 8}" y="{base + 4}" text-anchor="end">0</text>')  # fmt: skip
    foot = 2 * (gap + height) + 20
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {foot + 14}" font-family="sans-serif" '
        'font-size="12" role="img"><title>Latencies and memory, minute by minute</title>'
        f'<rect width="100%" height="100%" fill="#fff"/>{frames}{curve(1, latency, "p50")}{curve(2, latency, "p99")}'
        f'{curve(3, memory, "MB")}<text x="{left}" y="{foot}">minute 1</text>'
        f'<text x="{width - 90}" y="{foot}" text-anchor="end">minute {len(minutes)}</text></svg>\n'
    )


def text(found: dict[str, Any]) -> list[str]:
    """The section of docs/performance.md."""
    rows = found["minutes"]
    first, last = rows[: max(len(rows) // 6, 1)], rows[-max(len(rows) // 6, 1) :]

    def middle(part: list[list[float]], place: int) -> float:
        return sorted(row[place] for row in part)[len(part) // 2]

    return [
        "## (k) Half an hour under half the load", "",
        f"Made by `make bench-soak` ({found['day']}, load of the machine {found['load']}): {len(rows)} minutes, "
        f"asking for half of {found['full']:,.0f} answers/s and getting {middle(rows, 0):,.0f}, "
        "each with a publish, an erasure, a checkpoint and the jobs of the worker. "
        f"{found['stored']:,} answers are in the log, {found['taken']:,} were acknowledged and {found['refused']} "
        f"refused; `verify_ledger` holds. p99 was {middle(first, 2):.0f} ms in the first sixth and "
        f"{middle(last, 2):.0f} ms in the last, memory of server and worker {middle(first, 3):.0f} and "
        f"{middle(last, 3):.0f} MB.", "",
        "![Latencies and memory, minute by minute](pictures/soak.svg)", "",
    ]  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--minutes", type=int, default=30)
    parser.add_argument("--slice", type=float, default=60, help="seconds of a minute")
    parser.add_argument("--quick", action="store_true", help="two short minutes, nothing is written")
    given = parser.parse_args()
    if given.quick:
        given.minutes, given.slice = 2, 5
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    cluster = Cluster(stock=True, options=("-c", "max_connections=600")).start()
    os.environ |= {
        "DATABASE_URL": cluster.url, "FAIRGATE_DATA": str(folder), "FAIRGATE_RATE_LIMIT": "0", "SECRET_KEY": "bench",
        "DJANGO_SETTINGS_MODULE": "cookiebanner.settings", "FAIRGATE_PICTURES": "0",
    }  # fmt: skip
    try:
        found = measure(cluster, folder, given)
    finally:
        cluster.remove()
    print("\n".join(text(found)))
    if not given.quick:
        PICTURE.write_text(picture(found["minutes"]))
        write({"soak": found})


def measure(cluster: Cluster, folder: Path, given: argparse.Namespace) -> dict[str, Any]:
    """The whole run, as plain figures. Raises SystemExit when an answer is lost or something failed, and
    CalledProcessError when the log does not hold."""
    import django

    django.setup()
    from django.core.management import call_command

    from bench import sample_sites
    from consent.ledger.models import ConsentRecord

    call_command("migrate", verbosity=0)
    site = sample_sites.make(1)
    body = sample_sites.write_bodies(folder, site)["one"]
    port = free_port()
    server = Server([sys.executable, "manage.py", "serve", "--port", str(port)], {}, port, "/livez", folder / "log")
    with server:
        found = soak(site, server, body, given)
    load = round(os.getloadavg()[2], 1)
    stored = ConsentRecord.objects.filter(site_id=site.pk, type="consent").count()
    # What was on its way when a minute ended was stored and never acknowledged.
    on_their_way = CONNECTIONS * (given.minutes + 1)
    if found["failed"] or not found["taken"] <= stored <= found["taken"] + on_their_way:
        raise SystemExit(f"{found['taken']} acknowledged, {stored} stored; {'; '.join(found['failed'])}")
    subprocess.run([sys.executable, "manage.py", "verify_ledger"], cwd=ROOT, check=True)
    return {**found, "stored": stored, "load": load, "day": machine(cluster)["day"]}


if __name__ == "__main__":
    main()
