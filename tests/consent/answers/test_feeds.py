"""A webhook that wants to know is told of every answer and of every change, in order, once, and again when asked."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from standardwebhooks import Webhook as ForeignReader

from consent.answers import feeds
from consent.common import InvalidChange
from consent.jobs import registry, runner
from consent.jobs.actions import enqueue
from consent.ledger import erasure
from consent.ledger.append import append
from consent.models import AuditEvent, Job, Webhook, WebhookDelivery
from consent.sites import actions
from consent.trail.actions import audit
from tests.consent.answers.test_optouts import (  # noqa: F401
    VISITOR,
    _this_machine_may_be_reached,
    draft,
    receiver,
    site,
)

pytestmark = pytest.mark.django_db


def work() -> None:
    """A minute of the worker."""
    registry.discover()
    enqueue("webhook_feeds")
    runner.work_off()


def answers(shop, number: int, **more) -> list[str]:
    drafts = [draft(shop, action="accept_all", regime="eu_opt_in", ads="granted", **more) for _ in range(number)]
    append(drafts)
    return [str(one.record_id) for one in drafts]


@pytest.fixture
def shop(receiver):  # noqa: F811
    return site(receiver[0])


def test_answers_come_in_batches_in_order_once(shop, receiver):  # noqa: F811
    _, kept, _ = receiver
    answers(shop, 2)  # before anybody asked
    feeds.listen(shop, "x", events=["answers"], batch=3)
    wanted = answers(shop, 7)
    work()
    assert [len(body["answers"]) for body in kept] == [3, 3, 1]
    assert [one["id"] for body in kept for one in body["answers"]] == wanted
    assert {body["type"] for body in kept} == {"answers"}
    work()
    assert len(kept) == 3
    more = answers(shop, 1)
    work()
    assert [one["id"] for one in kept[-1]["answers"]] == more
    secret = Webhook.objects.get().secret
    for raw, head in zip(kept.raw, kept.heads, strict=True):
        ForeignReader(secret).verify(raw, head)


def test_single_events_are_batches_of_one(shop, receiver):  # noqa: F811
    feeds.listen(shop, "x", events=["answers"], batch=1)
    answers(shop, 3)
    work()
    assert [len(body["answers"]) for body in receiver[1]] == [1, 1, 1]


def test_changes_are_told_with_who_and_what(shop, receiver):  # noqa: F811
    audit(shop, "ada@example.net", "site.hosts", before=[], after=["early.example"])
    feeds.listen(shop, "ada@example.net", events=["changes"])
    actions.change_settings(shop, "ada@example.net", record_path=True)
    audit(shop, "CI (token fg_aaaaaaaaaaaa)", "release.publish", number=1)
    work()
    [body] = receiver[1]
    assert [(one["actor"], one["verb"], one["words"]) for one in body["changes"]] == [
        ("ada@example.net", "webhook.events", "chose what the webhook is told"),
        ("ada@example.net", "site.settings", "changed settings"),
        ("CI (token fg_aaaaaaaaaaaa)", "release.publish", "published a release"),
    ]
    assert body["changes"][2]["detail"] == {"number": 1}
    assert body["changes"][0]["number"] == AuditEvent.objects.get(verb="webhook.events").number


def test_nobody_is_told_what_they_did_not_ask_for(shop, receiver):  # noqa: F811
    answers(shop, 1)
    audit(shop, "x", "release.publish", number=1)
    work()
    assert (receiver[1], Job.objects.filter(kind=feeds.FEED).count()) == ([], 0)


def test_what_fails_waits_and_nothing_is_lost(shop, receiver):  # noqa: F811
    _, kept, says = receiver
    feeds.listen(shop, "x", events=["answers"], batch=2)
    wanted = answers(shop, 4)
    says += [200, 500]
    work()
    assert [len(kept), Webhook.objects.get().failures] == [2, 1]
    work()
    assert len(kept) == 2  # it is not yet time
    with time_machine.travel(timezone.now() + timedelta(seconds=30)):
        work()
    assert [one["id"] for one in kept[-1]["answers"]] == wanted[2:]
    assert kept.heads[1]["webhook-id"] == kept.heads[2]["webhook-id"]
    rows = WebhookDelivery.objects.order_by("id").values_list("status", "error", "kind")
    assert list(rows) == [
        (200, "", "answers"), (500, "The webhook answered 500.", "answers"), (200, "", "answers"),
    ]  # fmt: skip


def test_what_was_erased_is_not_told(shop, receiver):  # noqa: F811
    feeds.listen(shop, "x", events=["answers"])
    answers(shop, 1, visitor=VISITOR)
    [other] = answers(shop, 1)
    erasure.erase(shop, visitor=VISITOR, actor="x", reason="asked")
    work()
    assert [one["id"] for one in receiver[1][0]["answers"]] == [other]
    assert str(VISITOR) not in str(WebhookDelivery.objects.values())


def test_a_delivery_is_sent_again_on_demand(shop, receiver):  # noqa: F811
    _, kept, says = receiver
    feeds.listen(shop, "x", events=["answers"])
    [one, other] = [*answers(shop, 1), *answers(shop, 1, visitor=VISITOR)]
    work()
    delivery = WebhookDelivery.objects.get()
    feeds.send_again(delivery, "ada@example.net")
    work()
    assert (kept[1], kept.heads[1]["webhook-id"]) == (kept[0], delivery.message)
    assert [row.again for row in WebhookDelivery.objects.all()] == [True, False]
    erasure.erase(shop, visitor=VISITOR, actor="x", reason="asked")
    says.append(503)
    feeds.send_again(delivery, "ada@example.net")
    work()
    assert [row["id"] for row in kept[2]["answers"]] == [one] != [other]
    assert (Webhook.objects.get().failures, WebhookDelivery.objects.latest("id").status) == (0, 503)
    assert AuditEvent.objects.filter(site=shop, verb="webhook.again", actor="ada@example.net").count() == 2


def test_another_address_is_told_from_where_the_first_was(shop, receiver):  # noqa: F811
    feeds.listen(shop, "x", events=["answers"], batch=5)
    wanted = answers(shop, 1)
    actions.change_settings(shop, "x", webhook_url=receiver[0].replace("/optouts", "/new"))
    work()
    assert [one["id"] for one in receiver[1][0]["answers"]] == wanted


def test_only_what_there_is_can_be_asked_for(shop):
    for wrong in ({"events": ["everything"]}, {"batch": 0}, {"batch": 101}):
        with pytest.raises(InvalidChange):
            feeds.listen(shop, "x", **wrong)
    with pytest.raises(InvalidChange):
        feeds.listen(site(), "x", events=["answers"])


def test_the_log_of_deliveries_is_kept_for_a_month(shop, receiver):  # noqa: F811
    feeds.listen(shop, "x", events=["answers"])
    answers(shop, 1)
    work()
    WebhookDelivery.objects.update(at=timezone.now() - timedelta(days=31))
    enqueue("webhook_rows")
    runner.work_off()
    assert WebhookDelivery.objects.count() == 0


def test_who_is_told_singly_gets_everything_and_others_have_their_turns(shop, receiver):  # noqa: F811
    """A busy site that wants each answer by itself must not fall behind for ever, and not hold up another's webhook."""
    other = site(receiver[0])
    for one in (shop, other):
        feeds.listen(one, "x", events=["answers"], batch=1)
    answers(shop, 50)
    answers(other, 2)
    work()
    told = [body["site"] for body in receiver[1]]
    assert (told.count(str(shop.uuid)), told.count(str(other.uuid))) == (50, 2)
    assert told.index(str(other.uuid)) == 20
    assert not Job.objects.filter(kind=feeds.FEED, state=Job.Status.WAITING).exists()
