"""What a banner that was shown came to: the words that are counted, and how one event is counted in each dimension.

docs/numbers.md says the same to people.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

BANNER = "banner"  # one was shown
# What was decided at it. By what the answer says, not by the button: switching everything on and saving is a yes.
YES, SOME, NO = "yes", "some", "no"  # all that is optional, a part of it, nothing
CLOSED = "closed"  # without a choice
OBJECTED = "objected"  # under a law that lets trackers run until somebody objects
DECISIONS = (YES, SOME, NO, CLOSED, OBJECTED)
GRANTED, DENIED = "+", "-"  # before the key of an optional category
ALL, PLACE, LANGUAGE, DEVICE, LAYER = DIMENSIONS = ("all", "place", "language", "device", "layer")

Asked = tuple[int, str, date, str, str, int, str, str]
"""site_id, by, day (UTC), name, regime, release, arm, what"""


class Decided(NamedTuple):
    """What an answer decided: one of DECISIONS, and the optional categories by what became of them."""

    what: str
    granted: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()


class Event(NamedTuple):
    """A banner that was shown, or a decision at one."""

    site_id: int
    day: date
    regime: str
    release: int
    arm: str
    place: str
    language: str
    device: str
    layer: str  # of a decision; a banner has none
    decided: Decided


SHOWN = Decided(BANNER)


def decided(
    action: str, choices: Mapping[str, Mapping[str, str]], optional: tuple[Collection[str], ...], objection: bool
) -> Decided:
    """What an answer decided. `optional` are the keys of its release's categories, purposes and services that may be
    refused, `objection` says that the action is one under an opt-out law."""
    kinds = ("categories", "purposes", "services")
    states = {choices[kind][key] for kind, keys in zip(kinds, optional, strict=True) for key in keys}
    granted, denied = (
        tuple(key for key in optional[0] if choices["categories"][key] == state) for state in ("granted", "denied")
    )
    if action == "close":
        what = CLOSED
    elif objection:
        what = OBJECTED
    elif "granted" not in states:
        what = NO
    else:
        what = SOME if "denied" in states else YES
    return Decided(what, granted, denied)


def rows(events: Iterable[tuple[Event, int]]) -> dict[Asked, int]:
    """Events with how often each was met → what the day totals grow by."""
    made: Counter[Asked] = Counter()
    for event, count in events:
        names: dict[str, Any] = {ALL: "", PLACE: event.place, LANGUAGE: event.language, DEVICE: event.device}
        if event.layer:
            names[LAYER] = event.layer
        what = [
            event.decided.what,
            *(GRANTED + key for key in event.decided.granted),
            *(DENIED + key for key in event.decided.denied),
        ]
        for by, name in names.items():
            for word in what:
                made[event.site_id, by, event.day, name, event.regime, event.release, event.arm, word] += count
    return made
