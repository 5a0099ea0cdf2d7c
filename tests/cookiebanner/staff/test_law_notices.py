"""Notices of the table of law: who gets them, what they say, and the link that ends them."""

from __future__ import annotations

import re

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.urls import reverse

from consent.jobs import registry, runner
from consent.jobs.models import Job
from consent.jurisdictions import notices, table
from consent.models import LawSubscription, Membership
from cookiebanner.staff import law_notices
from tests.cookiebanner.staff.conftest import URL, work

pytestmark = pytest.mark.django_db
DAY = "2027-12-10T12:00:00Z"  # three weeks before Vermont's law starts


@pytest.fixture
def behind(people, shop):
    """Alice knows the first version only."""
    notices.subscribe(people["alice"])
    LawSubscription.objects.update(version="2026-11-21")
    return people["alice"]


def daily() -> None:
    """What the worker does once a day."""
    registry.discover()
    assert registry.periods()["law_notices"] == 86_400.0
    Job.objects.create(kind="law_notices", run_after="2020-01-01T00:00Z")
    runner.work_off()


@time_machine.travel(DAY, tick=False)
def test_the_daily_job_mails_what_changed_and_what_starts_once(behind, shop):
    daily()
    [message] = mail.outbox
    assert (message.to, message.subject) == (["alice@example.net"], f"The table of law of {table.VERSION} is installed")
    body = str(message.body)
    assert f"A new version of the table of laws and places is installed, of {table.VERSION}: " in body
    assert "South Korea\n" in body and "\n- Shows: a notice → a banner that asks for a choice\n" in body
    assert "Starts within 30 days:\n- 2028-01-01, Vermont: VDPOSA (S.71, signed 2026-06-16).\n" in body
    assert "This is research, not legal advice." in body
    assert f"The whole table, with sources: {URL}{address(shop, 'jurisdictions')}\n" in body
    daily()
    assert len(mail.outbox) == 1


@time_machine.travel(DAY, tick=False)
def test_a_start_alone_has_its_own_subject(people, shop):
    notices.subscribe(people["vera"])
    daily()
    [message] = mail.outbox
    assert (message.to, message.subject) == (["vera@example.net"], "Vermont: a law starts on 2028-01-01")


def test_nobody_is_mailed_who_did_not_ask_or_may_read_no_site_any_more(behind, people, shop):
    notices.subscribe(people["bob"])
    LawSubscription.objects.filter(user=people["bob"]).update(version="2026-11-21")
    Membership.objects.filter(user=people["bob"]).delete()
    daily()
    assert [message.to for message in mail.outbox] == [["alice@example.net"]]


def test_without_mail_nothing_is_lost(behind, settings):
    settings.FAIRGATE_URL = ""
    daily()
    assert (mail.outbox, LawSubscription.objects.get().version) == ([], "2026-11-21")
    settings.FAIRGATE_URL = URL
    daily()
    assert len(mail.outbox) == 1


@time_machine.travel(DAY)
def test_a_mailbox_that_fails_stops_nobody_and_is_tried_again(behind, people, monkeypatch):
    notices.subscribe(people["bob"])
    LawSubscription.objects.update(version="2026-11-21")
    sending = mail.get_connection().__class__.send_messages

    def refuse_alice(self, messages):
        if messages[0].to == ["alice@example.net"]:
            raise OSError("mailbox full")
        return sending(self, messages)

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse_alice)
    daily()
    assert [message.to for message in mail.outbox] == [["bob@example.net"]]
    assert LawSubscription.objects.get(user=people["alice"]).version == "2026-11-21"
    monkeypatch.undo()
    with time_machine.travel("2027-12-10T12:01:00Z"):
        runner.work_off()
    assert [message.to for message in mail.outbox] == [["bob@example.net"], ["alice@example.net"]]


def test_the_link_of_the_mail_ends_the_notices_but_not_by_being_opened(behind):
    daily()
    [message] = mail.outbox
    links = re.findall(rf"{URL}(/accounts/notices/law/\S+)", str(message.body))
    assert message.extra_headers["List-Unsubscribe"] == f"<{URL}{links[0]}>"
    assert message.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    nobody = Client(enforce_csrf_checks=True)  # as a mail program, without a page or a login
    page = nobody.get(links[0])
    assert (page.status_code, "End the notices of law?" in page.content.decode()) == (200, True)
    assert LawSubscription.objects.count() == 1
    page = nobody.post(links[0], {"List-Unsubscribe": "One-Click"})
    assert (page.status_code, "You get no more notices of law" in page.content.decode()) == (200, True)
    assert LawSubscription.objects.count() == 0
    assert nobody.post(links[0]).status_code == 200  # twice is once


def test_a_link_that_is_none_of_ours_ends_nothing(behind, people):
    good = law_notices.path(behind.pk)
    other = good.replace(f"/{behind.pk}:", f"/{people['bob'].pk}:")
    assert good != other
    for path in (other, good[:-2] + "/", "/accounts/notices/law/x/", "/accounts/notices/law/1:x/"):
        page = Client().post(path)
        assert (path, page.status_code, "This link does nothing" in page.content.decode()) == (path, 404, True)
    assert LawSubscription.objects.count() == 1


# --- the page ---------------------------------------------------------------------------------------------------------


def address(site, name: str) -> str:
    return reverse(f"dashboard:{name}", kwargs={"uuid": site.uuid})


@pytest.mark.parametrize("name", ["alice", "bob", "vera", "operator"])
def test_whoever_sees_the_page_subscribes_and_ends_it_there(login, shop, name, people):
    client = login(name)
    page = client.get(address(shop, "jurisdictions")).content.decode()
    assert ('name="subscribe"' in page, "End the notices" in page) == (True, False)
    page = client.post(address(shop, "law_notices"), {"subscribe": "1"}, follow=True).content.decode()
    assert ("You will be told by mail." in page, "End the notices" in page) == (True, True)
    assert [one.user for one in LawSubscription.objects.all()] == [people[name]]
    client.post(address(shop, "law_notices"), {"unsubscribe": "1"})
    assert LawSubscription.objects.count() == 0


def test_a_stranger_and_somebody_without_a_login_subscribe_nowhere(login, shop, client):
    assert login("charlie").post(address(shop, "law_notices"), {"subscribe": "1"}).status_code == 404
    assert client.post(address(shop, "law_notices"), {"subscribe": "1"}).status_code == 302
    assert LawSubscription.objects.count() == 0


def test_the_page_says_when_this_server_sends_no_mail(alice, shop, settings):
    settings.FAIRGATE_URL = ""
    page = alice.get(address(shop, "jurisdictions")).content.decode()
    assert ("This server sends no mail: FAIRGATE_URL not set." in page, 'name="subscribe"' in page) == (True, False)


def test_the_worker_finds_both_jobs():
    work()
    assert "law_notices" in registry.kinds(registry.DAILY)
    assert "mail.law_notice" in registry.kinds(registry.WORK)


@time_machine.travel("2026-12-05T12:00:00Z", tick=False)
def test_a_mail_quotes_no_long_notes_and_can_be_read_in_one_go(behind):
    LawSubscription.objects.update(version="2026-11-29")
    daily()
    body = str(mail.outbox[0].body)
    assert "\nCalifornia\n- Minors: reworded\n- Notes: reworded\n- Source: reworded\n" in body
    assert max(len(line) for line in body.splitlines()) < 600 and len(body) < 8000
    assert "Starts within 30 days:\n- 2027-01-01, California: AB 566: " in body
