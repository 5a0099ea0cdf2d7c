"""What the server has of a site, as a document."""

from __future__ import annotations

import base64
from typing import Any

import msgspec

from consent.banners.models import Banner as BannerRow
from consent.catalogue.actions import COOKIE_FIELDS, FACTS
from consent.configuration.document import (
    Banner,
    Category,
    Cookie,
    Correction,
    Document,
    MovedFrom,
    Override,
    Purpose,
    Service,
    Settings,
    Theme,
    Words,
)
from consent.publishing.queries import files_of
from consent.sites.actions import SETTINGS
from consent.sites.models import Site


def document_of(site: Site) -> Document:
    """The site's draft, with every section."""
    site = Site.objects.get(pk=site.pk)
    banner = BannerRow.objects.filter(site=site).first() or BannerRow(site=site)
    looks = {name: getattr(banner, name) for name in ("layout", "position", "floating_button", "css")}
    return Document(
        format_="fairgate-site/1",
        site=site.uuid,
        hosts=sorted(site.hosts.values_list("name", flat=True)),
        settings=_settings(site),
        categories={row.key: _category(row) for row in site.categories.all()},
        purposes={row.key: _purpose(row) for row in site.purposes.select_related("category")},
        services=_services(site),
        banner=Banner(**looks, theme=Theme(**banner.theme), files=_files(site, banner)),
        texts={where: dict(sorted(own.items())) for where, own in sorted(banner.texts.items())},
        jurisdictions={
            row.jurisdiction: Correction(columns=dict(sorted(row.fields.items())), reason=row.reason)
            for row in site.jurisdiction_overrides.order_by("jurisdiction")
        },
    )


def _files(site: Site, banner: BannerRow) -> dict[str, str]:
    return {row.name: base64.b64encode(bytes(row.body)).decode() for row in files_of(site, banner).order_by("name")}


def _settings(site: Site) -> Settings:
    given: dict[str, Any] = {name: getattr(site, name) for name in SETTINGS}
    moved = dict(given.pop("moved_from"))
    return Settings(**given, moved_from=msgspec.convert(moved, MovedFrom))


def _texts(texts: dict[str, Any]) -> dict[str, Words]:
    return {
        language: Words(**{name: own[name] for name in ("name", "description") if name in own})
        for language, own in sorted(texts.items())
    }


def _category(row: Any) -> Category:
    given = {name: getattr(row, name) for name in ("position", "necessary", "used_by_page")}
    return Category(**given, consent_mode=list(row.consent_mode), texts=_texts(row.texts))


def _purpose(row: Any) -> Purpose:
    category = row.category.key if row.category else None
    return Purpose(category=category, legal_basis=row.legal_basis, texts=_texts(row.texts))


def _services(site: Site) -> dict[str, Service]:
    rows = site.services.select_related("category").prefetch_related("rules", "cookies", "overrides")
    return {row.key: _service(row) for row in rows.order_by("key")}


def _service(row: Any) -> Service:
    cookies = [Cookie(**{name: getattr(one, name) for name in COOKIE_FIELDS}) for one in row.cookies.all()]
    return Service(
        category=row.category.key,
        patterns=sorted(rule.pattern for rule in row.rules.all()),
        cookies=sorted(cookies, key=lambda one: (one.kind, one.name)),
        overrides={
            one.regime: Override(state=one.state, reason=one.reason)
            for one in sorted(row.overrides.all(), key=lambda one: one.regime)
        },
        **{name: getattr(row, name) for name in FACTS},
    )
