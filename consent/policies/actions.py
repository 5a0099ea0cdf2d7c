"""Verbs of documents: drafts are written and rewritten, a version is published once and never changed."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, time
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from consent.common import InvalidChange, check
from consent.ledger.append import Stopped, append, draft_of
from consent.ledger.models import LogEntry
from consent.policies import markdown, queries
from consent.policies.models import Document, DocumentText, DocumentVersion
from consent.sites.models import Site
from consent.sites.queries import locked
from consent.trail.actions import audit

MOST_DOCUMENTS = 50
# Words by which lists of ad blockers name addresses: at such a one, some readers would find nothing.
LISTED = ("cookie", "consent", "gdpr", "dsgvo", "rgpd", "privacy", "policy", "policies", "banner", "notice", "cmp",
          "legal", "tracking", "tracker")  # fmt: skip
KEYS = {Document.Kind.PRIVACY: "data", Document.Kind.COOKIES: "storage", Document.Kind.TERMS: "terms"}
PARTS = ("title", "text", "summary", "why")


class Changed(InvalidChange):
    """Somebody else has written what was about to be replaced or published unseen."""


def state_of(texts: Mapping[str, Mapping[str, str]]) -> str:
    """What tells a draft ({language: its parts}) from one that was changed since."""
    said = [[language, *(own[name] for name in PARTS)] for language, own in sorted(texts.items())]
    return sha256(json.dumps(said).encode()).hexdigest()[:16]


# --- drafts -----------------------------------------------------------------------------------------------------------


@transaction.atomic
def add_document(site: Site, actor: str, *, kind: str, title: str, language: str, key: str = "") -> Document:
    """A document with an empty draft in its original language. `key`, its name in addresses, is made up when it is
    empty. Raises InvalidChange."""
    site = locked(site)
    if language not in site.languages:
        raise InvalidChange(_("The site does not speak %(language)s.") % {"language": language})
    if site.documents.count() >= MOST_DOCUMENTS:
        raise InvalidChange(_("A site has at most %(most)d documents.") % {"most": MOST_DOCUMENTS})
    key = key.strip().lower() or _free_key(site, kind)
    if listed := next((word for word in LISTED if word in key), ""):
        raise InvalidChange(
            _("Lists of ad blockers hide addresses with “%(word)s” in them: choose another name.") % {"word": listed}
        )
    if site.documents.filter(key=key).exists():
        raise InvalidChange(_("There is a document named %(key)s already.") % {"key": key})
    document = Document(site=site, kind=kind, key=key, original=language)
    check(document)
    document.save(force_insert=True)
    draft = DocumentText(document=document, language=language, title=title.strip())
    check(draft)
    draft.save(force_insert=True)
    audit(site, actor, "document.add", document=key, kind=kind, language=language)
    return document


def _free_key(site: Site, kind: str) -> str:
    name = KEYS.get(Document.Kind(kind), "text") if kind in Document.Kind.values else "text"
    taken = set(site.documents.values_list("key", flat=True))
    return next(key for n in range(1, MOST_DOCUMENTS + 2) if (key := name if n == 1 else f"{name}-{n}") not in taken)


@transaction.atomic
def save_draft(document: Document, actor: str, language: str, *, seen: str | None = None, **parts: str) -> DocumentText:
    """Writes what is given of a draft (`PARTS`) in one language; the first time adds the language. `seen`: the
    `state_of` the draft that whoever writes began with. Raises InvalidChange, also for a link that would lead nowhere,
    and Changed when somebody else has written in between."""
    site = locked(document.site)
    if unknown := set(parts) - set(PARTS):
        raise InvalidChange(f"A draft has no {', '.join(sorted(unknown))}.")
    if language not in site.languages:
        raise InvalidChange(_("The site does not speak %(language)s.") % {"language": language})
    draft = document.drafts.filter(language=language).first() or DocumentText(document=document, language=language)
    before = {name: getattr(draft, name) for name in PARTS}
    if seen is not None and seen != state_of({language: before} if draft.pk else {}):
        raise Changed(
            _(
                "Somebody else has saved this text meanwhile. What you typed is still here: look at the stored text, "
                "then save again to replace it."
            )  # fmt: skip
        )
    for name, value in parts.items():
        setattr(draft, name, value.replace("\r\n", "\n").replace("\x00", "").strip())
    check(draft)
    if refused := markdown.refused_links(draft.text) + markdown.refused_links(draft.summary):
        raise InvalidChange(
            _("These links lead nowhere: %(links)s. A link begins with https://, http://, mailto:, tel: or #.")
            % {"links": ", ".join(refused[:5])}
        )
    changed = [name for name in PARTS if getattr(draft, name) != before[name]]
    if changed or draft.pk is None:
        draft.save()
        audit(site, actor, "document.edit", document=document.key, language=language, changed=changed)
    return draft


@transaction.atomic
def remove_language(document: Document, actor: str, language: str) -> None:
    """Takes a language out of the draft; versions keep theirs. Raises InvalidChange for the original."""
    site = locked(document.site)
    if language == document.original:
        raise InvalidChange(_("The original stays: the other languages are its translations."))
    if document.drafts.filter(language=language).delete()[0]:
        audit(site, actor, "document.take_away", document=document.key, language=language)


@transaction.atomic
def delete_document(document: Document, actor: str) -> None:
    """Deletes a document that was never published. Raises InvalidChange for any other."""
    site = locked(document.site)
    if document.versions.exists():
        raise InvalidChange(_("What was published stays: people were told of it."))
    document.delete()
    audit(site, actor, "document.delete", document=document.key)


# --- versions ---------------------------------------------------------------------------------------------------------


@transaction.atomic
def publish_version(
    document: Document,
    actor: str,
    *,
    base: int,
    effective_on: date | None = None,
    material: Collection[str] = (),
    takes_back: bool = False,
    seen: str | None = None,
) -> DocumentVersion:
    """Makes the draft the document's next version, after version `base`, for ever; an entry of the ledger names the
    hash of each text. `effective_on`: a day to come, from whose midnight (UTC) on it is in force; None = at once.
    `material`: of what people are asked again (`category C0002`, `purpose mail`). `takes_back`: a change of which an
    earlier version was to ask, and whose place this one takes before its day, is not made. `seen`: the `state_of` the
    draft that was looked at.

    Raises InvalidChange: another version came between, nothing differs, something is missing; Changed.
    """
    site = locked(document.site)
    last = document.versions.last()
    number = last.number + 1 if last else 1
    if base != number - 1:
        raise InvalidChange(_("Version %(number)d was published meanwhile: look at it first.") % {"number": number - 1})
    texts = {draft.language: {name: getattr(draft, name) for name in PARTS} for draft in document.drafts.order_by("pk")}
    if seen is not None and seen != state_of(texts):
        raise Changed(_("Somebody has changed the draft meanwhile: look at it once more."))
    _check_version(document, last, texts, effective_on, material)
    if not takes_back:
        _check_unasked(document, effective_on, material)
    if not material:
        texts = {language: {**own, "why": ""} for language, own in texts.items()}
    record = record_of(document, number, document.original, texts, effective_on, sorted(material), actor)
    index, published_at = _log(site, document, number, record)
    version = DocumentVersion(
        document=document,
        number=number,
        original=document.original,
        texts=texts,
        material=sorted(material),
        published_by=actor,
        published_at=published_at,
        effective_on=effective_on,
        effective_at=moment_of(effective_on, published_at),
        entry=index,
    )
    check(version)
    version.save(force_insert=True)
    document.drafts.update(summary="", why="")
    when = {"effective_on": effective_on.isoformat()} if effective_on else {}
    audit(site, actor, "document.publish", document=document.key, number=number, **when)
    return version


def record_of(
    document: Document,
    number: int,
    original: str,
    texts: dict[str, dict[str, str]],
    effective_on: date | None,
    material: list[str],
    published_by: str,
) -> dict[str, Any]:
    """What the ledger holds of a version (docs/reference/ledger.md)."""
    return {
        "document": document.key,
        "kind": document.kind,
        "version": number,
        "original": original,
        "texts": {language: markdown.digest(own["title"], own["text"]) for language, own in texts.items()},
        "summary": {language: own["summary"] for language, own in texts.items() if own["summary"]},
        "effective_on": effective_on.isoformat() if effective_on else "",
        "published_by": published_by,
        **(
            {"material": material, "why": {language: own["why"] for language, own in texts.items() if own["why"]}}
            if material
            else {}
        ),
    }


def record_id(site: Site, key: str, number: int) -> UUID:
    """The id of a version's entry in the ledger."""
    return uuid5(site.uuid, f"document/{key}/{number}")


