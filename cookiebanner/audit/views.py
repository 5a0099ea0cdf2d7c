"""Find a record, read it in words, see what the visitor saw, check its proof."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext, gettext_lazy

from consent.answers import references
from consent.banners import arms
from consent.jurisdictions import table
from consent.jurisdictions.words import name_of_place
from consent.ledger import checkpoint, clock, erasure, events
from consent.ledger import search as finder
from consent.ledger.models import Anchor, Checkpoint, ConsentRecord, LogEntry, LogHead
from consent.policies import queries as policies
from consent.publishing import queries as publishing
from consent.sites.models import Site
from consent.sites.roles import May
from cookiebanner.audit import person, proof
from cookiebanner.staff import preview as previews
from cookiebanner.staff import record_words
from cookiebanner.staff.pages import on_site, show, signed_in, sites_with
from cookiebanner.templatetags.fairgate import ACTIONS, ENTRIES, action, entry_kind

MOST = 200  # records of one visitor that are listed
DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def _places() -> list[tuple[str, str]]:
    named = [(key, name_of_place(key)) for key in table.ROWS]
    return [("", gettext("Anywhere")), *sorted(named, key=lambda pair: pair[1])]


def _kinds() -> list[Any]:
    return [
        ("", gettext("All answers")),
        (gettext("Answers"), [(f"action:{key}", action(key)) for key in ACTIONS]),
        (gettext("Entries of the ledger"), [(key, entry_kind(key)) for key in ENTRIES]),
        ("all", gettext("Everything")),
    ]


class Find(forms.Form):
    """What is looked for; an id or a number alone goes before the rest."""

    q = forms.CharField(
        required=False,
        label=gettext_lazy("Id or number"),
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off", "spellcheck": "false", "class": "mono"}),
    )
    kind = forms.ChoiceField(required=False, label=gettext_lazy("What"), choices=_kinds)
    start = forms.DateField(required=False, label=gettext_lazy("From"), widget=DAY)
    end = forms.DateField(required=False, label=gettext_lazy("To"), widget=DAY)
    place = forms.ChoiceField(required=False, label=gettext_lazy("Place"), choices=_places)
    release = forms.IntegerField(required=False, label=gettext_lazy("Release"), min_value=1, max_value=2**31 - 1)
    before = forms.IntegerField(required=False, min_value=0, max_value=2**62, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for name in ("start", "end"):
            if data.get(name) and not 2000 <= data[name].year <= 9000:
                self.add_error(name, gettext("There is no record of that time."))
        if data.get("start") and data.get("end") and data["start"] > data["end"]:
            self.add_error("end", gettext("The end lies before the start."))
        return data

    def query(self) -> finder.Query:
        """What was asked, as the ledger's search takes it."""
        data = self.cleaned_data
        kind, _, action = data["kind"].partition(":")
        types = {"": finder.CONSENT, "action": finder.CONSENT, "all": ""}
        return finder.Query(
            types.get(kind, kind), action, data["place"], data["release"], data["start"], data["end"], data["before"]
        )


@signed_in("GET")
def sites(request: HttpRequest) -> HttpResponse:
    """The sites whose records the person may read."""
    rows = list(sites_with(request.user, May.EXPORT).order_by("name"))
    if len(rows) == 1:
        return redirect("audit:search", uuid=rows[0].uuid)
    return show(request, "audit/sites.html", rows=rows)


@on_site(May.EXPORT, "GET", auditors=True)
def search(request: HttpRequest, site: Site) -> HttpResponse:
    """Records by record id, visitor id, leaf number, or the number that an earlier system gave an answer; else by what
    they say, the newest answers first."""
    form = Find(request.GET)
    valid = form.is_valid()
    if asked := request.GET.get("q", "").strip():
        return _by_id(request, site, form, asked)
    page = finder.find(site.pk, form.query()) if valid else finder.Page()
    further = request.GET.copy()
    further["before"] = str(page.older)
    narrowed = {name for name in request.GET if request.GET.get(name, "").strip() and name != "before"}
    return show(
        request, "audit/search.html", site, form=form, rows=page.rows, page=page, further=further.urlencode(),
        narrowed=narrowed, asked="", problem="" if valid else gettext("Something in the form is not right."),
    )  # fmt: skip


