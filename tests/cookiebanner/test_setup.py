"""`manage.py setup`, and who may log in."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from consent.ledger import signing
from cookiebanner.staff import accounts

pytestmark = pytest.mark.django_db
People = get_user_model()
PASSWORD = "correct horse battery"


def test_setup_makes_the_first_owner_and_the_keys(client, capsys):
    call_command("setup", email="Ada@Example.net", password=PASSWORD)
    owner = People.objects.get()
    assert (owner.email, owner.is_superuser, owner.check_password(PASSWORD)) == ("ada@example.net", True, True)
    assert owner.password.startswith("argon2")
    assert signing.key_path().stat().st_mode & 0o777 == 0o600
    response = client.post("/accounts/login/", {"login": "ada@example.net", "password": PASSWORD})
    assert (response.status_code, response["Location"]) == (302, "/dashboard/")
    assert PASSWORD not in capsys.readouterr().out


def test_setup_may_run_again_and_changes_no_password(capsys):
    call_command("setup", email="ada@example.net", password=PASSWORD)
    call_command("setup", email="ada@example.net", password="another long password")
    call_command("setup")
    assert People.objects.get().check_password(PASSWORD) is True


def test_setup_takes_the_environment(monkeypatch, tmp_path):
    secret = tmp_path / "password"
    secret.write_text(PASSWORD + "\n")
    monkeypatch.setenv("FAIRGATE_OWNER_EMAIL", "ada@example.net")
    monkeypatch.setenv("FAIRGATE_OWNER_PASSWORD_FILE", str(secret))
    call_command("setup")
    assert People.objects.get().check_password(PASSWORD) is True


@pytest.mark.parametrize(
    ("email", "password", "said"),
    [
        ("ada@example.net", "short", "too short"),
        ("ada@example.net", "qwerty123456", "too common"),
        ("ada", PASSWORD, "is not an e-mail address"),
        ("demo@example.org", PASSWORD, "the demo's account"),
        (None, None, "Give the first owner"),
        ("ada@example.net", None, "Give a password"),
    ],
)
def test_setup_says_what_is_wrong(email, password, said):
    with pytest.raises(CommandError, match=said):
        call_command("setup", email=email, password=password)
    assert People.objects.count() == 0


def test_setup_refuses_a_database_with_the_demo_account(settings):
    People.objects.create_user("demo", accounts.DEMO_EMAIL, PASSWORD)
    with pytest.raises(CommandError, match="demo account is in this database"):
        call_command("setup", email="ada@example.net", password=PASSWORD)


def test_setup_is_not_for_a_demo(settings):
    settings.FAIRGATE_DEMO = True
    with pytest.raises(CommandError, match="FAIRGATE_DEMO"):
        call_command("setup", email="ada@example.net", password=PASSWORD)


def test_the_demo_account_logs_in_only_in_demo_mode(client, settings):
    People.objects.create_user("demo", accounts.DEMO_EMAIL, PASSWORD)
    form = {"login": accounts.DEMO_EMAIL, "password": PASSWORD}
    assert client.post("/accounts/login/", form)["Location"] == "/accounts/inactive/"
    assert client.get("/dashboard/").status_code == 302
    settings.FAIRGATE_DEMO = True
    assert client.post("/accounts/login/", form)["Location"] == "/dashboard/"
    assert client.get("/dashboard/").status_code == 200
    settings.FAIRGATE_DEMO = False
    assert client.get("/dashboard/").status_code == 302  # a session that is left over


def test_there_is_no_sign_up(client):
    response = client.get("/accounts/signup/")
    assert "There is no sign-up" in response.content.decode()
    client.post("/accounts/signup/", {"email": "x@example.net", "password1": PASSWORD, "password2": PASSWORD})
    assert People.objects.count() == 0


def test_a_disabled_person_does_not_log_in(client):
    person = accounts.add_person("ada@example.net", PASSWORD)
    person.is_active = False
    person.save()
    client.post("/accounts/login/", {"login": "ada@example.net", "password": PASSWORD})
    assert "_auth_user_id" not in client.session
