"""What receipts say: in every language that the banner has, with the forms that its numbers need."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, get_args

import pytest

from consent.answers import receipt_words, schema
from consent.banners import cldr, texts

ENGLISH = receipt_words.words("en")
NUMBERS = [*range(2101), 1_000_000]


def placeholders(said: Any) -> list[str]:
    return sorted(re.findall(r"\{\w+\}", said)) if isinstance(said, str) else []


def test_receipts_are_in_the_languages_of_the_banner():
    assert list(receipt_words.shipped()) == sorted(texts.shipped())


@pytest.mark.parametrize("language", texts.shipped())
def test_every_language_says_all_of_it_in_words_of_its_own(language):
    words = receipt_words.words(language)
    assert list(words) == list(ENGLISH)
    assert {key: placeholders(said) for key, said in words.items()} == {
        key: placeholders(said) for key, said in ENGLISH.items()
    }
    assert set(words["entries"]) == {cldr.plural(number, language) for number in NUMBERS}
    assert all("{count}" in form for form in words["entries"].values())
    same = {key for key, said in words.items() if language != "en" and said == ENGLISH[key] and len(str(said)) > 12}
    assert same == set()


def test_every_action_has_a_sentence():
    assert [action for action in (*get_args(schema.Action), "import", "receipt") if action not in ENGLISH] == []


@pytest.mark.parametrize(
    ("language", "size", "said"),
    [
        ("pl", 1, "1 wpis;"), ("pl", 3, "3 wpisy;"), ("pl", 5, "5 wpisów;"), ("pl", 22, "22 wpisy;"),
        ("ru", 21, "21 запись;"), ("ar", 3, "3 قيود؛"), ("de-AT", 2, "2 Einträge;"), ("ja", 7, "7 件"),
    ],
)  # fmt: skip
def test_numbers_take_the_form_of_their_language(language, size, said):
    assert said in receipt_words.proof(0, size, language)


def test_what_a_site_is_called_is_no_placeholder():
    at = datetime(2026, 11, 30, 14, 3, 9, tzinfo=UTC)
    assert receipt_words.stored(at, "{date} & Söhne", "de") == (
        "Gespeichert: 30. November 2026, 14:03:09 UTC. Website: {date} & Söhne."
    )
