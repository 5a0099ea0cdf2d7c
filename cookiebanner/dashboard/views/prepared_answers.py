"""Prepared answers to people's requests: the site's owners write them, whoever answers begins with one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from consent.common import InvalidChange
from consent.requests import prepared
from consent.requests.models import PreparedAnswer
from consent.requests.texts import words
from consent.sites.models import Site
from consent.sites.roles import May
from cookiebanner.dashboard.request_forms import PreparedForm, kind_names
from cookiebanner.staff.pages import actor, on_site, show


@on_site(May.MANAGE)
def answers(request: HttpRequest, site: Site) -> HttpResponse:
    """The site's and ours, and a new one; `?from=` begins with the words of another."""
    begin = _words_of(site, request.GET.get("from", ""))
    form = PreparedForm(request.POST or None, initial=begin)
    if request.method == "POST" and _saved(request, site, form):
        return redirect("dashboard:request_answers", uuid=site.uuid)
    return show(
        request,
        "dashboard/request_answers.html",
        site,
        form=form,
        begun=bool(begin) or form.is_bound,
        own=_named(prepared.own(site)),
        shipped=_named(list(prepared.shipped().values())),
        deleted=site.prepared_answers.exclude(deleted_at=None).order_by("-deleted_at"),
    )


@on_site(May.MANAGE)
def answer(request: HttpRequest, site: Site, **parts: Any) -> HttpResponse:
    """One of the site's: other words, deleted, brought back."""
    row = get_object_or_404(PreparedAnswer, site=site, pk=parts["prepared"])
    what = request.POST.get("do", "")
    form = PreparedForm(request.POST if request.method == "POST" and not what else None, instance=row)
    done = False
    if what == "delete":
        prepared.delete(row, actor(request))
        messages.success(request, _("%(name)s is deleted. It can be brought back below.") % {"name": row.name}, "good")
        done = True
    elif what == "restore":
        prepared.restore(row, actor(request))
        messages.success(request, _("%(name)s is back.") % {"name": row.name}, "good")
        done = True
    elif request.method == "POST":
        done = _saved(request, site, form, row)
    if done:
        return redirect("dashboard:request_answers", uuid=site.uuid)
    return show(request, "dashboard/request_answer.html", site, form=form, row=row)


def _saved(request: HttpRequest, site: Site, form: PreparedForm, row: PreparedAnswer | None = None) -> bool:
    if not form.is_valid():
        return False
    if row:
        row.refresh_from_db()  # the form has written into it, and what it wrote may be refused
    try:
        prepared.save(site, actor(request), row=row, **form.cleaned_data)
    except InvalidChange as error:
        form.add_error(None, str(error))
        return False
    messages.success(request, _("Saved."), "good")
    return True


def _words_of(site: Site, key: str) -> dict[str, str]:
    found = {one.key: one for one in (*prepared.own(site), *prepared.shipped().values())}.get(key)
    if found is None:
        return {}
    return {"name": found.name, "kind": found.kind, "language": found.language, "text": found.text}


def _named(rows: list[prepared.Prepared]) -> list[tuple[prepared.Prepared, str, str]]:
    """(one, its language's name, what it is for)."""
    return [(one, words(one.language)["language_name"], kind_names().get(one.kind, _("Any request"))) for one in rows]
