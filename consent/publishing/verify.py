"""What lies beside a site's log and is proved by it: releases, their files, sign-offs, pictures, reports of scans,
people's requests, versions of documents, the site's settings, and what the audit trail tells of (`verify_trail`).

`consent.ledger.verify` has checked the log itself; here its entries are believed, and the rows held against them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import brotli
from django.db import DatabaseError

from consent.ledger import checkpoint
from consent.ledger.append import utc_text
from consent.ledger.models import LogEntry
from consent.ledger.verify import UNREADABLE, one_moment
from consent.policies import verify as policies
from consent.publishing import pictures, slots, verify_trail
from consent.publishing.models import Artifact, Content, LintWaiver, Release, hosts_of
from consent.requests import verify as requests
from consent.scanner import verify as scans
from consent.sites.models import Site
from consent.trail.models import AuditEvent
from consent.trail.verbs import Verb

Record = Mapping[str, Any]
# What a release calls a setting of its site.
SETTINGS = {
    "name": "name", "level": "level", "unknown_third_parties": "unknown", "reload_after_accept": "reload",
    "record_path": "record_path", "child_directed": "child_directed", "controller": "controller",
    "controller_contact": "controller_contact", "policy_url": "policy_url", "imprint_url": "imprint_url",
    "first_party_endpoint": "first_party_endpoint",
}  # fmt: skip
TYPES = (
    LogEntry.Type.RELEASE, LogEntry.Type.WAIVER, LogEntry.Type.PICTURES, LogEntry.Type.SCREENSHOT, LogEntry.Type.VOID,
    LogEntry.Type.SCAN, LogEntry.Type.REQUEST, LogEntry.Type.DOCUMENT,
)  # fmt: skip
_COLUMNS = ("note", "published_by", "rolled_back_to", "published_at")


@dataclass(slots=True)
class Findings:
    """All is right when `wrong` is empty; `unproved` says what nothing here proves."""

    wrong: list[str] = field(default_factory=list)
    unproved: list[str] = field(default_factory=list)
    artifacts: int = 0
    pictures: int = 0


def verify(site: Site) -> Findings:
    """Checks what the site's log says of releases, files, sign-offs and pictures against what is there."""
    found = Findings()
    with one_moment(site.pk):
        ours = LogEntry.objects.filter(site_id=site.pk, type__in=TYPES).exclude(type="consent")  # the small index
        entries = ours.order_by("index")
        of_type: dict[str, dict[int, Record]] = {kind: {} for kind in TYPES}
        for index, type, record in checkpoint.each_payload(site.pk, entries):
            of_type[type][index] = record
        hashes = dict(entries.filter(type=LogEntry.Type.RELEASE).values_list("index", "release_hash"))
        _releases(site, of_type[LogEntry.Type.RELEASE], hashes, found)
        _waivers(site, of_type[LogEntry.Type.WAIVER], found)
        _pictures(of_type, found)
        _settings(site, found)
        _readable(found, "scans", lambda: scans.wrong(site, of_type[LogEntry.Type.SCAN]))
        _readable(found, "requests", lambda: requests.wrong(site, of_type[LogEntry.Type.REQUEST]))
        _readable(found, "documents", lambda: policies.wrong(site, of_type[LogEntry.Type.DOCUMENT]))
        _readable(found, "what the audit trail tells of", lambda: verify_trail.wrong(site))
        if count := scans.unnamed(site):
            found.unproved.append(f"{count} reports of scans: the log took no entries then.")
        if count := requests.unnamed(site):
            found.unproved.append(f"{count} requests of people: no entry tells of them yet.")
    return found


def _readable(found: Findings, what: str, findings: Callable[[], Iterator[str]]) -> None:
    """Adds what is wrong; what can't be read is wrong, too."""
    try:
        found.wrong += findings()
    except UNREADABLE as error:
        found.wrong.append(f"Of {what}, something cannot be read: {error}.")


# --- releases and their files -----------------------------------------------------------------------------------------


