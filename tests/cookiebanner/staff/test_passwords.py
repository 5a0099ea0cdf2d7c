"""Passwords: links come from FAIRGATE_URL, live ones are in no log, and nothing tells who has an account."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth import get_user_model, hashers
from django.core import mail
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from consent.jobs.models import Job
from consent.sites import actions
from cookiebanner.demo import seed
from cookiebanner.staff.accounts import add_person, password_path
from tests.cookiebanner.dashboard.conftest import PASSWORD
from tests.cookiebanner.staff.conftest import URL, mailed_link, work

pytestmark = pytest.mark.django_db
RESET = "/accounts/password/reset/"
FORGED: dict[str, Any] = {
    "HTTP_HOST": "evil.example",
    "HTTP_X_FORWARDED_HOST": "evil.example",
    "HTTP_ORIGIN": "https://evil.example",
}
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def fresh_limits():
    cache.clear()


def mails() -> str:
    work()
    return "".join(message.message().as_string() for message in mail.outbox)


# --- links ------------------------------------------------------------------------------------------------------------


def test_a_forged_host_is_in_no_mail(people, shop, login, settings):
    """Every page that mails: password reset, a new address, an invitation."""
    settings.ALLOWED_HOSTS = ["*"]
    assert Client().post(RESET, {"email": "alice@example.net"}, **FORGED).status_code == 302
    alice = login("alice")
    alice.post("/accounts/email/", {"email": "second@example.net", "action_add": ""}, **FORGED)
    alice.post("/accounts/email/", {"email": "second@example.net", "action_send": ""}, **FORGED)
    alice.post(
        reverse("dashboard:team", kwargs={"uuid": shop.uuid}), {"email": "new@example.net", "role": "viewer"}, **FORGED
    )
    text = mails()
    assert {to for message in mail.outbox for to in message.to} == {
        "alice@example.net", "second@example.net", "new@example.net",
    }  # fmt: skip
    assert ("evil" in text, text.count(URL) >= 3) == (False, True)
    for message in mail.outbox:
        assert {
            link.partition("/accounts/")[0] for link in re.findall(r"https?://\S+/accounts/\S+", str(message.body))
        } == {URL}


def test_a_reset_sets_the_password_once(people):
    Client().post(RESET, {"email": "Alice@Example.net"})
    path = mailed_link("alice@example.net")
    guest = Client()
    form = guest.get(path, follow=True).redirect_chain[-1][0]
    guest.post(form, {"password1": "another good one", "password2": "another good one"})
    assert Client().login(email="alice@example.net", password="another good one")
    assert not Client().login(email="alice@example.net", password=PASSWORD)
    assert 'name="password1"' not in Client().get(path, follow=True).content.decode()


def test_an_address_that_was_only_typed_in_gets_no_link_to_somebody_elses_account(people):
    EmailAddress.objects.create(user=people["bob"], email="victim@example.net", verified=False, primary=False)
    Client().post(RESET, {"email": "victim@example.net"})
    work()
    assert mail.outbox == []


def test_an_unproved_address_never_becomes_the_one_that_the_team_sees(people, login, shop):
    bob = login("bob")
    bob.post("/accounts/email/", {"email": "alice@example.net", "action_add": ""})
    bob.post("/accounts/email/", {"email": "ceo@example.net", "action_add": ""})
    for email in ("alice@example.net", "ceo@example.net"):
        bob.post("/accounts/email/", {"email": email, "action_primary": ""})
    people["bob"].refresh_from_db()
    assert people["bob"].email == "bob@example.net"
    assert not EmailAddress.objects.filter(user=people["bob"], verified=True).exclude(email="bob@example.net").exists()


# --- without mail -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", ["EMAIL_HOST", "FAIRGATE_URL"])
def test_without_mail_the_page_says_so_and_how_the_operator_helps(people, settings, missing):
    if missing == "EMAIL_HOST":
        settings.EMAIL_BACKEND = "cookiebanner.staff.mail.NotSetUp"
    else:
        settings.FAIRGATE_URL = ""
    for answer in (Client().get(RESET), Client().post(RESET, {"email": "alice@example.net"})):
        body = answer.content.decode()
        assert (answer.status_code, missing in body, "manage.py reset_password ADDRESS" in body) == (200, True, True)
        assert 'name="email"' not in body
    assert (Job.objects.count(), mail.outbox) == (0, [])


def test_the_operators_command_prints_a_link_that_works_once(people, settings):
    out = StringIO()
    call_command("reset_password", "Alice@example.net", stdout=out)
    path = out.getvalue().strip().removeprefix(URL)
    guest = Client()
    form = guest.get(path, follow=True).redirect_chain[-1][0]
    guest.post(form, {"new_password1": "another good one", "new_password2": "another good one"})
    assert Client().login(email="alice@example.net", password="another good one")
    assert "has been used or has lapsed" in Client().get(path, follow=True).content.decode()
    with pytest.raises(CommandError, match="has no account"):
        call_command("reset_password", "nobody@example.net", stdout=StringIO())


def test_no_live_link_is_written_to_a_log(tmp_path):
    """A server of its own without EMAIL_HOST: what it prints and logs, at the lowest level, holds no link."""
    settings = {"FAIRGATE_DATA": str(tmp_path), "LOG_LEVEL": "DEBUG", "FAIRGATE_URL": URL}
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("DATABASE", "EMAIL", "FAIRGATE"))}
    script = (
        "from django.core.management import call_command\n"
        "call_command('migrate', verbosity=0, interactive=False)\n"
        "from cookiebanner.staff.accounts import add_person; from cookiebanner.staff import passwords\n"
        "from django.test import Client; from consent.jobs import registry, runner\n"
        "add_person('alice@example.net', 'correct horse battery')\n"
        "print(Client().post('/accounts/password/reset/', {'email': 'alice@example.net'}).status_code)\n"
        "try: print(passwords.send_now('alice@example.net'))\n"
        "except OSError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v", "0", "-c", script],
        cwd=ROOT, env={**kept, **settings}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.stdout.splitlines()[-2:] == ["200", "Mail is not set up: EMAIL_HOST is empty."], done.stderr[-2000:]
    assert [word for word in ("/key/", "/set/", "accounts/password") if word in done.stdout + done.stderr] == []


# --- who has an account -----------------------------------------------------------------------------------------------


def work_of(act) -> tuple[int, list[str]]:
    """How many password hashes a request costs, and which statements it runs."""
    counted = []
    hasher = type(hashers.get_hasher())

    def counting(done):
        def count(self, *arguments, **options):
            counted.append(1)
            return done(self, *arguments, **options)

        return count

    with pytest.MonkeyPatch.context() as patch, CaptureQueriesContext(connection) as queries:
        for name in ("encode", "verify"):  # Argon2 does each by itself, at the same cost
            patch.setattr(hasher, name, counting(getattr(hasher, name)))
        act()
    return len(counted), [re.sub(r"'[^']*'|\d+", "?", query["sql"]) for query in queries]


def test_the_reset_page_does_the_same_for_everybody(people):
    """Known, unknown, disabled, the operator's: the same statements, the same text, and no mail before the answer."""
    get_user_model().objects.filter(pk=people["bob"].pk).update(is_active=False)
    seen = []
    for email in ("alice@example.net", "nobody@example.net", "bob@example.net", "op@example.net"):
        client = Client()
        answers = []
        done = work_of(lambda: answers.append(client.post(RESET, {"email": email}, follow=True)))
        assert mail.outbox == []
        seen.append(
            (done, answers[0].redirect_chain, re.sub(r'(nonce|value)="[^"]*"', "", answers[0].content.decode()))
        )
        work()
        mail.outbox.clear()
    for other in seen[1:]:
        assert other[0] == seen[0][0]
        assert other[1:] == seen[0][1:]
    assert not any("auth_user" in sql or "emailaddress" in sql for sql in seen[0][0][1])


