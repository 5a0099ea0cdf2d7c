"""`GET /api/v1/consents/<id>/receipt`: for programs JSON or a proof file, for people a page."""

from __future__ import annotations

import json
import threading
import time
from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.views import APIView

from consent.answers import receipt_words
from consent.answers.errors import RejectedSubmission
from consent.answers.receipts import NotYet, Receipt, receipt
from consent.banners import texts
from consent.ledger.models import LogEntry
from consent.publishing.models import Release
from cookiebanner.public_api import choice_receipts, openapi
from cookiebanner.public_api.answers import to_response
from cookiebanner.visitors import delivery, door
from cookiebanner.visitors.django import lower_headers

_RECEIPT = inline_serializer(
    "Receipt",
    {
        "id": serializers.UUIDField(),
        "site": serializers.UUIDField(),
        "type": serializers.CharField(),
        "index": serializers.IntegerField(),
        "received_at": serializers.DateTimeField(),
        "day": serializers.DateField(),
        "release": serializers.IntegerField(allow_null=True, help_text="Null of a choice, which has none"),
        "release_hash": serializers.CharField(),
        "documents": inline_serializer(
            "DocumentInForce",
            {
                "document": serializers.CharField(help_text="Its name in addresses"),
                "version": serializers.IntegerField(),
                "entry": serializers.IntegerField(help_text="Where the ledger names it"),
                "sha256": serializers.CharField(help_text="Of its text in the record's language"),
            },
            many=True,
        ),
        "record": serializers.CharField(help_text="The exact text that was committed to"),
        "salt": serializers.CharField(),
        "commitment": serializers.CharField(),
        "leaf": serializers.CharField(),
        "size": serializers.IntegerField(help_text="Leaves under the checkpoint"),
        "root": serializers.CharField(),
        "proof": serializers.ListField(child=serializers.CharField()),
        "checkpoint": serializers.CharField(help_text="C2SP signed note"),
        "key": serializers.CharField(help_text="The checkpoint's verifier key (vkey)"),
        "tlog_proof": serializers.CharField(help_text="All of it as a C2SP tlog-proof file"),
        "how_to_verify": serializers.CharField(),
    },
)
_PROBLEMS = {
    400: "invalid_field",
    404: "unknown_record",
    410: "erased",
    503: "not_signed_yet or log_restarted, with Retry-After",
}
# Readers that wait for the next signature, at most a second each; further ones are asked to come back.
_patience = threading.Semaphore(settings.FAIRGATE_THREADS // 4)


class ReceiptView(APIView):
    @extend_schema(
        operation_id="read_receipt",
        parameters=[
            OpenApiParameter(
                "site", OpenApiTypes.UUID, description="The record's site; without it the first record with the id"
            )
        ],
        responses={
            (200, "application/json"): _RECEIPT,
            (200, "text/plain"): OpenApiResponse(OpenApiTypes.STR, description="C2SP tlog-proof"),
            **openapi.problems(*_PROBLEMS, **{f"_{status}": text for status, text in _PROBLEMS.items()}),
        },
    )
    def get(self, request: Request, record_id: UUID) -> HttpResponse:
        """Proves that an answer or a choice is in the ledger. Browsers get a page, `Accept: text/plain` the proof file.

        A log is signed at most once a second for this: right after an answer a receipt may take that long, or get 503
        `not_signed_yet` with `Retry-After: 1`.
        """
        return respond(request._request, record_id)

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """The view looks at Accept itself: a receipt is never refused for it."""
        return super().perform_content_negotiation(request, force=True)


def respond(request: HttpRequest, record_id: UUID) -> HttpResponse:
    wanted = request.headers.get("Accept", "")
    html = "text/html" in wanted
    try:
        site = UUID(request.GET["site"]) if request.GET.get("site") else None
        found = signed_receipt(record_id, site)
    except ValueError:
        response = to_response(door.refusal(RejectedSubmission("invalid_field", "site is not a UUID.", field="site")))
    except RejectedSubmission as refused:
        if html:
            response = render(request, "receipt.html", refusal_page(request, refused), status=door.STATUS[refused.code])
        else:
            response = to_response(door.refusal(refused))
        if isinstance(refused, NotYet):
            response["Retry-After"] = "1"
    else:
        if html:
            response = _shown(request, found)
        elif "text/plain" in wanted:
            response = HttpResponse(found.tlog_proof(), content_type="text/plain; charset=utf-8")
        else:
            response = HttpResponse(msgspec.json.encode(found.json()), content_type="application/json")
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    patch_vary_headers(response, ["Accept", "Accept-Language"] if html else ["Accept"])
    return response


def _shown(request: HttpRequest, found: Receipt) -> HttpResponse:
    if found.entry.type != LogEntry.Type.CHOICE:
        return render(request, "receipt.html", page(found))
    wanted = delivery.wishes(lower_headers(request), "")
    shown = choice_receipts.page(found, wanted, request.GET.get("lang", "")[:35])
    return render(request, choice_receipts.TEMPLATE, shown | _documents(found))


def signed_receipt(record_id: UUID, site: UUID | None) -> Receipt:
    """The receipt, after the next signature if that is still to come. Raises RejectedSubmission, as `receipt` does;
    NotYet when enough others wait already."""
    try:
        return receipt(record_id, site)
    except NotYet as early:
        if not _patience.acquire(blocking=False):
            raise
        try:
            time.sleep(early.wait + 0.01)
        finally:
            _patience.release()
        return receipt(record_id, site)


def page(found: Receipt) -> dict[str, Any]:
    """What the page shows, in the visitor's language: the answer in words, with the names that were seen, then the
    proof."""
    payload = found.payload()
    text = Release.objects.filter(site=found.site, number=found.record.release or 0).values_list("snapshot", flat=True)
    snapshot = json.loads(text.first() or "{}")
    language = payload.get("language", "")
    words = receipt_words.words(language)
    groups = []
    for what, states in payload["choices"].items():
        items: dict[str, dict[str, Any]] = {item["key"]: item for item in snapshot.get(what, [])}
        rows = [(_name(items.get(key, {}), key, language), words[state], state) for key, state in states.items()]
        if rows:
            groups.append((words[what], rows))
    return {
        **_spoken(language),
        "receipt": found,
        "payload": payload,
        "said": receipt_words.action(payload["action"], language, _signals(payload)),
        "stored": receipt_words.stored(found.record.received_at, found.site.name, language),
        "proof": receipt_words.proof(found.entry.index, found.size, language),
        "groups": groups,
        "json": found.json(),
        **_documents(found),
    }


def _documents(found: Receipt) -> dict[str, Any]:
    """The documents that were in force: their titles, versions and addresses."""
    base = f"/v1/{found.site.uuid}/read"
    return {
        "documents": [
            (one.texts[spoken]["title"], one.number, f"{base}/{one.document.key}/{one.number}/{spoken}/")
            for one, spoken in found.documents()
        ]
    }


def refusal_page(request: HttpRequest, refused: RejectedSubmission) -> dict[str, Any]:
    """What the page shows in place of a receipt, in a language that the browser wishes for."""
    wanted = delivery.wishes(lower_headers(request), "")
    language = delivery.first_language((texts.FALLBACK, *receipt_words.shipped()), wanted)
    words = receipt_words.words(language)
    what = {"erased": "erased", "not_signed_yet": "not_signed"}.get(refused.code, "unknown")
    title = words["not_signed_yet" if what == "not_signed" else what]
    return {**_spoken(language), "refused": refused, "said": title, "why": words[f"{what}_text"]}


def _spoken(language: str) -> dict[str, Any]:
    code = receipt_words.nearest(language)
    return {"words": receipt_words.words(language), "language": code, "direction": texts.direction(code)}


def _signals(payload: dict[str, Any]) -> str:
    """The names of the browser's signals that decided."""
    return ", ".join(sorted(payload.get("signals", {}).get("acted_on", {}).values()))


def _name(item: dict[str, Any], key: str, language: str) -> str:
    """What a category, purpose or service was called in the visitor's language."""
    texts: dict[str, dict[str, str]] = item.get("texts") or {}
    own = texts.get(language) or next(iter(texts.values()), {})
    return item.get("name") or own.get("name") or key
