"""What browsers load, in memory: the latest release of each site, and any artifact by its hash.

A site's entry is small (names and hashes); bodies are kept by content hash, at most `BODIES` bytes of them, the
first loaded go first. One `Store` serves a whole process and is safe to use from any thread.
"""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery

from consent.models import Artifact, Release, Site

BODIES = 256 * 1024 * 1024  # bytes of bodies kept; about 6,000 gates with their compressed forms
ENTRIES = 20_000  # sites kept
REFRESH = 2.0  # seconds between two questions "is there a new release, a kill switch?"


class NotInMemory(LookupError):
    """The answer needs the database; raised only to a caller who said that it can't wait for one."""


@dataclass(slots=True)
class File:
    """One artifact, in the three forms it is sent in. `ready` holds finished answers, by how they are sent."""

    sha256: str
    content_type: str
    identity: bytes
    gzip: bytes
    br: bytes
    owners: set[tuple[UUID, str]] = field(default_factory=set)
    ready: dict[Any, Any] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return len(self.identity) + len(self.gzip) + len(self.br)


@dataclass(slots=True)
class Entry:
    """A site as visitors see it. `number` is None before its first release."""

    id: int
    uuid: UUID
    killed: bool
    release: int | None  # primary key
    number: int | None
    names: dict[str, tuple[str, str]]  # name → (sha256, content type)
    overrides: dict[str, Any]
    site: dict[str, Any]  # the snapshot's own words about the site
    languages: list[str]
    decisions: dict[Any, Any] = field(default_factory=dict)  # facts → decision, for `day`
    day: date = date.min
    older: dict[tuple[int, str], str] = field(default_factory=dict)  # (release number, name) → sha256


def _heads(sites: QuerySet[Site]) -> QuerySet[Site, Any]:
    latest = Release.objects.filter(site=OuterRef("pk")).order_by("-number").values("pk")[:1]
    return sites.annotate(latest=Subquery(latest)).values_list("uuid", "pk", "killed_at", "latest")


class Store:
    """Sites and files by public id. `memory_only` makes a look-up raise NotInMemory instead of asking the database."""

    def __init__(self, bodies: int = BODIES, entries: int = ENTRIES) -> None:
        self._lock = threading.Lock()
        self._entries: OrderedDict[UUID, Entry] = OrderedDict()
        self._unknown: set[UUID] = set()  # asked for since the last refresh, and not there
        self._files: OrderedDict[str, File] = OrderedDict()
        self._bytes = 0
        self._bodies, self._most = bodies, entries
        self.state = object()  # another one whenever something may have changed: what was made of it before is old

    def site(self, uuid: UUID, memory_only: bool = False) -> Entry | None:
        """The site as it is now (None: no such site). Without `memory_only` it costs one query, two after a publish."""
        if memory_only:
            if (found := self._entries.get(uuid)) is None and uuid not in self._unknown:
                raise NotInMemory
            return found
        head = _heads(Site.objects.filter(uuid=uuid)).first()
        return self._take(uuid, head)

    def file(self, entry: Entry, name: str, sha256: str = "", memory_only: bool = False) -> File | None:
        """The artifact `name` of the latest release, or of whichever release has it with a hash that begins so."""
        latest = entry.names.get(name, ("", ""))[0]
        wanted = latest if latest.startswith(sha256) else sha256
        if not wanted:
            return None
        found = self._files.get(wanted)
        # A hash is only answered for a site that has it: one site's address must not fetch another's file.
        if found is not None and (entry.uuid, name) in found.owners:
            return found
        if memory_only:
            raise NotInMemory
        rows = Artifact.objects.filter(release__site=entry.id, name=name, sha256__startswith=wanted)
        row = rows.values_list("sha256", "content_type", "body", "gzip", "brotli").first()
        if row is None:
            return None
        made = File(*row[:2], *map(bytes, row[2:]))
        return self._keep(made, (entry.uuid, name))

    def refresh(self) -> None:
        """Asks once about all sites in memory; for a thread of its own, every `REFRESH` seconds."""
        with self._lock:
            asked = list(self._entries)
            self._unknown.clear()
            self.state = object()  # the day may be another
        for start in range(0, len(asked), 500):
            some = asked[start : start + 500]
            heads = {head[0]: head for head in _heads(Site.objects.filter(uuid__in=some))}
            for uuid in some:
                self._take(uuid, heads.get(uuid))

    def load_all(self) -> int:
        """Puts every site with a release into memory (newest first, as many as fit). Returns how many."""
        heads = list(_heads(Site.objects.order_by("-pk"))[: self._most])
        for head in heads:
            self._take(head[0], head)
        return len(heads)

    def _take(self, uuid: UUID, head: tuple[UUID, int, Any, int | None] | None) -> Entry | None:
        with self._lock:
            old = self._entries.get(uuid)
        new: Entry | None = None
        if head is not None:
            _, pk, killed_at, latest = head
            killed = killed_at is not None
            if old is not None and (old.id, old.release, old.killed) == (pk, latest, killed):
                new = old
            else:
                new = self._load(uuid, pk, killed, latest)
        with self._lock:
            if new is not old:
                self.state = object()
            if new is None:
                self._entries.pop(uuid, None)
                if len(self._unknown) < self._most:
                    self._unknown.add(uuid)
                return None
            self._unknown.discard(uuid)
            self._entries[uuid] = new
            self._entries.move_to_end(uuid)
            while len(self._entries) > self._most:
                self._entries.popitem(last=False)
        return new

    def _load(self, uuid: UUID, pk: int, killed: bool, latest: int | None) -> Entry:
        if latest is None:
            return Entry(pk, uuid, killed, None, None, {}, {}, {}, [])
        number, text = Release.objects.values_list("number", "snapshot").get(pk=latest)
        snapshot = json.loads(text)
        rows = Artifact.objects.filter(release=latest).values_list("name", "sha256", "content_type")
        return Entry(
            id=pk,
            uuid=uuid,
            killed=killed,
            release=latest,
            number=number,
            names={name: (sha256, content_type) for name, sha256, content_type in rows},
            overrides=snapshot.get("jurisdictions", {}).get("overrides", {}),
            site=snapshot.get("site", {}),
            languages=snapshot.get("languages", []),
        )

    def _keep(self, file: File, owner: tuple[UUID, str]) -> File:
        with self._lock:
            kept = self._files.get(file.sha256)
            if kept is None:
                kept = self._files[file.sha256] = file
                self._bytes += file.size
            kept.owners.add(owner)
            while self._bytes > self._bodies and len(self._files) > 1:
                _, gone = self._files.popitem(last=False)
                self._bytes -= gone.size
        return kept


store = Store()


class Refresher(threading.Thread):
    """Keeps `store` up to date beside a server that never waits for the database; does `more` of the kind, too."""

    def __init__(self, *more: Callable[[], object]) -> None:
        super().__init__(name="fairgate-refresh", daemon=True)
        self._work, self._ended = (store.refresh, *more), threading.Event()

    def run(self) -> None:
        from django.db import connection

        while not self._ended.is_set():
            started = time.monotonic()
            try:
                for work in self._work:
                    work()
            except Exception:  # the database is away: what is in memory stays good
                connection.close()
            self._ended.wait(max(0.1, REFRESH - (time.monotonic() - started)))
        connection.close()

    def end(self) -> None:
        self._ended.set()
        self.join(5)
