"""The site's webhook: its address, its secret, how deliveries fare."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from consent.answers import optouts
from consent.sites import actions
from consent.sites.models import Site, Webhook
from consent.sites.roles import May
from cookiebanner.admin_api.base import AdminView, Strict
from cookiebanner.admin_api.openapi import Does
from cookiebanner.admin_api.sites import when


class WebhookIn(Strict):
    url = serializers.URLField(max_length=500, allow_blank=True, help_text="Empty: none. Another one: another secret.")


class WebhookOut(serializers.Serializer):
    url = serializers.CharField(allow_blank=True)
    failures = serializers.IntegerField(help_text="In a row")
    paused_at = serializers.DateTimeField(allow_null=True)
    next_try = serializers.DateTimeField(allow_null=True)
    delivered_at = serializers.DateTimeField(allow_null=True)
    last_error = serializers.CharField(allow_blank=True)
    waiting = serializers.IntegerField(help_text="Opt-outs that it has still to be told of")
    dropped = serializers.IntegerField(help_text="Opt-outs that were given up")


class SecretOut(serializers.Serializer):
    secret = serializers.CharField(help_text="whsec_…; told once, and not by a replay. The one before signs for a day.")


class WebhookView(AdminView):
    """Where the site's systems are told, and how that fares."""

    tag = "webhook"
    does = {
        "GET": Does("read_webhook", May.MANAGE, WebhookOut),
        "PUT": Does("set_webhook", May.MANAGE, WebhookOut, body=WebhookIn, guarded=True),
    }

    def _read(self) -> dict[str, Any]:
        site = Site.objects.get(pk=self.own.pk)
        hook = Webhook.objects.filter(site=site).first() or Webhook(site=site)
        return {
            "url": site.webhook_url,
            "failures": hook.failures,
            **{name: when(getattr(hook, name)) for name in ("paused_at", "next_try", "delivered_at")},
            "last_error": hook.last_error,
            "waiting": optouts.waiting(site),
            "dropped": hook.dropped,
        }

    def get(self, request: Request, site: UUID) -> Response:
        return self.shown(self._read())

    def put(self, request: Request, site: UUID) -> Response:
        url = self.given(WebhookIn)["url"]
        return self.change(self._read, lambda: actions.change_settings(self.own, self.actor, webhook_url=url))


class WebhookSecretView(AdminView):
    """A new secret, told once."""

    tag = "webhook"
    does = {"POST": Does("rotate_webhook_secret", May.MANAGE, SecretOut)}

    def create(self, request: Request, **kwargs: Any) -> Response:
        return Response({"secret": actions.rotate_webhook_secret(self.own, self.actor)})
