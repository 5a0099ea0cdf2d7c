"""The named cast, a site with a release, and a browser that resolves every host to this machine."""

from __future__ import annotations

import os
import shutil

import pytest
from hypothesis import HealthCheck, settings

from tests.browser import unhurried

# A busy machine is no finding.
settings.register_profile("fairgate", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("fairgate")
unhurried.install()


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    """Debian's Chromium, every host name on this machine. A missing Chromium is an error, never a skip.

    Its headless shell, if there: the same engine, and a context for a quarter of the CPU. What measures blocking
    (`tests/browser/vectors`) starts the whole browser itself.
    """
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
    chromium = next(filter(None, map(shutil.which, names)), None)
    if not chromium:
        pytest.exit("Chromium is missing: sudo apt-get install -y chromium", returncode=3)
    return {
        **browser_type_launch_args,
        "executable_path": chromium,
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--ignore-certificate-errors",
        ],
    }


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix) -> None:
    """The tables come from the run's own cluster (tests/plugin.py): to make them anew takes each process seconds."""
    from django.conf import settings

    if template := os.environ.get("FAIRGATE_TEST_TEMPLATE"):
        settings.DATABASES["default"].setdefault("TEST", {})["TEMPLATE"] = template
    if "CITUS_URL" in os.environ:  # a database is of several machines there, which Django can't make
        database = settings.DATABASES["default"]
        database.setdefault("TEST", {})["NAME"] = database["NAME"]


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_keepdb: bool) -> bool:
    return django_db_keepdb or "CITUS_URL" in os.environ


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """PostgreSQL waits five seconds for whoever is still connected before it refuses to drop a database."""
    yield
    from django.db import connection

    if connection.vendor == "postgresql":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


@pytest.fixture(autouse=True, scope="session")
def _flush_may_empty_the_ledger():
    """Django's test teardown empties every table; the append-only triggers are dropped around it and put back.

    Only here: the product has no switch for it.
    """
    from django.db import connections
    from django.test import TransactionTestCase

    from tests import append_only

    def teardown_without_guards(self) -> None:
        for alias in self._databases_names(include_mirrors=False):
            append_only.empty(connections[alias])

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", teardown_without_guards)
        yield


@pytest.fixture(autouse=True, scope="session")
def _passwords_are_hashed_at_once():
    """Argon2 is made to take long; a log-in's tests are about who may log in. Servers with a process of their own hash
    as they do in production."""
    from django.contrib.auth.hashers import Argon2PasswordHasher

    with pytest.MonkeyPatch.context() as patch:
        for cost, least in {"time_cost": 1, "memory_cost": 8, "parallelism": 1}.items():
            patch.setattr(Argon2PasswordHasher, cost, least)
        yield


@pytest.fixture(autouse=True, scope="session")
def _static_files_are_found_once():
    """Each test client has middleware of its own, and WhiteNoise's looks at a hundred files when it is made."""
    from whitenoise.middleware import WhiteNoiseMiddleware

    find = WhiteNoiseMiddleware.add_files_from_finders
    found: dict = {}

    def once(self) -> None:
        if not found:
            find(self)
            found.update(self.files)
        self.files.update(found)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", once)
        yield


@pytest.fixture(autouse=True)
def _forget_sites_of_other_tests():
    """Sites and releases are kept in memory; another test's database is another world."""
    from cookiebanner.visitors.published import published

    published.clear()


@pytest.fixture(autouse=True)
def _counts_are_written_by_hand(monkeypatch):
    """No thread that writes counts past a test's transaction, and none of another test."""
    from cookiebanner.visitors.counts import Counters, counters

    monkeypatch.setattr(Counters, "start", lambda self: None)
    counters._clear()


@pytest.fixture(autouse=True)
def _forget_what_other_tests_were_seen_doing():
    """What a process noticed of its clients while another test ran."""
    from cookiebanner.health import readiness
    from cookiebanner.visitors import rate_limit
    from cookiebanner.visitors.proxies import unnamed

    readiness.forget()
    unnamed.forget()
    rate_limit.rate_limit.__init__()  # type: ignore[misc]
