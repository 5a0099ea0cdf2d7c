"""Sites and releases as the intake sees them: in memory, no query on the hot path.

The list of sites is read again at most every `FRESH` seconds; releases never change and are kept. What is not found is
looked up in the database at once (a site made, a release published or a host added a moment ago), but at most `MISSES`
times a second in a process, so that a flood of unknown ids stays cheap.
"""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import models

from consent.publishing.models import Release
from consent.sites.models import Host, Site
from consent.sites.queries import suffixes

FRESH = 5.0
MISSES = 50
LARGEST = 2_000  # parsed releases kept


@dataclass(frozen=True, slots=True)
class PublishedRelease:
    """What an answer to this release may speak of."""

    number: int
    sha256: str
    categories: dict[str, bool]  # key → necessary
    purposes: dict[str, str | None]  # key → category
    services: dict[str, str]  # key → category
    variants: dict[str, dict[str, Any]]  # variant id → terms
    regimes: dict[str, dict[str, Any]]  # regime id → terms
    overrides: dict[str, Any]  # corrections of the jurisdictions table
    # Keys of what a visitor may refuse: categories, purposes, services.
    optional: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]] = ((), (), ())
    vectors: dict[bytes, Any] = field(default_factory=dict)  # what visitors said lately; see `validate.vector`

    def terms(self, regime: str) -> dict[str, Any] | None:
        """The terms of a variant id or of a regime id; None when the release has neither."""
        return self.variants.get(regime) or self.regimes.get(regime)


@dataclass(slots=True)
class PublishedSite:
    id: int
    uuid: UUID
    hosts: frozenset[str]
    record_path: bool
    killed: bool
    latest: int  # number of the newest release, 0 without one
    releases: dict[int, PublishedRelease] = field(default_factory=dict)

    def has_host(self, host: str) -> bool:
        """Whether the host is one of the site's or a subdomain of one."""
        return host in self.hosts or not self.hosts.isdisjoint(suffixes(host))


def _release(row: tuple[int, str, str]) -> PublishedRelease:
    number, sha256, text = row
    snapshot = json.loads(text)
    variants = snapshot.get("variants", {})
    regimes: dict[str, dict[str, Any]] = {}
    for variant, terms in sorted(variants.items(), key=lambda pair: len(pair[0])):
        regimes.setdefault(terms.get("regime") or variant.partition("-")[0], terms)
    categories = {c["key"]: bool(c.get("necessary")) for c in snapshot.get("categories", [])}
    purposes = {p["key"]: p.get("category") for p in snapshot.get("purposes", [])}
    services = {s["key"]: s["category"] for s in snapshot.get("services", [])}
    return PublishedRelease(
        number=number,
        sha256=sha256,
        categories=categories,
        purposes=purposes,
        services=services,
        optional=(
            tuple(key for key, necessary in categories.items() if not necessary),
            tuple(key for key, category in purposes.items() if not categories.get(category or "")),
            tuple(key for key, category in services.items() if not categories.get(category)),
        ),
        variants=variants,
        regimes=regimes,
        overrides=snapshot.get("jurisdictions", {}).get("overrides", {}),
    )


class View:
    """One per process; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sites: dict[UUID, PublishedSite] = {}
        self._hosts: set[str] = set()
        self._asked = float("-inf")
        self._misses = 0
        self._second = 0
        self._parsed = 0

    def site(self, uuid: UUID) -> PublishedSite | None:
        """The site with this public id."""
        if time.monotonic() - self._asked > FRESH:
            self.refresh()
        found = self._sites.get(uuid)
        return found if found or not self._may_ask() else self.reload(uuid)

    def release(self, site: PublishedSite, number: int) -> PublishedRelease | None:
        """A release of the site, the old ones too."""
        found = site.releases.get(number)
        if found is None and (number <= site.latest or self._may_ask()):
            rows = Release.objects.filter(site=site.id, number=number)
            row = rows.values_list("number", "sha256", "snapshot").first()
            if row:
                if self._parsed >= LARGEST:
                    self.forget_releases()
                self._parsed += 1
                found = site.releases[number] = _release(row)
        return found

    def has_host(self, site: PublishedSite, host: str) -> bool:
        """Like `site.has_host`, asking the database once more before it says no."""
        if site.has_host(host):
            return True
        fresh = self.reload(site.uuid) if self._may_ask() else None
        return fresh is not None and fresh.has_host(host)

    def any_site_has(self, host: str) -> bool:
        """Whether the host, or a parent of it, is one of any site in memory. No query."""
        return host in self._hosts or not self._hosts.isdisjoint(suffixes(host))

    def refresh(self, older_than: float = FRESH) -> None:
        """Reads all sites again, unless that was done less than `older_than` seconds ago: three queries."""
        if time.monotonic() - self._asked <= older_than:
            return
        sites, hosts, latest = _rows()  # not under the lock: a database that hangs must not stop the others
        with self._lock:
            self._sites = {
                uuid: self._made(pk, uuid, hosts.get(pk, ()), path, killed, latest.get(pk, 0))
                for pk, uuid, path, killed in sites
            }
            self._hosts = {host for site in self._sites.values() for host in site.hosts}
            self._asked = time.monotonic()

    def reload(self, uuid: UUID) -> PublishedSite | None:
        """Reads one site again."""
        sites, hosts, latest = _rows(uuid)
        with self._lock:
            for pk, known, path, killed in sites:
                self._hosts = self._hosts.union(hosts.get(pk, ()))
                self._sites[known] = self._made(pk, known, hosts.get(pk, ()), path, killed, latest.get(pk, 0))
            return self._sites.get(uuid) if sites else None

    def clear(self) -> None:
        """Forgets everything; for a process whose database was exchanged."""
        with self._lock:
            self._sites, self._hosts = {}, set()
            self._asked, self._parsed, self._misses = float("-inf"), 0, 0

    def forget_releases(self) -> None:
        with self._lock:
            for site in self._sites.values():
                site.releases.clear()
            self._parsed = 0

    def _made(self, pk: int, uuid: UUID, hosts: Any, record_path: bool, killed_at: Any, latest: int) -> PublishedSite:
        old = self._sites.get(uuid)
        # A release that is ahead of `latest` belongs to another database (a test's, a restored one): not kept.
        keep = old.releases if old and old.id == pk and max(old.releases, default=0) <= latest else {}
        return PublishedSite(pk, uuid, frozenset(hosts), record_path, killed_at is not None, latest, keep)

    def _may_ask(self) -> bool:
        second = int(time.monotonic())
        with self._lock:
            if second != self._second:
                self._second, self._misses = second, 0
            self._misses += 1
            return self._misses <= MISSES


def _rows(uuid: UUID | None = None) -> tuple[list[Any], dict[int, list[str]], dict[int, int]]:
    sites = Site.objects.all() if uuid is None else Site.objects.filter(uuid=uuid)
    found = Host.objects.all() if uuid is None else Host.objects.filter(site__uuid=uuid)
    releases = Release.objects.all() if uuid is None else Release.objects.filter(site__uuid=uuid)
    rows = list(sites.order_by().values_list("pk", "uuid", "record_path", "killed_at"))
    hosts: dict[int, list[str]] = {}
    for pk, name in found.values_list("site_id", "name"):
        hosts.setdefault(pk, []).append(name.lower())
    latest = dict(releases.order_by().values_list("site_id").annotate(models.Max("number")))
    return rows, hosts, latest


view = View()
