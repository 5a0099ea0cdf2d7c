"""A page of the audit trail, and who is in it. Neither costs more where the trail is longer."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.db import connection
from django.db.models import QuerySet

from consent.trail.models import AuditEvent, TrailHead

PAGE = 50  # lines
MOST_ACTORS = 500  # names that are listed
# Each step is one look into the index, however many lines somebody has; DISTINCT reads them all.
_ACTORS = """
WITH RECURSIVE names (actor) AS (
    SELECT min(actor) FROM consent_auditevent WHERE site_id = %s
    UNION ALL
    SELECT (SELECT min(actor) FROM consent_auditevent WHERE site_id = %s AND actor > names.actor)
    FROM names WHERE names.actor IS NOT NULL
)
SELECT actor FROM names WHERE actor IS NOT NULL LIMIT %s
"""


class Page(NamedTuple):
    """Lines, the newest first, and the lines at which the pages beside it begin (None = there is none)."""

    rows: list[AuditEvent]
    newer: int | None
    older: int | None


def page(events: QuerySet[AuditEvent], before: int | None = None, after: int | None = None) -> Page:
    """PAGE of these lines: the newest, the next ones older than `before`, or the next ones newer than `after` (ids)."""
    if after is not None:
        found = list(events.filter(pk__gt=after).order_by("pk")[: PAGE + 1])
        if len(found) > PAGE:
            rows = found[PAGE - 1 :: -1]
            return Page(rows, rows[0].pk, rows[-1].pk)
        before = None  # they are the newest
    older = events if before is None else events.filter(pk__lt=before)
    found = list(older.order_by("-pk")[: PAGE + 1])
    rows = found[:PAGE]
    newer = rows[0].pk if rows and before is not None else None
    return Page(rows, newer, rows[-1].pk if len(found) > PAGE else None)


def place(site: Any, rows: list[AuditEvent]) -> tuple[int, int]:
    """(which page of the site's trail begins with these lines, how many there are)."""
    count = TrailHead.objects.filter(site_id=site.pk).values_list("count", flat=True).first() or 0
    number = (rows[0].number if rows else None) or count
    return max(count - number, 0) // PAGE + 1, max(-(-count // PAGE), 1)


def actors(site: Any) -> list[str]:
    """Who is in a site's trail, in order: MOST_ACTORS, and one more where there are more."""
    with connection.cursor() as cursor:
        cursor.execute(_ACTORS, [site.pk, site.pk, MOST_ACTORS + 1])
        return [name for (name,) in cursor.fetchall()]
