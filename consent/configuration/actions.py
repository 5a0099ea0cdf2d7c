"""Applies a file: by the actions that the dashboard calls, in one transaction, or not at all."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any

import msgspec
from django.db import transaction
from msgspec import UNSET

from consent.banners import actions as banners
from consent.catalogue import actions as catalogue
from consent.common import InvalidChange
from consent.configuration.changes import Comparison, compare, gone
from consent.configuration.document import Document, Service, plain
from consent.configuration.state import document_of
from consent.jurisdictions.actions import override, remove_override
from consent.publishing import queries, rendered
from consent.publishing.differences import Line
from consent.publishing.lint import Finding
from consent.sites import actions as sites
from consent.sites.models import Site
from consent.sites.queries import locked, site_by_uuid


class Plan(msgspec.Struct):
    """What a file comes to: changes in words; things that only the site has (they stay unless deleted); what would be
    kept otherwise than it is written; what the lint says of the draft then."""

    site: Site
    made: bool
    lines: list[tuple[str, list[Line]]]
    extra: list[tuple[str, list[Line]]]
    otherwise: list[tuple[str, list[Line]]]
    findings: list[Finding]
    deleted: bool

    @property
    def empty(self) -> bool:
        """Whether site and file are the same."""
        return not (self.made or self.lines or self.extra)


def plan(document: Document, actor: str, *, site: Site | None = None, delete: bool = False) -> Plan:
    """What `apply` would do: it is done, looked at and undone. Raises InvalidChange."""
    with transaction.atomic():
        found = apply(document, actor, site=site, delete=delete)
        transaction.set_rollback(True)
    return found


@transaction.atomic
def apply(
    document: Document, actor: str, *, site: Site | None = None, delete: bool = False, owners: Iterable[Any] = ()
) -> Plan:
    """Makes the draft what the file says; the site too, when there is none with the id that the file names. Nothing
    reaches visitors. What only the site has stays, unless `delete`. Raises InvalidChange, and writes nothing then."""
    found = site or (site_by_uuid(document.site) if document.site is not UNSET else None)
    made = found is None
    if found is None:
        found = _make(document, actor, owners)
        before = None
    else:
        before = document_of(found)
    row = locked(found)
    now = document_of(row)
    comparison = compare(now, document)
    _write(row, now, document, actor, made)
    if delete or made:
        _delete(row, comparison, actor)
    after = document_of(row)
    left = compare(after, document)
    return Plan(
        site=row,
        made=made,
        lines=comparison.lines,
        extra=gone(comparison, now) if before else [],
        otherwise=left.lines,
        findings=rendered.check(row, queries.draft(row)),
        deleted=delete,
    )


def _make(document: Document, actor: str, owners: Iterable[Any]) -> Site:
    if document.hosts is UNSET or document.settings is UNSET:
        raise InvalidChange("There is no such site; a file that makes one has hosts and settings.")
    uuid = None if document.site is UNSET else document.site
    languages = document.settings.languages
    made: Site = sites.create_site(
        document.hosts, actor, uuid=uuid, name=document.settings.name, owners=owners, languages=languages
    )
    return made


def _write(site: Site, now: Document, wanted: Document, actor: str, made: bool) -> None:
    """What the file has, in the order in which one thing needs another. A site that is made anew comes back as it was:
    what lacks a reason is then a finding, and no refusal."""
    if wanted.hosts is not UNSET and wanted.hosts != now.hosts:
        sites.set_hosts(site, wanted.hosts, actor)
    if wanted.settings is not UNSET and wanted.settings != now.settings:
        given = {name: plain(getattr(wanted.settings, name)) for name in sites.SETTINGS}
        sites.change_settings(site, actor, **given)
    for key, category in _changed(now, wanted, "categories"):
        catalogue.set_category(site, key, actor, **{name: plain(getattr(category, name)) for name in _fields(category)})
    for key, service in _changed(now, wanted, "services"):
        old = now.services[key] if now.services is not UNSET and key in now.services else None
        _write_service(site, key, old, service, actor, made)
    for key, purpose in _changed(now, wanted, "purposes"):
        catalogue.set_purpose(site, key, actor, **{name: plain(getattr(purpose, name)) for name in _fields(purpose)})
    _write_banner(site, now, wanted, actor)
    for place, correction in _changed(now, wanted, "jurisdictions"):
        try:
            override(site, actor, place, dict(correction.columns), correction.reason)
        except ValueError as error:
            raise InvalidChange(str(error)) from None


def _fields(part: Any) -> tuple[str, ...]:
    names: tuple[str, ...] = part.__struct_fields__
    return names


def _changed(now: Document, wanted: Document, section: str) -> list[tuple[str, Any]]:
    """What of a section is new or other."""
    new, old = getattr(wanted, section), getattr(now, section)
    return [] if new is UNSET else [(key, part) for key, part in new.items() if old.get(key) != part]


def _write_service(site: Site, key: str, old: Service | None, new: Service, actor: str, made: bool) -> None:
    names = ("category", "patterns", "cookies", *catalogue.FACTS)
    given = {
        name: plain(getattr(new, name)) for name in names if old is None or getattr(old, name) != getattr(new, name)
    }
    if old is None:
        row = catalogue.add_service(site, actor, key=key, restored=made, **given)
    else:
        row = site.services.get(key=key)
        if given:
            row = catalogue.update_service(row, actor, **given)
    before = old.overrides if old else {}
    for regime in {**before, **new.overrides}:
        wanted = new.overrides.get(regime)
        if wanted != before.get(regime):
            state, reason = (wanted.state, wanted.reason) if wanted else (None, "")
            catalogue.set_override(row, regime, state, reason, actor)


def _write_banner(site: Site, now: Document, wanted: Document, actor: str) -> None:
    if wanted.banner is not UNSET and wanted.banner != now.banner:
        given = {name: plain(getattr(wanted.banner, name)) for name in _fields(wanted.banner)}
        for name, body in given.pop("files").items():
            banners.add_file(site, actor, name, _bytes(name, body))
        banners.edit_banner(site, actor, **given)
    for where, texts in _changed(now, wanted, "texts"):
        language, _, regime = where.partition("@")
        old = now.texts.get(where, {}) if now.texts is not UNSET else {}
        banners.edit_texts(site, actor, language, {**dict.fromkeys(old, ""), **texts}, regime=regime)


def _bytes(name: str, text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise InvalidChange(f"The file {name} of the banner is not base64.") from None


def _delete(site: Site, comparison: Comparison, actor: str) -> None:
    """What only the site has; services first, for categories hold them."""
    extra = comparison.extra
    for key in extra.get("services", ()):
        catalogue.delete_service(site.services.get(key=key), actor)
    for key in extra.get("purposes", ()):
        catalogue.delete_purpose(site.purposes.get(key=key), actor)
    for key in extra.get("categories", ()):
        catalogue.delete_category(site.categories.get(key=key), actor)
    old = document_of(site).texts
    for where in extra.get("texts", ()):
        language, _, regime = where.partition("@")
        banners.edit_texts(site, actor, language, dict.fromkeys(old[where], ""), regime=regime)  # type: ignore[index]
    for place in extra.get("jurisdictions", ()):
        remove_override(site, actor, place)
