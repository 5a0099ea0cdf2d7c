"""Exports in parts: the same bytes whoever makes them, and gone on with after a kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
import zlib
from pathlib import Path
from urllib.parse import quote
from uuid import UUID, uuid5

import pytest
from django.conf import settings as django_settings
from django.db import connection

from consent.exports import actions, deflated, formats, parts, period
from consent.ledger import erasure
from consent.ledger.append import append, draft_of
from consent.sites.actions import create_site
from tests.consent.exports.test_bundle import END, SITE, START, UNKNOWN, fill, verify

pytestmark = pytest.mark.django_db
ROOT = django_settings.BASE_DIR


@pytest.fixture
def site(settings, tmp_path, monkeypatch):
    settings.FAIRGATE_DATA = tmp_path / "data"
    monkeypatch.setattr(parts, "SIZE", 4)
    site = create_site(["shop.test"], "alice", uuid=SITE, name="Shop")
    fill(site)
    return site


def export(site, form, path, progress=lambda done, total: None) -> bytes:
    actions.export(site, START, END, form, path, "alice", progress)
    return path.read_bytes()


@pytest.mark.django_db(transaction=True)
def test_one_process_and_two_write_the_same_bytes(site, settings, tmp_path):
    erasure.erase(site, record_id=fill_id(site, 9), actor="alice", reason="asked")
    for form in actions.FORMATS:
        settings.FAIRGATE_PROCESSES = 2
        several = export(site, form, tmp_path / f"several.{form}")
        settings.FAIRGATE_PROCESSES = 1
        assert export(site, form, tmp_path / f"one.{form}") == several, form


def fill_id(site, index):
    return UUID(next(period.rows(site.pk, index, index)).record_id)


@pytest.mark.parametrize("separator", [",", ";"])
def test_a_line_of_the_table_is_the_one_that_the_verifier_writes(site, separator):
    """The fast way to write a line, held to the plain one."""
    from consent.exports.verify import verify as verifier

    rows = list(period.rows(site.pk, 0, 60))
    strange = [
        "=1+1", "a;b", 'say "yes"', "-5", "'", "x,y", "line\nbreak", "\tx", "ünïcode", "2026-01-01T00:00:00Z", "",
        "x" * 3_000, "=" * 3_000,
    ]  # fmt: skip
    for value in strange:
        record = {
            "page": value, "client_time": value, "ua_family": value, "layer": value, "arm": value,
            "choices": {"categories": {value: "granted"}},
        }  # fmt: skip
        rows.append(with_payload(rows[1], json.dumps(record)))
    assert len(rows) > 40
    for row in rows:
        plain = verifier.csv_line(formats.values(row, str(SITE)), separator).encode()
        assert formats.csv_line(row, str(SITE), separator) == plain


def with_payload(row, payload):
    from msgspec import structs

    return structs.replace(row, payload=payload)


def test_a_line_of_json_is_canonical_and_says_what_its_fields_say(site):
    erasure.erase(site, record_id=fill_id(site, 9), actor="alice", reason="asked")
    for row in period.rows(site.pk, 0, 60):
        assert formats.json_line(row) == formats.line(formats.fields(row))
        assert ("request" in formats.fields(row)) == row.erased


@pytest.mark.parametrize("form", actions.FORMATS)
def test_one_that_was_stopped_goes_on_where_it_was(site, tmp_path, form):
    whole = export(site, form, tmp_path / "whole")
    out, seen, again = tmp_path / "out", [], []

    def die(done: int, total: int) -> None:
        seen.append(done)
        if len(seen) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(site, form, out, die)
    assert not out.exists()
    for path in (tmp_path / "out.work").glob("*joined*"):
        with path.open("ab") as file:
            file.write(b"half a line that is not certain")
    for path in (tmp_path / "out.work").glob("records.*.deflated"):
        with path.open("ab") as file:
            file.write(b"half a block")
    fill(site, "later")  # answers that came meanwhile are not in it
    made = export(site, form, out, lambda done, total: again.append(done))
    assert same(made, whole, form)
    assert again[0] > seen[-1] if form != "parquet" else again[0] == seen[0]
    assert not (tmp_path / "out.work").exists()


def same(made: bytes, whole: bytes, form: str) -> bool:
    if form != "bundle":
        return made == whole
    return records(made) == records(whole)


def records(archive: bytes) -> list[bytes]:
    import io

    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        return [file.read(name) for name in ("records.jsonl", "records.csv")]


def test_what_holds_an_answer_that_was_erased_meanwhile_is_not_gone_on_with(site, tmp_path):
    def die(done: int, total: int) -> None:
        if done > 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(site, "csv", tmp_path / "out", die)
    assert json.loads((tmp_path / "out.work" / "state.json").read_text())["next"] == 3
    gone = next(row for row in period.rows(site.pk, 8, 20) if row.visitor)
    erasure.erase(site, record_id=UUID(gone.record_id), actor="alice", reason="asked")
    lines = export(site, "csv", tmp_path / "out").decode().splitlines()
    cells = dict(zip(formats.COLUMNS, next(line for line in lines if gone.record_id in line).split(","), strict=True))
    assert (cells["visitor"], cells["erased"]) == ("", "yes")


def test_a_bundle_that_zlib_alone_compressed_holds_the_same(site, tmp_path, monkeypatch):
    usual = export(site, "bundle", tmp_path / "usual.zip")
    monkeypatch.setattr(deflated, "library", zlib)
    monkeypatch.setattr(deflated, "LEVEL", 9)
    assert records(export(site, "bundle", tmp_path / "other.zip")) == records(usual)
    assert verify(tmp_path / "usual.zip")[0] == verify(tmp_path / "other.zip")[0] == UNKNOWN


KILLED = """
import sys
import django; django.setup()
from datetime import date
from pathlib import Path
from consent.exports import actions, parts
from consent.models import Site
if __name__ == "__main__":
    parts.SIZE = 4
    site = Site.objects.get()
    def tell(done, total):
        print(done, flush=True)
        if len(sys.argv) > 4 and done > 8:
            sys.stdin.read()
    actions.export(site, date.fromisoformat(sys.argv[1]), date.fromisoformat(sys.argv[2]), "bundle",
                   Path(sys.argv[3]), "alice", tell)
