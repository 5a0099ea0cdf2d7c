"""`POST /api/v1/consents` without a framework: a request's parts in, a response's parts out.

The DRF view and the lane both call `prepare`, hand the draft to the intake (alone or in a batch) and render what came
of it with `answer`, so that both answer alike to the byte.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
from django.db import DatabaseError, InterfaceError

from consent.answers import intake, schema
from consent.answers.errors import RejectedSubmission
from consent.answers.published import PublishedSite
from consent.jurisdictions import locate
from consent.ledger.append import Draft, Outcome, utc_text
from consent.stats.asked import Decided
from consent.stats.how import How, how
from consent.storing import is_of_a_row
from cookiebanner.visitors import door, rate_limit
from cookiebanner.visitors.counts import counters
from cookiebanner.visitors.door import ResponseParts
from cookiebanner.visitors.headers import device
from cookiebanner.visitors.place import place_of
from cookiebanner.visitors.published import TooManyMisses, published
from fairgate_enforce.signals import sent

log = logging.getLogger("fairgate")


@dataclass(slots=True)
class Prepared:
    """An answer that may be stored."""

    draft: Draft
    site: PublishedSite
    how: How
    decided: Decided | None = None  # at a banner that was up


def prepare(
    body: bytes,
    content_type: str | None,
    origin: str | None,
    headers: Mapping[str, str],
    peer: str,
    already_counted: bool = False,
    memory_only: bool = False,
) -> Prepared:
    """Checks one request and makes its draft. `headers` by lower-case name, `peer` = the connection's address.

    No query when site and release are in memory. Raises RejectedSubmission, and NotInMemory if `memory_only`. `body`
    may be cut after FAIRGATE_BODY_LIMIT + 1 bytes. `already_counted` by the rate limit, when it is asked again.
    """
    origin_host = door.admit(rate_limit.CONSENTS, body, content_type, origin, headers, peer, already_counted)
    given = schema.decode(body)
    try:
        site, release = published.find(given.site, given.release, memory_only)
    except TooManyMisses:  # not "unknown": a browser would drop the answer for good
        raise door.unavailable() from None
    if site is None:
        raise door.unknown_site()
    # Its testing script is put on any host, and what is answered there counts nowhere.
    if site.number and given.test is not True:
        door.check_origin(site, given.release, release, release is not None, origin_host)
    if release is None:
        raise door.unknown_release(given.release)
    place = place_of(headers, peer)
    decision = locate.decide(place, datetime.now(UTC).date(), release.overrides)
    draft, vector = intake.draft(
        given,
        site,
        release,
        decision,
        origin_host=origin_host,
        user_agent=headers.get("user-agent", ""),
        sent=sent(headers),
        place=place,
    )
    came = how(device(headers), given.layer, given.replaces is None, given.time_to_answer, draft.record["gpc"])
    if not came.asked:
        return Prepared(draft, site, came)
    objection = given.action in schema.OPT_OUTS
    return Prepared(draft, site, came, vector.decided(given.action, release, objection))


def answer(prepared: Prepared, outcome: Outcome) -> ResponseParts:
    """The response for what became of the draft: 201, or 200 with the same body for a replay; 409, 410, 503.

    A new answer is counted here, as both doors come by.
    """
    if outcome.status in ("created", "replayed"):
        assert outcome.index is not None and outcome.received_at is not None
        record_id = prepared.draft.id_text
        if outcome.status == "created":
            counters.answered(prepared.draft, prepared.how, prepared.decided, outcome.received_at)
        # Another site may have a record with this id.
        address = f"/api/v1/consents/{record_id}/receipt?site={prepared.draft.site_uuid}"
        receipt = schema.Stored(record_id, outcome.index, utc_text(outcome.received_at), address)
        return 201 if outcome.status == "created" else 200, msgspec.json.encode(receipt), door.json_headers(door.JSON)
    return door.refusal(REFUSED[outcome.status])


REFUSED = {
    "conflict": RejectedSubmission("id_conflict", "This id was used for another answer."),
    "erased": RejectedSubmission("erased", "The record with this id was erased."),
    "stopped": RejectedSubmission("log_restarted", "The ledger is behind its last checkpoint; the operator must look."),
}


def failure(error: Exception, stored: bool = True) -> RejectedSubmission:
    """What the sender is told when an answer could not be stored: that it never will be (422 unstorable), to come back
    (503 unavailable), or that we have an error (500). `stored`: the error came from storing it."""
    if isinstance(error, RejectedSubmission):
        return error
    if stored and is_of_a_row(error):
        log.error("An answer can't be stored and is set aside.", exc_info=error)
        return door.UNSTORABLE
    if isinstance(error, (DatabaseError, InterfaceError)):
        return door.unavailable()
    log.error("A request could not be answered.", exc_info=error)
    return door.INTERNAL
