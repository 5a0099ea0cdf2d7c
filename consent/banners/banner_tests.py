"""Writes on the draft of a second banner. Each leaves an AuditEvent; visitors see nothing until it is published."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from consent.banners import actions, arms
from consent.banners.models import BannerTest
from consent.common import InvalidChange
from consent.sites.models import Site
from consent.sites.queries import locked
from consent.trail.actions import audit

LONGEST = 180  # days of a test


def of(site: Site) -> BannerTest | None:
    """The draft of B, if there is one."""
    return BannerTest.objects.filter(site=site).first()


@transaction.atomic
def save(
    site: Site, actor: str, *, ends: date, layout: str, position: str, theme: Mapping[str, Any] | None = None
) -> BannerTest:
    """Begins B as a copy of the banner, or changes how it looks and when it ends. Raises InvalidChange."""
    banner = actions.draft_of(site)
    today = timezone.now().date()
    if not today <= ends <= today + timedelta(days=LONGEST):
        raise InvalidChange(gettext("A test ends today or within %(longest)s days.") % {"longest": LONGEST})
    if position not in actions.LAYOUTS.get(layout, ()):
        raise InvalidChange(gettext("The layout and its position do not fit each other."))
    test = of(site) or BannerTest(site=site)
    look = {"layout": layout, "position": position, "theme": actions.theme_of(site, {**banner.theme, **(theme or {})})}
    before = {key: getattr(test, key) for key in ("ends", *arms.LOOK)} if test.pk else {}
    for key, value in {"ends": ends, **look}.items():
        setattr(test, key, value)
    test.save()
    after = {key: getattr(test, key) for key in ("ends", *arms.LOOK)}
    changed = {key: [_plain(before.get(key)), _plain(after[key])] for key in after if before.get(key) != after[key]}
    if changed:
        audit(site, actor, "banner_test.save", **changed)
    return test


@transaction.atomic
def edit_texts(site: Site, actor: str, language: str, changes: Mapping[str, str], *, regime: str = "") -> BannerTest:
    """Sets B's words of one language, for one regime or all; an empty text brings A's back. Raises InvalidChange."""
    locked(site)
    test = of(site)
    if test is None:
        raise InvalidChange(gettext("There is no second banner."))
    if other := sorted(set(changes) - set(arms.TEXTS)):
        raise InvalidChange(
            gettext("%(other)s is not a text of the first layer that may differ.") % {"other": other[0]}
        )
    actions.check_texts(language, changes, regime)
    where = f"{language}@{regime}" if regime else language
    before = test.texts.get(where, {})
    after = {key: text for key, text in {**before, **{k: t.strip() for k, t in changes.items()}}.items() if text}
    if after != before:
        test.texts = {**{at: own for at, own in test.texts.items() if at != where}, **({where: after} if after else {})}
        test.save(update_fields=["texts"])
        changed = sorted(key for key in {*before, *after} if before.get(key) != after.get(key))
        audit(
            site, actor, "banner_test.texts", where=where,
            texts={key: [before.get(key), after.get(key)] for key in changed},
        )  # fmt: skip
    return test


@transaction.atomic
def choose(site: Site, actor: str, winner: str) -> None:
    """Ends the test in the draft: the winner is the site's only banner from now on. Raises InvalidChange."""
    locked(site)
    test = of(site)
    if test is None or winner not in arms.ARMS:
        raise InvalidChange(gettext("There is no such banner to choose."))
    if winner == arms.B:
        actions.edit_banner(site, actor, layout=test.layout, position=test.position, theme=test.theme)
        for where, words in test.texts.items():
            language, _, regime = where.partition("@")
            actions.edit_texts(site, actor, language, words, regime=regime)
    test.delete()
    audit(site, actor, "banner_test.choose", winner=winner)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
