"""The mail about a scan: who gets it, what it says, and when it is not sent."""

from __future__ import annotations

import pytest
from django.core import mail
from django.urls import reverse

from consent.jobs.models import Job
from consent.notices.actions import choose
from consent.notices.kinds import MAIL
from consent.scanner import scans
from consent.scanner.seen import BEFORE, REFUSED
from consent.sites.actions import set_role
from tests.consent.scanner.sample_scans import HOTJAR, META, finished, made
from tests.cookiebanner.staff.conftest import URL, work

pytestmark = pytest.mark.django_db


def test_owners_and_editors_are_mailed_what_they_want_to_know(people, shop, foreign):
    finished(shop, made())
    choose(shop, people["bob"], MAIL, ["before_answer"])
    scan = finished(shop, made((HOTJAR, BEFORE), (META, REFUSED)))
    work()
    told = {message.to[0]: message for message in mail.outbox}
    assert set(told) == {"alice@example.net", "bob@example.net"}
    page = reverse("dashboard:scan", kwargs={"uuid": shop.uuid, "scan": scan.pk})
    body = str(told["alice@example.net"].body)
    assert told["alice@example.net"].subject == "Tea shop: 1 service runs after a refusal"
    assert "New since the scan before:\n- Hotjar\n- Meta Pixel\n" in body
    assert "Runs before a visitor has answered:\n- Hotjar\n" in body
    assert "Still runs after a visitor has refused:\n- Meta Pixel\n" in body
    assert f"The whole report: {URL}{page}\n" in body
    other = str(told["bob@example.net"].body)
    assert (told["bob@example.net"].subject, "New since" in other, "Meta Pixel" in other) == (
        "Tea shop: trackers run before an answer", False, False,
    )  # fmt: skip


def test_who_has_left_meanwhile_and_what_is_outdated_is_not_mailed(people, shop):
    finished(shop, made())
    finished(shop, made((META, REFUSED)))
    set_role(shop, people["bob"], "viewer", "alice@example.net")
    finished(shop, made((META, REFUSED), (HOTJAR, BEFORE)))
    work()
    assert [(message.to, "Hotjar" in str(message.body)) for message in mail.outbox] == [(["alice@example.net"], True)]


def test_a_server_without_mail_goes_on(people, shop, settings):
    settings.FAIRGATE_URL = ""
    finished(shop, made())
    finished(shop, made((META, REFUSED)))
    work()
    assert (mail.outbox, Job.objects.filter(kind=scans.MAIL, state=Job.Status.FAILED).count()) == ([], 0)
