"""What the pages and mails of choices say, in the languages of the banner."""

from __future__ import annotations

import re

import pytest

from consent.banners import texts as banner
from consent.preferences.texts import LANGUAGES, language_for, words

HOLES = re.compile(r"{\w+}")
# Alphabets that a text of ours must be written in.
SCRIPTS = {
    "ar": "\u0600-\u06ff", "bg": "\u0400-\u04ff", "el": "\u0370-\u03ff", "he": "\u0590-\u05ff",
    "ja": "\u3040-\u30ff\u4e00-\u9fff", "ko": "\uac00-\ud7af", "ru": "\u0400-\u04ff", "sr": "\u0400-\u04ff",
    "uk": "\u0400-\u04ff", "zh-Hans": "\u4e00-\u9fff", "zh-Hant": "\u4e00-\u9fff",
}  # fmt: skip


def test_they_are_in_the_languages_of_the_banner() -> None:
    assert sorted(LANGUAGES) == sorted(banner.shipped())


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_says_all_that_english_says(language: str) -> None:
    own, english = words(language), words("en")
    assert set(own) == set(english)
    assert {key for key in own if sorted(HOLES.findall(own[key])) != sorted(HOLES.findall(english[key]))} == set()
    assert {key for key in own if own[key].strip("\n") != own[key].strip() or not own[key].strip()} == set()
    if language != "en":
        assert {key for key in own if own[key] == english[key] and len(own[key]) > 3} == set()
    assert own["not_you"] in own["mail_confirm"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_of_english_is_left(language: str) -> None:
    alien = re.compile(r"\b(the|your|you|this|please|with)\b", re.I)
    assert {key for key, said in words(language).items() if alien.search(said)} == (
        {key for key, said in words("en").items() if alien.search(said)} if language == "en" else set()
    )


@pytest.mark.parametrize("language", sorted(SCRIPTS))
def test_each_language_is_written_in_its_own_script(language: str) -> None:
    own = re.compile(f"[{SCRIPTS[language]}]")
    assert {key for key, said in words(language).items() if not own.search(HOLES.sub("", said))} == set()


@pytest.mark.parametrize(
    ("wanted", "language"),
    [(["de-AT"], "de"), (["pt-AO"], "pt"), (["zh-TW"], "zh-Hant"), (["iw"], "he"), (["eo"], "en"), ([], "en")],
)
def test_a_language_is_chosen_as_the_banner_s_is(wanted: list[str], language: str) -> None:
    assert language_for(wanted) == language
