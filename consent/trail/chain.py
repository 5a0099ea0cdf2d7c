"""The chain of a site's audit trail: the hash of each line covers the line before it. Pure.

    hash = SHA-256("fairgate/trail/1" LF previous hash LF canonical JSON of the line)

The first line's previous hash is empty. Entries of the ledger name the head (`trail`), so that no line up to there can
be changed, removed or added unnoticed.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any


def link(previous: str, *, site: str, actor: str, verb: str, detail: Any, at: datetime) -> str:
    """The hash (hexadecimal) of a line. `site`: its public id, "" for what belongs to no site."""
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")[:26] + "Z"
    line = {"site": site, "actor": actor, "verb": verb, "detail": as_stored(detail), "at": moment}
    text = json.dumps(line, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return sha256(f"fairgate/trail/1\n{previous}\n{text}".encode("utf-8", "surrogatepass")).hexdigest()


def as_stored(detail: Any) -> Any:
    """The detail as either database gives it back: 2.0 is 2 in PostgreSQL's jsonb."""
    if isinstance(detail, float) and detail.is_integer():
        return int(detail)
    if isinstance(detail, dict):
        return {str(key): as_stored(value) for key, value in detail.items()}
    if isinstance(detail, list | tuple):
        return [as_stored(value) for value in detail]
    return detail
