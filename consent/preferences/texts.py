"""What the pages of people's choices and their mails say, in the languages of `texts/`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

from consent.banners.languages import nearest

HERE = Path(__file__).resolve().parent / "texts"
LANGUAGES = ("en", *sorted(path.stem for path in HERE.glob("*.json") if path.stem != "en"))


@lru_cache(len(LANGUAGES))
def words(language: str) -> Mapping[str, str]:
    """The texts of one of LANGUAGES. Raises KeyError for another."""
    if language not in LANGUAGES:
        raise KeyError(language)
    found: Mapping[str, str] = json.loads((HERE / f"{language}.json").read_text())
    return found


def language_for(wishes: Iterable[str]) -> str:
    """The first of LANGUAGES that answers a wish; else English."""
    return next((found for wish in wishes if (found := nearest(LANGUAGES, wish))), "en")
