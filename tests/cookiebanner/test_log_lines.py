"""What a stranger sends makes no log line long, and none of its own."""

from __future__ import annotations

import logging
import logging.config
import os
import subprocess
import sys
from uuid import uuid4

import pytest
from django.conf import settings
from django.test import Client

from consent.sites import actions
from cookiebanner.log_lines import LINES, LONGEST, Bounded
from cookiebanner.staff import invitations
from cookiebanner.staff.accounts import add_person, password_path

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]
EVIL = "\n2026-11-29 fairgate: all is well\r\x1b[2J\x00\u202e\u2028\x85"


def written(record: logging.LogRecord) -> list[str]:
    return Bounded().format(record).split("\n")


def of(message, *args, exc_info=None):
    return logging.LogRecord("fairgate", logging.ERROR, "", 0, message, args, exc_info)


@pytest.mark.parametrize("text", ["x" * 60_000, EVIL * 1000, "é" * 60_000, "\n" * 60_000])
def test_a_message_is_one_short_line(text):
    [line] = written(of("Not Found: %s", text))
    assert len(line) < LONGEST * 11
    assert line.isprintable()
    assert "characters)" in line


def test_what_is_short_stays_as_it_is():
    assert written(of("The database is not there; %d answers: %s", 3, "né")) == [
        "The database is not there; 3 answers: né"
    ]


def test_a_traceback_is_cut_and_cannot_pass_for_lines_of_ours():
    try:
        raise ValueError(EVIL + "x" * 60_000 + "\nfairgate: forged" * 5_000)
    except ValueError:
        lines = written(of("A request could not be answered.", exc_info=sys.exc_info()))
    assert lines[0] == "A request could not be answered."
    assert all(line.startswith("  ") and line.isprintable() for line in lines[1:])
    assert (len(lines) <= LINES + 2, max(map(len, lines)) < LONGEST + 100) == (True, True)
    assert any("Traceback" in line for line in lines)


def test_all_that_django_logs_of_a_request_is_bounded(capfd, settings):
    """Through the settings' own configuration: paths, Host, methods."""
    settings.ALLOWED_HOSTS = ["consent.example.com"]
    logging.config.dictConfig(settings.LOGGING)
    path = "/nowhere/" + "a" * 10_000 + "%0A%1B[31mforged"
    Client().get(path, headers={"Host": "consent.example.com"})
    Client().get("/", headers={"Host": "b" * 5_000 + "\n forged"})
    Client().generic("X" * 5_000, "/accounts/login/", headers={"Host": "consent.example.com"})
    told = capfd.readouterr().err
    assert "Not Found: /nowhere/aaa" in told
    assert "Invalid HTTP_HOST" in told
    assert len(told.splitlines()) == 3  # one each, and no traceback
    for line in told.splitlines():
        assert (len(line) < LONGEST + 200, line.isprintable()) == (True, True)


@pytest.mark.parametrize("method", ["POST", "PUT", "GET"])
@pytest.mark.parametrize(
    "path",
    [
        "/accounts/invitations/{}/",
        "/accounts/set/MQ/{}/",
        "/accounts/password/reset/key/1-{}/",
        "/accounts/invitations/{}/nowhere/",
        "/accounts/invitations/%20{}%0A/",
    ],
)
def test_no_link_that_lets_somebody_in_is_logged(capfd, settings, method, path):
    """A browser without cookies that follows one is refused, and Django logs the path of what it refuses."""
    logging.config.dictConfig(settings.LOGGING)
    token = "dit5vk-7e18d7a1a0bdd119cbe27cb132ddbcfd"
    answer = Client(enforce_csrf_checks=True).generic(method, path.format(token))
    told = capfd.readouterr().err
    assert token not in told
    if answer.status_code >= 400:
        assert "/accounts/" in told


def test_no_line_lets_its_reader_in_or_names_a_visitor(capfd, settings):
    """A link that is followed without cookies, or mangled on its way, is refused and told; it must not work for
    whoever reads the log. Nor is a record to be found there after its erasure."""
    settings.ALLOWED_HOSTS, settings.FAIRGATE_URL = ["consent.example.com"], "https://consent.example.com"
    logging.config.dictConfig(settings.LOGGING)
    site = actions.create_site("shop.example.net", "test")
    _, token = actions.renew_invitation(actions.invite(site, "new@example.net", "editor", "test"))
    paths = [invitations.path(token), password_path(add_person("o@example.net", "a long and good one"))]
    links = [token, paths[1].split("/")[-2]]
    record = str(uuid4())
    browser = Client(enforce_csrf_checks=True, headers={"Host": "consent.example.com"})
    for path in paths:
        browser.post(path, {"password": "x"}, headers={"Referer": f"https://consent.example.com{path}"}, secure=True)
        browser.post(path)
        browser.put(path)
        browser.get(f"{path}x>")
    browser.get(f"/api/v1/consents/{record}/receipt")
    told = capfd.readouterr().err
    assert told.count("Forbidden") >= 4
    assert [secret for secret in [*links, record] if secret in told] == []
    assert f"Not Found: /api/v1/consents/{record[:4]}…/receipt" in told


def test_uvicorn_s_lines_go_the_same_way():
    code = (
        "import logging, uvicorn, django; django.setup();"
        "uvicorn.Config('x', log_level='error', log_config=None);"
        "logging.getLogger('uvicorn.error').error('broke %s', 'y' * 10000)"
    )
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "cookiebanner.settings"}
    done = subprocess.run([sys.executable, "-c", code], env=env, cwd=settings.BASE_DIR, capture_output=True, text=True)
    assert (done.stderr.startswith("broke yyy"), len(done.stderr) < LONGEST + 100) == (True, True)
