"""Double opt-in over a real SMTP server on this machine: the link of the mail alone confirms nothing."""

from __future__ import annotations

import pytest
from django.db import transaction

from consent.models import LogEntry, PendingChoice
from consent.preferences import confirming, erasing
from consent.requests.actions import suppress
from cookiebanner.staff import choice_mails
from tests.cookiebanner.choices.conftest import states
from tests.cookiebanner.choices.test_receipts import proof_on

pytestmark = pytest.mark.django_db
ADA = "ada@example.org"


def ask(shop, topic, address: str = ADA, language: str = "de") -> PendingChoice:
    with transaction.atomic():
        row, to_send = confirming.ask(shop, topic, identifier=ADA, address=address, language=language)
        assert to_send
        choice_mails.send_soon(row)
    return row


def test_the_walk(shop, topics, mailbox, stranger) -> None:
    ask(shop, topics["news"])
    subject, text = mailbox.last(ADA)
    assert (subject.endswith(": bitte „Neues“ bestätigen"), "Zweimal im Monat." in text) == (True, True)
    link = mailbox.link(ADA)
    assert len(mailbox.mails) == 1
    for opened in (stranger.get(link), stranger.head(link), stranger.post(link)):
        assert opened.status_code == 200
    assert "Bestätigen: Neues" in stranger.get(link).content.decode()
    assert LogEntry.objects.filter(type="choice").count() == 0
    done = stranger.post(link, {"do": "confirm"})
    assert ("Danke." in done.content.decode(), len(proof_on(done))) == (True, 1)
    assert (states(shop), PendingChoice.objects.count()) == ({"news": "yes"}, 0)
    assert stranger.post(link, {"do": "confirm"}).status_code == 404


def test_no_address_is_in_the_row_of_a_job_and_none_is_mailed_after_an_erasure(shop, topics, mailbox) -> None:
    row = ask(shop, topics["news"])
    [job] = shop.jobs.filter(kind=choice_mails.JOB)
    assert job.params == {"pending": row.pk}
    erasing.erase(shop, ADA, "x", "asked")
    with pytest.raises(IndexError):
        mailbox.last(ADA)
    assert mailbox.mails == []


def test_an_address_that_was_erased_meanwhile_gets_no_mail_and_is_kept_no_longer(shop, topics, mailbox) -> None:
    row, _ = confirming.ask(shop, topics["news"], identifier="c-1", address=ADA, language="de")
    suppress(shop, ADA, "x")
    assert (choice_mails.send_now(row.pk), mailbox.mails, PendingChoice.objects.count()) == (False, [], 0)


def test_who_asks_with_another_address_gets_another_link(shop, topics, mailbox, stranger) -> None:
    ask(shop, topics["news"])
    first = mailbox.link(ADA)
    ask(shop, topics["news"], "new@example.org", "en")
    second = mailbox.link("new@example.org")
    assert stranger.post(first, {"do": "confirm"}).status_code == 404
    assert (stranger.post(second, {"do": "confirm"}).status_code, states(shop)) == (200, {"news": "yes"})
