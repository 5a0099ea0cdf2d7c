from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
import uuid
from base64 import b64decode
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consent.ledger import checkpoint, erasure, merkle, signing
from consent.ledger.append import append
from consent.models import Checkpoint, LogEntry
from consent.sites.models import Site
from cookiebanner.public_api import receipts
from tests import corpus
from tests.consent.answers.test_receipts import writes
from tests.consent.ledger.sample_ledger import answer as record
from tests.cookiebanner.public_api.test_answers import send
from tests.values import present


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


@pytest.mark.parametrize(
    ("language", "direction", "said", "date"),
    [("ar", "rtl", "حدّدتَ اختيارك بنفسك.", "نوفمبر"), ("pl", "ltr", "Dokonano własnego wyboru.", "listopada")],
)
def test_the_page_speaks_the_language_that_was_answered_in(client, db, monkeypatch, language, direction, said, date):
    monkeypatch.setitem(corpus.DATA["releases"][0], "languages", ["en", language])
    corpus.make_world()
    with time_machine.travel(datetime(2026, 11, 30, tzinfo=UTC), tick=False):
        body = json.loads(corpus.body_of({"name": "spoken"})) | {"language": language, "id": str(uuid.uuid4())}
        stored = send(
            client, corpus.Request("POST", "/api/v1/consents", corpus.DATA["headers"], json.dumps(body).encode())
        )
        assert stored.status_code == 201
        page = client.get(stored.json()["receipt"], headers={"Accept": "text/html", "Accept-Language": "en"})
    text = page.content.decode()
    assert f'<html lang="{language}" dir="{direction}">' in text
    assert (f"<h1>{said}</h1>" in text, f" {date} 2026" in text) == (True, True)
    assert text.count("<code") == text.count('<code dir="ltr">') == 3  # ids read from their first digit
    assert [english for english in ("You ", "Allowed", "What was stored", "Proof file") if english in text] == []


def test_where_there_is_no_record_the_browsers_wish_decides(client, db):
    for wish, language, said in (
        ("de-AT,en;q=0.5", "de", "Es gibt keinen Beleg zu zeigen"),
        ("eo", "en", "There is no receipt to show"),
        ("", "en", "There is no receipt to show"),
    ):
        page = client.get(
            f"/api/v1/consents/{uuid.uuid4()}/receipt", headers={"Accept": "text/html", "Accept-Language": wish}
        )
        text = page.content.decode()
        assert (page.status_code, f'<html lang="{language}"' in text, f"<h1>{said}</h1>" in text) == (404, True, True)
        assert page["Vary"].split(", ")[:2] == ["Accept", "Accept-Language"]


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
    assert client.get(f"{base}/checkpoint", headers=key).content.decode() == present(checkpoint.latest(site.pk)).note
    used = ApiToken.objects.get().last_used_at
    assert used is not None
    client.get(f"{base}/checkpoint", headers=key)  # within the minute: nothing is written
    assert ApiToken.objects.get().last_used_at == used
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


def another(client) -> dict:
    """One more answer, as the server acknowledged it."""
    body = json.loads(corpus.body_of({"name": str(uuid.uuid4())}))
    request = corpus.Request("POST", "/api/v1/consents", corpus.DATA["headers"], json.dumps(body).encode())
    response = send(client, request)
    assert response.status_code == 201
    return response.json()


def test_a_receipt_right_after_an_answer_waits_for_the_next_signature(client, stored):
    """Three readers in a row: each gets its receipt, and the log is signed once a second."""
    began = time.monotonic()
    before = Checkpoint.objects.count()
    for _ in range(3):
        answer = another(client)
        response = client.get(answer["receipt"])
        assert (response.status_code, response.json()["id"]) == (200, answer["id"])
        head = signing.parse(response.json()["checkpoint"])
        leaf, proof = b64decode(response.json()["leaf"]), [b64decode(step) for step in response.json()["proof"]]
        assert merkle.verify_inclusion(leaf, answer["index"], head.size, proof, head.root)
    assert Checkpoint.objects.count() - before == 3
    assert time.monotonic() - began >= 2


def test_when_enough_others_wait_a_reader_is_asked_to_come_back(client, stored, monkeypatch):
    monkeypatch.setattr(receipts, "_patience", threading.Semaphore(0))
    with time_machine.travel(timezone.now(), tick=False) as clock:
        assert client.get(stored["receipt"]).status_code == 200
        answer = another(client)
        before = Checkpoint.objects.count()
        for _ in range(60):
            response = client.get(answer["receipt"])
            assert (response.status_code, response.json()["code"]) == (503, "not_signed_yet")
            assert (response["Retry-After"], response["Cache-Control"]) == ("1", "private, no-store")
        page = client.get(answer["receipt"], headers={"Accept": "text/html"})
        assert (page.status_code, page["Retry-After"]) == (503, "1")
        assert '<meta http-equiv="refresh" content="1">' in page.content.decode()
        assert Checkpoint.objects.count() == before
        clock.shift(1)
        assert client.get(answer["receipt"]).status_code == 200


def test_a_record_id_repeated_on_another_site_breaks_no_receipt(client, stored):
    other = Site.objects.get(uuid=corpus.DATA["other_site"])
    append([record(other, record_id=uuid.UUID(stored["id"]))])
    site = corpus.DATA["site"]
    assert stored["receipt"] == f"/api/v1/consents/{stored['id']}/receipt?site={site}"
    for address in (stored["receipt"], stored["receipt"].partition("?")[0]):
        response = client.get(address)
        assert (response.status_code, response.json()["site"]) == (200, site)
    theirs = client.get(f"/api/v1/consents/{stored['id']}/receipt?site={other.uuid}")
    assert (theirs.status_code, theirs.json()["site"]) == (200, str(other.uuid))
    assert client.get(f"/api/v1/consents/{stored['id']}/receipt?site=x").json()["code"] == "invalid_field"


def test_what_anybody_may_read_writes_and_locks_nothing(client, stored):
    """Each public address, asked twice over, once all there is to sign is signed."""
    Site.objects.update(tiles=Site.Tiles.PUBLIC)
    site, base = corpus.DATA["site"], f"/v1/{corpus.DATA['site']}"
    assert client.get(stored["receipt"]).status_code == 200
    read = [
        stored["receipt"], stored["receipt"].partition("?")[0], f"/api/v1/consents/{uuid.uuid4()}/receipt",
        f"{base}/log/checkpoint", f"{base}/log/tile/0/000.p/1", f"{base}/log/tile/entries/000.p/1", f"{base}/log/x",
        f"{base}/gate.js", f"{base}/regime/eu_opt_in/gate.js", f"{base}/a/x/ui.js", f"{base}/r/1/regime/eu_opt_in/gate.js",
        "/livez", "/.well-known/fairgate/", f"/consent/{site}/{site}.json", "/scripttemplates/otSDKStub.js",
        "/api/", "/api/v1/impressions", "/nothing-here",
    ]  # fmt: skip
    for _ in range(2):
        for address in read:
            with CaptureQueriesContext(connection) as captured:
                client.get(address)
            assert (address, writes(captured)) == (address, [])


def test_a_log_without_anything_new_is_neither_locked_nor_signed(client, stored):
    Site.objects.update(tiles=Site.Tiles.PUBLIC)
    address = f"/v1/{corpus.DATA['site']}/log/checkpoint"
    first = client.get(address).content
    with time_machine.travel(timezone.now() + timedelta(hours=1), tick=False):
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).content == first
        assert writes(captured) == []
        another(client)
        assert client.get(address).content != first


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
