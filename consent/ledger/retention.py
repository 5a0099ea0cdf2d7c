"""How long answers are kept, and erasing those whose time is over.

Whose time is over follows from when an answer came, its regime and its action, and, of objections, from whether another
answer has replaced it. A pass over everything reads every whole record of a site. The worker's daily pass reads what
has become due since the one before: of each length of time the answers of some day long ago, and what was replaced.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from hashlib import sha256
from typing import Any

from consent.common import months_later
from consent.jurisdictions.table import REGIMES, regime_of
from consent.ledger.erasure import BATCH, DAY, Erased, erase_batch
from consent.ledger.models import ConsentRecord, LogEntry
from consent.ledger.search import records_at
from consent.sites.models import Site

PROOF_MONTHS = 36  # grants are kept this long after they lapsed: claims become time-barred (e.g. § 195 BGB)
OPT_OUT_MONTHS = 24  # 11 CCR 7101: records of opt-outs, at least
OBJECTIONS = ("opt_out", "gpc", "signal")
REFUSALS = ("reject_all", "close")
LONGEST = timedelta(days=50 * 365)
LATE = timedelta(hours=1)  # an answer is in the log at most so long after its `received_at`

_Kept = tuple[int, Any, datetime, str, str, Any]
_KEPT = ("index", "record_id", "received_at", "regime", "action", "visitor")


def keep_until(received_at: datetime, regime: str, action: str) -> tuple[datetime, bool]:
    """Until when an answer must be kept, and whether it is an objection, which is kept while it is in force."""
    life, refusal, opt_in = _terms(regime)
    if action in OBJECTIONS or (action == "reject_all" and not opt_in):
        return max(months_later(received_at, OPT_OUT_MONTHS), received_at + timedelta(days=refusal)), True
    if action in REFUSALS:
        return received_at + timedelta(days=refusal or life), False
    return months_later(received_at + timedelta(days=life), PROOF_MONTHS), False


def _terms(regime: str) -> tuple[int, int, bool]:
    """Days of a consent, days of a refusal (0 = unsaid), whether it is opt-in."""
    terms = REGIMES.get(regime_of(regime), {})
    opt_in = terms.get("model", "opt_in") == "opt_in"
    return int(terms.get("consent_days") or 365), int(terms.get("refusal_days") or 0), opt_in


def terms_digest() -> str:
    """Tells whether answers are kept as long as they were: a digest of all that `keep_until` goes by."""
    terms = {regime: _terms(regime) for regime in ["", *REGIMES]}
    return sha256(json.dumps([terms, PROOF_MONTHS, OPT_OUT_MONTHS], sort_keys=True).encode()).hexdigest()


def retain(
    site: Site, now: datetime | None = None, actor: str = "command", dry: bool = False, since: datetime | None = None
) -> Erased:
    """Erases what is older than it needs to be kept:

    grants (and the withdrawals that end them): life + 36 months; refusals under opt-in: their life; objections and
    opt-outs: 24 months at least, and as long as another answer has not replaced them.

    `since`: a pass that began then, under the same terms, erased all that was due, so only what has become due since is
    read. `dry`: nothing is erased, only counted. Raises Stopped.
    """
    now = now or datetime.now(UTC)
    done = Erased()
    batch: list[int] = []
    for index in _over(site.pk, now) if since is None else _over_since(site.pk, since, now):
        batch.append(index)
        if len(batch) == BATCH:
            _finish(site, batch, actor, done, dry)
            batch = []
    _finish(site, batch, actor, done, dry)
    return done


def _finish(site: Site, batch: list[int], actor: str, done: Erased, dry: bool) -> None:
    if dry:
        done.count += len(batch)
    elif batch:
        erase_batch(site, batch, "retention", "The time for which these records must be kept is over.", actor, done)


def _whole(site_id: int) -> Any:
    return ConsentRecord.objects.filter(site_id=site_id, type=LogEntry.Type.CONSENT, payload__isnull=False)


def _over(site_id: int, now: datetime, **period: datetime) -> Iterator[int]:
    """Indexes of unerased answers whose time is over, in order; `period` bounds `received_at`."""
    rows = _whole(site_id).filter(**(period or {"received_at__lt": now - DAY})).order_by("index")
    after = -1
    while True:
        page = list(rows.filter(index__gt=after).values_list(*_KEPT)[:BATCH])
        objections: list[_Kept] = []
        for row in page:
            until, objection = keep_until(*row[2:5])
            if until > now:
                continue
            if objection and row[5]:
                objections.append(row)
            else:
                yield row[0]
        if objections:
            # Only the visitor's own later answer ends an objection, whatever a stranger's record says.
            later_answers = ConsentRecord.objects.filter(site_id=site_id, replaces__in=[row[1] for row in objections])
            replaced = set(later_answers.values_list("replaces", "visitor"))
            yield from (row[0] for row in objections if (row[1], row[5]) in replaced)
        if len(page) < BATCH:
            return
        after = page[-1][0]


def _over_since(site_id: int, since: datetime, now: datetime) -> Iterator[int]:
    """Like `_over`, of those whose time was not over at `since`."""
    for start, end in _became_due(since, now):
        yield from _over(site_id, now, received_at__gte=start, received_at__lt=end)
    # An objection that has been kept long enough goes when it is replaced, however old it is then.
    answers = _whole(site_id).filter(received_at__gte=since - LATE, replaces__isnull=False, visitor__isnull=False)
    ended = set(answers.values_list("replaces", "visitor"))
    ids = sorted({replaced for replaced, _ in ended})
    old = months_later(now, -OPT_OUT_MONTHS).date() + DAY
    for first in range(0, len(ids), 500):
        entries = LogEntry.objects.filter(site_id=site_id, record_id__in=ids[first : first + 500], day__lte=old)
        if not (places := list(entries.values_list("index", "day"))):
            continue
        rows = records_at(site_id, places).filter(type=LogEntry.Type.CONSENT, payload__isnull=False)
        for row in rows.order_by("index").values_list(*_KEPT):
            until, objection = keep_until(*row[2:5])
            if objection and until <= now and (row[1], row[5]) in ended:
                yield row[0]


@lru_cache(2)  # one pass asks the same for each site
def _became_due(since: datetime, now: datetime) -> tuple[tuple[datetime, datetime], ...]:
    """When answers came whose time was over between the two moments: start ≤ received_at < end, in order, apart."""
    spans: list[tuple[datetime, datetime]] = []
    kinds = {(_terms(regime), action): regime for regime in ["", *REGIMES] for action in ("", "opt_out", *REFUSALS)}
    found = {
        (_last_due(until, since), _last_due(until, now) + timedelta(seconds=1))
        for until in (partial(_until, regime=regime, action=action) for (_, action), regime in kinds.items())
    }
    for start, end in sorted(found):
        if spans and start <= spans[-1][1]:
            spans[-1] = spans[-1][0], max(spans[-1][1], end)
        else:
            spans.append((start, end))
    return tuple(spans)


def _until(received_at: datetime, *, regime: str, action: str) -> datetime:
    return keep_until(received_at, regime, action)[0]


def _last_due(until: Callable[[datetime], datetime], now: datetime) -> datetime:
    """When the last answers came whose time is over now, to the second before; later answers are never due earlier."""
    low, high = 0, int(LONGEST.total_seconds())  # seconds before now
    while low < high:
        middle = (low + high) // 2
        if until(now - timedelta(seconds=middle)) <= now:
            high = middle
        else:
            low = middle + 1
    return now - timedelta(seconds=high)
