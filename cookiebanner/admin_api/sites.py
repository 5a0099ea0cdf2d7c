"""The site of a token: its settings, hosts, kill switch; a new site."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from consent.sites import actions
from consent.sites.models import Membership, Site
from consent.sites.queries import actor_of, role_of
from consent.sites.roles import May, can
from cookiebanner.admin_api.base import AdminView, Query, Strict
from cookiebanner.admin_api.errors import Refusal
from cookiebanner.admin_api.openapi import Does


class Codes(serializers.ListField):
    """A list of short texts."""

    child = serializers.CharField(max_length=35)


class MovedFrom(Strict):
    manager = serializers.CharField(required=False, max_length=40)
    names = serializers.DictField(child=serializers.CharField(max_length=100), required=False)
    days = serializers.IntegerField(required=False, allow_null=True, max_value=400)
    key = serializers.CharField(required=False, max_length=60)


class SiteSettings(Strict, serializers.ModelSerializer):
    """Settings of a site, as `consent.sites.actions.SETTINGS` names them."""

    languages = Codes(allow_empty=False, max_length=100)
    ads_advanced_consent_mode = Codes(required=False, max_length=100)
    moved_from = MovedFrom(required=False)

    class Meta:
        model = Site
        fields: tuple[str, ...] = actions.SETTINGS


class SiteChange(SiteSettings):
    """What of the settings is to change; the rest stays."""

    languages = Codes(required=False, allow_empty=False, max_length=100)

    class Meta(SiteSettings.Meta):
        extra_kwargs: dict[str, Any] = {"name": {"required": False}}


class SiteOut(serializers.ModelSerializer):
    id = serializers.UUIDField(source="uuid", help_text="The site's public id")
    hosts = serializers.ListField(child=serializers.CharField())
    languages = serializers.ListField(child=serializers.CharField())
    ads_advanced_consent_mode = serializers.ListField(child=serializers.CharField())
    moved_from = serializers.DictField()

    class Meta:
        model = Site
        fields: tuple[str, ...] = ("id", "hosts", *actions.SETTINGS, "killed_at", "kill_reason", "created_at")


class NewSite(SiteSettings):
    """A new site; settings that are not given are the usual ones."""

    languages = Codes(required=False, allow_empty=False, max_length=100)
    id = serializers.UUIDField(required=False, help_text="OneTrust's data-domain-script, to take a page over")
    hosts = serializers.ListField(child=serializers.CharField(max_length=253), allow_empty=False, max_length=200)
    cover_apex = serializers.BooleanField(required=False, help_text="www.example.com brings example.com along.")

    class Meta(SiteSettings.Meta):
        fields: tuple[str, ...] = ("id", "hosts", "cover_apex", *actions.SETTINGS)
        extra_kwargs: dict[str, Any] = {"name": {"required": False}}


class SiteMade(SiteOut):
    secret = serializers.CharField(help_text="A token for the new site with the scopes of the asking one; told once.")

    class Meta(SiteOut.Meta):
        fields: tuple[str, ...] = ("secret", *SiteOut.Meta.fields)


class Hosts(Strict):
    hosts = serializers.ListField(child=serializers.CharField(max_length=253), allow_empty=False, max_length=200)


class Reason(Strict):
    reason = serializers.CharField(max_length=500)


class TokenSelf(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    site = serializers.UUIDField()
    scopes = serializers.ListField(child=serializers.CharField())
    made_by = serializers.CharField(allow_null=True)
    role = serializers.CharField(allow_null=True, help_text="The role of its maker now, which bounds it")
    expires_at = serializers.DateTimeField(allow_null=True)
    last_used_at = serializers.DateTimeField(allow_null=True)


def site_data(site: Site) -> dict[str, Any]:
    """A site as it is shown."""
    site = Site.objects.get(pk=site.pk)
    plain = {name: getattr(site, name) for name in actions.SETTINGS}
    hosts = sorted(site.hosts.values_list("name", flat=True))
    ended = {"killed_at": when(site.killed_at), "kill_reason": site.kill_reason}
    return {"id": str(site.uuid), "hosts": hosts, **plain, **ended, "created_at": when(site.created_at)}


def when(moment: datetime | None) -> str | None:
    """A moment as every answer writes it (RFC 3339)."""
    return moment.isoformat().replace("+00:00", "Z") if moment else None


class TokenView(AdminView):
    """The token itself: what it may, until when, and when it was last used."""

    tag = "tokens"
    does = {"GET": Does("read_own_token", None, TokenSelf)}

    def get(self, request: Request) -> Response:
        token = self.token
        role = role_of(token.made_by, token.site) if token.made_by else Membership.Role.OWNER
        return self.shown(
            {
                "id": token.pk,
                "name": token.name,
                "site": str(token.site.uuid),
                "scopes": token.scopes,
                "made_by": token.made_by.email if token.made_by else None,
                "role": role,
                "expires_at": when(token.expires_at),
                "last_used_at": when(token.last_used_at),
            }
        )


class SitesView(AdminView):
    """The sites that this token sees, which is its own; a new one, for owners."""

    tag = "sites"
    does = {
        "GET": Does("list_sites", May.VIEW, SiteOut, query=Query, page=True),
        "POST": Does("create_site", May.MANAGE, SiteMade, body=NewSite, status=201),
    }

    def get(self, request: Request) -> Response:
        asked = self.asked(Query)
        return self.page(Site.objects.filter(pk=self.token.site_id), "pk", site_data, asked)

    def create(self, request: Request, **kwargs: Any) -> Response:
        """The maker of the token owns the new site; a token for it comes with the answer."""
        data, person, token = self.given(NewSite), self.token.made_by, self.token
        if person is None or not can(role_of(person, token.site), May.MANAGE):
            raise Refusal("missing_scope", "A new site needs an owner: a token that a person made.")
        uuid: UUID | None = data.pop("id", None)
        with transaction.atomic():
            site = actions.create_site(data.pop("hosts"), self.actor, uuid=uuid, owners=[person], **data)
            _, secret = actions.create_token(
                site, token.name, token.scopes, actor_of(token), token.expires_at, made_by=person
            )
        response = self.shown({"secret": secret, **site_data(site)}, 201)
        response["Location"] = f"/api/admin/v1/sites/{site.uuid}"
        return response


class SiteView(AdminView):
    """A site and its settings; visitors get a change with the next release."""

    tag = "sites"
    does = {
        "GET": Does("read_site", May.VIEW, SiteOut),
        "PATCH": Does("change_site", May.MANAGE, SiteOut, body=SiteChange, guarded=True),
    }

    def get(self, request: Request, site: UUID) -> Response:
        return self.shown(site_data(self.own))

    def patch(self, request: Request, site: UUID) -> Response:
        data: Mapping[str, Any] = self.given(SiteChange)
        return self.change(lambda: site_data(self.own), lambda: actions.change_settings(self.own, self.actor, **data))


class HostsView(AdminView):
    """The hosts that show the site's banner, as a whole."""

    tag = "sites"
    does = {
        "GET": Does("read_hosts", May.VIEW, Hosts),
        "PUT": Does("set_hosts", May.MANAGE, Hosts, body=Hosts, guarded=True),
    }

    def _read(self) -> dict[str, Any]:
        return {"hosts": sorted(self.own.hosts.values_list("name", flat=True))}

    def get(self, request: Request, site: UUID) -> Response:
        return self.shown(self._read())

    def put(self, request: Request, site: UUID) -> Response:
        hosts = self.given(Hosts)["hosts"]
        return self.change(self._read, lambda: actions.set_hosts(self.own, hosts, self.actor))


class KillView(AdminView):
    """Makes the gate inert within a minute: nothing is held, nothing shown."""

    tag = "sites"
    does = {"POST": Does("kill_site", May.KILL, SiteOut, body=Reason)}

    def create(self, request: Request, **kwargs: Any) -> Response:
        actions.kill_site(self.own, self.actor, self.given(Reason)["reason"])
        return self.shown(site_data(self.own))


class ReviveView(AdminView):
    """Takes the kill switch back."""

    tag = "sites"
    does = {"POST": Does("revive_site", May.KILL, SiteOut)}

    def create(self, request: Request, **kwargs: Any) -> Response:
        actions.revive_site(self.own, self.actor)
        return self.shown(site_data(self.own))
