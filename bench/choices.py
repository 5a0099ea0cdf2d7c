"""How fast a file of choices is read in, and listed and searched afterwards: `python -m bench.choices [ROWS]`.

On a PostgreSQL of its own with stock settings, as the other benchmarks.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
import time
from pathlib import Path


def main(rows: int) -> None:
    """Prints one line a figure."""
    from tests.postgres import Cluster

    cluster = Cluster(stock=True).start()
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "DATABASE_URL": cluster.url, "FAIRGATE_DATA": folder, "SECRET_KEY": "bench",
            "DJANGO_SETTINGS_MODULE": "cookiebanner.settings",
        }  # fmt: skip
        import django

        django.setup()
        try:
            _measure(rows, Path(folder))
        finally:
            from django.db import connections

            connections.close_all()
            cluster.remove()


def _measure(rows: int, folder: Path) -> None:
    from django.core.management import call_command

    from consent.jobs import registry, runner
    from consent.models import ChoiceState, Topic
    from consent.preferences import imports
    from consent.preferences.actions import add_topic
    from consent.sites.actions import create_site

    call_command("migrate", verbosity=0)
    site = create_site(["shop.test"], "alice@example.org")
    words = {"en": {"name": "News", "text": "Offers, twice a month."}}
    for key, kind in (("news", "email"), ("calls", "phone")):
        add_topic(site, "alice@example.org", key=key, kind=kind, basis="opt_in", texts=words)
    lines = ["id,topic,value,at,method\n"]
    lines += [
        f"person-{number // 2}@example.org,{('news', 'calls')[number % 2]},{'no' if number % 3 else 'yes'},"
        f"2024-{number % 12 + 1:02}-{number % 28 + 1:02}T{number % 24:02}:00:00Z,form\n"
        for number in range(rows)
    ]
    content = io.BytesIO("".join(lines).encode())
    row = imports.start(site, "alice@example.org", content, name="all.csv", form="csv", source="CRM")
    registry.discover()
    began = time.perf_counter()
    runner.work_off(queue="work")
    took = time.perf_counter() - began
    row.refresh_from_db()
    print(f"imported {row.stored:,} of {row.rows:,} rows in {took:.1f} s: {row.stored / took:,.0f} rows/s")
    print("states", ChoiceState.objects.count(), list(Topic.objects.values_list("key", "yes", "no")))
    _read(site)


def _read(site: object) -> None:
    from django.utils import timezone

    from consent.models import ChoiceState, Site, Topic
    from consent.preferences import queries

    assert isinstance(site, Site)
    topic = Topic.objects.get(key="news")
    middle = ChoiceState.objects.filter(site=site).order_by("-entry").values_list("entry", flat=True)[10_000]
    reads = {
        "list, first page": lambda: queries.states(site),
        "list, later page": lambda: queries.states(site, before=middle),
        "list of a topic and value": lambda: queries.states(site, topic=topic, value="yes", before=middle),
        "search by id": lambda: queries.standings(
            site, queries.find_subject(site, "person-4711@example.org"), timezone.now()
        ),
        "history": lambda: queries.history(site, queries.find_subject(site, "person-4711@example.org")),
        "changes from a cursor": lambda: queries.changes(site, middle, 200),
        "notices due": lambda: queries.notices_due(topic, timezone.now()),
    }
    for name, read in reads.items():
        read()
        began = time.perf_counter()
        for _ in range(5):
            read()
        print(f"{name}: {(time.perf_counter() - began) / 5 * 1000:.1f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
