"""tests/vectors/rewrite.json: what the Python rewriter and its JavaScript twin must both do."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

DATA: dict[str, Any] = json.loads((Path(__file__).parents[2] / "vectors/rewrite.json").read_text(encoding="utf-8"))
RELEASE: dict[str, Any] = DATA["release"]
PAGE: str = DATA["page"]
REWRITES = [
    (case["name"], case["before"].encode("latin-1"), case["after"].encode("latin-1")) for case in DATA["rewrites"]
]


def cookie(text: str) -> str:
    """A cookie of the file, `{now-N}` and `{now36-N}` filled in."""

    def filled(found: re.Match[str]) -> str:
        then = int(time.time()) - int(found[2] or 0)
        return base36(then) if found[1] else str(then)

    return re.sub(r"\{now(36)?-?(\d*)}", filled, text)


def base36(number: int) -> str:
    """As JavaScript's `number.toString(36)`."""
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[digit] + digits
    return digits or "0"
