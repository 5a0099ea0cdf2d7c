"""`python -m bench.where`: where the CPU of an answer goes, step by step, in one process and without HTTP.

Each step is run for many answers on its own, in turns with the others, so that a busy machine disturbs all alike; the
figures are microseconds of this process's CPU, medians of the rounds with their spread. What `make bench` (a) says of
an answer is more by what HTTP and the event loop take.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

from tests.postgres import Cluster

ANSWERS = 2_000
HEADERS = {
    "host": "cmp.example", "origin": "https://shop.example", "content-type": "text/plain;charset=UTF-8",
    "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36",
    "accept": "*/*", "accept-encoding": "gzip, deflate, br, zstd", "accept-language": "en",
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.where", description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--batch", type=int, default=64, help="answers that are committed together")
    given = parser.parse_args()
    cluster = Cluster(stock=True).start()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        os.environ |= {
            "DATABASE_URL": cluster.url, "FAIRGATE_DATA": folder, "FAIRGATE_RATE_LIMIT": "0", "SECRET_KEY": "bench",
            "DJANGO_SETTINGS_MODULE": "cookiebanner.settings", "FAIRGATE_PICTURES": "0",
        }  # fmt: skip
        try:
            show(measure(Path(folder), given.rounds, given.batch))
        finally:
            cluster.remove()


def measure(folder: Path, rounds: int, batch: int) -> dict[str, list[float]]:
    """{step: µs of CPU an answer, one a round}."""
    import django

    django.setup()
    from django.core.management import call_command

    from bench import sample_sites

    call_command("migrate", verbosity=0)
    site = sample_sites.make(1)
    body = sample_sites.write_bodies(folder, site)["one"].read_text()
    found: dict[str, list[float]] = {}
    for turn in range(-1, rounds):
        for step, spent in one_round(body, batch).items():
            if turn >= 0:  # the first warms every memory
                found.setdefault(step, []).append(spent)
    return found


def one_round(body: str, batch: int) -> dict[str, float]:
    """{step: µs of CPU an answer}."""
    from consent.answers import intake
    from cookiebanner.lane.app import headers_of
    from cookiebanner.visitors import consents

    raw = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
    bodies = [body.replace("@ID@", str(uuid4())).replace("@VISITOR@", str(uuid4())).encode() for _ in range(ANSWERS)]
    spent = {"headers": timed(lambda: [headers_of(raw) for _ in bodies])}
    prepared: list[Any] = []

    def prepare() -> None:
        for one in bodies:
            prepared.append(consents.prepare(one, HEADERS["content-type"], HEADERS["origin"], HEADERS, "127.0.0.1"))

    spent["decoding, checking, the draft"] = timed(prepare)
    outcomes: list[Any] = []

    def store() -> None:
        for start in range(0, ANSWERS, batch):
            outcomes.extend(intake.record([one.draft for one in prepared[start : start + batch]]))

    spent[f"the ledger, {batch} at a time"] = timed(store)
    spent["the response, counted"] = timed(
        lambda: [consents.answer(one, outcome) for one, outcome in zip(prepared, outcomes, strict=True)]
    )
    return spent


def timed(work: Callable[[], Any]) -> float:
    """µs of CPU an answer."""
    begun = time.process_time()
    work()
    return (time.process_time() - begun) / ANSWERS * 1e6


def show(found: dict[str, list[float]]) -> None:
    print("| step | µs | of the rounds |\n|---|---:|---:|")
    for step, spent in found.items():
        print(f"| {step} | {median(spent):.1f} | {min(spent):.1f}–{max(spent):.1f} |")
    whole = [sum(one) for one in zip(*found.values(), strict=True)]
    print(f"| all | {median(whole):.1f} | {min(whole):.1f}–{max(whole):.1f} |")


if __name__ == "__main__":
    main()
