"""What gates may tell besides answers: counts and reports. Strict, like answers; nothing about the visitor is in it."""

from __future__ import annotations

import re
from typing import Literal
from uuid import UUID

import msgspec


class Impression(msgspec.Struct, forbid_unknown_fields=True):
    """The banner or the preference center was shown, or a page was viewed with the gate on it."""

    site: str
    kind: Literal["view", "banner", "preferences"]
    release: int = 0
    regime: str = ""
    language: str = ""
    gpc: bool = False


class Item(msgspec.Struct, forbid_unknown_fields=True):
    """One thing a gate noticed; kinds as in `GateReport.Kind`."""

    kind: Literal["unknown", "disarmed", "late", "design", "unknown_id", "broken"]
    subject: str = ""


class Reports(msgspec.Struct, forbid_unknown_fields=True):
    """What a gate noticed on a page, and that it runs there."""

    site: str
    release: int = 0
    level: Literal["", "drop_in", "snippet", "strict", "server", "late"] = ""
    page: str = ""
    items: list[Item] = []


def site_uuid(text: str) -> UUID | None:
    """The id, or that of its testing script (`<uuid>-test`); None when it is no uuid."""
    try:
        return UUID(text.lower().removesuffix("-test"))
    except ValueError:
        return None


ID = re.compile(r"[\w.-]{1,40}", re.A)


def subject(item: Item) -> str:
    """What is kept of an item's subject: of kinds that name an id or a file only that, else "other"."""
    if item.kind in ("unknown_id", "broken") and not ID.fullmatch(item.subject):
        return "other"
    return item.subject


impression = msgspec.json.Decoder(Impression)
reports = msgspec.json.Decoder(Reports)
