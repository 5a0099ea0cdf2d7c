"""What is in force, when; what differs from the version before."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils import timezone

from consent.banners import languages
from consent.policies import markdown
from consent.policies.changes import Comparison, compare
from consent.policies.models import Document, DocumentVersion
from consent.sites.models import Site


def in_force_of(versions: Iterable[DocumentVersion], moment: datetime | None = None) -> DocumentVersion | None:
    """Of the versions of one document, the one in force at a moment: the highest number that has come into effect."""
    at = moment or timezone.now()
    return max((one for one in versions if one.effective_at <= at), key=lambda one: one.number, default=None)


def in_force(site: Site, moment: datetime | None = None, before: int | None = None) -> list[DocumentVersion]:
    """The version of each document that was in force at a moment; `before`: only what the ledger held before this
    entry. One query for a site without documents, else two."""
    versions = DocumentVersion.objects.filter(document__site=site).defer("texts")
    if before is not None:
        versions = versions.filter(entry__lt=before)
    found: dict[int, list[DocumentVersion]] = {}
    for version in versions:
        found.setdefault(version.document_id, []).append(version)
    chosen = [one.pk for some in found.values() if (one := in_force_of(some, moment))]
    if not chosen:
        return []
    return list(DocumentVersion.objects.filter(pk__in=chosen).select_related("document").order_by("document_id"))


def announced(document: Document) -> list[DocumentVersion]:
    """Versions with a material change whose day has not come, and which no later one takes the place of before it."""
    versions = list(document.versions.all())
    now = timezone.now()
    return [one for one in versions if one.material and one.effective_at > now and not _was_never(one, versions)]


def replaced_at(version: DocumentVersion, versions: Iterable[DocumentVersion]) -> datetime | None:
    """When a later version took its place, or will; None while none has been published."""
    later = [one.effective_at for one in versions if one.number > version.number]
    return min(later, default=None)


def language_for(version: DocumentVersion, wanted: Iterable[str]) -> str:
    """The language to show a version in: the first wish that it has, else the original."""
    offered = tuple(version.texts)
    return next((found for wish in wanted if (found := languages.nearest(offered, wish))), version.original)


def differences(before: DocumentVersion | None, texts: dict[str, dict[str, str]], language: str) -> Comparison:
    """What differs in one language from the version before, whose text in it may be none."""
    old = before.texts.get(language, {}) if before else {}
    new = texts.get(language, {})
    return compare(*([own.get("title", ""), *markdown.paragraphs(own.get("text", ""))] if own else []
                     for own in (old, new)))  # fmt: skip


def draft_texts(document: Document) -> dict[str, dict[str, str]]:
    """The draft of a document, as a version holds its texts."""
    return {one.language: {"title": one.title, "text": one.text, "summary": one.summary, "why": one.why}
            for one in document.drafts.all()}  # fmt: skip


def material_changes(site: Site, moment: datetime | None = None) -> list[DocumentVersion]:
    """The versions that were ever in force until then and changed something of which people are asked again, the newest
    first."""
    at = moment or timezone.now()
    rows = DocumentVersion.objects.filter(document__site=site).defer("texts")
    of_document: dict[int, list[DocumentVersion]] = {}
    for row in rows:
        of_document.setdefault(row.document_id, []).append(row)
    chosen = [
        row.pk
        for versions in of_document.values()
        for row in versions
        if row.material and row.effective_at <= at and not _was_never(row, versions)
    ]
    if not chosen:
        return []
    found = DocumentVersion.objects.filter(pk__in=chosen).select_related("document")
    return sorted(found, key=lambda one: (one.effective_at, one.entry), reverse=True)


def _was_never(version: DocumentVersion, versions: Iterable[DocumentVersion]) -> bool:
    """Whether it was replaced before its day."""
    end = replaced_at(version, versions)
    return end is not None and end <= version.effective_at


def asked_again(site: Site, moment: datetime | None = None) -> list[dict[str, Any]]:
    """Why people are asked again, as a release holds it, the newest first: the document's version, its title and the
    owner's words by language, and what is asked."""
    return [
        {
            "document": one.document.key,
            "version": one.number,
            "things": list(one.material),
            "texts": {
                language: {"title": own["title"], "why": own["why"]}
                for language, own in sorted(one.texts.items(), key=lambda pair: pair[0] != one.original)
                if own["why"]
            },
        }
        for one in material_changes(site, moment)
    ]
