"""CSV that somebody hands over, whatever program wrote it: how its bytes are meant, and which delimiter. Pure."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

DELIMITERS = ",;\t|"  # of two that stand equally often in the first row, the earlier
LONGEST_HEAD = 20_000  # characters in which the first row is looked for
# Excel's own line before the first row.
_SEPARATOR = re.compile(r'"?sep=(.)"?[ \t]*\r?(?:\n|$)', re.IGNORECASE)


class NoTable(ValueError):
    """The text is no such table; the sentence says why."""


def decode(body: bytes) -> str:
    """The text by its byte order mark; without one UTF-16 where every other byte is empty, UTF-8, or what Windows' own
    programs write. Never raises."""
    if body.startswith((b"\xff\xfe", b"\xfe\xff")):
        return body.decode("utf-16", "replace")
    head = body[:1000]
    for encoding, first in (("utf-16-le", 1), ("utf-16-be", 0)):
        if len(head) >= 4 and head[first::2].count(0) * 2 > len(head[first::2]) and 0 not in head[1 - first :: 2]:
            return body.decode(encoding, "replace")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")


def rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """(line in which it ends, cells) of each row, also an empty one. Raises NoTable."""
    text = text.lstrip("\ufeff")
    said = _SEPARATOR.match(text)
    body = text[said.end() :] if said else text
    reader = csv.reader(io.StringIO(body, newline=""), delimiter=said[1] if said else delimiter(body))
    try:
        for cells in reader:
            yield reader.line_num + bool(said), cells
    except csv.Error as error:
        raise NoTable(f"it is no CSV: {error}") from None


def delimiter(text: str) -> str:
    """The delimiter that stands most often in the first row, outside quotes."""
    counts = dict.fromkeys(DELIMITERS, 0)
    quoted = False
    for letter in text.lstrip("\r\n")[:LONGEST_HEAD]:
        if letter == '"':
            quoted = not quoted
        elif not quoted and letter in "\r\n":
            break
        elif not quoted and letter in counts:
            counts[letter] += 1
    return max(DELIMITERS, key=counts.__getitem__)
