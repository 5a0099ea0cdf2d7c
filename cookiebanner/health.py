"""`/livez`: the process answers. `/readyz`: answers of visitors can be stored now, and if not, why, in words.

Both whatever the Host; in the lane without a thread of Django's (`lane/app.py`), under plain WSGI by `BeforeHost`.
`/readyz` looks when it is asked, once for all who ask at a time. What makes it say no:

- the database does not answer, is read-only, or its tables are missing or not migrated;
- the last batch of answers was refused, and a trial since then was, too (a full disk, for instance);
- the logs of all sites are behind their last checkpoints. One of several is a warning: the others still take answers.
"""

from __future__ import annotations

import json
import logging
import shutil
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from django.conf import settings
from django.db import DatabaseError, Error, connection
from django.db.migrations.loader import MigrationLoader
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import path

from consent.ledger import checkpoint, clock, partitions, trial
from consent.ledger.models import LogHead
from cookiebanner.visitors import proxies, rate_limit
from cookiebanner.visitors.delivery import RawResponse

PATHS = ("/livez", "/readyz")
FRESH = 0.25  # seconds that the lane tells again what was seen
PAUSE = 1.0  # seconds between two trials
QUARANTINE = 5.0  # seconds after a refused batch in which a trial alone does not make it good
LITTLE = 256 * 2**20  # bytes free where a warning begins
AWAY = "The database does not answer."
log = logging.getLogger("fairgate")


class ReadinessReport(NamedTuple):
    """What `/readyz` says; ready when there is no reason."""

    reasons: list[str]
    warnings: list[str]
    database: str = "up"  # or down

    def response(self) -> RawResponse:
        """As HTTP: 200, or 503 with the reasons."""
        document: dict[str, Any] = {"status": "unavailable" if self.reasons else "ok", "database": self.database}
        if self.reasons:
            document["reasons"] = self.reasons
        return _json(503 if self.reasons else 200, document | {"warnings": self.warnings})


