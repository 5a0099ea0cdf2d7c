"""Records, exports, erasures, and the figures of a site."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.http import FileResponse, Http404
from drf_spectacular.types import OpenApiTypes
from rest_framework import serializers
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from consent.common import InvalidChange
from consent.exports import actions as exports
from consent.exports.copies import KIND
from consent.exports.formats import SEPARATORS
from consent.jobs.models import Job
from consent.ledger import erasure, search
from consent.ledger.models import ConsentRecord, LogEntry
from consent.sites.roles import May
from consent.stats import queries as stats
from consent.trail.actions import audit
from cookiebanner.admin_api.base import AdminView, Query, Strict, position
from cookiebanner.admin_api.openapi import Does
from cookiebanner.admin_api.sites import when

SAID = ("action", "regime", "jurisdiction", "release")  # of records, without an index
COLUMNS = ("jurisdiction", "regime", "language", "release")
LONGEST_PERIOD = 400  # days of figures


class RecordOut(serializers.Serializer):
    index = serializers.IntegerField()
    id = serializers.UUIDField()
    type = serializers.CharField()
    received_at = serializers.DateTimeField()
    day = serializers.DateField()
    release = serializers.IntegerField(allow_null=True)
    regime = serializers.CharField(allow_blank=True)
    jurisdiction = serializers.CharField(allow_blank=True)
    language = serializers.CharField(allow_blank=True)
    action = serializers.CharField(allow_blank=True)
    visitor = serializers.UUIDField(allow_null=True)
    replaces = serializers.UUIDField(allow_null=True)
    record = serializers.DictField(allow_null=True, help_text="What was committed to; null = erased")


class RecordQuery(Query):
    """Records, the newest first."""

    id = serializers.UUIDField(required=False)
    visitor = serializers.UUIDField(required=False)
    action = serializers.CharField(required=False, max_length=12)
    regime = serializers.CharField(required=False, max_length=40)
    jurisdiction = serializers.CharField(required=False, max_length=10)
    release = serializers.IntegerField(required=False, min_value=1, max_value=2**31 - 1)

    def get_fields(self) -> dict[str, Any]:
        days = {name: serializers.DateField(required=False) for name in ("from", "to")}
        return {**super().get_fields(), **days}


class Period(Strict):
    by = serializers.ChoiceField(["day", *COLUMNS], default="day")

    def get_fields(self) -> dict[str, Any]:
        days = {name: serializers.DateField() for name in ("from", "to")}
        return {**super().get_fields(), **days}

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if not 0 <= (data["to"] - data["from"]).days < LONGEST_PERIOD:
            raise serializers.ValidationError({"to": [f"At most {LONGEST_PERIOD} days, in their order."]})
        return data


class StatsRow(serializers.Serializer):
    name = serializers.CharField()
    shown = serializers.IntegerField(help_text="Banners")
    answers = serializers.IntegerField()
    accept = serializers.IntegerField()
    reject = serializers.IntegerField()
    custom = serializers.IntegerField()
    other = serializers.IntegerField()
    imported = serializers.IntegerField(help_text="Said to an earlier system; in no other figure")
    accepted_share = serializers.FloatField(
        allow_null=True, help_text="Accept-all answers of banners shown, under every law together"
    )


class Stats(serializers.Serializer):
    total = StatsRow()
    rows = StatsRow(many=True)


class ErasureIn(Strict):
    """A visitor, or any record of theirs. The reason stays in the ledger: nothing personal."""

    visitor = serializers.UUIDField(required=False)
    record = serializers.UUIDField(required=False)
    reason = serializers.CharField(max_length=500, required=False, default="The visitor asked for it.")

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if ("visitor" in data) == ("record" in data):
            raise serializers.ValidationError("Give a visitor or a record.")
        return data


class ErasureOut(serializers.Serializer):
    records = serializers.IntegerField()
    entries = serializers.ListField(child=serializers.IntegerField(), help_text="Ledger entries that say so")
    exports = serializers.IntegerField(help_text="Exports that held one of them and were removed")


class ExportIn(Strict):
    format = serializers.ChoiceField(list(exports.FORMATS))
    separator = serializers.ChoiceField(list(SEPARATORS), required=False, default=",")

    def get_fields(self) -> dict[str, Any]:
        days = {name: serializers.DateField() for name in ("from", "to")}
        return {**super().get_fields(), **days}

    def validate(self, data: dict[str, Any]) -> dict[str, Any]:
        if data["from"] > data["to"]:
            raise serializers.ValidationError({"to": ["The end lies before the start."]})
        return data


class ExportOut(serializers.Serializer):
    id = serializers.IntegerField()
    state = serializers.ChoiceField(Job.Status.choices)
    format = serializers.CharField()
    done = serializers.IntegerField()
    total = serializers.IntegerField(allow_null=True)
    message = serializers.CharField(allow_blank=True)
    records = serializers.IntegerField(allow_null=True)
    bytes = serializers.IntegerField(allow_null=True)
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    file = serializers.BooleanField(help_text="Whether it can be taken, under /file")

    def get_fields(self) -> dict[str, Any]:
        days = {name: serializers.DateField() for name in ("from", "to")}
        return {**super().get_fields(), **days}


def record_data(row: ConsentRecord) -> dict[str, Any]:
    plain = ("index", "type", "release", "regime", "jurisdiction", "language", "action")
    ids = {"id": row.record_id, "visitor": row.visitor, "replaces": row.replaces}
    return {
        **{name: getattr(row, name) for name in plain},
        **{name: str(value) if value else None for name, value in ids.items()},
        "received_at": when(row.received_at),
        "day": row.day.isoformat(),
        "record": json.loads(row.payload) if row.payload else None,
    }


def export_data(job: Job) -> dict[str, Any]:
    return {
        "id": job.pk,
        "state": job.state,
        **{name: job.params.get(name) for name in ("format", "from", "to")},
        **{name: getattr(job, name) for name in ("done", "total", "message")},
        **{name: job.result.get(name) for name in ("records", "bytes")},
        "created_at": when(job.created_at),
        "finished_at": when(job.finished_at),
        "file": exports.file_of(job) is not None,
    }


def stats_data(row: stats.AnswerTotals) -> dict[str, Any]:
    names = ("name", "shown", "answers", "accept", "reject", "custom", "other", "imported", "accepted_share")
    return {name: getattr(row, name) for name in names}


def midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


class RecordsView(AdminView):
    """Search in the records of all kinds of ledger entries. Of what has no index (action, regime, jurisdiction,
    release) each page reads 100,000 entries at most: it may hold few or none, and `next` leads on to the beginning of
    the log.
    """

    tag = "records"
    does = {"GET": Does("search_records", May.EXPORT, RecordOut, query=RecordQuery, page=True)}

    def get(self, request: Request, site: UUID) -> Response:
        asked = self.asked(RecordQuery)
        rows = ConsentRecord.objects.filter(site_id=self.own.pk)
        rows = rows.filter(**{name: asked[name] for name in ("visitor", *SAID) if name in asked})
        read_to = None
        if "id" in asked:  # the entries have an index of ids
            entries = LogEntry.objects.filter(site_id=self.own.pk, record_id=asked["id"])
            index, day = entries.values_list("index", "day").first() or (-1, date.min)
            rows = rows.filter(
                index=index, received_at__gte=midnight(day), received_at__lt=midnight(day) + timedelta(days=1)
            )
        elif "visitor" not in asked and any(name in asked for name in SAID):
            before = position(ConsentRecord, "index", asked["after"]) if asked.get("after") else 2**62
            end = asked.get("to") if asked.get("to") != date.max else None
            query = search.Query(start=asked.get("from"), end=end)
            floor, before = search.span(self.own.pk, query, min(before, search.end_of(self.own.pk)))
            start = max(floor, before - search.WINDOW)
            rows = rows.filter(index__lt=before, index__gte=start)
            read_to = start if start > floor else None
        if "from" in asked:
            rows = rows.filter(received_at__gte=midnight(asked["from"]))
        if "to" in asked and asked["to"] < date.max:
            rows = rows.filter(received_at__lt=midnight(asked["to"]) + timedelta(days=1))
        return self.page(rows, "index", record_data, asked, newest=True, read_to=read_to)


class RecordView(AdminView):
    """One record by its place in the ledger."""

    tag = "records"
    does = {"GET": Does("read_record", May.EXPORT, RecordOut)}

    def get(self, request: Request, site: UUID, index: int) -> Response:
        row = ConsentRecord.objects.filter(site_id=self.own.pk, index=index).first() if index < 2**62 else None
        if row is None:
            raise Http404
        return self.shown(record_data(row))


class ErasuresView(AdminView):
    """Erases one visitor's records. Their leaves stay, and say nothing; every proof still holds."""

    tag = "records"
    does = {"POST": Does("erase", May.ERASE, ErasureOut, body=ErasureIn)}

    def create(self, request: Request, **kwargs: Any) -> Response:
        data = self.given(ErasureIn)
        try:
            done = erasure.erase(
                self.own,
                visitor=data.get("visitor"),
                record_id=data.get("record"),
                actor=self.actor,
                reason=data["reason"],
            )
        except ValueError as error:
            raise InvalidChange(str(error)) from None
        return Response({"records": done.count, "entries": done.entries, "exports": done.exports})


