"""What a person is told of the table of law, once each."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.contrib.auth import get_user_model

from consent.jurisdictions import history, notices, table
from consent.models import LawSubscription

pytestmark = pytest.mark.django_db
QUIET = date(2029, 1, 1)  # nothing starts after that day


@pytest.fixture
def ada():
    return get_user_model().objects.create(username="ada", email="ada@ribbon.example")


def told(user, day: date) -> list[notices.News]:
    """What `tell` sends on a day."""
    sent: list[notices.News] = []
    assert notices.tell(user.pk, day, lambda _, news: sent.append(news)) == bool(sent)
    return sent


def test_who_subscribes_knows_the_version_that_is_there(ada):
    subscription = notices.subscribe(ada)
    assert notices.subscription_of(ada) == subscription
    assert (subscription.version, told(ada, QUIET)) == (table.VERSION, [])
    assert notices.subscribe(ada) == subscription  # twice is once


def test_who_never_subscribed_or_ended_it_is_told_nothing(ada):
    assert told(ada, QUIET) == []
    notices.subscribe(ada)
    LawSubscription.objects.update(version="2026-11-21")
    assert (notices.unsubscribe(ada.pk), notices.unsubscribe(ada.pk)) == (True, False)
    assert told(ada, QUIET) == []


def test_a_new_version_is_told_once_with_what_it_changed(ada):
    notices.subscribe(ada)
    LawSubscription.objects.update(version="2026-11-21")
    [news] = told(ada, QUIET)
    assert (news.version, news.starts) == (table.VERSION, [])
    assert news.changes == history.changes(history.versions()[0], history.present())
    assert told(ada, QUIET) == []
    assert LawSubscription.objects.get().version == table.VERSION


def test_a_version_that_was_never_kept_is_told_without_its_differences(ada):
    notices.subscribe(ada)
    LawSubscription.objects.update(version="2000-01-01")
    [news] = told(ada, QUIET)
    assert (news.version, news.changes) == (table.VERSION, None)


def test_an_older_version_is_no_news(ada):
    """Somebody went back to an earlier release of Fairgate."""
    notices.subscribe(ada)
    LawSubscription.objects.update(version="2999-01-01")
    assert told(ada, QUIET) == []


def test_a_start_is_told_thirty_days_before_and_once(ada):
    notices.subscribe(ada)
    vermont = date(2028, 1, 1)
    assert told(ada, vermont - timedelta(days=31)) == []
    [news] = told(ada, vermont - timedelta(days=30))
    assert (news.version, news.changes, [start.key for start in news.starts]) == ("", None, ["2028-01-01 US-VT"])
    assert told(ada, vermont - timedelta(days=29)) == []
    assert told(ada, vermont) == []
    assert LawSubscription.objects.get().notified == ["2028-01-01 US-VT"]


def test_what_the_worker_missed_is_told_late_but_not_after_the_day(ada):
    notices.subscribe(ada)
    assert [start.key for news in told(ada, date(2027, 12, 31)) for start in news.starts] == ["2028-01-01 US-VT"]
    LawSubscription.objects.update(notified=[])
    assert told(ada, date(2028, 1, 1)) == []


def test_what_could_not_be_sent_is_told_the_next_time(ada):
    notices.subscribe(ada)
    LawSubscription.objects.update(version="2026-11-21")

    def fail(subscription, news):
        raise OSError("no mail server")

    day = date(2027, 12, 15)
    with pytest.raises(OSError):
        notices.tell(ada.pk, day, fail)
    [news] = told(ada, day)
    assert (news.version, [start.id for start in news.starts]) == (table.VERSION, ["US-VT"])


def test_what_lies_behind_is_forgotten(ada):
    notices.subscribe(ada)
    LawSubscription.objects.update(notified=["2020-01-01 XX"])
    told(ada, date(2027, 12, 15))
    assert LawSubscription.objects.get().notified == ["2028-01-01 US-VT"]
