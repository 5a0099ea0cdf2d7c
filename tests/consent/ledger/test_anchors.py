"""Checkpoints reach places outside; a place that lies or fails leaves no anchor."""

from __future__ import annotations

import base64
import subprocess
import threading
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid5

import pytest
from django.core import mail
from django.db import connection

from consent.jobs import registry, runner
from consent.jobs.actions import enqueue
from consent.ledger import anchors, checkpoint, merkle, signing
from consent.ledger.append import append, draft_of
from consent.models import Anchor, Site
from consent.sites.actions import create_site
from tests import append_only
from tests.consent.exports.test_bundle import SITE, fill
from tests.values import present

pytestmark = pytest.mark.django_db


class Place:
    """A server that answers with what `say(path, body)` gives, and remembers what it got."""

    def __init__(self, say):
        got = self.got = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                got.append((self.path, body))
                status, answer = say(self.path, body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *arguments):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def point(settings, tmp_path) -> tuple[Site, Any]:
    settings.FAIRGATE_DATA = tmp_path / "data"
    settings.FAIRGATE_OUTGOING_NETWORKS = ["127.0.0.1/32"]
    site = create_site(["shop.test"], "alice", uuid=SITE, name="Shop")
    fill(site)
    return site, checkpoint.make(site)


def test_a_webhook_gets_the_note(point):
    place = Place(lambda path, body: (200, b"kept as 17"))
    made = anchors.anchor(point[0], point[1], "webhook", place.url)
    assert place.got == [("/", point[1].note.encode())]
    assert bytes(made.evidence) == b"kept as 17"
    assert anchors.anchor(point[0], point[1], "webhook", place.url) == made
    assert len(place.got) == 1


def test_a_mailbox_gets_the_note(point):
    anchors.anchor(point[0], point[1], "email", "lawyer@example.org")
    [message] = mail.outbox
    assert (message.to, point[1].note in message.body) == (["lawyer@example.org"], True)


def test_a_place_that_fails_leaves_no_anchor(point):
    place = Place(lambda path, body: (500, b""))
    for method in ("webhook", "witness", "rfc3161"):
        with pytest.raises(anchors.Failed):
            anchors.anchor(point[0], point[1], method, place.url)
    assert Anchor.objects.count() == 0


def test_a_witness_checks_that_the_log_only_grew(point):
    site, first = point
    seen: dict[str, Any] = {"size": 0, "root": b""}

    def witness(path, body):
        """What a C2SP witness does: consistency from the size it saw last, else 409 with that size."""
        proof_text, _, note = body.decode().partition("\n\n")
        old, *proof = proof_text.split("\n")
        if int(old.removeprefix("old ")) != seen["size"]:
            return 409, str(seen["size"]).encode()
        parsed = signing.parse(note)
        hashes = [base64.b64decode(one) for one in proof]
        if seen["size"] and not merkle.verify_consistency(seen["size"], parsed.size, seen["root"], parsed.root, hashes):
            return 422, b""
        seen.update(size=parsed.size, root=parsed.root)
        return 200, "\u2014 witness.example AAAA\n".encode()

    place = Place(witness)
    anchors.anchor(site, first, "witness", place.url)
    from consent.ledger.append import append, draft_of
    from tests.consent.exports.test_bundle import uuid5

    append([draft_of(site.pk, site.uuid, "waiver", {"rule": "L20"}, uuid5(SITE, "later"))])
    second = checkpoint.make(site)
    anchors.anchor(site, present(second), "witness", place.url)
    assert seen["size"] == present(second).size
    append_only.drop(connection)
    Anchor.objects.all().delete()  # forget what the witness saw: it says so itself
    append([draft_of(site.pk, site.uuid, "waiver", {"rule": "L20"}, uuid5(SITE, "later still"))])
    third = checkpoint.make(site)
    anchors.anchor(site, present(third), "witness", place.url)
    assert seen["size"] == present(third).size == present(second).size + 1


