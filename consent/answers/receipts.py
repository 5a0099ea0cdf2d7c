"""What a visitor can hold against us: one record, its place in the tree, and a signed head that covers it."""

from __future__ import annotations

import json
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from consent.answers.errors import RejectedSubmission
from consent.ledger import checkpoint, merkle, signing
from consent.ledger.append import Stopped, leaf_input, utc_text
from consent.ledger.models import ConsentRecord, LogEntry
from consent.ledger.proofs import Tree
from consent.policies import markdown
from consent.policies.models import DocumentVersion
from consent.policies.queries import in_force, language_for
from consent.sites.models import Site

HOW = (
    "1. commitment = HMAC-SHA256(key: salt, message: record, as UTF-8). "
    "2. entry = 'fairgate/v1', type, site, day, release_hash and base64(commitment), joined by line feeds. "
    "3. leaf = SHA-256(0x00, entry). "
    "4. The proof leads from the leaf at this index to the root of the checkpoint (RFC 9162, section 2.1.3.2). "
    "5. The checkpoint is a C2SP signed note: Ed25519, by the key."
)


OF = (LogEntry.Type.CONSENT, LogEntry.Type.CHOICE)  # what people are given a receipt of
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class NotYet(RejectedSubmission):
    """No signature covers the record yet, and the next one is due in `wait` seconds."""

    def __init__(self, wait: float) -> None:
        super().__init__("not_signed_yet", "The signature that covers this record is due in a moment; ask again.")
        self.wait = wait


@dataclass(slots=True)
class Receipt:
    """Everything that is needed to check one record without trusting the server."""

    site: Site
    entry: LogEntry
    record: ConsentRecord
    leaf: bytes
    size: int
    root: bytes
    proof: list[bytes]
    checkpoint: str
    key: str

    def json(self) -> dict[str, Any]:
        """The receipt as the API gives it: hashes in base64, the record as the exact text that was committed to."""
        entry, record = self.entry, self.record
        return {
            "id": str(entry.record_id),
            "site": str(self.site.uuid),
            "type": entry.type,
            "index": entry.index,
            "received_at": utc_text(record.received_at),
            "day": entry.day.isoformat(),
            "release": record.release,
            "release_hash": entry.release_hash,
            "documents": [
                {
                    "document": one.document.key,
                    "version": one.number,
                    "entry": one.entry,
                    "sha256": markdown.digest(one.texts[language]["title"], one.texts[language]["text"]),
                }
                for one, language in self.documents()
            ],
            "record": record.payload,
            "salt": _base64(record.salt),
            "commitment": _base64(entry.commitment),
            "leaf": _base64(self.leaf),
            "size": self.size,
            "root": _base64(self.root),
            "proof": [_base64(step) for step in self.proof],
            "checkpoint": self.checkpoint,
            "key": self.key,
            "tlog_proof": self.tlog_proof(),
            "how_to_verify": HOW,
        }

    def tlog_proof(self) -> str:
        """The proof as a C2SP tlog-proof file, the salt as its extra data."""
        path = "".join(f"{_base64(step)}\n" for step in self.proof)
        extra = f"extra {_base64(self.record.salt)}\n"
        return f"c2sp.org/tlog-proof@v1\n{extra}index {self.entry.index}\n{path}\n{self.checkpoint}"

    def documents(self) -> list[tuple[DocumentVersion, str]]:
        """The versions of the site's documents that were in force when it was given, each with the language to read it
        in."""
        versions = in_force(self.site, self.record.received_at, self.entry.index)
        return [(one, language_for(one, [self.record.language])) for one in versions]

    def payload(self) -> dict[str, Any]:
        """The record, decoded."""
        return json.loads(self.record.payload or "{}")


def receipt(record_id: UUID, site_uuid: UUID | None = None) -> Receipt:
    """The receipt of an answer or of a choice, under a checkpoint that covers it (signed now if need be).

    Sites may have records of the same id: without the site's, the one that was stored first is meant. Raises
    RejectedSubmission: 404 unknown_record, 410 erased, 503 log_restarted, and NotYet.
    """
    # Ids are looked up by (site, record): naming the sites keeps it an index look-up.
    sites = Site.objects.filter(uuid=site_uuid) if site_uuid else Site.objects.all()
    keys = list(sites.order_by().values_list("pk", flat=True))
    entries = LogEntry.objects.filter(site_id__in=keys, record_id=record_id, type__in=OF)
    found = list(entries.order_by("day", "site_id"))
    if not found:
        raise RejectedSubmission("unknown_record", "There is no record with this id.")
    # Of the same day the time tells; a record that is gone was there first.
    of_first_day = [(_record(entry), entry) for entry in found if entry.day == found[0].day]
    record, entry = min(of_first_day, key=lambda pair: (pair[0].received_at if pair[0] else _LONG_AGO, pair[1].site_id))
    site = Site.objects.get(pk=entry.site_id)
    if record is None or record.payload is None:
        raise RejectedSubmission("erased", "The record with this id was erased; its leaf stays in the tree.")
    try:
        point = checkpoint.covering(site, entry.index)
    except Stopped:
        point = None
    except checkpoint.TooSoon as error:
        raise NotYet(error.wait) from None
    if point is None:
        raise RejectedSubmission("log_restarted", "The ledger is behind its last checkpoint; the operator must look.")
    tree = Tree(site.pk, site.uuid)
    head = signing.parse(point.note)
    signed_by = signing.signer(point.note, checkpoint.trusted_keys(site.pk))
    leaf = merkle.leaf_hash(
        leaf_input(entry.type, str(site.uuid), entry.day, entry.release_hash, bytes(entry.commitment))
    )
    return Receipt(
        site=site,
        entry=entry,
        record=record,
        leaf=leaf,
        size=head.size,
        root=head.root,
        proof=tree.inclusion(entry.index, head.size),
        checkpoint=point.note,
        key=signing.vkey(head.origin, signed_by) if signed_by else "",
    )


def _record(entry: LogEntry) -> ConsentRecord | None:
    """The record of an entry; its day leads PostgreSQL to the one partition that can hold it."""
    day = datetime(entry.day.year, entry.day.month, entry.day.day, tzinfo=UTC)
    return ConsentRecord.objects.filter(
        site_id=entry.site_id, index=entry.index, received_at__gte=day, received_at__lt=day + timedelta(days=1)
    ).first()


def _base64(value: Any) -> str:
    return b64encode(bytes(value)).decode()
