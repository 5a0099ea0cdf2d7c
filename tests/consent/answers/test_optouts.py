"""An opt-out reaches the site's webhook: queued with the answer, delivered by the worker, tried again when it fails."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from uuid import UUID, uuid4

import pytest
import time_machine
from django.utils import timezone

from consent.answers import intake, optouts
from consent.jobs import registry, runner
from consent.ledger.append import Draft
from consent.models import Job, LogEntry, Site

pytestmark = pytest.mark.django_db
VISITOR = UUID("0b8c6f6e-0000-4000-8000-00000000000a")


@pytest.fixture
def receiver():
    """A web server that keeps what it is sent and answers what `answers` says next (200 when empty)."""
    kept: list[dict] = []
    answers: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kept.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(answers.pop(0) if answers else 200)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/optouts", kept, answers
    server.shutdown()


def site(url: str = "") -> Site:
    return Site.objects.create(name="Ribbon", languages=["en"], webhook_url=url)


def draft(site: Site, action: str = "opt_out", regime: str = "us_ca", ads: str = "denied", **more) -> Draft:
    choices = {"categories": {"C0001": "granted", "C0004": ads}, "purposes": {}, "services": {}}
    return Draft(
        site_id=site.pk, site_uuid=str(site.uuid), type="consent", record_id=uuid4(), request_hash=b"\x01" * 32,
        release=1, release_hash="a" * 64, regime=regime, jurisdiction="US-CA", language="en", action=action,
        record={"choices": choices, "gpc": action == "gpc", "status": "ConsentRefused"}, **more,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("action", "regime", "ads", "is_one"),
    [
        ("opt_out", "us_ca", "denied", True),
        ("opt_out", "eu_opt_in", "denied", True),
        ("gpc", "us_optout_gpc-US-TX", "denied", True),
        ("reject_all", "us_optout-US-UT", "denied", True),
        ("reject_all", "notice", "denied", True),
        ("reject_all", "eu_opt_in-DE", "denied", False),
        ("withdraw", "ca_implied", "denied", True),
        ("withdraw", "eu_opt_in", "denied", False),
        ("custom", "us_ca", "denied", True),
        ("custom", "us_ca", "granted", False),
        ("custom", "eu_opt_in", "denied", False),
        ("accept_all", "us_ca", "granted", False),
        ("close", "us_ca", "granted", False),
        ("reject_all", "no_such_regime", "denied", False),
    ],
)
def test_what_an_opt_out_is(action, regime, ads, is_one):
    assert optouts.is_optout(draft(Site(pk=1), action, regime, ads)) is is_one


def test_it_arrives_with_what_an_account_system_needs(receiver):
    url, kept, _ = receiver
    listening = site(url)
    one, two = draft(listening, visitor=VISITOR, replaces=VISITOR), draft(listening, "gpc")
    intake.record([one, two, draft(listening, "accept_all", ads="granted"), draft(site())])
    registry.discover()
    assert runner.work_off() == 1
    [body] = kept
    job = Job.objects.get()
    assert (job.state, job.result) == ("done", {"delivered": 2, "status": 200})
    assert (body["type"], body["site"], body["delivery"]) == ("optout", str(listening.uuid), job.pk)
    assert [event["id"] for event in body["optouts"]] == [str(one.record_id), str(two.record_id)]
    first, second = body["optouts"]
    assert {**first, "received_at": ""} == {
        "id": str(one.record_id), "index": 0, "received_at": "", "action": "opt_out", "regime": "us_ca",
        "jurisdiction": "US-CA", "visitor": str(VISITOR), "replaces": str(VISITOR), "gpc": False,
        "choices": one.record["choices"],
    }  # fmt: skip
    assert (second["visitor"], second["gpc"]) == (None, True)


def test_a_replayed_answer_is_told_once(receiver):
    listening = site(receiver[0])
    one = draft(listening)
    intake.record([one])
    assert [outcome.status for outcome in intake.record([one])] == ["replayed"]
    assert Job.objects.count() == 1


def test_a_site_without_a_webhook_queues_nothing():
    intake.record([draft(site())])
    assert (Job.objects.count(), LogEntry.objects.count()) == (0, 1)


@pytest.mark.parametrize("status", [500, 404, 302])
def test_a_failed_delivery_is_tried_again_and_then_shown_as_failed(receiver, status):
    url, kept, answers = receiver
    answers += [status] * 3
    intake.record([draft(site(url))])
    registry.discover()
    for attempt in range(3):
        with time_machine.travel(timezone.now() + timedelta(hours=attempt), tick=False):
            assert runner.work_off() == 1
    job = Job.objects.get()
    assert (job.state, job.attempts, len(kept)) == ("failed", 3, 3)
    assert str(status) in job.message


def test_no_answer_is_lost_when_the_queue_is_not_there(receiver, monkeypatch):
    listening = site(receiver[0])
    monkeypatch.setattr(Job.objects, "create", lambda **kwargs: 1 / 0)
    with pytest.raises(ZeroDivisionError):  # the client is told to come back: answer and delivery go together
        intake.record([draft(listening)])
    assert LogEntry.objects.count() == 0
