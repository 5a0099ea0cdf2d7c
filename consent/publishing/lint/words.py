"""What a text says, in the languages we ship: `phrases.json` has one pattern per language and meaning. Pure.

A pattern finds what regulators have objected to; it is no proof that a text is good. What it can't judge is said.
"""

from __future__ import annotations

import json
import re
import unicodedata
from functools import cache, lru_cache
from pathlib import Path

from consent.banners import texts

_UNSEEN = re.compile("[\u00ad\u034f\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]")
_CLAUSE = re.compile(r"[.;:!?؟،,]")
REACH = 60  # characters before a word in which a "no" still belongs to it


@cache
def _phrases() -> dict[str, dict[str, str]]:
    rows: dict[str, dict[str, str]] = json.loads((Path(__file__).parent / "phrases.json").read_text(encoding="utf-8"))
    return rows


@cache
def _pattern(language: str, meaning: str) -> re.Pattern[str]:
    """Compiled when it is first asked for: all of them take a second."""
    return re.compile(_phrases()[language][meaning], re.IGNORECASE)


def languages() -> list[str]:
    """The languages that can be judged."""
    return list(_phrases())


def judged(language: str) -> str | None:
    """Which of them judges a BCP 47 code; None when none does."""
    near = texts.nearest(language)
    return near if near in _phrases() and not texts.missing(language) else None


def plain(text: str) -> str:
    """The text as a reader sees it: no invisible characters, one kind of letter form, single spaces."""
    text = _UNSEEN.sub("", unicodedata.normalize("NFKC", text)).replace("’", "'")
    return " ".join(text.split())


def same(one: str, other: str) -> bool:
    """Whether a reader takes two labels for the same."""
    return plain(one).casefold() == plain(other).casefold()


def says(meaning: str, text: str, language: str = "") -> str:
    """The words of `text` with a meaning of phrases.json, "" when there are none; without a language, in any."""
    for code in [language] if language else languages():
        if found := _pattern(code, meaning).search(plain(text)):
            return found.group().strip()
    return ""


@lru_cache(8192)
def claims(meaning: str, text: str) -> str:
    """As `says`, in any language, but not what the text denies: "no advertising", "ohne Tracking". Kept: descriptions
    of services are asked about again with every look at a draft, and forty languages take milliseconds."""
    text = plain(text)
    for code in languages():
        for found in _pattern(code, meaning).finditer(text):
            before = _CLAUSE.split(text[max(0, found.start() - REACH) : found.start()])[-1]
            if not any(_pattern(other, "negation").search(before) for other in languages()):
                return found.group().strip()
    return ""
