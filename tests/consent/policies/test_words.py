"""The words around documents: whole, and of their language, in each language of the banner."""

from __future__ import annotations

import re

import pytest

from consent.banners import texts as banner
from consent.policies.words import LANGUAGES, language_of, words

# Alphabets that words of ours must be written in.
SCRIPTS = {
    "ar": "\u0600-\u06ff", "bg": "\u0400-\u04ff", "el": "\u0370-\u03ff", "he": "\u0590-\u05ff",
    "ja": "\u3040-\u30ff\u4e00-\u9fff", "ko": "\uac00-\ud7af", "ru": "\u0400-\u04ff", "sr": "\u0400-\u04ff",
    "uk": "\u0400-\u04ff", "zh-Hans": "\u4e00-\u9fff", "zh-Hant": "\u4e00-\u9fff",
}  # fmt: skip
SHARED = {"version": "Version {number}", "original": "original"}  # words of English that other languages have, too


def holes(text: str) -> list[str]:
    return sorted(re.findall(r"{\w+}", text))


def test_they_are_in_the_languages_of_the_banner() -> None:
    assert sorted(LANGUAGES) == sorted(banner.shipped())


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_says_all_that_english_says(language) -> None:
    own, english = words(language), words("en")
    assert list(own) == list(english)
    assert {key for key in own if holes(own[key]) != holes(english[key])} == set()
    assert {key for key in own if own[key].strip() != own[key] or not own[key]} == set()
    if language != "en":
        assert {key for key in own if own[key] == english[key] and own[key] != SHARED.get(key)} == set()


def test_no_language_has_the_words_of_another() -> None:
    said = [tuple(words(language).values()) for language in LANGUAGES]
    assert len(set(said)) == len(LANGUAGES)


@pytest.mark.parametrize("language", sorted(SCRIPTS))
def test_each_language_is_written_in_its_own_script(language) -> None:
    own = re.compile(f"[{SCRIPTS[language]}]")
    assert {key for key, text in words(language).items() if not own.search(text)} == set()


def test_what_we_have_no_words_of_is_english() -> None:
    wanted = ("eu", "de-AT", "zh-TW", "no", "pt-AO")
    assert [language_of(one) for one in wanted] == ["en", "de", "zh-Hant", "nb", "pt"]
