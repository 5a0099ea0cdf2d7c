"""What a test knows of a value and its type does not say."""

from __future__ import annotations

from typing import Any, TypeVar

T = TypeVar("T")

# What a site must say of itself before it may be published.
RESPONSIBLE: dict[str, Any] = {
    "controller": "Shop Ltd",
    "policy_url": "https://shop.example/privacy",
    "imprint_url": "https://shop.example/imprint",
}


def present(value: T | None) -> T:
    """The value, which must be there. Raises AssertionError for None."""
    assert value is not None
    return value