def test_nothing_of_who_asked_stays(people):
    for email in ("alice@example.net", "nobody@example.net"):
        Client().post(RESET, {"email": email})
        Client().post(RESET, {"email": email})  # one that waits is enough
    assert Job.objects.count() == 2
    work()
    work()
    assert [message.to for message in mail.outbox] == [["alice@example.net"]]
    assert Job.objects.count() == 1  # the last, until the next one runs
    assert {str(row) for row in Job.objects.values_list("result", flat=True)} == {"{}"}


@pytest.mark.parametrize("first", ["unusable", "demo", "inactive"])
def test_a_login_costs_one_hash_whoever_it_is(people, first):
    if first == "unusable":
        add_person("odd@example.net")
    else:
        user = add_person("odd@example.net", PASSWORD)
        user.is_active = first != "inactive"
        user.email = "demo@example.org" if first == "demo" else user.email
        user.save()
    hashes = []
    for email in ("nobody@example.net", "alice@example.net", "odd@example.net"):
        data = {"login": email, "password": "a wrong password"}
        answers = []
        hashes.append(work_of(lambda: answers.append(Client().post("/accounts/login/", data)))[0])
        assert "not correct" in answers[0].content.decode()
    assert hashes == [1, 1, 1]


def test_tries_of_a_login_are_counted_whatever_host_they_name(people, settings):
    """allauth's limit is by address and Host: with any Host allowed, each was another five tries."""
    settings.ALLOWED_HOSTS = ["*"]
    codes = []
    for number in range(7):
        answer = Client(HTTP_HOST=f"h{number}.example").post(
            "/accounts/login/", {"login": "alice@example.net", "password": f"wrong {number}"}
        )
        codes.append("Too many failed" in answer.content.decode())
    assert codes == [False] * 5 + [True] * 2


