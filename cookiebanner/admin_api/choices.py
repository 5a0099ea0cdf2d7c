"""What people said about topics: in from apps and back ends, out to other systems."""

from __future__ import annotations

from datetime import datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from consent.common import InvalidChange
from consent.jobs.models import Job
from consent.preferences import collecting, confirming, erasing, imports, queries, subjects
from consent.preferences.collecting import Offer, choice_of, collect
from consent.preferences.models import ChoiceImport, Topic
from consent.preferences.standing import Standing
from consent.sites.roles import May
from cookiebanner.admin_api.base import AdminView, Query, Strict
from cookiebanner.admin_api.openapi import Does
from cookiebanner.admin_api.sites import when
from cookiebanner.staff import choice_links, choice_mails, links, mail

MOST = 500  # choices of one request
ID = "Your id for the person: it is hashed at once and stored nowhere."
Out = serializers.Serializer


class ChoiceIn(Strict):
    id = serializers.CharField(max_length=subjects.LONGEST_ID, help_text=ID)
    topic = serializers.CharField(max_length=40)
    value = serializers.ChoiceField(collecting.VALUES, help_text="notice: the carrier's notice of CPNI was sent")
    at = serializers.CharField(max_length=40, help_text="When the person acted, ISO 8601; without an offset UTC")
    method = serializers.CharField(max_length=16, help_text=", ".join(collecting.METHODS))
    source = serializers.CharField(max_length=collecting.LONGEST_SOURCE, required=False, allow_blank=True)  # type: ignore[assignment]  # DRF takes it out of the class
    evidence = serializers.CharField(max_length=collecting.LONGEST_EVIDENCE, required=False, allow_blank=True)
    language = serializers.CharField(max_length=20, required=False, allow_blank=True)
    wording = serializers.IntegerField(
        min_value=0, max_value=9999, required=False, help_text="The version that was shown; 0 = another system's words"
    )


class ChoicesIn(Strict):
    choices = serializers.ListField(child=ChoiceIn(), allow_empty=False, max_length=MOST)


class TakenOut(Out):
    status = serializers.ChoiceField(["created", "older", "replayed", "erased", "suppressed", "refused"])
    subject = serializers.UUIDField(allow_null=True, help_text="How the person is called here")
    record = serializers.UUIDField(allow_null=True)
    index = serializers.IntegerField(allow_null=True, help_text="Place in the ledger")
    receipt = serializers.CharField(allow_blank=True, help_text="Path of its proof, for you and the person")
    why = serializers.CharField(allow_blank=True, help_text="Of what was refused")


class CollectedOut(Out):
    items = TakenOut(many=True, help_text="One for each choice, in their order")


class ChangeOut(Out):
    index = serializers.IntegerField()
    id = serializers.UUIDField()
    subject = serializers.CharField(allow_blank=True)
    topic = serializers.CharField(allow_blank=True)
    value = serializers.CharField()
    acted_at = serializers.DateTimeField(allow_null=True)
    received_at = serializers.DateTimeField()
    method = serializers.CharField(allow_blank=True)
    source = serializers.CharField(allow_blank=True)  # type: ignore[assignment]  # DRF takes it out of the class
    evidence = serializers.CharField(allow_blank=True)
    language = serializers.CharField(allow_blank=True)
    wording = serializers.IntegerField()
    erased = serializers.BooleanField()


class ChangesOut(Out):
    items = ChangeOut(many=True)
    cursor = serializers.IntegerField(help_text="`after` of the next request, also when nothing came")


class ChangesQuery(Strict):
    after = serializers.IntegerField(
        min_value=-1, max_value=2**62, default=-1, help_text="`cursor` of the answer before"
    )
    limit = serializers.IntegerField(min_value=1, max_value=1000, default=200)


class StandingOut(Out):
    topic = serializers.CharField()
    standing = serializers.ChoiceField([str(one) for one in Standing], help_text="Whether you may")
    because = serializers.ChoiceField(
        ["said", "silence", "not_asked", "reworded", "no_notice", "waiting_period", "suppressed", "ended"]
    )
    counts_from = serializers.DateTimeField(allow_null=True)
    notice_due = serializers.DateTimeField(allow_null=True, help_text="Of CPNI by opt-out: when the notice comes again")
    value = serializers.CharField(allow_blank=True)
    acted_at = serializers.DateTimeField(allow_null=True)
    method = serializers.CharField(allow_blank=True)
    source = serializers.CharField(allow_blank=True)  # type: ignore[assignment]  # DRF takes it out of the class
    wording = serializers.IntegerField(allow_null=True)
    index = serializers.IntegerField(allow_null=True)
    receipt = serializers.CharField(allow_blank=True, help_text="Path of the proof of what it rests on")


class PersonOut(Out):
    subject = serializers.UUIDField()
    topics = StandingOut(many=True)


class PersonIn(Strict):
    id = serializers.CharField(max_length=subjects.LONGEST_ID, help_text=ID)


