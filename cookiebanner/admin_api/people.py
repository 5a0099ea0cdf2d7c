"""Team, invitations, tokens, and the audit trail."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import Http404
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from consent.common import InvalidChange
from consent.sites import actions
from consent.sites.models import ApiToken, Invitation, Membership
from consent.sites.roles import May
from consent.trail.models import AuditEvent
from consent.trail.verbs import words_of
from cookiebanner.admin_api.base import AdminView, Query, Strict
from cookiebanner.admin_api.openapi import Does
from cookiebanner.admin_api.sites import when
from cookiebanner.staff import invitations, mail


class RoleIn(Strict):
    role = serializers.ChoiceField(Membership.Role.choices)


class MemberOut(RoleIn):
    id = serializers.IntegerField(help_text="Of the person")
    email = serializers.CharField()


class InviteIn(RoleIn):
    email = serializers.EmailField(max_length=254)


class InvitationOut(InviteIn):
    id = serializers.IntegerField()
    inviter = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()
    sent_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField()


class TokenIn(Strict):
    """Its scopes are among those of the asking token, and it ends no later."""

    name = serializers.CharField(max_length=100)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(list(actions.SCOPES)), allow_empty=False, max_length=len(actions.SCOPES)
    )
    days = serializers.IntegerField(min_value=1, max_value=3650, required=False, allow_null=True, default=None)


class TokenOut(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    prefix = serializers.CharField(help_text="What its text begins with, after fg_")
    scopes = serializers.ListField(child=serializers.CharField())
    made_by = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)


class TokenMade(TokenOut):
    secret = serializers.CharField(help_text="The token; told once, and not by a replay.")


class EventOut(serializers.Serializer):
    number = serializers.IntegerField(allow_null=True)
    at = serializers.DateTimeField()
    actor = serializers.CharField()
    verb = serializers.CharField()
    words = serializers.CharField()
    detail = serializers.DictField()
    id = serializers.IntegerField()


class EventQuery(Query):
    actor = serializers.CharField(required=False, max_length=254)
    verb = serializers.CharField(required=False, max_length=60)


def member_data(row: Membership) -> dict[str, Any]:
    return {"id": row.user_id, "email": row.user.email, "role": row.role}


def invitation_data(row: Invitation) -> dict[str, Any]:
    return {
        "id": row.pk,
        "email": row.email,
        "role": row.role,
        "inviter": row.inviter.email if row.inviter else None,
        "created_at": when(row.created_at),
        "sent_at": when(row.sent_at),
        "expires_at": when(row.expires_at),
    }


def token_data(row: ApiToken) -> dict[str, Any]:
    return {
        "id": row.pk,
        "name": row.name,
        "prefix": row.prefix,
        "scopes": row.scopes,
        "made_by": row.made_by.email if row.made_by else None,
        **{name: when(getattr(row, name)) for name in ("created_at", "expires_at", "last_used_at", "revoked_at")},
    }


def event_data(row: AuditEvent) -> dict[str, Any]:
    about = {"id": row.pk, "number": row.number, "at": when(row.at), "actor": row.actor}
    return {**about, "verb": row.verb, "words": words_of(row.verb), "detail": row.detail}


class MembersView(AdminView):
    """Who may do what on the site."""

    tag = "team"
    does = {"GET": Does("list_members", May.MANAGE, MemberOut, query=Query, page=True)}

    def get(self, request: Request, site: UUID) -> Response:
        return self.page(self.own.memberships.select_related("user"), "user_id", member_data, self.asked(Query))


class MemberView(AdminView):
    """One member: the role, or the end of it. New ones are invited."""

    tag = "team"
    does = {
        "GET": Does("read_member", May.MANAGE, MemberOut),
        "PUT": Does("set_role", May.MANAGE, MemberOut, body=RoleIn, guarded=True),
        "DELETE": Does("remove_member", May.MANAGE, guarded=True),
    }

    def _row(self, user: int) -> Membership:
        found = self.own.memberships.select_related("user").filter(user_id=user).first()
        if found is None:
            raise Http404
        return found

    def _read(self, user: int) -> dict[str, Any] | None:
        found = self.own.memberships.select_related("user").filter(user_id=user).first()
        return member_data(found) if found else None

    def get(self, request: Request, site: UUID, user: int) -> Response:
        return self.shown(member_data(self._row(user)))

    def put(self, request: Request, site: UUID, user: int) -> Response:
        row, role = self._row(user), self.given(RoleIn)["role"]
        return self.change(lambda: self._read(user), lambda: actions.set_role(self.own, row.user, role, self.actor))

    def delete(self, request: Request, site: UUID, user: int) -> Response:
        row = self._row(user)
        return self.change(lambda: self._read(user), lambda: actions.remove_member(self.own, row.user, self.actor))


class InvitationsView(AdminView):
    """Who is invited. An invitation is mailed; its link is in no answer."""

    tag = "team"
    does = {
        "GET": Does("list_invitations", May.MANAGE, InvitationOut, query=Query, page=True),
        "POST": Does("invite", May.MANAGE, InvitationOut, body=InviteIn, status=201),
    }

    def get(self, request: Request, site: UUID) -> Response:
        rows = self.own.invitations.filter(accepted_at=None, withdrawn_at=None).select_related("inviter")
        return self.page(rows, "id", invitation_data, self.asked(Query))

    def create(self, request: Request, **kwargs: Any) -> Response:
        data = self.given(InviteIn)
        _with_mail()
        with transaction.atomic():
            row = actions.invite(self.own, data["email"], data["role"], self.actor, self.token.made_by)
            invitations.send_soon(row)
        return self.shown(invitation_data(row), 201)


def _with_mail() -> None:
    if missing := mail.missing():
        raise InvalidChange(f"No mail can be sent: {' and '.join(missing)} not set on this server.")


class _OneInvitation(AdminView):
    tag = "team"

    def row(self, pk: int) -> Invitation:
        rows = self.own.invitations.filter(accepted_at=None, withdrawn_at=None).select_related("inviter")
        found = rows.filter(pk=pk).first()
        if found is None:
            raise Http404
        return found


class InvitationView(_OneInvitation):
    """One open invitation; DELETE withdraws it, and its link ends."""

    does = {
        "GET": Does("read_invitation", May.MANAGE, InvitationOut),
        "DELETE": Does("withdraw_invitation", May.MANAGE),
    }

    def get(self, request: Request, site: UUID, invitation: int) -> Response:
        return self.shown(invitation_data(self.row(invitation)))

    def delete(self, request: Request, site: UUID, invitation: int) -> Response:
        actions.withdraw_invitation(self.row(invitation), self.actor)
        return Response(status=204)


class ResendView(_OneInvitation):
    """Mails an open invitation again, with a new link."""

    does = {"POST": Does("resend_invitation", May.MANAGE, InvitationOut)}

    def create(self, request: Request, **kwargs: Any) -> Response:
        row = self.row(kwargs["invitation"])
        _with_mail()
        with transaction.atomic():
            row = actions.resend_invitation(row, self.actor, self.token.made_by)
            invitations.send_soon(row)
        return self.shown(invitation_data(row))


class TokensView(AdminView):
    """The site's tokens. A new one may at most what the asking one may."""

    tag = "tokens"
    does = {
        "GET": Does("list_tokens", May.MANAGE, TokenOut, query=Query, page=True),
        "POST": Does("create_token", May.MANAGE, TokenMade, body=TokenIn, status=201),
    }

    def get(self, request: Request, site: UUID) -> Response:
        return self.page(self.own.tokens.select_related("made_by"), "id", token_data, self.asked(Query))

    def create(self, request: Request, **kwargs: Any) -> Response:
        data, mine = self.given(TokenIn), self.token
        if more := sorted(set(data["scopes"]) - set(mine.scopes)):
            raise InvalidChange(f"This token has not the scope {', '.join(more)}, and can't give it on.")
        ends = [timezone.now() + timedelta(days=data["days"])] if data["days"] else []
        ends += [mine.expires_at] if mine.expires_at else []
        row, secret = actions.create_token(
            self.own, data["name"], data["scopes"], self.actor, min(ends, default=None), made_by=mine.made_by
        )
        return self.shown({"secret": secret, **token_data(row)}, 201)


class OneTokenView(AdminView):
    """One token; DELETE ends it at once."""

    tag = "tokens"
    does = {"GET": Does("read_token", May.MANAGE, TokenOut), "DELETE": Does("revoke_token", May.MANAGE)}

    def _row(self, pk: int) -> ApiToken:
        found = self.own.tokens.select_related("made_by").filter(pk=pk).first()
        if found is None:
            raise Http404
        return found

    def get(self, request: Request, site: UUID, token: int) -> Response:
        return self.shown(token_data(self._row(token)))

    def delete(self, request: Request, site: UUID, token: int) -> Response:
        actions.revoke_token(self._row(token), self.actor)
        return Response(status=204)


class TrailView(AdminView):
    """Who changed what, the newest first."""

    tag = "trail"
    does = {"GET": Does("list_trail", May.VIEW, EventOut, query=EventQuery, page=True)}

    def get(self, request: Request, site: UUID) -> Response:
        asked = self.asked(EventQuery)
        wanted = {name: asked[name] for name in ("actor", "verb") if name in asked}
        return self.page(self.own.audit_events.filter(**wanted), "id", event_data, asked, newest=True)
