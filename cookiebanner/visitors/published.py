"""THE memory of published sites: scripts, answers, counts and CORS read it, and it reads releases only.

Editing a draft changes nothing here. What is live is the kill switch and which sites and releases there are.

A site's entry is small (names and hashes); bodies are kept by content hash, at most `BODIES` bytes of them, and parsed
releases one by one, at most `PARSED` of them; the first loaded go first. One `Published` serves a whole process and is
safe to use from any thread.

Two protocols for its callers:

- `memory_only`: for the event loop. NotInMemory instead of a query; the caller asks again on a thread that may wait.
- What nobody has heard of (a site, a release, a file) is asked for at most `MISSES` times a second of each kind, so
  that a flood of made-up ones stays cheap. Beyond them: TooManyMisses. Nothing that is in memory is ever refused so,
  and where `refresh` runs, every site is.
"""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from sys import intern
from typing import Any, NamedTuple, NoReturn, TypeVar, cast
from uuid import UUID

from django.conf import settings
from django.db.models import CharField, Count, Max, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Concat

from consent.answers import published as data
from consent.answers.published import PublishedRelease, PublishedSite, among
from consent.models import Artifact, Release, Site
from consent.publishing import streams
from consent.sites.queries import suffixes

BODIES = 256 * 1024 * 1024  # bytes of bodies kept; about 6,000 gates with their compressed forms
ENTRIES = 20_000  # sites kept
PARSED = 2_000  # releases kept as answers need them
REFRESH = 2.0  # seconds between two questions "is there a new release, a kill switch?"
WHOLE = 30.0  # seconds between two looks at each site: a fingerprint of all is compared in between
FRESH = 5.0  # seconds that an answer takes a site as it was, where nobody refreshes
HOSTS = 60.0  # seconds between two readings of all hosts, where nobody refreshes: new ones are asked for when missed
MISSES = 50  # unknown things of one kind asked for in a second
SOON = 60.0  # seconds until a file that a publish compressed quickly is read again
SEEN_LATER = 1_000  # keys of releases: one is not seen later than so many others that were made after it
LOADED = 50  # sites read at once: as many snapshots are in memory meanwhile


class NotInMemory(LookupError):
    """The answer needs the database; raised only to a caller who said that it can't wait for one."""


class TooManyMisses(LookupError):
    """So many unknown things are asked for that this one can't be looked up now; ask again."""


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
    again: float = float("inf")  # when to read it again, by the monotonic clock: it may be compressed better by then

    @property
    def size(self) -> int:
        return len(self.identity) + len(self.gzip) + len(self.br)


class JoinedFile:
    """A gate with what its first layer says behind it, sent as one file.

    Its name is 16 digits of the SHA-256 of each, so that whoever has it finds both artifacts. A form of it is made when
    somebody asks for it.
    """

    def __init__(self, gate: File, first: File, language: str) -> None:
        self._gate, self._first, self.language = gate, first, language
        self.sha256 = gate.sha256[:16] + first.sha256[:16]
        self.content_type = gate.content_type
        self.size = gate.size + 3 * len(first.identity)  # with all of its forms
        self.ready: dict[Any, Any] = {}
        self.owners: set[tuple[UUID, str]] = set()
        self.again = gate.again

    @cached_property
    def identity(self) -> bytes:
        return self._gate.identity + self._first.identity

    @cached_property
    def gzip(self) -> bytes:
        return streams.join_gzip(self._gate.gzip, self._first.identity)

    @cached_property
    def br(self) -> bytes:
        return streams.join_brotli(self._gate.br, self._first.identity)


Sendable = File | JoinedFile
AnyFile = TypeVar("AnyFile", File, JoinedFile)


