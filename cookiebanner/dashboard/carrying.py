"""Files on their way from one step of a form to the next, in a hidden field: nothing of them is kept on the server."""

from __future__ import annotations

import base64
import json
import lzma
from collections.abc import Sequence

from django.utils.translation import gettext, gettext_noop

from consent.scanner.tenant import FILES, LARGEST

LONGEST = 400_000  # characters of the field; Django takes 2.5 MB of a form, and the page is in it too
UNPACKED = 2 * LARGEST + 100_000
MEMORY = 64_000_000  # bytes that unpacking may take
TOO_MUCH = gettext_noop(
    "These files are too large to be carried from step to step; whoever runs the server can use "
    "all of them with manage.py adopt --file."
)
BROKEN = gettext_noop("The files did not come along; choose them again.")


def pack(files: Sequence[tuple[str, bytes]]) -> str:
    """The files as one text. Raises ValueError for what is too much."""
    if not files:
        return ""
    head = json.dumps([[name, len(body)] for name, body in files]).encode()
    plain = head + b"\n" + b"".join(body for _, body in files)
    packed = base64.b64encode(lzma.compress(plain, preset=2)).decode()
    if len(packed) > LONGEST:
        raise ValueError(gettext(TOO_MUCH))
    return packed


def unpack(text: str) -> list[tuple[str, bytes]]:
    """The files of a field, which may be anybody's. Raises ValueError."""
    if not text:
        return []
    try:
        packed = base64.b64decode(text, validate=True)
        plain = lzma.LZMADecompressor(memlimit=MEMORY).decompress(packed, UNPACKED + 1)
        head, _, bodies = plain.partition(b"\n")
        given = json.loads(head)
        sizes = [int(size) for _, size in given]
        if len(given) > FILES or len(plain) > UNPACKED or min(sizes) < 0 or sum(sizes) != len(bodies):
            raise ValueError
        files = []
        for (name, _), size in zip(given, sizes, strict=True):
            files.append((f"{name}"[:200], bodies[:size]))
            bodies = bodies[size:]
    except (lzma.LZMAError, ValueError, TypeError, RecursionError, EOFError):
        raise ValueError(gettext(BROKEN)) from None
    return files
