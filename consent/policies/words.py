"""The words around a document on its pages for visitors (`texts/`, a file a language). Pure."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from consent.banners import languages

PATH = Path(__file__).parent / "texts"
LANGUAGES = tuple(sorted(path.stem for path in PATH.glob("*.json")))
FALLBACK = "en"


def language_of(language: str) -> str:
    """The nearest language that we have words of; English for any other."""
    return languages.nearest(LANGUAGES, language) or FALLBACK


@lru_cache(len(LANGUAGES))
def words(language: str) -> dict[str, str]:
    """Our words in a language of `language_of`."""
    found: dict[str, str] = json.loads((PATH / f"{language}.json").read_text(encoding="utf-8"))
    return found
