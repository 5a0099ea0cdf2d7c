import json
import re
import unicodedata

import pytest

from consent.banners import texts
from consent.jurisdictions import table
from consent.publishing.lint import buttons

SHIPPED = [
    "ar", "bg", "ca", "cs", "da", "de", "el", "en", "es", "et", "fi", "fr", "ga", "he", "hr", "hu", "id", "is", "it",
    "ja", "ko", "lt", "lv", "mt", "nb", "nl", "pl", "pt", "pt-BR", "ro", "ru", "sk", "sl", "sr", "sv", "tr", "uk",
    "vi", "zh-Hans", "zh-Hant",
]  # fmt: skip
# Words that a language spells as English does.
SPELLED_ALIKE = {
    ("da", "session"), ("de", "cookie"), ("fr", "session"), ("it", "name"), ("sv", "session"),
}  # fmt: skip
SCRIPTS = {
    "ar": "ARABIC", "bg": "CYRILLIC", "el": "GREEK", "he": "HEBREW", "ja": "HIRAGANA|KATAKANA|CJK", "ko": "HANGUL",
    "ru": "CYRILLIC", "sr": "CYRILLIC", "uk": "CYRILLIC", "zh-Hans": "CJK", "zh-Hant": "CJK",
}  # fmt: skip
LONGEST_BUTTON = 24  # characters of a button of the first layer


def file(language):
    return json.loads((texts.FOLDER / "texts" / f"{language}.json").read_text(encoding="utf-8"))


def shape(value, path=()):
    """{(path, placeholders)} of every text in a file."""
    if isinstance(value, dict):
        return {item for key in value for item in shape(value[key], (*path, key))}
    return {(path, tuple(sorted(re.findall(r"\{\w+\}", value))))}


def test_forty_languages_are_shipped():
    assert len(SHIPPED) == 40
    assert texts.shipped() == SHIPPED
    assert sorted(texts.AND) == SHIPPED
    assert sorted(texts.labels()) == SHIPPED


@pytest.mark.parametrize("language", SHIPPED)
def test_every_language_has_every_text_with_the_same_placeholders(language):
    assert shape(file(language)) == shape(file("en"))


def leaves(value, name=""):
    """[(key, text)] of a file."""
    if isinstance(value, dict):
        return [found for key, item in value.items() for found in leaves(item, key)]
    return [(name, value)]


@pytest.mark.parametrize("language", [code for code in SHIPPED if code != "en"])
def test_nothing_was_left_in_english(language):
    alike = {
        key
        for (key, text), (_, english) in zip(leaves(file(language)), leaves(file("en")), strict=True)
        if text == english
    }
    assert {(language, key) for key in alike} <= SPELLED_ALIKE


@pytest.mark.parametrize("language", SCRIPTS)
def test_every_text_is_in_the_script_of_its_language(language):
    """But for placeholders and proper names: at least one letter of every text."""
    for key, text in leaves(file(language)):
        names = {unicodedata.name(letter, "") for letter in text}
        assert any(re.match(SCRIPTS[language], name) for name in names), (key, text)


@pytest.mark.parametrize("language", SHIPPED)
def test_the_buttons_of_the_first_layer_are_short_enough_for_a_phone(language):
    for shown in (file(language)["texts"], *file(language)["blocks"].values()):
        for button in ("accept", "reject", "manage"):
            assert len(shown.get(button, "")) <= LONGEST_BUTTON


@pytest.mark.parametrize("language", SHIPPED)
def test_a_text_is_about_as_long_as_in_english(language):
    """One that is three times as long, or a third, says something else."""
    least = 0.2 if language in ("ja", "ko", "zh-Hans", "zh-Hant") else 0.4
    for (key, text), (_, english) in zip(leaves(file(language)), leaves(file("en")), strict=True):
        if len(english) > 40:
            assert least < len(text) / len(english) < 1.9, (key, text)


@pytest.mark.parametrize("language", SHIPPED)
@pytest.mark.parametrize("block", ["", "opt_out", "notice", "mixed"])
def test_our_own_labels_are_on_the_allow_list(language, block):
    own = file(language)
    shown = {**own["texts"], **own["blocks"].get(block, {})}
    for button in ("accept", "reject", "manage"):
        assert buttons.label_allowed(language, button, shown[button]) is True


@pytest.mark.parametrize("label", ["Continue", "Later", "Learn more", "Accept all", "OK", "No thanks, I hate savings"])
def test_a_reject_label_that_states_no_refusal_is_not_allowed(label):
    assert buttons.label_allowed("en", "reject", label) is False


def test_a_language_without_a_list_is_not_judged():
    assert buttons.label_allowed("eo", "reject", "Rifuzi ĉion") is None


