"""What a browser may send to `POST /api/v1/consents`, and what it gets back."""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

from consent.answers.errors import Refused

State = Literal["granted", "denied", "not_offered"]
Action = Literal["accept_all", "reject_all", "custom", "close", "withdraw", "opt_out", "gpc"]
Key = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
Word = Annotated[str, msgspec.Meta(max_length=40, pattern=r"^[\x21-\x7e]*\Z")]


class Choices(msgspec.Struct, forbid_unknown_fields=True):
    """The decision vector. Every category of the release; services and purposes may be left out."""

    categories: dict[Key, State]
    purposes: dict[Key, State] = {}
    services: dict[Key, State] = {}


class Answer(msgspec.Struct, forbid_unknown_fields=True):
    """The body. `id` is the client's, and the idempotency key; `client_time` is only a remark."""

    site: UUID
    id: UUID
    release: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
    regime: Word
    language: Annotated[str, msgspec.Meta(max_length=20, pattern=r"^[A-Za-z0-9-]*\Z")]
    action: Action
    choices: Choices
    visitor: UUID | None = None
    replaces: UUID | None = None
    layer: Annotated[str, msgspec.Meta(max_length=40)] | Annotated[int, msgspec.Meta(ge=0, le=99)] | None = None
    signals: dict[str, Any] | None = None
    page: Annotated[str, msgspec.Meta(max_length=4096)] | None = None
    client_time: str | int | float | None = None
    time_to_answer: Annotated[int, msgspec.Meta(ge=0, le=86_400_000)] | None = None


class Receipt(msgspec.Struct):
    """The body of 201 and of each replay's 200. `receipt` is a URL, relative to the server."""

    id: str
    index: int
    received_at: str
    receipt: str


_decoder = msgspec.json.Decoder(Answer)
_encode = msgspec.json.Encoder(order="sorted").encode


def decode(body: bytes) -> Answer:
    """The body as an Answer. Raises Refused (400): invalid_utf8, invalid_json, unknown_field, invalid_field."""
    try:
        body.decode()
    except UnicodeDecodeError:
        raise Refused(400, "invalid_utf8", "The body is not UTF-8.") from None
    try:
        return _decoder.decode(body)
    except msgspec.ValidationError as error:
        words, _, path = str(error).partition(" - at `")
        if words.startswith("Object contains unknown field"):
            name = words.partition("`")[2].rstrip("`")
            raise Refused(400, "unknown_field", f"There is no field {name!r}.", field=name) from None
        field = path.rstrip("`").removeprefix("$").removeprefix(".")
        if words.startswith("Object missing required field"):
            field = words.partition("`")[2].rstrip("`")
        raise Refused(400, "invalid_field", words + ".", field=field) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refused(400, "invalid_json", "The body is not JSON.") from None


def request_hash(answer: Answer) -> bytes:
    """SHA-256 of the canonical client body: what makes a replay the same and another content a conflict."""
    return sha256(_encode(answer)).digest()
