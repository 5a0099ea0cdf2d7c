"""Who has read the words of choices, per site and language: ours on pages and in mails, which are machine-made until a
named person has, and those of each topic's wording. Other words, and another wording, are read anew."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _

from consent.banners import actions, reviews
from consent.banners.models import TextReview
from consent.banners.texts import digest_of
from consent.common import InvalidChange
from consent.preferences.models import Topic
from consent.preferences.texts import LANGUAGES, words
from consent.sites.models import Site

OURS = "choices"


def of_ours(site: Site) -> Mapping[str, TextReview]:
    """{language: the review} of our words, of those that hold."""
    return reviews.held(site, OURS, {code: dict(words(code)) for code in LANGUAGES})


def of_topic(topic: Topic) -> Mapping[str, TextReview]:
    """{language: the review} of a topic's wording in force."""
    return reviews.held(topic.site, _name(topic), _texts(topic))


def sign_ours(site: Site, actor: str, language: str, signed_by: str) -> TextReview:
    """A named person has read our words in a language, and answers for them. Raises InvalidChange."""
    if language not in LANGUAGES:
        raise InvalidChange(_("We ship no words in this language."))
    return actions.sign_words(site, actor, OURS, language, digest_of(dict(words(language))), signed_by)


def unsign_ours(site: Site, actor: str, language: str) -> None:
    """Takes a review back; a second call changes nothing."""
    actions.unsign_words(site, actor, OURS, language)


def sign_topic(topic: Topic, actor: str, language: str, signed_by: str) -> TextReview:
    """The same of a topic's wording in force. Raises InvalidChange."""
    texts = _texts(topic)
    if language not in texts:
        raise InvalidChange(_("The wording is not in this language."))
    return actions.sign_words(topic.site, actor, _name(topic), language, digest_of(texts[language]), signed_by)


def unsign_topic(topic: Topic, actor: str, language: str) -> None:
    """Takes a review back; a second call changes nothing."""
    actions.unsign_words(topic.site, actor, _name(topic), language)


def _name(topic: Topic) -> str:
    return f"topic {topic.key}"


def _texts(topic: Topic) -> dict[str, dict[str, str]]:
    last = topic.wordings.last()
    return last.texts if last else {}
