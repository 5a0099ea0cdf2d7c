"""Drafts that deceive, in languages beyond the first seven: each is refused by the rule that it breaks."""

from __future__ import annotations

import pytest

from consent.banners import texts
from consent.banners.actions import edit_texts
from consent.catalogue.actions import add_service
from consent.publishing import lint, queries
from consent.publishing.lint import words
from consent.sites.actions import create_site

pytestmark = pytest.mark.any_database

L06, L07, L11, L13, L19 = (f"L{number:02}" for number in (6, 7, 11, 13, 19))

# language, texts, rule
BAD = [
    ("pl", {"reject": "Później"}, L13),
    ("pl", {"body": "{purposes}. Kontynuując przeglądanie, akceptujesz pliki cookie."}, L07),
    ("sv", {"save": "Acceptera alla"}, L13),
    ("sv", {"body": "{purposes}. Genom att fortsätta surfa accepterar du kakor."}, L07),
    ("da", {"close": "Luk og accepter"}, L13),
    ("da", {"body": "{purposes}. Du skal acceptere for at fortsætte."}, L19),
    ("nb", {"reject": "Ikke nå"}, L13),
    ("fi", {"body": "{purposes}. Jatkamalla hyväksyt evästeet."}, L07),
    ("cs", {"object": "Souhlasím"}, L13),
    ("cs", {"body": "{purposes}. Používáním webu souhlasíte s cookies."}, L07),
    ("sk", {"body": "{purposes}. Musíte súhlasiť, aby ste mohli pokračovať."}, L19),
    ("ro", {"body": "{purposes}. Prin continuarea navigării acceptați cookie-urile."}, L07),
    ("hu", {"body": "{purposes}. Az oldal további használatával elfogadja a sütiket."}, L07),
    ("el", {"body": "{purposes}. Συνεχίζοντας την περιήγηση αποδέχεστε τα cookies."}, L07),
    ("el", {"manage": "Απόρριψη όλων"}, L13),
    ("bg", {"body": "{purposes}. Продължавайки да използвате сайта, приемате бисквитките."}, L07),
    ("hr", {"body": "{purposes}. Nastavkom korištenja prihvaćate kolačiće."}, L07),
    ("sl", {"body": "{purposes}. Z nadaljevanjem uporabe se strinjate s piškotki."}, L07),
    ("et", {"body": "{purposes}. Jätkates nõustute küpsistega."}, L07),
    ("lv", {"body": "{purposes}. Turpinot lietot vietni, jūs piekrītat sīkdatnēm."}, L07),
    ("lt", {"body": "{purposes}. Toliau naudodamiesi svetaine sutinkate su slapukais."}, L07),
    ("ga", {"save": "Glac le gach ceann"}, L13),
    ("mt", {"body": "{purposes}. Jekk tkompli tuża s-sit, taċċetta l-cookies."}, L07),
    ("is", {"body": "{purposes}. Með því að nota vefinn samþykkir þú vafrakökur."}, L07),
    ("pt", {"body": "{purposes}. Ao continuar a navegar, aceita os cookies."}, L07),
    ("pt-BR", {"body": "{purposes}. Usamos apenas cookies necessários."}, L11),
    ("ca", {"body": "{purposes}. Si continueu navegant, accepteu les galetes."}, L07),
    ("ru", {"pc_body": "Реклама всегда активна."}, L06),
    ("uk", {"body": "{purposes}. Ви повинні погодитися, щоб продовжити."}, L19),
    ("sr", {"body": "{purposes}. Наставком коришћења прихватате колачиће."}, L07),
    ("tr", {"body": "{purposes}. Siteyi kullanmaya devam ederek çerezleri kabul etmiş olursunuz."}, L07),
    ("he", {"body": "{purposes}. בהמשך הגלישה אתם מסכימים לשימוש."}, L07),
    ("ja", {"body": "{purposes}。閲覧を続けることで、クッキーに同意したものとみなします。"}, L07),
    ("ja", {"reject": "後で"}, L13),
    ("ko", {"body": "{purposes}. 계속 이용하시면 쿠키에 동의하는 것으로 간주합니다."}, L07),
    ("zh-Hans", {"body": "{purposes}。继续浏览即表示您同意使用 Cookie。"}, L07),
    ("zh-Hant", {"save": "全部接受"}, L13),
    ("id", {"body": "{purposes}. Dengan melanjutkan, Anda menyetujui cookie."}, L07),
    ("vi", {"body": "{purposes}. Bằng cách tiếp tục sử dụng trang, bạn đồng ý với cookie."}, L07),
    ("vi", {"close": "Đóng và chấp nhận"}, L13),
]  # fmt: skip
NEW = sorted(set(texts.shipped()) - texts.BEFORE_REVIEWS)
# language → a countdown, a reward
PRESSING = {
    "pl": ("Zostało 10 sekund", "Rabat dla Ciebie"), "tr": ("Kalan: 10 saniye", "Size özel indirim"),
    "ja": ("残り10秒", "割引クーポン"), "uk": ("Залишилося 10 секунд", "Знижка для вас"), "he": ("נותרו 10 שניות", "הנחה"),
    "zh-Hans": ("还剩 10 秒", "优惠券"), "fi": ("Jäljellä 10 sekuntia", "Alennus sinulle"),
}  # fmt: skip


def findings(language, own):
    """What the lint says of a site in one language, with texts of its own, as (rule, severity)."""
    site = create_site(
        "shop.example", "x", languages=[language], controller="Shop Ltd", policy_url="https://shop.example/privacy",
        imprint_url="https://shop.example/imprint",
    )  # fmt: skip
    cookie = {"name": "_ad", "lifetime": "90 days", "lifetime_days": 90}
    add_service(
        site, "x", name="Ad Net", category="C0004", patterns=["ads.example"], cookies=[cookie], targeted_ads=True
    )
    edit_texts(site, "x", language, own)
    return [(f.rule, f.severity) for f in lint.check(queries.draft(site))]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "own", "rule"), BAD, ids=[f"{row[0]} {row[2]} {next(iter(row[1]))}" for row in BAD]
)
def test_a_bad_draft(language, own, rule):
    blocking = {found for found in findings(language, own) if found[1] == "block"}
    assert blocking == {(rule, "block")}


def test_each_new_language_has_a_bad_draft():
    assert sorted({row[0] for row in BAD}) == NEW


@pytest.mark.django_db
@pytest.mark.parametrize("language", sorted(PRESSING))
def test_hurry_and_rewards_are_remarked(language):
    countdown, reward = PRESSING[language]
    said = findings(language, {"title": countdown, "pc_title": reward})
    assert said.count(("L14", "warn")) == 2


@pytest.mark.parametrize("language", NEW)
def test_each_button_says_what_it_does_and_our_own_words_break_no_pattern(language):
    labels = texts.labels()[language]
    assert [one for one in labels["accept"] if not words.says("accepting", one, language)] == []
    assert [one for one in labels["reject"] if not words.says("refusing", one, language)] == []
    shown = texts.resolve(language)
    for meaning in ("implied", "forced", "pressure", "reward", "countdown"):
        assert {key: text for key, text in shown.items() if words.says(meaning, text, language)} == {}


@pytest.mark.parametrize("language", NEW)
def test_advertising_is_known_in_each_new_language(language):
    ours = texts.categories(language)
    assert words.says("advertising", ours["C0004"]["name"], language) != ""
    assert words.says("tracking", ours["C0002"]["name"], language) != ""
    assert words.says("tracking", ours["C0001"]["description"], language) == ""
