"""What the intake needs to know of a site and of one of its releases. Whoever serves keeps them in memory and hands
them in (`cookiebanner.visitors.published`); they hold what releases say, and nothing of the draft.

What releases have alike (the terms of laws, the services of sites that were made after one) is in memory once: don't
change any of it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from consent.sites.queries import suffixes

MOST_SHARED = 10_000  # parts of releases that are remembered for the next one
_encode = msgspec.json.Encoder().encode
_shared: dict[tuple[str, bytes], Any] = {}  # by type and SHA-256 of its JSON
Part = TypeVar("Part")


@dataclass(frozen=True, slots=True)
class PublishedRelease:
    """What an answer to this release may speak of, and from where it may come."""

    number: int
    sha256: str
    hosts: frozenset[str]
    record_path: bool  # keep the page's path in records
    categories: dict[str, bool]  # key → necessary
    purposes: dict[str, str | None]  # key → category
    services: dict[str, str]  # key → category
    variants: dict[str, dict[str, Any]]  # variant id → terms
    regimes: dict[str, dict[str, Any]]  # regime id → terms
    overrides: dict[str, Any]  # corrections of the jurisdictions table
    languages: tuple[str, ...] = ()
    # Keys of what a visitor may refuse: categories, purposes, services.
    optional: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]] = ((), (), ())
    tested: bool = False  # shows one of two banners
    # Purposes and services that the banner before ours did not ask about.
    added_since: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
    vectors: dict[bytes, Any] = field(default_factory=dict)  # what visitors said lately; see `validate.vector`

    def terms(self, regime: str) -> dict[str, Any] | None:
        """The terms of a variant id or of a regime id; None when the release has neither."""
        return self.variants.get(regime) or self.regimes.get(regime)

    def has_host(self, host: str) -> bool:
        """Whether the host is one of the release's or a subdomain of one."""
        return among(host, self.hosts)


@dataclass(slots=True)
class PublishedSite:
    """The site that a release belongs to."""

    id: int
    uuid: UUID


def among(host: str, names: frozenset[str]) -> bool:
    """Whether the host is one of the names or a subdomain of one."""
    return host in names or not names.isdisjoint(suffixes(host))


def published(number: int, digest: str, snapshot: dict[str, Any]) -> PublishedRelease:
    """A release out of its snapshot, whose SHA-256 is `digest` (hex). What an older form does not say: no hosts, no
    paths in records."""
    site = snapshot.get("site", {})
    variants = {variant: _share(terms) for variant, terms in snapshot.get("variants", {}).items()}
    regimes: dict[str, dict[str, Any]] = {}
    for variant, terms in sorted(variants.items(), key=lambda pair: len(pair[0])):
        regimes.setdefault(terms.get("regime") or variant.partition("-")[0], terms)
    categories = _share({c["key"]: bool(c.get("necessary")) for c in snapshot.get("categories", [])})
    purposes = _share({p["key"]: p.get("category") for p in snapshot.get("purposes", [])})
    services = _share({s["key"]: s["category"] for s in snapshot.get("services", [])})
    return PublishedRelease(
        number=number,
        sha256=digest,
        hosts=frozenset(host.lower() for host in site.get("hosts", [])),
        record_path=site.get("record_path") is True,
        categories=categories,
        purposes=purposes,
        services=services,
        variants=_share(variants),
        regimes=_share(regimes),
        overrides=snapshot.get("jurisdictions", {}).get("overrides", {}),
        languages=tuple(snapshot.get("languages", [])),
        tested="test" in snapshot.get("banner", {}),
        optional=_share(
            (
                tuple(key for key, necessary in categories.items() if not necessary),
                tuple(key for key, category in purposes.items() if not categories.get(category or "")),
                tuple(key for key, category in services.items() if not categories.get(category)),
            )
        ),
        vectors=_share({}, of=(categories, purposes, services)),
        added_since=(_added_since(snapshot.get("purposes", [])), _added_since(snapshot.get("services", []))),
    )


def _share(part: Part, of: object = None) -> Part:
    """An equal part of a release before, else this one; `of`: what makes it equal, if not what is in it."""
    key = (type(part).__name__, sha256(_encode(part if of is None else of)).digest())
    if len(_shared) > MOST_SHARED and key not in _shared:
        _shared.clear()
    return _shared.setdefault(key, part)


def _added_since(rows: list[dict[str, Any]]) -> frozenset[str]:
    return frozenset(row["key"] for row in rows if row.get("added_since") is True)
