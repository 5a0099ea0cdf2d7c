"""Double opt-in: what waits is no choice, and its address goes when it ends, however it does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from consent.common import InvalidChange
from consent.models import ChoiceState, LogEntry, PendingChoice, Topic
from consent.preferences import confirming
from consent.preferences.actions import end_topic, set_wording
from tests.consent.ledger.sample_ledger import make_site
from tests.consent.preferences.sample_topics import choice, record_at, said, topic

pytestmark = pytest.mark.django_db


@pytest.fixture
def site():
    made = make_site()
    topic(made, double_opt_in=True)
    return made


def asked(site, address: str = "Ada@example.org", **more) -> tuple[PendingChoice, bool]:
    news = Topic.objects.get()
    return confirming.ask(site, news, identifier="c-1", address=address, language="en", **more)


def test_asking_stores_no_choice_and_confirming_one_with_its_proof(site) -> None:
    row, to_send = asked(site, source="footer form", evidence="form 3")
    assert (to_send, row.address, LogEntry.objects.filter(type="choice").count()) == (True, "ada@example.org", 0)
    taken = confirming.confirm(row)
    record = record_at(site, taken.index)
    assert (taken.status, record["action"], record["method"], record["wording"]) == ("created", "yes", "mailed_link", 1)
    assert record["evidence"] == f"asked {row.asked_at:%Y-%m-%dT%H:%M:%SZ}, confirmed by the mailed link; form 3"
    assert (PendingChoice.objects.count(), ChoiceState.objects.get().value) == (0, "yes")


def test_a_link_counts_once_and_not_after_its_time(site) -> None:
    row, _ = asked(site)
    PendingChoice.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(InvalidChange, match="no longer valid"):
        confirming.confirm(row)
    assert (confirming.lapse(), PendingChoice.objects.count(), ChoiceState.objects.count()) == (1, 0, 0)
    row, _ = asked(site)
    confirming.confirm(row)
    with pytest.raises(InvalidChange, match="no longer valid"):
        confirming.confirm(row)
    assert LogEntry.objects.filter(type="choice").count() == 1


def test_who_asks_again_at_once_gets_no_second_mail_and_another_address_does(site) -> None:
    assert [asked(site)[1], asked(site)[1], asked(site, "new@example.org")[1]] == [True, False, True]
    assert PendingChoice.objects.get().address == "new@example.org"


def test_what_can_not_be_asked_is_refused(site) -> None:
    with pytest.raises(InvalidChange, match="This is not an address."):
        asked(site, "ada")
    end_topic(Topic.objects.get(), "alice@example.org")
    with pytest.raises(InvalidChange, match="has ended"):
        asked(site)


def test_who_says_no_meanwhile_waits_no_longer_and_an_earlier_no_ends_nothing(site) -> None:
    row, _ = asked(site)
    earlier = (row.asked_at - timedelta(seconds=1)).isoformat()
    said(site, choice(site, "no", earlier), now=timezone.now())
    assert PendingChoice.objects.count() == 1
    said(site, choice(site, "no", timezone.now().isoformat(), evidence="by telephone"), now=timezone.now())
    with pytest.raises(InvalidChange, match="no longer valid"):
        confirming.confirm(row)
    assert ChoiceState.objects.get().value == "no"


def test_nobody_confirms_what_has_ended(site) -> None:
    row, _ = asked(site)
    end_topic(Topic.objects.get(), "alice@example.org")
    with pytest.raises(InvalidChange, match="no longer valid"):
        confirming.confirm(row)


def test_the_record_names_the_text_of_the_mail_and_the_language_that_it_has(site) -> None:
    news = Topic.objects.get()
    row, _ = confirming.ask(site, news, identifier="c-1", address="ada@example.org", language="fr")
    set_wording(news, "alice@example.org", {"en": {"name": "News", "text": "Daily."}})
    record = record_at(site, confirming.confirm(row).index)
    assert (record["language"], record["wording"]) == ("en", 1)


def test_what_asked_is_one_line(site) -> None:
    with pytest.raises(InvalidChange, match="on one line"):
        asked(site, source="footer\nform")
