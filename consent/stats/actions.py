"""The one place that counts answers. Called by the ledger inside the transaction that stores them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django.db import connections, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from consent.stats.asked import Asked
from consent.stats.models import GateReport
from consent.storing import Stored, store
from consent.trail.actions import audit

Key = tuple[int, date, int, str, str, str, str]
"""site_id, day (UTC), release, regime, jurisdiction, language, action"""

_COLUMNS = "site_id, day, release, regime, jurisdiction, language, action"


TEST = "test"  # the action of an answer to a site's testing script: in the log, and in no total


def add_totals(cursor: Any, totals: Mapping[Key, int], postgres: bool, routed: bool = False) -> None:
    """Adds to the day totals, in one statement sorted by key so that writers never wait in a circle.

    Call it in the transaction that stores the answers, with their heads locked. `postgres` says whose cursor it is;
    `routed`, that they are of one site and a database that keeps sites apart shall ask one machine.
    """
    # Citus collects the rows of a SELECT on the coordinator first, whatever site they are of.
    _upsert(cursor, "consent_dailytotal", _COLUMNS, totals, as_arrays=postgres and not routed)


# What is no text; PostgreSQL is told which types its arrays have.
_TYPES = {
    "site_id": "bigint", "day": "date", "release": "integer", "gpc": "boolean", "asked": "boolean", "count": "bigint",
}  # fmt: skip


def _upsert(cursor: Any, table: str, columns: str, counts: Mapping[Any, int], as_arrays: bool) -> None:
    rows = sorted((*key, count) for key, count in counts.items())
    if as_arrays and len(rows) > 1:  # an array a column: half of what as many rows of VALUES cost both sides
        names = [*columns.split(", "), "count"]
        selected, arrays, given = [], [], []
        for name, values in zip(names, zip(*rows, strict=True), strict=True):
            kind = _TYPES.get(name, "text")
            if name != "count" and len(set(values)) == 1:  # what all have alike is said once
                selected.append((f"%s::{kind}", values[0]))
            else:
                arrays.append(f"%s::{kind}[]")
                given.append(f"{{{','.join(map(str, values))}}}" if name in _TYPES else _array(values))
                selected.append((f"v.c{len(arrays)}", None))
        named = ", ".join(f"c{number + 1}" for number in range(len(arrays)))
        cursor.execute(
            f"INSERT INTO {table} ({columns}, count) SELECT {', '.join(one for one, _ in selected)} "  # noqa: S608 - ours
            f"FROM unnest({', '.join(arrays)}) v({named}) "
            f"ON CONFLICT ({columns}) DO UPDATE SET count = {table}.count + excluded.count",
            [value for one, value in selected if "%s" in one] + given,
        )
        return
    row = f"({','.join(['%s'] * (columns.count(',') + 2))})"
    for start in range(0, len(rows), 500):  # SQLite takes at most 32,766 parameters
        part = rows[start : start + 500]
        cursor.execute(
            f"INSERT INTO {table} ({columns}, count) VALUES {','.join([row] * len(part))} "
            f"ON CONFLICT ({columns}) DO UPDATE SET count = {table}.count + excluded.count",
            [value for row in part for value in row],
        )


def _array(texts: Sequence[str]) -> str:
    """Texts as PostgreSQL writes an array of them."""
    return f"{{{','.join(map(_quoted, texts))}}}"


@lru_cache(4096)  # few, again and again
def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


Shown = tuple[int, date, int, str, str, str, str]
"""site_id, day (UTC), release, regime, jurisdiction, language, kind"""

_SHOWN = "site_id, day, release, regime, jurisdiction, language, kind"
REPORTS_PER_SITE = 2000  # subjects of one kind that are kept of one site
Reported = tuple[int, str, str]
"""site_id, kind, subject"""


ShownOn = tuple[int, date, int, str, str, bool]
"""site_id, day (UTC), release, device, kind, gpc"""

_SHOWN_ON = "site_id, day, release, device, kind, gpc"

Answered = tuple[int, date, int, str, str, str, str, bool, bool]
"""site_id, day (UTC), release, action, and a `How`: device, layer, waited, gpc, asked"""

_ANSWERED = "site_id, day, release, action, device, layer, waited, gpc, asked"


_ASKED = "site_id, by, day, name, regime, release, arm, what"


def add_impressions(counts: Mapping[Shown, int], using: str = "default") -> Stored[tuple[Shown, int]]:
    """Adds what was counted in memory, sorted by key so that two servers never wait in a circle.

    Returns what could not be stored; raises nothing.
    """
    return _add("consent_impressiontotal", _SHOWN, counts, using)


def add_shown(counts: Mapping[ShownOn, int], using: str = "default") -> Stored[tuple[ShownOn, int]]:
    """Like `add_impressions`, by device and signal."""
    return _add("consent_showntotal", _SHOWN_ON, counts, using)


def add_answered(counts: Mapping[Answered, int], using: str = "default") -> Stored[tuple[Answered, int]]:
    """Adds how stored answers came about. Like `add_impressions`."""
    return _add("consent_answeredtotal", _ANSWERED, counts, using)


def add_asked(counts: Mapping[Asked, int], using: str = "default") -> Stored[tuple[Asked, int]]:
    """Adds banners and what was decided at them (`consent.stats.asked.rows`). Like `add_impressions`."""
    return _add("consent_askedtotal", _ASKED, counts, using)


def _add(table: str, columns: str, counts: Mapping[Any, int], using: str) -> Stored[tuple[Any, int]]:
    def write(rows: Sequence[tuple[Any, int]]) -> None:
        with transaction.atomic(using=using), connections[using].cursor() as cursor:
            _upsert(cursor, table, columns, dict(rows), connections[using].vendor == "postgresql")

    return store(sorted(counts.items()), write)


def add_reports(counts: Mapping[Reported, tuple[int, str]], at: datetime) -> Stored[tuple[Reported, tuple[int, str]]]:
    """Adds to what gates reported: (site_id, kind, subject) → (how often, host of a page). Sorted by key.

    A site keeps at most `REPORTS_PER_SITE` subjects of a kind: room is made by those that were dismissed, then by the
    rarest, of them the oldest. Returns what could not be stored; raises nothing.
    """

    def write(rows: Sequence[tuple[Reported, tuple[int, str]]]) -> None:
        new: dict[tuple[int, str], list[GateReport]] = {}
        with transaction.atomic():
            for (site_id, kind, subject), (count, page_host) in rows:
                known = GateReport.objects.filter(site_id=site_id, kind=kind, subject=subject)
                if not known.update(count=F("count") + count, last_seen=at, page_host=page_host):
                    new.setdefault((site_id, kind), []).append(
                        GateReport(
                            site_id=site_id, kind=kind, subject=subject, page_host=page_host, count=count, last_seen=at
                        )
                    )
            for (site_id, kind), made in new.items():
                made.sort(key=lambda report: -report.count)
                free = _make_room(GateReport.objects.filter(site_id=site_id, kind=kind), len(made))
                # Another server may have made one meanwhile: its count stands, ours of these seconds is lost.
                GateReport.objects.bulk_create(made[:free], ignore_conflicts=True)

    return store(sorted(counts.items()), write)


def _make_room(rows: QuerySet[GateReport], needed: int) -> int:
    """How many of `needed` new rows may come in. In a full list only a twentieth is exchanged at once, so that a flood
    never takes the place of what is reported often."""
    free = REPORTS_PER_SITE - rows.count()
    wanted = min(needed, max(free, REPORTS_PER_SITE // 20, 1))
    if wanted > free:
        going = rows.order_by(F("dismissed_at").asc(nulls_last=True), "count", "last_seen", "pk")
        rows.filter(pk__in=list(going.values_list("pk", flat=True)[: wanted - free])).delete()
    return wanted


@transaction.atomic
def dismiss_report(report: GateReport, actor: str) -> None:
    """Puts a gate's report aside; a second call changes nothing."""
    if GateReport.objects.filter(pk=report.pk, dismissed_at=None).update(dismissed_at=timezone.now()):
        audit(report.site, actor, "report.dismiss", kind=report.kind, subject=report.subject)


@transaction.atomic
def restore_report(report: GateReport, actor: str) -> None:
    """Takes a dismissal back; a second call changes nothing."""
    if GateReport.objects.filter(pk=report.pk).exclude(dismissed_at=None).update(dismissed_at=None):
        audit(report.site, actor, "report.restore", kind=report.kind, subject=report.subject)
