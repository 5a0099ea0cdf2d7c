from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from base64 import b64decode

import pytest

from consent.ledger import checkpoint, erasure, merkle, signing
from consent.models import LogEntry
from consent.sites.models import Site
from tests import corpus
from tests.cookiebanner.public_api.test_answers import send


@pytest.fixture
def stored(client, db) -> dict:
    """One answer of several, as the server acknowledged it."""
    corpus.make_world()
    answers = [send(client, request) for name, request, expected in corpus.cases() if expected.status == 201]
    return answers[5].json()


def test_a_receipt_proves_its_record_to_anybody(client, stored):
    receipt = client.get(stored["receipt"]).json()
    assert (receipt["id"], receipt["index"], receipt["received_at"]) == (
        stored["id"], stored["index"], stored["received_at"],
    )  # fmt: skip
    sealed = hmac.digest(b64decode(receipt["salt"]), receipt["record"].encode(), "sha256")
    assert sealed == b64decode(receipt["commitment"])
    entry = "\n".join(
        ["fairgate/v1", "consent", receipt["site"], receipt["day"], receipt["release_hash"], receipt["commitment"]]
    )
    leaf = hashlib.sha256(b"\0" + entry.encode()).digest()
    assert leaf == b64decode(receipt["leaf"])
    proof = [b64decode(step) for step in receipt["proof"]]
    head = signing.parse(receipt["checkpoint"])
    assert merkle.verify_inclusion(leaf, receipt["index"], head.size, proof, head.root)
    name, public = signing.parse_vkey(receipt["key"])
    assert signing.signer(receipt["checkpoint"], [public]) == public
    assert name == head.origin
    assert json.loads(receipt["record"])["id"] == stored["id"]


def test_the_proof_file_and_the_page(client, stored):
    url = stored["receipt"]
    receipt = client.get(url).json()
    text = client.get(url, headers={"Accept": "text/plain"})
    assert text.content.decode() == receipt["tlog_proof"]
    lines = text.content.decode().split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert lines[1] == f"extra {receipt['salt']}"
    assert lines[2] == f"index {stored['index']}"
    assert lines[3 : 3 + len(receipt["proof"])] == receipt["proof"]
    assert text.content.decode().endswith("\n\n" + receipt["checkpoint"])
    page = client.get(url, headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert (page.status_code, page["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "You made your own selection." in page.content.decode()
    assert (page["Vary"].split(", ").count("Accept"), page["Cache-Control"]) == (1, "private, no-store")


def test_unknown_ambiguous_and_erased(client, stored):
    assert client.get(f"/api/v1/consents/{uuid.uuid4()}/receipt").json()["code"] == "unknown_record"
    site = Site.objects.get(uuid=corpus.DATA["site"])
    erasure.erase(site, record_id=uuid.UUID(stored["id"]), actor="alice@example.org", reason="asked")
    gone = client.get(stored["receipt"])
    assert (gone.status_code, gone.json()["code"]) == (410, "erased")
    page = client.get(stored["receipt"], headers={"Accept": "text/html"})
    assert (page.status_code, "This record was erased" in page.content.decode()) == (410, True)
    again = next(request for _, request, _ in corpus.cases() if stored["id"].encode() in request.body)
    assert (send(client, again).status_code, send(client, again).json()["code"]) == (410, "erased")


def test_tiles_are_for_auditors_unless_public_or_off(client, stored):
    site = Site.objects.get(uuid=corpus.DATA["site"])
    base = f"/v1/{site.uuid}/log"
    assert client.get(f"{base}/checkpoint").status_code == 401
    from consent.models import ApiToken

    secret = "s" * 40
    ApiToken.objects.create(
        site=site, name="KPMG", prefix="abcdefgh", scopes=["audit"],
        secret_sha256=hashlib.sha256(secret.encode()).hexdigest(),
    )  # fmt: skip
    key = {"Authorization": f"Bearer fg_abcdefgh_{secret}"}
    assert client.get(f"{base}/checkpoint", headers=key).content.decode() == checkpoint.latest(site.pk).note
    assert client.get(f"{base}/checkpoint", headers={"Authorization": "Bearer fg_abcdefgh_x"}).status_code == 401
    site.tiles = Site.Tiles.OFF
    site.save()
    assert client.get(f"{base}/checkpoint", headers=key).status_code == 404


def test_tiles_rebuild_the_checkpoints_root(client, stored):
    Site.objects.update(tiles=Site.Tiles.PUBLIC)
    base = f"/v1/{corpus.DATA['site']}/log"
    note = client.get(f"{base}/checkpoint").content.decode()
    head = signing.parse(note)
    assert head.size == LogEntry.objects.count()
    tile = client.get(f"{base}/tile/0/000.p/{head.size}")
    assert (tile.status_code, tile["Content-Type"]) == (200, "application/octet-stream")
    hashes = [tile.content[i : i + 32] for i in range(0, len(tile.content), 32)]
    assert merkle.root(hashes) == head.root
    bundle = client.get(f"{base}/tile/entries/000.p/{head.size}").content
    entries = []
    while bundle:
        length = int.from_bytes(bundle[:2], "big")
        entries.append(bundle[2 : 2 + length])
        bundle = bundle[2 + length :]
    assert [merkle.leaf_hash(entry) for entry in entries] == hashes
    assert entries[0].startswith(b"fairgate/v1\nconsent\n")


@pytest.mark.parametrize(
    "path", ["tile/0/000", "tile/0/001.p/1", "tile/0/1", "tile/0/000.p/0", "tile/0/000.p/256", "tile/64/000", "x",
             "tile/0/x000/000", "tile/-1/000", "tile/0/..", "tile/0/x999/x999/x999/x999/999", "tile/1/000.p/1"],
)  # fmt: skip
def test_tiles_that_do_not_exist(client, stored, path):
    Site.objects.update(tiles=Site.Tiles.PUBLIC)
    assert client.get(f"/v1/{corpus.DATA['site']}/log/{path}").status_code == 404


def test_the_numbers_of_tiles():
    from cookiebanner.public_api.log import parse

    assert parse("tile/3/x001/x234/067.p/12") == (3, 1_234_067, 12)
    assert parse("tile/entries/x001/000") == (None, 1000, 256)
