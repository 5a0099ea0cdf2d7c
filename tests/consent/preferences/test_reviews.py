"""Who has read the words of choices and documents: a named person, of these words and no others."""

from __future__ import annotations

import pytest

from consent.common import InvalidChange
from consent.models import Site, TextReview
from consent.policies import actions as policies
from consent.policies import reviews as of_documents
from consent.preferences import reviews, texts
from consent.preferences.actions import set_wording
from consent.publishing.verify_trail import wrong
from consent.sites.actions import create_site
from tests.consent.policies import sample_documents as documents
from tests.consent.preferences.sample_topics import WORDS, topic

pytestmark = pytest.mark.django_db
WHO = "alice@example.org"


@pytest.fixture
def site() -> Site:
    return create_site("shop.test", WHO, languages=["en", "de"])


def readers(held) -> dict[str, str]:
    return {code: row.signed_by for code, row in held.items()}


def test_a_wording_s_language_is_read_until_its_words_change(site) -> None:
    both = WORDS | {"de": {"name": "Neues", "text": "Zweimal im Monat."}}
    news = topic(site, texts=both)
    reviews.sign_topic(news, WHO, "de", "Erika Muster")
    reviews.sign_topic(news, WHO, "en", "Ann Reader")
    assert readers(reviews.of_topic(news)) == {"de": "Erika Muster", "en": "Ann Reader"}
    set_wording(news, WHO, both | {"de": {"name": "Neues", "text": "Jede Woche."}})
    assert readers(reviews.of_topic(news)) == {"en": "Ann Reader"}
    reviews.unsign_topic(news, WHO, "en")
    assert readers(reviews.of_topic(news)) == {}
    for language, name in (("fr", "A"), ("de", " "), ("de", "A\nB")):
        with pytest.raises(InvalidChange):
            reviews.sign_topic(news, WHO, language, name)


def test_our_words_are_machine_made_until_somebody_signs_and_when_we_change_them(site, monkeypatch) -> None:
    reviews.sign_ours(site, WHO, "pl", "Ewa Nowak")
    assert readers(reviews.of_ours(site)) == {"pl": "Ewa Nowak"}
    changed = dict(texts.words("pl")) | {"save": "Zachowaj"}
    monkeypatch.setattr(reviews, "words", lambda code: changed if code == "pl" else texts.words(code))
    assert readers(reviews.of_ours(site)) == {}
    with pytest.raises(InvalidChange):
        reviews.sign_ours(site, WHO, "eo", "Ewa Nowak")


def test_a_draft_of_a_document_is_read_until_it_changes(site) -> None:
    document = documents.written(site)
    of_documents.sign(document, WHO, "en", "Ann Reader")
    assert readers(of_documents.of(document)) == {"en": "Ann Reader"}
    policies.save_draft(document, WHO, "en", text="We keep logs for 60 days.")
    assert readers(of_documents.of(document)) == {}
    with pytest.raises(InvalidChange):
        of_documents.sign(document, WHO, "de", "Ann Reader")


def test_the_trail_tells_who_has_read_what_and_an_invented_review_is_found(site) -> None:
    news = topic(site)
    reviews.sign_topic(news, WHO, "en", "Ann Reader")
    reviews.sign_ours(site, WHO, "en", "Ann Reader")
    reviews.unsign_ours(site, WHO, "en")
    assert list(wrong(site)) == []
    TextReview.objects.filter(about="topic news").update(about="document privacy")
    said = "The review of document privacy in en by Ann Reader was invented or changed"
    assert [line for line in wrong(site) if line.startswith(said)]
