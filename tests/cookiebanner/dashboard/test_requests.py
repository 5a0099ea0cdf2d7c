"""A second person's approval, a time to go live, and what rolling back would change."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from consent.banners.actions import edit_texts, sign_texts, unsign_texts
from consent.catalogue.actions import add_service
from consent.common import InvalidChange
from consent.jobs.models import Job
from consent.jobs.registry import WORK, discover
from consent.jobs.runner import claim, run
from consent.publishing import actions as publishing
from consent.publishing import queries
from consent.publishing.models import PublishRequest
from consent.sites.actions import change_settings
from cookiebanner.releases import publish as publisher
from tests.cookiebanner.dashboard.conftest import no_files
from tests.values import present

pytestmark = pytest.mark.django_db


@pytest.fixture
def at(shop):
    return lambda name, **keys: reverse(f"dashboard:{name}", kwargs={"uuid": shop.uuid, **keys})


@pytest.fixture
def changed(shop):
    """The shop's draft has a chat that visitors do not get yet."""
    add_service(shop, "bob@example.net", name="Chat", category="C0003", patterns=["chat.example"])
    return shop


@pytest.fixture
def careful(changed):
    change_settings(changed, "alice@example.net", publish_needs_approval=True)
    return changed


def said(response) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def verbs(site, number: int) -> list[str]:
    """The latest lines of the trail, the oldest of them first."""
    return list(reversed(site.audit_events.values_list("verb", flat=True)[:number]))


def test_a_second_person_approves_exactly_what_was_asked_for(login, careful, at):
    bob, alice = login("bob"), login("alice")
    bob.post(at("publish"), {"note": "Chat is new"})
    assert careful.releases.count() == 1
    wanted = careful.publish_requests.get()
    assert "You asked for it" in bob.get(at("releases")).content.decode()
    refused = bob.post(at("approve", wanted=wanted.pk), {"approve": "1"})
    assert said(refused) == ["Whoever asks for a release can't approve it; another member has to."]
    add_service(careful, "bob@example.net", name="Sneaky", category="C0003", patterns=["sneaky.example"])
    page = alice.get(at("releases"))
    assert [line.what for _, lines in page.context["wanted_groups"] for line in lines] == [
        "Chat: new, under Functional; visitors will be asked again",
        "Functional: new; visitors will be asked again",
    ]
    done = alice.post(at("approve", wanted=wanted.pk), {"approve": "1"})
    assert said(done) == ["Release 2 is live. Visitors get it within seconds."]
    release = present(careful.releases.first())
    assert (release.number, release.sha256, release.note, release.published_by) == (
        2, wanted.sha256, "Chat is new", "bob@example.net",
    )  # fmt: skip
    assert [one["key"] for one in present(queries.snapshot_of(careful))["services"]] == ["adverts", "chat", "counter"]
    assert verbs(careful, 4) == ["release.ask", "service.add", "release.approve", "release.publish"]
    wanted.refresh_from_db()
    assert (wanted.outcome, wanted.approved_by) == ("published", "alice@example.net")


def test_nobody_gets_around_the_second_person(login, careful, at):
    with pytest.raises(publishing.NeedsApproval):
        publishing.publish(careful, "alice@example.net", no_files)
    with pytest.raises(CommandError, match="second person"):
        call_command("publish", site=str(careful.uuid))
    wanted = publishing.ask_to_publish(careful, "Alice@example.net")
    with pytest.raises(InvalidChange, match="can't approve"):
        publishing.approve(wanted, "alice@EXAMPLE.net")
    with pytest.raises(publishing.NeedsApproval):
        publishing.publish_requested(wanted, no_files)
    assert login("vera").post(at("approve", wanted=wanted.pk), {"approve": "1"}).status_code == 403
    assert login("charlie").post(at("approve", wanted=wanted.pk), {"approve": "1"}).status_code == 404
    with pytest.raises(InvalidChange, match="waits already"):
        publishing.ask_to_publish(careful, "bob@example.net")
    assert careful.releases.count() == 1