class StatsView(AdminView):
    """Answers and banners of a period, by day or by another column."""

    tag = "stats"
    does = {"GET": Does("read_stats", May.VIEW, Stats, query=Period)}

    def get(self, request: Request, site: UUID) -> Response:
        asked = self.asked(Period)
        first, last, by = asked["from"], asked["to"], asked["by"]
        days = stats.by_day(self.own.pk, first, last)
        rows = days if by == "day" else stats.by_column(self.own.pk, first, last, by)
        return self.shown({"total": stats_data(stats.total(days)), "rows": [stats_data(row) for row in rows]})


class ExportsView(AdminView):
    """Exports to files. They are made in the background: ask for the state until it is `done`, then take the file."""

    tag = "exports"
    does = {
        "GET": Does("list_exports", May.EXPORT, ExportOut, query=Query, page=True),
        "POST": Does("create_export", May.EXPORT, ExportOut, body=ExportIn, status=202),
    }

    def get(self, request: Request, site: UUID) -> Response:
        return self.page(self.own.jobs.filter(kind=KIND), "id", export_data, self.asked(Query), newest=True)

    def create(self, request: Request, **kwargs: Any) -> Response:
        data = self.given(ExportIn)
        days = {name: data[name].isoformat() for name in ("from", "to")}
        job = exports.ask(self.own, self.actor, self.token.made_by, **{**data, **days})
        response = self.shown(export_data(job), 202)
        response["Location"] = f"{request.path}/{job.pk}"
        return response


