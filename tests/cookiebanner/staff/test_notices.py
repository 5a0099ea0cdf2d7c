"""The daily look, the mail, the webhook, the page: each thing once, as each person wants it."""

from __future__ import annotations

import json
import re

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consent.jobs import registry, runner
from consent.jobs.models import Job
from consent.jurisdictions import notices as law
from consent.notices import actions
from consent.notices.kinds import CHANNELS, KINDS, MAIL, WEBHOOK
from consent.notices.models import Notice
from consent.sites.actions import change_settings, invite, set_role
from consent.sites.models import Invitation
from consent.stats.models import GateReport
from cookiebanner.staff import notices
from tests.consent.jobs.servers import Server, says
from tests.cookiebanner.staff.conftest import URL, work

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _a_day_before_no_law():
    with time_machine.travel("2029-01-01T12:00:00Z"):
        yield


def look(*kinds: str) -> None:
    """What the worker does by itself in a day."""
    registry.discover()
    for kind in kinds or ("watch", "notice_mails"):
        Job.objects.create(kind=kind, run_after="2020-01-01T00:00Z")
        runner.work_off()


@pytest.fixture
def host(shop):
    return GateReport.objects.create(
        site=shop, kind="unknown", subject="new.example", count=3, last_seen=timezone.now()
    )  # fmt: skip


def page(site) -> str:
    return reverse("dashboard:notices", kwargs={"uuid": site.uuid})


def test_owners_and_editors_are_mailed_once(people, shop, foreign, host):
    look()
    told = {message.to[0]: message for message in mail.outbox}
    assert set(told) == {"alice@example.net", "bob@example.net", "charlie@example.net"}
    body = str(told["alice@example.net"].body)
    assert told["alice@example.net"].subject == f"Tea shop: {KINDS['new_host'].title}"
    assert "Pages asked new.example, which no service covers." in body
    assert f"{URL}{reverse('dashboard:inbox', kwargs={'uuid': shop.uuid})}\n" in body
    assert "new.example" not in str(told["charlie@example.net"].body)
    look()
    assert len(mail.outbox) == 3


def test_each_person_chooses_each_way(alice, login, people, shop, host):
    everything = {f"{channel}-{kind}": 1 for channel in CHANNELS for kind in KINDS}
    alice.post(page(shop), {key: 1 for key in everything if key != "mail-new_host"})
    login("bob").post(page(shop), {key: 1 for key in everything if key != "dashboard-new_host"})
    look()
    assert [message.to for message in mail.outbox] == [["bob@example.net"]]
    assert "new.example" in alice.get(page(shop)).content.decode()
    assert "new.example" not in login("bob").get(page(shop)).content.decode()
    overview = reverse("dashboard:overview", kwargs={"uuid": shop.uuid})
    assert "Pages asked new.example" in alice.get(overview).content.decode()
    assert "Pages asked new.example" not in login("bob").get(overview).content.decode()


def test_what_ended_before_the_mail_went_out_is_not_mailed(people, shop, host):
    look("watch")
    notices.queue()
    actions.see(shop, [])
    work()
    assert mail.outbox == []


def test_who_may_not_read_it_any_more_is_not_mailed(people, shop, host):
    look("watch")
    notices.queue()
    set_role(shop, people["bob"], "viewer", "x")
    work()
    assert [message.to for message in mail.outbox] == [["alice@example.net"]]


def test_without_mail_nothing_is_lost(people, shop, host, settings):
    settings.FAIRGATE_URL = ""
    look()
    assert (mail.outbox, Notice.objects.get().mailed_at) == ([], None)
    settings.FAIRGATE_URL = URL
    look("notice_mails")
    assert len(mail.outbox) == 2


