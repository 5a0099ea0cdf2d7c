from __future__ import annotations

import re
from typing import Any

import pytest

from consent.banners import cldr
from consent.banners import texts as banner
from consent.common import InvalidChange
from consent.requests import reviews
from consent.requests.deadlines import LAWS, Kind, authority
from consent.requests.models import SubjectRequest
from consent.requests.queries import form_of
from consent.requests.texts import LANGUAGES, direction, language_for, months, words
from consent.sites.actions import create_site

HOLES = re.compile(r"{\w+}")
KEPT = {law["log"]["months"] for law in LAWS.values()}
# Alphabets that a text of ours must be written in; what a law or a format is called stays in Latin.
SCRIPTS = {
    "ar": "\u0600-\u06ff", "bg": "\u0400-\u04ff", "el": "\u0370-\u03ff", "he": "\u0590-\u05ff",
    "ja": "\u3040-\u30ff\u4e00-\u9fff", "ko": "\uac00-\ud7af", "ru": "\u0400-\u04ff", "sr": "\u0400-\u04ff",
    "uk": "\u0400-\u04ff", "zh-Hans": "\u4e00-\u9fff", "zh-Hant": "\u4e00-\u9fff",
}  # fmt: skip


def holes(said: Any) -> list[str]:
    return sorted(HOLES.findall(said)) if isinstance(said, str) else []


def test_the_form_is_in_the_languages_of_the_banner() -> None:
    assert sorted(LANGUAGES) == sorted(banner.shipped())


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_says_all_that_english_says(language) -> None:
    own, english = words(language), words("en")
    assert list(own) == list(english)
    assert {key for key in own if holes(own[key]) != holes(english[key])} == set()
    assert {key for key in own if not str(own[key]).strip()} == {"because_other"}
    assert set(own["months"]) == {cldr.plural(count, language) for count in KEPT}
    if language != "en":
        assert {key for key in own if own[key] == english[key] and len(own[key]) > 8} == set()


@pytest.mark.parametrize("language", sorted(SCRIPTS))
def test_each_language_is_written_in_its_own_script(language) -> None:
    own = re.compile(f"[{SCRIPTS[language]}]")
    whole = {key: said for key, said in words(language).items() if isinstance(said, str) and key != "because_other"}
    assert {key for key, said in whole.items() if not own.search(said)} == set()


@pytest.mark.parametrize(
    ("language", "count", "said"),
    [
        ("en", 24, "24 months"), ("de", 36, "36 Monate"), ("pl", 24, "24 miesiące"), ("pl", 36, "36 miesięcy"),
        ("ru", 24, "24 месяца"), ("ru", 60, "60 месяцев"), ("lt", 60, "60 mėnesių"), ("ar", 24, "24 شهرًا"),
        ("ja", 24, "24か月"),
    ],
)  # fmt: skip
def test_numbers_take_the_form_of_their_language(language, count, said) -> None:
    assert months(count, language) == said


def test_what_is_written_from_right_to_left() -> None:
    assert {code for code in LANGUAGES if direction(code) == "rtl"} == {"ar", "he"}


def test_who_a_complaint_goes_to_has_a_name_or_words_for_it() -> None:
    assert authority("gdpr", words("de"))[0] == "die Datenschutzbehörde Ihres Landes"
    assert authority("uk_gdpr", words("de")) == ("Information Commission", "https://ico.org.uk/make-a-complaint/")
    silent = {key for key in LAWS if not authority(key, words("en"))[0]}
    assert silent == {"kazakhstan", "dominican_republic"}  # no authority of their own: courts, or none named


def test_there_are_words_for_each_kind_status_outcome_and_ground() -> None:
    need = {*Kind, *(f"{kind}_hint" for kind in Kind), *(f"status_{one}" for one in SubjectRequest.Status.values)}
    need |= {f"outcome_{one}" for one in SubjectRequest.Outcome.values}
    need |= {f"because_{one}" for one in SubjectRequest.Because.values}
    assert need - set(words("en")) == set()


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        (["de-AT"], "de"), (["pt-BR", "es"], "pt-BR"), (["pt-AO"], "pt"), (["tlh"], "en"), ([], "en"), (["den"], "en"),
        (["EN-us"], "en"), (["zh-TW"], "zh-Hant"), (["zh"], "zh-Hans"), (["iw"], "he"), (["no"], "nb"),
        (["sr-Latn", "hr"], "hr"),
    ],
)  # fmt: skip
def test_a_language_is_chosen_as_the_banner_s_is(wanted, language) -> None:
    assert language_for(wanted) == language


@pytest.mark.django_db
def test_words_are_machine_made_until_a_named_person_has_read_them(monkeypatch) -> None:
    site = create_site(["shop.example"], "x", name="Tea shop")
    assert reviews.in_force(form_of(site)) == {}
    for language, name in (("xx", "Ada"), ("pl", "  "), ("pl", "x" * 201)):
        with pytest.raises(InvalidChange):
            reviews.sign(site, "x", language, name)
    reviews.sign(site, "x", "pl", "Anna Nowak")
    reviews.sign(site, "x", "de", "Jonas Weber")
    held = reviews.in_force(form_of(site))
    assert {code: one["by"] for code, one in held.items()} == {"pl": "Anna Nowak", "de": "Jonas Weber"}
    reviews.unsign(site, "x", "de")
    reviews.unsign(site, "x", "de")
    assert list(reviews.in_force(form_of(site))) == ["pl"]
    verbs = list(site.audit_events.values_list("verb", flat=True)[:3])
    assert verbs == ["request.unsign", "request.sign", "request.sign"]
    monkeypatch.setattr(reviews, "digest", lambda code: "another word")
    assert reviews.in_force(form_of(site)) == {}