class LinksIn(PersonIn):
    language = serializers.CharField(max_length=20, required=False, default="")
    days = serializers.IntegerField(min_value=1, max_value=choice_links.LONGEST_LIFE.days, required=False, default=30)
    topic = serializers.CharField(max_length=40, required=False, help_text="With one, also the headers of its mails")


class LinksOut(Out):
    subject = serializers.UUIDField()
    page = serializers.CharField(help_text="The person's page; whoever has it may choose")
    unsubscribe = serializers.CharField(allow_blank=True)
    headers = serializers.DictField(
        child=serializers.CharField(), help_text="Of your mail (RFC 8058); its DKIM signature must cover them"
    )


class ConfirmationIn(PersonIn):
    topic = serializers.CharField(max_length=40)
    address = serializers.EmailField(max_length=254, help_text="Kept until it is confirmed, a week at most")
    language = serializers.CharField(max_length=20, required=False, default="en")
    source = serializers.CharField(max_length=collecting.LONGEST_SOURCE, required=False, default="")  # type: ignore[assignment]  # DRF takes it out of the class
    evidence = serializers.CharField(max_length=200, required=False, default="")


class ConfirmationOut(Out):
    subject = serializers.UUIDField()
    expires_at = serializers.DateTimeField()


class ChoiceErasureIn(PersonIn):
    reason = serializers.CharField(max_length=500, required=False, default="The person asked for it.")


class ChoiceErasureOut(Out):
    records = serializers.IntegerField()
    states = serializers.IntegerField()


class ImportIn(Strict):
    """CSV with a line of names, or JSON Lines; larger files by `manage.py import_choices`."""

    name = serializers.CharField(max_length=150)
    format = serializers.ChoiceField(ChoiceImport.Format.choices)
    source = serializers.CharField(max_length=100, help_text="Where the choices were given")  # type: ignore[assignment]  # DRF takes it out of the class
    evidence = serializers.CharField(max_length=300, required=False, default="")
    content = serializers.CharField(trim_whitespace=False)


class ImportOut(Out):
    number = serializers.IntegerField()
    name = serializers.CharField()
    format = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]  # DRF takes it out of the class
    evidence = serializers.CharField(allow_blank=True)
    bytes = serializers.IntegerField()
    read = serializers.IntegerField(help_text="bytes")
    state = serializers.CharField()
    rows = serializers.IntegerField()
    stored = serializers.IntegerField()
    older = serializers.IntegerField()
    replayed = serializers.IntegerField()
    refused = serializers.IntegerField()
    at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


def standing_data(one: queries.Standing) -> dict[str, Any]:
    state = one.state
    return {
        "topic": one.topic.key,
        "standing": str(one.judged.standing),
        "because": one.judged.because,
        "counts_from": when(one.judged.counts_from),
        "notice_due": when(one.judged.notice_due),
        "value": state.value if state else "",
        "acted_at": when(state.acted_at) if state else None,
        "method": state.method if state else "",
        "source": state.source if state else "",
        "wording": state.wording if state else None,
        "index": state.entry if state else None,
    }


def change_data(one: dict[str, Any]) -> dict[str, Any]:
    return {name: when(value) if isinstance(value, datetime) else value for name, value in one.items()}


def import_data(row: ChoiceImport) -> dict[str, Any]:
    job = Job.objects.filter(pk=row.job).first() if row.job else None
    plain = ("name", "format", "source", "evidence", "rows", "stored", "older", "replayed", "refused")
    return {
        "number": row.pk,
        **{name: getattr(row, name) for name in plain},
        "bytes": row.size,
        "read": job.done if job else row.size,
        "state": job.state if job else "done",
        "at": when(row.at),
        "finished_at": when(row.finished_at),
    }


class ChoicesView(AdminView):
    """POST takes in what people said, each judged by itself: what is refused says why, the rest is stored. GET hands
    all of it out in the order in which it came in."""

    tag = "choices"
    does = {
        "GET": Does("list_choices", May.COLLECT, ChangesOut, query=ChangesQuery),
        "POST": Does("collect_choices", May.COLLECT, CollectedOut, body=ChoicesIn),
    }

    def get(self, request: Request, site: UUID) -> Response:
        asked = self.asked(ChangesQuery)
        found = queries.changes(self.own, asked["after"], asked["limit"])
        cursor = found[-1]["index"] if found else asked["after"]
        return self.shown({"items": [change_data(one) for one in found], "cursor": cursor})

    def create(self, request: Request, **kwargs: Any) -> Response:
        given, offer, now = self.given(ChoicesIn)["choices"], Offer.of(self.own), timezone.now()
        items: list[dict[str, Any]] = []
        good: list[tuple[int, collecting.Choice]] = []
        for fields in given:
            items.append({"status": "refused", "subject": None, "record": None, "index": None, "receipt": "",
                          "why": ""})  # fmt: skip
            try:
                good.append((len(items) - 1, choice_of(offer, fields, now)))
            except InvalidChange as error:
                items[-1]["why"] = str(error)
        for (place, one), taken in zip(good, collect(offer, [one for _, one in good], now), strict=True):
            items[place] |= {"status": taken.status, "subject": str(one.subject), "record": str(taken.record),
                             "index": taken.index, "receipt": self._receipt(taken)}  # fmt: skip
        return Response({"items": items})

    def _receipt(self, taken: collecting.Taken) -> str:
        return links.receipt(self.own, taken.record) if taken.index is not None else ""