@dataclass(slots=True)
class Entry(PublishedSite):
    """A site as visitors see it. `number` is None before its first release."""

    killed: bool
    latest: str  # the newest release: its primary key and hash, "" without one
    number: int | None
    names: dict[str, tuple[str, str]]  # of the newest release: name → (sha256, content type)
    overrides: dict[str, Any]
    site: dict[str, Any]  # the newest snapshot's own words about the site
    languages: list[str]
    current: frozenset[str]  # hosts of the newest release
    hosts: frozenset[str]  # hosts of all its releases: each of them may still be answered to
    releases: dict[int, PublishedRelease] = field(default_factory=dict)  # those that answers asked for
    decisions: dict[Any, Any] = field(default_factory=dict)  # facts → decision and place, for `day`
    day: date = date.min
    older: dict[tuple[int, str], str] = field(default_factory=dict)  # (release number, name) → sha256
    asked: float = 0.0  # when the database was last asked, by the monotonic clock

    def has_host(self, host: str) -> bool:
        """Whether any release of the site names the host or a parent of it."""
        return among(host, self.hosts)

    def may_answer(self, release: PublishedRelease | None, host: str) -> bool:
        """Whether a page on this host may answer to this release (None: to the newest).

        The hosts that the release names stay good for it, whatever later releases say; those of the newest release
        are good for every one, since a page may go on to show an older gate.
        """
        return among(host, self.current) or (release is not None and release.has_host(host))


class SiteSummary(NamedTuple):
    """What one query tells of many sites."""

    uuid: UUID
    id: int
    killed: bool
    latest: str

    @property
    def release(self) -> int:
        """The primary key of the newest release, 0 without one."""
        return int(self.latest.partition(" ")[0] or 0)

    def matches(self, entry: Entry) -> bool:
        """Whether the entry says the same."""
        return (self.id, self.killed, self.latest) == (entry.id, entry.killed, entry.latest)


def _summaries(sites: QuerySet[Site]) -> list[SiteSummary]:
    # The hash is part of it: in a restored database another release may have the same key.
    newest = Release.objects.filter(site=OuterRef("pk")).order_by("-number")
    mark = Concat(Cast("pk", CharField()), Value(" "), "sha256", output_field=CharField())
    rows = sites.annotate(latest=Subquery(newest.annotate(mark=mark).values("mark")[:1]))
    return [
        SiteSummary(uuid, pk, killed_at is not None, latest or "")
        for uuid, pk, killed_at, latest in rows.values_list("uuid", "pk", "killed_at", "latest")
    ]


def _fingerprint() -> tuple[Any, ...]:
    """Another one when a site, a release or a kill switch came or went: one query, whose answer is short however many
    sites there are."""
    releases = Release.objects.order_by("-pk")
    mark = Concat(Cast("pk", CharField()), Value(" "), "sha256", output_field=CharField())
    # The number of the last ones, too: of two that are published at once, the older key may come to be seen later.
    last = releases.filter(pk__gt=Subquery(releases.values("pk")[:1]) - SEEN_LATER).order_by()
    number = last.annotate(one=Value(1)).values("one").annotate(number=Count("pk")).values("number")
    newest = releases.annotate(mark=mark).values("mark")[:1]
    found = Site.objects.annotate(number=Subquery(number), newest=Subquery(newest)).aggregate(
        Count("pk"), Max("pk"), Count("killed_at"), Max("killed_at"), Max("number"), Max("newest")
    )
    return tuple(found.values())


