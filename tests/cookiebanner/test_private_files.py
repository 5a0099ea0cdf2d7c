"""Consents, keys and their copies are read by the account that runs Fairgate, and by nobody else."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from consent import private_files
from cookiebanner import data

ROOT = Path(settings.BASE_DIR)
WALK = """
import json, sys, pathlib
from datetime import datetime, UTC
from django.core.management import call_command
from consent.exports import actions, jobs
from consent.jobs import runner, registry
from consent.jobs.actions import enqueue
from consent.ledger import checkpoint
from consent.models import Site
import django; django.setup()
registry.discover()
site = Site.objects.get(releases__isnull=False)
checkpoint.make(site)
day = datetime.now(UTC).date().isoformat()
for form in ("csv", "jsonl", "bundle"):
    enqueue("export", site=site, params={"format": form, "from": day, "to": day, "actor": "test"})
runner.work_off()
from django.core.cache import cache
cache.set("a", 1)
"""


def manage(env, *arguments: str) -> None:
    done = subprocess.run(
        ["sh", "-c", 'umask 022; exec "$@"', "sh", sys.executable, *arguments],
        cwd=ROOT, env=env, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def open_to_others(folder: Path) -> list[str]:
    """What group or others may do anything with, in and under the folder; static files may be read."""
    found = []
    for path in [folder, *folder.rglob("*")]:
        mode = stat.S_IMODE(path.lstat().st_mode)
        if mode & 0o077 and folder / "static" not in (path, *path.parents):
            found.append(f"{path.relative_to(folder)} {mode:o}")
    return found


@pytest.fixture
def env(tmp_path):
    given = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "SECRET_KEY")}
    return given | {
        "FAIRGATE_DATA": str(tmp_path / "var" / "fairgate"), "DJANGO_SETTINGS_MODULE": "cookiebanner.settings",
        "FAIRGATE_SCREENSHOTS": "0",
    }  # fmt: skip


def test_nothing_in_the_data_folder_can_be_read_by_others(env, tmp_path):
    folder = Path(env["FAIRGATE_DATA"])
    manage(env, "manage.py", "setup", "--email", "ada@example.net", "--password", "correct horse battery")
    manage(env | {"FAIRGATE_DEMO": "1"}, "manage.py", "demo", "--seed-only")
    manage(env | {"FAIRGATE_DEMO": "1"}, "-c", f"import django; django.setup()\n{WALK}")
    manage(env | {"FAIRGATE_DEMO": "1"}, "manage.py", "collectstatic", "--no-input", "-v0")
    names = {path.name for path in folder.iterdir()}
    assert names >= {
        "fairgate.sqlite3",
        "secret_key",
        "signing_key",
        "demo_password",
        "checkpoints",
        "exports",
        "cache",
    }
    assert len(list((folder / "exports").iterdir())) == 3
    assert open_to_others(folder) == []
    assert stat.S_IMODE((folder / "static" / "dashboard").stat().st_mode) == 0o755


def test_what_an_older_version_left_is_mended_at_the_start(settings, tmp_path):
    folder = tmp_path / "data"
    for path in ("exports/a.work/records.csv", "checkpoints/b.note", "screenshots/c.png", "fairgate.sqlite3-wal",
                 "fairgate.sqlite3", "static/x.js", "theirs/d"):  # fmt: skip
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text("x")
        (folder / path).chmod(0o644)
    outside = tmp_path / "outside"
    outside.write_text("x")
    outside.chmod(0o644)
    (folder / "exports" / "link").symlink_to(outside)
    folder.chmod(0o755)
    settings.FAIRGATE_DATA = folder
    data.make_private()
    assert [line for line in open_to_others(folder) if not line.startswith(("theirs", "exports/link"))] == []
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (outside, folder / "static/x.js", folder / "theirs/d")]
    assert modes == [0o644, 0o644, 0o644]  # not ours


def test_files_are_private_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        folder = private_files.folder(tmp_path / "a" / "b")
        with private_files.open_file(folder / "c") as file:
            file.write("x")
        private_files.touch(folder / "d")
        (folder / "e").write_text("old")
        with private_files.open_file(folder / "e", "ab") as file:
            file.write(b"x")
    finally:
        os.umask(before)
    assert open_to_others(tmp_path / "a") == []


def test_an_sqlite_database_elsewhere_is_private_too(env, tmp_path):
    elsewhere = tmp_path / "db"
    elsewhere.mkdir()
    path = elsewhere / "site.sqlite3"
    env["DATABASE_URL"] = f"sqlite:///{path}"
    code = (
        "import django; django.setup(); from django.db import connection as c; c.cursor().execute('CREATE TABLE a (b)')"
    )
    manage(env, "-c", f"{code}; import os; os._exit(0)")  # as a killed process leaves it
    assert {stat.S_IMODE(one.stat().st_mode) for one in elsewhere.iterdir()} == {0o600}
    assert path.exists()
