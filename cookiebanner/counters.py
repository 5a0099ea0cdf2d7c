"""Impressions, gate reports and how answers came about: counted in memory, written every few seconds. A lost minute
is a lost count only.

`take` is the whole of `POST /api/v1/impressions` and `POST /api/v1/reports`, for the DRF views and for the lane.
"""

from __future__ import annotations

import atexit
import json
import logging
import threading
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

import msgspec
from django.conf import settings
from django.db import IntegrityError, connection

from consent.answers.published import PublishedRelease
from consent.ledger.append import Draft
from consent.sites import actions as sites
from consent.sites.queries import host_of
from consent.stats import actions as stats
from consent.stats import schema
from consent.stats.how import How
from cookiebanner.delivery import Answer, decision
from cookiebanner.visitors.headers import device, gpc
from cookiebanner.visitors.published import FRESH, Busy, Entry, published

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
        self._shown_on: dict[stats.ShownOn, int] = {}
        self._answered: dict[stats.Answered, int] = {}
        self._reports: dict[tuple[int, str, str], tuple[int, str]] = {}
        self._seen: dict[tuple[int, str], tuple[str, int | None]] = {}

    def take(self, what: str, headers: dict[str, str], body: bytes, peer: str, memory_only: bool = False) -> Answer:
        """The answer to one POST; `what` is "impressions" or "reports". Raises NotInMemory if `memory_only`.

        Like answers, counts are taken from the hosts of the release that they speak of.
        """
        if len(body) > settings.FAIRGATE_BODY_LIMIT:
            return problem(413, "too_large", "The body is too large.")
        try:
            told: Any = (schema.impression if what == "impressions" else schema.reports).decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return problem(400, "invalid", str(error))
        uuid = schema.site_uuid(told.site)
        release: PublishedRelease | None = None
        try:
            entry = published.site(uuid, memory_only, FRESH) if uuid else None
            newest = entry is not None and told.release in (0, entry.number)
            if entry is not None and not newest:
                entry, release = published.find(entry.uuid, told.release, memory_only)
        except Busy:
            return problem(503, "unavailable", "Too much is asked for that is unknown; try again.")
        if entry is None or entry.number is None:
            return problem(404, "unknown_site", "There is no such site.")
        origin = host_of(headers.get("origin", ""))
        unknown = release is None and not newest
        if not origin or not (entry.has_host(origin) if unknown else entry.may_answer(release, origin)):
            return problem(403, "foreign_origin", "The Origin is not a host of this site.")
        if unknown:
            return problem(422, "unknown_release", "The site has no such release.")
        if entry.killed:
            return Answer(204, [], b"")
        if what == "impressions":
            return self._impression(entry, release, told, headers, peer)
        return self._note(entry, told, origin)

    def answered(self, draft: Draft, how: How, at: datetime) -> None:
        """Counts an answer that is stored, by how it came about."""
        key = (draft.site_id, _day(at), draft.release or 0, draft.action, *how)
        with self._lock:
            if key in self._answered or len(self._answered) < MOST_KEYS:
                self._answered[key] = self._answered.get(key, 0) + 1

    def _impression(
        self,
        entry: Entry,
        release: PublishedRelease | None,
        told: schema.Impression,
        headers: dict[str, str],
        peer: str,
    ) -> Answer:
        """`release` is None when it is the newest."""
        found = decision(entry, headers, peer)
        regime = told.regime or found.regime
        language = told.language or next(iter(entry.languages), "")
        known = any(name.startswith((f"gate.{regime}.", f"gate.{regime}-")) for name in entry.names)
        if not known and (release is None or release.terms(regime) is None):
            return problem(422, "unknown_regime", "The site has no such regime.")
        languages = {*entry.languages, *(release.languages if release else ())}
        if languages and language not in languages:
            return problem(422, "unknown_language", "The site does not have this language.")
        day = datetime.now(UTC).date()
        number = told.release or entry.number or 0
        key = (entry.id, day, number, regime.partition("-")[0], found.jurisdiction, language, told.kind)
        on = (entry.id, day, number, device(headers), told.kind, told.gpc or gpc(headers))
        with self._lock:
            if key in self._shown or len(self._shown) < MOST_KEYS:
                self._shown[key] = self._shown.get(key, 0) + 1
            if on in self._shown_on or len(self._shown_on) < MOST_KEYS:
                self._shown_on[on] = self._shown_on.get(on, 0) + 1
        return Answer(204, [], b"")

    def _note(self, entry: Entry, told: schema.Reports, origin: str) -> Answer:
        if len(told.items) > 50:
            return problem(422, "too_many", "At most 50 items.")
        with self._lock:
            if told.level and len(self._seen) < MOST_KEYS:
                self._seen[entry.id, origin] = (told.level, told.release or None)
            for item in told.items:
                subject = "".join(c for c in item.subject[:253] if c.isprintable())
                key = (entry.id, item.kind, subject.lower() if item.kind == "unknown" else subject)
                if key in self._reports or len(self._reports) < MOST_KEYS:
                    self._reports[key] = (self._reports.get(key, (0, ""))[0] + 1, origin)
        return Answer(204, [], b"")

    def flush(self) -> None:
        """Writes what was counted; keeps it for the next time when the database is away."""
        with self._lock:
            shown, shown_on, reports, seen = self._shown, self._shown_on, self._reports, self._seen
            answered = self._answered
            self._clear()
        now = datetime.now(UTC)
        try:
            if shown:
                stats.add_impressions(shown)
                shown = {}
            if shown_on:
                stats.add_shown(shown_on)
                shown_on = {}
            if answered:
                stats.add_answered(answered)
                answered = {}
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
                for on, count in shown_on.items():
                    self._shown_on[on] = self._shown_on.get(on, 0) + count
                for how, count in answered.items():
                    self._answered[how] = self._answered.get(how, 0) + count
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


@lru_cache(64)  # one moment for all answers of a batch
def _day(at: datetime) -> date:
    return at.astimezone(UTC).date()


def problem(status: int, code: str, title: str) -> Answer:
    """An RFC 9457 answer."""
    body = json.dumps({"type": "about:blank", "status": status, "code": code, "title": title}).encode()
    return Answer(status, [(b"content-type", b"application/problem+json")], body)


counters = Counters()
