"""A small log of revision 1b79d33, made through its actions: bundle, receipt, checkpoints and database verify for ever.

The files were made by that version: a release, a logged picture, 32 answers on four days, an erasure, a refused one,
opt-outs that waited for a webhook, a key rotation.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import hmac
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as django_settings

from consent.ledger import merkle, signing
from tests.consent.exports.test_bundle import judge, verify  # noqa: F401 - judge is a fixture

OLD = Path(__file__).parent / "1b79d33" / "ledger"
KEY = (OLD / "verifier_key.txt").read_text().strip()
SITE = "11111111-2222-4333-8444-555555555555"


def test_its_bundle_verifies_with_the_key_and_a_checkpoint_kept_then():
    code, said = verify(OLD / "bundle.zip", "--key", KEY, "--checkpoint", str(OLD / "first.note"))
    assert (code, "nothing before was rewritten" in said, "4 of them erased" in said) == (0, True, True), said


@pytest.mark.browser
def test_its_bundle_verifies_in_the_browser(judge):  # noqa: F811
    assert judge(OLD / "bundle.zip", KEY, (OLD / "first.note").read_text())[0] == "good"


def test_its_receipt_still_proves_its_record():
    receipt = json.loads((OLD / "receipt.json").read_text())
    plain = {name: base64.b64decode(receipt[name]) for name in ("salt", "commitment", "leaf", "root")}
    assert hmac.digest(plain["salt"], receipt["record"].encode(), "sha256") == plain["commitment"]
    names = ("type", "site", "day", "release_hash", "commitment")
    entry = "\n".join(["fairgate/v1", *(receipt[name] for name in names)])
    assert hashlib.sha256(b"\0" + entry.encode()).digest() == plain["leaf"]
    proof = [base64.b64decode(step) for step in receipt["proof"]]
    assert merkle.verify_inclusion(plain["leaf"], receipt["index"], receipt["size"], proof, plain["root"])
    _, public = signing.parse_vkey(receipt["key"])
    assert signing.signer(receipt["checkpoint"], [public]) == public


def manage(data: Path, *arguments: str) -> str:
    """A command of this version on a folder of that one."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("FAIRGATE_", "DATABASE_"))}
    environment = {**clean, "FAIRGATE_DATA": str(data), "SECRET_KEY": "x"}
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=django_settings.BASE_DIR, env=environment, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.sqlite
def test_its_database_migrates_verifies_and_exports(tmp_path):
    (tmp_path / "checkpoints").mkdir()
    shutil.copy(OLD / "kept.note", tmp_path / "checkpoints" / f"{SITE}.note")
    shutil.copy(OLD / "signing_key", tmp_path / "signing_key")
    database = tmp_path / "fairgate.sqlite3"
    database.write_bytes(gzip.decompress((OLD / "fairgate.sqlite3.gz").read_bytes()))
    manage(tmp_path, "migrate", "--verbosity", "0")
    assert "33 answers, 4 of them erased" in manage(tmp_path, "verify_ledger")
    with sqlite3.connect(database) as old:
        told = [json.loads(params) for (params,) in old.execute("SELECT params FROM consent_job ORDER BY id")]
        trail = [json.loads(detail) for (detail,) in old.execute("SELECT detail FROM consent_auditevent")]
        waiting = old.execute("SELECT state FROM consent_job WHERE kind = 'screenshots'").fetchall()
    assert told == [{"indexes": [5]}, {"indexes": [13]}, {"indexes": [21]}, {"indexes": [29]}, {"release": 1}]
    assert waiting == [("cancelled",)]
    assert [detail["indexes"] for detail in trail if "ground" in detail] == [[20]]
    assert not any("subject" in detail for detail in trail)
    out = tmp_path / "bundle.zip"
    manage(
        tmp_path, "export", "--site", SITE, "--from", "2026-03-01", "--to", "2026-03-05", "--format", "bundle",
        "--out", str(out),
    )  # fmt: skip
    code, said = verify(out, "--key", KEY, "--checkpoint", str(OLD / "first.note"))
    assert (code, "nothing before was rewritten" in said) == (0, True), said
