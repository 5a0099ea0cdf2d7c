"""Gives the test run its database: a temporary PostgreSQL cluster, SQLite with `--sqlite`, or one that is spread over
the machines of the coordinator that CITUS_URL names."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile

import pytest

cluster = None


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--sqlite", action="store_true", help="run on SQLite instead of a temporary PostgreSQL")
    parser.addoption("--database", action="store_true", help="only what touches the database")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config, args: list[str]):
    """Before pytest-django reads the settings (it does so in a tryfirst hook of its own)."""
    gc.disable()  # until all is collected: looking for garbage among what stays is a fifth of that time
    global cluster
    folder = tempfile.mkdtemp(prefix="fairgate-test-")
    os.environ["FAIRGATE_DATA"] = folder
    os.environ["FAIRGATE_RATE_LIMIT"] = os.environ.get("FAIRGATE_RATE_LIMIT", "0")
    os.environ["FAIRGATE_UNSAFE"] = "1"
    os.environ["FAIRGATE_PICTURES"] = "0"  # a publish would start a browser
    os.environ["FAIRGATE_BROTLI"] = "1"  # a release has some forty files
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # sync Playwright runs an event loop of its own
    if "--sqlite" in args:
        os.environ.pop("DATABASE_URL", None)
    elif "CITUS_URL" in os.environ:
        from tests.citus.cluster import distributed

        os.environ["DATABASE_URL"] = distributed(os.environ["CITUS_URL"], f"fairgate_{os.getpid()}", folder)
    elif "DATABASE_URL" not in os.environ:
        from tests.postgres import TEMPLATE, Cluster

        cluster = Cluster(migrated=True).start()
        os.environ["DATABASE_URL"] = cluster.url
        os.environ["FAIRGATE_TEST_TEMPLATE"] = TEMPLATE  # for the processes of xdist, too
    try:
        return (yield)
    finally:
        early_config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests of one database's own means are left out on the other, and what only root may do for others; that is
    not a skip."""
    other = {"postgresql" if config.getoption("--sqlite") else "sqlite"} | ({"root"} if os.geteuid() else set())
    other |= {"one_machine"} if "CITUS_URL" in os.environ else set()
    out = [item for item in items if any(item.get_closest_marker(name) for name in other)]
    if config.getoption("--database"):
        out += [item for item in items if not touches_the_database(item)]
    if out:
        config.hook.pytest_deselected(items=out)
        gone = set(out)
        items[:] = [item for item in items if item not in gone]
    items.sort(key=lambda item: item.get_closest_marker("long") is None)  # else one process would be left with it alone


def pytest_collection_finish() -> None:
    """A million objects of modules and of collected tests stay until the end: the collector need not look through them."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    gc.enable()


def touches_the_database(item: pytest.Item) -> bool:
    """By its marker `django_db` or `database`, or by a fixture that gives it one; not when `any_database` would do."""
    if item.get_closest_marker("any_database"):
        return False
    fixtures = {"db", "transactional_db", "django_db_setup", "live_server", "client", "admin_client"}
    marked = item.get_closest_marker("django_db") or item.get_closest_marker("database")
    return bool(marked or fixtures & set(getattr(item, "fixturenames", ())))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a skipped test is a missing tool, and that is a failure."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_unconfigure() -> None:
    if "CITUS_URL" in os.environ:
        from tests.citus.cluster import drop

        drop(os.environ["CITUS_URL"], f"fairgate_{os.getpid()}")
    if cluster:
        cluster.remove()
