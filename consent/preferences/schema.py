"""What the banner may send for a visitor whom the site has signed in, and what it gets back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from consent.preferences.actions import MOST_TOPICS
from consent.preferences.center import Way
from consent.preferences.subject_tokens import LONGEST

Token = Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST, description="A subject token, docs/choices.md")]
Language = Annotated[str, msgspec.Meta(max_length=20, pattern=r"^[A-Za-z0-9-]*\Z")]
Key = Annotated[str, msgspec.Meta(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9_-]*\Z")]


class ChoicesAsked(msgspec.Struct, forbid_unknown_fields=True):
    """The body of `POST /api/v1/choices/state`. Who it is about is in the token and nowhere else."""

    site: UUID
    token: Token
    language: Language = ""


class ChoiceMade(msgspec.Struct, forbid_unknown_fields=True):
    """A yes or a no to one topic, in the version of its wording that was shown."""

    topic: Key
    value: Literal["yes", "no"]
    wording: Annotated[int, msgspec.Meta(ge=1, le=9999)]


class ChoicesMade(msgspec.Struct, forbid_unknown_fields=True):
    """The body of `POST /api/v1/choices`. `id` is the page's number of this act: the same again changes nothing."""

    site: UUID
    token: Token
    id: UUID
    choices: Annotated[list[ChoiceMade], msgspec.Meta(min_length=1, max_length=MOST_TOPICS)]
    language: Language = ""


class ChoiceTaken(msgspec.Struct):
    """What became of a choice; `why` of what was refused: unknown_topic, unknown_wording, parent (only in another way),
    confirmation (the site has given no address to confirm), mail (this server can't mail)."""

    topic: str
    status: Literal[
        "created", "older", "replayed", "unchanged", "mailed", "conflict", "erased", "suppressed", "refused"
    ]
    why: str
    receipt: str


class TopicShown(msgspec.Struct):
    """A topic as it stands for the visitor. `way`: how a yes is given: here, by a mail with a link, by a parent in
    another way, or elsewhere. `waits`: a mail has been sent. `receipt`: path of the proof of what it rests on."""

    key: str
    kind: str
    channel: str
    basis: Literal["opt_in", "opt_out"]
    name: str
    text: str
    language: str
    remark: str
    wording: int
    value: Literal["yes", "no", ""]
    standing: Literal["granted", "denied", "waiting"]
    because: str
    counts_from: datetime | None
    acted_at: datetime | None
    since: str
    way: Way
    waits: bool
    receipt: str
    receipt_text: str


class ChoicesShown(msgspec.Struct):
    """All topics that people are asked about now, in the language that was found, with the words around them; `taken`
    in the order of what was sent."""

    language: str
    direction: Literal["ltr", "rtl"]
    texts: dict[str, str]
    topics: list[TopicShown]
    taken: list[ChoiceTaken] = []


asked = msgspec.json.Decoder(ChoicesAsked)
made = msgspec.json.Decoder(ChoicesMade)