@pytest.mark.parametrize(
    ("who", "verb", "outcome"), [("bob", "release.withdraw", "withdrawn"), ("alice", "release.decline", "declined")]
)
def test_it_is_withdrawn_or_declined_with_a_reason(login, careful, at, who, verb, outcome):
    login("bob").post(at("publish"), {})
    wanted = careful.publish_requests.get()
    login(who).post(at("approve", wanted=wanted.pk), {"end": "1", "reason": "Not before <Monday>."})
    wanted.refresh_from_db()
    assert (wanted.outcome, wanted.why, verbs(careful, 1)) == (outcome, "Not before <Monday>.", [verb])
    shown = "Not before &lt;Monday&gt;." in login("bob").get(at("releases")).content.decode()
    assert shown is (outcome == "declined")
    with pytest.raises(InvalidChange, match="meanwhile"):
        publishing.approve(wanted, "dana@example.net")


def test_what_was_overtaken_is_not_published(careful):
    wanted = publishing.ask_to_publish(careful, "bob@example.net")
    publishing.approve(wanted, "alice@example.net")
    change_settings(careful, "alice@example.net", publish_needs_approval=False)
    publishing.publish(careful, "alice@example.net", no_files)
    with pytest.raises(InvalidChange, match="Release 2 was published meanwhile"):
        publishing.publish_requested(wanted, no_files)
    assert careful.releases.count() == 2


def run_due() -> None:
    """What the worker does now."""
    discover()
    while job := claim(queue=WORK):
        run(job)


def due(site) -> None:
    """The time of what waits has come."""
    PublishRequest.objects.filter(site=site, ended_at=None).update(publish_at=timezone.now() - timedelta(seconds=1))
    Job.objects.filter(site=site, kind=publisher.SCHEDULED).update(run_after=timezone.now())


def test_a_release_goes_live_at_its_time(login, changed, at):
    later = timezone.now() + timedelta(days=1)
    response = login("bob").post(at("publish"), {"note": "Tomorrow", "at": f"{later:%Y-%m-%dT%H:%M}"})
    assert said(response) == [f"It goes live on {later:%-d %B %Y at %H:%M} UTC."]
    run_due()
    assert changed.releases.count() == 1
    due(changed)
    run_due()
    release = present(changed.releases.first())
    assert (release.number, release.note, release.published_by) == (2, "Tomorrow", "bob@example.net")
    past = login("bob").post(at("publish"), {"at": "2020-01-01T00:00"})
    assert said(past) == ["The time to publish has passed."]


def test_what_can_not_go_live_at_its_time_says_why(login, changed, at):
    publisher.ask(changed, "bob@example.net", "", timezone.now() + timedelta(days=1))
    publishing.publish(changed, "alice@example.net", no_files)
    due(changed)
    run_due()
    assert (changed.releases.count(), changed.publish_requests.get().outcome) == (2, "failed")
    assert verbs(changed, 1) == ["release.fail"]
    assert "Release 2 was published meanwhile." in login("bob").get(at("releases")).content.decode()


def test_a_time_without_the_approval_waits_for_it(careful):
    wanted = publisher.ask(careful, "bob@example.net", "", timezone.now() + timedelta(days=1))
    due(careful)
    run_due()
    assert careful.releases.count() == 1
    assert present(publisher.approve(wanted, "alice@example.net")).number == 2


def test_rolling_back_says_first_what_it_changes(login, changed, at):
    bob = login("bob")
    publishing.publish(changed, "bob@example.net", no_files)
    page = bob.get(at("rollback", number=1))
    assert [line.what for _, lines in page.context["groups"] for line in lines] == [
        "Chat: gone, was under Functional",
        "Functional: gone",
    ]
    assert changed.releases.count() == 2
    bob.post(at("rollback", number=1), {"note": "Chat broke the till"})
    assert present(changed.releases.first()).note == "Chat broke the till"
    assert bob.get(at("rollback", number=9)).status_code == 404


