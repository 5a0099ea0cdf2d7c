"""The words around a document on its pages for visitors (`words.json`). Pure."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from consent.banners import languages

PATH = Path(__file__).parent / "words.json"
FALLBACK = "en"


def language_of(language: str) -> str:
    """The nearest language that we have words of; English for any other."""
    return languages.nearest(tuple(_every()), language) or FALLBACK


def words(language: str) -> dict[str, str]:
    """Our words in a language of `language_of`."""
    return _every()[language]


@lru_cache(1)
def _every() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = json.loads(PATH.read_text(encoding="utf-8"))
    return found
