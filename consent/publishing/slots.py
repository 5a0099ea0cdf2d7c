"""Slots: a small number for each thing that a site offers, so that a browser keeps a digit of each. Pure.

A slot stands for one category, one purpose or service in one category, and for nothing else ever: what moves to another
category gets another slot, what is taken away leaves a hole, what comes back finds its own. So numbers are given in one
order, when a release is published, and each release hands its numbering on to the next.

Two numberings may part: a server that is restored from a dump gives the numbers after it a second time. Each step of a
numbering (how many slots there were when a release had been published) therefore has a tag, made of the names up to
there. An answer carries the last steps that its release knew; what two numberings share is what lies under the highest
step that both have.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

TAG = 4  # base64url digits, 24 bits
MOST_STEPS = 32  # that a release tells browsers; who answered before them is asked again

Numbering = dict[str, Any]  # {"names": [one a slot], "steps": [how many there were after a release]}


class Slots(NamedTuple):
    """The numbers of one release: `categories`, `purposes` and `services` in its own order, each as its own slot and
    then those that it had in other categories; `steps`: {how many slots: tag}, in their order."""

    categories: list[list[int]]
    purposes: list[list[int]]
    services: list[list[int]]
    steps: dict[int, str]

    @property
    def in_order(self) -> bool:
        """Whether each slot is its own place: categories, purposes, services."""
        every = [*self.categories, *self.purposes, *self.services]
        return every == [[place] for place in range(len(every))]


def names_of(snapshot: Mapping[str, Any]) -> list[str]:
    """What a release offers, a name each: kind, key, category, and since when it is asked again."""
    return [
        *(name_of("category", one) for one in snapshot["categories"]),
        *(name_of("purpose", one) for one in snapshot["purposes"]),
        *(name_of("service", one) for one in snapshot["services"]),
    ]


def name_of(kind: str, row: Mapping[str, Any]) -> str:
    """One of these names. After a material change of a document it is another one, whose slot no answer of before
    holds: what is asked again is asked as what is new."""
    name = f"{kind} {row['key']}" + ("" if kind == "category" else f" {row['category'] or ''}")
    return f"{name} {row['asked_again']}" if "asked_again" in row else name


def extended(numbering: Numbering, snapshot: Mapping[str, Any]) -> Numbering:
    """The numbering with all that a release offers, behind what it holds; {} for a site's first."""
    names = list(numbering.get("names", ()))
    steps = list(numbering.get("steps", ()))
    known = set(names)
    names += [name for name in names_of(snapshot) if name not in known]
    return {"names": names, "steps": [*steps, len(names)] if names[len(known) :] else steps}


def of(snapshot: Mapping[str, Any]) -> Slots:
    """The numbers of a release as `compile` gets it: by its "numbering", without one by its own order."""
    numbering = extended(snapshot.get("numbering", {}), snapshot)
    places = {name: slot for slot, name in enumerate(numbering["names"])}
    things: dict[str, list[int]] = {}
    for name, slot in places.items():
        things.setdefault(_thing(name), []).append(slot)

    def slots(name: str) -> list[int]:
        own = places[name]
        return [own, *(slot for slot in things[_thing(name)] if slot != own)]

    every = [slots(name) for name in names_of(snapshot)]
    first, second = len(snapshot["categories"]), len(snapshot["categories"]) + len(snapshot["purposes"])
    counts = numbering["steps"][-MOST_STEPS:]
    steps = {count: tag(numbering["names"][:count]) for count in counts}
    return Slots(every[:first], every[first:second], every[second:], steps)


def tag(names: Sequence[str]) -> str:
    """What tells the numbers of these names from others: digits of a SHA-256."""
    digest = hashlib.sha256("\n".join(names).encode()).digest()
    return base64.urlsafe_b64encode(digest).decode()[:TAG]


def _thing(name: str) -> str:
    """The name without its category."""
    return " ".join(name.split(" ")[:2])
