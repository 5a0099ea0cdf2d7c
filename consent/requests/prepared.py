"""Prepared answers: the words with which a site answers again and again, and some of ours per kind to begin with.

A text may name a few facts of the request in braces. What only a person can say stands as a gap, which must be filled
before the answer goes out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from consent.banners import cldr
from consent.common import InvalidChange, check
from consent.requests.deadlines import Kind
from consent.requests.models import LONGEST_DETAILS, PreparedAnswer, SubjectRequest
from consent.requests.texts import LANGUAGES, words
from consent.sites.models import Site
from consent.trail.actions import audit

HERE = Path(__file__).resolve().parent / "answers"
PLACEHOLDERS = ("name", "number", "site", "kind", "received")
GAP = "[…]"
MOST = 200  # of one site
KEPT = timedelta(days=30)  # how long a deleted one can be brought back
_HOLE = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Prepared:
    """One that may be taken: `key` is its number, or `language:key` of ours."""

    key: str
    name: str
    kind: str
    language: str
    text: str


@lru_cache(1)
def shipped() -> Mapping[str, Prepared]:
    """Ours, by key."""
    found = {}
    for path in sorted(HERE.glob("*.json")):
        for name, row in json.loads(path.read_text(encoding="utf-8")).items():
            key = f"{path.stem}:{name}"
            found[key] = Prepared(key, row["name"], row["kind"], path.stem, row["text"])
    return found


def own(site: Site) -> list[Prepared]:
    """The site's, without the deleted."""
    rows = site.prepared_answers.filter(deleted_at=None)
    return [Prepared(str(row.pk), row.name, row.kind, row.language, row.text) for row in rows]


def offered(row: SubjectRequest) -> list[Prepared]:
    """What fits a request's kind: the site's own before ours, in the person's language before others. Of ours only that
    language, or English where we have none in it."""
    ours = list(shipped().values())
    language = row.language if any(one.language == row.language for one in ours) else "en"
    all_ = [*own(row.site), *(one for one in ours if one.language == language)]
    fitting = [one for one in all_ if one.kind in ("", row.kind)]
    return sorted(fitting, key=lambda one: (one.language != row.language, one.key in shipped(), one.kind == ""))


def fill(text: str, row: SubjectRequest) -> str:
    """The text with the facts of a request in the place of its placeholders."""
    values = {
        "name": row.name or row.email,
        "number": row.number,
        "site": row.site.controller or row.site.name,
        "kind": words(row.language)[row.kind],
        "received": cldr.long_date(row.received_at.date(), row.language),
    }
    return _HOLE.sub(lambda hole: values.get(hole[1], hole[0]), text)


@transaction.atomic
def save(
    site: Site, actor: str, *, name: str, kind: str, language: str, text: str, row: PreparedAnswer | None = None
) -> PreparedAnswer:
    """A new one, or other words for `row`. Raises InvalidChange."""
    Site.objects.select_for_update().get(pk=site.pk)
    if row is None and site.prepared_answers.filter(deleted_at=None).count() >= MOST:
        raise InvalidChange(_("A site has at most %(most)s prepared answers.") % {"most": MOST})
    if kind and kind not in Kind._value2member_map_:
        raise InvalidChange(_("Choose a kind of request, or any."))
    if language not in LANGUAGES:
        raise InvalidChange(_("Choose a language."))
    if len(text) > LONGEST_DETAILS:
        raise InvalidChange(_("The text is longer than %(most)s characters.") % {"most": LONGEST_DETAILS})
    if unknown := sorted(set(_HOLE.findall(text)) - set(PLACEHOLDERS)):
        known = ", ".join(f"{{{hole}}}" for hole in PLACEHOLDERS)
        values = {"hole": f"{{{unknown[0]}}}", "known": known}
        raise InvalidChange(_("%(hole)s stands for nothing; these do: %(known)s.") % values)
    row = row or PreparedAnswer(site=site)
    row.name, row.kind, row.language, row.text = name.strip(), kind, language, text.strip()
    check(row)
    row.save()
    audit(site, actor, "request.prepare", name=row.name)
    return row


@transaction.atomic
def delete(row: PreparedAnswer, actor: str) -> None:
    """Takes one out of use; `restore` brings it back for 30 days."""
    row.deleted_at = timezone.now()
    row.save(update_fields=("deleted_at",))
    audit(row.site, actor, "request.unprepare", name=row.name)


@transaction.atomic
def restore(row: PreparedAnswer, actor: str) -> None:
    """Brings a deleted one back."""
    row.deleted_at = None
    row.save(update_fields=("deleted_at",))
    audit(row.site, actor, "request.prepare", name=row.name)


def forget() -> int:
    """Lets go of what was deleted long enough ago. Returns how many."""
    gone, _rows = PreparedAnswer.objects.filter(deleted_at__lt=timezone.now() - KEPT).delete()
    return gone