class Published:
    """Sites, releases and files by public id."""

    def __init__(self, bodies: int = BODIES, entries: int = ENTRIES, parsed: int = PARSED) -> None:
        self._lock = threading.Lock()
        self._refreshing, self._reading_hosts = threading.Lock(), threading.Lock()
        self._bodies, self._most, self._most_parsed = bodies, entries, parsed
        self.clear()

    def clear(self) -> None:
        """Forgets everything; for a process whose database was exchanged."""
        with self._lock:
            self._entries: OrderedDict[UUID, Entry] = OrderedDict()
            self._unknown: set[UUID] = set()  # asked for since the last refresh, and not there
            self._hosts: dict[str, tuple[UUID, ...]] = {}  # host → the sites whose releases name it
            self._parsed: OrderedDict[tuple[UUID, int], None] = OrderedDict()
            self._files: OrderedDict[str, Sendable] = OrderedDict()
            self._bytes = 0
            self._hosts_read = float("-inf")  # when the hosts of all sites were read last
            self._newest = 0  # the highest primary key of a release then
            self._fingerprint: tuple[Any, ...] = ()  # of all sites when they were read last
            self._compared = self._read_all = float("-inf")  # when it was the same, and when they were read, last
            self._second, self._misses = 0, dict[str, int]()
            self.generation = object()  # another one whenever something may have changed: what was made of it is old

    # --- sites ------------------------------------------------------------------------------------------------------

    def site(self, uuid: UUID, memory_only: bool = False, within: float = 0.0) -> Entry | None:
        """The site as it is now, or was `within` seconds ago (None: no such site).

        One query, four after a publish. Raises TooManyMisses, and NotInMemory if `memory_only`.
        """
        found = self._entries.get(uuid)
        if memory_only:
            if found is None and uuid not in self._unknown:
                self._raise_not_in_memory("site")
            return found
        if found is None:
            self._count_miss("site")
        elif time.monotonic() - max(found.asked, self._compared) < within:
            return found
        summaries = _summaries(Site.objects.filter(uuid=uuid))
        return self._update_entries([uuid], summaries).get(uuid)

    def find(
        self, uuid: UUID, number: int = 0, memory_only: bool = False
    ) -> tuple[Entry | None, PublishedRelease | None]:
        """A site and one of its releases, the newest when no number is given; None for what there is not.

        No query when both are in memory. Raises TooManyMisses, and NotInMemory if `memory_only`.
        """
        site = self.site(uuid, memory_only, FRESH)
        if site is None:
            # "Unknown" a moment ago is no answer here: pages carry a site's id before there is a site.
            if memory_only:
                self._raise_not_in_memory("site")
            return None, None
        newest = site.number or 0
        if number > newest:  # perhaps another process published it a moment ago
            if memory_only:
                self._raise_not_in_memory("release")
            self._count_miss("release")
            site = self.site(uuid)
            newest = site.number or 0 if site else 0
        number = number or newest
        if site is None or not 0 < number <= newest:
            return site, None
        release = site.releases.get(number)
        if release is None:
            if memory_only:
                raise NotInMemory
            row = Release.objects.filter(site=site.id, number=number).values_list("number", "sha256", "snapshot")
            if (stored := row.first()) is not None:
                release = data.published(stored[0], stored[1], json.loads(stored[2]))
                self._cache_release(site, release)
        return site, release

    def site_of_host(self, host: str) -> Entry | None:
        """The site that has this host, or the nearest parent of it: by its newest release, else by an older one."""
        return next(iter(self.sites_of_host(host)), None)

    def sites_of_host(self, host: str) -> list[Entry]:
        """All sites that have this host or a parent: the nearest name first, newest releases before older ones."""
        self._read_hosts()
        found = self._sites_of_host(host)
        if not found and self._read_new_hosts():
            found = self._sites_of_host(host)
        return found

    def knows_host(self, host: str) -> bool:
        """Whether a release of any site in memory names the host or a parent of it. No query."""
        return host in self._hosts or any(name in self._hosts for name in suffixes(host))

    def allows_host(self, host: str) -> bool:
        """`knows_host` of all sites. No query when it is known; one more for what was published a moment ago."""
        if not host:
            return False
        self._read_hosts()
        return self.knows_host(host) or (self._read_new_hosts() and self.knows_host(host))

    def _sites_of_host(self, host: str) -> list[Entry]:
        found: dict[int, Entry] = {}
        for name in suffixes(host):
            known = []
            for uuid in self._hosts.get(name, ()):
                try:
                    entry = self.site(uuid, within=FRESH)
                except TooManyMisses:
                    continue
                if entry is not None and name in entry.hosts:
                    known.append(entry)
            for entry in sorted(known, key=lambda entry: (name not in entry.current, entry.id)):
                found.setdefault(entry.id, entry)
        return list(found.values())

    # --- files ------------------------------------------------------------------------------------------------------

    def file(self, entry: Entry, name: str, sha256: str = "", memory_only: bool = False) -> File | None:
        """The artifact `name` of the latest release, or of whichever release has it with a hash that begins so.

        Raises TooManyMisses, and NotInMemory if `memory_only`.
        """
        latest = entry.names.get(name, ("", ""))[0]
        newest = latest.startswith(sha256)
        wanted = latest if newest else sha256
        if not wanted:
            return None
        found = self._file(entry, name, wanted)
        if found is not None:
            return found
        if not newest:
            if memory_only:
                self._raise_not_in_memory("file")
            self._count_miss("file")
        return self._read(entry, name, wanted, memory_only)

    def older_file(self, entry: Entry, number: int, name: str, memory_only: bool = False) -> File | None:
        """The artifact `name` of one release. Raises TooManyMisses, and NotInMemory if `memory_only`."""
        sha256 = entry.older.get((number, name))
        if sha256 is None:
            if memory_only:
                raise NotInMemory
            if number > (entry.number or 0) or name not in entry.names:  # else most probably there is one
                self._count_miss("file")
            rows = Artifact.objects.filter(release__site=entry.id, release__number=number, name=name)
            sha256 = rows.values_list("content", flat=True).first()
            if sha256 is None:
                return None
            entry.older[number, name] = sha256
        return self._file(entry, name, sha256) or self._read(entry, name, sha256, memory_only)

    def joined(
        self, entry: Entry, gate: str, first: str, language: str, memory_only: bool = False
    ) -> JoinedFile | None:
        """The latest release's gate with that first layer behind it; None for what there is not. Raises NotInMemory."""
        whole, part = (self.file(entry, name, memory_only=memory_only) for name in (gate, first))
        if whole is None or part is None:
            return None
        made = JoinedFile(whole, part, language)
        kept = self._files.get(made.sha256)
        if kept is not None and kept.again <= time.monotonic():
            self._forget(kept)
        return self._cache_file(made, (entry.uuid, gate))

    def _file(self, entry: Entry, name: str, sha256: str) -> File | None:
        found = self._files.get(sha256)
        if found is not None and found.again <= time.monotonic():
            self._forget(found)
            return None
        # A hash is only answered for a site that has it: one site's address must not fetch another's file.
        return found if isinstance(found, File) and (entry.uuid, name) in found.owners else None

    def _read(self, entry: Entry, name: str, wanted: str, memory_only: bool) -> File | None:
        if memory_only:
            raise NotInMemory
        rows = Artifact.objects.filter(release__site=entry.id, name=name, content__sha256__startswith=wanted)
        found = rows.select_related("content__base__base").first()
        if found is None:
            return None
        content = found.content
        made = File(
            found.sha256, found.content_type, content.body, streams.to_gzip(content.body), content.for_browsers()
        )
        if content.effort < settings.FAIRGATE_BROTLI:
            made.again = time.monotonic() + SOON
        return self._cache_file(made, (entry.uuid, name))

    # --- keeping up -------------------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Reads again which sites there are, their newest releases and kill switches: one query when nothing changed,
        which says so; every `WHOLE` seconds all are compared.

        For a thread of its own, every `REFRESH` seconds; it loads every site, the newest of them if there are too many.
        """
        with self._refreshing:
            with self._lock:
                asked = set(self._entries)
                self._unknown.clear()
                self.generation = object()  # the day may be another
            now, fingerprint = time.monotonic(), _fingerprint()
            if fingerprint == self._fingerprint and now - self._read_all < WHOLE:
                self._compared = now
                return
            summaries = _summaries(Site.objects.order_by("-pk")[: self._most])
            everyone = len(summaries) < self._most
            if everyone:
                self._update_entries(
                    asked.difference(summary.uuid for summary in summaries), ()
                )  # there are no other sites
            else:
                for some in _batches(list(asked.difference(summary.uuid for summary in summaries)), 500):
                    self._update_entries(some, _summaries(Site.objects.filter(uuid__in=some)))
            room = self._most - len(self._entries)
            changed, now = [], time.monotonic()
            for summary in summaries:
                old = self._entries.get(summary.uuid)
                if old is not None and summary.matches(old):
                    old.asked = now
                elif old is not None or room > 0:
                    changed.append(summary)
                    room -= old is None
            for some in _batches(changed, LOADED):
                self._update_entries([summary.uuid for summary in some], some)
            if everyone:  # so that all of their hosts are in memory
                self._newest, self._hosts_read = (
                    max((summary.release for summary in summaries), default=0),
                    time.monotonic(),
                )
                self._fingerprint, self._read_all = fingerprint, now

    def _read_hosts(self) -> None:
        """Reads the hosts of all releases, where no refresh does and at most every `HOSTS` seconds.

        Nobody waits for another's reading, but for the first.
        """
        read = self._hosts_read
        if time.monotonic() - read <= HOSTS or (self._reading_hosts.locked() and read > float("-inf")):
            return
        with self._reading_hosts:
            if time.monotonic() - self._hosts_read <= HOSTS:
                return
            hosts: dict[str, tuple[UUID, ...]] = {}
            rows = Release.objects.order_by().values_list("pk", "site__uuid", "hosts")
            newest = _add_hosts(hosts, rows)
            with self._lock:
                self._hosts, self._newest, self._hosts_read = hosts, newest, time.monotonic()

    def _read_new_hosts(self) -> bool:
        """Reads the hosts of what was published since the last look. One query; False for nothing, or no time."""
        try:
            self._count_miss("host")
        except TooManyMisses:
            return False
        rows = list(Release.objects.filter(pk__gt=self._newest).order_by().values_list("pk", "site__uuid", "hosts"))
        with self._lock:
            self._newest = max(self._newest, _add_hosts(self._hosts, rows))
            if rows:
                self._compared = float("-inf")
            for _, uuid, _ in rows:
                if (entry := self._entries.get(uuid)) is not None:
                    entry.asked = float("-inf")
        return bool(rows)

    def _update_entries(self, asked: Iterable[UUID], summaries: Iterable[SiteSummary]) -> dict[UUID, Entry]:
        """Puts sites into memory as their heads say; those asked for that have none are forgotten."""
        made: dict[UUID, Entry] = {}
        new: list[SiteSummary] = []
        now = time.monotonic()
        for summary in summaries:
            old = self._entries.get(summary.uuid)
            if old is None or (old.id, old.latest) != (summary.id, summary.latest):
                new.append(summary)
            else:
                old.asked = now
                made[summary.uuid] = old if summary.matches(old) else replace(old, killed=summary.killed)
        for part in _batches(new, LOADED):
            made |= {entry.uuid: entry for entry in self._load(part, now)}
        with self._lock:
            for uuid in asked:
                old = self._entries.get(uuid)
                entry = made.get(uuid)
                if entry is None:
                    self._entries.pop(uuid, None)
                    if len(self._unknown) < self._most:
                        self._unknown.add(uuid)
                else:
                    self._unknown.discard(uuid)
                    self._entries[uuid] = entry
                if entry is old:
                    continue
                self.generation = object()
                self._index(uuid, old.hosts if old else frozenset(), entry.hosts if entry else frozenset())
                while len(self._entries) > self._most:
                    self._entries.popitem(last=False)
        return made

    def _load(self, summaries: Sequence[SiteSummary], now: float) -> list[Entry]:
        """Entries as their releases say: three queries, however many sites."""
        keys = {summary.release: summary for summary in summaries if summary.latest}
        snapshots: dict[int, tuple[int, dict[str, Any]]] = {}
        names: dict[int, dict[str, tuple[str, str]]] = {}
        every: dict[int, list[tuple[int, str, list[str]]]] = {}
        if keys:
            rows = Release.objects.filter(pk__in=keys).order_by()
            for pk, nth, text in rows.values_list("pk", "number", "snapshot"):
                snapshots[pk] = (nth, json.loads(text))
            artifacts = Artifact.objects.filter(release__in=keys).order_by()
            for pk, name, sha256, content_type in artifacts.values_list("release", "name", "content", "content_type"):
                names.setdefault(pk, {})[intern(name)] = (intern(sha256), intern(content_type))
            all_of_them = Release.objects.filter(site__in=[summary.id for summary in keys.values()]).order_by()
            for site, nth, sha256, hosts in all_of_them.values_list("site", "number", "sha256", "hosts"):
                every.setdefault(site, []).append((nth, sha256, hosts))
        made = []
        for summary in summaries:
            if summary.latest and summary.release not in snapshots:
                continue  # it went away meanwhile; the next refresh sees what there is
            number: int | None
            number, snapshot = snapshots.get(summary.release, (None, {}))
            releases = every.get(summary.id, [])
            entry = Entry(
                id=summary.id,
                uuid=summary.uuid,
                killed=summary.killed,
                latest=summary.latest,
                number=number,
                names=names.get(summary.release, {}),
                overrides=snapshot.get("jurisdictions", {}).get("overrides", {}),
                site=snapshot.get("site", {}),
                languages=snapshot.get("languages", []),
                current=frozenset(host.lower() for host in snapshot.get("site", {}).get("hosts", [])),
                hosts=frozenset(host.lower() for _, _, hosts in releases for host in hosts),
                asked=now,
            )
            entry.hosts |= entry.current
            self._keep_parsed_releases(entry, {(nth, sha256) for nth, sha256, _ in releases})
            made.append(entry)
        return made

    def _keep_parsed_releases(self, entry: Entry, known: set[tuple[int, str]]) -> None:
        """Parsed releases of the entry before that are still the site's: in a restored database they may be others."""
        with self._lock:
            old = self._entries.get(entry.uuid)
            if old is not None and old.id == entry.id:
                for number, release in old.releases.items():
                    if (number, release.sha256) in known:
                        entry.releases[number] = release

    def _index(self, uuid: UUID, before: frozenset[str], after: frozenset[str]) -> None:
        for host in before - after:
            left = tuple(other for other in self._hosts.get(host, ()) if other != uuid)
            if left:
                self._hosts[host] = left
            else:
                self._hosts.pop(host, None)
        _add_hosts(self._hosts, [(0, uuid, after - before)])

    def _cache_release(self, entry: Entry, release: PublishedRelease) -> None:
        key = (entry.uuid, release.number)
        with self._lock:
            entry.releases[release.number] = release
            self._parsed[key] = None
            self._parsed.move_to_end(key)
            while len(self._parsed) > self._most_parsed:
                uuid, number = self._parsed.popitem(last=False)[0]
                if (holder := self._entries.get(uuid)) is not None:
                    holder.releases.pop(number, None)

    def _cache_file(self, file: AnyFile, owner: tuple[UUID, str]) -> AnyFile:
        with self._lock:
            kept = self._files.get(file.sha256)
            if kept is None:
                kept = self._files[file.sha256] = file
                self._bytes += file.size
            kept.owners.add(owner)
            while self._bytes > self._bodies and len(self._files) > 1:
                _, gone = self._files.popitem(last=False)
                self._bytes -= gone.size
        return cast("AnyFile", kept)  # a hash of one kind is no hash of the other: they have 64 digits and 32

    def _forget(self, file: Sendable) -> None:
        with self._lock:
            if self._files.get(file.sha256) is file:
                del self._files[file.sha256]
                self._bytes -= file.size

    def _count_miss(self, kind: str) -> None:
        """Counts one question about something unknown. Raises TooManyMisses after enough of its kind this second."""
        second = int(time.monotonic())
        with self._lock:
            if second != self._second:
                self._second, self._misses = second, {}
            self._misses[kind] = self._misses.get(kind, 0) + 1
            if self._misses[kind] > MISSES:
                raise TooManyMisses

    def _raise_not_in_memory(self, kind: str) -> NoReturn:
        """Sends the caller to where the database may be asked. Raises TooManyMisses at once when it may not even
        there."""
        if self._misses.get(kind, 0) >= MISSES and int(time.monotonic()) == self._second:
            raise TooManyMisses
        raise NotInMemory


def _add_hosts(hosts: dict[str, tuple[UUID, ...]], rows: Iterable[tuple[int, UUID, Iterable[str]]]) -> int:
    """Adds (release, site, its hosts) to the index; returns the highest primary key of the releases, else 0."""
    newest = 0
    for pk, uuid, names in rows:
        newest = max(newest, pk)
        for host in map(str.lower, names):
            known = hosts.get(host, ())
            if uuid not in known:
                hosts[host] = (*known, uuid)
    return newest


def _batches(rows: Sequence[Any], size: int) -> Iterable[Sequence[Any]]:
    return (rows[start : start + size] for start in range(0, len(rows), size))


published = Published()


class Refresher(threading.Thread):
    """Keeps `published` up to date beside a server that never waits for the database."""

    def __init__(self) -> None:
        super().__init__(name="fairgate-refresh", daemon=True)
        self._ended = threading.Event()

    def run(self) -> None:
        from django.db import connection

        while not self._ended.is_set():
            started = time.monotonic()
            try:
                published.refresh()
            except Exception:  # the database is away: what is in memory stays good
                connection.close()
            self._ended.wait(max(0.1, REFRESH - (time.monotonic() - started)))
        connection.close()

    def end(self) -> None:
        self._ended.set()
        self.join(5)
