"""The banner's draft: its look, and its words per language and regime."""

from __future__ import annotations

import base64
from typing import Any
from uuid import UUID

from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from consent.banners import actions, css, theme
from consent.banners.models import Banner, BannerFile
from consent.common import InvalidChange
from consent.sites.roles import May
from cookiebanner.admin_api.base import AdminView, Strict
from cookiebanner.admin_api.openapi import Does


class Theme(Strict):
    """Tokens of the look; colours as `#235a8c`, each with a twin `dark_…`, lengths in CSS pixels, `logo` and
    `font_file` by the SHA-256 of an uploaded file."""

    def get_fields(self) -> dict[str, Any]:
        """As the theme names them."""
        colours = [name for name in theme.TOKENS if name.removeprefix("dark_") in theme.COLOURS]
        return {
            **{name: serializers.CharField(required=False, max_length=7) for name in colours},
            **{
                name: serializers.IntegerField(required=False, min_value=least, max_value=most)
                for name, (least, most) in theme.LENGTHS.items()
            },
            **{name: serializers.ChoiceField(names, required=False) for name, names in theme.CHOICES.items()},
            **{name: serializers.RegexField(theme.SHA256, required=False) for name in theme.FILES},
        }


class BannerIn(Strict):
    """What is given is changed; the theme is replaced as a whole."""

    layout = serializers.ChoiceField(list(actions.LAYOUTS), required=False)
    position = serializers.ChoiceField(
        sorted(place for places in actions.LAYOUTS.values() for place in places), required=False
    )
    theme = Theme(required=False)
    floating_button = serializers.BooleanField(required=False)
    css = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=css.LONGEST,
        help_text="Rules of the site's own (docs/dashboard.md)",
    )


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
    """Layout, position, theme, the floating button and rules of the site's own."""

    tag = "banner"
    does = {
        "GET": Does("read_banner", May.VIEW, BannerOut),
        "PATCH": Does("change_banner", May.EDIT, BannerOut, body=BannerIn, guarded=True),
    }

    def _read(self) -> dict[str, Any]:
        row = Banner.objects.filter(site=self.own).first() or Banner(site=self.own)
        return {name: getattr(row, name) for name in ("layout", "position", "theme", "floating_button", "css")}

    def get(self, request: Request, site: UUID) -> Response:
        return self.shown(self._read())

    def patch(self, request: Request, site: UUID) -> Response:
        data = self.given(BannerIn)
        return self.change(self._read, lambda: actions.edit_banner(self.own, self.actor, **data))


class FileIn(Strict):
    name = serializers.CharField(max_length=120)
    content = serializers.CharField(max_length=500_000, help_text="base64 of a PNG (a logo) or a WOFF2 (a font)")


class FileOut(serializers.Serializer):
    id = serializers.IntegerField()
    name = serializers.CharField()
    content_type = serializers.CharField()
    sha256 = serializers.CharField(help_text="What `logo` or `font_file` of the theme says")
    bytes = serializers.IntegerField()


class FilesOut(serializers.Serializer):
    files = FileOut(many=True)


def file_data(row: BannerFile) -> dict[str, Any]:
    """A file as it is shown."""
    facts = {"id": row.pk, "name": row.name, "content_type": row.content_type, "sha256": row.sha256}
    return {**facts, "bytes": len(bytes(row.body))}


class FilesView(AdminView):
    """Logos and fonts that the banner may show."""

    tag = "banner"
    does = {
        "GET": Does("list_banner_files", May.VIEW, FilesOut),
        "POST": Does("add_banner_file", May.EDIT, FileOut, body=FileIn, status=201),
    }

    def get(self, request: Request, site: UUID) -> Response:
        rows = self.own.banner_files.filter(removed_at=None).order_by("name")
        return self.shown({"files": [file_data(row) for row in rows]})

    def create(self, request: Request, **kwargs: Any) -> Response:
        data = self.given(FileIn)
        try:
            body = base64.b64decode(data["content"], validate=True)
        except ValueError:
            raise InvalidChange("The content is not base64.") from None
        return self.shown(file_data(actions.add_file(self.own, self.actor, data["name"], body)), status=201)


class FileView(AdminView):
    """One of them. Taken out of what can be chosen; releases that show it go on to."""

    tag = "banner"
    does = {
        "GET": Does("read_banner_file", May.VIEW, FileOut),
        "DELETE": Does("remove_banner_file", May.EDIT, guarded=True),
    }

    def _row(self, upload: int) -> BannerFile | None:
        return self.own.banner_files.filter(pk=upload, removed_at=None).first()

    def _read(self, upload: int) -> dict[str, Any] | None:
        row = self._row(upload)
        return file_data(row) if row else None

    def get(self, request: Request, site: UUID, upload: int) -> Response:
        found = self._read(upload)
        if found is None:
            raise Http404
        return self.shown(found)

    def delete(self, request: Request, site: UUID, upload: int) -> Response:
        row = self._row(upload)
        if row is None:
            raise Http404
        return self.change(lambda: self._read(upload), lambda: actions.remove_file(self.own, self.actor, row))


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
