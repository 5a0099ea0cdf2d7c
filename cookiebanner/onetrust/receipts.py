"""`POST /request/v1/consentreceipts`: receipts in OneTrust's form, from pages that post them by themselves."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from csp.decorators import csp_exempt
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from consent.answers import foreign_receipts, intake
from consent.jurisdictions import locate
from consent.ledger.append import utc_text
from cookiebanner.visitors import consents, door, rate_limit
from cookiebanner.visitors.django import lower_headers, raw_body
from cookiebanner.visitors.place import place_of
from cookiebanner.visitors.published import TooManyMisses, published


@csrf_exempt
@csp_exempt()
@require_POST
def take(request: HttpRequest) -> HttpResponse:
    """Records it for the site of the page that sent it: the body names none that we know."""
    try:
        return _taken(request)
    except Exception as error:
        status, body, headers = door.refusal(consents.failure(error))
        return HttpResponse(body, status=status, headers=headers)


def _taken(request: HttpRequest) -> HttpResponse:
    headers, body, peer = lower_headers(request), raw_body(request), request.META.get("REMOTE_ADDR", "")
    host = door.admit(rate_limit.CONSENTS, body, headers.get("content-type"), headers.get("origin"), headers, peer)
    receipt = foreign_receipts.decode(body)
    entry = published.site_of_host(host)
    try:
        site, release = published.find(entry.uuid) if entry else (None, None)
    except TooManyMisses:
        raise door.unavailable() from None
    if site is None or release is None:
        raise door.unknown_site()
    door.check_origin(site, release.number, release, True, host)
    place = place_of(headers, peer)
    made = foreign_receipts.draft(
        receipt,
        body,
        site,
        release,
        locate.decide(place, datetime.now(UTC).date(), release.overrides),
        origin_host=host,
        user_agent=headers.get("user-agent", ""),
        place=place,
    )
    [outcome] = intake.record([made])
    if outcome.status not in ("created", "replayed"):
        raise consents.REFUSED[outcome.status]
    assert outcome.index is not None and outcome.received_at is not None
    address = f"/api/v1/consents/{made.record_id}/receipt?site={made.site_uuid}"
    stored = {"id": str(made.record_id), "index": outcome.index, "received_at": utc_text(outcome.received_at)}
    status = 201 if outcome.status == "created" else 200
    parts = door.json_headers(door.JSON)
    return HttpResponse(msgspec.json.encode(stored | {"receipt": address}), status=status, headers=parts)
