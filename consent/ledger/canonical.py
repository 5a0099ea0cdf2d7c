"""Canonical JSON, RFC 8785 by restriction.

Only strings, booleans, integers (within ±(2^53 - 1)), lists and objects with ASCII keys are allowed. For these, compact
JSON with sorted keys and the shortest escapes, in UTF-8, is exactly what RFC 8785 asks for; the hard parts (floats,
UTF-16 key order) cannot occur because everything else is refused.
"""

from __future__ import annotations

from typing import Any

import msgspec

LARGEST = 2**53 - 1
_encode = msgspec.json.Encoder(order="sorted").encode


def check(value: Any) -> None:
    """Raises ValueError, in words, when the value has no canonical form here."""
    kind = type(value)
    if kind is str:
        if not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError:
                raise ValueError("A string holds half a surrogate pair.") from None
    elif kind is dict:
        for key, inner in value.items():
            if type(key) is not str or not key.isascii():
                raise ValueError(f"A key must be an ASCII string, not {key!r}.")
            if type(inner) is not str or not inner.isascii():  # most are: spared the call
                check(inner)
    elif kind is list:
        for inner in value:
            check(inner)
    elif kind is int:
        if not -LARGEST <= value <= LARGEST:
            raise ValueError("An integer must be within ±(2^53 - 1).")
    elif kind is not bool:
        raise ValueError(f"Only strings, booleans, integers, lists and objects are recorded, not {kind.__name__}.")


def encode(value: Any) -> bytes:
    """The canonical bytes. Raises ValueError like `check`."""
    check(value)
    return _encode(value)


encode_checked = _encode  # for values that went through `check` before