def _by_id(request: HttpRequest, site: Site, form: Find, asked: str) -> HttpResponse:
    records = ConsentRecord.objects.filter(site_id=site.pk)
    problem = ""
    if asked.isdigit() and len(asked) < 19:
        rows = list(records.filter(index=int(asked))) or references.found(site, asked)
        problem = "" if rows else gettext("The ledger has no such leaf.")
    else:
        try:
            key = UUID(asked)
        except ValueError:
            rows = references.found(site, asked)
            problem = (
                ""
                if rows
                else gettext("An id looks like 3f0c9d3e-7a51-4c1e-9b0a-2d4c8f1e6a77. A leaf number has only digits.")
            )
        else:
            if entry := person.record_by_id(site, key):
                return redirect("audit:record", uuid=site.uuid, index=entry.index)
            rows = list(records.filter(visitor=key).order_by("-index")[:MOST]) or references.found(site, asked)
            problem = "" if rows else gettext("This site has no record and no visitor with this id.")
    somebody = bool(rows) and not (asked.isdigit() and rows[0].index == int(asked))
    return show(
        request, "audit/search.html", site, form=form, rows=rows, asked=asked, problem=problem,
        person=person.address(site, asked) if somebody else "",
    )  # fmt: skip


@on_site(May.EXPORT, "GET", auditors=True)
def by_id(request: HttpRequest, site: Site, key: UUID) -> HttpResponse:
    """A record's address by its id, for a letter: it stays, whatever is erased."""
    entry = person.record_by_id(site, key)
    if entry is None:
        raise Http404
    return redirect("audit:record", uuid=site.uuid, index=entry.index)


@on_site(May.EXPORT, "GET", auditors=True)
def record(request: HttpRequest, site: Site, index: int) -> HttpResponse:
    """One leaf: its record in words, its proof, its visitor's other answers."""
    entry = LogEntry.objects.filter(site_id=site.pk, index=index).first()
    if entry is None:
        raise Http404
    row = ConsentRecord.objects.filter(site_id=site.pk, index=index).first()
    release = row.release if row else None
    snapshot = publishing.snapshot_of(site, release) if release else None
    said = record_words.of(row, snapshot)
    seen = None
    consent = entry.type == LogEntry.Type.CONSENT
    if consent and row and snapshot:
        variant = record_words.variant_of(snapshot, row.regime, row.jurisdiction)
        seen = previews.address(
            site, release=release, variant=variant, language=row.language, arm=said["payload"].get("arm", arms.A)
        )
    others: list[ConsentRecord] = []
    if row and row.visitor:
        mine = ConsentRecord.objects.filter(site_id=site.pk, visitor=row.visitor).exclude(index=index)
        others = list(mine.order_by("-index")[:20])
    return show(
        request,
        "audit/record.html",
        site,
        entry=entry,
        row=row,
        raw=json.dumps(said["payload"], indent=2, ensure_ascii=False, sort_keys=True) if said["payload"] else "",
        steps=proof.check(site, entry, row),
        seen=seen,
        others=others,
        release=release,
        person=person.address(site, entry.record_id) if consent and row and row.payload else "",
        entry_words=entry_kind(entry.type) if entry.type in ENTRIES else entry.type,
        documents=policies.in_force(site, row.received_at, index) if consent and row else [],
        refusals=erasure.refusals(site, [index]) if consent else [],
        **said,
    )


@on_site(May.EXPORT, "GET", auditors=True)
def ledger(request: HttpRequest, site: Site) -> HttpResponse:
    """The head, its checkpoints and where they are kept outside, and what happened in it: the newest, or what stands
    before `before`."""
    head = LogHead.objects.filter(pk=site.pk).first()
    points = list(Checkpoint.objects.filter(site_id=site.pk).order_by("-size")[:20])
    anchors = list(Anchor.objects.filter(site_id=site.pk).order_by("-at")[:20])
    checkpoint.hand_out(site.pk, [point.size for point in points])  # their notes are on the page
    ahead = next((clock.words(by) for _, by in clock.ahead(site)), "")
    asked = request.GET.get("before", "")
    before = int(asked) if asked.isdecimal() and len(asked) < 19 else None
    return show(
        request, "audit/ledger.html", site, head=head, points=points, anchors=anchors, ahead=ahead, before=before,
        happened=events.page(site.pk, before), restarts=events.of_log(site.pk, [LogEntry.Type.RESTART]),
    )  # fmt: skip
