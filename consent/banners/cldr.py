"""Dates and plural forms in the languages of our texts, as Unicode's CLDR has them. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from pathlib import Path

from consent.banners import languages

DATES = Path(__file__).parent / "dates.json"


def long_date(day: date, language: str) -> str:
    """`30. November 2026`; English for a language that we have no words of."""
    table = _dates()
    row = table[languages.nearest(tuple(table), language) or "en"]
    months = row["months"].split("|")
    return row["pattern"].format(day=day.day, month=months[day.month - 1], year=day.year)


@lru_cache(1)
def _dates() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = json.loads(DATES.read_text(encoding="utf-8"))
    return found


def plural(number: int, language: str) -> str:
    """Which form goes with a whole number: zero, one, two, few, many or other."""
    code = language if language in RULES else languages.spoken(language)[0]
    return RULES.get(code, _one)(number)


def _none(number: int) -> str:
    return "other"


def _one(number: int) -> str:
    return "one" if number == 1 else "other"


def _millions(number: int) -> str:
    return "many" if number and number % 1_000_000 == 0 else _one(number)


def _zero_is_one(number: int) -> str:
    return "one" if number == 0 else _millions(number)


def _icelandic(number: int) -> str:
    return "one" if number % 10 == 1 and number % 100 != 11 else "other"


def _south_slavic(number: int) -> str:
    if number % 10 == 1 and number % 100 != 11:
        return "one"
    return "few" if 2 <= number % 10 <= 4 and not 12 <= number % 100 <= 14 else "other"


def _east_slavic(number: int) -> str:
    form = _south_slavic(number)
    return "many" if form == "other" else form


def _polish(number: int) -> str:
    form = _east_slavic(number)
    return "many" if form == "one" and number != 1 else form


def _czech(number: int) -> str:
    return "few" if 2 <= number <= 4 else _one(number)


def _slovene(number: int) -> str:
    return {1: "one", 2: "two", 3: "few", 4: "few"}.get(number % 100, "other")


def _lithuanian(number: int) -> str:
    if 11 <= number % 100 <= 19 or number % 10 == 0:
        return "other"
    return "one" if number % 10 == 1 else "few"


def _latvian(number: int) -> str:
    if 11 <= number % 100 <= 19 or number % 10 == 0:
        return "zero"
    return "one" if number % 10 == 1 else "other"


def _romanian(number: int) -> str:
    return "few" if number == 0 or (number != 1 and 1 <= number % 100 <= 19) else _one(number)


def _hebrew(number: int) -> str:
    return "two" if number == 2 else _one(number)


def _irish(number: int) -> str:
    few, many = 3 <= number <= 6, 7 <= number <= 10
    return "few" if few else "many" if many else _hebrew(number)


def _maltese(number: int) -> str:
    if number == 0 or 3 <= number % 100 <= 10:
        return "few"
    return "many" if 11 <= number % 100 <= 19 else _hebrew(number)


def _arabic(number: int) -> str:
    if number == 0:
        return "zero"
    few, many = 3 <= number % 100 <= 10, number % 100 >= 11
    return "few" if few else "many" if many else _hebrew(number)


# Languages that are not named have one form for 1 and another for the rest.
RULES: dict[str, Callable[[int], str]] = {
    "ar": _arabic, "ca": _millions, "cs": _czech, "es": _millions, "fr": _zero_is_one, "ga": _irish, "he": _hebrew,
    "hr": _south_slavic, "id": _none, "is": _icelandic, "it": _millions, "ja": _none, "ko": _none,
    "lt": _lithuanian, "lv": _latvian, "mt": _maltese, "pl": _polish, "pt": _millions, "pt-BR": _zero_is_one,
    "ro": _romanian, "ru": _east_slavic, "sk": _czech, "sl": _slovene, "sr": _south_slavic, "uk": _east_slavic,
    "vi": _none, "zh": _none,
}  # fmt: skip
