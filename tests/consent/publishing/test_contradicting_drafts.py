"""Drafts whose words contradict what the release does, in many languages; each is found by its rule."""

from __future__ import annotations

import pytest

from consent.banners import texts
from tests.consent.publishing import drafts

pytestmark = pytest.mark.any_database

BLOCKS = {number: (f"L{number:02}", "block") for number in range(33)}
WARNS = {number: (f"L{number:02}", "warn") for number in range(33)}
START = "{controller}: {purposes}. "

# That nothing personal is processed, or that all is anonymous: one a language.
IMPERSONAL = {
    "en": "All data are anonymous.", "de": "Es werden keine personenbezogenen Daten erhoben.",
    "fr": "Toutes les données sont anonymes.", "es": "No recopilamos datos personales.",
    "it": "I dati sono completamente anonimi.", "nl": "Alle gegevens zijn anoniem.", "pl": "Wszystkie dane są anonimowe.",
    "sv": "Vi samlar inga personuppgifter.", "da": "Alle data er anonyme.", "nb": "Vi lagrer ingen personopplysninger.",
    "fi": "Emme kerää henkilötietoja.", "cs": "Všechny údaje jsou anonymní.", "sk": "Všetky údaje sú anonymné.",
    "ro": "Datele sunt anonime.", "hu": "Nem gyűjtünk személyes adatokat.", "el": "Όλα τα δεδομένα είναι ανώνυμα.",
    "bg": "Данните са анонимни.", "hr": "Svi podaci su anonimni.", "sl": "Vsi podatki so anonimni.",
    "et": "Kõik andmed on anonüümsed.", "lv": "Visi dati ir anonīmi.", "lt": "Visi duomenys yra anonimiški.",
    "ga": "Tá na sonraí go léir anaithnid.", "mt": "Id-data hija anonima.", "is": "Öll gögnin eru nafnlaus.",
    "pt": "Todos os dados são anónimos.", "pt-BR": "Não coletamos dados pessoais.", "ca": "Totes les dades són anònimes.",
    "ru": "Все данные анонимны.", "uk": "Усі дані є анонімними.", "sr": "Сви подаци су анонимни.",
    "tr": "Tüm veriler anonimdir.", "he": "כל הנתונים אנונימיים.", "ar": "جميع البيانات مجهولة.",
    "ja": "データはすべて匿名です。", "ko": "모든 데이터는 익명입니다.", "zh-Hans": "所有数据均为匿名。",
    "zh-Hant": "所有資料均為匿名。", "id": "Semua data bersifat anonim.", "vi": "Tất cả dữ liệu đều ẩn danh.",
}  # fmt: skip
# That a choice is for good.
FOR_GOOD = {
    "en": "Your choice is final.", "de": "Ihre Entscheidung kann nicht widerrufen werden.", "fr": "Votre choix est définitif.",
    "es": "Su decisión es irrevocable.", "it": "La scelta è definitiva.", "nl": "Uw keuze is definitief.",
    "pl": "Twój wybór jest ostateczny.", "sv": "Valet kan inte ändras.", "da": "Dit valg kan ikke ændres.",
    "nb": "Valget kan ikke endres.", "fi": "Valinta on lopullinen.", "cs": "Souhlas nelze odvolat.",
    "sk": "Súhlas nemožno odvolať.", "ro": "Decizia este irevocabilă.", "hu": "A választás végleges.",
    "el": "Η επιλογή είναι οριστική.", "bg": "Изборът е окончателен.", "hr": "Odluka je konačna.",
    "sl": "Odločitev je dokončna.", "et": "Valik on lõplik.", "lv": "Izvēle ir galīga.", "lt": "Sprendimas galutinis.",
    "ga": "Ní féidir do rogha a athrú.", "mt": "L-għażla hija finali.", "is": "Ekki er hægt að breyta valinu.",
    "pt": "A escolha é definitiva.", "pt-BR": "A decisão é irrevogável.", "ca": "La decisió és irrevocable.",
    "ru": "Решение нельзя изменить.", "uk": "Рішення не можна змінити.", "sr": "Одлука је коначна.",
    "tr": "Seçiminiz değiştirilemez.", "he": "הבחירה סופית.", "ar": "لا يمكنك تغيير اختيارك.", "ja": "選択は変更できません。",
    "ko": "선택은 변경할 수 없습니다.", "zh-Hans": "选择不能更改。", "zh-Hant": "選擇不能更改。",
    "id": "Pilihan tidak dapat diubah.", "vi": "Lựa chọn không thể thay đổi.",
}  # fmt: skip
# Advertising that says that it is needed.
NEEDED = {
    "en": "Strictly necessary", "de": "Technisch notwendig", "fr": "Strictement nécessaires", "es": "Estrictamente necesarias",
    "it": "Strettamente necessari", "nl": "Strikt noodzakelijk", "pl": "Bezwzględnie niezbędne", "sv": "Strikt nödvändiga",
    "fi": "Ehdottoman välttämättömät", "cs": "Nezbytně nutné", "el": "Απολύτως απαραίτητα", "pt": "Estritamente necessários",
    "ru": "Строго необходимые", "tr": "Kesinlikle gerekli", "ja": "技術的に必要", "ko": "반드시 필요", "ar": "ضرورية للغاية",
    "vi": "Tuyệt đối cần thiết", "ro": "Strict necesare", "hu": "Feltétlenül szükséges",
}  # fmt: skip
# Texts of the banner: what is left out, or turned round.
TEXTS = {
    "purposes and no word more": ({"body": "{purposes}"}, BLOCKS[11]),
    "a name and purposes and no word more": ({"body": "{controller}: {purposes}."}, BLOCKS[11]),
    "who asks is not said": ({"body": "We would like to use cookies for {purposes}."}, WARNS[11]),
    "a yes that was given already": ({"title": "You have already accepted"}, BLOCKS[7]),
    "thanks for a yes": ({"title": "Thank you for accepting cookies"}, BLOCKS[7]),
    "a law that wants a yes": ({"body": START + "You are required by law to accept."}, BLOCKS[19]),
    "all of it harmless": ({"body": START + "Cookies are completely harmless."}, WARNS[14]),
    "thanks for a yes after a no": ({"stored_no": "Thank you for accepting all."}, BLOCKS[13]),
    "an objection that opts in": ({"optout_done": "You have opted in."}, BLOCKS[24]),
    "an opt-out that says nothing": ({"optout": "More options"}, BLOCKS[24]),
    "an opt-out that shames": ({"optout": "No thanks, I don't like good offers"}, BLOCKS[24]),
    "an opt-out that threatens": ({"optout_text": "Opt out, and you lose your benefits."}, BLOCKS[24]),
    "a signal that is ignored": ({"gpc": "Your browser sends {signals}. We ignore it."}, BLOCKS[22]),
    "a signal without a name": ({"gpc": "Noted."}, BLOCKS[22]),
    "content of somebody": ({"hold_text": "Click to see it."}, BLOCKS[11]),
    "services that run without asking, unnamed": ({"exempt": "Some things run without asking."}, BLOCKS[11]),
    "services without their number": ({"services": "Technical details"}, BLOCKS[12]),
    "two of three services": ({"pc_body": "We work with 2 partners."}, BLOCKS[12]),
    "more partners than there are": ({"body": START + "You and our 850 trusted partners."}, BLOCKS[12]),
    "what was allowed is not told": ({"stored_yes": "Saved."}, WARNS[10]),
    "no word of where to change it": ({"change": "That was it."}, WARNS[10]),
    "writing a letter to withdraw": ({"change": "Write to us to withdraw ({link})."}, BLOCKS[5]),
}  # fmt: skip
CATEGORIES = {
    "advertising for the site to work": ("C0004", "en", {"description": "Needed for the site to work."}, BLOCKS[11]),
    "advertising as functional": ("C0004", "en", {"name": "Functional"}, BLOCKS[11]),
    "advertising as statistics in German": ("C0004", "de", {"name": "Statistik"}, BLOCKS[11]),
    "two with the same name": ("C0003", "fr", {"name": texts.categories("fr")["C0002"]["name"]}, BLOCKS[11]),
    "advertising in fine words": ("C0004", "en", {"name": "A better web", "description": "Makes it nicer."}, WARNS[11]),
    "advertising in functional": ("C0003", "en", {"description": "Shows you personalised ads."}, WARNS[11]),
    "anonymous advertising": ("C0004", "en", {"description": "Advertising. All data is anonymous."},
                              WARNS[11]),
    "always active in Greek letters": ("C0004", "en", {"description": "Advertising, αlways οn."}, BLOCKS[6]),
}  # fmt: skip


