"""`/livez`: the process answers. `/readyz`: it can also do its work."""

from __future__ import annotations

from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.urls import path

from consent.ledger import clock, partitions


def livez(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> JsonResponse:
    """200 when the database answers, else 503. Warns, still with 200, of records in the default partition, and of logs
    that are ahead of the clock."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        late = partitions.default_is_used()
        ahead = [by for _, by in clock.ahead()]
    except Exception:
        return JsonResponse({"status": "unavailable", "database": "down"}, status=503)
    warnings = ["Records fall into the default partition: is the worker running?"] if late else []
    told = {"status": "ok", "database": "up", "warnings": warnings}
    if ahead:
        told["clock"] = f"{len(ahead)} logs are up to {clock.words(max(ahead))} ahead of it: manage.py repair_clock"
    return JsonResponse(told)


urlpatterns = [path("livez", livez), path("readyz", readyz)]
