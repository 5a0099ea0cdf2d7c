"""Names that people give to things: one line each, so that they can stand in a mail's subject, a header, a list."""

from __future__ import annotations

import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

# Control characters, line and paragraph separators, halves of surrogate pairs.
_NEVER = {"Cc", "Zl", "Zp", "Cs"}
# They turn the direction of the text that follows, also beyond the name.
_TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def _bad(character: str) -> bool:
    return character in _TURNS or unicodedata.category(character) in _NEVER


def one_line(text: str) -> str:
    """The text in one line: what must not be in a name becomes a space, and spaces are not repeated."""
    return " ".join("".join(" " if _bad(c) else c for c in text).split())


def is_one_line(text: str) -> bool:
    """Whether a text holds neither a line break nor another control character."""
    return not any(map(_bad, text))


def validate_one_line(text: str) -> None:
    """Raises ValidationError for text that holds a line break or another control character."""
    if not is_one_line(text):
        raise ValidationError(gettext("Write it in one line, without control characters."), "one_line")
