"""Documents in versions: drafts, a language each, beside how they will look; what a version changes; publishing."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext as _

from consent.banners import texts
from consent.banners.models import TextReview
from consent.common import InvalidChange
from consent.notices.kinds import HINDRANCES
from consent.policies import actions, markdown, queries, reviews
from consent.policies.changes import Comparison
from consent.policies.models import Document, DocumentVersion
from consent.policies.page_text import PageText, page_text
from consent.publishing import material_changes
from consent.publishing import queries as publishing
from consent.scanner.page import decode
from consent.sites.models import Site
from consent.sites.roles import May, can
from cookiebanner.dashboard import page_reader
from cookiebanner.dashboard.document_forms import AddDocument, DraftText, ImportText, PublishVersion
from cookiebanner.dashboard.forms import LANGUAGE_NAMES
from cookiebanner.staff.pages import PageRequest, actor, on_site, show
from cookiebanner.templatetags.fairgate import own_name

MOST_SHOWN = 200  # paragraphs of a comparison


@on_site(May.VIEW)
def documents(request: PageRequest, site: Site) -> HttpResponse:
    """All of them, with what is in force; a new one is added here."""
    form = AddDocument(site, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.add_document(site, actor(request), **form.cleaned_data)
        except InvalidChange as error:
            form.add_error(None, str(error))
        else:
            return redirect("dashboard:document", uuid=site.uuid, document=made.key)
    rows = site.documents.prefetch_related("drafts", "versions")
    return show(
        request, "dashboard/documents.html", site, form=form, rows=[_Row(one) for one in rows],
        waiting=_waiting(site),
    )  # fmt: skip


def _waiting(site: Site) -> list[tuple[DocumentVersion, str]]:
    """The material changes of which what is live asks nobody yet, and what will happen."""
    content = publishing.snapshot_of(site) or {}
    asked = [(one["document"], one["version"]) for one in content.get("asked_again", ())]
    due = material_changes.due(site)
    found = []
    for version in queries.material_changes(site):
        if (version.document.key, version.number) in asked:
            continue
        if due is None or version not in due.versions:
            words = _("The next release does.")
        elif due.hindrance:
            words = gettext(HINDRANCES[due.hindrance])
        else:
            words = _("A release that does, and changes nothing else, is published within minutes, by itself.")
        found.append((version, words))
    return found


class _Row:
    """A document as the list and its own page tell of it."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.versions = list(document.versions.all())
        self.drafts = queries.draft_texts(document)
        self.in_force = queries.in_force_of(self.versions)
        self.last: DocumentVersion | None = self.versions[-1] if self.versions else None
        self.upcoming = [one for one in self.versions if one.effective_at > timezone.now()]
        self.title = self.drafts[document.original]["title"]
        self.languages = [(code, LANGUAGE_NAMES.get(code, code)) for code in self.drafts]
        before = self.last.texts if self.last else {}
        self.differs = {code: (own["title"], own["text"]) for code, own in self.drafts.items()} != {
            code: (own["title"], own["text"]) for code, own in before.items()
        }


def _document(site: Site, key: str) -> Document:
    return get_object_or_404(site.documents.prefetch_related("drafts", "versions"), key=key)


