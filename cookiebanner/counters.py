"""Impressions and gate reports: counted in memory, written every few seconds. A lost minute is a lost count only.

`take` is the whole of `POST /api/v1/impressions` and `POST /api/v1/reports`, for the DRF views and for the lane.
"""

from __future__ import annotations

import atexit
import json
import logging
import threading
from datetime import UTC, datetime
from typing import Any

import msgspec
from django.conf import settings
from django.db import IntegrityError, connection

from consent.sites import actions as sites
from consent.sites.queries import host_of, suffixes
from consent.stats import actions as stats
from consent.stats import schema
from cookiebanner.delivery import Answer, decision
from cookiebanner.store import Entry, store

FLUSH = 5.0  # seconds
MOST_KEYS = 50_000  # kept between two flushes; more is an attack
log = logging.getLogger("fairgate")


class Counters:
    """What was counted since the last flush. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._clear()
        self._thread: threading.Thread | None = None
        self._ended = threading.Event()

    def _clear(self) -> None:
        self._shown: dict[stats.Shown, int] = {}
        self._reports: dict[tuple[int, str, str], tuple[int, str]] = {}
        self._seen: dict[tuple[int, str], tuple[str, int | None]] = {}

    def take(self, what: str, headers: dict[str, str], body: bytes, peer: str, memory_only: bool = False) -> Answer:
        """The answer to one POST; `what` is "impressions" or "reports". Raises NotInMemory if `memory_only`."""
        if len(body) > settings.FAIRGATE_BODY_LIMIT:
            return problem(413, "too_large", "The body is too large.")
        try:
            told: Any = (schema.impression if what == "impressions" else schema.reports).decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return problem(400, "invalid", str(error))
        uuid = schema.site_uuid(told.site)
        entry = store.site(uuid, memory_only) if uuid else None
        if entry is None or entry.number is None:
            return problem(404, "unknown_site", "There is no such site.")
        origin = host_of(headers.get("origin", ""))
        hosts = entry.site.get("hosts", [])
        if not origin or not any(name in hosts for name in suffixes(origin)):
            return problem(403, "foreign_origin", "The Origin is not a host of this site.")
        if entry.killed:
            return Answer(204, [], b"")
        if what == "impressions":
            return self._impression(entry, told, headers, peer)
        return self._note(entry, told, origin)

    def _impression(self, entry: Entry, told: schema.Impression, headers: dict[str, str], peer: str) -> Answer:
        found = decision(entry, headers, peer)
        regime = told.regime or found.regime
        language = told.language or next(iter(entry.languages), "")
        if not 0 <= told.release <= (entry.number or 0):
            return problem(422, "unknown_release", "The site has no such release.")
        if not any(name.startswith((f"gate.{regime}.", f"gate.{regime}-")) for name in entry.names):
            return problem(422, "unknown_regime", "The site has no such regime.")
        if entry.languages and language not in entry.languages:
            return problem(422, "unknown_language", "The site does not have this language.")
        day = datetime.now(UTC).date()
        release = told.release or entry.number or 0
        key = (entry.id, day, release, regime.partition("-")[0], found.jurisdiction, language, told.kind)
        with self._lock:
            if key in self._shown or len(self._shown) < MOST_KEYS:
                self._shown[key] = self._shown.get(key, 0) + 1
        return Answer(204, [], b"")

    def _note(self, entry: Entry, told: schema.Reports, origin: str) -> Answer:
        if len(told.items) > 50:
            return problem(422, "too_many", "At most 50 items.")
        if not 0 <= told.release <= (entry.number or 0):
            return problem(422, "unknown_release", "The site has no such release.")
        with self._lock:
            if told.level and len(self._seen) < MOST_KEYS:
                self._seen[entry.id, origin] = (told.level, told.release or None)
            for item in told.items:
                subject = "".join(c for c in schema.subject(item)[:253] if c.isprintable())
                key = (entry.id, item.kind, subject.lower() if item.kind == "unknown" else subject)
                if key in self._reports or len(self._reports) < MOST_KEYS:
                    self._reports[key] = (self._reports.get(key, (0, ""))[0] + 1, origin)
        return Answer(204, [], b"")

    def flush(self) -> None:
        """Writes what was counted; keeps it for the next time when the database is away."""
        with self._lock:
            shown, reports, seen = self._shown, self._reports, self._seen
            self._clear()
        now = datetime.now(UTC)
        try:
            if shown:
                stats.add_impressions(shown)
                shown = {}
            if reports:
                stats.add_reports(reports, now)
                reports = {}
            if seen:
                sites.saw(seen, now)
        except IntegrityError:  # a site was deleted meanwhile: its counts would fail for ever
            log.warning("Counts of some seconds were dropped.", exc_info=True)
        except Exception:
            log.warning("Counts could not be written; they are kept for the next time.", exc_info=True)
            with self._lock:
                for key, count in shown.items():
                    self._shown[key] = self._shown.get(key, 0) + count
                for name, (count, host) in reports.items():
                    self._reports[name] = (self._reports.get(name, (0, ""))[0] + count, host)
                self._seen = seen | self._seen

    def start(self) -> None:
        """Flushes from now on every `FLUSH` seconds and when the process ends. Starting twice does nothing."""
        with self._lock:
            if self._thread:
                return
            self._thread = threading.Thread(target=self._run, name="fairgate-counters", daemon=True)
        self._thread.start()
        atexit.register(self.end)

    def _run(self) -> None:
        while not self._ended.wait(FLUSH):
            self.flush()
            connection.close_if_unusable_or_obsolete()
        self.flush()
        connection.close()

    def end(self) -> None:
        """The last flush."""
        self._ended.set()
        if self._thread and self._thread.is_alive():
            self._thread.join(10)


def problem(status: int, code: str, title: str) -> Answer:
    """An RFC 9457 answer."""
    body = json.dumps({"type": "about:blank", "status": status, "code": code, "title": title}).encode()
    return Answer(status, [(b"content-type", b"application/problem+json")], body)


counters = Counters()
