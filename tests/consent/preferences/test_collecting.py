"""What people say becomes entries of the ledger, and states by the time of their act."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any
from uuid import uuid4

import pytest
from django.test import override_settings

from consent.common import InvalidChange
from consent.ledger import canonical
from consent.ledger.verify import verify
from consent.models import ChoiceState, LogEntry, SuppressedAddress, Topic
from consent.preferences import erasing, queries, subjects
from consent.preferences import verify as beside
from consent.preferences.actions import change_topic, end_topic, set_wording
from consent.preferences.collecting import MOST, Offer, collect
from consent.preferences.states import COPIED
from consent.requests.actions import suppress
from tests.consent.ledger.sample_ledger import make_site
from tests.consent.preferences.sample_topics import NOW, WORDS, choice, record_at, said, topic
from tests.values import present

pytestmark = pytest.mark.django_db


@pytest.fixture
def site():
    made = make_site()
    topic(made)
    return made


def state() -> ChoiceState:
    return ChoiceState.objects.get()


def totals() -> tuple[int, int]:
    return Topic.objects.values_list("yes", "no").get()


def test_a_choice_is_an_entry_that_holds_every_fact_and_not_the_id(site) -> None:
    [taken] = said(site, choice(site, source="app 4.2", evidence="screen 7", language="en", id="Ada@Example.org"))
    assert taken.status == "created"
    payload = record_at(site, taken.index)
    subject = subjects.subject_of(site, "ada@example.org")
    wording = Topic.objects.get().wordings.get()
    assert {name: payload[name] for name in payload if name not in ("received_at", "request")} == {
        "id": str(taken.record), "site": str(site.uuid), "type": "choice", "release_hash": "", "regime": "",
        "jurisdiction": "", "language": "en", "action": "yes", "visitor": str(subject), "topic": "news",
        "told_at": "2026-05-01T10:00:00.000000Z", "acted_at": "2026-05-01T10:00:00.000000Z", "method": "app",
        "source": "app 4.2", "evidence": "screen 7", "wording": 1, "wording_sha256": wording.sha256,
    }  # fmt: skip
    assert "ada" not in str(payload).lower()
    assert verify(site).wrong == []


def test_a_wording_is_an_entry_and_the_same_words_are_no_new_version(site) -> None:
    news = Topic.objects.get()
    assert set_wording(news, "alice@example.org", WORDS).version == 1
    second = set_wording(news, "alice@example.org", {"en": {"name": "News", "text": "Daily."}})
    logged = record_at(site, second.entry)
    assert (second.version, logged["type"], logged["texts"]) == (
        2,
        "wording",
        {"en": {"name": "News", "text": "Daily."}},
    )
    facts = {name: logged[name] for name in ("topic", "kind", "basis", "texts")}
    assert logged["sha256"] == second.sha256 == hashlib.sha256(canonical.encode(facts)).hexdigest()


ACTS = (("yes", "2026-05-01T10:00:00Z"), ("no", "2026-05-01T10:00:00Z"), ("yes", "2026-04-01T10:00:00Z"),
        ("no", "2026-03-01T10:00:00Z"))  # fmt: skip


@pytest.mark.parametrize("order", list(permutations(ACTS)))
def test_the_later_act_wins_in_whatever_order_they_come_and_of_one_moment_the_no(site, order) -> None:
    for value, at in order:
        said(site, choice(site, value, at))
    assert (state().value, state().acted_at) == ("no", datetime(2026, 5, 1, 10, tzinfo=UTC))
    assert totals() == (0, 1)
    assert LogEntry.objects.filter(type="choice").count() == 4


def test_in_one_batch_the_rule_is_the_same(site) -> None:
    taken = said(site, *(choice(site, value, at) for value, at in ACTS))
    assert [one.status for one in taken] == ["created", "created", "older", "older"]
    assert (state().value, state().entry, totals()) == ("no", taken[1].index, (0, 1))


def test_a_clock_of_the_future_counts_as_now_and_what_it_said_is_kept(site) -> None:
    [taken] = said(site, choice(site, at=(NOW + timedelta(days=300)).isoformat()))
    record = record_at(site, taken.index)
    assert state().acted_at == NOW
    assert (record["acted_at"], record["told_at"]) == ("2026-06-01T12:00:00.000000Z", "2027-03-28T12:00:00.000000Z")
    said(site, choice(site, "no", (NOW + timedelta(minutes=1)).isoformat()), now=NOW + timedelta(minutes=2))
    assert state().value == "no"


def test_what_is_sent_again_is_stored_once_and_an_id_used_twice_is_refused(site) -> None:
    key = uuid4()
    first, again = choice(site), choice(site)
    assert [one.status for one in said(site, first)] == ["created"]
    assert [one.status for one in said(site, again)] == ["replayed"]
    mine, other = choice(site, "no"), choice(site, "no", id="c-2")
    mine.id = other.id = key
    assert [one.status for one in said(site, mine)] == ["created"]
    assert [one.status for one in said(site, other)] == ["conflict"]
    assert ChoiceState.objects.count() == 1


def test_people_of_two_sites_are_two_subjects(site) -> None:
    assert subjects.subject_of(site, "c-1") != subjects.subject_of(make_site("Other"), "c-1")
    assert subjects.subject_of(site, " c-1 ") == subjects.subject_of(site, "c-1") != subjects.subject_of(site, "C-1")


def test_who_is_known_under_an_older_key_stays_who_they_are(site, settings) -> None:
    said(site, choice(site))
    old = settings.SECRET_KEY
    with override_settings(SECRET_KEY="a new key", SECRET_KEY_FALLBACKS=[old]):
        said(site, choice(site, "no", "2026-05-02T10:00:00Z"), choice(site, id="c-2"))
        new = subjects.subject_of(site, "c-2")
    assert {(row.subject, row.value) for row in ChoiceState.objects.all()} == {
        (subjects.subject_of(site, "c-1"), "no"), (new, "yes"),
    }  # fmt: skip
    assert new != subjects.subject_of(site, "c-2")


def test_of_whom_is_suppressed_nothing_is_kept(site) -> None:
    suppress(site, "ada@example.org", "alice@example.org")
    before = LogEntry.objects.count()
    taken = said(site, choice(site, id="Ada@example.org"), choice(site, id="bob@example.org"))
    assert [one.status for one in taken] == ["suppressed", "created"]
    assert LogEntry.objects.count() == before + 1
    assert SuppressedAddress.objects.count() == 1


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "topic": ({"topic": "other"}, "There is no topic 'other'."),
    "value": ({"value": "maybe"}, "A value is one of yes, no, notice."),
    "no time": ({"at": ""}, "The time of the act (at) is no ISO 8601, such as 2026-03-01T09:30:00Z."),
    "time": ({"at": "yesterday"}, "The time of the act (at) is no ISO 8601, such as 2026-03-01T09:30:00Z."),
    "old time": ({"at": "1970-01-01"}, "The time of the act (at) can't be right."),
    "no day": (
        {"at": "9999-12-31T23:59:59-12:00"},
        "The time of the act (at) is no ISO 8601, such as 2026-03-01T09:30:00Z.",
    ),
    "far time": ({"at": "2036-01-01"}, "The time of the act (at) can't be right."),
    "nobody": ({"id": " "}, "An id has 1 to 254 printable characters."),
    "method": ({"method": "page"}, "A method is one of app, web, form, phone, letter, mail, in_person, sms, other."),
    "wording": ({"wording": 9}, "The topic news has no wording 9."),
    "no wording": ({"wording": "first"}, "A wording is the number of a version."),
    "language": ({"language": "Deutsch!"}, "The language is none."),
    "long": ({"source": "x" * 101}, "source has at most 100 characters, on one line."),
    "lines": ({"evidence": "a\nb"}, "evidence has at most 300 characters, on one line."),
    "notice": ({"value": "notice"}, "Only topics of CPNI have notices."),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_can_not_be_is_refused_in_words(site, name: str) -> None:
    fields, words = WRONG[name]
    with pytest.raises(InvalidChange) as refused:
        choice(site, **fields)
    assert str(refused.value) == words


def test_nobody_says_yes_to_what_has_ended_and_every_no_is_taken(site) -> None:
    ended = end_topic(Topic.objects.get(), "alice@example.org")
    late = (present(ended.ended_at) + timedelta(days=1)).isoformat()
    with pytest.raises(InvalidChange, match="The topic news has ended"):
        choice(site, at=late)
    assert [one.status for one in said(site, choice(site, "no", at=late), choice(site))] == ["created", "older"]


def test_what_wants_a_confirmed_address_takes_a_yes_with_evidence_only(site) -> None:
    change_topic(Topic.objects.get(), "alice@example.org", double_opt_in=True)
    with pytest.raises(InvalidChange, match="news wants a confirmed address"):
        choice(site)
    assert choice(site, evidence="confirmed on 3 May 2026").value == "yes"
    assert choice(site, "no").value == "no"


def test_a_batch_has_its_bound(site) -> None:
    with pytest.raises(InvalidChange, match="At most 5000 choices at once."):
        collect(Offer.of(site), [choice(site)] * (MOST + 1))


def test_a_large_batch_is_written_as_a_small_one_is(site) -> None:
    """On PostgreSQL large ones are copied: what a text holds must not matter."""
    odd = "C:\\new\\table, \\N; \u00e4\u4e16"
    said(site, *(choice(site, id=f"c-{number}", source=odd) for number in range(COPIED + 50)))
    said(site, *(choice(site, "no", "2026-05-02", id=f"c-{number}") for number in range(COPIED + 5)))
    rows = ChoiceState.objects.order_by("entry").values_list("value", "source", "acted_at__day").distinct()
    assert set(rows) == {("no", "", 2), ("yes", odd, 1)}
    assert (totals(), ChoiceState.objects.count()) == ((45, COPIED + 5), COPIED + 50)


def test_who_is_erased_while_a_batch_waits_is_not_taken_in(site) -> None:
    """What was read before the lock says nothing of who was erased before it."""
    offer = Offer.of(site)
    erasing.erase(site, "c-1", "alice@example.org", "asked by letter")
    assert [one.status for one in collect(offer, [choice(site), choice(site, id="C-1")], NOW)] == [
        "suppressed", "created",
    ]  # fmt: skip


def test_a_link_of_an_older_key_still_speaks_for_the_person(site, settings) -> None:
    """Who said something under each of two keys is one person: the later act counts, whichever door asks."""
    topic(site, "calls", kind="phone", basis="opt_out")
    old, linked = settings.SECRET_KEY, choice(site, "no", topic="calls")
    with override_settings(SECRET_KEY="a new key", SECRET_KEY_FALLBACKS=[old]):
        said(site, choice(site, topic="calls", at="2026-04-01"))
        linked.identifier = ""  # a link names the subject alone
        said(site, linked)
        first, *others = queries.find_subjects(site, "c-1")
        stands = queries.standings(site, first, NOW, *others)
        assert [str(one.judged.standing) for one in stands if one.topic.key == "calls"] == ["denied"]
        said(site, choice(site, "yes", "2026-05-20", topic="calls"))
        assert queries.find_subject(site, "c-1") == linked.subject
        assert ChoiceState.objects.get(subject=linked.subject).value == "yes"
        some = "0b5c1f1e-7d0a-4a3e-9e58-1f6f5b0b9f00"  # an id of the operator's own may be a UUID
        assert queries.find_subject(site, some) == subjects.subject_of(site, some)


def test_a_notice_leaves_what_was_said_to_its_own_proof(site) -> None:
    calls = topic(site, "cpni", kind="cpni", basis="opt_out", channel="email")
    [yes] = said(site, choice(site, topic="cpni"))
    set_wording(calls, "x", {"en": {"name": "Records", "text": "New words."}})
    said(site, choice(site, "notice", "2026-05-02", topic="cpni", wording=2, method="mail"))
    row = ChoiceState.objects.get(topic=calls)
    assert (row.value, row.wording, row.method, row.entry) == ("yes", 1, "app", yes.index)
    assert (row.noticed_at is None, beside.wrong(site)) == (False, [])


def test_a_text_was_read_in_a_language_that_it_has(site) -> None:
    assert choice(site, language="en-GB").language == "en-GB"
    with pytest.raises(InvalidChange, match="Wording 1 of news is in en only"):
        choice(site, language="fr")
    assert choice(site, language="fr", wording=0).language == "fr"