def test_what_goes_live_is_what_was_asked_for_whatever_the_draft_has_become(login, changed, at):
    publisher.ask(changed, "bob@example.net", "", timezone.now() + timedelta(days=1))
    edit_texts(changed, "bob@example.net", "en", {"body": "{purposes}. You must accept to continue."})
    due(changed)
    run_due()
    release = present(changed.releases.first())
    assert (release.number, changed.publish_requests.get().outcome) == (2, "published")
    assert "must accept" not in release.snapshot
    refused = login("bob").post(at("publish"), {"at": f"{timezone.now() + timedelta(days=1):%Y-%m-%dT%H:%M}"})
    assert said(refused) == ["Not published. The text 'body' in en makes a yes the price of the site: 'must accept'."]


def test_what_has_become_bad_before_its_time_is_not_published_and_says_why(login, changed, at):
    edit_texts(changed, "bob@example.net", "en", {"save": "Keep it"})
    waiver = publishing.waive(changed, "L13", "", "Dr. Law", "Read", "alice@example.net", "en save", "Keep it")
    publisher.ask(changed, "bob@example.net", "", timezone.now() + timedelta(days=1))
    bob = login("bob")
    assert "it will not go live" not in bob.get(at("releases")).content.decode()
    publishing.revoke_waiver(waiver, "alice@example.net")
    assert "As things stand it will not go live" in bob.get(at("releases")).content.decode()
    due(changed)
    run_due()
    wanted = changed.publish_requests.get()
    why = "The save button in en says 'Keep it', which is on no list of ours; it stores the choices as they are shown."
    assert (changed.releases.count(), wanted.outcome, wanted.why) == (1, "failed", why)
    assert escape(why) in bob.get(at("releases")).content.decode()


def test_rolling_back_says_first_what_the_rules_of_today_refuse(login, changed, at):
    edit_texts(changed, "bob@example.net", "en", {"save": "Keep it"})
    waiver = publishing.waive(changed, "L13", "", "Dr. Law", "Read", "alice@example.net", "en save", "Keep it")
    publishing.publish(changed, "bob@example.net", no_files)
    edit_texts(changed, "bob@example.net", "en", {"save": ""})
    publishing.publish(changed, "bob@example.net", no_files)
    bob = login("bob")
    assert bob.get(at("rollback", number=2)).context["blocking"] == []
    publishing.revoke_waiver(waiver, "alice@example.net")
    page = bob.get(at("rollback", number=2))
    assert [(one.rule, one.subject) for one in page.context["blocking"]] == [("L13", "en save")]
    assert "The rules of today refuse it" in page.content.decode()
    refused = bob.post(at("rollback", number=2), {})
    assert said(refused)[0].startswith("Not rolled back: release 2 needs a sign-off today. The save button in en says")
    assert changed.releases.count() == 3


def test_rolling_back_to_words_whose_review_was_taken_back_is_remarked(login, changed, at):
    change_settings(changed, "alice@example.net", languages=["en", "fr", "pl"])
    sign_texts(changed, "alice@example.net", "pl", "Anna Nowak")
    publishing.publish(changed, "bob@example.net", no_files)
    change_settings(changed, "alice@example.net", languages=["en", "fr"])
    publishing.publish(changed, "bob@example.net", no_files)
    bob = login("bob")
    remarks = [one.rule for one in bob.get(at("rollback", number=2)).context["advice"]]
    unsign_texts(changed, "alice@example.net", "pl")
    page = bob.get(at("rollback", number=2))
    more = [one for one in page.context["advice"] if one.subject == "pl" and one.rule == "L15"]
    assert [one.message for one in more] == ["Our words in pl are machine-made; nobody has read them for this site."]
    assert (len(page.context["advice"]), page.context["blocking"]) == (len(remarks) + 1, [])
    bob.post(at("rollback", number=2), {})
    assert present(changed.releases.first()).rolled_back_to == 2
