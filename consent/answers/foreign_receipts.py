"""Receipts in the form of another system (docs/reference/onetrust.md), as pages post them by themselves.

Such a receipt says what a page's own code believed, under ids that may be nobody's here. It is recorded as that: action
`receipt`, the purposes as they were sent, a decision only where an id is a category of the release, no consent status,
and no visitor: nobody's state follows from it. Its number is kept as a hash only (references.py).
"""

from __future__ import annotations

from hashlib import sha256
from typing import Annotated, Any
from uuid import uuid5

import msgspec

from consent.answers import intake, references
from consent.answers.published import PublishedRelease, PublishedSite
from consent.answers.schema import read, unprintable
from consent.answers.validate import DENIED, GRANTED, NOT_OFFERED
from consent.jurisdictions.locate import UNKNOWN, Decision, Place
from consent.ledger.append import Draft
from consent.stats.actions import TEST

ACTION = "receipt"
MOST_PURPOSES = 100
STATES = {"CONFIRMED": GRANTED, "NO_OPT_OUT": GRANTED, "NO_CHOICE": GRANTED, "OPT_OUT": DENIED}
_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=80, pattern=r"^[\x21-\x7e]*\Z")]


class Purpose(msgspec.Struct, rename={"id": "Id", "transaction": "TransactionType"}):
    """What was said of one purpose."""

    id: _Id
    transaction: Annotated[str, msgspec.Meta(max_length=40, pattern=r"^[A-Z_]*\Z")]


class Receipt(msgspec.Struct, rename="camel"):
    """The body; what else it holds (user agent, payloads, tokens) is not read and not kept."""

    identifier: Annotated[str, msgspec.Meta(max_length=200)] = ""
    purposes: Annotated[list[Purpose], msgspec.Meta(max_length=MOST_PURPOSES)] = []
    test: bool = False


_decoder = msgspec.json.Decoder(Receipt)


def decode(body: bytes) -> Receipt:
    """The body as a Receipt. Raises RejectedSubmission: invalid_utf8, invalid_json, invalid_field."""
    receipt: Receipt = read(_decoder, body)
    if not receipt.identifier.isprintable():
        raise unprintable("identifier")
    return receipt


def draft(
    receipt: Receipt,
    body: bytes,
    site: PublishedSite,
    release: PublishedRelease,
    decision: Decision,
    *,
    origin_host: str,
    user_agent: str = "",
    place: Place = UNKNOWN,
) -> Draft:
    """The draft of its record; the same body again is the same record."""
    said = {purpose.id: purpose.transaction for purpose in receipt.purposes}
    categories = {
        key: GRANTED if necessary else STATES.get(said.get(key, ""), NOT_OFFERED)
        for key, necessary in release.categories.items()
    }
    record: dict[str, Any] = {
        "status": "ConsentUnknown",
        "jurisdiction_by": decision.by,
        "choices": {
            "categories": categories,
            "purposes": dict.fromkeys(release.purposes, NOT_OFFERED),
            "services": dict.fromkeys(release.services, NOT_OFFERED),
        },
        "receipt": said,
        "page": origin_host,
        "ua_family": intake.family(user_agent),
    }
    if receipt.identifier:
        record["reference"] = references.hashed(str(site.uuid), receipt.identifier)
    if receipt.test:
        intake.as_test(record, ACTION)
    if place.country:
        record["place"] = intake.located(place)
    digest = sha256(body).digest()
    return Draft(
        site_id=site.id,
        site_uuid=str(site.uuid),
        type="consent",
        record_id=uuid5(site.uuid, digest.hex()),
        request_hash=digest,
        release=release.number,
        release_hash=release.sha256,
        regime=decision.regime,
        jurisdiction=decision.jurisdiction,
        language="",
        action=TEST if receipt.test else ACTION,
        record=record,
    )
