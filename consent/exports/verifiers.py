"""The verifiers as this installation has them, and their hashes: for people who hold somebody else's bundle."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

HERE = Path(__file__).parent / "verify"
NAMES = ("verify.py", "verify.html")


def content(name: str) -> bytes:
    """A verifier's file. Raises KeyError for another name."""
    if name not in NAMES:
        raise KeyError(name)
    return (HERE / name).read_bytes()


def hashes() -> dict[str, str]:
    """SHA-256 (hexadecimal) of each."""
    return {name: sha256(content(name)).hexdigest() for name in NAMES}