def _releases(site: Site, records: Mapping[int, Record], hashes: Mapping[int, str], found: Findings) -> None:
    logged = {(record.get("release"), hashes[index]): record for index, record in records.items()}
    there = list(Release.objects.filter(site=site).order_by("number").values_list("number", flat=True))
    gone = {number for number, _ in logged if number} - set(there)
    found.wrong += [f"Release {number} is in the ledger and nowhere else." for number in sorted(gone)]
    numbering: slots.Numbering = {}
    unproved = []
    for number in there:
        try:
            release = Release.objects.get(site=site, number=number)
            text = release.snapshot
        except (DatabaseError, ValueError) as error:
            found.wrong.append(f"Release {number} cannot be read: {error}.")
            continue
        record = logged.get((number, release.sha256))
        if sha256(text.encode()).hexdigest() != release.sha256:
            found.wrong.append(f"Release {number}: its text was changed, it does not have its hash.")
        elif record is None:
            found.wrong.append(f"Release {number}: the ledger has no entry for it.")
        else:
            found.wrong += _columns(release, record)
            found.wrong += _derived(release, numbering)
            found.wrong += _artifacts(release, record.get("artifacts"), found)
            if "artifacts" not in record:
                unproved.append(number)
        numbering = release.numbering or numbering
    if unproved:
        until = f"release {unproved[0]}" if len(unproved) == 1 else f"releases {unproved[0]} to {unproved[-1]}"
        found.unproved.append(f"What browsers got of {until}: published by a version that did not log the files.")


def _columns(release: Release, record: Record) -> Iterator[str]:
    """Note, author and time must be those of the entry; older entries do not say the time."""
    for name in _COLUMNS:
        stored = getattr(release, name)
        stored = utc_text(stored) if name == "published_at" else stored
        stated = name == "rolled_back_to" or name in record
        if stated and record.get(name) != stored:
            yield f"Release {release.number}: {name} is {stored!r}, but {record.get(name)!r} was committed to."


def _derived(release: Release, before: slots.Numbering) -> Iterator[str]:
    """What is kept beside the text and follows from it."""
    if release.hosts and release.hosts != hosts_of(release.snapshot):
        yield f"Release {release.number}: its hosts are not those of its text."
    if release.numbering and release.numbering != slots.extended(before, json.loads(release.snapshot)):
        yield f"Release {release.number}: its numbering does not continue the one before it."


def _artifacts(release: Release, committed: Any, found: Findings) -> Iterator[str]:
    """The files of a release: what browsers load. Without an entry's hashes at least each file's own."""
    names = set()
    rows = Artifact.objects.filter(release=release).select_related("content__base__base").order_by("name")
    for artifact in rows.iterator(10):
        name = f"Release {release.number}: {artifact.name}"
        names.add(artifact.name)
        found.artifacts += 1
        wanted = artifact.sha256 if committed is None else committed.get(artifact.name)
        if wanted is None:
            yield f"{name} is no file of this release."
        elif artifact.sha256 != wanted or _digest(artifact.content) != wanted:
            yield f"{name} was replaced: it does not have the hash that was committed to."
    for missing in sorted(set(committed or ()) - names):
        yield f"Release {release.number}: {missing} is gone."


def _digest(content: Content) -> str:
    """The hash of what browsers get, "" when that is no compressed file. It is all there is: the other forms are made
    of it."""
    try:
        return sha256(content.body).hexdigest()
    except brotli.error:
        return ""


# --- sign-offs --------------------------------------------------------------------------------------------------------


