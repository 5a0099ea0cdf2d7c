"""What a browser may send to `POST /api/v1/consents`, and what it gets back."""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

from consent.answers.errors import RejectedSubmission
from consent.ledger import canonical

# The patterns of texts below are said, not enforced, by msgspec: `read` looks with `str.isprintable`, which also finds
# what turns the direction of writing. (A Meta(pattern=…) inside a union loses references in msgspec 0.22.)
_PRINTABLE = {"pattern": r"^[^\x00-\x1f\x7f-\x9f]*$"}
LAYERS = frozenset({"banner", "preferences", "api", "signal"})  # and numbers; any other word is kept as "other"

GrantState = Literal["granted", "denied", "not_offered"]
Action = Literal["accept_all", "reject_all", "custom", "close", "withdraw", "opt_out", "gpc", "signal", "import"]
Key = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
Word = Annotated[str, msgspec.Meta(max_length=40, pattern=r"^[\x21-\x7e]*\Z")]
Language = Annotated[str, msgspec.Meta(max_length=20, pattern=r"^[A-Za-z0-9-]*\Z")]
Layer = (
    Annotated[str, msgspec.Meta(max_length=40, extra_json_schema=_PRINTABLE)]
    | Annotated[int, msgspec.Meta(ge=0, le=99)]
    | None
)
ClientTime = (
    Annotated[str, msgspec.Meta(max_length=64, extra_json_schema=_PRINTABLE)]
    | Annotated[int, msgspec.Meta(ge=-(10**15), le=10**15)]
    | Annotated[float, msgspec.Meta(ge=-1e15, le=1e15)]
    | None
)
# Signals: a name with a scalar, a list or an object, and inside these once more, no deeper.
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
_Text = Annotated[str, msgspec.Meta(max_length=8192, extra_json_schema=_PRINTABLE)]
_Integer = Annotated[int, msgspec.Meta(ge=-canonical.LARGEST, le=canonical.LARGEST)]
_Inner = bool | _Integer | _Text | list[bool | _Integer | _Text | None] | dict[_Name, bool | _Integer | _Text | None]
Signal = bool | _Integer | _Text | list[_Inner | None] | dict[_Name, _Inner | None] | None
# What is kept beside the browser's signals (fairgate_enforce/signals.json); other members are dropped.
SIGNALS = ("gpc", "tc", "tcf", "gpp", "usp", "gcm", "vendors")
BY_ITSELF = ("gpc", "signal")  # actions that are a browser's signal; what is not GPC, which has its own, is "signal"
OPT_OUTS = ("opt_out", *BY_ITSELF)  # actions that are an objection under an opt-out law, not a refused consent


class Choices(msgspec.Struct, forbid_unknown_fields=True):
    """The decision vector. Every category of the release; services and purposes may be left out."""

    categories: dict[Key, GrantState]
    purposes: dict[Key, GrantState] = {}
    services: dict[Key, GrantState] = {}


class Answer(msgspec.Struct, forbid_unknown_fields=True):
    """The body. `id` is the client's, and the idempotency key; `client_time` is only a remark."""

    site: UUID
    id: UUID
    release: Annotated[int, msgspec.Meta(ge=1, le=2**31 - 1)]
    regime: Word
    language: Language
    action: Action
    choices: Choices
    visitor: UUID | None = None
    replaces: UUID | None = None
    layer: Layer = None
    signals: dict[_Name, Signal] | None = None
    page: Annotated[str, msgspec.Meta(max_length=4096, extra_json_schema=_PRINTABLE)] | None = None
    client_time: ClientTime = None
    # Milliseconds from the banner to the answer; counted, never stored. UNSET, since a body without it must have the
    # request hash that it had before there was such a field.
    time_to_answer: Annotated[int, msgspec.Meta(ge=0, le=86_400_000)] | None | msgspec.UnsetType = msgspec.UNSET
    # Of an answer that was said elsewhere: its number there, of which only a keyed hash is stored (references.py).
    reference: Annotated[str, msgspec.Meta(min_length=1, max_length=100)] | None | msgspec.UnsetType = msgspec.UNSET
    # Which of a test's two banners was up.
    arm: Literal["A", "B"] | msgspec.UnsetType = msgspec.UNSET
    # Given on the testing script (`<site id>-test`), of whatever host: kept as action TEST, in no total.
    test: bool | None | msgspec.UnsetType = msgspec.UNSET


class Stored(msgspec.Struct):
    """The body of 201 and of each replay's 200. `receipt` is a URL, relative to the server."""

    id: str
    index: int
    received_at: str
    receipt: str


_decoder = msgspec.json.Decoder(Answer)
_encode = msgspec.json.Encoder(order="sorted").encode


def decode(body: bytes) -> Answer:
    """The body as an Answer. Raises RejectedSubmission: invalid_utf8, invalid_json, unknown_field, invalid_field."""
    answer: Answer = read(_decoder, body)
    for name, text in (
        ("page", answer.page),
        ("layer", answer.layer),
        ("client_time", answer.client_time),
        ("reference", answer.reference),
    ):
        if type(text) is str and not text.isprintable():
            raise unprintable(name)
    return answer


def unprintable(field: str) -> RejectedSubmission:
    """For a text with control characters or the like."""
    return RejectedSubmission("invalid_field", "Only printable characters are taken.", field=field)


def read(decoder: msgspec.json.Decoder[Any], body: bytes) -> Any:
    """The body of a public POST as what the decoder makes of it. Raises RejectedSubmission like `decode`."""
    try:
        body.decode()
    except UnicodeDecodeError:
        raise RejectedSubmission("invalid_utf8", "The body is not UTF-8.") from None
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        words, _, path = str(error).partition(" - at `")
        if path.startswith("$.signals") and not _is_json(body):  # they may be absurdly deep
            raise RejectedSubmission("invalid_json", "The body is not JSON.") from None
        if words.startswith("Object contains unknown field"):
            name = words.partition("`")[2].rstrip("`")
            raise RejectedSubmission("unknown_field", f"There is no field {name!r}.", field=name) from None
        field = path.rstrip("`").removeprefix("$").removeprefix(".")
        if field == "regime" and (mended := _of_an_earlier_gate(body)):
            return read(decoder, mended)
        if words.startswith("Object missing required field"):
            field = words.partition("`")[2].rstrip("`")
        raise RejectedSubmission("invalid_field", words + ".", field=field) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise RejectedSubmission("invalid_json", "The body is not JSON.") from None


def _of_an_earlier_gate(body: bytes) -> bytes:
    """The body with the regime's own name when it says 1, else b"": gates compiled up to 1b79d33 say so for "notice",
    until their site is published again."""
    document = msgspec.json.decode(body)
    if type(document.get("regime")) is not int or document["regime"] != 1:
        return b""
    return msgspec.json.encode(document | {"regime": "notice"})


def _is_json(body: bytes) -> bool:
    """Whether it is JSON that is not absurdly deep."""
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def request_hash(answer: Answer) -> bytes:
    """SHA-256 of the canonical client body: what makes a replay the same and another content a conflict."""
    return sha256(_encode(answer)).digest()
