"""One record checked against the site's ledger, now: content, leaf, inclusion, checkpoint. Reads O(log n) hashes."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from django.utils.translation import gettext, ngettext

from consent.common import thousands
from consent.ledger import checkpoint, merkle, signing
from consent.ledger.append import commitment, leaf_input, utc_text
from consent.ledger.models import ConsentRecord, LogEntry
from consent.ledger.proofs import Tree
from consent.sites.models import Site


class Step(NamedTuple):
    """One thing that was checked. `holds` None = it could not be checked."""

    name: str
    holds: bool | None
    detail: str


def check(site: Site, entry: LogEntry, record: ConsentRecord | None) -> list[Step]:
    """Every step, also those after one that fails."""
    tree = Tree(site.pk, site.uuid)
    return [_content(entry, record), *_inclusion(site, entry, tree), _signed(site, entry, tree)]


def _content(entry: LogEntry, record: ConsentRecord | None) -> Step:
    name = gettext("The record is what was committed to")
    if record is None:
        return Step(name, False, gettext("The record is missing, and no erasure explains it."))
    if record.payload is None or record.salt is None:
        return Step(name, None, gettext("The record was erased; its leaf remains."))
    if commitment(bytes(record.salt), record.payload.encode()) != bytes(entry.commitment):
        return Step(name, False, gettext("Its HMAC-SHA256 is not the commitment that the leaf holds: it was changed."))
    if wrong := _columns(record):
        return Step(name, False, gettext("The columns %(wrong)s beside it were changed.") % {"wrong": ", ".join(wrong)})
    return Step(name, True, gettext("Its HMAC-SHA256 under its salt is the commitment that the leaf holds."))


def _columns(record: ConsentRecord) -> list[str]:
    """The columns that differ from what the committed payload says."""
    payload: dict[str, Any] = json.loads(record.payload or "{}")
    stored = {name: getattr(record, name) for name in ("release", "visitor", "replaces")}
    texts = {name: getattr(record, name) for name in ("regime", "jurisdiction", "language", "action", "type")}
    found = {name: str(value) if name != "release" else value for name, value in stored.items() if value is not None}
    found |= texts | {"id": str(record.record_id), "received_at": utc_text(record.received_at)}
    names = {*found, *stored}
    return sorted(name for name in names if found.get(name) != payload.get(name))


def _inclusion(site: Site, entry: LogEntry, tree: Tree) -> list[Step]:
    head = tree.head()
    leaf = merkle.leaf_hash(
        leaf_input(entry.type, str(site.uuid), entry.day, entry.release_hash, bytes(entry.commitment))
    )
    try:
        path = tree.inclusion(entry.index, head.size)
        root = tree.root(head.size)
    except ValueError as error:
        return [Step(gettext("The leaf is in the tree"), False, str(error))]
    holds = merkle.verify_inclusion(leaf, entry.index, head.size, path, root)
    detail = ngettext(
        "Leaf %(leaf)s of %(size)s, by %(count)s hash up to the root %(root)s…",
        "Leaf %(leaf)s of %(size)s, by %(count)s hashes up to the root %(root)s…",
        len(path),
    ) % {"leaf": entry.index, "size": thousands(head.size), "count": len(path), "root": root.hex()[:16]}
    same = merkle.edge_root(merkle.split_edge(head.size, bytes(head.edge))) == root
    return [
        Step(gettext("The leaf is in the tree"), holds, detail),
        Step(
            gettext("The tree ends where the ledger says"),
            same,
            gettext("The root of all leaves is that of the ledger's head."),
        ),
    ]


def _signed(site: Site, entry: LogEntry, tree: Tree) -> Step:
    name = gettext("A signed checkpoint covers it")
    point = checkpoint.latest(site.pk)
    if point is None or point.size <= entry.index:
        return Step(name, None, gettext("No checkpoint has been signed since; the worker makes one daily."))
    try:
        note = signing.parse(point.note)
        known = signing.signer(point.note, checkpoint.trusted_keys(site.pk)) is not None
        holds = known and (note.size, note.root) == (point.size, tree.root(point.size))
    except ValueError as error:
        return Step(name, False, str(error))
    at = f"{point.created_at:%Y-%m-%d %H:%M} UTC"
    return Step(
        name,
        holds,
        gettext("Checkpoint of %(size)s entries, signed %(at)s with a key of this server.")
        % {"size": thousands(point.size), "at": at},
    )
