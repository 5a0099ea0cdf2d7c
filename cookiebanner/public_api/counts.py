"""`POST /api/v1/impressions` and `/api/v1/reports`: what gates count and notice. No visitor data, no record."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from consent.stats.schema import Impression
from consent.stats.schema import Reports as ReportsBody
from cookiebanner.public_api import openapi
from cookiebanner.public_api.answers import to_response
from cookiebanner.visitors import consents, door
from cookiebanner.visitors.counts import counters
from cookiebanner.visitors.django import lower_headers, raw_body, to_django

_STATUSES = (400, 403, 404, 413, 415, 422, 429, 503)
_COUNT_PROBLEMS = openapi.problems(
    *_STATUSES, _422="unknown_release, unknown_regime, unknown_language", _503="unavailable"
)
_REPORT_PROBLEMS = openapi.problems(*_STATUSES, _422="unknown_release, unknown_subject", _503="unavailable")


def _take(what: str, request: Request) -> HttpResponse:
    counters.start()
    body = raw_body(request._request)
    try:
        return to_django(counters.receive(what, lower_headers(request), body, request.META.get("REMOTE_ADDR", "")))
    except Exception as error:  # as in the lane: 503 when the database is away
        return to_response(door.refusal(consents.failure(error, stored=False)))


class Impressions(APIView):
    @extend_schema(
        operation_id="count_impression",
        request=openapi.request(Impression),
        responses={204: None, **_COUNT_PROBLEMS},
    )
    def post(self, request: Request) -> HttpResponse:
        """Counts one view of the banner, the preference center or a page."""
        return _take("impressions", request)


class Reports(APIView):
    @extend_schema(
        operation_id="report",
        request=openapi.request(ReportsBody),
        responses={204: None, **_REPORT_PROBLEMS},
    )
    def post(self, request: Request) -> HttpResponse:
        """Tells of unknown third-party hosts, categories and services, and of what of the gate did not do its work."""
        return _take("reports", request)
