"""Keeping checkpoints outside the operator's hands, so that rewriting the past is found out.

`FAIRGATE_ANCHORS` lists places, each `method:target`:

    rfc3161:https://tsa.example/tsr      a timestamp token (RFC 3161) over the checkpoint's text
    witness:https://witness.example      a C2SP tlog-witness that checks consistency and cosigns
    email:lawyer@example.org             a mailbox
    webhook:https://example.org/hook     any system that keeps what it gets
"""

from __future__ import annotations

import re
import secrets
from base64 import b64encode
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction

from consent.jobs import outgoing
from consent.ledger.models import Anchor, Checkpoint
from consent.ledger.proofs import Tree
from consent.sites.models import Site
from consent.sites.names import one_line
from consent.trail.actions import audit

TIMEOUT = 20.0  # seconds, for all of it
LARGEST = 1 << 20  # bytes of an answer
COSIGNATURE = re.compile("\u2014 \\S+ [A-Za-z0-9+/]+={0,2}")  # a signature line of a C2SP signed note
METHODS = ("rfc3161", "witness", "email", "webhook")


class Failed(Exception):
    """A place did not take the checkpoint; the text says why."""


def places() -> list[tuple[str, str]]:
    """(method, target) of each configured place. Raises ValueError for one that can't be read."""
    found = []
    for text in settings.FAIRGATE_ANCHORS:
        method, _, target = text.partition(":")
        if method not in METHODS or not target:
            raise ValueError(f"FAIRGATE_ANCHORS: {text!r} is not one of {', '.join(m + ':…' for m in METHODS)}.")
        if method != "email" and urlsplit(target).scheme not in ("http", "https"):
            raise ValueError(f"FAIRGATE_ANCHORS: {target!r} is no web address.")
        found.append((method, target))
    return found


def anchor(site: Site, point: Checkpoint, method: str, target: str) -> Anchor:
    """Sends one checkpoint to one place and keeps the evidence; the stored anchor when it is there already.

    Raises Failed.
    """
    kept = Anchor.objects.filter(site_id=site.pk, size=point.size, method=method, target=target).first()
    if kept:
        return kept
    try:
        evidence = {"rfc3161": _timestamp, "witness": _witness, "email": _mail, "webhook": _hook}[method](
            site, point, target
        )
    except (OSError, ValueError) as error:
        raise Failed(f"{method} {target}: {error}") from error
    with transaction.atomic():
        made = Anchor.objects.create(site_id=site.pk, size=point.size, method=method, target=target, evidence=evidence)
        audit(site, "anchors", "ledger.anchor", **facts(made))
    return made


def facts(anchor: Anchor) -> dict[str, Any]:
    """What the audit trail says of an anchor."""
    evidence = sha256(bytes(anchor.evidence)).hexdigest()
    return {"size": anchor.size, "method": anchor.method, "target": anchor.target, "evidence": evidence}


def fits(anchor: Anchor, note: str) -> bool:
    """Whether the evidence is of this note, as far as anybody can tell without the keys of those who gave it.

    A timestamp holds its hash, a witness's answer is cosignatures. What a mailbox or a webhook keeps lies there."""
    evidence = bytes(anchor.evidence)
    if anchor.method == "rfc3161":
        return sha256(note.encode()).digest() in evidence
    if anchor.method == "witness":
        lines = evidence.decode(errors="replace").splitlines()
        return bool(lines) and all(COSIGNATURE.fullmatch(line) for line in lines)
    return True


def _post(url: str, body: bytes, content_type: str) -> bytes:
    answer = _ask(url, body, content_type)
    if not 200 <= answer.status < 300:
        raise ValueError(f"it answered {answer.status}")
    return answer.body


def _ask(url: str, body: bytes, content_type: str) -> outgoing.RemoteResponse:
    return outgoing.post(url, body, {"Content-Type": content_type}, deadline=TIMEOUT, largest=LARGEST)


def _hook(site: Site, point: Checkpoint, target: str) -> bytes:
    """The note as it is; what the receiver says is the evidence."""
    return _post(target, point.note.encode(), "text/plain; charset=utf-8")[:4096]


