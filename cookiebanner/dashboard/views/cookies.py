"""Cookies from a CSV file: a look at what would be taken, then taking it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext

from consent.catalogue import actions, cookie_csv
from consent.common import InvalidChange
from consent.sites.models import Site
from consent.sites.roles import May
from cookiebanner.dashboard import forms
from cookiebanner.staff.pages import actor, on_site, show

SHOWN = 50  # rows of a preview


@on_site(May.EDIT)
def cookie_import(request: HttpRequest, site: Site) -> HttpResponse:
    """A file or pasted text; first shown, with what is wrong in it, then merged into the draft."""
    services = dict(site.services.order_by("name").values_list("key", "name"))
    form = forms.CookieFile(services, request.POST or None, request.FILES or None, initial=request.GET.dict())
    good: list[cookie_csv.CookieRow] = []
    bad: list[cookie_csv.BadRow] = []
    text = ""
    if request.method == "POST" and form.is_valid():
        text, default = form.cleaned_data["content"], form.cleaned_data["service"]
        try:
            good, bad = cookie_csv.read(text, services, site.languages, default)
            if "take" in request.POST and good:
                return _take(request, site, good)
        except (ValueError, InvalidChange) as error:
            form.add_error(None, str(error))
    columns = ["service", "name", "kind", "lifetime", "description", *(f"description:{one}" for one in site.languages)]
    rows = [(row, services[row.service], row.values) for row in good[:SHOWN]]
    return show(
        request, "dashboard/cookie_import.html", site, form=form, good=len(good), rows=rows, bad=bad[:200],
        bad_count=len(bad), text=text, columns=", ".join(columns), read=bool(text) and not form.errors,
    )  # fmt: skip


def _take(request: HttpRequest, site: Site, rows: list[cookie_csv.CookieRow]) -> HttpResponse:
    by_service: dict[str, list[Any]] = {}
    for row in rows:
        by_service.setdefault(row.service, []).append(row.values)
    added, changed = actions.merge_cookies(site, by_service, actor(request))
    messages.success(
        request,
        gettext("%(added)s cookies added to the draft, %(changed)s changed.") % {"added": added, "changed": changed},
        "good",
    )
    return redirect("dashboard:services", uuid=site.uuid)
