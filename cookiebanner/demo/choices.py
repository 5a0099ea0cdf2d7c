"""Two topics beyond cookies in the demo, and what a few hundred people said to them, taken in as a program's are."""

from __future__ import annotations

import random
from datetime import timedelta

from django.utils import timezone

from consent.models import Site, Topic
from consent.preferences.actions import add_topic
from consent.preferences.collecting import Offer, choice_of, collect

PEOPLE = 320
SAYS_YES = {"newsletter": 0.62, "calls": 0.18}
WORDS = {
    "newsletter": {
        "en": {
            "name": "Newsletter by e-mail",
            "text": "Twice a month Leaf & Kettle writes to you about new teas and offers. You can stop at any time.",
        },
        "de": {
            "name": "Newsletter per E-Mail",
            "text": "Zweimal im Monat schreibt Ihnen Leaf & Kettle über neue Tees und Angebote. Sie können das "
            "jederzeit beenden.",
        },
    },
    "calls": {
        "en": {
            "name": "Calls about your orders",
            "text": "Leaf & Kettle may call you with offers that fit what you ordered. You can stop at any time.",
        },
        "de": {
            "name": "Anrufe zu Ihren Bestellungen",
            "text": "Leaf & Kettle darf Sie mit Angeboten anrufen, die zu Ihren Bestellungen passen. Sie können das "
            "jederzeit beenden.",
        },
    },
}


def say(shop: Site) -> int:
    """Adds the topics and has people answer them, once; returns how many answers that were (0 = it was done before)."""
    if shop.topics.exists():
        return 0
    kinds = {"newsletter": (Topic.Kind.EMAIL, Topic.Channel.EMAIL), "calls": (Topic.Kind.PHONE, Topic.Channel.PHONE)}
    for order, (key, (kind, channel)) in enumerate(kinds.items()):
        add_topic(
            shop, "demo", key=key, kind=kind, basis=Topic.Basis.OPT_IN, texts=WORDS[key], channel=channel, order=order
        )
    chance = random.Random(2026)  # noqa: S311 - a story, not a secret
    now, offer = timezone.now(), Offer.of(shop)
    said = []
    for number in range(1, PEOPLE + 1):
        since = now - timedelta(minutes=chance.randrange(60, 90 * 24 * 60))
        language = chance.choices(["en", "de"], weights=[3, 2])[0]
        for key, share in SAYS_YES.items():
            if key == "calls" and chance.random() < 0.4:
                continue  # who gave no telephone number was not asked
            fields = {
                "id": f"customer-{number}", "topic": key, "value": "yes" if chance.random() < share else "no",
                "at": since.isoformat(), "method": chance.choice(["web", "web", "app"]), "source": "checkout",
                "language": language, "wording": 1,
            }  # fmt: skip
            said.append(choice_of(offer, fields, now))
    return len(collect(offer, said, now))
