"""A webhook that wants to know is told of each step of a request, by its number and a link and nothing of anybody."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from standardwebhooks import Webhook as ForeignReader

from consent.answers import feeds
from consent.jobs import registry, runner
from consent.jobs.actions import enqueue
from consent.models import RequestEvent, SubjectRequest, Webhook, WebhookDelivery
from consent.requests import actions
from tests.consent.answers.test_feeds import shop, work  # noqa: F401
from tests.consent.answers.test_optouts import _this_machine_may_be_reached, receiver  # noqa: F401

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
ALICE = "alice@example.net"
URL = "https://consent.example.net"


@pytest.fixture(autouse=True)
def _here(settings):
    settings.FAIRGATE_URL = URL


def asked(site, **more) -> SubjectRequest:
    given: dict[str, Any] = {"kind": "access", "place": "DE", "language": "en", "email": "ada@example.com",
                             "name": "Lovelace", "details": "Countess"}  # fmt: skip
    return actions.file_request(site, **given, **more)


def night() -> None:
    registry.discover()
    enqueue("requests")
    runner.work_off(periodic=True)


def test_each_step_is_told_once_with_a_number_and_a_link(shop, receiver):  # noqa: F811
    _, kept, _ = receiver
    with time_machine.travel(NOW):
        asked(shop, actor=ALICE)  # before anybody listened
        feeds.listen(shop, ALICE, events=["requests"])
        row = actions.confirm(asked(shop))
        asked(shop)  # nobody confirms it
        work()
        ForeignReader(Webhook.objects.get().secret).verify(kept.raw[0], kept.heads[0])
    with time_machine.travel(NOW + timedelta(days=1)):
        actions.extend(row, "The archive of the Countess", ALICE)
        actions.close(row, "complied", "Dear Ada", ALICE)
        work()
        work()
    said = [one for body in kept for one in body["requests"]]
    link = f"{URL}/dashboard/{shop.uuid}/requests/{row.number}/"
    common = {"request": row.number, "kind": "access", "link": link}
    assert [{name: one[name] for name in one if name not in ("id", "at")} for one in said] == [
        {"event": "received", "due": "2026-12-30", **common},
        {"event": "extended", "due": "2027-02-28", **common},
        {"event": "answered", "due": "2027-02-28", **common},
    ]
    assert len({one["id"] for one in said}) == 3
    assert [body["type"] for body in kept] == ["requests"] * len(kept)
    text = b"".join(kept.raw)
    assert [word for word in (b"ada@", b"Lovelace", b"Countess", b"alice", b"Ada", b'"place"') if word in text] == []


def test_due_soon_and_late_are_told_once_and_anew_after_an_extension(shop, receiver):  # noqa: F811
    feeds.listen(shop, ALICE, events=["requests"])
    with time_machine.travel(NOW):
        row = actions.confirm(asked(shop))
    steps: list[str] = []
    for day, does in (
        (date(2026, 12, 22), None), (date(2026, 12, 23), None), (date(2026, 12, 24), "extend"),
        (date(2027, 2, 20), None), (date(2027, 2, 21), None), (date(2027, 3, 1), None), (date(2027, 3, 2), None),
    ):  # fmt: skip
        with time_machine.travel(datetime(day.year, day.month, day.day, 6, tzinfo=UTC)):
            if does:
                actions.extend(row, "So much", ALICE)
            night()
            found = list(RequestEvent.objects.exclude(step="").order_by("pk").values_list("step", flat=True))
            steps += [f"{day:%m-%d} {step}" for step in found[1 + len(steps) :]]
    assert steps == ["12-23 due_soon", "12-24 extended", "02-21 due_soon", "03-01 late"]
    with time_machine.travel(datetime(2027, 3, 2, 7, tzinfo=UTC)):
        work()
    assert [one["event"] for body in receiver[1] for one in body["requests"]] == [
        "received", "due_soon", "extended", "due_soon", "late",
    ]  # fmt: skip


def test_what_fails_waits_and_what_was_deleted_is_not_sent(shop, receiver):  # noqa: F811
    _, kept, says = receiver
    feeds.listen(shop, ALICE, events=["requests"], batch=1)
    first, second = (actions.confirm(asked(shop)) for _ in range(2))
    says += [500]
    work()
    assert (len(kept), Webhook.objects.get().failures) == (1, 1)
    first.delete()
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=2)):
        work()
    assert [one["request"] for one in kept[-1]["requests"]] == [second.number]
    delivery = WebhookDelivery.objects.filter(error="").get()
    assert delivery.words == "1 step of a request"
    second.delete()
    feeds.send_again(delivery, ALICE)
    runner.work_off(periodic=False)
    assert len(kept) == 2


def test_who_stops_listening_is_not_told_later(shop, receiver):  # noqa: F811
    feeds.listen(shop, ALICE, events=["requests"])
    feeds.listen(shop, ALICE, events=[])
    actions.confirm(asked(shop))
    feeds.listen(shop, ALICE, events=["requests"])
    work()
    assert receiver[1] == []
