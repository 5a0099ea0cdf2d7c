"""The one place that counts answers. Called by the ledger inside the transaction that stores them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from consent.sites.actions import note
from consent.stats.models import GateReport

Key = tuple[int, date, int, str, str, str, str]
"""site_id, day (UTC), release, regime, jurisdiction, language, action"""

_COLUMNS = "site_id, day, release, regime, jurisdiction, language, action"


def add_totals(cursor: Any, totals: Mapping[Key, int]) -> None:
    """Adds to the day totals, in one statement sorted by key so that writers never wait in a circle.

    Call it in the transaction that stores the answers, with their heads locked.
    """
    _upsert(cursor, "consent_dailytotal", _COLUMNS, totals)


def _upsert(cursor: Any, table: str, columns: str, counts: Mapping[Any, int]) -> None:
    rows = sorted((*key, count) for key, count in counts.items())
    row = f"({','.join(['%s'] * (columns.count(',') + 2))})"
    for start in range(0, len(rows), 500):  # SQLite takes at most 32,766 parameters
        part = rows[start : start + 500]
        cursor.execute(
            f"INSERT INTO {table} ({columns}, count) VALUES {','.join([row] * len(part))} "
            f"ON CONFLICT ({columns}) DO UPDATE SET count = {table}.count + excluded.count",
            [value for row in part for value in row],
        )


Shown = tuple[int, date, int, str, str, str, str]
"""site_id, day (UTC), release, regime, jurisdiction, language, kind"""

_SHOWN = "site_id, day, release, regime, jurisdiction, language, kind"
REPORTS_PER_SITE = 2000  # subjects kept of one site; what a hostile page makes up beyond them is dropped


ShownOn = tuple[int, date, int, str, str, bool]
"""site_id, day (UTC), release, device, kind, gpc"""

_SHOWN_ON = "site_id, day, release, device, kind, gpc"


def add_impressions(counts: Mapping[Shown, int]) -> None:
    """Adds what was counted in memory, sorted by key so that two servers never wait in a circle."""
    with transaction.atomic(), connection.cursor() as cursor:
        _upsert(cursor, "consent_impressiontotal", _SHOWN, counts)


def add_shown(counts: Mapping[ShownOn, int]) -> None:
    """Like `add_impressions`, by device and signal."""
    with transaction.atomic(), connection.cursor() as cursor:
        _upsert(cursor, "consent_showntotal", _SHOWN_ON, counts)


Answered = tuple[int, date, int, str, str, str, str, bool, bool]
"""site_id, day (UTC), release, action, and a `How`: device, layer, waited, gpc, asked"""

_ANSWERED = "site_id, day, release, action, device, layer, waited, gpc, asked"


def add_answered(counts: Mapping[Answered, int]) -> None:
    """Adds how stored answers came about. Like `add_impressions`."""
    with transaction.atomic(), connection.cursor() as cursor:
        _upsert(cursor, "consent_answeredtotal", _ANSWERED, counts)


def add_reports(counts: Mapping[tuple[int, str, str], tuple[int, str]], at: datetime) -> None:
    """Adds to what gates reported: (site_id, kind, subject) → (how often, host of a page). Sorted by key.

    A site keeps at most `REPORTS_PER_SITE` subjects: known ones go on counting, new ones are dropped.
    """
    room: dict[int, int] = {}
    with transaction.atomic():
        for (site_id, kind, subject), (count, page_host) in sorted(counts.items()):
            known = GateReport.objects.filter(site_id=site_id, kind=kind, subject=subject)
            if known.update(count=F("count") + count, last_seen=at, page_host=page_host):
                continue
            if site_id not in room:
                room[site_id] = REPORTS_PER_SITE - GateReport.objects.filter(site_id=site_id).count()
            room[site_id] -= 1
            if room[site_id] >= 0:
                # Another server may have made it meanwhile: its count stands, ours of these seconds is lost.
                rows = [
                    GateReport(
                        site_id=site_id, kind=kind, subject=subject, page_host=page_host, count=count, last_seen=at
                    )
                ]
                GateReport.objects.bulk_create(rows, ignore_conflicts=True)


@transaction.atomic
def dismiss_report(report: GateReport, actor: str) -> None:
    """Puts a gate's report aside; a second call changes nothing."""
    if GateReport.objects.filter(pk=report.pk, dismissed_at=None).update(dismissed_at=timezone.now()):
        note(report.site, actor, "report.dismiss", kind=report.kind, subject=report.subject)
