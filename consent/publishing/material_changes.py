"""Material changes of documents that have taken effect, and about which no release has asked people yet.

Such a change does not wait for somebody who publishes: what is live is published once more, with the marks of the
change and nothing else. It begins once: after a rollback to a release of before, nothing begins again by itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from consent.ledger.models import LogEntry
from consent.policies import queries as policies
from consent.policies.models import DocumentVersion
from consent.publishing import queries, rendered, slots
from consent.publishing.models import LONGEST_NOTE
from consent.publishing.snapshot import Snapshot, asking_again
from consent.sites.models import Site

APPROVAL, REQUEST, RULES = "approval", "request", "rules"  # what may be in the way


class Due(NamedTuple):
    """The changes, the newest first, and the content that asks about them, to follow the release `base`; `hindrance`:
    why nothing begins by itself, or ""."""

    versions: list[DocumentVersion]
    content: Snapshot
    base: int
    hindrance: str

    @property
    def names(self) -> list[str]:
        """The versions as a release's marks name them."""
        return [f"{one.document.key}/{one.number}" for one in self.versions]

    @property
    def note(self) -> str:
        """What the list of releases says."""
        return ", ".join(f"{one.title}, version {one.number}" for one in self.versions)[:LONGEST_NOTE]


def due(site: Site) -> Due | None:
    """What is to begin now; None when nothing is: each change was asked about, or what is live offers nothing that it
    touches."""
    site = Site.objects.get(pk=site.pk)
    changes = policies.material_changes(site)
    release = site.releases.order_by("-number").first() if changes else None
    if release is None:
        return None
    live = json.loads(release.snapshot)
    asked = _asked(live)
    versions = [one for one in changes if _place(one) not in asked and not _asked_since(site, one)]
    wanted = asked | {_place(one) for one in versions}
    marks = [one for one in policies.asked_again(site) if (one["document"], one["version"]) in wanted]
    content = asking_again(live, marks)
    if not versions or slots.names_of(content) == slots.names_of(live):
        return None
    return Due(versions, content, release.number, _hindrance(site, content))


def sites() -> Iterable[Site]:
    """Those with a material change in any version: of others, nothing is ever due."""
    rows = DocumentVersion.objects.exclude(material=[]).values("document__site")
    return Site.objects.filter(pk__in=rows).order_by("pk")


def _hindrance(site: Site, content: Snapshot) -> str:
    if site.publish_needs_approval:
        return APPROVAL
    # It is to follow the release that is live now: one in between would end it.
    if site.publish_requests.filter(ended_at=None).exists():
        return REQUEST
    findings = rendered.check(site, content, queries.sign_offs(site))
    return RULES if any(finding.blocks for finding in findings) else ""


def _asked_since(site: Site, version: DocumentVersion) -> bool:
    """Whether a release since its publication asked about it."""
    later = LogEntry.objects.filter(site_id=site.pk, type=LogEntry.Type.RELEASE, index__gt=version.entry)
    hashes = list(later.values_list("release_hash", flat=True))
    texts = site.releases.filter(sha256__in=hashes).values_list("snapshot", flat=True).iterator(1)
    return any(_place(version) in _asked(json.loads(text)) for text in texts)


def _asked(content: Mapping[str, Any]) -> set[tuple[str, int]]:
    return {(one["document"], one["version"]) for one in content.get("asked_again", ())}


def _place(version: DocumentVersion) -> tuple[str, int]:
    return version.document.key, version.number
