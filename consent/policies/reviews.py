"""Who has read the words of a document, per language: its draft as it is, which is what a version then says. A change
of the draft is read anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from consent.banners import actions, reviews
from consent.banners.models import TextReview
from consent.banners.texts import digest_of
from consent.common import InvalidChange
from consent.policies import queries
from consent.policies.models import Document


def of(document: Document, texts: Mapping[str, Any] | None = None) -> Mapping[str, TextReview]:
    """{language: the review} of those that hold for the draft (`texts`, when it was read already)."""
    return reviews.held(document.site, _name(document), queries.draft_texts(document) if texts is None else texts)


def sign(document: Document, actor: str, language: str, signed_by: str) -> TextReview:
    """A named person has read the draft in a language, and answers for it. Raises InvalidChange."""
    texts = queries.draft_texts(document)
    if language not in texts:
        raise InvalidChange(_("There is no text in this language yet."))
    digest = digest_of(texts[language])
    return actions.sign_words(document.site, actor, _name(document), language, digest, signed_by)


def unsign(document: Document, actor: str, language: str) -> None:
    """Takes a review back; a second call changes nothing."""
    actions.unsign_words(document.site, actor, _name(document), language)


def _name(document: Document) -> str:
    return f"document {document.key}"
