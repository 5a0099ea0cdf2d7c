"""People's requests: the queue, one request with its log, what came by telephone or letter, the form, the figures."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext as _

from consent.common import InvalidChange
from consent.requests import actions, evidence, prepared, queries, reviews
from consent.requests.deadlines import LAWS, Kind, deadlines
from consent.requests.models import SubjectRequest
from consent.requests.texts import LANGUAGES, words
from consent.sites.models import Site
from consent.sites.roles import May
from cookiebanner.dashboard.request_forms import (
    AddFile,
    Close,
    Extend,
    FileRequest,
    Note,
    Owner,
    RequestFormForm,
    kind_names,
)
from cookiebanner.staff import mail, request_mails
from cookiebanner.staff.days import whole_day
from cookiebanner.staff.downloads import as_download
from cookiebanner.staff.pages import actor, on_site, show

PAGE = 25
SHOWN = {
    "open": gettext_noop("Open"),
    "late": gettext_noop("Late"),
    "unconfirmed": gettext_noop("Not confirmed"),
    "ended": gettext_noop("Ended"),
    "all": gettext_noop("All"),
}


@on_site(May.REQUESTS, "GET")
def requests(request: HttpRequest, site: Site) -> HttpResponse:
    """The queue, the most urgent first; `?q=` finds a part of a number, or an address."""
    chosen = request.GET.get("show", "open")
    wanted = {name: request.GET.get(name, "")[:254] for name in ("kind", "owner", "q")}
    kind, owner, search = wanted.values()
    show_all = bool(search) and "show" not in request.GET
    rows = queries.queue(site, show="all" if show_all else chosen, kind=kind, owner=owner, search=search)
    page = Paginator(rows.defer("details"), PAGE).get_page(request.GET.get("page"))
    today = timezone.now().date()
    return show(
        request,
        "dashboard/requests.html",
        site,
        page=page,
        rows=[(row, kind_names()[row.kind], row.days_left(today)) for row in page],
        counts=queries.counts(site),
        shown={key: gettext(name) for key, name in SHOWN.items()},
        chosen=chosen,
        kinds=kind_names(),
        kind=kind,
        owner=owner,
        owners=queries.owners(site),
        search=search,
        kept=urlencode({"show": "all" if show_all else chosen, **wanted}) + "&",
        form_is_on=queries.form_of(site).enabled,
        missing=mail.missing(),
    )


@on_site(May.REQUESTS)
def request_new(request: HttpRequest, site: Site) -> HttpResponse:
    """Files what came by telephone, letter or in person."""
    form = FileRequest(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        day = data.pop("received")
        now = timezone.now()
        received = now if day == now.date() else datetime.combine(day, time(), UTC)
        try:
            with transaction.atomic():
                row = actions.file_request(site, actor=actor(request), received_at=received, **data)
                request_mails.send_soon(row, request_mails.RECEIPT)
        except InvalidChange as error:
            form.add_error(None, str(error))
        else:
            said = gettext("Filed as %(number)s, due on %(day)s.") % {"number": row.number, "day": whole_day(row.due)}
            messages.success(request, said, "good")
            return redirect("dashboard:request", uuid=site.uuid, asked=row.number)
    return show(request, "dashboard/request_new.html", site, form=form)


@on_site(May.REQUESTS)
def request_page(request: HttpRequest, site: Site, asked: str) -> HttpResponse:
    """One request: what was asked, by when, what was done, and everything that can be done with it."""
    row = get_object_or_404(SubjectRequest.objects.select_related("owner", "appeal_of"), site=site, number=asked)
    forms: dict[str, Any] = {
        "owner": Owner(site, initial={"owner": row.owner_id}, auto_id="owner-%s"),
        "note": Note(auto_id="note-%s"),
        "extend": Extend(auto_id="extend-%s"),
        "close": Close(auto_id="close-%s"),
        "file": AddFile(auto_id="file-%s"),
    }
    if request.method == "POST":
        what = request.POST.get("do", "")
        if what in forms:
            made = type(forms[what])
            given = (site, request.POST) if made is Owner else (request.POST, request.FILES)
            forms[what] = made(*given, auto_id=f"{what}-%s")
        if (what not in forms or forms[what].is_valid()) and _act(request, row, what, forms):
            return redirect("dashboard:request", uuid=site.uuid, asked=asked)
    elif taken := next((one for one in prepared.offered(row) if one.key == request.GET.get("answer")), None):
        forms["close"] = Close(initial={"text": prepared.fill(taken.text, row)}, auto_id="close-%s")
    terms = deadlines(row.place, row.kind)
    return show(
        request,
        "dashboard/request.html",
        site,
        row=row,
        kind=kind_names()[row.kind],
        law=LAWS[row.law]["name"],
        terms=terms,
        left=row.days_left(timezone.now().date()),
        forms=forms,
        prepared=[(one, words(one.language)["language_name"]) for one in prepared.offered(row)],
        taken=request.GET.get("answer", ""),
        events=row.events.all(),
        files=row.files.defer("content"),
        may_extend=row.status == "open" and not row.extended_at and terms.extension is not None,
        suppressed=bool(row.email) and actions.is_suppressed(site, row.email),
        may_write=bool(row.email) and actions.may_write(site, row.email, actions.filed_at(row)),
    )


def _act(request: HttpRequest, row: SubjectRequest, what: str, forms: dict[str, Any]) -> bool:
    """Does what a button says; False, with a message that says why, when it can't be done."""
    who = actor(request)
    does: dict[str, Callable[[], Any]] = {
        "owner": lambda: actions.assign(row, forms["owner"].cleaned_data["owner"], who),
        "note": lambda: actions.note(row, forms["note"].cleaned_data["text"], who),
        "extend": lambda: request_mails.send_soon(
            actions.extend(row, forms["extend"].cleaned_data["reason"], who), request_mails.EXTENDED
        ),
        "close": lambda: request_mails.send_soon(
            actions.close(row, **{**forms["close"].cleaned_data, "actor": who}), request_mails.CLOSED
        ),
        "file": lambda: _attach(request, row, forms["file"].cleaned_data["file"]),
        "withdraw": lambda: actions.withdraw(row, who),
        "suppress": lambda: actions.suppress(row.site, row.email, who),
    }
    if what not in does:
        return False
    try:
        with transaction.atomic():
            does[what]()
    except InvalidChange as error:
        messages.error(request, str(error), "bad")  # its form may be gone: somebody else was faster
        return False
    return True