def _waivers(site: Site, records: Mapping[int, Record], found: Findings) -> None:
    """Each sign-off is one that the log tells of, and the other way; the audit trail tells which were taken back."""
    logged = Counter(_waiver(record, record.get("for_regime")) for record in records.values())
    revoked = Counter(
        (detail.get("rule"), detail.get("regime"), detail.get("signed_by"), detail.get("subject", ""))
        for detail in AuditEvent.objects.filter(site=site, verb=Verb.LINT_REVOKE).values_list("detail", flat=True)
    )
    for row in LintWaiver.objects.filter(site=site).order_by("pk"):
        facts = {
            "rule": row.rule, "signed_by": row.signed_by, "reason": row.reason, "subject": row.subject,
            "text": row.text,
        }  # fmt: skip
        key = _waiver(facts, row.regime)
        name = f"The sign-off of {row.rule} by {row.signed_by}"
        if not logged[key]:
            found.wrong.append(f"{name} was invented or changed: the ledger has no entry for it.")
        logged[key] -= 1
        if row.revoked_at:
            taken = (row.rule, row.regime, row.signed_by, row.subject)
            if not revoked[taken]:
                found.wrong.append(f"{name} counts as taken back, though nobody did.")
            revoked[taken] -= 1
    for key, count in logged.items():
        if count > 0:
            found.wrong.append(f"A sign-off that the ledger tells of is gone: {key[0]} by {key[2]}.")
    for taken, count in revoked.items():
        if count > 0:
            found.wrong.append(f"A sign-off that was taken back counts again: {taken[0]} by {taken[2]}.")


def _waiver(record: Record, regime: Any) -> tuple[Any, ...]:
    about = (record.get("subject", ""), record.get("text", ""))
    return record.get("rule"), regime, record.get("signed_by"), record.get("reason"), *about


# --- pictures ---------------------------------------------------------------------------------------------------------


def _pictures(of_type: Mapping[str, Mapping[int, Record]], found: Findings) -> None:
    """The files of pictures that are not declared void must be there, with their hash."""
    void = {index for record in of_type[LogEntry.Type.VOID].values() for index in record.get("voids", ())}
    named: list[tuple[int, str, Path]] = []
    for index, record in of_type[LogEntry.Type.PICTURES].items():
        named += [(index, one["sha256"], pictures.path(one["sha256"])) for one in record.get("pictures", ())]
    old = [(index, str(record.get("sha256"))) for index, record in of_type[LogEntry.Type.SCREENSHOT].items()]
    named += [(index, digest, pictures.old_path(digest)) for index, digest in old]
    gone = [index for index, digest in old if index not in void and not pictures.old_path(digest).exists()]
    if gone:
        found.unproved.append(f"{len(gone)} pictures of an earlier version, which are not there (they were blank).")
    for index, digest, path in named:
        if index in void or index in gone:
            continue
        found.pictures += 1
        try:
            actual = sha256(path.read_bytes()).hexdigest()
        except OSError:
            found.wrong.append(f"The picture {digest[:16]}… that entry {index} logged is gone.")
            continue
        if actual != digest:
            found.wrong.append(f"The picture {digest[:16]}… that entry {index} logged was replaced.")


# --- the site ---------------------------------------------------------------------------------------------------------


def _settings(site: Site, found: Findings) -> None:
    """The site's settings are what the audit trail says that they were changed to, or what was published last."""
    expected: dict[str, Any] = {}
    published = site.releases.filter(rolled_back_to=None).order_by("-number").values_list("snapshot", flat=True).first()
    try:
        said = json.loads(published or "{}").get("site", {})
        expected = {name: said[known] for name, known in SETTINGS.items() if known in said}
    except UNREADABLE:
        pass  # told above
    lines = AuditEvent.objects.filter(site=site, verb=Verb.SITE_SETTINGS).order_by("number")
    for detail in lines.values_list("detail", flat=True).iterator():
        changed = detail.get("changed") if isinstance(detail, dict) else None
        for name, values in (changed or {}).items():
            if isinstance(values, list) and len(values) == 2:
                expected[name] = values[1]
    now = Site.objects.get(pk=site.pk)
    for name, value in expected.items():
        if hasattr(now, name) and getattr(now, name) != value:
            found.wrong.append(
                f"The site's {name} is {getattr(now, name)!r}, though what was published or noted in the audit trail "
                f"last is {value!r}."
            )