@pytest.fixture
def base(db):
    return drafts.draft(drafts.shop(texts.shipped()))


def test_what_these_are_made_of_is_good(base):
    assert drafts.found(base) == set()


def test_each_language_knows_claims_that_nothing_personal_is_there_and_that_a_choice_is_for_good(base):
    assert sorted(IMPERSONAL) == sorted(FOR_GOOD) == sorted(texts.shipped())
    said = {code: drafts.found(drafts.saying(base, code, body=START + text)) for code, text in IMPERSONAL.items()}
    assert {code: rules for code, rules in said.items() if BLOCKS[11] not in rules} == {}
    said = {code: drafts.found(drafts.saying(base, code, pc_body=text)) for code, text in FOR_GOOD.items()}
    assert {code: rules for code, rules in said.items() if BLOCKS[5] not in rules} == {}


def test_advertising_that_is_called_necessary(base):
    said = {code: drafts.found(drafts.with_category(base, "C0004", code, name=text)) for code, text in NEEDED.items()}
    assert {code: rules for code, rules in said.items() if BLOCKS[11] not in rules} == {}


def test_texts_that_leave_out_or_turn_round(base):
    said = {name: (rule, drafts.found(drafts.saying(base, "en", **own))) for name, (own, rule) in TEXTS.items()}
    assert {name: rules for name, (rule, rules) in said.items() if rule not in rules} == {}


def test_categories_that_are_called_what_they_are_not(base):
    said = {
        name: (rule, drafts.found(drafts.with_category(base, key, language, **own)))
        for name, (key, language, own, rule) in CATEGORIES.items()
    }
    assert {name: rules for name, (rule, rules) in said.items() if rule not in rules} == {}


@pytest.mark.parametrize(
    ("language", "text"), [("ja", "We use cookies for {purposes} at {controller}"), ("el", "Cookies for you")]
)
def test_a_text_in_another_script_is_not_translated(base, language, text):
    assert BLOCKS[15] in drafts.found(drafts.saying(base, language, body=text))


def test_our_english_words_are_no_french_ones(base):
    assert BLOCKS[15] in drafts.found(drafts.saying(base, "fr", body=texts.resolve("en")["body"]))