def _attach(request: HttpRequest, row: SubjectRequest, file: Any) -> None:
    made, code = actions.attach(row, file.name, file.read(), for_person=True, actor=actor(request))
    assert made.expires_at, "a file for the person is handed out for a time"
    text = gettext(
        "%(name)s can be fetched with the code %(code)s until %(expires_at)s. It is shown this once: "
        "tell it to the person by another way than the mail, which has the link."
    ) % {"name": made.name, "code": code, "expires_at": whole_day(made.expires_at)}
    messages.success(request, text, "good")


@on_site(May.REQUESTS, "GET")
def request_came_with(request: HttpRequest, site: Site, asked: str, file: int) -> HttpResponse:
    """A file that a person sent, as a download that no browser runs."""
    row = get_object_or_404(SubjectRequest, site=site, number=asked)
    found = get_object_or_404(row.files, pk=file)
    return as_download(found.name, bytes(found.content))


@on_site(May.REQUESTS, "POST")
def request_export(request: HttpRequest, site: Site, asked: str) -> HttpResponse:
    """One request with its whole log, as evidence."""
    row = get_object_or_404(SubjectRequest, site=site, number=asked)
    body = json.dumps(evidence.of(row, actor(request)), ensure_ascii=False, indent=1)
    response = HttpResponse(body, content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="request-{row.number}.json"'
    return response


@on_site(May.MANAGE)
def request_form(request: HttpRequest, site: Site) -> HttpResponse:
    """Whether people can ask by a form, its addresses, and who is told."""
    if request.method == "POST" and "language" in request.POST:
        _review(request, site)
        return redirect(f"{request.path}#words")
    form = RequestFormForm(request.POST or None, instance=queries.form_of(site))
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        try:
            actions.set_form(site, actor(request), old_forms=data.pop("old"), **data)
        except InvalidChange as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, gettext("Saved."), "good")
            return redirect("dashboard:request_form", uuid=site.uuid)
    return show(
        request,
        "dashboard/request_form.html",
        site,
        form=form,
        address=request.build_absolute_uri(f"/v1/{site.uuid}/requests/"),
        missing=mail.missing(),
        kinds=kind_names(),
        languages=_languages(site),
    )


def _languages(site: Site) -> list[tuple[str, str, Mapping[str, str], date | None]]:
    """(code, name, the review that holds, its day) of each language that the form is in."""
    held = reviews.in_force(queries.form_of(site))
    found = []
    for code in LANGUAGES:
        review = held.get(code, {})
        found.append((code, words(code)["language_name"], review, date.fromisoformat(review["on"]) if review else None))
    return found


def _review(request: HttpRequest, site: Site) -> None:
    """Somebody has read our words in a language, or takes that back."""
    try:
        if "undo" in request.POST:
            reviews.unsign(site, actor(request), request.POST["language"])
        else:
            reviews.sign(site, actor(request), request.POST["language"], request.POST.get("signed_by", ""))
    except InvalidChange as error:
        messages.error(request, str(error), "bad")
    else:
        messages.success(request, _("Saved."), "good")


@on_site(May.REQUESTS, "GET")
def request_metrics(request: HttpRequest, site: Site) -> HttpResponse:
    """The year's figures, as 11 CCR 7102 wants them, as a page and (`?as=csv`) as a file."""
    this = timezone.now().year
    text = request.GET.get("year", "")
    year = int(text) if text.isdigit() and 2000 < int(text) <= this else this
    lines = queries.metrics(site, year)
    if request.GET.get("as") == "csv":
        response = HttpResponse(content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="requests-{year}.csv"'
        response.write("\ufeff")
        writer = csv.DictWriter(response, lines[0])
        writer.writeheader()
        writer.writerows(lines)
        return response
    always = (Kind.ACCESS, Kind.ERASURE)
    named = [(kind_names()[line["kind"]], line) for line in lines if line["received"] or line["kind"] in always]
    return show(
        request, "dashboard/request_metrics.html", site, lines=named, year=year, years=range(this, this - 4, -1)
    )
