"""Our own words, for people who meet them for the first time: a page, and a short text at the word itself."""

from __future__ import annotations

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_noop

from cookiebanner.templatetags.fairgate import in_sentence

register = template.Library()
WORDS: dict[str, str] = {
    gettext_noop("Draft"): gettext_noop("What you edit. Visitors never see it."),
    gettext_noop("Release"): gettext_noop(
        "A numbered copy of the draft that never changes. Visitors get the newest one."
    ),
    gettext_noop("Gate"): gettext_noop(
        "The script first in your page's head. It holds trackers until the visitor has answered."
    ),
    gettext_noop("Held"): gettext_noop("Of a tracker: it waits for an answer, and asks for nothing meanwhile."),
    gettext_noop("Service"): gettext_noop(
        "A vendor or tracker, with its cookies and the requests that wait for a yes."
    ),
    gettext_noop("Category"): gettext_noop("What a visitor switches on or off, with all services in it."),
    gettext_noop("Purpose"): gettext_noop(
        "Why data is processed. It belongs to a category, or stands alone (newsletters)."
    ),
    gettext_noop("Block list"): gettext_noop(
        "What each service does under a law before a visitor has answered: run or wait."
    ),
    gettext_noop("Override"): gettext_noop(
        "Your decision about one service under one law, over what the law would have, with a reason."
    ),
    gettext_noop("Law"): gettext_noop(
        "What the rules of a place ask for: opt-in, opt-out or a notice. Many places share one."
    ),
    gettext_noop("Opt-in"): gettext_noop("Nothing optional runs before a yes."),
    gettext_noop("Opt-out"): gettext_noop("Things run until somebody objects."),
    gettext_noop("Browser signal"): gettext_noop(
        "Global Privacy Control: a setting of the visitor's browser that says no to sale and sharing."
    ),
    gettext_noop("Answer"): gettext_noop("What a visitor decided. Each one becomes a record."),
    gettext_noop("Record"): gettext_noop(
        "One answer to one release, kept for proof. No address of the visitor is in it."
    ),
    gettext_noop("Receipt"): gettext_noop("What a visitor gets to prove their own answer."),
    gettext_noop("Ledger"): gettext_noop(
        "The site's log of answers and releases. Nothing in it can be changed or removed unnoticed."
    ),
    gettext_noop("Leaf"): gettext_noop("One entry of the ledger, by its number."),
    gettext_noop("Checkpoint"): gettext_noop(
        "A signed fingerprint of the whole ledger at one moment. Anchored: also kept outside this server."
    ),
    gettext_noop("Sign-off"): gettext_noop(
        "A named person's word that a finding is fine for this site, with a reason. It is in the ledger."
    ),
    gettext_noop("Audit trail"): gettext_noop("Who changed what in the dashboard, line by line. It is never altered."),
    gettext_noop("Level"): gettext_noop(
        "How your page lets the gate hold things, from a swapped script to rewriting on your server."
    ),
    gettext_noop("Drawing"): gettext_noop(
        "The draft opened in a browser and measured: sizes, colours, reach, what runs before an answer."
    ),
    gettext_noop("Kill switch"): gettext_noop("Makes the gate do nothing, on every page, within a minute."),
}


def anchor(word: str) -> str:
    """The place of a word on the page."""
    return word.lower().replace(" ", "-")


def explained() -> list[tuple[str, str, str]]:
    """Every word with its meaning and its place on the page, in the language of the page."""
    return [(gettext(word), gettext(meaning), anchor(word)) for word, meaning in WORDS.items()]


@register.simple_tag
def word(name: str, shown: str = "") -> SafeString:
    """One of our words in a sentence: a link to the page, with its meaning on hovering. Raises KeyError."""
    address = f"{reverse('dashboard:glossary')}#{anchor(name)}"
    said = shown or in_sentence(gettext(name))
    return format_html('<a class="word" href="{}" title="{}">{}</a>', address, gettext(WORDS[name]), said)
