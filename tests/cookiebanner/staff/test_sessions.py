"""Where a person is logged in is theirs to see and to end; an owner sees whether and when."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consent.jobs import registry, runner
from consent.jobs.actions import enqueue
from consent.models import Job, Session
from cookiebanner.staff import logins
from tests.cookiebanner.dashboard.conftest import PASSWORD

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def logged_in(email: str = "alice@example.net", agent: str = FIREFOX) -> Client:
    client = Client(headers={"User-Agent": agent})
    assert client.post("/accounts/login/", {"login": email, "password": PASSWORD}).status_code == 302
    return client


def page(client: Client):
    return client.get(reverse("sessions"))


def test_a_person_sees_their_logins_and_nobody_elses(people):
    here, _ = logged_in(), logged_in("bob@example.net")
    there = logged_in(agent="curl/8")
    rows = page(here).context["rows"]
    assert {(one.browser, mine) for one, mine in rows} == {("Firefox", True), ("other", False)}
    body = page(here).content.decode()
    for client in (here, there):
        assert str(client.session.session_key) not in body
    assert FIREFOX not in str([row.get_decoded() for row in Session.objects.all()])


def test_one_login_is_ended_or_all_others(people):
    here, there, elsewhere, bobs = logged_in(), logged_in(), logged_in(), logged_in("bob@example.net")
    [name, _] = [one.name for one, mine in page(here).context["rows"] if not mine]
    here.post(reverse("sessions"), {"end": name})
    assert sorted(client.get("/dashboard/").status_code for client in (there, elsewhere)) == [200, 302]
    here.post(reverse("sessions"), {"end": "others"})
    found = [client.get("/dashboard/").status_code for client in (here, there, elsewhere, bobs)]
    assert found == [200, 302, 302, 200]


def test_a_login_of_somebody_else_is_not_ended(people):
    here, bobs = logged_in(), logged_in("bob@example.net")
    [(one, _)] = page(bobs).context["rows"]
    here.post(reverse("sessions"), {"end": one.name})
    assert bobs.get("/dashboard/").status_code == 200


def test_what_a_new_password_ended_is_not_listed(people):
    logged_in()
    people["alice"].set_password("another and longer one")
    people["alice"].save()
    assert logins.of_people([people["alice"]]) == {people["alice"].pk: []}


def test_the_last_use_is_kept_to_the_hour(people, shop):
    client = logged_in()
    session = client.session
    past = (timezone.now() - timedelta(hours=3)).isoformat()
    session[logins.KEY] = {"since": past, "seen": past, "browser": "Firefox"}
    session.save()
    client.get("/dashboard/")
    first = client.session[logins.KEY]
    assert (first["since"], first["seen"] > past) == (past, True)
    client.get("/dashboard/")
    assert client.session[logins.KEY] == first


def test_a_login_of_an_earlier_version_is_listed_without_times(people):
    client = logged_in()
    session = client.session
    del session[logins.KEY]
    session.save()
    [one] = logins.of_people([people["alice"]])[people["alice"].pk]
    assert (one.since, one.seen, one.browser) == (None, None, "")
    body = page(client).content.decode()
    assert ("This one" in body, "not known" in body) == (True, True)


def test_an_owner_sees_who_is_logged_in(people, shop):
    logged_in("vera@example.net")
    client = logged_in()
    members = client.get(reverse("dashboard:team", kwargs={"uuid": shop.uuid})).context["members"]
    assert {one.user.email: len(where) for one, where in members} == {
        "alice@example.net": 1, "bob@example.net": 0, "dana@example.net": 0, "vera@example.net": 1,
    }  # fmt: skip


def test_sessions_of_other_people_are_not_looked_into(people, monkeypatch):
    logged_in()
    for _ in range(3):
        logged_in("bob@example.net")
    read, looked = logins._read, []

    def noted(row):
        looked.append(row.user)
        return read(row)

    monkeypatch.setattr(logins, "_read", noted)
    found = logins.of_people([people["alice"], people["vera"]])
    assert {pk: len(rows) for pk, rows in found.items()} == {people["alice"].pk: 1, people["vera"].pk: 0}
    assert looked == [people["alice"].pk]


def test_a_session_with_a_new_key_stays_the_persons(people):
    client = logged_in()
    session = client.session
    session.cycle_key()
    assert list(Session.objects.values_list("session_key", "user")) == [(session.session_key, people["alice"].pk)]
    session.flush()
    assert not Session.objects.exists()


def test_sessions_that_are_over_go_once_a_day(people):
    logged_in()
    over = logged_in("bob@example.net")
    Session.objects.filter(session_key=over.session.session_key).update(
        expire_date=timezone.now() - timedelta(seconds=1)
    )
    registry.discover()
    enqueue("sessions")
    runner.work_off(queue=registry.DAILY)
    assert list(Session.objects.values_list("user", flat=True)) == [people["alice"].pk]
    assert list(Job.objects.filter(kind="sessions").values_list("result", flat=True)) == [{"deleted": 1}]
