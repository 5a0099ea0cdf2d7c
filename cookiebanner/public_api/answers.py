"""`POST /api/v1/consents`: the documented form of the endpoint. The lane answers the same, faster."""

from __future__ import annotations

from django.db import InterfaceError, OperationalError
from django.http import HttpResponse
from drf_spectacular.utils import OpenApiResponse, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from consent.answers import intake
from consent.answers.errors import Refused
from cookiebanner import endpoint
from cookiebanner.adapt import lower_headers, raw_body
from cookiebanner.health import readiness

_STATES = ["granted", "denied", "not_offered"]
_ACTIONS = ["accept_all", "reject_all", "custom", "close", "withdraw", "opt_out", "gpc"]


def _vector(**options: bool) -> serializers.DictField:
    return serializers.DictField(child=serializers.ChoiceField(_STATES), **options)


ANSWER = inline_serializer(
    "Answer",
    {
        "site": serializers.UUIDField(),
        "id": serializers.UUIDField(help_text="Made by the client; the idempotency key."),
        "visitor": serializers.UUIDField(required=False, allow_null=True),
        "replaces": serializers.UUIDField(required=False, allow_null=True, help_text="id of the previous answer"),
        "release": serializers.IntegerField(min_value=1),
        "regime": serializers.CharField(max_length=40),
        "language": serializers.CharField(max_length=20),
        "layer": serializers.CharField(required=False, allow_null=True, max_length=40),
        "action": serializers.ChoiceField(_ACTIONS),
        "choices": inline_serializer(
            "Choices",
            {"categories": _vector(), "purposes": _vector(required=False), "services": _vector(required=False)},
        ),
        "signals": serializers.DictField(required=False, allow_null=True),
        "page": serializers.CharField(required=False, allow_null=True, help_text="Host or URL; the query is dropped."),
        "client_time": serializers.CharField(required=False, allow_null=True, help_text="A remark, never the time."),
    },
)
STORED = inline_serializer(
    "Stored",
    {
        "id": serializers.UUIDField(),
        "index": serializers.IntegerField(help_text="Leaf of the site's tree"),
        "received_at": serializers.DateTimeField(),
        "receipt": serializers.CharField(help_text="URL of the receipt, relative to this server"),
    },
)
PROBLEM = inline_serializer(
    "Problem",
    {
        "type": serializers.CharField(),
        "status": serializers.IntegerField(),
        "code": serializers.CharField(help_text="Stable; what a program should look at"),
        "title": serializers.CharField(),
    },
)
PROBLEMS = {
    400: "invalid_json, invalid_utf8, unknown_field, invalid_field",
    403: "origin_not_allowed",
    404: "unknown_site",
    409: "id_conflict: the id was used for another content",
    410: "erased",
    413: "too_large: more than 8 kB",
    415: "unsupported_media_type",
    422: "unknown_release, unknown_regime, unknown_category, unknown_purpose, unknown_service, incomplete_vector, "
    "action_disagrees",
    429: "rate_limited, with Retry-After",
    503: "unavailable or log_restarted, with Retry-After",
}


def problems(*statuses: int) -> dict[tuple[int, str], OpenApiResponse]:
    """The documentation of refusals with these statuses."""
    return {(status, endpoint.PROBLEM): OpenApiResponse(PROBLEM, description=PROBLEMS[status]) for status in statuses}


class Consents(APIView):
    @extend_schema(
        operation_id="record_answer",
        request={"application/json": ANSWER, "text/plain": ANSWER},
        responses={
            201: OpenApiResponse(STORED, description="Stored, durably and in the tree"),
            200: OpenApiResponse(STORED, description="The same answer again: the first time's body"),
            **problems(*PROBLEMS),
        },
    )
    def post(self, request: Request) -> HttpResponse:
        """Records a visitor's answer. The Origin must be one of the site's hosts."""
        headers = lower_headers(request)
        try:
            prepared = endpoint.prepare(
                raw_body(request._request),
                headers.get("content-type"),
                headers.get("origin"),
                headers,
                request.META.get("REMOTE_ADDR", ""),
            )
            [outcome] = intake.record([prepared.draft])
            readiness.stored()
            response = endpoint.answer(prepared, outcome)
        except Refused as refused:
            response = endpoint.refusal(refused)
        except (OperationalError, InterfaceError) as error:
            readiness.refused(error)
            response = endpoint.refusal(endpoint.UNAVAILABLE)
        return to_response(response)


def to_response(response: endpoint.Response) -> HttpResponse:
    status, body, headers = response
    return HttpResponse(body, status=status, headers=headers)