def moment_of(effective_on: date | None, published_at: datetime) -> datetime:
    """When a version comes into effect."""
    return datetime.combine(effective_on, time(), UTC) if effective_on else published_at


def _check_version(
    document: Document,
    last: DocumentVersion | None,
    texts: dict[str, dict[str, str]],
    effective_on: date | None,
    material: Collection[str],
) -> None:
    original = texts[document.original]
    if empty := [language for language, own in texts.items() if not own["title"] or not own["text"]]:
        raise InvalidChange(_("There is no text yet in %(languages)s.") % {"languages": ", ".join(empty)})
    if effective_on is not None and effective_on <= timezone.now().date():
        raise InvalidChange(_("The day must lie ahead; without one, the version is in force at once."))
    if last and _content(last.texts) == _content(texts):
        raise InvalidChange(_("Nothing differs from version %(number)d.") % {"number": last.number})
    if last and not original["summary"]:
        raise InvalidChange(_("Say in a few words what changed: it stands under “Recent changes”."))
    if material and not last:
        raise InvalidChange(_("A first version changes nothing of which people were told."))
    if material and not original["why"]:
        raise InvalidChange(_("Say in a sentence why people are asked again."))
    if unknown := sorted(set(material) - things(document.site)):
        raise InvalidChange(_("Nobody is asked about %(what)s.") % {"what": ", ".join(unknown)})


