"""Documents in versions: drafts are read and written, versions are published, read and compared."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from consent.policies import actions, markdown, queries
from consent.policies.changes import Comparison
from consent.policies.models import (
    LONGEST_SUMMARY,
    LONGEST_TEXT,
    LONGEST_TITLE,
    LONGEST_WHY,
    Document,
    DocumentVersion,
)
from consent.sites.roles import May
from cookiebanner.admin_api.base import AdminView, Query, Strict
from cookiebanner.admin_api.openapi import Does
from cookiebanner.admin_api.sites import when

MOST_PARAGRAPHS = 1_000  # of a comparison


class DocumentIn(Strict):
    kind = serializers.ChoiceField(Document.Kind.choices)
    title = serializers.CharField(max_length=LONGEST_TITLE)
    language = serializers.CharField(max_length=20, help_text="Of the text that counts; one of the site's")
    key = serializers.CharField(max_length=40, required=False, help_text="Its name in addresses; else one is made up.")


class DocumentOut(serializers.Serializer):
    key = serializers.CharField()
    kind = serializers.CharField()
    original = serializers.CharField(help_text="The language of the text that counts")
    created_at = serializers.DateTimeField()
    languages = serializers.ListField(child=serializers.CharField(), help_text="Of the draft")
    versions = serializers.IntegerField(help_text="How many were published; the newest has this number.")
    in_force = serializers.IntegerField(allow_null=True, help_text="The version in force")


class DocumentDraftIn(Strict):
    """What is not given stays."""

    title = serializers.CharField(max_length=LONGEST_TITLE, required=False)
    text = serializers.CharField(max_length=LONGEST_TEXT, required=False, allow_blank=True, help_text="Markdown")
    summary = serializers.CharField(
        max_length=LONGEST_SUMMARY, required=False, allow_blank=True, help_text="What the next version changes"
    )
    why = serializers.CharField(
        max_length=LONGEST_WHY, required=False, allow_blank=True, help_text="Of a material change: why people are asked"
    )


class DocumentDraftOut(serializers.Serializer):
    language = serializers.CharField()
    title = serializers.CharField()
    text = serializers.CharField(allow_blank=True)
    summary = serializers.CharField(allow_blank=True)
    why = serializers.CharField(allow_blank=True)


class VersionIn(Strict):
    base = serializers.IntegerField(min_value=0, help_text="The newest version that you looked at; 0 = none")
    effective_on = serializers.DateField(
        required=False, allow_null=True, default=None, help_text="A day to come, from its midnight (UTC) on"
    )
    material = serializers.ListField(
        child=serializers.CharField(max_length=100),
        required=False,
        default=list,
        max_length=200,
        help_text="What people are asked again about: `category C0002`, `purpose mail`.",
    )
    takes_back = serializers.BooleanField(
        required=False,
        default=False,
        help_text="The change that a version was to ask about, whose place this one takes before its day, is not made.",
    )


class VersionOut(serializers.Serializer):
    number = serializers.IntegerField()
    published_by = serializers.CharField()
    published_at = serializers.DateTimeField()
    effective_at = serializers.DateTimeField()
    replaced_at = serializers.DateTimeField(allow_null=True)
    material = serializers.ListField(child=serializers.CharField())
    ledger_entry = serializers.IntegerField()
    sha256 = serializers.DictField(child=serializers.CharField(), help_text="{language: of its text, as in the ledger}")


class VersionText(serializers.Serializer):
    title = serializers.CharField()
    text = serializers.CharField()
    summary = serializers.CharField(allow_blank=True)
    why = serializers.CharField(allow_blank=True)


class VersionWithTexts(VersionOut):
    original = serializers.CharField()
    texts = serializers.DictField(child=VersionText(), help_text="{language: text}")


class Piece(serializers.Serializer):
    kind = serializers.ChoiceField(["same", "added", "removed"])
    text = serializers.CharField()


class Paragraph(serializers.Serializer):
    kind = serializers.ChoiceField(["added", "removed", "changed"])
    pieces = Piece(many=True)


class Compared(serializers.Serializer):
    """The paragraphs that differ, word by word."""

    language = serializers.CharField()
    against = serializers.IntegerField(allow_null=True, help_text="The version before; null before the first")
    added = serializers.IntegerField(help_text="Words")
    removed = serializers.IntegerField(help_text="Words")
    paragraphs = Paragraph(many=True, help_text=f"At most {MOST_PARAGRAPHS:,}")
    more = serializers.IntegerField(help_text="Paragraphs that differ and are not shown")


class OfLanguage(Strict):
    language = serializers.CharField(max_length=20, required=False, default="", help_text="Else the original's")


def document_data(document: Document) -> dict[str, Any]:
    """A document as it is shown."""
    versions = list(document.versions.defer("texts"))
    current = queries.in_force_of(versions)
    return {
        **{name: getattr(document, name) for name in ("key", "kind", "original")},
        "created_at": when(document.created_at),
        "languages": list(document.drafts.values_list("language", flat=True)),
        "versions": len(versions),
        "in_force": current.number if current else None,
    }


def version_data(version: DocumentVersion, every: list[DocumentVersion]) -> dict[str, Any]:
    """A version as lists show it; `every` are those of its document."""
    return {
        "number": version.number,
        "published_by": version.published_by,
        "published_at": when(version.published_at),
        "effective_at": when(version.effective_at),
        "replaced_at": when(queries.replaced_at(version, every)),
        "material": list(version.material),
        "ledger_entry": version.entry,
        "sha256": {language: markdown.digest(own["title"], own["text"]) for language, own in version.texts.items()},
    }


def compared_data(found: Comparison, language: str, against: int | None) -> dict[str, Any]:
    """What differs, as it is shown."""
    changed = found.changed
    return {
        "language": language,
        "against": against,
        "added": found.added,
        "removed": found.removed,
        "paragraphs": [
            {"kind": one.kind, "pieces": [piece._asdict() for piece in one.pieces]} for one in changed[:MOST_PARAGRAPHS]
        ],
        "more": max(0, len(changed) - MOST_PARAGRAPHS),
    }


class DocumentsView(AdminView):
    """The documents of a site. A new one has an empty draft in its original language."""

    tag = "documents"
    does = {
        "GET": Does("list_documents", May.VIEW, DocumentOut, query=Query, page=True),
        "POST": Does("add_document", May.EDIT, DocumentOut, body=DocumentIn, status=201),
    }

    def get(self, request: Request, site: UUID) -> Response:
        return self.page(self.own.documents.all(), "pk", document_data, self.asked(Query))

    def create(self, request: Request, **kwargs: Any) -> Response:
        made = actions.add_document(self.own, self.actor, **self.given(DocumentIn))
        response = self.shown(document_data(made), 201)
        response["Location"] = f"{request.path}/{made.key}"
        return response


class _OfDocument(AdminView):
    tag = "documents"

    def document(self) -> Document:
        """The one of the address."""
        found = self.own.documents.filter(key=self.kwargs["key"]).first()
        if found is None:
            raise Http404
        return found

    def drafts(self) -> dict[str, dict[str, str]]:
        """The draft in each language."""
        return queries.draft_texts(self.document())

    def versions(self) -> tuple[DocumentVersion, list[DocumentVersion]]:
        """The version of the address, and all of its document."""
        every = list(self.document().versions.all())
        found = next((one for one in every if one.number == self.kwargs["number"]), None)
        if found is None:
            raise Http404
        return found, every

    def compared(
        self, before: DocumentVersion | None, texts: dict[str, dict[str, str]], original: str, language: str
    ) -> Response:
        """What texts differ by from the version before, in a language that one of the two has."""
        wanted = language or original
        if wanted not in {*texts, *(before.texts if before else ())}:
            raise Http404
        found = queries.differences(before, texts, wanted)
        return self.shown(compared_data(found, wanted, before.number if before else None))


class DocumentView(_OfDocument):
    """One document. DELETE takes away one that was never published."""

    does = {
        "GET": Does("read_document", May.VIEW, DocumentOut),
        "DELETE": Does("delete_document", May.EDIT, guarded=True),
    }

    def get(self, request: Request, site: UUID, key: str) -> Response:
        return self.shown(document_data(self.document()))

    def delete(self, request: Request, site: UUID, key: str) -> Response:
        document = self.document()

        def read() -> dict[str, Any] | None:
            row = self.own.documents.filter(pk=document.pk).first()
            return document_data(row) if row else None

        return self.change(read, lambda: actions.delete_document(document, self.actor))


class DocumentDraftView(_OfDocument):
    """The draft in one language. PUT writes it, and adds the language when it is not there; DELETE takes a translation
    out of the draft, and out of no version."""

    does = {
        "GET": Does("read_document_draft", May.VIEW, DocumentDraftOut),
        "PUT": Does("write_document_draft", May.EDIT, DocumentDraftOut, body=DocumentDraftIn, guarded=True, makes=True),
        "DELETE": Does("remove_document_language", May.EDIT, guarded=True),
    }

    def reader(self, language: str) -> Callable[[], dict[str, Any] | None]:
        """Reads it as it is shown."""

        def read() -> dict[str, Any] | None:
            own = self.drafts().get(language)
            return {"language": language, **own} if own else None

        return read

    def get(self, request: Request, site: UUID, key: str, language: str) -> Response:
        found = self.reader(language)()
        if found is None:
            raise Http404
        return self.shown(found)

    def put(self, request: Request, site: UUID, key: str, language: str) -> Response:
        parts = self.given(DocumentDraftIn)
        document = self.document()
        return self.change(self.reader(language), lambda: actions.save_draft(document, self.actor, language, **parts))

    def delete(self, request: Request, site: UUID, key: str, language: str) -> Response:
        document = self.document()
        if self.reader(language)() is None:
            raise Http404
        return self.change(self.reader(language), lambda: actions.remove_language(document, self.actor, language))


class DraftDifferencesView(_OfDocument):
    """What the draft changes in one language against the newest version."""

    does = {"GET": Does("compare_document_draft", May.VIEW, Compared, query=OfLanguage)}

    def get(self, request: Request, site: UUID, key: str) -> Response:
        document = self.document()
        return self.compared(
            document.versions.last(), self.drafts(), document.original, self.asked(OfLanguage)["language"]
        )


class VersionsView(_OfDocument):
    """The versions of a document, the newest first. POST publishes the draft in all its languages, for ever."""

    does = {
        "GET": Does("list_document_versions", May.VIEW, VersionOut, query=Query, page=True),
        "POST": Does("publish_document", May.PUBLISH, VersionWithTexts, body=VersionIn, status=201),
    }

    def get(self, request: Request, site: UUID, key: str) -> Response:
        asked, document = self.asked(Query), self.document()
        every = list(document.versions.defer("texts"))
        return self.page(document.versions.all(), "number", lambda one: version_data(one, every), asked, newest=True)

    def create(self, request: Request, **kwargs: Any) -> Response:
        document = self.document()
        made = actions.publish_version(document, self.actor, **self.given(VersionIn))
        response = self.shown(_whole(made, list(document.versions.all())), 201)
        response["Location"] = f"{request.path}/{made.number}"
        return response


def _whole(version: DocumentVersion, every: list[DocumentVersion]) -> dict[str, Any]:
    return {**version_data(version, every), "original": version.original, "texts": version.texts}


class VersionView(_OfDocument):
    """One version, with its texts."""

    does = {"GET": Does("read_document_version", May.VIEW, VersionWithTexts)}

    def get(self, request: Request, site: UUID, key: str, number: int) -> Response:
        return self.shown(_whole(*self.versions()))


class VersionDifferencesView(_OfDocument):
    """What a version changed in one language against the one before."""

    does = {"GET": Does("compare_document_version", May.VIEW, Compared, query=OfLanguage)}

    def get(self, request: Request, site: UUID, key: str, number: int) -> Response:
        version, every = self.versions()
        before = next((one for one in every if one.number == number - 1), None)
        return self.compared(before, version.texts, version.original, self.asked(OfLanguage)["language"])