@on_site(May.VIEW)
def document(request: PageRequest, site: Site, document: str) -> HttpResponse:
    """The draft in one language, and how it looks; saved, looked at, or filled from a page that exists."""
    found = _document(site, document)
    language = request.POST.get("language") or request.GET.get("language") or found.original
    drafts = queries.draft_texts(found)
    if language not in {*site.languages, *drafts}:
        raise Http404
    stored = drafts.get(language, {})
    does = request.POST.get("do", "")
    form = DraftText(request.POST if does in ("save", "look") else None, initial=stored)
    importing = ImportText(request.POST if does == "import" else None, request.FILES if does == "import" else None)
    read: PageText | None = None
    if does in ("save", "remove", "delete", "review"):
        if done := _done(request, site, found, language, form):
            return done
    elif does == "import" and importing.is_valid():
        read = _read(importing)
        if read:
            form = DraftText(initial={**stored, "title": read.title or stored.get("title", ""), "text": read.text})
    text = str(form["text"].value() or "")
    return show(
        request, "dashboard/document.html", site,
        row=_Row(found), form=form, importing=importing, language=language, direction=texts.direction(language),
        language_name=LANGUAGE_NAMES.get(language, language),
        languages=[(code, LANGUAGE_NAMES.get(code, code)) for code in site.languages],
        is_original=language == found.original, is_stored=bool(stored), unsaved=does in ("look", "import"),
        seen=_seen(request, found, language), html=markdown.to_html(text), title=form["title"].value() or "",
        links=markdown.refused_links(text), read=read, lost=_lost(read) if read else [],
        addresses=addresses(request, site, found), read_by=_read_by(found, drafts),
    )  # fmt: skip


def _seen(request: HttpRequest, found: Document, language: str) -> str:
    """The state of the draft that the form begins with: after a look, the one from before it; after a refusal, the one
    that is stored now, so that the next save replaces it."""
    if request.POST.get("do") == "look" and "seen" in request.POST:
        return request.POST["seen"]
    stored = queries.draft_texts(found)
    return actions.state_of({language: stored[language]} if language in stored else {})


def _read_by(found: Document, drafts: dict[str, dict[str, str]]) -> list[tuple[str, str, TextReview | None]]:
    """(language, its name, the review that holds) of each language that the draft is in."""
    held = reviews.of(found, drafts)
    return [(code, LANGUAGE_NAMES.get(code, code), held.get(code)) for code in drafts]


def _done(request: HttpRequest, site: Site, found: Document, language: str, form: DraftText) -> HttpResponse | None:
    """Saves, takes a language away or deletes, and where to go then; None, with the form's errors, when it can't be."""
    does, who = request.POST["do"], actor(request)
    try:
        if does == "delete":
            actions.delete_document(found, who)
            messages.success(request, _("The document is deleted."), "good")
            return redirect("dashboard:documents", uuid=site.uuid)
        if does == "remove":
            actions.remove_language(found, who, language)
            return redirect("dashboard:document", uuid=site.uuid, document=found.key)
        if does == "review":
            return _review(request, found, language)
        if not form.is_valid():
            return None
        actions.save_draft(found, who, language, seen=request.POST.get("seen"), **form.cleaned_data)
    except InvalidChange as error:
        if does == "save":
            form.add_error(None, str(error))
            return None
        messages.error(request, str(error), "bad")
    else:
        messages.success(request, _("The draft is saved. Visitors see it once it is published."), "good")
    where = reverse("dashboard:document", kwargs={"uuid": site.uuid, "document": found.key})
    return redirect(f"{where}?{urlencode({'language': language})}")


def _review(request: HttpRequest, found: Document, language: str) -> HttpResponse:
    """Somebody has read the draft in a language, or takes that back. Raises InvalidChange."""
    if "undo" in request.POST:
        reviews.unsign(found, actor(request), language)
    else:
        reviews.sign(found, actor(request), language, request.POST.get("signed_by", ""))
    messages.success(request, _("Saved."), "good")
    return redirect("dashboard:document", uuid=found.site.uuid, document=found.key)


def _read(form: ImportText) -> PageText | None:
    """The text of what was given; None, with the form's errors, when it can't be read."""
    given = form.cleaned_data
    source, address = given["pasted"], given["address"]
    if given["file"]:
        source = decode(given["file"].read())
    elif address and not source:
        try:
            source = page_reader.read(address)
        except page_reader.Unreadable as error:
            form.add_error("address", str(error))
            return None
    found = page_text(source, address)
    if not found.text:
        form.add_error(None, _("There is no text in it."))
        return None
    return found


