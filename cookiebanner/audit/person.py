"""Everything of one person: what there is, as a file for them, erased, or why not.

A person is asked for by what they have: the id of a record (on their receipt), their visitor id, or the number that an
earlier banner gave their answer.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy, gettext_noop, ngettext

from consent.answers.whose import places
from consent.exports import person as files
from consent.jobs import actions as jobs
from consent.ledger import erasure
from consent.ledger.append import Stopped
from consent.ledger.jobs import ERASE
from consent.ledger.models import ConsentRecord, LogEntry
from consent.sites.models import Site
from consent.sites.roles import May
from consent.trail.actions import audit
from cookiebanner.staff import person_file
from cookiebanner.staff.pages import actor, on_site, show

LISTED = 200  # records that the page names
AT_ONCE = 1_000  # records that an answer may wait for; more are erased by the worker


class Decide(forms.Form):
    """What becomes of a request for erasure."""

    ground = forms.ChoiceField(
        label=gettext_lazy("Under which law"),
        choices=lambda: [("", gettext("Choose")), *((key, gettext(said)) for key, said in erasure.REQUESTS.items())],
        help_text=gettext_lazy("Kept in the ledger with the reason."),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy(
            "Such as: asked for by letter of 3 May. Kept for ever, so no name, no mail address, no id."
        ),
    )

    def clean_reason(self) -> str:
        text: str = self.cleaned_data["reason"]
        try:
            erasure.check_reason(text)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None
        return text


class Refuse(Decide):
    """Why a request is not followed."""

    ground = forms.ChoiceField(
        label=gettext_lazy("On which ground"),
        choices=lambda: [
            ("", gettext("Choose")),
            *(
                (key, gettext("GDPR art. %(article)s: %(ground)s") % {"article": key, "ground": gettext(said)})
                for key, said in erasure.REFUSALS.items()
            ),
        ],
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy(
            "Such as: a claim is pending in court. Kept for ever, so no name, no mail address, no id."
        ),
    )


def address(site: Site, asked: object, name: str = "audit:person") -> str:
    """The path of a person's page."""
    return f"{reverse(name, kwargs={'uuid': site.uuid})}?{urlencode({'q': str(asked)})}"


def digest(indexes: list[int]) -> str:
    """Says which answers a confirmation was for."""
    return hashlib.sha256(json.dumps(indexes).encode()).hexdigest()[:16]


@on_site(May.EXPORT, "GET", auditors=True)
def person(request: HttpRequest, site: Site) -> HttpResponse:
    """All answers of one person, and what may be done with them."""
    return _page(request, site, request.GET.get("q", "").strip())


def _page(request: HttpRequest, site: Site, asked: str, **more: Any) -> HttpResponse:
    indexes = places(site, asked)
    listed = indexes[-LISTED:][::-1]
    rows = ConsentRecord.objects.filter(site_id=site.pk, index__in=listed).order_by("-index")
    given: dict[str, Any] = {"erase": Decide(prefix="erase"), "refuse": Refuse(prefix="refuse")} | more
    return show(
        request,
        "audit/person.html",
        site,
        asked=asked,
        count=len(indexes),
        rows=rows,
        unlisted=len(indexes) - len(listed),
        digest=digest(indexes),
        exports=files.exports_with(site, indexes),
        refusals=[(event, _ground(event.detail["ground"])) for event in _refusals(site, indexes)],
        **given,
    )


def _ground(article: str) -> str:
    return gettext(erasure.REFUSALS[article]) if article in erasure.REFUSALS else ""


def _refusals(site: Site, indexes: list[int]) -> list[Any]:
    return erasure.refusals(site, indexes) if indexes else []


@on_site(May.ERASE, "POST", auditors=True)
def erase(request: HttpRequest, site: Site) -> HttpResponse:
    """Erases one person's answers, after the page has said what goes and what stays."""
    asked = request.POST.get("q", "").strip()
    form, indexes = Decide(request.POST, prefix="erase"), places(site, asked)
    if not indexes:
        messages.error(request, gettext("There is nothing to erase under this id any more."), "bad")
        return redirect(address(site, asked))
    if request.POST.get("sure") != digest(indexes):
        text = gettext("Tick that you have read what goes.") if not request.POST.get("sure") else gettext(CHANGED)
        form.add_error(None, text)
    if not form.is_valid():
        return _page(request, site, asked, erase=form)
    given = {"reason": form.cleaned_data["reason"], "ground": form.cleaned_data["ground"], "actor": actor(request)}
    if len(indexes) > AT_ONCE:
        job = jobs.enqueue(ERASE, site=site, params={"indexes": indexes, **given}, requested_by=request.user)
        return redirect("audit:erasure", uuid=site.uuid, job=job.pk)
    try:
        done = erasure.erase_indexes(site, indexes, **given)
    except Stopped as error:
        messages.error(request, str(error), "bad")
        return redirect(address(site, asked))
    said = ngettext("%(count)s record erased.", "%(count)s records erased.", done.count) % {"count": done.count}
    messages.success(request, said, "good")
    return (
        redirect("audit:record", uuid=site.uuid, index=done.entries[0])
        if done.entries
        else redirect("audit:search", uuid=site.uuid)
    )


CHANGED = gettext_noop("There are other records of this person now than when the page was shown. Read it again.")


@on_site(May.ERASE, "POST", auditors=True)
def refuse(request: HttpRequest, site: Site) -> HttpResponse:
    """Notes why a person's answers are not erased."""
    asked = request.POST.get("q", "").strip()
    form, indexes = Refuse(request.POST, prefix="refuse"), places(site, asked)
    if not indexes:
        messages.error(request, gettext("There is no record under this id."), "bad")
    elif not form.is_valid():
        return _page(request, site, asked, refuse=form)
    else:
        erasure.refuse_indexes(
            site, indexes, ground=form.cleaned_data["ground"], reason=form.cleaned_data["reason"], actor=actor(request)
        )
        messages.success(request, gettext(
"The refusal is in the audit trail. Tell the person the ground, and where to complain."
), "good")  # fmt: skip
    return redirect(address(site, asked))


@on_site(May.ERASE, "GET", auditors=True)
def erasure_progress(request: HttpRequest, site: Site, job: int) -> HttpResponse:
    """How far an erasure is that takes its time."""
    row = get_object_or_404(site.jobs.filter(kind=ERASE), pk=job)
    template = "audit/erasure_state.html" if request.headers.get("HX-Request") else "audit/erasure.html"
    if template.endswith("_state.html"):
        return render(request, template, {"job": row, "site": site})
    return show(request, template, site, job=row)


@on_site(May.EXPORT, "POST", auditors=True)
def export(request: HttpRequest, site: Site) -> HttpResponse:
    """One person's answers as a ZIP for them: to read, as JSON-LD, and with the proof of each."""
    asked = request.POST.get("q", "").strip()
    indexes = places(site, asked)
    if not indexes:
        messages.error(request, gettext("There is no record under this id."), "bad")
        return redirect(address(site, asked))
    try:
        name, body = person_file.zipped(site, indexes)
    except Stopped as error:
        messages.error(request, str(error), "bad")
        return redirect(address(site, asked))
    with transaction.atomic():
        audit(site, actor(request), "export", format="person", records=len(indexes), indexes=indexes[:100])
    return HttpResponse(
        body,
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def record_by_id(site: Site, key: UUID) -> LogEntry | None:
    """The entry with a record's id."""
    return LogEntry.objects.filter(site_id=site.pk, record_id=key).first()
