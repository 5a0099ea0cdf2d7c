"""The receipt of a choice: for programs, as a proof file, and as a page; from the person's page and from the API."""

from __future__ import annotations

import hmac
import json
import re
from base64 import b64decode
from html import unescape

import pytest

from consent.answers.receipts import receipt
from consent.ledger import merkle, signing
from consent.models import ConsentRecord, TopicWording
from consent.preferences import erasing
from consent.preferences.actions import add_topic, set_wording
from cookiebanner.staff import choice_links, links
from tests.consent.preferences.sample_topics import choice, said
from tests.cookiebanner.choices.conftest import NEWS

pytestmark = pytest.mark.django_db
HTML = {"Accept": "text/html"}


def proof_on(page) -> list[str]:
    """The addresses of the receipts that a page links."""
    return [unescape(one) for one in re.findall(r'<a href="(/api/v1/[^"]+)">', page.content.decode())]


def test_the_persons_page_links_a_proof_that_holds(shop, topics, ada, stranger) -> None:
    at = choice_links.page(shop, ada, "de")
    assert proof_on(stranger.get(at)) == []
    stranger.post(at, {"save": "1", "topic-news": "yes", "topic-calls": "no"})
    addresses = proof_on(stranger.get(at))
    told = [stranger.get(address).json() for address in addresses]
    assert [(one["type"], json.loads(one["record"])["topic"]) for one in told] == [
        ("choice", "news"), ("choice", "calls"),
    ]  # fmt: skip
    news = told[0]
    sealed = hmac.digest(b64decode(news["salt"]), news["record"].encode(), "sha256")
    assert sealed == b64decode(news["commitment"])
    head = signing.parse(news["checkpoint"])
    steps = [b64decode(step) for step in news["proof"]]
    assert merkle.verify_inclusion(b64decode(news["leaf"]), news["index"], head.size, steps, head.root)
    _, public = signing.parse_vkey(news["key"])
    assert signing.signer(news["checkpoint"], [public]) == public
    assert (news["release"], news["release_hash"]) == (None, "")
    assert stranger.get(addresses[0], headers={"Accept": "text/plain"}).content.decode() == news["tlog_proof"]


def test_the_page_says_what_was_asked_and_answered_then(shop, topics, ada, stranger) -> None:
    at = choice_links.page(shop, ada, "de")
    stranger.post(at, {"save": "1", "topic-news": "yes", "topic-calls": "no"})
    set_wording(topics["news"], "x", {"de": {"name": "Anderes", "text": "Täglich."}})
    news, calls = (stranger.get(address, headers=HTML).content.decode() for address in proof_on(stranger.get(at)))
    assert ('<html lang="de" dir="ltr">' in news, "Erlaubt · Seit " in news, "Zweimal im Monat." in news) == (
        True, True, True,
    )  # fmt: skip
    assert ("Anderes" in news, TopicWording.objects.get(topic=topics["news"], version=1).sha256 in news) == (
        False,
        True,
    )
    assert ('<bdi lang="en">Calls</bdi>' in calls, 'class="no">Nicht erlaubt · Seit ' in calls) == (True, True)
    assert str(ada) in news


def test_a_choice_in_words_of_another_system_and_a_notice_have_one(shop, stranger) -> None:
    add_topic(shop, "x", key="news", kind="email", basis="opt_in", texts=NEWS)
    add_topic(shop, "x", key="cpni", kind="cpni", basis="opt_out", channel="post", texts=NEWS)
    old = choice(shop, wording=0, method="mail", at="2019-01-02T03:04:05Z")
    notice = choice(shop, "notice", topic="cpni", language="de")
    first, second = said(shop, old, notice)
    wish = HTML | {"Accept-Language": "es"}
    text = stranger.get(links.receipt(shop, first.record), headers=wish).content.decode()
    assert ('<html lang="es"' in text, "news</bdi>" in text, "2 de enero de 2019" in text) == (True, True, True)
    text = stranger.get(links.receipt(shop, second.record), headers=wish).content.decode()
    assert "Sie wurden am 1. Mai 2026 darüber unterrichtet." in text


def test_what_ends_and_confirms_hands_one_out_too(shop, topics, ada, stranger) -> None:
    page = stranger.post(choice_links.stop(shop, ada, topics["news"], "en"), {"do": "stop"})
    record = ConsentRecord.objects.get(type="choice")
    assert proof_on(page) == [links.receipt(shop, record.record_id, "en")]
    assert receipt(record.record_id, shop.uuid).payload()["action"] == "no"


def test_an_erased_choice_has_none(shop, topics, ada, stranger) -> None:
    at = choice_links.page(shop, ada, "en")
    stranger.post(at, {"save": "1", "topic-news": "yes"})
    [address] = proof_on(stranger.get(at))
    erasing.erase(shop, "ada@example.org", "x", "asked")
    gone = stranger.get(address)
    assert (gone.status_code, gone.json()["code"]) == (410, "erased")
    assert stranger.get(address, headers=HTML).status_code == 410
