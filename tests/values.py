"""What a test knows of a value and its type does not say."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")


def present(value: T | None) -> T:
    """The value, which must be there. Raises AssertionError for None."""
    assert value is not None
    return value
