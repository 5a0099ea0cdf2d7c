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
    """A cookie of the file, `{now-N}` filled in."""
    return re.sub(r"\{now-?(\d*)}", lambda found: str(int(time.time()) - int(found[1] or 0)), text)
