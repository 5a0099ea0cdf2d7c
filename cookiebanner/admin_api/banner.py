"""The banner's draft: its look, and its words per language and regime."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from consent.banners import actions, theme
from consent.banners.models import Banner
from consent.sites.roles import May
from cookiebanner.admin_api.base import AdminView, Strict
from cookiebanner.admin_api.openapi import Does


class Theme(Strict):
    accent = serializers.CharField(required=False, max_length=7, help_text="#235a8c")
    background = serializers.CharField(required=False, max_length=7)
    text = serializers.CharField(required=False, max_length=7)
    radius = serializers.IntegerField(required=False, min_value=0, max_value=32)
    scheme = serializers.ChoiceField(theme.SCHEMES, required=False)


class BannerIn(Strict):
    """What is given is changed; the theme is replaced as a whole."""

    layout = serializers.ChoiceField(list(actions.LAYOUTS), required=False)
    position = serializers.ChoiceField(
        sorted(place for places in actions.LAYOUTS.values() for place in places), required=False
    )
    theme = Theme(required=False)
    floating_button = serializers.BooleanField(required=False)


class BannerOut(BannerIn):
    pass


class TextsOut(serializers.Serializer):
    texts = serializers.DictField(
        child=serializers.DictField(child=serializers.CharField()),
        help_text="{language: {key: text}} over our own; {language}@{regime} over both",
    )


class TextsIn(Strict):
    """An empty text brings ours back; what is not given stays."""

    texts = serializers.DictField(child=serializers.CharField(max_length=actions.LONGEST, allow_blank=True))


class TextsOfOne(TextsIn):
    pass


class TextsQuery(Strict):
    regime = serializers.CharField(required=False, max_length=40, default="", help_text="Only for one regime")


class BannerView(AdminView):
    """Layout, position, theme and the floating button."""

    tag = "banner"
    does = {
        "GET": Does("read_banner", May.VIEW, BannerOut),
        "PATCH": Does("change_banner", May.EDIT, BannerOut, body=BannerIn, guarded=True),
    }

    def _read(self) -> dict[str, Any]:
        row = Banner.objects.filter(site=self.own).first() or Banner(site=self.own)
        return {name: getattr(row, name) for name in ("layout", "position", "theme", "floating_button")}

    def get(self, request: Request, site: UUID) -> Response:
        return self.shown(self._read())

    def patch(self, request: Request, site: UUID) -> Response:
        data = self.given(BannerIn)
        return self.change(self._read, lambda: actions.edit_banner(self.own, self.actor, **data))


class AllTextsView(AdminView):
    """Every text that is not ours, by language and regime."""

    tag = "banner"
    does = {"GET": Does("read_all_texts", May.VIEW, TextsOut)}

    def get(self, request: Request, site: UUID) -> Response:
        row = Banner.objects.filter(site=self.own).first()
        return self.shown({"texts": row.texts if row else {}})


class TextsView(AdminView):
    """The site's own texts of one language, for all regimes or for one."""

    tag = "banner"
    does = {
        "GET": Does("read_texts", May.VIEW, TextsOfOne, query=TextsQuery),
        "PATCH": Does("change_texts", May.EDIT, TextsOfOne, body=TextsIn, query=TextsQuery, guarded=True),
    }

    def _read(self, language: str, regime: str) -> dict[str, Any]:
        row = Banner.objects.filter(site=self.own).first()
        where = f"{language}@{regime}" if regime else language
        return {"texts": dict(row.texts.get(where, {})) if row else {}}

    def get(self, request: Request, site: UUID, language: str) -> Response:
        if not actions.LANGUAGE.fullmatch(language):
            raise Http404
        return self.shown(self._read(language, self.asked(TextsQuery)["regime"]))

    def patch(self, request: Request, site: UUID, language: str) -> Response:
        regime, data = self.asked(TextsQuery)["regime"], self.given(TextsIn)
        return self.change(
            lambda: self._read(language, regime),
            lambda: actions.edit_texts(self.own, self.actor, language, data["texts"], regime=regime),
        )
