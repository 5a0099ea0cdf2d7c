"""The page of a choice's receipt: what was asked and answered, in the person's language, then the proof."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from consent.answers import receipt_words
from consent.answers.receipts import Receipt
from consent.banners import cldr
from consent.banners.texts import direction
from consent.preferences import queries, texts
from consent.preferences.collecting import NOTICE
from consent.preferences.models import TopicWording

TEMPLATE = "receipt_choice.html"


def page(found: Receipt, wanted: Sequence[str], chosen: str = "") -> dict[str, Any]:
    """What the page shows, in the language that its link says (`chosen`), else in that of the text that was read;
    `wanted`: the browser's languages, for a choice that says none. The text itself is shown as it was read."""
    payload = found.payload()
    wishes = [one for one in (found.record.language, chosen, *wanted) if one]
    language = receipt_words.nearest(chosen or wishes[0]) if wishes else "en"
    words = receipt_words.words(language)
    wording = TopicWording.objects.filter(
        topic__site=found.site, topic__key=payload["topic"], version=payload.get("wording", 0)
    ).first()
    spoken, asked = queries.words_of(wording, wishes) if wording else (language, {"name": payload["topic"], "text": ""})
    return {
        "words": words,
        "language": language,
        "direction": direction(language),
        "receipt": found,
        "payload": payload,
        "said": words["title"],
        "stored": receipt_words.stored(found.record.received_at, found.site.name, language),
        "proof": receipt_words.proof(found.entry.index, found.size, language),
        "asked": {"lang": spoken, **asked},
        "answer": _answer(found.record.action, datetime.fromisoformat(payload["acted_at"]), language),
        "json": found.json(),
    }


def _answer(value: str, acted_at: datetime, language: str) -> str:
    """What was said, and when."""
    own = texts.words(texts.language_for([language]))
    day = cldr.long_date(acted_at.date(), texts.language_for([language]))
    if value == NOTICE:
        return own["notice_sent"].format(day=day)
    said = receipt_words.words(language)["granted" if value == "yes" else "denied"]
    return f"{said} · {own['since'].format(day=day)}"
