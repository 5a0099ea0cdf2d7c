"""When each notice is true, and when it ends."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.utils import timezone

from consent.catalogue.actions import add_service
from consent.ledger import checkpoint
from consent.ledger.append import append, draft_of
from consent.ledger.models import Anchor
from consent.notices import actions as notices
from consent.notices.kinds import KINDS
from consent.preferences.actions import add_topic, end_topic
from consent.preferences.collecting import Offer, choice_of, collect
from consent.publishing import actions as publishing
from consent.sites import actions
from consent.sites.models import SiteSighting, Webhook
from consent.stats import actions as stats
from consent.stats.models import DailyTotal, GateReport
from consent.watch import conditions
from tests.values import RESPONSIBLE

pytestmark = pytest.mark.django_db
NOW = "2026-06-15T12:00:00Z"


@pytest.fixture
def site():
    return actions.create_site(["shop.example"], "x", **RESPONSIBLE)


def true_now(site, name: str) -> list[str]:
    return [found.subject for found in conditions.CONDITIONS[name](site)]


def count(site, days_ago: int, **numbers: int) -> None:
    for action, number in numbers.items():
        DailyTotal.objects.create(
            site_id=site.pk, day=timezone.now().date() - timedelta(days=days_ago), release=1, regime="eu_opt_in",
            jurisdiction="DE", language="en", action=action, count=number,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("week", "drops"),
    [((300, 700), True), ((590, 410), False), ((470, 530), True), ((50, 100), False)],
)
def test_a_drop_is_one_that_is_large_and_sure(site, week, drops):
    for day in (8, 20, 34):
        count(site, day, accept_all=600, reject_all=400)
    count(site, 36, accept_all=1, reject_all=9000)  # before the period
    count(site, 0, reject_all=9000)  # today has only begun
    count(site, 3, accept_all=week[0], reject_all=week[1])
    assert (true_now(site, "opt_in_drop") == [""]) == drops


def test_chance_alone_is_no_drop(site):
    count(site, 20, accept_all=150, reject_all=150)
    count(site, 3, accept_all=78, reject_all=122)  # 39 % after 50 %: below four standard errors
    assert true_now(site, "opt_in_drop") == []


def test_a_gate_is_missed_a_week_after_it_was_seen_or_published(site):
    with time_machine.travel("2026-06-01T12:00:00Z"):
        assert true_now(site, "gate_unseen") == []
        publishing.publish(site, "x", lambda *a: [], "First")
        assert true_now(site, "gate_unseen") == []
    with time_machine.travel(NOW):
        assert true_now(site, "gate_unseen") == [""]
        seen = SiteSighting.objects.create(site=site, host="shop.example", level="snippet", last_seen=timezone.now())
        assert true_now(site, "gate_unseen") == []
    with time_machine.travel("2026-06-23T12:00:00Z"):
        [found] = conditions.gate_unseen(site)
        assert found.detail == {"since": f"{seen.last_seen:%-d %B %Y}"}
        actions.kill_site(site, "x", "It breaks the shop.")
        site.refresh_from_db()
        assert true_now(site, "gate_unseen") == []


def test_a_new_host_is_told_until_it_is_filed_dismissed_or_old(site):
    for host in ("a.example", "b.example", "c.example"):
        GateReport.objects.create(site=site, kind="unknown", subject=host, count=1, last_seen=timezone.now())
    GateReport.objects.create(site=site, kind="late", subject="async", count=1, last_seen=timezone.now())
    assert true_now(site, "new_host") == ["a.example", "b.example", "c.example"]
    add_service(site, "x", name="A", category="C0002", patterns=["a.example"])
    GateReport.objects.filter(subject="b.example").update(dismissed_at=timezone.now())
    assert true_now(site, "new_host") == ["c.example"]
    GateReport.objects.update(first_seen=timezone.now() - timedelta(days=8))
    assert true_now(site, "new_host") == []


def test_a_log_that_grew_and_is_kept_nowhere_is_told_after_days(site, settings):
    with time_machine.travel(NOW):
        append([draft_of(site.pk, site.uuid, "scan", {"report": "x"}, uuid4())])
        point = checkpoint.make(site)
    assert point
    with time_machine.travel("2026-06-20T12:00:00Z"):
        assert true_now(site, "not_anchored") == []  # nowhere is meant
        settings.FAIRGATE_ANCHORS = ["webhook:https://keeper.example/"]
        assert true_now(site, "not_anchored") == [""]
        Anchor.objects.create(site_id=site.pk, size=point.size, method="webhook", target="x")
        assert true_now(site, "not_anchored") == []
        append([draft_of(site.pk, site.uuid, "scan", {"report": "y"}, uuid4())])
        assert true_now(site, "not_anchored") == []  # it is tried daily
    with time_machine.travel("2026-06-24T12:00:00Z"):
        assert true_now(site, "not_anchored") == [""]


def test_a_law_is_told_a_month_before_it_starts(site):
    with time_machine.travel("2027-11-30T12:00:00Z"):
        assert "2028-01-01 US-VT" not in true_now(site, "law_starts")
    with time_machine.travel("2027-12-01T12:00:00Z"):
        assert "2028-01-01 US-VT" in true_now(site, "law_starts")
    with time_machine.travel("2028-01-01T12:00:00Z"):
        assert "2028-01-01 US-VT" not in true_now(site, "law_starts")


def test_a_full_list_is_told(site, monkeypatch):
    monkeypatch.setattr(stats, "REPORTS_PER_SITE", 2)
    GateReport.objects.create(site=site, kind="unknown", subject="a.example", count=1, last_seen=timezone.now())
    assert true_now(site, "list_full") == []
    GateReport.objects.create(site=site, kind="unknown", subject="b.example", count=1, last_seen=timezone.now())
    assert true_now(site, "list_full") == ["unknown hosts"]


def test_a_paused_webhook_is_told(site):
    actions.change_settings(site, "x", webhook_url="https://shop.example/hook")
    site.refresh_from_db()
    assert true_now(site, "webhook_paused") == []
    Webhook.objects.update(paused_at=timezone.now())
    assert true_now(site, "webhook_paused") == [""]


def test_the_notice_of_cpni_is_told_of_when_it_is_two_years_old_and_in_the_months_before(site):
    words = {"en": {"name": "Calls", "text": "We may use your call records."}}
    for key, basis in (("calls", "opt_out"), ("other", "opt_in"), ("old", "opt_out")):
        add_topic(site, "x", key=key, kind="cpni", basis=basis, texts=words)
    offer = Offer.of(site)
    days = ("2024-06-14", "2024-06-15", "2024-06-16", "2024-07-31", "2024-08-01")
    sent = {"value": "notice", "method": "mail", "wording": 1}
    told = [sent | {"id": day, "topic": topic, "at": day} for day in days for topic in offer.topics]
    now = timezone.now()
    collect(offer, [choice_of(offer, one, now) for one in told])
    end_topic(site.topics.get(key="old"), "x")
    with time_machine.travel(NOW):
        found = list(conditions.cpni_notice(site))
        counts = {one.subject: (one.detail["count"], one.detail["due"]) for one in found}
        assert counts == {"calls 2026-06": (1, False), "calls 2026-07": (1, False), "calls": (2, True)}
        assert [KINDS["cpni_notice"].text("", one.detail) for one in found] == [
            "calls: of 1 people the notice will be two years old by 30 June 2026.",
            "calls: of 1 people the notice will be two years old by 31 July 2026.",
            "calls: of 2 people the notice is two years old on 15 June 2026, or before.",
        ]
        again = [sent | {"id": day, "topic": "calls", "at": "2026-06-14"} for day in days[:2]]
        collect(offer, [choice_of(offer, one, timezone.now()) for one in again])
        assert true_now(site, "cpni_notice") == ["calls 2026-06", "calls 2026-07"]


def test_each_is_opened_once_and_ended_when_it_is_true_no_longer(site):
    host = notices.Found("new_host", "a.example", {})
    law = notices.Found("law_starts", "2028-01-01 US-VT", {"name": "Vermont", "day": "2028-01-01", "what": "VDPOSA"})
    assert [row.kind for row in notices.see(site, [host, law])] == ["new_host", "law_starts"]
    assert notices.see(site, [host, law]) == []
    assert notices.see(site, [law]) == []
    assert [row.subject for row in site.notices.filter(ended_at=None)] == [law.subject]
    assert [row.kind for row in notices.see(site, [host, law])] == ["new_host"]  # again is anew


def test_every_condition_has_words_and_every_kind_a_condition():
    assert {kind for kind, row in KINDS.items() if not row.by_scan} == set(conditions.CONDITIONS)
