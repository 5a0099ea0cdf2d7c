"""Exports as background jobs: ask, watch, take. Auditors may, too; who did is in the audit trail."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy, gettext_noop

from consent.exports import actions
from consent.exports.actions import FORMATS
from consent.exports.verify import verify as verifier
from consent.jobs.models import Job
from consent.sites.models import Site
from consent.sites.roles import May
from consent.trail.actions import audit
from cookiebanner.staff.pages import actor, on_site, show

NAMES = {
    "csv": gettext_noop("CSV, for spreadsheets"),
    "jsonl": gettext_noop("JSON Lines, for programs"),
    "bundle": gettext_noop("Audit bundle, with proofs and verifiers"),
    "parquet": gettext_noop("Parquet, for warehouses"),
    "jsonld": gettext_noop("JSON-LD (ISO/IEC TS 27560)"),
}


def names() -> dict[str, str]:
    """The formats as people know them."""
    return {key: gettext(name) for key, name in NAMES.items()}


class Export(forms.Form):
    format = forms.ChoiceField(
        label=gettext_lazy("Format"),
        choices=lambda: [(key, names().get(key, key)) for key in sorted(FORMATS, key=_order)],
    )
    start = forms.DateField(
        label=gettext_lazy("From"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    end = forms.DateField(label=gettext_lazy("To"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    separator = forms.ChoiceField(
        required=False,
        label=gettext_lazy("Separator"),
        choices=[(",", gettext_lazy("Comma")), (";", gettext_lazy("Semicolon"))],
        help_text=gettext_lazy("Of CSV. Excel takes a semicolon where people write 1,5: in German, French, Spanish …"),
    )
    checkpoint = forms.CharField(
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        label=gettext_lazy("Checkpoint kept earlier"),
        help_text=gettext_lazy(
            "For a bundle that shall prove that nothing was rewritten since. A mail that quotes it will do."
        ),
    )

    def clean_separator(self) -> str:
        return self.cleaned_data["separator"] or ","

    def clean_checkpoint(self) -> str:
        text: str = self.cleaned_data["checkpoint"]
        if text:
            try:
                verifier.note_in(text)
            except verifier.WrongOption as error:
                raise forms.ValidationError(str(error)) from None
        return text

    def clean(self) -> dict[str, Any]:
        super().clean()
        data = self.cleaned_data
        if data.get("start") and data.get("end") and data["start"] > data["end"]:
            self.add_error("end", gettext("The end lies before the start."))
        return data


def _order(key: str) -> int:
    return list(NAMES).index(key) if key in NAMES else len(NAMES)


@on_site(May.EXPORT, auditors=True)
def exports(request: HttpRequest, site: Site) -> HttpResponse:
    """A form for a new export, and those made so far with who asked for them."""
    today = timezone.now().date()
    initial = {"start": today - timedelta(days=29), "end": today, "separator": ","}
    form = Export(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        params = {
            "format": data["format"],
            "from": data["start"].isoformat(),
            "to": data["end"].isoformat(),
            "separator": data["separator"],
            **({"checkpoint": data["checkpoint"]} if data["checkpoint"] else {}),
        }
        actions.ask(site, actor(request), request.user, **params)
        messages.success(request, gettext("The export is in the queue. It goes on when you leave this page."), "good")
        return redirect("audit:exports", uuid=site.uuid)
    rows = site.jobs.filter(kind="export").select_related("requested_by")[:50]
    return show(request, "audit/exports.html", site, form=form, rows=rows, names=names())


def _job(site: Site, pk: int) -> Job:
    return get_object_or_404(site.jobs.filter(kind="export").select_related("requested_by"), pk=pk)


@on_site(May.EXPORT, "GET", auditors=True)
def progress(request: HttpRequest, site: Site, job: int) -> HttpResponse:
    """One row of the table, asked for again while the job runs."""
    return render(request, "audit/export_row.html", {"job": _job(site, job), "site": site, "names": names()})


@on_site(May.EXPORT, "POST", auditors=True)
def cancel(request: HttpRequest, site: Site, job: int) -> HttpResponse:
    """Stops an export that waits or runs."""
    row = _job(site, job)
    actions.stop(row, actor(request))
    return redirect("audit:exports", uuid=site.uuid)


@on_site(May.EXPORT, "GET", auditors=True)
def download(request: HttpRequest, site: Site, job: int) -> FileResponse:
    """The finished file; taking it is in the audit trail."""
    row = _job(site, job)
    path = actions.file_of(row)
    if path is None:
        raise Http404("The file is not there any more.")
    audit(site, actor(request), "export.download", job=row.pk, format=row.params.get("format"))
    name = f"{site.name}-{row.params.get('from')}-{row.params.get('to')}{''.join(path.suffixes)}".replace("/", "-")
    return FileResponse(path.open("rb"), as_attachment=True, filename=name)
