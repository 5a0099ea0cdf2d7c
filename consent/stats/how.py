"""How an answer came about, in a few closed words: what is counted a day, and never kept of a visitor."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

PHONE, TABLET, DESKTOP = DEVICES = ("phone", "tablet", "desktop")
LAYERS = ("banner", "preferences", "api", "signal")  # what gates send; any other word counts as OTHER
OTHER = "other"
# Milliseconds below which a time falls into a bucket, and the bucket's name; then the rest.
_BOUNDS = ((1_000, "<1s"), (3_000, "<3s"), (10_000, "<10s"), (30_000, "<30s"), (60_000, "<60s"), (300_000, "<300s"))
MORE, UNKNOWN = "more", "unknown"
TIMES = (*(name for _, name in _BOUNDS), MORE, UNKNOWN)
_READ = 512  # characters of a User-Agent: products and platforms stand at its beginning
_TABLETS = ("iPad", "Tablet", "tablet", "PlayBook", "Kindle", "Silk/")
_PHONES = ("Mobi", "iPhone", "iPod", "Phone")


class How(NamedTuple):
    """`waited` is one of TIMES; `asked` says that a banner was up, and that this is the answer to it."""

    device: str
    layer: str
    waited: str
    gpc: bool
    asked: bool


def how(device: str, layer: object, is_first: bool, milliseconds: object, gpc: bool) -> How:
    """How an answer came about; `is_first`: it replaces no other.

    A preference center is opened from a banner, or later by somebody who has answered before.
    """
    where = layer_of(layer)
    asked = where == "banner" or (where == "preferences" and is_first)
    return How(device, where, waited(milliseconds), gpc, asked)


def device_class(user_agent: str, mobile: str = "") -> str:
    """phone, tablet or desktop, from a User-Agent and a Sec-CH-UA-Mobile header ("?1", "?0" or "").

    Neither is kept. What calls itself a desktop (an iPad does) counts as one, and so does what says nothing.
    """
    return _device_class(user_agent[:_READ], mobile[:8])


@lru_cache(1024)
def _device_class(agent: str, mobile: str) -> str:
    if any(mark in agent for mark in _TABLETS):
        return TABLET
    if mobile.strip() == "?1" or any(mark in agent for mark in _PHONES):
        return PHONE
    return TABLET if "Android" in agent else DESKTOP


def layer_of(given: object) -> str:
    """One of LAYERS, else OTHER."""
    return given if isinstance(given, str) and given in LAYERS else OTHER


def waited(milliseconds: object) -> str:
    """The bucket of a time to answer; UNKNOWN for what is no number of milliseconds."""
    if not isinstance(milliseconds, int) or isinstance(milliseconds, bool):
        return UNKNOWN
    return next((name for bound, name in _BOUNDS if milliseconds < bound), MORE)
