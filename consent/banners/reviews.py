"""Who has read the words that we ship, per site and language. Until a named person has, they are machine-made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from consent.banners import texts
from consent.banners.models import TextReview
from consent.sites.models import Site


@dataclass(frozen=True, slots=True)
class LanguageStatus:
    """How complete a language of a site is, and who answers for the words of ours in it (None: nobody)."""

    code: str
    own: int
    ours: int
    missing: int
    review: TextReview | None

    @property
    def machine_made(self) -> bool:
        """Whether visitors read words of ours that nobody has read for this site."""
        return self.ours > 0 and self.review is None


def in_force(site: Site) -> dict[str, TextReview]:
    """The reviews that hold: not taken back, and of the words as they are today."""
    rows = TextReview.objects.filter(site=site, revoked_at=None)
    return {row.language: row for row in rows if row.texts == texts.digest(row.language)}


def status(site: Site, overrides: Mapping[str, Any]) -> list[LanguageStatus]:
    """Each language of the site, in its order; `overrides` is `Banner.texts` whole."""
    reviews = in_force(site)
    found = []
    for code in site.languages:
        missing = len(texts.missing(code, overrides))
        own = len(texts.own(code, overrides))
        ours = len(texts.keys()) - own - missing
        found.append(LanguageStatus(code, own, ours, missing, reviews.get(code)))
    return found
