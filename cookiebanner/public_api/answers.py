"""`POST /api/v1/consents`: the documented form of the endpoint. The lane answers the same, faster."""

from __future__ import annotations

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpResponse
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from consent.answers import intake, schema
from cookiebanner.health import readiness
from cookiebanner.public_api import openapi
from cookiebanner.visitors import consents, door
from cookiebanner.visitors.counts import counters
from cookiebanner.visitors.django import lower_headers, raw_body


class Consents(APIView):
    @extend_schema(
        operation_id="record_answer",
        request=openapi.request(schema.Answer),
        responses={
            201: OpenApiResponse(openapi.ref(schema.Stored), description="Stored, durably and in the tree"),
            200: OpenApiResponse(openapi.ref(schema.Stored), description="The same answer again: the first one's body"),
            **openapi.problems(*openapi.PROBLEMS),
        },
    )
    def post(self, request: Request) -> HttpResponse:
        """Records a visitor's answer. The Origin must be one of the site's hosts."""
        counters.start()
        headers, body = lower_headers(request), raw_body(request._request)
        peer = request.META.get("REMOTE_ADDR", "")
        try:
            prepared = consents.prepare(body, headers.get("content-type"), headers.get("origin"), headers, peer)
        except Exception as error:
            return to_response(door.refusal(consents.failure(error, stored=False)))
        try:
            [outcome] = intake.record([prepared.draft])
        except Exception as error:
            if isinstance(error, (OperationalError, InterfaceError)):
                readiness.refused(error)
            return to_response(door.refusal(consents.failure(error)))
        readiness.stored()
        response = to_response(consents.answer(prepared, outcome))
        if response.status_code < 300 and "origin" in headers:  # as the lane: who could answer may read what came of it
            response["Access-Control-Allow-Origin"] = headers["origin"]
            response["Access-Control-Expose-Headers"] = ", ".join(settings.CORS_EXPOSE_HEADERS)
        return response


def to_response(response: door.ResponseParts) -> HttpResponse:
    status, body, headers = response
    return HttpResponse(body, status=status, headers=headers)
