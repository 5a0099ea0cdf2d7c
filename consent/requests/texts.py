"""What a form, a mail and a person's page say, in the languages of `texts/`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path

HERE = Path(__file__).resolve().parent / "texts"
LANGUAGES = ("en", *sorted(path.stem for path in HERE.glob("*.json") if path.stem != "en"))


@lru_cache(len(LANGUAGES))
def words(language: str) -> Mapping[str, str]:
    """The texts of one of LANGUAGES. Raises KeyError for another."""
    if language not in LANGUAGES:
        raise KeyError(language)
    found: Mapping[str, str] = json.loads((HERE / f"{language}.json").read_text())
    return found


def language_for(wanted: Iterable[str]) -> str:
    """The first wanted language that there is, by its primary subtag; else English."""
    for code in wanted:
        primary = code.lower().partition("-")[0]
        if primary in LANGUAGES:
            return primary
    return "en"
