"""From the draft to what visitors get: lint, differences, publish, roll back, plan, approve, sign off."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from consent.publishing import actions, queries, rendered
from consent.publishing.differences import Line, differences
from consent.publishing.models import LintWaiver, PublishRequest, Release
from consent.publishing.snapshot import canonical, sha256_of
from consent.sites.roles import May
from cookiebanner.admin_api.base import AdminView, Query, Strict
from cookiebanner.admin_api.openapi import Does, Finding
from cookiebanner.admin_api.sites import when
from cookiebanner.releases import publish as publisher

KINDS = ("add", "gone", "change")  # of differences


class Change(serializers.Serializer):
    kind = serializers.ChoiceField(KINDS)
    what = serializers.CharField()
    before = serializers.CharField(allow_blank=True)
    after = serializers.CharField(allow_blank=True)


class Changes(serializers.Serializer):
    """Differences in words, under a heading."""

    about = serializers.CharField()
    changes = Change(many=True)


class Draft(serializers.Serializer):
    sha256 = serializers.CharField()
    release = serializers.IntegerField(allow_null=True, help_text="The current release; null before the first")
    changed = serializers.BooleanField()
    differences = Changes(many=True)


class Lint(serializers.Serializer):
    may_be_published = serializers.BooleanField()
    findings = Finding(many=True)


class ReleaseOut(serializers.Serializer):
    number = serializers.IntegerField()
    sha256 = serializers.CharField()
    note = serializers.CharField()
    published_by = serializers.CharField()
    published_at = serializers.DateTimeField()
    rolled_back_to = serializers.IntegerField(allow_null=True)


class ReleaseWithDifferences(ReleaseOut):
    against = serializers.IntegerField(allow_null=True)
    differences = Changes(many=True)


class Against(Strict):
    against = serializers.IntegerField(required=False, min_value=1, help_text="A release; else the one before")


class NoteIn(Strict):
    note = serializers.CharField(max_length=500, allow_blank=True, required=False, default="")


class AskIn(NoteIn):
    publish_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class EndIn(Strict):
    why = serializers.CharField(max_length=500, allow_blank=True, required=False, default="")


class PublishRequestOut(serializers.Serializer):
    id = serializers.IntegerField()
    number = serializers.IntegerField(help_text="The release that it becomes")
    sha256 = serializers.CharField()
    note = serializers.CharField()
    publish_at = serializers.DateTimeField(allow_null=True)
    requested_by = serializers.CharField()
    requested_at = serializers.DateTimeField()
    approved_by = serializers.CharField(allow_blank=True)
    approved_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    outcome = serializers.CharField(allow_blank=True)
    why = serializers.CharField(allow_blank=True)


class WaiverIn(Strict):
    rule = serializers.CharField(max_length=8)
    regime = serializers.CharField(max_length=40, allow_blank=True, required=False, default="")
    subject = serializers.CharField(max_length=200, allow_blank=True, required=False, default="")
    text = serializers.CharField(max_length=400, allow_blank=True, required=False, default="")
    signed_by = serializers.CharField(max_length=200)
    reason = serializers.CharField(max_length=1000)


class WaiverOut(WaiverIn):
    id = serializers.IntegerField()
    at = serializers.DateTimeField()


def release_data(row: Release) -> dict[str, Any]:
    return {
        "number": row.number,
        "sha256": row.sha256,
        "note": row.note,
        "published_by": row.published_by,
        "published_at": when(row.published_at),
        "rolled_back_to": row.rolled_back_to,
    }


def request_data(row: PublishRequest) -> dict[str, Any]:
    moments = ("publish_at", "requested_at", "approved_at", "ended_at")
    plain = ("sha256", "note", "requested_by", "approved_by", "outcome", "why")
    return {
        "id": row.pk,
        "number": row.base + 1,
        **{name: getattr(row, name) for name in plain},
        **{name: when(getattr(row, name)) for name in moments},
    }


def waiver_data(row: LintWaiver) -> dict[str, Any]:
    plain = ("rule", "regime", "subject", "text", "signed_by", "reason")
    return {"id": row.pk, "at": when(row.at), **{name: getattr(row, name) for name in plain}}


def in_words(groups: list[tuple[str, list[Line]]]) -> list[dict[str, Any]]:
    """Differences as they are shown."""
    return [{"about": title, "changes": [line._asdict() for line in lines]} for title, lines in groups]


class DraftView(AdminView):
    """What the draft would change for visitors."""

    tag = "releases"
    does = {"GET": Does("read_draft", May.VIEW, Draft)}

    def get(self, request: Request, site: UUID) -> Response:
        draft, current = queries.draft(self.own), queries.current_release(self.own)
        before, sha256 = queries.snapshot_of(self.own), sha256_of(canonical(draft))
        return self.shown(
            {
                "sha256": sha256,
                "release": current.number if current else None,
                "changed": current is None or current.sha256 != sha256,
                "differences": in_words(differences(before, draft)) if before else [],
            }
        )


class LintView(AdminView):
    """What stands in the way of publishing the draft, and what is advised."""

    tag = "releases"
    does = {"GET": Does("lint_draft", May.VIEW, Lint)}

    def get(self, request: Request, site: UUID) -> Response:
        found = rendered.check(self.own, queries.draft(self.own))
        blocked = any(finding.blocks for finding in found)
        return self.shown({"may_be_published": not blocked, "findings": [asdict(finding) for finding in found]})


class ReleasesView(AdminView):
    """The releases, the newest first; POST publishes the draft."""

    tag = "releases"
    does = {
        "GET": Does("list_releases", May.VIEW, ReleaseOut, query=Query, page=True),
        "POST": Does("publish", May.PUBLISH, ReleaseOut, body=NoteIn, status=201),
    }

    def get(self, request: Request, site: UUID) -> Response:
        return self.page(queries.releases(self.own), "number", release_data, self.asked(Query), newest=True)

    def create(self, request: Request, **kwargs: Any) -> Response:
        made = publisher.publish(self.own, self.actor, self.given(NoteIn)["note"])
        response = self.shown(release_data(made), 201)
        response["Location"] = f"{request.path}/{made.number}"
        return response


class ReleaseView(AdminView):
    """One release, with what it changed in words."""

    tag = "releases"
    does = {"GET": Does("read_release", May.VIEW, ReleaseWithDifferences, query=Against)}

    def get(self, request: Request, site: UUID, number: int) -> Response:
        row = queries.releases(self.own).filter(number=number).first()
        after = queries.snapshot_of(self.own, number)
        if row is None or after is None:
            raise Http404
        against = self.asked(Against).get("against", number - 1) or None
        before = queries.snapshot_of(self.own, against) if against else None
        if against and before is None:
            raise serializers.ValidationError({"against": ["The site has no such release."]})
        groups = in_words(differences(before, after)) if before else []
        return self.shown({**release_data(row), "against": against, "differences": groups})


class RollbackView(AdminView):
    """Publishes the content of an old release again, as a new one; the draft stays."""

    tag = "releases"
    does = {"POST": Does("roll_back", May.PUBLISH, ReleaseOut, body=NoteIn, status=201)}

    def create(self, request: Request, **kwargs: Any) -> Response:
        if not self.own.releases.filter(number=kwargs["number"]).exists():
            raise Http404
        made = publisher.rollback(self.own, kwargs["number"], self.actor, self.given(NoteIn)["note"])
        return self.shown(release_data(made), 201)


class PublishRequestsView(AdminView):
    """What is to be published at a time, or once somebody else has approved it. One is open at a time."""

    tag = "releases"
    does = {
        "GET": Does("list_publish_requests", May.VIEW, PublishRequestOut, query=Query, page=True),
        "POST": Does("ask_to_publish", May.PUBLISH, PublishRequestOut, body=AskIn, status=201),
    }

    def get(self, request: Request, site: UUID) -> Response:
        return self.page(self.own.publish_requests.all(), "id", request_data, self.asked(Query), newest=True)

    def create(self, request: Request, **kwargs: Any) -> Response:
        data = self.given(AskIn)
        if not data["publish_at"] and not self.own.publish_needs_approval:
            raise serializers.ValidationError({"publish_at": ["Say when; without a time publish at once."]})
        row = publisher.ask(self.own, self.actor, data["note"], data["publish_at"])
        return self.shown(request_data(row), 201)


class _OneRequest(AdminView):
    tag = "releases"

    def row(self, pk: int) -> PublishRequest:
        found = self.own.publish_requests.filter(pk=pk).first()
        if found is None:
            raise Http404
        return found


class PublishRequestView(_OneRequest):
    """One request, with what it changes in words."""

    does = {"GET": Does("read_publish_request", May.VIEW, PublishRequestOut)}

    def get(self, request: Request, site: UUID, wanted: int) -> Response:
        return self.shown(request_data(self.row(wanted)))


class ApproveView(_OneRequest):
    """A second person's yes. Whoever asked, by a token too, can't give it."""

    does = {"POST": Does("approve_publish_request", May.PUBLISH, PublishRequestOut)}

    def create(self, request: Request, **kwargs: Any) -> Response:
        publisher.approve(self.row(kwargs["wanted"]), self.actor)
        return self.shown(request_data(self.row(kwargs["wanted"])))


class EndRequestView(_OneRequest):
    """Takes a request back, or declines somebody else's."""

    does = {"POST": Does("end_publish_request", May.PUBLISH, PublishRequestOut, body=EndIn)}

    def create(self, request: Request, **kwargs: Any) -> Response:
        row, why = self.row(kwargs["wanted"]), self.given(EndIn)["why"]
        return self.shown(request_data(actions.end_request(row, self.actor, why)))


