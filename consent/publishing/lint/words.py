"""What a text says, in the languages we ship: `phrases.json` has one pattern per language and meaning. Pure.

A pattern finds what regulators have objected to; it is no proof that a text is good. What it can't judge is said.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

from consent.banners import texts
from consent.publishing.lint.readings import plain, readings, unmarked

_CLAUSE = re.compile(r"[.;:!?؟،,]")
_SENTENCE = re.compile(r"[.!?؟。…]")
# "müssen nicht zustimmen": where the no follows its verb.
_NOT_AFTER = re.compile(r"\w+ (sie |du |ihr |u |je |du |ni |man )?(nicht|niet|inte|ikke|ekki)\b", re.IGNORECASE)
REACH = 60  # characters before a word in which a "no" still belongs to it
TONES = frozenset({"vi"})  # whose marks make other words


@cache
def _phrases() -> dict[str, dict[str, str]]:
    rows: dict[str, dict[str, str]] = json.loads((Path(__file__).parent / "phrases.json").read_text(encoding="utf-8"))
    return rows


@cache
def _pattern(language: str, meaning: str, bare: bool = False) -> re.Pattern[str]:
    """Compiled when it is first asked for: all of them take a second. `bare`: for texts without marks over letters."""
    pattern = _phrases()[language][meaning]
    return re.compile(unmarked(pattern) if bare else pattern, re.IGNORECASE)


def languages() -> list[str]:
    """The languages that can be judged."""
    return list(_phrases())


def judged(language: str) -> str | None:
    """Which of them judges a BCP 47 code; None when none does."""
    near = texts.nearest(language)
    return near if near in _phrases() and not texts.missing(language) else None


def same(one: str, other: str) -> bool:
    """Whether a reader takes two labels for the same."""
    return plain(one).casefold() == plain(other).casefold()


@lru_cache(32768)
def says(meaning: str, text: str, language: str = "") -> str:
    """The words of `text` with a meaning of phrases.json, "" when there are none; without a language, in any. Kept:
    forty languages have thousands of texts, and each look at a draft asks again."""
    return next((found.group().strip() for _, found in _found(meaning, text, language)), "")


def asserts(meaning: str, text: str, language: str) -> str:
    """As `says`, but not what the text denies ("not necessary"), nor what it says under a condition ("without your
    consent we collect none")."""
    for read, found in _found(meaning, text, language):
        before = _SENTENCE.split(read[: found.start()])[-1]
        after = _SENTENCE.split(read[found.end() :])[0]
        if any(_pattern(language, "unless").search(part) for part in (before, after)):
            continue
        if not _pattern(language, "negation").search(_CLAUSE.split(before)[-1]):
            return found.group().strip()
    return ""


@lru_cache(8192)
def forces(text: str, language: str) -> str:
    """As `says` of what makes a yes the price, but not what frees from it: "you do not have to accept"."""
    no = _ends_with_no(language)
    for read, found in _found("forced", text, language):
        if not no.search(_CLAUSE.split(read[: found.start()])[-1]) and not _NOT_AFTER.match(found.group().strip()):
            return found.group().strip()
    return ""


@cache
def _ends_with_no(language: str) -> re.Pattern[str]:
    return re.compile(rf"(?:{_phrases()[language]['negation']})\W{{0,2}}$", re.IGNORECASE)


def _found(meaning: str, text: str, language: str = "") -> Iterator[tuple[str, re.Match[str]]]:
    """(reading, match) of everything with a meaning, in any reading of the text."""
    for code in [language] if language else languages():
        for read in readings(text):
            yield from ((read, found) for found in _pattern(code, meaning).finditer(read))
        if not language or code in TONES:
            continue
        pattern, bare = _pattern(code, meaning), _pattern(code, meaning, True)
        for read in readings(text):
            if (without := unmarked(read)) != read or bare.pattern != pattern.pattern:
                yield from ((without, found) for found in bare.finditer(without))


@lru_cache(8192)
def claims(meaning: str, text: str, language: str = "") -> str:
    """As `says`, but not what the text denies: "no advertising", "ohne Tracking". Kept: descriptions
    of services are asked about again with every look at a draft, and forty languages take milliseconds."""
    for read, found in _found(meaning, text, language):
        before = _CLAUSE.split(read[max(0, found.start() - REACH) : found.start()])[-1]
        if not any(_pattern(other, "negation").search(before) for other in languages()):
            return found.group().strip()
    return ""
