"""A person's own page of their request, behind the link that was mailed to them: confirm, read, fetch files, withdraw.

Opening the link does nothing: programs that scan mail open links.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from csp.decorators import csp_exempt
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from consent.common import InvalidChange
from consent.requests import actions
from consent.requests.deadlines import Kind, authority, kinds
from consent.requests.models import RequestFile, SubjectRequest
from consent.requests.texts import direction, words
from cookiebanner.requests.form import address
from cookiebanner.staff import request_mails
from cookiebanner.staff.downloads import as_download
from cookiebanner.staff.request_mails import day
from cookiebanner.visitors import rate_limit
from cookiebanner.visitors.django import lower_headers
from cookiebanner.visitors.rate_limit import RateLimited

POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
Status = SubjectRequest.Status


@csrf_exempt  # nobody is logged in here; the token of the link is what proves who asks
@require_http_methods(["GET", "HEAD", "POST"])
@csp_exempt()
@cache_control(private=True, no_store=True)
def page(request: HttpRequest, **parts: Any) -> HttpResponse:
    """The page, or what a button of it does."""
    token: str = parts["token"]
    row = request_mails.of_token(token)
    if row is None:
        return _over(request)
    said = ""
    if request.method == "POST":
        try:
            row, said = _do(row, request.POST.get("do", ""))
        except InvalidChange:
            return HttpResponseRedirect(request.path)  # it was done in another tab: the page says how it stands
    return _show(request, row, token, said)


def _do(row: SubjectRequest, what: str) -> tuple[SubjectRequest, str]:
    text = words(row.language)
    if what == "confirm":
        first = row.confirmed_at is None
        row = actions.confirm(row)
        if first:
            request_mails.send_soon(row, request_mails.RECEIPT)
        return row, text["confirmed"].format(due=day(row.due, row.language))
    if what == "withdraw":
        return actions.withdraw(row), text["withdrawn"]
    return row, ""


@csrf_exempt
@require_POST
@csp_exempt()
@cache_control(private=True, no_store=True)
def file(request: HttpRequest, **parts: Any) -> HttpResponse:
    """A file for the person, for its code."""
    token: str = parts["token"]
    row = request_mails.of_token(token)
    if row is None:
        return _over(request)
    found = row.files.filter(pk=parts["file"], for_person=True).first()
    if found is None:
        raise Http404
    text = words(row.language)
    try:
        rate_limit.admit(rate_limit.REQUESTS, lower_headers(request), request.META.get("REMOTE_ADDR", ""))
    except RateLimited:
        return _show(request, row, token, text["too_many"], 429)
    try:
        content = actions.open_file(found, request.POST.get("code", "")[:40])
    except InvalidChange:
        found.refresh_from_db()
        over = found.wrong_codes >= RequestFile.WRONG_CODES
        return _show(request, row, token, text["file_over" if over else "wrong_code"], 403)
    return as_download(found.name, content, found.media_type)


def _over(request: HttpRequest) -> HttpResponse:
    return _closed(
        render(request, "requests/over.html", {"text": words("en"), "language": "en", "direction": "ltr"}, status=404)
    )


def _show(request: HttpRequest, row: SubjectRequest, token: str, said: str = "", status: int = 200) -> HttpResponse:
    text = words(row.language)
    name, where = authority(row.law, text)
    may_appeal = (
        row.status == Status.CLOSED
        and bool(row.because)
        and Kind.APPEAL in kinds(row.place)
        and row.kind != Kind.APPEAL
    )
    again = urlencode({"lang": row.language, "place": row.place, "kind": Kind.APPEAL, "number": row.number})
    context: dict[str, Any] = {
        "text": text,
        "language": row.language,
        "direction": direction(row.language),
        "row": row,
        "token": token,
        "said": said,
        "title": text["request"].format(number=row.number),
        "kind": text[row.kind],
        "status": text[f"status_{row.status}"],
        "received": day(row.received_at.date(), row.language),
        "due": day(row.due, row.language),
        "extended": text["extended"].format(reason=row.extension_reason) if row.extended_at else "",
        "confirm": text["confirm_text"].format(site=row.site.name, kind=text[row.kind]),
        "waits": row.status == Status.UNCONFIRMED,
        "may_withdraw": row.status in (Status.OPEN, Status.UNCONFIRMED),
        "answer": request_mails.answer_text(row),
        "files": [(file, f"{-(-file.size // 1000)} kB") for file in row.files.filter(for_person=True).defer("content")],
        "appeal": f"{address(row.site)}?{again}" if may_appeal else "",
        "authority": text["complain_to"].format(authority=name) if name else "",
        "authority_url": where,
    }
    return _closed(render(request, "requests/person.html", context, status=status))


def _closed(response: HttpResponse) -> HttpResponse:
    response["Content-Security-Policy"] = POLICY
    response["Referrer-Policy"] = "no-referrer"  # the address is the key
    response["X-Robots-Tag"] = "noindex"
    return response
