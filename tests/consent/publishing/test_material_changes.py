"""A material change begins when its version takes effect: once, with what is live, and nothing of the draft."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from consent.catalogue.actions import add_service
from consent.models import AuditEvent
from consent.policies.queries import asked_again
from consent.publishing import actions, material_changes, queries
from consent.publishing.snapshot import asking_again
from consent.sites.actions import change_settings, create_site
from consent.watch import conditions
from tests.consent.policies.sample_documents import WHO, published, written
from tests.values import RESPONSIBLE, present

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def compile(snapshot, number, sha256):
    return [("gate.eu_opt_in.js", "text/javascript; charset=utf-8", f"// {number} {sha256}".encode())]


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as moved:
        yield moved


@pytest.fixture
def shop(db, clock):
    site = create_site(["shop.example"], WHO, name="Tea shop", **RESPONSIBLE)
    add_service(site, WHO, name="Counter", company="Count Ltd", category="C0002", patterns=["counter.example"])
    actions.publish(site, WHO, compile)
    document = written(site)
    published(document)
    published(document, "We count.", why="We count.", material=("category C0002",), effective_on=(NOON + DAY).date())
    return site


def begun(site) -> int | None:
    release = actions.begin_material_changes(site, compile)
    return release.number if release else None


def test_it_begins_at_midnight_once_with_what_is_live_and_nothing_of_the_draft(shop, clock):
    add_service(shop, WHO, name="Ads", company="Ads Ltd", category="C0004", patterns=["ads.example"])
    clock.move_to(datetime(2026, 6, 15, 23, 59, 59, tzinfo=UTC))
    assert begun(shop) is None
    before = queries.snapshot_of(shop)
    clock.move_to(datetime(2026, 6, 16, tzinfo=UTC))
    assert begun(shop) == 2
    assert begun(shop) is None
    release = shop.releases.get(number=2)
    assert (release.published_by, release.note) == ("schedule", "How we use data, version 2")
    after = json.loads(release.snapshot)
    assert [one["key"] for one in after["services"]] == ["counter"]
    assert [one.get("asked_again") for one in after["services"]] == ["data/2"]
    assert asking_again(after, []) == before
    told = present(AuditEvent.objects.filter(site=shop).first())
    assert (told.actor, told.verb, told.detail["number"], told.detail["asked_again"]) == (
        "schedule", "release.publish", 2, ["data/2"],
    )  # fmt: skip


def test_the_marks_are_those_that_the_draft_would_have(shop, clock):
    clock.shift(DAY)
    assert asking_again(present(queries.snapshot_of(shop)), asked_again(shop)) == queries.draft(shop)


def test_after_a_release_of_somebody_else_or_a_rollback_nothing_begins(shop, clock):
    clock.shift(DAY)
    actions.publish(shop, WHO, compile)
    assert begun(shop) is None
    actions.rollback(shop, 1, WHO, compile)
    assert begun(shop) is None
    document = shop.documents.get()
    published(document, "More ads.", why="More ads.", material=("category C0002",))
    assert begun(shop) == 4
    assert [one["version"] for one in present(queries.snapshot_of(shop))["asked_again"]] == [3]


def test_a_change_that_touches_nothing_of_what_is_live_begins_nothing(shop, clock):
    document = shop.documents.get()
    published(document, "Ads.", why="Ads.", material=("category C0004",), takes_back=True)
    clock.shift(DAY)
    assert begun(shop) is None  # the announced version was never in force; C0004 has no service
    assert [one for one in conditions.of(shop) if one.kind == "material_change"] == []


def waits(site) -> list[tuple[str, str]]:
    return [(one.subject, one.detail["why"]) for one in conditions.CONDITIONS["material_change"](site)]


@pytest.mark.parametrize("why", ["approval", "request", "rules"])
def test_what_is_in_its_way_is_told_until_it_is_gone(shop, clock, why):
    if why == "request":
        add_service(shop, WHO, name="Chat", company="Chat Ltd", category="C0002", patterns=["chat.example"])
        asked = actions.ask_to_publish(shop, WHO, publish_at=NOON + 9 * DAY)
    elif why == "approval":
        change_settings(shop, WHO, publish_needs_approval=True)
    else:
        add_service(
            shop, WHO, name="Stats", company="Count Ltd", category="C0001", patterns=["google-analytics.com"],
            necessary_reason="Keeps the basket that the visitor fills",
        )  # fmt: skip
        signed = actions.waive(shop, "L08", "", "Dr. Law", "On our own server only", WHO)
        actions.publish(shop, WHO, compile)
        actions.revoke_waiver(signed, WHO)
    live = present(queries.current_release(shop)).number
    assert waits(shop) == []
    clock.shift(DAY)
    assert waits(shop) == [("data/2", why)]
    assert begun(shop) is None
    if why == "request":
        actions.end_request(asked, WHO)
    elif why == "approval":
        change_settings(shop, WHO, publish_needs_approval=False)
    else:
        actions.waive(shop, "L08", "", "Dr. Law", "On our own server only", WHO)
    assert waits(shop) == []
    assert begun(shop) == live + 1


def test_only_sites_with_a_material_change_are_looked_at(shop):
    other = create_site(["other.example"], WHO, **RESPONSIBLE)
    published(written(other))
    assert list(material_changes.sites()) == [shop]
