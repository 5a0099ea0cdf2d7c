"""What people ask about their data. Lists, and answers to what is written, hold nothing of a person: they are kept for
a day, for replays. One request by its number has all of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import transaction
from django.http import Http404
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from consent.common import InvalidChange
from consent.requests import actions, evidence, queries
from consent.requests.deadlines import Kind
from consent.requests.models import LONGEST_DETAILS, RequestEvent, RequestFile, SubjectRequest
from consent.requests.texts import LANGUAGES
from consent.sites.roles import May
from cookiebanner.admin_api.base import AdminView, Query, Strict
from cookiebanner.admin_api.openapi import Does
from cookiebanner.admin_api.sites import when
from cookiebanner.staff import request_mails

KINDS = tuple(kind.value for kind in Kind)
CHANNELS = tuple(value for value in SubjectRequest.Channel.values if value != SubjectRequest.Channel.FORM)
OUTCOMES, GROUNDS = SubjectRequest.Outcome.values, SubjectRequest.Because.values
MOMENTS = ("received_at", "confirmed_at", "acknowledged_at", "extended_at", "closed_at")
DAYS = ("receipt_due", "due", "keep_until")
PLAIN = ("number", "kind", "place", "law", "channel", "language", "status", "outcome", "because")
PERSONAL = ("name", "email", "details", "agent", "reference", "extension_reason")


class RequestIn(Strict):
    """What came by telephone, letter, mail or in person; the days count from `received`."""

    channel = serializers.ChoiceField(CHANNELS)
    received = serializers.DateField(required=False, help_text="Without it: today, in UTC")
    kind = serializers.ChoiceField(KINDS)
    place = serializers.CharField(max_length=10, help_text="Where the person lives: DE, US-CA, *")
    language = serializers.ChoiceField(LANGUAGES)
    name = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    email = serializers.EmailField(max_length=254, required=False, allow_blank=True, default="")
    details = serializers.CharField(max_length=LONGEST_DETAILS, required=False, allow_blank=True, default="")
    agent = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    reference = serializers.CharField(max_length=100, required=False, allow_blank=True, default="")

    def validate_place(self, text: str) -> str:
        """One of the table of laws."""
        if text != "*" and text not in {id for id, _ in queries.places("en")}:
            raise serializers.ValidationError("There is no such place.")
        return text


class RequestChange(Strict):
    owner = serializers.IntegerField(allow_null=True, help_text="Of a member who may work on requests; null: nobody")


class AnswerIn(Strict):
    """Mailed to the person in these words, with where to complain and how to appeal."""

    outcome = serializers.ChoiceField(OUTCOMES)
    because = serializers.ChoiceField(GROUNDS, required=False, default="", help_text="Why not wholly")
    text = serializers.CharField(max_length=LONGEST_DETAILS)


class ExtendIn(Strict):
    reason = serializers.CharField(max_length=500, help_text="Mailed to the person")


class RequestNote(Strict):
    text = serializers.CharField(max_length=LONGEST_DETAILS, help_text="Stays among colleagues")


class AddressesIn(Strict):
    emails = serializers.ListField(child=serializers.EmailField(max_length=254), allow_empty=False, max_length=1000)


class SuppressedOut(serializers.Serializer):
    suppressed = serializers.ListField(
        child=serializers.IntegerField(), help_text="The places, from 0, of those that must not be written to, or sold"
    )


class RequestOut(serializers.Serializer):
    number = serializers.CharField()
    kind = serializers.ChoiceField(KINDS)
    place = serializers.CharField()
    law = serializers.CharField()
    channel = serializers.ChoiceField(SubjectRequest.Channel.choices)
    language = serializers.CharField()
    status = serializers.ChoiceField(SubjectRequest.Status.choices)
    outcome = serializers.CharField(allow_blank=True)
    because = serializers.CharField(allow_blank=True)
    owner = serializers.CharField(allow_null=True)
    received_at = serializers.DateTimeField()
    confirmed_at = serializers.DateTimeField(allow_null=True)
    acknowledged_at = serializers.DateTimeField(allow_null=True)
    receipt_due = serializers.DateField(allow_null=True)
    due = serializers.DateField()
    overdue = serializers.BooleanField()
    extended_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    keep_until = serializers.DateField(allow_null=True, help_text="Deleted whole after it")


class RequestLine(serializers.Serializer):
    at = serializers.DateTimeField()
    kind = serializers.ChoiceField(RequestEvent.Kind.choices)
    by = serializers.CharField(allow_blank=True, help_text="Empty: the person, or the server by itself")
    text = serializers.CharField()


class RequestFileOut(serializers.Serializer):
    name = serializers.CharField()
    bytes = serializers.IntegerField()
    for_person = serializers.BooleanField()
    expires_at = serializers.DateTimeField(allow_null=True)


class RequestWhole(RequestOut):
    name = serializers.CharField(allow_blank=True)
    email = serializers.CharField(allow_blank=True)
    details = serializers.CharField(allow_blank=True)
    agent = serializers.CharField(allow_blank=True)
    reference = serializers.CharField(allow_blank=True)
    extension_reason = serializers.CharField(allow_blank=True)
    log = RequestLine(many=True)
    files = RequestFileOut(many=True)


class EvidenceOut(serializers.Serializer):
    """One request with its log, its entries in the ledger and the SHA-256 of its files, without the notes."""

    format = serializers.CharField()
    site = serializers.DictField()
    number = serializers.CharField()
    kind = serializers.CharField()
    channel = serializers.CharField()
    place = serializers.CharField()
    law = serializers.DictField()
    person = serializers.DictField()
    status = serializers.CharField()
    outcome = serializers.CharField(allow_blank=True)
    because = serializers.CharField(allow_blank=True)
    received_at = serializers.DateTimeField()
    confirmed_at = serializers.DateTimeField(allow_null=True)
    acknowledged_at = serializers.DateTimeField(allow_null=True)
    receipt_due = serializers.DateField(allow_null=True)
    due = serializers.DateField()
    extended_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    in_time = serializers.BooleanField(allow_null=True)
    ledger = serializers.DictField(child=serializers.IntegerField(), help_text="Step: its entry")
    log = serializers.ListField(child=serializers.DictField())
    files = serializers.ListField(child=serializers.DictField())


class RequestQuery(Query):
    """Requests, the newest first."""

    status = serializers.ChoiceField(SubjectRequest.Status.choices, required=False)
    kind = serializers.ChoiceField(KINDS, required=False)
    owner = serializers.CharField(max_length=254, required=False, help_text="An address, or nobody")
    overdue = serializers.BooleanField(required=False, default=False)
    search = serializers.CharField(max_length=254, required=False, help_text="A part of a number, or a whole address")


def request_data(row: SubjectRequest) -> dict[str, Any]:
    today = timezone.now().date()
    return {
        **{name: getattr(row, name) for name in PLAIN},
        "owner": row.owner.email if row.owner else None,
        **{name: when(getattr(row, name)) for name in MOMENTS},
        **{name: _day(getattr(row, name)) for name in DAYS},
        "overdue": row.status == SubjectRequest.Status.OPEN and row.days_left(today) < 0,
    }


def _day(value: date | None) -> str | None:
    return value.isoformat() if value else None


def whole_data(row: SubjectRequest) -> dict[str, Any]:
    return {
        **request_data(row),
        **{name: getattr(row, name) for name in PERSONAL},
        "log": [
            {"at": when(event.at), "kind": event.kind, "by": event.actor, "text": event.text}
            for event in row.events.all()
        ],
        "files": [_file(file) for file in row.files.defer("content")],
    }


def _file(file: RequestFile) -> dict[str, Any]:
    about = {"name": file.name, "bytes": file.size, "for_person": file.for_person}
    return {**about, "expires_at": when(file.expires_at)}


class RequestsView(AdminView):
    """What people ask about their data; POST files what came by telephone, letter, mail or in person."""

    tag = "requests"
    does = {
        "GET": Does("list_requests", May.REQUESTS, RequestOut, query=RequestQuery, page=True),
        "POST": Does("file_request", May.REQUESTS, RequestOut, body=RequestIn, status=201),
    }

    def get(self, request: Request, site: UUID) -> Response:
        asked = self.asked(RequestQuery)
        wanted = {name: asked[name] for name in ("status", "kind", "owner", "overdue", "search") if name in asked}
        rows = queries.matching(self.own, **wanted).defer(*PERSONAL)
        return self.page(rows, "pk", request_data, asked, newest=True)

    def create(self, request: Request, **kwargs: Any) -> Response:
        data, now = self.given(RequestIn), timezone.now()
        day = data.pop("received", now.date())
        received = now if day == now.date() else datetime.combine(day, time(), UTC)
        with transaction.atomic():
            row = actions.file_request(self.own, actor=self.actor, received_at=received, **data)
            request_mails.send_soon(row, request_mails.RECEIPT)
        response = Response(request_data(row), 201)
        response["Location"] = f"{request.path}/{row.number}"
        return response


class _OneRequest(AdminView):
    tag = "requests"

    def row(self, number: str) -> SubjectRequest:
        found = queries.matching(self.own).filter(number=number.upper()[:12]).first()
        if found is None:
            raise Http404
        return found

    def does_to(self, number: str, verb: Callable[[SubjectRequest], Any], status: int = 200) -> Response:
        """Does it, and answers with how the request stands then."""
        row = self.row(number)
        with transaction.atomic():
            verb(row)
        return Response(request_data(self.row(number)), status)


class RequestView(_OneRequest):
    """One request with all that was written; PATCH gives it to somebody."""

    does = {
        "GET": Does("read_request", May.REQUESTS, RequestWhole),
        "PATCH": Does("assign_request", May.REQUESTS, RequestWhole, body=RequestChange, guarded=True),
    }

    def get(self, request: Request, site: UUID, asked: str) -> Response:
        return self.shown(whole_data(self.row(asked)))

    def patch(self, request: Request, site: UUID, asked: str) -> Response:
        row, owner = self.row(asked), self.given(RequestChange)["owner"]
        member = self.own.memberships.filter(user_id=owner).first() if owner is not None else None
        if owner is not None and member is None:
            raise InvalidChange("They may not work on requests of this site.")
        person = get_user_model().objects.get(pk=member.user_id) if member else None
        return self.change(lambda: whole_data(self.row(asked)), lambda: actions.assign(row, person, self.actor))


class AnswerView(_OneRequest):
    """Answers a request, which ends it: a denial, whole or in part, says why."""

    does = {"POST": Does("answer_request", May.REQUESTS, RequestOut, body=AnswerIn)}

    def create(self, request: Request, **kwargs: Any) -> Response:
        data = self.given(AnswerIn)
        return self.does_to(
            kwargs["asked"],
            lambda row: request_mails.send_soon(actions.close(row, actor=self.actor, **data), request_mails.CLOSED),
        )


class ExtendView(_OneRequest):
    """Takes the extension that the law knows, once and in time."""

    does = {"POST": Does("extend_request", May.REQUESTS, RequestOut, body=ExtendIn)}

    def create(self, request: Request, **kwargs: Any) -> Response:
        reason = self.given(ExtendIn)["reason"]
        return self.does_to(
            kwargs["asked"],
            lambda row: request_mails.send_soon(actions.extend(row, reason, self.actor), request_mails.EXTENDED),
        )


class NotesView(_OneRequest):
    """Adds a note, which the person never sees."""

    does = {"POST": Does("add_request_note", May.REQUESTS, RequestOut, body=RequestNote, status=201)}

    def create(self, request: Request, **kwargs: Any) -> Response:
        text = self.given(RequestNote)["text"]
        return self.does_to(kwargs["asked"], lambda row: actions.note(row, text, self.actor), 201)


class EvidenceView(_OneRequest):
    """One request as evidence; who takes it is in the audit trail."""

    does = {"GET": Does("export_request", May.REQUESTS, EvidenceOut)}

    def get(self, request: Request, site: UUID, asked: str) -> Response:
        return self.shown(evidence.of(self.row(asked), self.actor))


class SuppressedView(AdminView):
    """Which addresses were erased and must not be written to, or sold, again: for other systems that send or hand on.
    What is asked is not kept, and answered by places in the list."""

    tag = "requests"
    does = {"POST": Does("check_suppressed", May.REQUESTS, SuppressedOut, body=AddressesIn)}

    def create(self, request: Request, **kwargs: Any) -> Response:
        return Response({"suppressed": actions.suppressed_among(self.own, self.given(AddressesIn)["emails"])})