def test_adding_an_address_does_not_tell_who_has_it(people, login):
    pages = []
    for email in ("charlie@example.net", "nobody@example.net"):
        bob = login("bob")
        answer = bob.post("/accounts/email/", {"email": email, "action_add": ""}, follow=True)
        pages.append((answer.redirect_chain, "already" in answer.content.decode()))
        EmailAddress.objects.filter(user=people["bob"], email=email).delete()
    assert pages[0] == pages[1]


# --- settings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "right"),
    [
        ("https://consent.example.com", True), ("https://consent.example.com/", True), ("http://localhost:8000", True),
        ("consent.example.com", False), ("ftp://x.example", False), ("https://u:p@x.example", False),
        ("https://x.example/path", False), ("https://x.example:99999", False), ("https://", False),
        ("https://x.example?y", False), ("javascript:alert(1)", False),
    ],
)  # fmt: skip
def test_the_address_is_one(monkeypatch, value, right):
    from django.core.exceptions import ImproperlyConfigured

    from cookiebanner import env

    monkeypatch.setenv("FAIRGATE_URL", value)
    if right:
        assert env.base_url("FAIRGATE_URL") == value.rstrip("/")
    else:
        with pytest.raises(ImproperlyConfigured, match="must look like https://consent.example.com"):
            env.base_url("FAIRGATE_URL")


def test_a_removed_member_is_out_at_once(people, shop, login):
    bob = login("bob")
    page = reverse("dashboard:overview", kwargs={"uuid": shop.uuid})
    assert bob.get(page).status_code == 200
    actions.remove_member(shop, people["bob"], "x")
    assert bob.get(page).status_code == 404


# --- the first password -----------------------------------------------------------------------------------------------


def set_password(client: Client, user: Any) -> Any:
    """The answer to a new password that was typed behind a link."""
    page = client.get(password_path(user), follow=True)
    return client.post(page.redirect_chain[-1][0], {"new_password1": NEW, "new_password2": NEW})


NEW = "another horse battery"


def test_save_and_log_in_logs_in(people):
    client = Client()
    answer = set_password(client, people["vera"])
    assert (answer.status_code, answer["Location"]) == (302, "/dashboard/")
    assert client.get("/dashboard/").status_code == 200


def test_a_second_factor_is_asked_for_after_a_new_password(people):
    Authenticator.objects.create(user=people["vera"], type=Authenticator.Type.TOTP, data={"secret": "x"})
    client = Client()
    answer = set_password(client, people["vera"])
    assert answer["Location"] == "/accounts/2fa/authenticate/"
    assert client.get("/dashboard/").status_code == 302


def test_the_demo_account_sets_no_way_in(db, settings):
    settings.FAIRGATE_DEMO = True
    seed.person(PASSWORD)
    settings.FAIRGATE_DEMO = False
    client = Client()
    set_password(client, get_user_model().objects.get(username="demo"))
    assert client.get("/dashboard/").status_code == 302
