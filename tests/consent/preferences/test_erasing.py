"""An erasure leaves nothing of a person but a keyed hash, which keeps them out."""

from __future__ import annotations

import uuid

import pytest
from django.apps import apps
from django.utils import timezone

from consent.ledger import erasure
from consent.ledger.verify import verify
from consent.models import ChoiceState, LogEntry, SuppressedAddress, Topic
from consent.preferences import confirming, erasing, queries, subjects
from consent.preferences import verify as beside
from consent.requests.actions import is_suppressed
from tests.consent.ledger.sample_ledger import make_site
from tests.consent.preferences.sample_topics import choice, said, topic

pytestmark = pytest.mark.django_db
ADA = "Ada.Lovelace@example.org"


@pytest.fixture
def site(settings, tmp_path):
    settings.FAIRGATE_DATA = tmp_path
    made = make_site()
    topic(made)
    topic(made, "calls", kind="phone", basis="opt_out")
    return made


def everything() -> str:
    """Every value of every table, in lower case."""
    found = []
    for model in apps.get_models():
        for row in model._default_manager.values_list():
            found += [bytes(value) if isinstance(value, memoryview) else value for value in row]
    return "\n".join(map(str, found)).lower()


def test_nothing_of_the_person_stays_but_the_hash_and_every_proof_holds(site) -> None:
    said(site, choice(site, id=ADA, evidence="call with Ms Lovelace"), choice(site, "no", id=ADA, topic="calls"))
    said(site, choice(site, id="bob@example.org"))
    confirming.ask(site, Topic.objects.get(key="news"), identifier=ADA, address=ADA, language="en")
    subject = str(subjects.subject_of(site, ADA))
    assert ("lovelace" in everything(), subject in everything()) == (True, True)
    done = erasing.erase(site, ADA, "alice@example.org", "asked by letter", "gdpr_17_1_b")
    assert (done.records, done.states) == (2, 2)
    left = everything()
    assert ("lovelace" in left, subject in left, subject.replace("-", "") in left) == (False, False, False)
    assert str(subjects.subject_of(site, "bob@example.org")) in left
    assert SuppressedAddress.objects.count() == 2
    assert list(Topic.objects.order_by("key").values_list("key", "yes", "no")) == [("calls", 0, 0), ("news", 1, 0)]
    assert (verify(site).wrong, beside.wrong(site)) == ([], [])
    assert [one["erased"] for one in queries.changes(site, 0, 10)] == [True, True, False]


def test_the_person_is_not_taken_in_or_written_to_again(site) -> None:
    said(site, choice(site, id=ADA))
    erasing.erase(site, ADA, "alice@example.org", "asked by letter")
    before = LogEntry.objects.count()
    assert [one.status for one in said(site, choice(site, id=ADA, at="2026-05-20"))] == ["suppressed"]
    with pytest.raises(confirming.Suppressed):
        confirming.ask(site, Topic.objects.get(key="news"), identifier=ADA, address=ADA, language="en")
    assert (LogEntry.objects.count(), ChoiceState.objects.count(), is_suppressed(site, ADA)) == (before, 0, True)
    stands = queries.standings(site, subjects.subject_of(site, ADA), timezone.now())
    assert {(str(one.judged.standing), one.judged.because) for one in stands} == {("denied", "suppressed")}


def test_who_is_not_known_can_be_kept_out_all_the_same(site) -> None:
    done = erasing.erase(site, "c-99", "alice@example.org", "asked by letter")
    assert (done.records, done.states) == (0, 0)
    assert [one.status for one in said(site, choice(site, id="c-99"))] == ["suppressed"]


def test_a_reason_that_names_somebody_is_refused_and_nothing_is_done(site) -> None:
    said(site, choice(site, id=ADA))
    with pytest.raises(ValueError, match="leave ids and mail addresses out of it"):
        erasing.erase(site, ADA, "alice@example.org", f"{ADA} asked")
    assert (ChoiceState.objects.count(), SuppressedAddress.objects.count()) == (1, 0)


def test_an_answer_of_a_visitor_with_the_same_id_is_no_choice(site) -> None:
    said(site, choice(site))
    with pytest.raises(erasure.NotFound):
        erasure.erase(site, visitor=uuid.uuid4(), actor="alice@example.org", reason="asked")


def test_somebody_is_erased_by_what_they_are_called_here_too(site) -> None:
    said(site, choice(site, id=ADA))
    subject = subjects.subject_of(site, ADA)
    done = erasing.erase(site, str(subject), "alice@example.org", "asked by letter")
    assert (done.records, ChoiceState.objects.count()) == (1, 0)
    assert [one.status for one in said(site, choice(site, id=ADA, at="2026-05-20"))] == ["suppressed"]