def test_who_asked_for_the_notices_of_law_is_told_a_start_once(people, shop):
    detail = {"name": "Vermont", "day": "2028-01-01", "what": "VDPOSA"}
    actions.see(shop, [actions.Found("law_starts", "2028-01-01 US-VT", detail)])
    law.subscribe(people["alice"])
    look("notice_mails")
    assert [message.to for message in mail.outbox] == [["bob@example.net"]]
    assert "Vermont, on 2028-01-01: VDPOSA." in str(mail.outbox[0].body)


def test_the_link_of_the_mail_ends_the_mails_of_this_site_but_not_by_being_opened(people, shop, foreign, host):
    look()
    [message] = [message for message in mail.outbox if message.to == ["alice@example.net"]]
    link = re.findall(rf"{URL}(/accounts/notices/\S+)", str(message.body))[-1]
    assert message.extra_headers["List-Unsubscribe"] == f"<{URL}{link}>"
    nobody = Client(enforce_csrf_checks=True)
    assert "End the mails of Tea shop?" in nobody.get(link).content.decode()
    assert actions.wanted(shop, people["alice"], MAIL) == set(KINDS)
    assert "You get no more mails of Tea shop" in nobody.post(link, {"List-Unsubscribe": "One-Click"}).content.decode()
    assert actions.wanted(shop, people["alice"], MAIL) == set()
    assert actions.wanted(shop, people["bob"], MAIL) == set(KINDS)
    assert actions.wanted(foreign, people["alice"], MAIL) == set(KINDS)
    good = notices.path(shop, people["bob"])
    for bad in (good.replace(f".{people['bob'].pk}:", f".{people['vera'].pk}:"), "/accounts/notices/x/"):
        assert Client().post(bad).status_code == 404
    assert actions.wanted(shop, people["vera"], MAIL) == set(KINDS)


def test_the_webhook_is_told_what_an_owner_switched_on_and_nothing_else(alice, login, people, shop, host, settings):
    settings.FAIRGATE_OUTGOING_NETWORKS = ["127.0.0.0/8"]
    receiver = Server(says(204))
    change_settings(shop, "x", webhook_url=receiver.url)
    look("watch")
    assert receiver.requests == []  # what listens there expects opt-outs alone
    login("bob").post(page(shop), {"webhook-new_host": 1})
    assert actions.wanted(shop, None, WEBHOOK) == set()
    alice.post(page(shop), {"webhook-new_host": 1, "webhook-new_tracker": 1})
    assert actions.wanted(shop, None, WEBHOOK) == {"new_host"}
    look("watch")
    look("watch")
    [request] = receiver.requests
    receiver.close()
    told = json.loads(request.partition(b"\r\n\r\n")[2])
    assert (told["type"], told["site"]) == ("notices", str(shop.uuid))
    [one] = told["notices"]
    assert (one["kind"], one["subject"]) == ("new_host", "new.example")
    event = shop.audit_events.filter(verb="webhook.notices").get()
    assert (event.actor, event.detail["notices"]) == ("alice@example.net", [[], ["new_host"]])


def test_a_viewer_sees_what_is_open_and_chooses_nothing(login, shop, host):
    look("watch")
    body = login("vera").get(page(shop)).content.decode()
    assert ("new.example" in body, "Save what I am told of" in body) == (True, False)


def test_an_invitation_that_a_dead_mail_server_never_took_is_mailed_again(people, shop):
    invitation = invite(shop, "new@example.net", "editor", "x", people["alice"])
    assert not Job.objects.filter(kind="mail.invitation").exists()  # its job has failed for good, and was forgotten
    look("invitations_again")
    assert [message.to for message in mail.outbox] == [["new@example.net"]]
    look("invitations_again")
    assert len(mail.outbox) == 1
    assert not Invitation.objects.get(pk=invitation.pk).waiting


def test_the_worker_does_it_by_itself():
    registry.discover()
    assert {kind: registry.periods()[kind] for kind in ("watch", "notice_mails", "invitations_again")} == {
        "watch": 86_400.0, "notice_mails": 3_600.0, "invitations_again": 86_400.0,
    }  # fmt: skip