def _mail(site: Site, point: Checkpoint, target: str) -> bytes:
    """A mail that holds the note; its Message-ID is the evidence, the mailbox the proof."""
    text = (
        f"Keep this message. It is the signed state of the consent log of {site.name} with {point.size} entries.\n"
        "An auditor compares it with a later audit bundle: verify.py --checkpoint FILE, where FILE holds the lines\n"
        f"below.\n\n{point.note}"
    )
    message = EmailMessage(one_line(f"Checkpoint of {site.name}: {point.size} entries"), text, to=[target])
    identity = f"<{secrets.token_hex(12)}@{settings.FAIRGATE_LOG_NAME}>"
    message.extra_headers["Message-ID"] = identity
    message.send()
    return identity.encode()


def _witness(site: Site, point: Checkpoint, target: str) -> bytes:
    """C2SP tlog-witness `add-checkpoint`: the consistency proof from what the witness saw last, then the note.

    A witness that knows another size answers 409 with that size; then it is asked once more.
    """
    last = Anchor.objects.filter(site_id=site.pk, method="witness", target=target).order_by("-size").first()
    old = last.size if last else 0
    for _attempt in range(2):
        proof = Tree(site.pk, site.uuid).consistency(old, point.size) if 0 < old < point.size else []
        lines = [f"old {old}", *(b64encode(one).decode() for one in proof), "", point.note]
        answer = _ask(target.rstrip("/") + "/add-checkpoint", "\n".join(lines).encode(), "text/plain; charset=utf-8")
        if answer.status == 409:
            known = answer.body[:64].strip()
            if not known.isdigit() or int(known) > point.size:
                raise ValueError("the witness has seen another log")
            old = int(known)
            continue
        if answer.status != 200:
            raise ValueError(f"the witness answered {answer.status}")
        if not answer.body.startswith("\u2014 ".encode()):
            raise ValueError("the witness gave no cosignature")
        return answer.body
    raise ValueError("the witness keeps changing its mind")


# --- RFC 3161 --------------------------------------------------------------------------------------------------------
def _timestamp(site: Site, point: Checkpoint, target: str) -> bytes:
    """A TimeStampResp (RFC 3161 §2.4.2) over SHA-256 of the note; `openssl ts -verify` checks its signature."""
    digest, nonce = sha256(point.note.encode()).digest(), secrets.randbits(63)
    answer = _post(target, timestamp_query(digest, nonce), "application/timestamp-query")
    status = _status(answer)
    if status not in (0, 1):  # granted, grantedWithMods
        raise ValueError(f"the authority refused (status {status})")
    if digest not in answer or _integer(nonce) not in answer:
        raise ValueError("the timestamp is not for this checkpoint")
    return answer


def timestamp_query(digest: bytes, nonce: int) -> bytes:
    """TimeStampReq in DER: version 1, SHA-256 of what is stamped, a nonce, and the wish for the certificate."""
    algorithm = _der(0x30, _der(0x06, bytes.fromhex("608648016503040201")) + _der(0x05, b""))
    imprint = _der(0x30, algorithm + _der(0x04, digest))
    return _der(0x30, _der(0x02, b"\x01") + imprint + _integer(nonce) + _der(0x01, b"\xff"))


def _der(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 128:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def _integer(value: int) -> bytes:
    return _der(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _status(answer: bytes) -> int:
    """PKIStatus: the first integer of the first sequence in the outer sequence. Raises ValueError."""
    try:
        position = 0
        for tag in (0x30, 0x30):
            if answer[position] != tag:
                raise ValueError("this is no timestamp response")
            length = answer[position + 1]
            position += 2 + (length & 0x7F if length & 0x80 else 0)
        if answer[position] != 0x02:
            raise ValueError("this is no timestamp response")
        size = answer[position + 1]
        return int.from_bytes(answer[position + 2 : position + 2 + size], "big")
    except IndexError:
        raise ValueError("this is no timestamp response") from None
