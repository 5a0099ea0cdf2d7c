"""Two banners that are tested against each other: A, the site's own, and B. Pure.

A snapshot says of B what differs, as `banner.test`; every rule, drawing and packer gets an arm as a whole snapshot.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

A, B = ARMS = ("A", "B")
# What may differ: the words of the first layer and how it looks, never what is asked.
TEXTS = ("title", "body", "accept", "reject", "manage")
LOOK = ("layout", "position", "theme")
Snapshot = Mapping[str, Any]


def tested(snapshot: Snapshot) -> bool:
    """Whether the snapshot has two banners."""
    return "test" in snapshot["banner"]


def arm(snapshot: Snapshot, name: str) -> dict[str, Any]:
    """The snapshot as if one of the two was its only banner."""
    banner = {key: value for key, value in snapshot["banner"].items() if key != "test"}
    test = snapshot["banner"].get("test")
    if name == B and test:
        banner |= {key: test[key] for key in LOOK}
        for part in ("texts", "regime_texts"):
            own = test[part]
            banner[part] = {where: {**words, **own.get(where, {})} for where, words in banner[part].items()}
            banner[part] |= {where: words for where, words in own.items() if where not in banner[part]}
    return {**snapshot, "banner": banner}


def difference(
    of_a: Mapping[str, Mapping[str, str]], of_b: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, str]]:
    """What B says otherwise, by language or `language@regime`."""
    found = {}
    for where, words in of_b.items():
        differing = {key: text for key, text in words.items() if of_a.get(where, {}).get(key) != text}
        if differing:
            found[where] = differing
    return found


def last_day(snapshot: Snapshot) -> date | None:
    """The last day on which B is shown; None without a test."""
    return date.fromisoformat(snapshot["banner"]["test"]["ends"]) if tested(snapshot) else None
