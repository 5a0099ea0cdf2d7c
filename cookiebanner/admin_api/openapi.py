"""The documentation of the admin API, made from what each address says of itself (`Does`)."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, inline_serializer
from rest_framework import serializers

from consent.sites.roles import May
from cookiebanner.admin_api.errors import CODE_NAMES, CODES
from cookiebanner.problems import PROBLEM


class Does(NamedTuple):
    """What a method of an address does: its name, who may, what it takes and gives.

    `guarded`: it changes what is there, and needs If-Match. `makes`: of a PUT that may make something new.
    """

    name: str
    may: May | None
    out: Any = None  # a serializer; None = nothing (204); OpenApiTypes.BINARY = a file
    body: Any = None
    query: Any = None
    status: int = 200
    page: bool = False
    guarded: bool = False
    makes: bool = False


class Complaint(serializers.Serializer):
    pointer = serializers.CharField(help_text="JSON pointer to the value, after #")
    detail = serializers.CharField()


class Finding(serializers.Serializer):
    rule = serializers.CharField()
    severity = serializers.ChoiceField(["block", "warn"])
    message = serializers.CharField()
    law = serializers.CharField()
    fix = serializers.CharField()
    regime = serializers.CharField(help_text='"" = in all')
    subject = serializers.CharField()
    signed_by = serializers.CharField()
    text = serializers.CharField()
    field = serializers.CharField()

    class Meta:
        ref_name = "Finding"


class AdminProblem(serializers.Serializer):
    """Why a request was refused (RFC 9457). `code` is stable, and what a program should look at."""

    type = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.ChoiceField(CODE_NAMES)
    title = serializers.CharField()
    errors = Complaint(many=True, required=False)  # type: ignore[assignment]  # its own are of no use here
    findings = Finding(many=True, required=False)
    scope = serializers.CharField(required=False, help_text="The scope that is missing")
    release = serializers.IntegerField(required=False, help_text="The current release")


@cache
def page_of(item: type[serializers.Serializer]) -> serializers.Serializer:
    """A page of a list."""
    following = serializers.CharField(allow_null=True, help_text="Path of the next page; also in Link.")
    return inline_serializer(f"{item.__name__}Page", {"items": item(many=True), "next": following})


def statuses(does: Does, method: str, path: str) -> list[int]:
    """The refusals that this method may answer with."""
    found = {401, 403, 406, 429}
    if "{" in path:
        found.add(404)
    if does.body or does.query or method == "POST":
        found.add(400)
    if method != "GET":
        found |= {409, 413, 415, 422, 503}
    if does.guarded:
        found |= {412, 428}
    return sorted(found)


def words(status: int) -> str:
    """The codes that a status comes with."""
    return ", ".join(code for code, row in CODES.items() if row.status == status)


class AdminSchema(AutoSchema):
    """What drf-spectacular asks of a view, answered from its `does`."""

    @property
    def does(self) -> Does:
        found: Does = self.view.does[self.method]  # type: ignore[attr-defined]  # an AdminView
        return found

    def get_operation_id(self) -> str:
        return self.does.name

    def get_tags(self) -> list[str]:
        return [self.view.tag]  # type: ignore[attr-defined]

    def get_description(self) -> str:  # type: ignore[override]  # as drf-spectacular has it
        needs = f"Scope `{self.does.may}`." if self.does.may else "Any living token."
        return f"{(type(self.view).__doc__ or '').strip()}\n\n{needs}"

    def get_request_serializer(self) -> Any:
        return self.does.body

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Any:
        found = super()._map_basic_serializer(serializer, direction)
        return {**found, "additionalProperties": False} if getattr(serializer, "strict", False) else found

    def _is_list_view(self, serializer: Any = None) -> bool:
        return False

    def get_response_serializers(self) -> Any:
        does = self.does
        refused = {
            (status, PROBLEM): OpenApiResponse(AdminProblem, description=words(status))
            for status in statuses(does, self.method, self.path)
        }
        if does.out is None:
            return {204: OpenApiResponse(description="Done."), **refused}
        if does.out is OpenApiTypes.BINARY:
            return {(200, "application/octet-stream"): OpenApiTypes.BINARY, **refused}
        out = page_of(does.out) if does.page else does.out
        made = {201: out} if does.makes else {}
        return {does.status: out, **made, **refused}

    def get_override_parameters(self) -> list[Any]:
        does, found = self.does, []
        if does.query:
            found.append(does.query)
        if self.method == "POST":
            found.append(_header("Idempotency-Key", "Done once under this key, for 24 hours."))
        if does.guarded:
            found.append(_header("If-Match", "The ETag that was read; needed where there is something to change."))
        given = [does.status if does.out else 204]
        found.append(_answer_header("RateLimit", given))
        found.append(_answer_header("RateLimit-Policy", given))
        if (does.guarded or self.method == "GET") and does.out and not does.page:
            found.append(_answer_header("ETag", given))
        return found


def _header(name: str, description: str) -> OpenApiParameter:
    return OpenApiParameter(name, str, OpenApiParameter.HEADER, description=description)


def _answer_header(name: str, statuses: list[int]) -> OpenApiParameter:
    return OpenApiParameter(name, str, OpenApiParameter.HEADER, response=statuses)
