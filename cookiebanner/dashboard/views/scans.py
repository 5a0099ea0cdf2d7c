"""What a scan found on the site, how scans are made, and the services that are filed from a report."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext, gettext_noop, ngettext

from consent.common import InvalidChange
from consent.ledger import canonical
from consent.scanner import pictures, scans
from consent.scanner import report as reports
from consent.scanner.models import Scan
from consent.scanner.scans import Choice
from consent.scanner.seen import ACCEPTED, BEFORE, REFUSED
from consent.sites.models import Site
from consent.sites.roles import May
from cookiebanner.dashboard import forms
from cookiebanner.releases.pictures import unavailable
from cookiebanner.staff.pages import actor, on_site, show

MOMENTS = {
    BEFORE: gettext_noop("Before an answer"),
    REFUSED: gettext_noop("After a refusal"),
    ACCEPTED: gettext_noop("After a yes"),
}
ENDED = {
    "pages": gettext_noop("It ended at the number of pages that you asked for; there are more."),
    "time": gettext_noop("It ended because its time was over; what it had not seen by then is missing."),
    "stopped": gettext_noop("Somebody stopped it: it holds what was seen until then, and is compared with nothing."),
}


@on_site(May.VIEW)
def scans_page(request: HttpRequest, site: Site) -> HttpResponse:
    """The scans of the site, how they are made, and what one is told of."""
    plan = scans.plan_of(site)
    form = forms.ScanPlanForm(request.POST or None, initial=forms.ScanPlanForm.initial_of(plan))
    if request.method == "POST" and form.is_valid():
        try:
            scans.set_plan(site, actor(request), **form.cleaned_data)
        except InvalidChange as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, gettext("Saved. The next scan is made so."), "good")
            return redirect("dashboard:scans", uuid=site.uuid)
    rows = list(site.scans.select_related("job"))
    return show(
        request,
        "dashboard/scans.html",
        site,
        rows=[(row, *_counts(row)) for row in rows],
        going_on=next((row for row in rows if row.going_on), None),
        form=form,
        start=scans.start_of(plan),
        no_browser=unavailable(),
    )


def _counts(scan: Scan) -> tuple[int, int, int]:
    """How many services, how many of them too early, how many after a refusal."""
    if not scan.report:
        return 0, 0, 0
    found = scan.report
    return len(found["services"]), len(reports.flagged(found, "before")), len(reports.flagged(found, "after_refusal"))


@on_site(May.EDIT, "POST")
def start(request: HttpRequest, site: Site) -> HttpResponse:
    """Queues a scan, and shows it."""
    try:
        made = scans.ask(site, actor(request), request.user)
    except InvalidChange as error:
        messages.error(request, str(error), "bad")
        return redirect("dashboard:scans", uuid=site.uuid)
    return redirect("dashboard:scan", uuid=site.uuid, scan=made.pk)


@on_site(May.EDIT, "POST")
def stop(request: HttpRequest, site: Site, scan: int) -> HttpResponse:
    """Ends a scan that waits or runs."""
    scans.stop(get_object_or_404(site.scans.select_related("job"), pk=scan), actor(request))
    return redirect("dashboard:scan", uuid=site.uuid, scan=scan)


@on_site(May.VIEW, "GET")
def scan(request: HttpRequest, site: Site, scan: int) -> HttpResponse:
    """A report, or how far it is."""
    row = get_object_or_404(site.scans.select_related("job"), pk=scan)
    return show(request, "dashboard/scan.html", site, row=row, **_reported(request, site, row))


@on_site(May.VIEW, "GET")
def progress(request: HttpRequest, site: Site, scan: int) -> HttpResponse:
    """How far a scan is; the page asks again meanwhile, and anew for all of it at the end."""
    row = get_object_or_404(site.scans.select_related("job"), pk=scan)
    response = show(request, "dashboard/scan_progress.html", site, row=row)
    if not row.going_on:
        response["HX-Refresh"] = "true"
    return response


def _reported(request: HttpRequest, site: Site, row: Scan) -> dict[str, Any]:
    """What the page of a finished scan shows."""
    if not row.report:
        return {}
    found = row.report
    have = set(site.services.values_list("key", flat=True))
    covered = {rule for service in scans.services_of(site) for rule in service["rules"]}
    before = scans.earlier(row)
    comparable = reports.whole(found)
    return {
        "report": found,
        "ended": gettext(ENDED[found["ended"]]) if found["ended"] in ENDED else "",
        "moments": {moment: gettext(name) for moment, name in MOMENTS.items()},
        "too_early": reports.flagged(found, "before").items(),
        "surviving": reports.flagged(found, "after_refusal").items(),
        "early_hosts": reports.strangers(found, BEFORE),
        "unfiled": reports.unfiled(found, have),
        "hosts": [one for one in found["hosts"] if one["host"] not in covered],
        "filed": [one for one in found["services"] if one["key"] in have],
        "categories": [(category.key, forms.category_label(category)) for category in site.categories.all()],
        "before": before,
        "differences": reports.differences(before.report, found) if before and comparable else None,
        "undo": request.session.get(_undo_key(site)),
        "read": sum(1 for page in found["pages"] if not page["why"]),
    }


@on_site(May.EDIT, "POST")
def file(request: HttpRequest, site: Site, scan: int) -> HttpResponse:
    """Files what was ticked under the categories that were chosen, all of it or nothing."""
    row = get_object_or_404(site.scans, pk=scan)
    wanted = [_choice(request, row, value) for value in request.POST.getlist("add")[:500]]
    if not wanted:
        messages.error(request, gettext("Nothing was ticked, so nothing was filed."), "bad")
        return redirect("dashboard:scan", uuid=site.uuid, scan=row.pk)
    try:
        added = scans.file_services(site, actor(request), wanted)
    except InvalidChange as error:
        messages.error(request, gettext("Nothing was filed. %(error)s") % {"error": error}, "bad")
        return redirect("dashboard:scan", uuid=site.uuid, scan=row.pk)
    request.session[_undo_key(site)] = {"keys": [one.key for one in added], "names": [one.name for one in added]}
    return redirect("dashboard:scan", uuid=site.uuid, scan=row.pk)


def _choice(request: HttpRequest, row: Scan, value: str) -> Choice:
    """What was ticked, as far as the report has it."""
    kind, _, name = value.partition(":")
    category = request.POST.get(f"category-{value}", "")
    if kind == "service" and any(one["key"] == name for one in row.report.get("services", ())):
        return Choice(category, key=name)
    if kind == "host" and any(one["host"] == name for one in row.report.get("hosts", ())):
        return Choice(category, host=name)
    raise Http404


@on_site(May.EDIT, "POST")
def undo(request: HttpRequest, site: Site, scan: int) -> HttpResponse:
    """Takes out of the draft again what was filed last in this session."""
    row = get_object_or_404(site.scans, pk=scan)
    kept = request.session.pop(_undo_key(site), None)
    if kept and "dismiss" not in request.POST:
        count = scans.take_back(site, actor(request), kept["keys"])
        said = ngettext(
            "%(count)s service out of the draft again.", "%(count)s services out of the draft again.", count
        )
        messages.success(request, said % {"count": count}, "good")
    return redirect("dashboard:scan", uuid=site.uuid, scan=row.pk)


def _undo_key(site: Site) -> str:
    return f"scan-undo-{site.pk}"


@on_site(May.VIEW, "GET")
def report_file(request: HttpRequest, site: Site, scan: int) -> HttpResponse:
    """The report as the bytes whose hash the ledger names."""
    row = get_object_or_404(site.scans.exclude(sha256=""), pk=scan)
    response = HttpResponse(canonical.encode(row.report), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="scan-{row.sha256[:12]}.json"'
    return response


@on_site(May.VIEW, "GET")
def picture(request: HttpRequest, site: Site, scan: int, sha256: str) -> FileResponse:
    """A picture that the report names."""
    row = get_object_or_404(site.scans, pk=scan)
    if sha256 not in scans.pictures_of(row.report) or not pictures.path(sha256).exists():
        raise Http404
    response = FileResponse(pictures.path(sha256).open("rb"), content_type="image/jpeg")
    response["Cache-Control"] = "private, max-age=86400, immutable"
    return response
