"""Impressions, gate reports and how answers came about: counted in memory, written every few seconds. A lost minute
is a lost count only.

`receive` is the whole of `POST /api/v1/impressions` and `POST /api/v1/reports`, for the DRF views and for the lane.
"""

from __future__ import annotations

import atexit
import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from django.db import InterfaceError, OperationalError, connection

from consent.answers.errors import RejectedSubmission
from consent.answers.published import PublishedRelease
from consent.answers.schema import read
from consent.ledger.append import Draft
from consent.sites import actions as sites
from consent.stats import actions as stats
from consent.stats import asked, schema
from consent.stats.how import How
from consent.stats.subjects import subject_of
from consent.storing import Stored
from cookiebanner.visitors import door
from cookiebanner.visitors.delivery import RawResponse, decision
from cookiebanner.visitors.headers import device, gpc
from cookiebanner.visitors.published import FRESH, Entry, TooManyMisses, published

FLUSH = 5.0  # seconds
MOST_KEYS = 20_000  # of each kind kept between two flushes; more is an attack
MOST_OF_A_SITE = 4_000  # of all of them one site's
TRIES = 12  # flushes after which is dropped what failed for another reason than a database that is away
log = logging.getLogger("fairgate")


class Counters:
    """What was counted since the last flush. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._clear()
        self._thread: threading.Thread | None = None
        self._ended = threading.Event()
        self._failed = 0  # flushes in a row that left something
        self.dropped = 0  # counts that could not be stored

    def _clear(self) -> None:
        self._shown: dict[stats.Shown, int] = {}
        self._shown_on: dict[stats.ShownOn, int] = {}
        self._answered: dict[stats.Answered, int] = {}
        self._events: dict[asked.Event, int] = {}
        self._asked: dict[asked.Asked, int] = {}  # of events, what could not be written yet
        self._reports: dict[stats.Reported, tuple[int, str]] = {}
        self._seen: dict[tuple[int, str], tuple[str, int | None]] = {}
        self._keys: dict[int, int] = {}  # site → how many keys it has in the five

    def receive(
        self,
        what: str,
        headers: dict[str, str],
        body: bytes,
        peer: str,
        memory_only: bool = False,
        already_counted: bool = False,
    ) -> RawResponse:
        """The response to one POST; `what` is "impressions" or "reports". Raises NotInMemory if `memory_only`; then it
        may be asked again, `already_counted` by the rate limit.

        Like answers, counts are taken from the hosts of the release that they speak of.
        """
        try:
            return self._count(what, headers, body, peer, memory_only, already_counted)
        except RejectedSubmission as rejected:
            status, content, parts = door.refusal(rejected)
            headers_of_it = [(name.lower().encode(), value.encode()) for name, value in parts.items()]
            return RawResponse(status, headers_of_it, content)

    def _count(
        self, what: str, headers: dict[str, str], body: bytes, peer: str, memory_only: bool, already_counted: bool
    ) -> RawResponse:
        content_type, origin = headers.get("content-type"), headers.get("origin")
        host = door.admit(what, body, content_type, origin, headers, peer, already_counted)
        submission: Any = read(schema.impression if what == "impressions" else schema.reports, body)
        release: PublishedRelease | None = None
        try:
            entry = published.site(schema.site_uuid(submission.site), memory_only, FRESH)
            newest = entry is not None and submission.release in (0, entry.number)
            if entry is not None and not newest:
                entry, release = published.find(entry.uuid, submission.release, memory_only)
        except TooManyMisses:
            raise door.unavailable() from None
        if entry is None or entry.number is None:
            raise door.unknown_site()
        door.check_origin(entry, submission.release, release, newest or release is not None, host)
        if not entry.killed:
            if what == "impressions":
                self._count_impression(entry, release, submission, headers, peer)
            else:
                self._count_reports(entry, submission, host)
        return RawResponse(204, [], b"")

    def answered(self, draft: Draft, how: How, decided: asked.Decided | None, at: datetime) -> None:
        """Counts an answer that is stored, by how it came about and what was decided at its banner, if one was up; what
        was said elsewhere came about there, and what was tried out counts nowhere."""
        if draft.action in ("import", stats.TEST):
            return
        day, release = _day(at), draft.release or 0
        key = (draft.site_id, day, release, draft.action, *how)
        with self._lock:
            if key in self._answered or self._has_room(draft.site_id, self._answered):
                self._answered[key] = self._answered.get(key, 0) + 1
            if decided:
                regime, arm = draft.regime.partition("-")[0], draft.record.get("arm", "")
                where = (draft.jurisdiction, draft.language, how.device, how.layer)
                self._count_event(asked.Event(draft.site_id, day, regime, release, arm, *where, decided))

    def _count_event(self, event: asked.Event) -> None:
        if event in self._events or self._has_room(event.site_id, self._events):
            self._events[event] = self._events.get(event, 0) + 1

    def _count_impression(
        self,
        entry: Entry,
        release: PublishedRelease | None,
        submission: schema.Impression,
        headers: dict[str, str],
        peer: str,
    ) -> None:
        """`release` is None when it is the newest."""
        if submission.site.endswith("-test"):
            return
        found, _place = decision(entry, headers, peer)
        regime = submission.regime or found.regime
        language = submission.language or next(iter(entry.languages), "")
        known = any(name.startswith((f"gate.{regime}.", f"gate.{regime}-")) for name in entry.names)
        if not known and (release is None or release.terms(regime) is None):
            raise RejectedSubmission("unknown_regime", f"The release has no regime {regime!r}.", field="regime")
        languages = {*entry.languages, *(release.languages if release else ())}
        if languages and language not in languages:
            raise RejectedSubmission("unknown_language", f"The release has no language {language!r}.", field="language")
        day = datetime.now(UTC).date()
        number = submission.release or entry.number or 0
        base, place, kind, on_device = regime.partition("-")[0], found.jurisdiction, submission.kind, device(headers)
        key = (entry.id, day, number, base, place, language, kind)
        on = (entry.id, day, number, on_device, kind, submission.gpc or gpc(headers))
        with self._lock:
            if key in self._shown or self._has_room(entry.id, self._shown):
                self._shown[key] = self._shown.get(key, 0) + 1
            if on in self._shown_on or self._has_room(entry.id, self._shown_on):
                self._shown_on[on] = self._shown_on.get(on, 0) + 1
            if kind == asked.BANNER:
                where = (base, number, submission.arm, place, language, on_device, "")
                self._count_event(asked.Event(entry.id, day, *where, asked.SHOWN))

    def _count_reports(self, entry: Entry, submission: schema.Reports, origin: str) -> None:
        kept = {(entry.id, item.kind, subject_of(item.kind, item.subject)) for item in submission.items}
        known = {key for key in kept if key[2]}
        if kept and not known:
            raise RejectedSubmission(
                "unknown_subject", "A report is about a host name, or about a part that gates have."
            )
        with self._lock:
            here = entry.id, origin
            if submission.level and (here in self._seen or self._has_room(entry.id, self._seen)):
                self._seen[here] = (submission.level, submission.release or None)
            for key in known:
                if key in self._reports or self._has_room(entry.id, self._reports):
                    self._reports[key] = (self._reports.get(key, (0, ""))[0] + 1, origin)

    def _has_room(self, site_id: int, counted: dict[Any, Any]) -> bool:
        """Whether one more key may be kept until the next flush: one site's strangers don't fill the place of all."""
        if len(counted) >= MOST_KEYS or self._keys.get(site_id, 0) >= MOST_OF_A_SITE:
            return False
        self._keys[site_id] = self._keys.get(site_id, 0) + 1
        return True

    def flush(self) -> None:
        """Writes what was counted; keeps it for the next time when the database is away."""
        with self._lock:
            shown, shown_on, reports, seen = self._shown, self._shown_on, self._reports, self._seen
            answered, asked_rows = self._answered, Counter(self._asked)
            asked_rows.update(asked.rows(self._events.items()))
            self._clear()
        now = datetime.now(UTC)
        done: tuple[Stored[Any], ...] = (
            _attempt(shown, stats.add_impressions, shown),
            _attempt(shown_on, stats.add_shown, shown_on),
            _attempt(answered, stats.add_answered, answered),
            _attempt(asked_rows, stats.add_asked, asked_rows),
            _attempt(reports, stats.add_reports, reports, now),
            _attempt(seen, sites.saw, seen, now),
        )
        for stored in done:
            self._drop_unstorable(stored.refused)
        left = [stored for stored in done if stored.left]
        if not left:
            self._failed = 0
            return
        self._failed += 1
        if self._failed > TRIES and not isinstance(left[0].why, (OperationalError, InterfaceError)):
            self._failed = 0
            log.error("Counts of some seconds could not be written %d times; they are dropped.", TRIES)
            self.dropped += sum(len(stored.left) for stored in left)
            return
        log.warning("Counts could not be written; they are kept for the next time.", exc_info=left[0].why)
        with self._lock:
            counts: tuple[dict[Any, int], ...] = (self._shown, self._shown_on, self._answered, self._asked)
            for counted, stored in zip(counts, done[:4], strict=True):
                for key, count in stored.left:
                    counted[key] = counted.get(key, 0) + count
            for name, (count, host) in done[4].left:
                self._reports[name] = (self._reports.get(name, (0, ""))[0] + count, host)
            self._seen = dict(done[5].left) | self._seen
            every: tuple[Mapping[Any, Any], ...] = (*counts, self._reports, self._seen)
            self._keys = Counter(key[0] for counted in every for key in counted)

    def _drop_unstorable(self, refused: list[tuple[Any, Exception]]) -> None:
        """Never tried again. Only what kind of error it was is logged: the row may hold what a stranger made up."""
        if refused:
            self.dropped += len(refused)
            kinds = sorted({type(error).__name__ for _, error in refused})
            log.error("%d counts can't be stored and are set aside (%s).", len(refused), ", ".join(kinds))

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
            try:
                self.flush()
                connection.close_if_unusable_or_obsolete()
            except Exception:  # the next flush must come, whatever this one met
                log.exception("Counts could not be written.")
        self.flush()
        connection.close()

    def end(self) -> None:
        """The last flush."""
        self._ended.set()
        if self._thread and self._thread.is_alive():
            self._thread.join(10)


def _attempt(counted: Mapping[Any, Any], write: Callable[..., Stored[Any]], *args: Any) -> Stored[Any]:
    try:
        return write(*args)
    except Exception as error:
        return Stored(left=list(counted.items()), why=error)


@lru_cache(64)  # one moment for all answers of a batch
def _day(at: datetime) -> date:
    return at.astimezone(UTC).date()


counters = Counters()
