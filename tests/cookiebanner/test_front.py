"""What every page says of https, and to whom."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.test import Client

from cookiebanner.management.commands.serve import is_loopback, refuse_any_host

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]
HSTS = "Strict-Transport-Security"


@pytest.fixture
def https(settings):
    settings.FAIRGATE_URL = "https://consent.example.com"
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")


def get(path: str, host: str, proto: str = "https"):
    return Client().get(path, headers={"Host": host, "X-Forwarded-Proto": proto})


def test_https_is_promised_for_our_own_host_only(https):
    assert get("/accounts/login/", "consent.example.com")[HSTS] == "max-age=31536000"
    assert get("/accounts/login/", "Consent.Example.com:443")[HSTS] == "max-age=31536000"
    assert get("/nowhere", "consent.example.com")[HSTS] == "max-age=31536000"
    # A shop that passes a path on under its own name makes its own promises.
    assert HSTS not in get("/.well-known/fairgate/", "shop.example")
    assert HSTS not in get("/accounts/login/", "consent.example.com.evil.example")


def test_plain_http_promises_nothing(https, settings):
    assert HSTS not in get("/accounts/login/", "consent.example.com", "http")
    settings.SECURE_HSTS_SECONDS = 0
    assert HSTS not in get("/accounts/login/", "consent.example.com")


def ask(code: str, **env: str) -> str:
    given = {name: value for name, value in os.environ.items() if not name.startswith("FAIRGATE_U")}
    given |= {"DJANGO_SETTINGS_MODULE": "cookiebanner.settings", "SECRET_KEY": "x", **env}
    done = subprocess.run(
        [sys.executable, "-c", f"from django.conf import settings; {code}"],
        env=given, cwd=settings.BASE_DIR, capture_output=True, text=True,
    )  # fmt: skip
    return done.stdout.strip() or done.stderr.strip().splitlines()[-1]


HSTS_SECONDS = "print(settings.SECURE_HSTS_SECONDS)"


def test_the_settings_follow_the_public_url():
    assert ask(HSTS_SECONDS, FAIRGATE_URL="https://consent.example.com") == "31536000"
    assert ask(HSTS_SECONDS, FAIRGATE_URL="https://consent.example.com", FAIRGATE_HSTS="300") == "300"
    assert ask(HSTS_SECONDS, FAIRGATE_URL="http://127.0.0.1:8000") == "0"
    assert ask("print(settings.FAIRGATE_URL)", FAIRGATE_URL="https://consent.example.com/") == (
        "https://consent.example.com"
    )


@pytest.mark.parametrize(
    "wrong",
    [
        "consent.example.com", "//consent.example.com", "ftp://consent.example.com", "https://", "https://a b",
        "https://user:pw@consent.example.com", "https://consent.example.com?x=1", "https://consent.example.com:99999999",
        "javascript:alert(1)", "https://consent.example.com#x",
    ],
)  # fmt: skip
def test_a_public_url_that_is_none_is_refused_in_words(wrong):
    told = ask("print(settings.FAIRGATE_URL)", FAIRGATE_URL=wrong)
    assert "FAIRGATE_URL must look like https://" in told


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), ("::ffff:127.0.0.1", True),
        ("0.0.0.0", False), ("::", False), ("", False), ("10.0.0.1", False), ("192.0.2.1", False),  # noqa: S104
        ("nowhere.invalid", False),
    ],
)  # fmt: skip
def test_what_only_this_machine_can_reach(host, loopback):
    assert is_loopback(host) is loopback


@pytest.mark.parametrize(
    ("hosts", "host", "uds", "refused"),
    [
        (["*"], "0.0.0.0", "", True), (["*"], "::", "", True), (["a.example", "*"], "", "", True),  # noqa: S104
        (["*"], "127.0.0.1", "", False), (["*"], "0.0.0.0", "/run/x.sock", False),  # noqa: S104
        (["consent.example.com"], "0.0.0.0", "", False), ([".example.com"], "::", "", False),  # noqa: S104
    ],
)  # fmt: skip
def test_any_host_is_refused_where_others_can_connect(settings, hosts, host, uds, refused):
    settings.ALLOWED_HOSTS = hosts
    if not refused:
        refuse_any_host(uds, host)
        return
    with pytest.raises(Exception, match=r"^Fairgate would answer to any Host on .*: set FAIRGATE_HOSTS .*\.$") as told:
        refuse_any_host(uds, host)
    assert type(told.value).__name__ == "CommandError"
    assert "\n" not in str(told.value)


def test_serve_refuses_before_it_listens(tmp_path):
    env = {name: value for name, value in os.environ.items() if name not in ("FAIRGATE_HOSTS", "DATABASE_URL")}
    done = subprocess.run(
        [sys.executable, "manage.py", "serve", "--host", "0.0.0.0", "--port", "0"],  # noqa: S104
        env=env | {"FAIRGATE_DATA": str(tmp_path), "SECRET_KEY": "x"},
        cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (done.returncode, "FAIRGATE_HOSTS" in done.stderr, "Traceback" in done.stderr) == (1, True, False)
