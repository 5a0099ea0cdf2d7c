"""Documents for tests."""

from __future__ import annotations

from datetime import date

from consent.policies import actions
from consent.policies.models import Document, DocumentVersion
from consent.sites.models import Site

WHO = "alice@example.net"


def written(site: Site, text: str = "We keep logs for 30 days.", **more: str) -> Document:
    """A document with a draft in English."""
    given = {"kind": "privacy", "title": "How we use data", "language": "en"} | more
    document = actions.add_document(site, WHO, **given)
    actions.save_draft(document, WHO, given["language"], text=text)
    return document


def published(document: Document, text: str = "", summary: str = "It changed.", why: str = "", *,
              effective_on: date | None = None, material: tuple[str, ...] = (), takes_back: bool = False) -> DocumentVersion:  # fmt: skip
    """The next version, with another text in its original when one is given."""
    parts = {"text": text} if text else {}
    actions.save_draft(document, WHO, document.original, summary=summary, why=why, **parts)
    return actions.publish_version(
        document,
        WHO,
        base=document.versions.count(),
        effective_on=effective_on,
        material=material,
        takes_back=takes_back,
    )