class PersonView(AdminView):
    """How all topics stand for a person, by what they are called here (`subject`)."""

    tag = "choices"
    does = {"GET": Does("read_choices", May.COLLECT, PersonOut)}

    def get(self, request: Request, site: UUID, subject: UUID) -> Response:
        return self.shown(self.data(subject))

    def data(self, subject: UUID, *others: UUID) -> dict[str, Any]:
        stands = queries.standings(self.own, subject, timezone.now(), *others)
        records = queries.records_of(self.own, stands)
        receipts = {topic: links.receipt(self.own, record) for topic, record in records.items()}
        topics = [standing_data(one) | {"receipt": receipts.get(one.topic.pk, "")} for one in stands]
        return {"subject": str(subject), "topics": topics}


class FindPersonView(PersonView):
    """The same by your own id, which stands in the body, so that no log of addresses holds it."""

    does = {"POST": Does("find_choices", May.COLLECT, PersonOut, body=PersonIn)}

    def create(self, request: Request, **kwargs: Any) -> Response:
        return Response(self.data(*queries.find_subjects(self.own, self.given(PersonIn)["id"])))


class LinksView(AdminView):
    """Links by which a person chooses without a login, and the headers of one-click unsubscription for your mails."""

    tag = "choices"
    does = {"POST": Does("make_choice_links", May.COLLECT, LinksOut, body=LinksIn)}

    def create(self, request: Request, **kwargs: Any) -> Response:
        data = self.given(LinksIn)
        subject = queries.find_subject(self.own, data["id"])
        if queries.is_suppressed(self.own, subject, data["id"].strip()):
            raise InvalidChange("This person was erased and asked to be left alone.")
        topic: Topic | None = queries.topic_of(self.own, data["topic"]) if "topic" in data else None
        try:
            page = links.absolute(choice_links.page(self.own, subject, data["language"], timedelta(days=data["days"])))
            headers = choice_links.headers(self.own, subject, topic, data["language"]) if topic else {}
        except links.NoAddress as error:
            raise InvalidChange(str(error)) from None
        unsubscribe = headers.get("List-Unsubscribe", "").strip("<>")
        return Response({"subject": str(subject), "page": page, "unsubscribe": unsubscribe, "headers": headers})


class ConfirmationsView(AdminView):
    """Double opt-in: mails the person a link, behind which a button confirms. Nothing is stored as said before."""

    tag = "choices"
    does = {"POST": Does("ask_confirmation", May.COLLECT, ConfirmationOut, body=ConfirmationIn, status=202)}

    def create(self, request: Request, **kwargs: Any) -> Response:
        data = self.given(ConfirmationIn)
        if missing := mail.missing():
            raise InvalidChange(f"This server can't mail: {' and '.join(missing)} not set.")
        topic = queries.topic_of(self.own, data.pop("topic"))
        with transaction.atomic():
            row, to_send = confirming.ask(self.own, topic, identifier=data.pop("id"), **data)
            if to_send:
                choice_mails.send_soon(row)
        return Response({"subject": str(row.subject), "expires_at": when(row.expires_at)}, 202)


class ChoiceErasuresView(AdminView):
    """Erases a person: what they said, how they stand, what waits. A keyed hash stays and keeps them out."""

    tag = "choices"
    does = {"POST": Does("erase_choices", May.ERASE, ChoiceErasureOut, body=ChoiceErasureIn)}

    def create(self, request: Request, **kwargs: Any) -> Response:
        data = self.given(ChoiceErasureIn)
        try:
            done = erasing.erase(self.own, data["id"], self.actor, data["reason"])
        except InvalidChange:
            raise
        except ValueError as error:
            raise InvalidChange(str(error)) from None
        return Response({"records": done.records, "states": done.states})


class ImportsView(AdminView):
    """Files of choices, read in by a background job."""

    tag = "choices"
    does = {
        "GET": Does("list_choice_imports", May.COLLECT, ImportOut, query=Query, page=True),
        "POST": Does("import_choices", May.COLLECT, ImportOut, body=ImportIn, status=202),
    }

    def get(self, request: Request, site: UUID) -> Response:
        return self.page(queries.imports(self.own), "id", import_data, self.asked(Query), newest=True)

    def create(self, request: Request, **kwargs: Any) -> Response:
        data = self.given(ImportIn)
        row = imports.start(
            self.own, self.actor, BytesIO(data["content"].encode()), name=data["name"], form=data["format"],
            source=data["source"], evidence=data["evidence"], requested_by=self.token.made_by,
        )  # fmt: skip
        return Response(import_data(row), 202)