def _check_unasked(document: Document, effective_on: date | None, material: Collection[str]) -> None:
    """What an earlier version changed, and will never ask about, since this one is in force before it."""
    begins = moment_of(effective_on, timezone.now())
    for one in queries.announced(document):
        lost = sorted(set(one.material) - set(material))
        if lost and begins <= one.effective_at:
            raise InvalidChange(
                _(
                    "Version %(number)d was to ask people again about %(what)s and will never be in force. Ask about "
                    "it with this version, or say that the change is taken back."
                )
                % {"number": one.number, "what": ", ".join(lost)}
            )


def _content(texts: dict[str, dict[str, str]]) -> dict[str, tuple[str, str]]:
    return {language: (own["title"], own["text"]) for language, own in texts.items()}


def things(site: Site) -> set[str]:
    """What people can be asked again: categories that may be refused, and purposes."""
    categories = site.categories.filter(necessary=False).values_list("key", flat=True)
    return {f"category {key}" for key in categories} | {
        f"purpose {key}" for key in site.purposes.values_list("key", flat=True)
    }


def _log(site: Site, document: Document, number: int, record: dict[str, Any]) -> tuple[int, datetime]:
    """The entry of a version and its time. Raises InvalidChange when the ledger takes none."""
    draft = draft_of(site.pk, site.uuid, LogEntry.Type.DOCUMENT, record, record_id(site, document.key, number))
    try:
        [outcome] = append([draft])
    except Stopped:
        raise InvalidChange(
            _("The ledger of %(site)s takes no entries; see manage.py restart_log.") % {"site": site.name}
        ) from None
    if outcome.status != "created" or outcome.index is None or outcome.received_at is None:
        raise InvalidChange(f"The ledger has this version already ({outcome.status}).")
    return outcome.index, outcome.received_at