@pytest.mark.parametrize(
    ("code", "nearest"),
    [
        ("de", "de"),
        ("de-CH", "de"),
        ("DE_at", "de"),
        ("ar-EG", "ar"),
        ("eo", "en"),
        ("", "en"),
        ("pt-BR", "pt-BR"),
        ("pt-AO", "pt"),
        ("no", "nb"),
        ("iw", "he"),
        ("zh-TW", "zh-Hant"),
        ("zh", "zh-Hans"),
        ("sr-Latn", "en"),
    ],  # fmt: skip
)
def test_the_nearest_language(code, nearest):
    assert texts.nearest(code) == nearest


def test_arabic_and_hebrew_run_from_the_right():
    assert [texts.direction(code) for code in ("ar-EG", "he", "de", "ara")] == ["rtl", "rtl", "ltr", "ltr"]
    assert [texts.direction(code) for code in ("iw", "he_IL", "zh-Hant-TW", "")] == ["rtl", "rtl", "ltr", "ltr"]
    assert [code for code in texts.shipped() if texts.direction(code) == "rtl"] == ["ar", "he"]


def test_the_sites_words_lie_over_ours_and_an_empty_one_brings_ours_back():
    shown = texts.resolve(
        "de", {"de": {"title": "Kekse?", "accept": "  ", "no_such_key": "x"}, "en": {"title": "Cookies?"}}
    )
    assert shown["title"] == "Kekse?"
    assert shown["accept"] == "Alle akzeptieren"
    assert "no_such_key" not in shown


def test_general_words_do_not_reach_a_regime_with_words_of_its_own():
    given = {"en": {"body": "Only with your consent.", "save": "Store"}, "en@us_ca": {"manage": "Your Privacy Choices"}}
    california = texts.resolve("en", given, "us_ca")
    assert california["body"] == file("en")["blocks"]["opt_out"]["body"]
    assert (california["save"], california["manage"]) == ("Store", "Your Privacy Choices")
    assert texts.resolve("en", given, "us_optout")["manage"] == "Privacy settings"
    assert texts.resolve("en", given, "eu_opt_in")["body"] == "Only with your consent."


def test_words_for_a_regime_reach_its_variants_and_a_variants_own_win():
    given = {"de": {}, "de@eu_opt_in": {"title": "EU", "save": "Merken"}, "de@eu_opt_in-DE": {"title": "Deutschland"}}
    assert texts.resolve("de", given, "eu_opt_in-DE")["title"] == "Deutschland"
    assert texts.resolve("de", given, "eu_opt_in-DE")["save"] == "Merken"
    assert texts.resolve("de", given, "eu_opt_in-IT")["title"] == "EU"


def test_statutory_titles_are_the_laws_own_words_in_every_language():
    given = {"de": {"link_privacy_choices": "Datenschutz"}, "de@us_ca": {"gpc_honored": "Erledigt"}}
    for regime in ("", "us_ca"):
        shown = texts.resolve("de", given, regime)
        assert shown["link_privacy_choices"] == "Your Privacy Choices"
        assert shown["link_limit_sensitive"] == "Limit the Use of My Sensitive Personal Information"
        assert shown["link_do_not_sell"] == "Do Not Sell or Share My Personal Information"
        assert shown["gpc_honored"] == "Opt-Out Request Honored"


@pytest.mark.parametrize(
    ("regime", "block"),
    [
        ("eu_opt_in", ""), ("eu_opt_in-DE", ""), ("uk_pecr", ""), ("ca_qc", ""), ("us_ca", "opt_out"),
        ("us_optout_gpc-US-TX", "opt_out"), ("us_notice", "notice"), ("jp_notice", "notice"), ("ca_implied", "notice"),
        ("ch", "mixed"), ("no_such", ""),
    ],
)  # fmt: skip
def test_which_kind_of_law_a_regimes_texts_speak_of(regime, block):
    assert texts.block(regime) == block


def test_every_statutory_text_a_regime_shows_is_there():
    shown = texts.resolve("fr")
    for terms in table.variants().values():
        assert [key for key in (*terms["links"], *terms["notices"]) if key not in shown] == []


def test_missing_names_what_would_show_in_another_language():
    assert texts.missing("de-AT") == []
    assert texts.missing("eo", {"eo": {"accept": "Akcepti"}}) == sorted(texts.keys() - {"accept"})


def test_unknown_categories_are_named_by_their_key():
    assert sorted(texts.categories("es")) == ["C0001", "C0002", "C0003", "C0004", "C0005"]
    assert texts.categories("fr-CA")["C0004"]["name"] == "Publicité"
