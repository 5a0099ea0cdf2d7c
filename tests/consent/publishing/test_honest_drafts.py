"""Drafts as a marketer writes them who means well, some of them close to what is forbidden: nothing of them blocks."""

from __future__ import annotations

from typing import Any

import pytest

from consent.banners import texts
from consent.publishing import lint
from tests.consent.publishing import drafts

pytestmark = pytest.mark.any_database

TEXTS = {
    "a partner named": ("en", {"title": "Cookies at Shop Ltd", "body": "Shop Ltd and its partners use cookies for {purposes}. "
                        "Nothing but the necessary ones runs before you choose, and you can change your mind whenever you like."}),
    "a greeting": ("en", {"body": "Hello from {controller}! With your permission we use cookies for: {purposes}. No is a fine "
                          "answer, too."}),
    "nothing without a yes": ("en", {"body": "{controller} asks: may we use cookies for {purposes}? Without your consent we do "
                                     "not collect any personal data for this."}),
    "nothing after a no": ("en", {"body": "{controller} would like to use cookies for {purposes}. If you refuse, no personal "
                                  "data is collected for them, and the shop works the same."}),
    "no need to accept": ("en", {"body": "{controller} uses cookies for {purposes}, if you accept. You do not have to accept to "
                                 "continue."}),
    "not necessary": ("en", {"pc_body": "None of these is strictly necessary. Switch on what you like."}),
    "a number": ("en", {"body": "{controller} and {count} services would store data for {purposes}. Your choice can be changed "
                        "at any time."}),
    "the number as it is": ("en", {"pc_body": "We work with 3 partners. Choose which may run."}),
    "an opt-out": ("en", {"optout": "Opt out of advertising", "optout_done": "You have opted out of advertising.",
                          "stored_no": "Refused: nothing optional runs."}),
    "a map": ("en", {"hold_text": "This map comes from {service}. If you load it, {company} gets your address and may store "
                     "cookies.", "hold_once": "Load once"}),
    "a signal": ("en", {"gpc": "Your browser asks not to sell ({signals}). We do as it says."}),
    "no need to accept in German": ("de", {"body": "{controller} setzt Cookies für {purposes} nur ein, wenn Sie zustimmen. Sie "
                                           "müssen nicht zustimmen."}),
    "nothing without a yes in German": ("de", {"body": "{controller} fragt: Dürfen wir Daten für {purposes} speichern? Ohne Ihre "
                                               "Einwilligung verarbeiten wir keine personenbezogenen Daten dafür."}),
    "German": ("de", {"title": "Ihre Entscheidung zu Cookies", "body": "{controller} möchte Cookies für {purposes} einsetzen. Sie "
                      "können ablehnen; die Seite funktioniert dann genauso. Ihre Wahl lässt sich jederzeit ändern."}),
    "nothing without a yes in French": ("fr", {"body": "{controller} et ses partenaires : {purposes}. Sans votre accord, aucune "
                                               "donnée personnelle n'est collectée à ces fins."}),
    "French": ("fr", {"body": "{controller} souhaite utiliser des cookies pour : {purposes}. Vous pouvez refuser, retirer ou "
                      "modifier votre choix à tout moment. Vous n'êtes pas obligé d'accepter."}),
    "Spanish": ("es", {"body": "{controller} quiere usar cookies para {purposes}. Puede decir que no y cambiar de opinión cuando "
                       "quiera. No tiene que aceptar para seguir."}),
    "Italian": ("it", {"body": "{controller} vorrebbe usare i cookie per {purposes}. Puoi rifiutare e cambiare idea in qualsiasi "
                       "momento. Non devi accettare."}),
    "Dutch": ("nl", {"body": "{controller} wil graag cookies gebruiken voor {purposes}. U kunt weigeren en uw keuze altijd "
                     "wijzigen."}),
    "Polish": ("pl", {"body": "{controller} prosi o zgodę na pliki cookie w celu: {purposes}. Możesz odmówić i w każdej chwili "
                      "zmienić zdanie."}),
    "Swedish": ("sv", {"body": "{controller} vill använda kakor för {purposes}. Du kan säga nej och ändra dig när som helst. Du "
                       "måste inte acceptera."}),
    "Japanese": ("ja", {"body": "{controller}は{purposes}のためにクッキーを使用したいと考えています。拒否することも、いつでも変更することもできます。"}),
    "Arabic": ("ar", {"body": "ترغب {controller} في استخدام ملفات تعريف الارتباط من أجل: {purposes}. يمكنك الرفض وتغيير رأيك في أي وقت."}),
    "Russian": ("ru", {"body": "{controller} хочет использовать файлы cookie для: {purposes}. Вы можете отказаться и в любое время "
                       "изменить решение."}),
    "Greek": ("el", {"body": "Η {controller} θα ήθελε να χρησιμοποιεί cookies για: {purposes}. Μπορείτε να αρνηθείτε και να "
                     "αλλάξετε γνώμη όποτε θέλετε."}),
    "Turkish": ("tr", {"body": "{controller}, {purposes} için çerez kullanmak istiyor. Reddedebilir ve fikrinizi istediğiniz zaman "
                       "değiştirebilirsiniz."}),
    "Hebrew": ("he", {"body": "{controller} מבקשת להשתמש בעוגיות עבור: {purposes}. אפשר לסרב ולשנות את הבחירה בכל עת."}),
    "Chinese": ("zh-Hans", {"body": "{controller} 希望将 Cookie 用于：{purposes}。您可以拒绝，也可以随时更改您的选择。"}),
}  # fmt: skip
CATEGORIES = {
    "statistics, and for how long": ("C0002", {"name": "Statistics", "description": "Shows us which pages help. Addresses are "
                                               "shortened; an identifier lives for 13 months."}),
    "not needed": ("C0004", {"name": "Marketing", "description": "Advertising from us and our partners on other sites. Not needed "
                             "for the shop to work."}),
    "needed for videos": ("C0003", {"name": "Videos and maps", "description": "Needed to play videos on this page."}),
}  # fmt: skip
SERVICES: dict[str, dict[str, Any]] = {
    "payments": {"name": "Payments", "necessary_reason": "Takes the payment that the visitor starts", "rules": ["shop.example/pay"],
                 "cookies": [{"name": "pay_*", "lifetime": "session", "lifetime_days": 0, "purpose": "Holds the payment."}]},
    "accounts": {"name": "Accounts", "necessary_reason": "Keeps visitors signed in who sign in",
                 "cookies": [{"name": "wp_sess_*", "purpose": "Remembers that you signed in.",
                              "texts": {"de": "Merkt sich, dass Sie angemeldet sind."}}]},
    "a shield": {"name": "Bot shield", "necessary_reason": "Keeps bots away from the order form",
                 "description": "Protects forms against bots. No tracking, no advertising."},
    "care": {"name": "Customer care", "necessary_reason": "Answers the question that the visitor asks", "rules": ["shop.example/chat"]},
}  # fmt: skip
PURPOSES = {
    "security": ("legitimate_interest", {"name": "Security", "description": "Keeps the shop safe from attacks."}),
    "letters": ("consent", {"name": "Letters by e-mail", "description": "Once a month, until you unsubscribe."}),
    "orders": ("contract", {"name": "Orders", "description": "Sends what you have ordered."}),
}


@pytest.fixture
def base(db):
    return drafts.draft(drafts.shop(texts.shipped()))


def said(draft) -> list[str]:
    return [str(one) for one in lint.check(draft) if one.rule != "L15"]


def test_texts_that_mean_well(base):
    found = {name: said(drafts.saying(base, language, **own)) for name, (language, own) in TEXTS.items()}
    assert {name: findings for name, findings in found.items() if findings} == {}


def test_categories_services_and_purposes_that_are_what_they_say(base):
    base = {**base, "languages": ["en", "de", "fr"]}
    found = {name: said(drafts.with_category(base, key, "en", **own)) for name, (key, own) in CATEGORIES.items()}
    for name, own in SERVICES.items():
        found[name] = said(drafts.with_service(base, key="own", category="C0001", **own))
    for name, (basis, own) in PURPOSES.items():
        row = {"key": name, "category": None, "legal_basis": basis, "texts": {"en": own}}
        found[name] = said({**base, "purposes": [row]})
    one_page = {"policy_url": "https://shop.example/legal#privacy", "imprint_url": "https://shop.example/legal#imprint"}
    found["one page for both"] = said({**base, "site": {**base["site"], **one_page}})
    assert {name: findings for name, findings in found.items() if findings} == {}
