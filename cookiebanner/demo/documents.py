"""The demo's privacy policy in two languages: a version in force, and one that comes into effect in a fortnight."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from consent.models import Site
from consent.policies.actions import add_document, publish_version, save_draft
from consent.policies.models import Document
from cookiebanner.demo.views import POLICY

DAYS_AHEAD = 14
TITLES = {"en": "How Leaf & Kettle uses your data", "de": "Wie Leaf & Kettle Ihre Daten verwendet"}
TEXTS = {
    "en": """Leaf & Kettle Ltd answers for what this page describes.

## What we keep

- Your name, your address and your orders, for ten years: the law on bookkeeping asks for it.
- Your e-mail address, as long as you want our newsletter.
- The logs of our server, for 30 days.

## Who gets it

The parcel service gets your name and address. Nobody gets your orders.

## Your rights

You may see your data, have them corrected or erased, and object. Write to
[privacy@leafandkettle.example](mailto:privacy@leafandkettle.example).""",
    "de": """Leaf & Kettle Ltd ist für das verantwortlich, was auf dieser Seite steht.

## Was wir aufbewahren

- Ihren Namen, Ihre Anschrift und Ihre Bestellungen, zehn Jahre lang: so will es das Recht der Buchführung.
- Ihre E-Mail-Adresse, solange Sie unseren Newsletter wollen.
- Die Protokolle unseres Servers, 30 Tage lang.

## Wer es bekommt

Der Paketdienst bekommt Ihren Namen und Ihre Anschrift. Ihre Bestellungen bekommt niemand.

## Ihre Rechte

Sie dürfen Ihre Daten einsehen, berichtigen oder löschen lassen und widersprechen. Schreiben Sie an
[privacy@leafandkettle.example](mailto:privacy@leafandkettle.example).""",
}
CHANGES = {
    "en": ("for 30 days.", "for 14 days.", "Nobody gets your orders.",
           "Our chat, SipChat, gets what you write there. Nobody gets your orders.",
           "Logs are kept for 14 days instead of 30, and the chat is named."),
    "de": ("30 Tage lang.", "14 Tage lang.", "Ihre Bestellungen bekommt niemand.",
           "Unser Chat, SipChat, bekommt, was Sie dort schreiben. Ihre Bestellungen bekommt niemand.",
           "Protokolle bleiben 14 statt 30 Tage, und der Chat ist genannt."),
}  # fmt: skip


def write(shop: Site) -> Document | None:
    """Writes the policy and publishes both versions, once; None when there is a document already."""
    if shop.documents.exists():
        return None
    document = add_document(shop, "demo", kind="privacy", title=TITLES["en"], language="en", key=POLICY)
    for language, text in TEXTS.items():
        save_draft(document, "demo", language, title=TITLES[language], text=text)
    publish_version(document, "demo", base=0)
    for language, (logs, shorter, nobody, chat, summary) in CHANGES.items():
        text = TEXTS[language].replace(logs, shorter).replace(nobody, chat)
        save_draft(document, "demo", language, text=text, summary=summary)
    publish_version(document, "demo", base=1, effective_on=timezone.now().date() + timedelta(days=DAYS_AHEAD))
    return document