def test_the_timestamp_query_is_what_openssl_reads(tmp_path):
    digest = sha256(b"note").digest()
    (tmp_path / "q.tsq").write_bytes(anchors.timestamp_query(digest, 2**63 - 1))
    said = subprocess.run(
        ["openssl", "ts", "-query", "-in", tmp_path / "q.tsq", "-text"], capture_output=True, text=True
    )
    assert ("Hash Algorithm: sha256" in said.stdout, "Certificate required: yes" in said.stdout) == (True, True)
    assert "0x7FFFFFFFFFFFFFFF" in said.stdout


def authority(tmp_path):
    """A timestamping authority made with openssl; answers a query in DER."""
    config = tmp_path / "tsa.cnf"
    config.write_text(
        f"[tsa]\ndefault_tsa=t\n[t]\nserial={tmp_path}/serial\ndefault_policy=1.2.3.4\ndigests=sha256\n"
        "signer_digest=sha256\nordering=no\ness_cert_id_alg=sha256\n"
        "[req]\ndistinguished_name=dn\nx509_extensions=e\n[dn]\n[e]\nextendedKeyUsage=critical,timeStamping\n"
    )
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=tsa", "-days", "2", "-config", config,
         "-keyout", tmp_path / "k.pem", "-out", tmp_path / "c.pem"], check=True, capture_output=True,
    )  # fmt: skip

    def stamp(path, body):
        (tmp_path / "in.tsq").write_bytes(body)
        subprocess.run(
            ["openssl", "ts", "-reply", "-config", config, "-queryfile", tmp_path / "in.tsq", "-signer", tmp_path / "c.pem",
             "-inkey", tmp_path / "k.pem", "-out", tmp_path / "out.tsr"], check=True, capture_output=True,
        )  # fmt: skip
        return 200, (tmp_path / "out.tsr").read_bytes()

    return stamp


def test_a_timestamp_is_kept_and_openssl_verifies_it(point, tmp_path):
    place = Place(authority(tmp_path))
    made = anchors.anchor(point[0], point[1], "rfc3161", place.url)
    (tmp_path / "note").write_text(point[1].note)
    (tmp_path / "kept.tsr").write_bytes(bytes(made.evidence))
    said = subprocess.run(
        ["openssl", "ts", "-verify", "-data", tmp_path / "note", "-in", tmp_path / "kept.tsr", "-CAfile", tmp_path / "c.pem"],
        capture_output=True, text=True,
    )  # fmt: skip
    assert (said.returncode, "Verification: OK" in said.stdout) == (0, True)


def test_a_timestamp_of_something_else_is_refused(point, tmp_path):
    stamp = authority(tmp_path)
    other = anchors.timestamp_query(sha256(b"another note").digest(), 1)
    place = Place(lambda path, body: stamp(path, other))
    with pytest.raises(anchors.Failed, match="not for this checkpoint"):
        anchors.anchor(point[0], point[1], "rfc3161", place.url)


@pytest.mark.parametrize("text", ["pigeon:home", "webhook:", "rfc3161:ftp://x"])
def test_a_place_that_cannot_be_read_is_said(settings, text):
    settings.FAIRGATE_ANCHORS = [text]
    with pytest.raises(ValueError, match="FAIRGATE_ANCHORS"):
        anchors.places()


def test_a_place_inside_is_reached_only_when_it_is_listed(point, settings):
    settings.FAIRGATE_OUTGOING_NETWORKS = []
    place = Place(lambda path, body: (200, b"kept"))
    with pytest.raises(anchors.Failed, match="FAIRGATE_OUTGOING_NETWORKS"):
        anchors.anchor(point[0], point[1], "webhook", place.url)
    assert place.got == []


def test_a_place_that_fails_is_left_alone_after_three_logs(point, settings):
    place, good = Place(lambda path, body: (500, b"")), Place(lambda path, body: (200, b"kept"))
    settings.FAIRGATE_ANCHORS = [f"webhook:{place.url}/bad", f"webhook:{good.url}/good"]
    for number in range(4):
        site = create_site([f"shop{number}.test"], "alice")
        append([draft_of(site.pk, site.uuid, "waiver", {"rule": "L20"}, uuid5(SITE, f"log {number}"))])
    enqueue("ledger_anchors")
    registry.discover()
    runner.work_off(queue=registry.DELIVERIES)
    assert (len(place.got), len(good.got)) == (3, 5)
