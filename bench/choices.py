"""How fast a file of choices is read in, and how fast its people are listed and searched afterwards.

    python -m bench.choices [ROWS] [--keep]

ROWS is 1,000,000 unless said; `--keep` writes the table into docs/choices.md. Ends with 1 when a budget is exceeded. On
a PostgreSQL of its own with stock settings, as the other benchmarks.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

DOCUMENT = Path(__file__).parents[1] / "docs" / "choices.md"
MARKED = re.compile(r"(<!-- figures of bench\.choices -->\n).*?(<!-- end -->)", re.S)
ROWS_A_SECOND = 5_000  # at least
PAGE_MS = 100  # at most
ROUNDS = 5
Line = tuple[str, float, float, str]  # what, figure, its budget, unit


def main(rows: int, keep: bool) -> int:
    """Prints the table; 1 when a budget is exceeded."""
    from tests.postgres import Cluster

    cluster = Cluster(stock=True).start()
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {
            "DATABASE_URL": cluster.url, "FAIRGATE_DATA": folder, "SECRET_KEY": "bench",
            "DJANGO_SETTINGS_MODULE": "cookiebanner.settings", "DEBUG": "0", "ALLOWED_HOSTS": "*",
        }  # fmt: skip
        import django

        django.setup()
        try:
            lines = _measure(rows)
        finally:
            from django.db import connections

            connections.close_all()
            cluster.remove()
    table = _table(rows, lines)
    print(table)
    if keep:
        text = DOCUMENT.read_text(encoding="utf-8")
        DOCUMENT.write_text(MARKED.sub(lambda found: found[1] + table + "\n" + found[2], text), encoding="utf-8")
    return int(any(not _is_kept(line) for line in lines))


def _is_kept(line: Line) -> bool:
    _, figure, budget, unit = line
    return figure >= budget if unit == "rows/s" else figure <= budget


def _table(rows: int, lines: list[Line]) -> str:
    from django.utils import timezone

    day, cores = timezone.now().date().isoformat(), os.cpu_count()
    said = [f"{rows:,} choices of {rows // 2:,} people, {day}, {cores} cores.", ""]
    said += ["| | measured | budget |", "|---|---:|---:|"]
    for name, figure, budget, unit in lines:
        sign = "≥" if unit == "rows/s" else "≤"
        over = "" if _is_kept((name, figure, budget, unit)) else " **exceeded**"
        said.append(f"| {name} | {figure:,.0f} {unit} | {sign} {budget:,.0f} {unit}{over} |")
    return "\n".join(said)


def _measure(rows: int) -> list[Line]:
    from django.core.management import call_command

    from consent.jobs import registry, runner
    from consent.models import ChoiceState
    from consent.preferences import imports
    from consent.preferences.actions import add_topic
    from consent.sites.actions import create_site
    from cookiebanner.staff.accounts import add_person

    call_command("migrate", verbosity=0)
    alice = add_person("alice@example.org", "correct horse battery")
    site = create_site(["shop.test"], "alice@example.org", owners=[alice])
    words = {"en": {"name": "News", "text": "Offers, twice a month."}}
    for key, kind in (("news", "email"), ("calls", "phone")):
        add_topic(site, "alice@example.org", key=key, kind=kind, basis="opt_in", texts=words)
    row = imports.start(site, "alice@example.org", _file(rows), name="all.csv", form="csv", source="CRM")
    registry.discover()
    began = time.perf_counter()
    runner.work_off(queue="work")
    took = time.perf_counter() - began
    row.refresh_from_db()
    if (row.stored, row.refused, ChoiceState.objects.count()) != (rows, 0, rows):
        raise SystemExit(f"Of {rows} rows {row.stored} were stored and {row.refused} refused.")
    return [
        ("import, a row with all of its checks, its entry and its state", row.stored / took, ROWS_A_SECOND, "rows/s"),
        *_queries(site),
        *_pages(site, alice),
    ]


def _file(rows: int) -> io.BytesIO:
    lines = ["id,topic,value,at,method\n"]
    lines += [
        f"person-{number // 2}@example.org,{('news', 'calls')[number % 2]},{'no' if number % 3 else 'yes'},"
        f"2024-{number % 12 + 1:02}-{number % 28 + 1:02}T{number % 24:02}:00:00Z,form\n"
        for number in range(rows)
    ]
    return io.BytesIO("".join(lines).encode())


def _ms(read: Callable[[], Any]) -> float:
    took = []
    for number in range(ROUNDS + 1):
        began = time.perf_counter()
        read()
        if number:  # the first one fills caches
            took.append((time.perf_counter() - began) * 1000)
    return median(took)


def _queries(site: Any) -> list[Line]:
    from django.utils import timezone

    from consent.models import ChoiceState, Topic
    from consent.preferences import queries

    topic = Topic.objects.get(key="news")
    rows = ChoiceState.objects.filter(site=site).order_by("-entry").values_list("entry", flat=True)
    middle = rows[rows.count() // 2]
    person = queries.find_subject(site, "person-4711@example.org")
    reads: dict[str, Callable[[], Any]] = {
        "first page of the list": lambda: queries.states(site),
        "a page in its middle": lambda: queries.states(site, before=middle),
        "of one topic and value": lambda: queries.states(site, topic=topic, value="yes", before=middle),
        "somebody by their id": lambda: queries.standings(
            site, queries.find_subject(site, "person-4711@example.org"), timezone.now()
        ),
        "all that somebody said": lambda: queries.history(site, person),
        "200 changes from a cursor": lambda: queries.changes(site, middle, 200),
        "whose notice is due": lambda: queries.notices_due(topic, timezone.now()),
    }
    return [(f"query: {name}", _ms(read), PAGE_MS, "ms") for name, read in reads.items()]


def _pages(site: Any, alice: Any) -> list[Line]:
    from django.test import Client
    from django.urls import reverse

    from consent.models import ChoiceState
    from consent.preferences import queries

    client = Client()
    client.force_login(alice)
    person = queries.find_subject(site, "person-4711@example.org")
    middle = ChoiceState.objects.filter(site=site, subject=person).first()
    assert middle is not None
    people = reverse("dashboard:choice_people", kwargs={"uuid": site.uuid})

    def page(path: str, data: dict[str, str] | None = None) -> None:
        answer = client.post(path, data, secure=True) if data else client.get(path, secure=True)
        assert answer.status_code in (200, 302), (path, answer.status_code)

    reads: dict[str, Callable[[], Any]] = {
        "topics": lambda: page(reverse("dashboard:choices", kwargs={"uuid": site.uuid})),
        "people": lambda: page(people),
        "people of a topic who said yes": lambda: page(f"{people}?topic=news&value=yes&before={middle.entry}"),
        "search by id": lambda: page(people, {"who": "person-4711@example.org"}),
        "one person": lambda: page(reverse("dashboard:choice_person", kwargs={"uuid": site.uuid, "subject": person})),
    }
    return [(f"page of the dashboard: {name}", _ms(read), PAGE_MS, "ms") for name, read in reads.items()]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.choices", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("rows", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--keep", action="store_true", help="write the table into docs/choices.md")
    given = parser.parse_args()
    sys.exit(main(given.rows, given.keep))
