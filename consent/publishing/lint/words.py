"""What a text says, in the languages we ship: `phrases.json` has one pattern per language and meaning. Pure.

A pattern finds what regulators have objected to; it is no proof that a text is good. What it can't judge is said.
"""

from __future__ import annotations

import json
import re
import unicodedata
from functools import cache
from pathlib import Path

from consent.banners import texts

_UNSEEN = re.compile("[\u00ad\u034f\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff]")
_CLAUSE = re.compile(r"[.;:!?؟،,]")
REACH = 60  # characters before a word in which a "no" still belongs to it


@cache
def _phrases() -> dict[str, dict[str, re.Pattern[str]]]:
    rows = json.loads((Path(__file__).parent / "phrases.json").read_text(encoding="utf-8"))
    return {
        language: {name: re.compile(pattern, re.IGNORECASE) for name, pattern in own.items()}
        for language, own in rows.items()
    }


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
        if found := _phrases()[code][meaning].search(plain(text)):
            return found.group().strip()
    return ""


def claims(meaning: str, text: str) -> str:
    """As `says`, in any language, but not what the text denies: "no advertising", "ohne Tracking"."""
    text = plain(text)
    for own in _phrases().values():
        for found in own[meaning].finditer(text):
            before = _CLAUSE.split(text[max(0, found.start() - REACH) : found.start()])[-1]
            if not any(other["negation"].search(before) for other in _phrases().values()):
                return found.group().strip()
    return ""