class _OneExport(AdminView):
    tag = "exports"

    def job(self, pk: int) -> Job:
        found = self.own.jobs.filter(kind=KIND, pk=pk).first()
        if found is None:
            raise Http404
        return found


class ExportView(_OneExport):
    """How far an export is; DELETE stops one that waits or runs."""

    does = {"GET": Does("read_export", May.EXPORT, ExportOut), "DELETE": Does("stop_export", May.EXPORT)}

    def get(self, request: Request, site: UUID, job: int) -> Response:
        return self.shown(export_data(self.job(job)))

    def delete(self, request: Request, site: UUID, job: int) -> Response:
        if not exports.stop(self.job(job), self.actor):
            raise InvalidChange("This export has ended.")
        return Response(status=204)


class Octets(JSONRenderer):
    """For who asks for a file only: a refusal is a problem document all the same."""

    media_type, format = "application/octet-stream", "bin"


class ExportFileView(_OneExport):
    """The finished file; who takes it is in the audit trail."""

    renderer_classes = (JSONRenderer, Octets)
    does = {"GET": Does("download_export", May.EXPORT, OpenApiTypes.BINARY)}

    def get(self, request: Request, site: UUID, job: int) -> FileResponse:
        row = self.job(job)
        path = exports.file_of(row)
        if path is None:
            raise Http404
        audit(self.own, self.actor, "export.download", job=row.pk, format=row.params.get("format"))
        name = f"{self.own.uuid}-{row.pk}{''.join(path.suffixes)}"
        return FileResponse(path.open("rb"), as_attachment=True, filename=name, content_type="application/octet-stream")
