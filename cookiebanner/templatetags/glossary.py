"""Our own words, for people who meet them for the first time: a page, and a short text at the word itself."""

from __future__ import annotations

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()
WORDS: dict[str, str] = {
    "Draft": "What you edit. Visitors never see it.",
    "Release": "A numbered copy of the draft that never changes. Visitors get the newest one.",
    "Gate": "The script first in your page's head. It holds trackers until the visitor has answered.",
    "Held": "Of a tracker: it waits for an answer, and asks for nothing meanwhile.",
    "Service": "A vendor or tracker, with its cookies and the requests that wait for a yes.",
    "Category": "What a visitor switches on or off, with all services in it.",
    "Purpose": "Why data is processed. It belongs to a category, or stands alone (newsletters).",
    "Block list": "What each service does under a law before a visitor has answered: run or wait.",
    "Override": "Your decision about one service under one law, over what the law would have, with a reason.",
    "Law": "What the rules of a place ask for: opt-in, opt-out or a notice. Many places share one.",
    "Opt-in": "Nothing optional runs before a yes.",
    "Opt-out": "Things run until somebody objects.",
    "Browser signal": "Global Privacy Control: a setting of the visitor's browser that says no to sale and sharing.",
    "Answer": "What a visitor decided. Each one becomes a record.",
    "Record": "One answer to one release, kept for proof. No address of the visitor is in it.",
    "Receipt": "What a visitor gets to prove their own answer.",
    "Ledger": "The site's log of answers and releases. Nothing in it can be changed or removed unnoticed.",
    "Leaf": "One entry of the ledger, by its number.",
    "Checkpoint": "A signed fingerprint of the whole ledger at one moment. Anchored: also kept outside this server.",
    "Sign-off": "A named person's word that a finding is fine for this site, with a reason. It is in the ledger.",
    "Audit trail": "Who changed what in the dashboard, line by line. It is never altered.",
    "Level": "How your page lets the gate hold things, from a swapped script to rewriting on your server.",
    "Drawing": "The draft opened in a browser and measured: sizes, colours, reach, what runs before an answer.",
    "Kill switch": "Makes the gate do nothing, on every page, within a minute.",
}


def anchor(word: str) -> str:
    """The place of a word on the page."""
    return word.lower().replace(" ", "-")


@register.simple_tag
def word(name: str, shown: str = "") -> SafeString:
    """One of our words in a sentence: a link to the page, with its meaning on hovering. Raises KeyError."""
    address = f"{reverse('dashboard:glossary')}#{anchor(name)}"
    return format_html('<a class="word" href="{}" title="{}">{}</a>', address, WORDS[name], shown or name.lower())