class WaiversView(AdminView):
    """The sign-offs of lint rules in force; POST signs one off by name."""

    tag = "releases"
    does = {
        "GET": Does("list_waivers", May.VIEW, WaiverOut, query=Query, page=True),
        "POST": Does("sign_off", May.WAIVE, WaiverOut, body=WaiverIn, status=201),
    }

    def get(self, request: Request, site: UUID) -> Response:
        return self.page(self.own.lint_waivers.filter(revoked_at=None), "id", waiver_data, self.asked(Query))

    def create(self, request: Request, **kwargs: Any) -> Response:
        return self.shown(waiver_data(actions.waive(self.own, actor=self.actor, **self.given(WaiverIn))), 201)


class WaiverView(AdminView):
    """One sign-off; DELETE takes it back, and the next publish is linted without it."""

    tag = "releases"
    does = {
        "GET": Does("read_waiver", May.VIEW, WaiverOut),
        "DELETE": Does("revoke_waiver", May.WAIVE, guarded=True),
    }

    def _read(self, pk: int) -> dict[str, Any] | None:
        row = self.own.lint_waivers.filter(pk=pk, revoked_at=None).first()
        return waiver_data(row) if row else None

    def get(self, request: Request, site: UUID, waiver: int) -> Response:
        data = self._read(waiver)
        if data is None:
            raise Http404
        return self.shown(data)

    def delete(self, request: Request, site: UUID, waiver: int) -> Response:
        row = self.own.lint_waivers.filter(pk=waiver, revoked_at=None).first()
        if row is None:
            raise Http404
        return self.change(lambda: self._read(waiver), lambda: actions.revoke_waiver(row, self.actor))
