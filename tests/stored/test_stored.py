"""What revision 1b79d33 stored is read for ever: its database migrates, verifies, goes on and exports; its bundle, its
receipts and its checkpoints verify. `make.py` made the files; the browser's part is in tests/browser/test_stored.py."""

from __future__ import annotations

import base64
import csv
import hashlib
import hmac
import json
import lzma
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from django.db import connection

from consent.ledger import merkle

pytestmark = pytest.mark.database

HERE = Path(__file__).parent / "1b79d33"
ROOT = Path(__file__).resolve().parents[2]
VERIFY = ROOT / "consent" / "exports" / "verify" / "verify.py"
DAY = "2026-11-29"


class Installation:
    """The database and the data folder of 1b79d33, unpacked, under today's commands."""

    def __init__(self, folder: Path) -> None:
        self.vendor = connection.vendor
        self.log = json.loads((HERE / self.vendor / "log.json").read_text())
        self.data = folder / "data"
        shutil.copytree(HERE / self.vendor, self.data)
        self.env = {
            **os.environ, "FAIRGATE_DATA": str(self.data), "SECRET_KEY": "stored", "FAIRGATE_LOG_NAME": "consent.example",
            "FAIRGATE_URL": "https://consent.example", "FAIRGATE_SCREENSHOTS": "0", "FAIRGATE_HOSTS": "consent.example",
        }  # fmt: skip
        self.name = ""
        if self.vendor == "sqlite":
            self.env.pop("DATABASE_URL", None)
            packed = self.data / "database.sqlite3.xz"
            (self.data / "fairgate.sqlite3").write_bytes(lzma.decompress(packed.read_bytes()))
        else:
            self.name = f"stored_{os.getpid()}"
            self.run_sql(f"CREATE DATABASE {self.name}")
            self.env["DATABASE_URL"] = f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{self.name}"
            text = lzma.decompress((self.data / "database.postgresql.sql.xz").read_bytes())
            subprocess.run(
                ["psql", "-q", "-v", "ON_ERROR_STOP=1", self.env["DATABASE_URL"]], input=text, check=True,
                stdout=subprocess.DEVNULL,
            )  # fmt: skip

    def run_sql(self, text: str) -> None:
        subprocess.run(["psql", "-q", "-c", text, os.environ["DATABASE_URL"]], check=True)

    def manage(self, *words: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *words], cwd=ROOT, env=self.env, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout

    def remove(self) -> None:
        if self.name:
            self.run_sql(f"DROP DATABASE {self.name} WITH (FORCE)")


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory):
    made = Installation(tmp_path_factory.mktemp("stored"))
    made.manage("migrate", "--verbosity", "0")
    yield made
    made.remove()


def auditors_key() -> str:
    """The key that signed then, before it was rotated: the auditor has it from a receipt."""
    return json.loads((HERE / connection.vendor / "receipts.json").read_text())["eu_accept"]["key"]


def check_bundle(bundle: Path, *options: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, str(VERIFY), str(bundle), *options], capture_output=True, text=True)


def test_the_database_migrates_and_its_ledger_verifies(stored):
    site = stored.log["site"]
    text = stored.manage("verify_ledger", "--site", site)
    assert "25 entries hold together: 20 answers, 1 of them erased" in text


def test_its_answers_are_exported_as_they_were(stored, tmp_path):
    site = stored.log["site"]
    out = tmp_path / "records.csv"
    stored.manage("export", "--site", site, "--from", DAY, "--to", DAY, "--format", "csv", "--out", str(out))
    rows = list(csv.DictReader(out.open(encoding="utf-8-sig", newline="")))
    assert len(rows) == 20
    assert [row["index"] for row in rows] == sorted((row["index"] for row in rows), key=int)
    assert stored.log["erased"] not in out.read_text(encoding="utf-8-sig")


def test_a_bundle_of_today_goes_on_from_its_checkpoint(stored, tmp_path):
    site = stored.log["site"]
    out, kept = tmp_path / "bundle.zip", tmp_path / "kept.note"
    kept.write_text(stored.log["early"].rstrip("\n") + "\n")
    stored.manage("export", "--site", site, "--from", DAY, "--to", DAY, "--format", "bundle", "--out", str(out))
    done = check_bundle(out, "--key", auditors_key(), "--checkpoint", str(kept), "--source", "a receipt")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = zipfile.ZipFile(out).read("records.csv").decode("utf-8-sig").splitlines()
    assert len(rows) == 21


def test_its_draft_is_published_again(stored):
    """The last test that writes: a release of today's form on top of those of then."""
    site = stored.log["site"]
    stored.manage("publish", "--site", site, "--note", "After the upgrade", "--force")
    assert "26 entries hold together" in stored.manage("verify_ledger", "--site", site)


def test_its_bundle_verifies(tmp_path):
    key = auditors_key()
    done = check_bundle(HERE / connection.vendor / "bundle.zip", "--key", key, "--source", "a receipt")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "NOT PROVED: records.csv, report.html, pictures and the table of laws" in done.stdout
    own = tmp_path / "bundle"
    zipfile.ZipFile(HERE / connection.vendor / "bundle.zip").extractall(own)
    assert check_bundle(own, "--key", key, "--source", "a receipt").returncode == 0
    alone = subprocess.run([sys.executable, str(own / "verify.py"), "--key", key], capture_output=True, text=True)
    assert alone.returncode == 0, alone.stdout + alone.stderr  # the verifier of then


def test_its_receipts_verify():
    receipts = json.loads((HERE / connection.vendor / "receipts.json").read_text())
    assert len(receipts) > 10
    for receipt in receipts.values():
        salt = base64.b64decode(receipt["salt"])
        commitment = hmac.digest(salt, receipt["record"].encode(), "sha256")
        assert commitment == base64.b64decode(receipt["commitment"])
        parts = ("fairgate/v1", receipt["type"], receipt["site"], receipt["day"], receipt["release_hash"])
        entry = "\n".join((*parts, receipt["commitment"])).encode()
        leaf = hashlib.sha256(b"\0" + entry).digest()
        _origin, size, root = receipt["checkpoint"].split("\n")[:3]
        proof = [base64.b64decode(node) for node in receipt["proof"]]
        assert merkle.verify_inclusion(leaf, receipt["index"], int(size), proof, base64.b64decode(root))
