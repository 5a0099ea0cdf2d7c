"""`POST /api/v1/consents` without a framework: a request's parts in, a response's parts out.

The DRF view and the lane both call `prepare`, hand the draft to the intake (alone or in a batch) and render what came
of it with `answer`, so that both answer alike to the byte.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec
from django.conf import settings

from consent.answers import intake, schema
from consent.answers.errors import Refused
from consent.answers.published import PublishedSite, view
from consent.jurisdictions import locate
from consent.ledger.append import Draft, Outcome, utc_text
from consent.sites.queries import host_of
from cookiebanner.facts import gather
from cookiebanner.visitors.proxies import client_key
from cookiebanner.visitors.shared_limit import of_all_processes

Response = tuple[int, bytes, dict[str, str]]
JSON = "application/json"
PROBLEM = "application/problem+json"
RETRY_SECONDS = 5
_TYPES = (JSON, "text/plain")


@dataclass(slots=True)
class Prepared:
    """An answer that may be stored."""

    draft: Draft
    site: PublishedSite


class RateLimit:
    """At most `limit` requests in any 60 seconds per peer, counted in this process; the addresses live only here.

    Several server processes count together: `visitors/shared_limit.py`.
    """

    MOST = 50_000  # peers remembered; the ones longest silent are forgotten first

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._peers: OrderedDict[str, deque[float]] = OrderedDict()

    def wait(self, peer: str, limit: int, now: float | None = None) -> int:
        """Seconds to wait, 0 when the request may pass (and is counted)."""
        if limit <= 0:
            return 0
        now = time.monotonic() if now is None else now
        with self._lock:
            times = self._peers.get(peer)
            if times is None:
                times = self._peers[peer] = deque()
                if len(self._peers) > self.MOST:
                    self._peers.popitem(last=False)
            else:
                self._peers.move_to_end(peer)
            while times and times[0] <= now - 60:
                times.popleft()
            if len(times) >= limit:
                return max(1, math.ceil(times[0] + 60 - now))
            times.append(now)
            return 0


rate_limit = of_all_processes() or RateLimit()


def prepare(
    body: bytes,
    content_type: str | None,
    origin: str | None,
    headers: Mapping[str, str],
    peer: str,
    again: bool = False,
) -> Prepared:
    """Checks one request and makes its draft. `headers` by lower-case name, `peer` = the connection's address.

    No query when site and release are in memory. Raises Refused. `body` may be cut after FAIRGATE_BODY_LIMIT + 1 bytes.
    `again`: the rate limit has counted this request already.
    """
    limit = settings.FAIRGATE_RATE_LIMIT
    if limit > 0 and not again and (wait := rate_limit.wait(client_key(headers, peer), limit)):
        raise RateLimited(wait)
    if len(body) > settings.FAIRGATE_BODY_LIMIT:
        raise too_large()
    _check_type(content_type or "")
    origin_host = host_of(origin or "")
    if not origin_host:
        raise Refused(403, "origin_not_allowed", "Answers come from the site's own pages; Origin is missing.")
    given = schema.decode(body)
    site = view.site(given.site)
    if site is None:
        raise Refused(404, "unknown_site", "There is no site with this id.", field="site")
    if not view.has_host(site, origin_host):
        raise Refused(403, "origin_not_allowed", "This Origin is none of the site's hosts.")
    release = view.release(site, given.release)
    if release is None:
        raise Refused(422, "unknown_release", f"The site has no release {given.release}.", field="release")
    facts = gather(headers, peer)
    decision = locate.decide(facts, datetime.now(UTC).date(), release.overrides)
    draft = intake.draft(
        given,
        site,
        release,
        decision,
        origin_host=origin_host,
        user_agent=headers.get("user-agent", ""),
        gpc="1" in headers.get("sec-gpc", "").replace(" ", "").split(","),
    )
    return Prepared(draft, site)


class RateLimited(Refused):
    def __init__(self, wait: int) -> None:
        super().__init__(429, "rate_limited", "Too many answers from this address; try again later.")
        self.wait = wait


def too_large() -> Refused:
    return Refused(413, "too_large", f"The body is larger than {settings.FAIRGATE_BODY_LIMIT} bytes.")


@lru_cache(64)
def _check_type(content_type: str) -> None:
    name, _, parameters = content_type.partition(";")
    if name.strip().lower() not in _TYPES:
        raise Refused(415, "unsupported_media_type", "Send application/json or text/plain.")
    for parameter in parameters.split(";"):
        key, _, value = parameter.partition("=")
        if key.strip().lower() == "charset" and value.strip().strip('"').lower() not in ("utf-8", "utf8", "us-ascii"):
            raise Refused(415, "unsupported_media_type", "Send UTF-8.")


def answer(prepared: Prepared, outcome: Outcome) -> Response:
    """The response for what became of the draft: 201, or 200 with the same body for a replay; 409, 410, 503."""
    if outcome.status in ("created", "replayed"):
        assert outcome.index is not None and outcome.received_at is not None
        record_id = prepared.draft.id_text
        receipt = schema.Receipt(
            record_id, outcome.index, utc_text(outcome.received_at), f"/api/v1/consents/{record_id}/receipt"
        )
        return 201 if outcome.status == "created" else 200, msgspec.json.encode(receipt), _headers(JSON)
    return refusal(REFUSED[outcome.status])


REFUSED = {
    "conflict": Refused(409, "id_conflict", "This id was used for another answer."),
    "erased": Refused(410, "erased", "The record with this id was erased."),
    "stopped": Refused(503, "log_restarted", "The ledger is behind its last checkpoint; the operator must look."),
}
UNAVAILABLE = Refused(503, "unavailable", "The answer could not be stored; try again.")


def refusal(refused: Refused) -> Response:
    """The problem document of a refusal (RFC 9457); 429 and 503 say when to come back."""
    headers = _headers(PROBLEM)
    if isinstance(refused, RateLimited):
        headers["Retry-After"] = str(refused.wait)
    elif refused.status == 503:
        headers["Retry-After"] = str(RETRY_SECONDS)
    return refused.status, msgspec.json.encode(refused.problem()), headers


def _headers(content_type: str) -> dict[str, str]:
    return {"Content-Type": content_type, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def lower_case_headers(environ: Mapping[str, Any]) -> dict[str, str]:
    """The headers of a WSGI environ by lower-case name."""
    return {key[5:].replace("_", "-").lower(): value for key, value in environ.items() if key.startswith("HTTP_")}
