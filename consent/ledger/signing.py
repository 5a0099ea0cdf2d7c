"""The signing key and C2SP signed notes (Ed25519).

The key is FAIRGATE_SIGNING_KEY (base64 of the 32-byte seed) or FAIRGATE_DATA/signing_key, made on first use (0600).
Every site's log is an origin of its own, `<FAIRGATE_LOG_NAME>/<site uuid>`, and the key's name is the origin.
"""

from __future__ import annotations

import os
import threading
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from consent import private_files

_ED25519 = b"\1"


def key_path() -> Path:
    return Path(settings.FAIRGATE_DATA) / "signing_key"


def private_key() -> Ed25519PrivateKey:
    """The key in force. Raises ImproperlyConfigured when it is not base64 of 32 bytes."""
    text = settings.FAIRGATE_SIGNING_KEY
    if not text:
        path = key_path()
        if not path.exists():
            write_key(Ed25519PrivateKey.generate())
        text = path.read_text()
    try:
        return Ed25519PrivateKey.from_private_bytes(b64decode(text.strip(), validate=True))
    except ValueError:
        raise ImproperlyConfigured("The signing key must be base64 of a 32-byte Ed25519 seed.") from None


def seed_text(key: Ed25519PrivateKey) -> str:
    """The key as FAIRGATE_SIGNING_KEY wants it."""
    return b64encode(key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())).decode()


def write_key(key: Ed25519PrivateKey) -> None:
    """Keeps the key in FAIRGATE_DATA. Does nothing when another process or thread was faster."""
    path = key_path()
    private_files.folder(path.parent)
    fresh = path.with_suffix(f".{os.getpid()}.{threading.get_ident()}.new")
    with private_files.open_file(fresh) as file:
        file.write(seed_text(key) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass
    fresh.unlink()


def public_bytes(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def key_id(name: str, public: bytes) -> bytes:
    """The four bytes by which a signature names its key."""
    return sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:4]


def vkey(name: str, public: bytes) -> str:
    """The verifier key as C2SP writes it: `name+hex id+base64(type, key)`."""
    return f"{name}+{key_id(name, public).hex()}+{b64encode(_ED25519 + public).decode()}"


def parse_vkey(text: str) -> tuple[str, bytes]:
    """(name, public key) of a vkey. Raises ValueError when it does not hold together."""
    name, _, rest = text.strip().partition("+")
    identity, _, encoded = rest.partition("+")
    raw = b64decode(encoded, validate=True)
    if len(raw) != 33 or raw[:1] != _ED25519 or key_id(name, raw[1:]).hex() != identity:
        raise ValueError("This is no Ed25519 verifier key.")
    return name, raw[1:]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A parsed tree head."""

    origin: str
    size: int
    root: bytes


def sign(origin: str, size: int, root: bytes, *keys: Ed25519PrivateKey) -> str:
    """A checkpoint as a signed note, with a line of each key."""
    text = f"{origin}\n{size}\n{b64encode(root).decode()}\n"
    signatures = [key_id(origin, public_bytes(key)) + key.sign(text.encode()) for key in keys]
    return f"{text}\n" + "".join(f"— {origin} {b64encode(one).decode()}\n" for one in signatures)


def parse(note: str) -> Checkpoint:
    """The tree head of a note, whoever signed it. Raises ValueError."""
    text, found, _ = note.partition("\n\n")
    lines = text.split("\n")
    if not found or len(lines) < 3 or not lines[1].isdecimal() or str(int(lines[1])) != lines[1]:
        raise ValueError("This is no checkpoint.")
    root = b64decode(lines[2], validate=True)
    if len(root) != 32 or b64encode(root).decode() != lines[2]:
        raise ValueError("The checkpoint's root is not 32 bytes.")
    return Checkpoint(lines[0], int(lines[1]), root)


def signers(note: str, keys: Iterable[bytes]) -> list[bytes]:
    """Those of the public keys that signed the note."""
    text, _, signatures = note.partition("\n\n")
    text += "\n"
    lines = [line[2:].rpartition(" ") for line in signatures.split("\n") if line.startswith("— ")]
    return [public for public in keys if any(_signed(text, name, encoded, public) for name, _, encoded in lines)]


def signer(note: str, keys: list[bytes]) -> bytes | None:
    """Which of the public keys signed the note, the first one; None when none did."""
    return next(iter(signers(note, keys)), None)


def _signed(text: str, name: str, encoded: str, public: bytes) -> bool:
    """Whether a signature line is the key's."""
    try:
        raw = b64decode(encoded, validate=True)
    except ValueError:
        return False
    # The same bytes written otherwise would be a silent change.
    if b64encode(raw).decode() != encoded or raw[:4] != key_id(name, public):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(raw[4:], text.encode())
    except (InvalidSignature, ValueError):
        return False
    return True
