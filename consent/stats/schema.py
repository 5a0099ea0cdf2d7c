"""What gates may tell besides answers: counts and reports. Strict, like answers; nothing about the visitor is in it."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

import msgspec

# The public id, or that of the site's testing script.
SiteId = Annotated[
    str, msgspec.Meta(pattern=r"^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(-test)?\Z", max_length=41)
]
Release = Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)]
MOST_ITEMS = 50


class Impression(msgspec.Struct, forbid_unknown_fields=True):
    """The banner or the preference center was shown, or a page was viewed with the gate on it.

    `release` 0, `regime` and `language` "" stand for the latest, that of the visitor's place and the site's first.
    """

    site: SiteId
    kind: Literal["view", "banner", "preferences"]
    release: Release = 0
    regime: Annotated[str, msgspec.Meta(max_length=60, pattern=r"^[\x21-\x7e]*\Z")] = ""
    language: Annotated[str, msgspec.Meta(max_length=20, pattern=r"^[A-Za-z0-9-]*\Z")] = ""
    gpc: bool = False
    arm: Literal["", "A", "B"] = ""  # of a test of two banners


class Item(msgspec.Struct, forbid_unknown_fields=True):
    """One thing a gate noticed; kinds as in `GateReport.Kind`, subjects as in `consent.stats.subjects`."""

    kind: Literal["unknown", "disarmed", "late", "before", "design", "unknown_id", "broken", "missing", "unkept"]
    subject: Annotated[str, msgspec.Meta(max_length=1000)] = ""


class Reports(msgspec.Struct, forbid_unknown_fields=True):
    """What a gate noticed on a page, and that it runs there. `page` is not kept: the Origin says the host."""

    site: SiteId
    release: Release = 0
    level: Literal["", "drop_in", "snippet", "strict", "server", "late"] = ""
    page: Annotated[str, msgspec.Meta(max_length=4096)] = ""
    items: Annotated[list[Item], msgspec.Meta(max_length=MOST_ITEMS)] = []


def site_uuid(text: str) -> UUID:
    """The id, also of its testing script (`<uuid>-test`)."""
    return UUID(text.lower().removesuffix("-test"))


impression = msgspec.json.Decoder(Impression)
reports = msgspec.json.Decoder(Reports)