def _lost(read: PageText) -> list[str]:
    """What could not be taken over, in words."""
    number = read.lost
    sentences = {
        "picture": ngettext("%d picture: its description stands there", "%d pictures: their descriptions stand there",
                            number["picture"]),
        "frame": ngettext("%d embedded page or film", "%d embedded pages or films", number["frame"]),
        "form": ngettext("%d form", "%d forms", number["form"]),
        "table": ngettext("%d table with joined cells: its cells are paragraphs",
                          "%d tables with joined cells: their cells are paragraphs", number["table"]),
        "link": ngettext("%d link that leads nowhere from here: its words stand there",
                         "%d links that lead nowhere from here: their words stand there", number["link"]),
        "html": ngettext("%d HTML tag in Markdown: it stays as it was written",
                         "%d HTML tags in Markdown: they stay as they were written", number["html"]),
    }  # fmt: skip
    lines = [words % number[kind] for kind, words in sentences.items() if number[kind]]
    return [*lines, _("Headings are a guess: look at each.")] if read.guessed else lines


def addresses(request: HttpRequest, site: Site, document: Document) -> dict[str, str]:
    """Where visitors find it."""
    page = request.build_absolute_uri(f"/v1/{site.uuid}/read/{document.key}/")
    return {"page": page, "part": f"{page}part.html", "data": f"{page}text.json", "versions": f"{page}versions/"}


# --- publishing -------------------------------------------------------------------------------------------------------


@on_site(May.PUBLISH)
def document_publish(request: PageRequest, site: Site, document: str) -> HttpResponse:
    """What the draft changes, in words; when it takes effect; whether people are asked again."""
    found = _document(site, document)
    row = _Row(found)
    announced = queries.announced(found)
    initial = {"base": row.last.number if row.last else 0}
    form = PublishVersion(things(site), request.POST or None, initial=initial)
    if not announced:
        del form.fields["takes_back"]
    if request.method == "POST" and form.is_valid():
        try:
            version = actions.publish_version(found, actor(request), **form.cleaned_data)
        except InvalidChange as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _said(version), "good")
            return redirect("dashboard:document", uuid=site.uuid, document=found.key)
    compared = [
        (code, LANGUAGE_NAMES.get(code, code), texts.direction(code), own, *_shown(row.last, row.drafts, code))
        for code, own in row.drafts.items()
    ]
    gone = [LANGUAGE_NAMES.get(code, code) for code in (row.last.texts if row.last else {}) if code not in row.drafts]
    return show(
        request, "dashboard/document_publish.html", site,
        row=row, form=form, compared=compared, gone=gone, next=(row.last.number if row.last else 0) + 1,
        may_publish=can(request.role, May.PUBLISH), seen=actions.state_of(row.drafts),
    )  # fmt: skip


def _shown(last: DocumentVersion | None, drafts: dict[str, dict[str, str]], code: str) -> tuple[Comparison, Any, int]:
    """A comparison, the changed paragraphs that are shown, and how many more there are."""
    found = queries.differences(last, drafts, code)
    changed = found.changed
    return found, changed[:MOST_SHOWN], max(0, len(changed) - MOST_SHOWN)


def _said(version: DocumentVersion) -> str:
    if version.effective_on:
        return _("Version %(number)d is published and in force from %(day)s on.") % {
            "number": version.number, "day": version.effective_on.isoformat(),
        }  # fmt: skip
    return _("Version %(number)d is published and in force.") % {"number": version.number}


def things(site: Site) -> list[tuple[str, str]]:
    """What people can be asked again, with names."""
    offered = actions.things(site)
    rows: list[tuple[str, Any]] = [(f"category {one.key}", one) for one in site.categories.all()]
    rows += [(f"purpose {one.key}", one) for one in site.purposes.all()]
    return [(name, f"{own_name(row)} ({row.key})") for name, row in rows if name in offered]