class Readiness:
    """One of them serves a process. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._leaves: set[tuple[str, str]] = set()
        self.forget()

    def forget(self) -> None:
        """As when the process started."""
        self._report: ReadinessReport | None = None
        self._at = 0.0  # when it was looked at, monotonic
        self._doubt = True  # to be tried
        self._tried_at = 0.0  # monotonic
        self._trial_error: Error | None = None
        self._refused_at = 0.0  # monotonic; 0 when the last batch was stored
        self._why = ""

    # --- what the writers tell ----------------------------------------------------------------------------------------

    def stored(self) -> None:
        """Answers were stored."""
        if self._refused_at or self._trial_error is not None:
            self._refused_at = self._tried_at = 0.0  # what was tried before is no longer true
            self._report = self._trial_error = None

    def refused(self, error: Exception) -> None:
        """A whole batch was not stored, and not because of what was in it."""
        self._why = words_for(error)
        self._refused_at = time.monotonic()
        self._doubt = True

    def doubt(self) -> None:
        """An answer was not stored, and it may be its own fault."""
        self._doubt = True

    # --- what is asked ----------------------------------------------------------------------------------------------

    def kept(self) -> ReadinessReport | None:
        """What was seen a moment ago; None when it is time to look again."""
        report, refused_at = self._report, self._refused_at
        if report is None or time.monotonic() - self._at >= FRESH:
            return None
        return report._replace(reasons=[self._why, *report.reasons]) if refused_at > self._at else report

    def look(self, anew: bool = False) -> ReadinessReport:
        """Asks the database; for a thread that may wait for it. `anew`: even if that was done a moment ago."""
        with self._lock:
            if anew or (report := self.kept()) is None:
                at = time.monotonic()
                report = self._look()
                self._at, self._report = at, report
            return report

    def _look(self) -> ReadinessReport:
        warnings = [*_unnamed(), *_space(), *_limits()]
        try:
            reasons, more = self._database()
            return ReadinessReport(reasons, more + warnings)
        except Error as error:
            connection.close()
            log.warning("/readyz: %s", error)
            self._doubt = True
            why = words_for(error)
            return ReadinessReport([why], warnings, "down" if why == AWAY else "up")

    def _database(self) -> tuple[list[str], list[str]]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT app, name FROM django_migrations")
            applied = set(cursor.fetchall())
        if not self._migrations() <= applied:
            return ["The database is not up to date: run `manage.py migrate`."], []
        if not trial.takes_writes():
            self._doubt = True
            return ["The database takes no writes: it is read-only, or a standby."], []
        if self._doubt:
            self._try()
            if time.monotonic() - self._refused_at > QUARANTINE:
                self._doubt, self._refused_at = False, 0.0
        reasons, warnings = _stopped()
        if self._refused_at:
            reasons.insert(0, self._why)
        if partitions.default_is_used():
            warnings.append("Records fall into the default partition: is the worker running?")
        if ahead := [by for _, by in clock.ahead()]:
            by_how_much = clock.words(max(ahead))
            warnings.append(f"{len(ahead)} logs are up to {by_how_much} ahead of the clock: manage.py repair_clock")
        return reasons, warnings

    def _try(self) -> None:
        if time.monotonic() - self._tried_at >= PAUSE:
            self._tried_at, self._trial_error = time.monotonic(), None
            try:
                trial.store_nothing()
            except Error as error:
                self._trial_error = error
        if self._trial_error is not None:
            raise self._trial_error.with_traceback(None)

    def _migrations(self) -> set[tuple[str, str]]:
        if not self._leaves:
            self._leaves = set(MigrationLoader(None).graph.leaf_nodes())
        return self._leaves


readiness = Readiness()


def words_for(error: BaseException) -> str:
    """Why the database refuses, in words that tell a stranger nothing about it."""
    code = str(getattr(error.__cause__ or error, "pgcode", None) or "")
    text = str(error)
    if code == "53100" or "is full" in text or "No space left" in text:
        return "The disk of the database is full."
    if code == "25006" or "readonly" in text or "read-only" in text:
        return "The database takes no writes: it is read-only, or a standby."
    if code == "53300":
        return "The database takes no more connections."
    if code == "42P01" or "no such table" in text:
        return "The database is not up to date: run `manage.py migrate`."
    if not code and isinstance(error, DatabaseError) and connection.vendor == "postgresql":
        return AWAY
    if "unable to open" in text or code.startswith(("08", "57")):
        return AWAY
    return "The database refuses to store answers; the log says why."


def _stopped() -> tuple[list[str], list[str]]:
    stopped = checkpoint.behind()
    if not stopped:
        return [], []
    why = "behind the last checkpoint: answers get 503 log_restarted (docs/operate.md, Restore)"
    if LogHead.objects.filter(size__gt=0).exclude(site_id__in=[site.pk for site in stopped]).exists():
        names = ", ".join(str(site.uuid) for site in stopped[:3])
        return [], [f"{len(stopped)} logs of several ({names}{', …' if stopped[3:] else ''}) are {why}."]
    return [f"The log of every site is {why}."], []


def _unnamed() -> list[str]:
    if proxies.unnamed.addresses():
        return ["A proxy is not named in FAIRGATE_TRUSTED_PROXIES: all its visitors count as one. The log names it."]
    return []


def _space() -> list[str]:
    try:
        free = shutil.disk_usage(settings.FAIRGATE_DATA).free
    except OSError:
        return []
    return [f"Less than {LITTLE >> 20} MB are free in FAIRGATE_DATA."] if free < LITTLE else []


def _limits() -> list[str]:
    trouble = rate_limit.shared.trouble() if rate_limit.shared else ""
    return [trouble] if trouble else []


def live() -> RawResponse:
    """What `/livez` says."""
    return _json(200, {"status": "ok"})


def _json(status: int, document: dict[str, Any]) -> RawResponse:
    body = json.dumps(document).encode()
    headers = [
        (b"content-type", b"application/json"), (b"content-length", b"%d" % len(body)), (b"cache-control", b"no-store")
    ]  # fmt: skip
    return RawResponse(status, headers, body)


class BeforeHost:
    """Middleware: answers both before anything looks at the Host."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info in PATHS and request.method in ("GET", "HEAD"):
            return _view(request)
        return self._get_response(request)


def _view(request: HttpRequest) -> HttpResponse:
    response = live() if request.path_info == "/livez" else readiness.look(anew=True).response()
    return HttpResponse(
        response.body, status=response.status, headers={n.decode().title(): v.decode() for n, v in response.headers}
    )


urlpatterns = [path(name[1:], _view) for name in PATHS]
