"""Rows without names for what a browser is given. Which field stands where is a list in a JSON file beside the packer;
banner/build.mjs makes the browser's constants of the same file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

REST = "..."  # before the last field: a list, of which each value stands for itself


def load(path: Path) -> dict[str, Any]:
    """A format as its JSON file says it."""
    fields: dict[str, Any] = json.loads(path.read_text())
    return fields


def row(fields: Sequence[str], values: Mapping[str, Any], empty: Sequence[Any] = ()) -> list[Any]:
    """The values in the order of their fields; what is missing from the end, or `empty` there, is cut off.

    Raises ValueError for a value that no field takes, and for a gap.
    """
    names = [field.removeprefix(REST) for field in fields]
    if unknown := values.keys() - set(names):
        raise ValueError(f"No field for {', '.join(sorted(unknown))}.")
    present = [name for name in names if name in values]
    if present != names[: len(present)]:
        raise ValueError(f"A field is missing before {present[-1]}.")
    packed = [values[name] for name in present]
    if len(present) == len(fields) and fields[-1].startswith(REST):
        packed += packed.pop()
    while packed and any(packed[-1] == value and type(packed[-1]) is type(value) for value in empty):
        packed.pop()
    return packed
