"""An opt-out reaches the site's webhook: queued with the answer, delivered by the worker, tried again when it fails."""

from __future__ import annotations

import json
import socket
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from uuid import UUID, uuid4

import pytest
import time_machine
from django.utils import timezone
from standardwebhooks import Webhook as ForeignReader
from standardwebhooks import WebhookVerificationError

from consent.answers import intake, jobs, optouts
from consent.common import InvalidChange
from consent.jobs import registry, runner
from consent.jobs.actions import enqueue
from consent.ledger import erasure
from consent.ledger.append import Draft
from consent.models import AuditEvent, Job, LogEntry, Site, Webhook
from consent.sites import actions
from cookiebanner.management.commands import worker
from tests.consent.jobs.servers import Server

pytestmark = pytest.mark.django_db
VISITOR = UUID("0b8c6f6e-0000-4000-8000-00000000000a")


@pytest.fixture(autouse=True)
def _this_machine_may_be_reached(settings):
    settings.FAIRGATE_OUTGOING_NETWORKS = ["127.0.0.0/8"]


class Bodies(list):
    """What was sent; `heads` and `raw` as it came."""

    def __init__(self):
        super().__init__()
        self.heads: list[dict] = []
        self.raw: list[bytes] = []


@pytest.fixture
def receiver(settings):
    """A web server of the operator's own network that keeps what it is sent and answers what `answers` says next (200 when empty)."""
    settings.FAIRGATE_OUTGOING_NETWORKS = ["127.0.0.0/8"]
    kept = Bodies()
    answers: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kept.raw.append(self.rfile.read(int(self.headers["Content-Length"])))
            kept.heads.append({name.lower(): value for name, value in self.headers.items()})
            kept.append(json.loads(kept.raw[-1]))
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
    assert job.params == {"indexes": [0, 1]}
    sent = kept.heads[0]["webhook-id"]
    assert (body["type"], body["site"], body["delivery"]) == ("optout", str(listening.uuid), sent)
    assert [event["id"] for event in body["optouts"]] == [str(one.record_id), str(two.record_id)]
    first, second = body["optouts"]
    assert {**first, "received_at": ""} == {
        "id": str(one.record_id), "index": 0, "received_at": "", "action": "opt_out", "regime": "us_ca",
        "jurisdiction": "US-CA", "visitor": str(VISITOR), "replaces": str(VISITOR), "gpc": False, "signals": [],
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


def work_after(*waits: timedelta) -> None:
    """Lets the worker work, at each of these times from now on."""
    now = timezone.now()
    for wait in waits:
        with time_machine.travel(now + wait, tick=False):
            runner.work_off()


@pytest.mark.parametrize("status", [500, 404, 302])
def test_a_failed_delivery_is_tried_again_less_and_less_often(receiver, status):
    url, kept, answers = receiver
    answers += [status] * 3
    intake.record([draft(site(url))])
    registry.discover()
    work_after(timedelta(), timedelta(seconds=5))
    assert len(kept) == 1  # ten seconds have not gone by
    hook = Webhook.objects.get()
    assert (hook.failures, str(status) in hook.last_error, hook.paused_at) == (1, True, None)
    work_after(timedelta(seconds=11), timedelta(seconds=12), timedelta(seconds=40), timedelta(seconds=90))
    assert len(kept) == 4
    assert len({head["webhook-id"] for head in kept.heads}) == 1  # the receiver can tell that it is the same
    hook.refresh_from_db()
    assert (Job.objects.get().state, hook.failures, hook.last_error, hook.next_try) == ("done", 0, "", None)


def test_a_webhook_that_keeps_failing_is_paused_tried_singly_and_found_again(receiver):
    url, kept, answers = receiver
    answers += [500] * 7
    listening = site(url)
    registry.discover()
    now = timezone.now()
    with time_machine.travel(now, tick=False) as clock:
        for _ in range(7):
            intake.record([draft(listening)])
            runner.work_off()
            clock.shift(timedelta(hours=1))
        assert len(kept) == 7
        hook = Webhook.objects.get()
        assert (hook.failures, hook.paused_at) == (7, now + timedelta(hours=4))
        # Not before its time (10 seconds, doubled six times), whatever comes in.
        clock.shift(timedelta(hours=-1, minutes=10))
        intake.record([draft(listening)])
        runner.work_off()
        assert len(kept) == 7
        clock.shift(timedelta(hours=1))
        runner.work_off()
    assert [len(body["optouts"]) for body in kept] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert set(Job.objects.values_list("state", flat=True)) == {"done"}
    assert optouts.waiting(listening) == 0
    verbs = list(AuditEvent.objects.order_by("id").values_list("verb", flat=True))
    assert verbs == ["webhook.paused", "webhook.resumed"]
    hook.refresh_from_db()
    assert (hook.failures, hook.paused_at) == (0, None)


def test_what_waits_too_long_or_behind_too_many_is_given_up_and_that_is_told(receiver, monkeypatch):
    url, kept, answers = receiver
    answers += [500] * 50
    listening = site(url)
    registry.discover()
    monkeypatch.setattr(jobs, "MOST", 3)
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        intake.record([draft(listening)])
        intake.record([draft(listening)])
        runner.work_off()
    with time_machine.travel(now + timedelta(days=4), tick=False):
        for _ in range(6):
            intake.record([draft(listening)])
        runner.work_off()
        assert [event["index"] for event in kept[-1]["optouts"]] == [5, 6, 7]
    states = list(Job.objects.order_by("id").values_list("state", flat=True))
    assert states == ["failed"] * 5 + ["waiting"] * 3
    assert all("Given up" in job.message for job in Job.objects.filter(state="failed"))
    assert Webhook.objects.get().dropped == 5
    assert sum(AuditEvent.objects.filter(verb="webhook.dropped").values_list("detail__optouts", flat=True)) == 5


def test_twenty_opt_outs_are_one_delivery_in_order(receiver):
    url, kept, _ = receiver
    listening = site(url)
    for _ in range(20):
        intake.record([draft(listening)])
    registry.discover()
    runner.work_off()
    assert [[event["index"] for event in body["optouts"]] for body in kept] == [list(range(20))]


def test_more_than_a_batch_is_told_in_batches_and_none_is_left_out(receiver, monkeypatch):
    url, kept, _ = receiver
    monkeypatch.setattr(jobs, "BATCH", 7)
    listening = site(url)
    for _ in range(20):
        intake.record([draft(listening)])
    registry.discover()
    runner.work_off()
    assert [event["index"] for body in kept for event in body["optouts"]] == list(range(20))
    assert max(len(body["optouts"]) for body in kept) == 7


def test_what_was_erased_is_not_sent_and_the_queue_holds_nothing_of_a_visitor(receiver):
    url, kept, _ = receiver
    listening = site(url)
    one, two = draft(listening, visitor=VISITOR), draft(listening)
    intake.record([one])
    intake.record([two])
    assert str(VISITOR) not in str(list(Job.objects.values()))
    erasure.erase(listening, actor="alice", reason="asked", visitor=VISITOR)
    registry.discover()
    runner.work_off()
    assert [[event["id"] for event in body["optouts"]] for body in kept] == [[str(two.record_id)]]
    assert str(VISITOR) not in str(list(Job.objects.values()))


def test_a_foreign_reader_verifies_the_signature_and_the_old_secret_signs_for_a_day(receiver):
    url, kept, _ = receiver
    listening = site("")
    actions.change_settings(listening, "alice", webhook_url=url)
    first = actions.reveal_webhook_secret(listening, "alice")
    with pytest.raises(InvalidChange, match="already"):
        actions.reveal_webhook_secret(listening, "alice")
    registry.discover()

    def told() -> tuple[bytes, dict]:
        intake.record([draft(listening)])
        runner.work_off()
        return kept.raw[-1], kept.heads[-1]

    body, head = told()
    assert ForeignReader(first).verify(body, head) == kept[-1]
    with pytest.raises(WebhookVerificationError):
        ForeignReader(first).verify(body.replace(b"denied", b"granted"), head)
    second = actions.rotate_webhook_secret(listening, "alice")
    body, head = told()
    assert ForeignReader(first).verify(body, head) == ForeignReader(second).verify(body, head) == kept[-1]
    Webhook.objects.update(older_until=timezone.now())
    body, head = told()
    ForeignReader(second).verify(body, head)
    with pytest.raises(WebhookVerificationError):
        ForeignReader(first).verify(body, head)
    # The trail tells who did it, and nothing tells the secret.
    assert AuditEvent.objects.filter(verb__startswith="webhook.").count() == 2
    assert first not in str(list(AuditEvent.objects.values()))


def test_another_address_gets_another_secret_and_a_clean_record(receiver):
    listening = site("")
    actions.change_settings(listening, "alice", webhook_url=receiver[0])
    before = Webhook.objects.get()
    Webhook.objects.update(failures=9, paused_at=timezone.now())
    actions.change_settings(listening, "alice", webhook_url="https://hook.example/")
    after = Webhook.objects.get()
    assert (after.secret != before.secret, after.failures, after.paused_at) == (True, 0, None)
    actions.change_settings(listening, "alice", webhook_url="")
    assert not Webhook.objects.exists()


def test_an_address_inside_is_refused_at_once_or_when_it_is_looked_up(receiver, settings):
    settings.FAIRGATE_OUTGOING_NETWORKS = []
    url, kept, _ = receiver
    listening = site("")
    for address in (url, "http://169.254.169.254/latest/", "http://[::1]/", "ftp://a.example/"):
        with pytest.raises(InvalidChange):
            actions.change_settings(listening, "alice", webhook_url=address)
    Site.objects.update(webhook_url=url.replace("127.0.0.1", "localhost"))
    intake.record([draft(listening)])
    registry.discover()
    runner.work_off()
    assert kept == []
    assert "FAIRGATE_OUTGOING_NETWORKS" in Webhook.objects.get().last_error


@pytest.mark.django_db(transaction=True)
def test_a_hanging_webhook_and_twenty_opt_outs_keep_no_other_site_waiting(monkeypatch):
    """What kept another site's export waiting for over 80 seconds, with the threads of the worker as it is run."""

    def hang(taken: socket.socket) -> None:
        hanging.over.wait(60)

    hanging = Server(hang)
    registry.discover()
    for table in ("_handlers", "_queues"):
        monkeypatch.setattr(registry, table, dict(getattr(registry, table)))
    hung, done, stop = [], threading.Event(), threading.Event()

    @registry.handler("some_export")
    def export(run):
        hung.append(not hanging.over.is_set())
        done.set()

    jammed, other = site(hanging.url), site()
    for _ in range(20):
        intake.record([draft(jammed)])
    work = worker.Command().work
    queues = [
        queue
        for queue, count in worker.THREADS.items()
        for _ in range(count)
        if queue not in (registry.UPKEEP, registry.DAILY)
    ]
    threads = [threading.Thread(target=work, args=(stop, 0.05, queue)) for queue in queues]
    try:
        for thread in threads:
            thread.start()
        assert hanging.asked.wait(30)
        enqueue("some_export", site=other)
        assert done.wait(30)
    finally:
        hanging.close()
        stop.set()
        for thread in threads:
            thread.join()
    # It was done while the webhook hung, which has been asked once for all of them.
    assert hung == [True]
    assert len(hanging.requests) == 1


def test_no_answer_is_lost_when_the_queue_is_not_there(receiver, monkeypatch):
    listening = site(receiver[0])
    monkeypatch.setattr(Job.objects, "create", lambda **kwargs: 1 / 0)
    with pytest.raises(ZeroDivisionError):  # the client is told to come back: answer and delivery go together
        intake.record([draft(listening)])
    assert LogEntry.objects.count() == 0
