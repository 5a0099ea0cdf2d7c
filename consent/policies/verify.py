"""Versions of documents held against the log, whose entries name the hash of each text; `consent.ledger.verify` has
checked those."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from consent.ledger.append import utc_text
from consent.ledger.models import LogEntry
from consent.policies.actions import moment_of, record_id, record_of
from consent.policies.models import DocumentVersion
from consent.sites.models import Site

Record = Mapping[str, Any]


def wrong(site: Site, records: Mapping[int, Record]) -> Iterator[str]:
    """What does not fit, in words; `records` are those of the log's entries of documents, by their index."""
    entries = LogEntry.objects.filter(site_id=site.pk, type=LogEntry.Type.DOCUMENT).exclude(type="consent")
    places = {id: index for id, index in entries.values_list("record_id", "index") if index in records}
    there = set()
    versions = DocumentVersion.objects.filter(document__site=site).select_related("document").order_by("pk")
    for version in versions.iterator(10):
        index = places.get(record_id(site, version.document.key, version.number))
        there.add(index)
        yield from _version(version, index, records)
    for index in sorted(set(places.values()) - there):
        said = records[index]
        yield f"Version {said.get('version')} of the document {said.get('document')} is in the ledger and nowhere else."


def _version(version: DocumentVersion, index: int | None, records: Mapping[int, Record]) -> Iterator[str]:
    name = f"Version {version.number} of the document {version.document.key}"
    if index is None:
        yield f"{name}: the ledger has no entry for it."
        return
    if version.entry != index:
        yield f"{name} is said to be named by entry {version.entry}; the log names it in entry {index}."
    said = records[index]
    made = record_of(
        version.document, version.number, version.original, version.texts, version.effective_on, version.material,
        version.published_by,
    )  # fmt: skip
    for field in sorted({*made} | {*said} & {"material", "why"}):
        if made.get(field) != said.get(field):
            yield f"{name}: {_field(field, made, said)} is not what entry {index} committed to."
    if utc_text(version.published_at) != said.get("received_at"):
        yield f"{name} is said to be of {utc_text(version.published_at)}; the log took it at {said.get('received_at')}."
    if version.effective_at != moment_of(version.effective_on, version.published_at):
        yield f"{name}: the moment from which it is in force was changed."


def _field(field: str, made: Mapping[str, Any], said: Record) -> str:
    if field != "texts":
        return field
    logged = said.get("texts")
    known = logged if isinstance(logged, Mapping) else {}
    languages = sorted(one for one in {*made["texts"], *known} if made["texts"].get(one) != known.get(one))
    return f"its text ({', '.join(languages)})"
