"""A bundle under programs that nobody here wrote: signed notes, inclusion and consistency proofs with a C2SP client in
Rust, the same proofs with an RFC 6962 library, timestamps with OpenSSL."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
import zipfile
from pathlib import Path

import metamorphic_log as c2sp
import pytest
import tamperlog

from consent.exports.verify import verify as verifier
from consent.ledger import checkpoint, erasure
from consent.ledger.append import append, draft_of
from scripts import forge, forgeries
from tests.consent.exports.test_bundle import SITE, START, UNKNOWN, WAIVER, bundle, fill, site, uuid5, verify

__all__ = ["site"]  # a fixture


def parts(path: Path) -> tuple[dict, list[dict], list[dict]]:
    """(manifest, checkpoints, proved entries) of a bundle; leaves are made here, from docs/reference/ledger.md."""
    with zipfile.ZipFile(path) as archive:
        read = {name: archive.read(name).decode() for name in archive.namelist() if name.startswith(("man", "che"))}
        entries = [
            json.loads(line)
            for name in ("events.jsonl", "releases.jsonl", "erasures.jsonl")
            for line in archive.read(name).decode().splitlines()
        ]
    return json.loads(read["manifest.json"]), json.loads(read["checkpoints.json"]), entries


def leaf(entry: dict, site: str) -> bytes:
    text = ["fairgate/v1", entry["type"], site, entry["day"], entry["release_hash"], entry["commitment"]]
    return hashlib.sha256(b"\0" + "\n".join(text).encode()).digest()


def decoded(proof: list[str]) -> list[bytes]:
    return [base64.b64decode(one) for one in proof]


@pytest.fixture
def rotated(site, tmp_path) -> Path:  # noqa: F811
    """A bundle of a log whose key changed, with an erasure and a sign-off."""
    fill(site)
    checkpoint.make(site)
    erasure.erase(site, record_id=uuid5(SITE, "1/1"), actor="alice", reason="asked")
    checkpoint.rotate("alice", "yearly")
    append([draft_of(site.pk, site.uuid, "waiver", WAIVER, uuid5(SITE, "later"))])
    return bundle(site, tmp_path / "b.zip", START, START)


def test_every_checkpoint_is_a_signed_note_and_the_log_only_grew(rotated):
    manifest, points, _entries = parts(rotated)
    notes = [point["note"] for point in points]
    heads = [c2sp.checkpoint_verify(note, manifest["keys"]) for note in notes]
    assert [head.size for head in heads] == [43, 45, 46]
    assert [c2sp.verify_signed_note(notes[-1], [key]) for key in manifest["keys"][:1]] == [1]
    for point in points[:-1]:
        c2sp.checkpoint_verify_consistency(point["note"], notes[-1], manifest["keys"], decoded(point["consistency"]))
        old, new = verifier.Checkpoint(point["note"]), verifier.Checkpoint(notes[-1])
        tamperlog.verify_consistency(old.size, old.root, new.size, new.root, decoded(point["consistency"]))


def test_every_proved_entry_is_in_the_log(rotated):
    manifest, points, entries = parts(rotated)
    last = verifier.Checkpoint(points[-1]["note"])
    assert [entry["type"] for entry in entries] == ["key_rotation", "waiver", "release", "erasure"]
    for entry in entries:
        place, proof = leaf(entry, manifest["site"]), decoded(entry["proof"])
        c2sp.checkpoint_verify_inclusion(last.note, manifest["keys"], entry["index"], place, proof)
        tamperlog.verify_inclusion(entry["index"], last.size, place, proof, last.root)


def test_they_refuse_what_verify_py_refuses(rotated):
    manifest, points, entries = parts(rotated)
    note, entry = points[-1]["note"], entries[0]
    with pytest.raises(c2sp.VerifyError):
        c2sp.checkpoint_verify(note.replace("\n46\n", "\n47\n"), manifest["keys"])
    with pytest.raises(c2sp.VerifyError):
        c2sp.checkpoint_verify(note, [forge.vkey(forge.STRANGER, manifest["origin"])])
    wrong = leaf({**entry, "day": "2026-03-09"}, manifest["site"])
    with pytest.raises(c2sp.VerifyError):
        c2sp.checkpoint_verify_inclusion(note, manifest["keys"], entry["index"], wrong, decoded(entry["proof"]))


def test_a_checkpoint_that_openssl_stamped_is_read(tmp_path):
    """A timestamp as a real authority makes it; the imprint is found in it, and nothing else passes for it."""
    openssl = shutil.which("openssl")
    assert openssl
    note = forgeries.kept_note()
    (tmp_path / "note").write_text(note)
    (tmp_path / "tsa.cnf").write_text(
        "[tsa]\ndefault_tsa=x\n[x]\nserial=serial\ndefault_policy=1.2.3\nsigner_digest=sha256\ndigests=sha256\n"
    )
    request = "req -x509 -newkey rsa:2048 -nodes -subj /CN=tsa -keyout key -out cert -addext extendedKeyUsage=critical,timeStamping"
    for command in (
        request,
        "ts -query -data note -sha256 -cert -out query",
        "ts -reply -config tsa.cnf -queryfile query -signer cert -inkey key -out reply",
    ):
        subprocess.run([openssl, *command.split()], cwd=tmp_path, check=True, capture_output=True)
    digest, _moment = verifier.read_timestamp((tmp_path / "reply").read_bytes())
    assert digest == hashlib.sha256(note.encode()).digest()


@pytest.mark.django_db
def test_the_bundle_is_one_that_verify_py_takes(rotated):
    code, said = verify(rotated)
    assert (code, "KEY CHANGED by entry 44" in said) == (UNKNOWN, True)
