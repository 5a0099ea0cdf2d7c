"""`POST /api/v1/impressions` and `/api/v1/reports`: what gates count and notice. No visitor data, no record."""

from __future__ import annotations

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiResponse, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from consent.stats.models import GateReport
from cookiebanner.adapt import lower_headers, raw_body, to_django
from cookiebanner.counters import counters

_PROBLEMS = {
    400: OpenApiResponse(description="Not the schema (problem+json, code `invalid`)"),
    403: OpenApiResponse(description="Origin is not a host of the site"),
    404: OpenApiResponse(description="No such site"),
    413: OpenApiResponse(description="More than 8 kB"),
    422: OpenApiResponse(description="No such release, regime or language"),
}
_IMPRESSION = inline_serializer(
    "Impression",
    {
        "site": serializers.CharField(),
        "kind": serializers.ChoiceField(["view", "banner", "preferences"]),
        "release": serializers.IntegerField(required=False),
        "regime": serializers.CharField(required=False),
        "language": serializers.CharField(required=False),
        "gpc": serializers.BooleanField(required=False, help_text="Global Privacy Control is on."),
    },
)
_REPORTS = inline_serializer(
    "Reports",
    {
        "site": serializers.CharField(),
        "release": serializers.IntegerField(required=False),
        "level": serializers.CharField(required=False),
        "page": serializers.CharField(required=False),
        "items": inline_serializer(
            "ReportItem",
            {
                "kind": serializers.ChoiceField(GateReport.Kind.choices),
                "subject": serializers.CharField(required=False),
            },
            many=True,
            required=False,
        ),
    },
)


def _take(what: str, request: Request) -> HttpResponse:
    counters.start()
    body = raw_body(request._request)
    return to_django(counters.take(what, lower_headers(request), body, request.META.get("REMOTE_ADDR", "")))


class Impressions(APIView):
    @extend_schema(operation_id="count_impression", request=_IMPRESSION, responses={204: None, **_PROBLEMS})
    def post(self, request: Request) -> HttpResponse:
        """Counts one view of the banner, the preference center or a page."""
        return _take("impressions", request)


class Reports(APIView):
    @extend_schema(operation_id="report", request=_REPORTS, responses={204: None, **_PROBLEMS})
    def post(self, request: Request) -> HttpResponse:
        """Tells of unknown third-party hosts, categories and services, and of what of the gate did not do its work."""
        return _take("reports", request)