"""


@pytest.mark.django_db(transaction=True)
def test_kill_9_loses_no_finished_part(site, settings, tmp_path):
    """With two processes at work, on the database as everybody has it."""
    if connection.vendor == "sqlite":
        assert connection.settings_dict["NAME"]  # in memory: no other process sees it
        return
    script, out = tmp_path / "killed.py", tmp_path / "b.zip"
    script.write_text(KILLED)
    given = connection.settings_dict
    url = f"postgresql://{given['USER']}@{quote(given['HOST'], safe='')}/{given['NAME']}"
    environment = {
        **os.environ, "DATABASE_URL": url, "FAIRGATE_DATA": str(settings.FAIRGATE_DATA), "FAIRGATE_PROCESSES": "2",
        "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    command = [sys.executable, str(script), START.isoformat(), END.isoformat(), str(out)]
    first = subprocess.Popen(
        [*command, "wait"], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert first.stdout is not None
    done = [int(first.stdout.readline()) for _ in range(3)]
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    state = json.loads((Path(f"{out}.work") / "state.json").read_text())
    assert (state["next"], out.exists()) == (3, False)
    time.sleep(0.2)
    again = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert int(again.stdout.split()[0]) > done[-1]
    assert verify(out)[0] == UNKNOWN
    assert records(out.read_bytes()) == records(export(site, "bundle", tmp_path / "whole.zip"))


def test_leaves_of_a_list_are_those_of_a_stretch_in_the_order_asked_for(site, monkeypatch):
    erasure.erase(site, record_id=fill_id(site, 9), actor="alice", reason="asked")
    before = uuid5(SITE, "before")
    append([draft_of(site.pk, site.uuid, "consent", {"choices": {}}, uuid5(SITE, "late"), replaces=before)])
    whole = list(period.rows(site.pk, 0, 60))
    assert [row.erased for row in whole].count(True) == 1
    assert whole[-1].replaces and whole[-2].type == "erasure"
    indexes = [row.index for row in reversed(whole)]
    for together in (2, 100):
        monkeypatch.setattr(period, "SOME", together)
        assert list(period.at(site.pk, iter(indexes))) == whole[::-1]
    assert list(period.at(site.pk, [])) == []
    with pytest.raises(ValueError, match="Entry 60 of the log is gone"):
        list(period.at(site.pk, [3, 60]))
