"""The consent records of the person who asks: found, handed out as a file of their request, erased."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext, ngettext

from consent.answers import whose
from consent.answers.errors import RejectedSubmission
from consent.common import InvalidChange
from consent.exports.person import exports_with
from consent.jobs.actions import enqueue
from consent.ledger import erasure
from consent.ledger.append import Stopped
from consent.ledger.jobs import ERASE
from consent.ledger.models import ConsentRecord
from consent.preferences import erasing
from consent.requests import actions
from consent.requests.models import SubjectRequest
from consent.requests.records import is_verified
from consent.sites.models import Site
from consent.sites.roles import May
from cookiebanner.dashboard.request_forms import EraseRecords, kind_names
from cookiebanner.staff import person_file
from cookiebanner.staff.pages import actor, on_site, show

LISTED = 50  # records that the page names
AT_ONCE = 1_000  # records that an answer may wait for; more are erased by the worker
GROUNDS = {"california": "ccpa_1798_105"}  # of a law that knows one ground only


@on_site(May.ERASE)
def records(request: HttpRequest, site: Site, asked: str) -> HttpResponse:
    """What there is, what would go and what would stay; then the file, or the erasure."""
    row = get_object_or_404(SubjectRequest, site=site, number=asked)
    row.site = site
    indexes = whose.of_request(row)
    wanted = request.POST.get("do", "")
    given = {"ground": GROUNDS.get(row.law, ""), "reason": gettext("The person asked for it.")}
    form = EraseRecords(row.number, request.POST if wanted == "erase" else None, initial=given)
    if request.method == "POST":
        try:
            done = _erase(request, row, indexes, form) if wanted == "erase" else _hand_out(request, row, indexes)
        except (InvalidChange, Stopped, RejectedSubmission) as error:
            messages.error(request, str(error), "bad")
            done = None
        if done:
            return done
    listed = indexes[-LISTED:]
    return show(
        request,
        "dashboard/request_records.html",
        site,
        row=row,
        kind=kind_names()[row.kind],
        form=form,
        count=len(indexes),
        rows=ConsentRecord.objects.filter(site_id=site.pk, index__in=listed).order_by("-index"),
        unlisted=len(indexes) - len(listed),
        digest=digest(indexes),
        exports=exports_with(site, indexes),
        verified=is_verified(row),
    )


def digest(indexes: list[int]) -> str:
    """Says which records a confirmation was for."""
    return hashlib.sha256(json.dumps(indexes).encode()).hexdigest()[:16]


def _check(request: HttpRequest, row: SubjectRequest, indexes: list[int]) -> None:
    """Raises InvalidChange where nobody made sure who asks, or where the page showed other records than there are."""
    if row.status != SubjectRequest.Status.OPEN:
        raise InvalidChange(gettext("This request is not open."))
    if not is_verified(row):
        raise InvalidChange(gettext("The address is not confirmed: nobody knows yet who asks."))
    if not indexes:
        raise InvalidChange(gettext("There is no record of this person any more."))
    if request.POST.get("sure") != digest(indexes):
        raise InvalidChange(
            gettext("There are other records of this person now than when the page was shown. Read it again.")
        )


def _hand_out(request: HttpRequest, row: SubjectRequest, indexes: list[int]) -> HttpResponse | None:
    _check(request, row, indexes)
    name, body = person_file.zipped(row.site, indexes)
    with transaction.atomic():
        made, code = actions.attach(row, name, body, for_person=True, actor=actor(request))
    text = gettext(
        "%(name)s can be fetched with the code %(code)s until %(day)s. It is shown this once: tell it to the person by"
        " another way than the mail, which has the link."
    )
    messages.success(request, text % {"name": made.name, "code": code, "day": f"{made.expires_at:%-d %B %Y}"}, "good")
    return redirect("dashboard:request", uuid=row.site.uuid, asked=row.number)


def _erase(request: HttpRequest, row: SubjectRequest, indexes: list[int], form: EraseRecords) -> HttpResponse | None:
    _check(request, row, indexes)
    if not form.is_valid():
        return None
    why: dict[str, Any] = {**form.cleaned_data, "actor": actor(request)}
    if row.email and row.confirmed_at:
        erasing.forget_address(row.site, row.email)
    if len(indexes) > AT_ONCE:
        job = enqueue(ERASE, site=row.site, params={"indexes": indexes, **why}, requested_by=request.user)
        actions.keep_erasure(row, len(indexes), [], actor(request))
        return redirect("audit:erasure", uuid=row.site.uuid, job=job.pk)
    done = erasure.erase_indexes(row.site, indexes, **why)
    actions.keep_erasure(row, done.count, done.entries, actor(request))
    text = ngettext("%(count)d consent record erased.", "%(count)d consent records erased.", done.count)
    messages.success(request, text % {"count": done.count}, "good")
    return redirect("dashboard:request", uuid=row.site.uuid, asked=row.number)
