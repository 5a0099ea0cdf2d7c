"""What the intake needs to know of a site and of one of its releases. Whoever serves keeps them in memory and hands
them in (`cookiebanner.visitors.published`); they hold what releases say, and nothing of the draft."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from consent.sites.queries import suffixes


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


def published(number: int, sha256: str, snapshot: dict[str, Any]) -> PublishedRelease:
    """A release out of its snapshot. What an older form of it does not say: no hosts, no paths in records."""
    site = snapshot.get("site", {})
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
        hosts=frozenset(host.lower() for host in site.get("hosts", [])),
        record_path=site.get("record_path") is True,
        categories=categories,
        purposes=purposes,
        services=services,
        variants=variants,
        regimes=regimes,
        overrides=snapshot.get("jurisdictions", {}).get("overrides", {}),
        languages=tuple(snapshot.get("languages", [])),
        tested="test" in snapshot.get("banner", {}),
        optional=(
            tuple(key for key, necessary in categories.items() if not necessary),
            tuple(key for key, category in purposes.items() if not categories.get(category or "")),
            tuple(key for key, category in services.items() if not categories.get(category)),
        ),
        added_since=(_added_since(snapshot.get("purposes", [])), _added_since(snapshot.get("services", []))),
    )


def _added_since(rows: list[dict[str, Any]]) -> frozenset[str]:
    return frozenset(row["key"] for row in rows if row.get("added_since") is True)
