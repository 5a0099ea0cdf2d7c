"""What a form, a mail and a person's page say, in the languages of our texts (`texts/<language>.json`)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from consent.banners import cldr, languages
from consent.banners import texts as banner

HERE = Path(__file__).resolve().parent / "texts"
LANGUAGES = (banner.FALLBACK, *sorted(path.stem for path in HERE.glob("*.json") if path.stem != banner.FALLBACK))


@lru_cache(len(LANGUAGES))
def words(language: str) -> Mapping[str, Any]:
    """The texts of one of LANGUAGES. Raises KeyError for another."""
    if language not in LANGUAGES:
        raise KeyError(language)
    found: Mapping[str, Any] = json.loads((HERE / f"{language}.json").read_text(encoding="utf-8"))
    return found


@lru_cache(len(LANGUAGES))
def digest(language: str) -> str:
    """SHA-256 of all that we ship for a language: changes when a word does."""
    return banner.digest_of(words(language))


def language_for(wanted: Iterable[str]) -> str:
    """The first wanted language that there is, or the nearest to it in the same script; else English."""
    found = (languages.nearest(LANGUAGES, code) for code in wanted)
    return next((code for code in found if code), banner.FALLBACK)


def direction(language: str) -> str:
    """`rtl` or `ltr`."""
    return banner.direction(language)


def months(count: int, language: str) -> str:
    """`24 months`, in the form that the language has for this number."""
    forms: Mapping[str, str] = words(language)["months"]
    return forms[cldr.plural(count, language)].format(count=count)
