"""The sentences that the rules know, written so that a pattern would miss them and a visitor would not."""

from __future__ import annotations

import pytest

from consent.banners import texts
from consent.catalogue import known
from consent.publishing.lint import readings, words
from tests.consent.publishing import drafts

pytestmark = pytest.mark.any_database

L07, L11, L13, L19 = ((f"L{number:02}", "block") for number in (7, 11, 13, 19))
START = "{controller}: {purposes}. "

# name → (language, what is said after the purposes, what is found)
DISGUISES = {
    "letters set apart": ("en", "By  c o n t i n u i n g  to browse you  a c c e p t.", L07),
    "dots and hyphens in words": ("en", "By c.o.n.t.i.n.u.i.n.g you a-c-c-e-p-t.", L07),
    "stars in words": ("en", "By con*tinuing to browse you ac*cept.", L07),
    "HTML entities": ("en", "By&nbsp;continuing to browse you &#97;ccept.", L07),
    "Cyrillic letters in English": ("en", "By cоntinuing to browse you аccеpt.", L07),
    "Greek letters in English": ("en", "By cοntinuing to browse you αccept.", L07),
    "digits for letters": ("en", "By c0ntinuing to browse you acc3pt.", L07),
    "small capitals": ("en", "By ᴄᴏɴᴛɪɴᴜɪɴɢ you ᴀᴄᴄᴇᴘᴛ.", L07),
    "bold letters of mathematics": ("en", "By 𝐜𝐨𝐧𝐭𝐢𝐧𝐮𝐢𝐧𝐠 you 𝐚𝐜𝐜𝐞𝐩𝐭.", L07),
    "marks over letters": ("en", "By cön\u0323tinuing you áccept.", L07),
    "invisible letters": ("en", "By con\u200btin\u2060uing you acc\u00ade\U000e0061pt.", L07),
    "emoji between the words": ("en", "By continuing 🚀 to browse ✅ you accept.", L07),
    "a question for a comma": ("en", "You keep browsing? You accept!", L07),
    "an exclamation mark for a comma": ("de", "Mit dem Weitersurfen! Sie stimmen zu.", L07),
    "an equals sign": ("en", "Continue browsing = consent.", L07),
    "an arrow": ("en", "Scrolling → yes.", L07),
    "capitals": ("en", "BY CONTINUING TO BROWSE YOU ACCEPT.", L07),
    "broken lines": ("en", "By continuing\nto browse you\naccept.", L07),
    "English in German": ("de", "By continuing to browse you accept.", L07),
    "English in Japanese": ("ja", "By continuing to browse you accept.", L07),
    "English walls in French": ("fr", "You must accept to continue.", L19),
    "soft hyphens in German": ("de", "Mit dem Weitersurfen sind Sie einver\u00adstanden.", L07),
    "no marks in Czech": ("cs", "Pouzivanim webu souhlasite s cookies.", L07),
    "no marks in Greek": ("el", "Συνεχιζοντας την περιηγηση αποδεχεστε τα cookies.", L07),
    "Greek capitals": ("el", "ΣΥΝΕΧΙΖΟΝΤΑΣ ΤΗΝ ΠΕΡΙΗΓΗΣΗ ΑΠΟΔΕΧΕΣΤΕ ΤΑ COOKIES.", L07),
    "Latin letters in Russian": ("ru", "Пpoдoлжaя иcпoльзoвaть caйт, вы пpинимaетe cookie.", L07),
    "vowel signs in Hebrew": ("he", "בְּהֶמְשֵׁךְ הגלישה אתם מַסְכִּימִים לשימוש.", L07),
    "vowel signs in Arabic": ("ar", "باسْتِمْرَارِكَ في التصفح فإنك تُوَافِق.", L07),
    "stretched letters in Arabic": ("ar", "باستمـــرارك في التصفح فإنك تـــوافق.", L07),
    "no marks in Portuguese": ("pt", "Ao continuar a navegar, aceita. Nao utilizamos dados.", L07),
    "letters in another order": ("en", "Please read \u202etpecca uoy\u202c with care.", L13),
}  # fmt: skip
LABELS = {
    "a label in another order": {"reject": "\u202ella tcejeR"},
    "a refusal struck out": {"reject": "R\u0336e\u0336j\u0336e\u0336c\u0336t\u0336 all"},
    "a refusal in small capitals": {"reject": "ʀᴇᴊᴇᴄᴛ ᴀʟʟ"},
    "a refusal with entities": {"reject": "Reject&nbsp;all"},
    "a yes with a tick": {"accept": "Accept all ✅"},
    "a link that reads as a yes": {"policy": "Accept all"},
    "a link that reads as a yes in invisible letters": {"imprint": "Acc\u200bept all"},
}


@pytest.mark.django_db
def test_a_disguise_hides_nothing():
    base = drafts.draft(drafts.shop(texts.shipped()))
    missed = {
        name: drafts.found(drafts.saying(base, language, body=START + text))
        for name, (language, text, rule) in DISGUISES.items()
        if rule not in drafts.found(drafts.saying(base, language, body=START + text))
    }
    assert missed == {}
    assert [name for name, own in LABELS.items() if L13 not in drafts.found(drafts.saying(base, "en", **own))] == []


def test_a_plain_text_has_one_reading():
    assert readings.readings("We use cookies for statistics, and you may say no.") == (
        "We use cookies for statistics, and you may say no.",
    )


@pytest.mark.parametrize("language", texts.shipped())
def test_no_reading_of_our_own_words_breaks_a_rule(language):
    """Nor of what the catalogue says of cookies, where our words are read without their marks."""
    said = [texts.resolve(language, regime=regime) for regime in ("", "us_ca", "notice", "ch")]
    ours = texts.categories(language)
    shown = [text for own in (*said, *ours.values()) for key, text in own.items() if key != "stored_no"]
    for meaning in (
        "implied",
        "forced",
        "pressure",
        "reward",
        "countdown",
        "nothing_asked",
        "nothing_personal",
        "final",
    ):
        assert {text for text in shown if words.says(meaning, text, language)} == set()
    optional = [text for key, own in ours.items() if key != "C0001" for text in own.values()]
    assert [text for text in optional if words.asserts("needed", text, language)] == []
    purposes = [own[language] for own in known.purposes().values() if language in own]
    assert [text for text in purposes if words.asserts("needed", text, language)] == []
