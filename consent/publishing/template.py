"""One site as the template of others: what it has is taken over into their drafts, all of it or nothing of a site.

What would differ is found out by doing it, comparing the drafts, and taking it back; so the differences that a person
reads are those that come. Nothing reaches visitors before each site is published.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from django.db import transaction
from django.utils.translation import gettext, gettext_noop

from consent.banners.actions import edit_banner, edit_texts
from consent.banners.models import Banner
from consent.catalogue.actions import COOKIE_FIELDS, FACTS, add_service, set_override, update_service
from consent.common import InvalidChange
from consent.publishing import queries
from consent.publishing.differences import differences
from consent.sites.actions import change_settings
from consent.sites.models import Site
from consent.sites.queries import locked
from consent.trail.actions import as_one

PARTS = {
    "look": gettext_noop("Colours, layout and the floating button"),
    "texts": gettext_noop(
        "The banner's words, in the languages that the site has; words of its own for other texts stay"
    ),
    "services": gettext_noop(
        "Services with their cookies, addresses and exceptions; services that only the site has stay"
    ),
    "settings": gettext_noop("Who is responsible, policy and imprint, languages, and how third parties are treated"),
}
SETTINGS = (
    "controller", "controller_contact", "policy_url", "imprint_url", "languages", "unknown_third_parties",
    "reload_after_accept", "record_path",
)  # fmt: skip
CHANGED = gettext_noop(
    "Its draft, or the template's, was changed since the differences were shown. Look at them again."
)


class Outcome(NamedTuple):
    """What taking the template over means for a site: the differences of its draft, or why it refuses. `digest` says
    which differences these are."""

    site: Site
    groups: list[tuple[str, Any]]
    problem: str = ""

    @property
    def digest(self) -> str:
        """The same for the same differences, in one language."""
        return hashlib.sha256(json.dumps(self.groups, default=str, sort_keys=True).encode()).hexdigest()[:16]


class _Undo(Exception):
    """Takes a trial back."""


def trial(source: Site, target: Site, parts: Collection[str], actor: str) -> Outcome:
    """What would change; nothing does."""
    groups: list[tuple[str, Any]] = []
    try:
        with transaction.atomic():
            groups = _take_over(source, target, parts, actor)
            raise _Undo
    except _Undo:
        return Outcome(target, groups)
    except InvalidChange as error:
        return Outcome(target, [], str(error))


def apply(source: Site, target: Site, parts: Collection[str], actor: str, digest: str) -> Outcome:
    """Takes the template over, with one line in the site's trail, if that comes to the differences that were shown
    (`digest` of the trial). A site that refuses is left as it was, and says why."""
    try:
        with transaction.atomic(), as_one(target, actor, "template.apply", template=str(source.uuid)):
            groups = _take_over(source, target, parts, actor)
            if Outcome(target, groups).digest != digest:
                raise InvalidChange(gettext(CHANGED))
    except InvalidChange as error:
        return Outcome(target, [], str(error))
    return Outcome(target, groups)


def _take_over(source: Site, target: Site, parts: Collection[str], actor: str) -> list[tuple[str, Any]]:
    target = locked(target)
    before = queries.draft(target)
    for part in PARTS:
        if part in parts:
            _WAYS[part](source, target, actor)
    return differences(before, queries.draft(target))


def _look(source: Site, target: Site, actor: str) -> None:
    banner = Banner.objects.filter(site=source).first() or Banner(site=source)
    edit_banner(
        target, actor, layout=banner.layout, position=banner.position, theme=banner.theme,
        floating_button=banner.floating_button,
    )  # fmt: skip


def _texts(source: Site, target: Site, actor: str) -> None:
    banner = Banner.objects.filter(site=source).first()
    for where, given in sorted((banner.texts if banner else {}).items()):
        language, _, regime = where.partition("@")
        if language in Site.objects.get(pk=target.pk).languages:
            edit_texts(target, actor, language, given, regime=regime)


def _services(source: Site, target: Site, actor: str) -> None:
    there = {service.key: service for service in target.services.all()}
    for one in source.services.select_related("category").prefetch_related("rules", "cookies", "overrides"):
        given: dict[str, Any] = {field: getattr(one, field) for field in FACTS} | {
            "category": one.category.key,
            "patterns": [rule.pattern for rule in one.rules.all()],
            "cookies": [{field: getattr(cookie, field) for field in COOKIE_FIELDS} for cookie in one.cookies.all()],
        }
        if one.key in there:
            service = update_service(there[one.key], actor, **given)
        else:
            service = add_service(target, actor, key=one.key, **given)
        wanted = {over.regime: (over.state, over.reason) for over in one.overrides.all()}
        have = {over.regime: (over.state, over.reason) for over in service.overrides.all()}
        for regime in sorted(wanted.keys() | have.keys()):
            if wanted.get(regime) != have.get(regime):
                state, reason = wanted.get(regime, (None, ""))
                set_override(service, regime, state, reason, actor)


def _settings(source: Site, target: Site, actor: str) -> None:
    change_settings(target, actor, **{name: getattr(source, name) for name in SETTINGS})


_WAYS: dict[str, Callable[[Site, Site, str], None]] = {
    "look": _look, "texts": _texts, "services": _services, "settings": _settings,
}  # fmt: skip
