"""A delivery that waits holds nothing of anybody: it reads the records when it is sent, and an erased one is not told."""

from __future__ import annotations

import json

import pytest

from consent.answers import intake, optouts
from consent.jobs import registry, runner
from consent.ledger import erasure
from consent.models import Job
from tests.consent.answers.test_optouts import VISITOR, draft, receiver, site  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db


def test_a_job_names_places_in_the_log_and_nothing_else():
    listening = site("https://shop.example/optouts")
    drafts = [draft(listening, visitor=VISITOR), draft(listening, "accept_all", ads="granted"), draft(listening, "gpc")]
    intake.record(drafts)
    job = Job.objects.get()
    assert (job.site, job.params) == (listening, {"indexes": [0, 2]})
    held = json.dumps([job.params, job.result, job.cursor, job.message])
    assert [text for text in (str(VISITOR), *(one.id_text for one in drafts), "denied") if text in held] == []


def test_of_several_only_those_that_are_still_there_are_told(receiver):  # noqa: F811
    url, kept, _ = receiver
    listening = site(url)
    gone, stays = draft(listening, visitor=VISITOR), draft(listening)
    intake.record([gone, stays])
    erasure.erase(listening, visitor=VISITOR, actor="alice", reason="asked")
    registry.discover()
    runner.work_off()
    [body] = kept
    assert [event["id"] for event in body["optouts"]] == [stays.id_text]
    assert str(VISITOR) not in json.dumps(body)


def test_when_all_are_erased_nothing_is_sent(receiver):  # noqa: F811
    url, kept, _ = receiver
    listening = site(url)
    intake.record([draft(listening, visitor=VISITOR)])
    erasure.erase(listening, visitor=VISITOR, actor="alice", reason="asked")
    registry.discover()
    runner.work_off()
    job = Job.objects.get(kind=optouts.KIND)
    assert (kept, job.state, job.result) == ([], "done", {"delivered": 0})


def test_events_are_those_of_one_site():
    one, two = site("https://one.example"), site("https://two.example")
    intake.record([draft(one), draft(two, visitor=VISITOR)])
    assert [event["visitor"] for event in optouts.events(two.pk, [0])] == [str(VISITOR)]
    assert [event["visitor"] for event in optouts.events(one.pk, [0, 7])] == [None]
    assert optouts.events(one.pk, [7]) == []
