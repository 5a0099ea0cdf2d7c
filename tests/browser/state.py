"""What a state cookie says, read as the server level reads it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from consent.publishing import slots
from fairgate_enforce.state_cookie import read
from tests.packages.enforce.vectors import base36
from tests.values import present


def stated(value: str, snapshot: Mapping[str, Any]) -> dict[str, Any]:
    """Ids as UUIDs, the choice of each optional thing on offer by its key (None: not offered), and the rest."""
    fields = dict(pair.split("=", 1) for pair in value.split("&"))
    answer, given = present(read(value)), slots.of(snapshot)
    steps = {str(count): tag for count, tag in given.steps.items()}
    shared = answer.shared(steps)
    lists = zip(("categories", "purposes", "services"), given[:3], strict=True)
    said = {
        kind: {one["key"]: answer.choice(own[0], shared) for one, own in zip(snapshot[kind], places, strict=True)}
        for kind, places in lists
    }
    return {
        "v": fields["v"], "id": uuid(fields["id"]), "u": uuid(fields["u"]), "t": int(answer.at), "g": fields["g"],
        "x": answer.objected, "o": answer.unasked, **said,
    }  # fmt: skip


def uuid(short: str) -> str:
    """The UUID of 22 digits of base64url; "" of none."""
    return str(UUID(bytes=base64.urlsafe_b64decode(short + "=="))) if short else ""


def at(value: str, seconds: int) -> str:
    """The same answer, given at another time."""
    before, _, rest = value.partition("&t=")
    return f"{before}&t={base36(seconds)}&{rest.partition('&')[2]}"
