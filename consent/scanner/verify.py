"""Reports of scans held against the log, whose entries name their hashes; `consent.ledger.verify` has checked those."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any
from uuid import uuid5

from consent.ledger import canonical
from consent.ledger.models import LogEntry
from consent.scanner import pictures
from consent.scanner.models import Scan
from consent.scanner.scans import KEPT, pictures_of
from consent.sites.models import Site


def wrong(site: Site, records: Mapping[int, Mapping[str, Any]]) -> Iterator[str]:
    """What does not fit, in words; `records` are those of the log's entries of scans, by their index."""
    entries = LogEntry.objects.filter(site_id=site.pk, type=LogEntry.Type.SCAN).exclude(type="consent")
    places = {record_id: index for record_id, index in entries.values_list("record_id", "index") if index in records}
    there = set()
    for scan in Scan.objects.filter(site=site).exclude(sha256="", entry=None).order_by("pk").iterator(1):
        index = places.get(uuid5(site.uuid, f"scan/{scan.pk}"))
        there.add(index)
        yield from _scan(scan, index, records)
    gone = set(places.values()) - there
    kept = [index for index in there if index is not None]
    if gone and (len(there) < KEPT or max(gone) > min(kept, default=-1)):  # else they have gone by age
        yield f"The report of a scan that entry {max(gone)} names is gone."


def unnamed(site: Site) -> int:
    """How many reports no entry names, since the log took none then."""
    return Scan.objects.filter(site=site, entry=None).exclude(sha256="").count()


def _scan(scan: Scan, index: int | None, records: Mapping[int, Mapping[str, Any]]) -> Iterator[str]:
    name = f"The report of scan {scan.pk}"
    if sha256(canonical.encode(scan.report)).hexdigest() != scan.sha256:
        yield f"{name} was changed: it does not have its hash."
        return
    if scan.entry != index:
        yield f"{name} is said to be named by entry {scan.entry}; the log names it in entry {index}."
    if index is not None and records[index].get("report") != scan.sha256:
        yield f"{name} was replaced: entry {index} names another one."
    for digest in sorted(pictures_of(scan.report)):
        try:
            same = sha256(pictures.path(digest).read_bytes()).hexdigest() == digest
        except OSError:
            yield f"The picture {digest[:16]}… of scan {scan.pk} is gone."
        else:
            if not same:
                yield f"The picture {digest[:16]}… of scan {scan.pk} was replaced."
