"""The site's webhook: its address, its secret, how deliveries fare."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from consent.answers import feeds, optouts
from consent.sites import actions
from consent.sites.models import Site, Webhook, WebhookDelivery
from consent.sites.roles import May
from cookiebanner.admin_api.base import AdminView, Query, Strict
from cookiebanner.admin_api.openapi import Does
from cookiebanner.admin_api.sites import when


class WebhookIn(Strict):
    """What is not given stays."""

    url = serializers.URLField(
        max_length=500, allow_blank=True, required=False, help_text="Empty: none. Another one: another secret."
    )
    events = serializers.ListField(
        child=serializers.ChoiceField(feeds.EVENTS), required=False, max_length=5, help_text="Besides opt-outs"
    )
    batch = serializers.IntegerField(min_value=1, max_value=feeds.LARGEST_BATCH, required=False)


class WebhookOut(serializers.Serializer):
    url = serializers.CharField(allow_blank=True)
    events = serializers.ListField(child=serializers.CharField())
    batch = serializers.IntegerField(help_text="Events of one delivery at most")
    failures = serializers.IntegerField(help_text="In a row")
    paused_at = serializers.DateTimeField(allow_null=True)
    next_try = serializers.DateTimeField(allow_null=True)
    delivered_at = serializers.DateTimeField(allow_null=True)
    last_error = serializers.CharField(allow_blank=True)
    waiting = serializers.IntegerField(help_text="Opt-outs that it has still to be told of")
    dropped = serializers.IntegerField(help_text="Opt-outs that were given up")


class SecretOut(serializers.Serializer):
    secret = serializers.CharField(help_text="whsec_…; told once, and not by a replay. The one before signs for a day.")


class DeliveryOut(serializers.Serializer):
    id = serializers.IntegerField()
    delivery = serializers.CharField(help_text="webhook-id")
    type = serializers.CharField()
    events = serializers.IntegerField(help_text="How many")
    status = serializers.IntegerField(allow_null=True)
    error = serializers.CharField(allow_blank=True)
    at = serializers.DateTimeField()
    again = serializers.BooleanField()


class DeliveryQuery(Query):
    type = serializers.ChoiceField([feeds.OPTOUT, *feeds.EVENTS], required=False)
    failed = serializers.BooleanField(required=False, allow_null=True, default=None)


def delivery_data(row: WebhookDelivery) -> dict[str, Any]:
    about = {"id": row.pk, "delivery": row.message, "type": row.kind, "events": len(row.places)}
    return {**about, "status": row.status, "error": row.error, "at": when(row.at), "again": row.again}


class WebhookView(AdminView):
    """Where the site's systems are told, and how that fares."""

    tag = "webhook"
    does = {
        "GET": Does("read_webhook", May.MANAGE, WebhookOut),
        "PATCH": Does("change_webhook", May.MANAGE, WebhookOut, body=WebhookIn, guarded=True),
    }

    def _read(self) -> dict[str, Any]:
        site = Site.objects.get(pk=self.own.pk)
        hook = Webhook.objects.filter(site=site).first() or Webhook(site=site)
        return {
            "url": site.webhook_url,
            "events": hook.events,
            "batch": hook.batch,
            "failures": hook.failures,
            **{name: when(getattr(hook, name)) for name in ("paused_at", "next_try", "delivered_at")},
            "last_error": hook.last_error,
            "waiting": optouts.waiting(site),
            "dropped": hook.dropped,
        }

    def get(self, request: Request, site: UUID) -> Response:
        return self.shown(self._read())

    def patch(self, request: Request, site: UUID) -> Response:
        data = self.given(WebhookIn)

        def verb() -> None:
            if "url" in data:
                actions.change_settings(self.own, self.actor, webhook_url=data.pop("url"))
            if data:
                feeds.listen(self.own, self.actor, **data)

        return self.change(self._read, verb)


class WebhookSecretView(AdminView):
    """A new secret, told once."""

    tag = "webhook"
    does = {"POST": Does("rotate_webhook_secret", May.MANAGE, SecretOut)}

    def create(self, request: Request, **kwargs: Any) -> Response:
        return Response({"secret": actions.rotate_webhook_secret(self.own, self.actor)})


class DeliveriesView(AdminView):
    """What was sent in the last 30 days, the newest first."""

    tag = "webhook"
    does = {"GET": Does("list_deliveries", May.MANAGE, DeliveryOut, query=DeliveryQuery, page=True)}

    def get(self, request: Request, site: UUID) -> Response:
        asked = self.asked(DeliveryQuery)
        rows = self.own.webhook_deliveries.all()
        if "type" in asked:
            rows = rows.filter(kind=asked["type"])
        if asked["failed"] is not None:
            rows = rows.exclude(error="") if asked["failed"] else rows.filter(error="")
        return self.page(rows, "id", delivery_data, asked, newest=True)


class AgainView(AdminView):
    """Sends a delivery again, with what is in the log now: what was erased meanwhile is not sent."""

    tag = "webhook"
    does = {"POST": Does("send_delivery_again", May.MANAGE, DeliveryOut, status=202)}

    def create(self, request: Request, **kwargs: Any) -> Response:
        row = self.own.webhook_deliveries.filter(pk=kwargs["delivery"]).first()
        if row is None:
            raise Http404
        feeds.send_again(row, self.actor)
        return Response(delivery_data(row), 202)
