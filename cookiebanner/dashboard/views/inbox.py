"""The inbox: hosts that pages asked for something and that no service covers. Each is filed, or dismissed."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext

from consent.catalogue import inbox as filing
from consent.catalogue import known
from consent.common import InvalidChange
from consent.sites.models import Site
from consent.sites.roles import May
from consent.stats import actions as stats
from consent.stats import queries as counted
from consent.stats.models import GateReport
from cookiebanner.dashboard import forms
from cookiebanner.staff.pages import actor, on_site, show

PAGE = 25
SUGGESTED = "suggested"  # of the category for all: the one that the catalogue has for each


def waiting(site: Site) -> list[GateReport]:
    """Unknown hosts that wait for somebody, the most frequent first: what the draft covers by now is not among them."""
    table = filing.table_of(site)
    rows = site.gate_reports.filter(dismissed_at=None, kind=GateReport.Kind.UNKNOWN_HOST).order_by("-count", "subject")
    return [row for row in rows if not filing.covered(table, row.subject)]


@on_site(May.VIEW)
def inbox(request: HttpRequest, site: Site) -> HttpResponse:
    """Proposes a service for each host and asks for its category; files, dismisses and brings back, many at once."""
    if request.method == "POST" and _act(request, site):
        return redirect(_here(site, request))
    dismissed = "dismissed" in request.GET
    rows = site.gate_reports.filter(kind=GateReport.Kind.UNKNOWN_HOST).exclude(dismissed_at=None)
    open_rows = waiting(site)
    page = Paginator(rows.order_by("-dismissed_at") if dismissed else open_rows, PAGE).get_page(request.GET.get("page"))
    own = list(site.categories.all())
    names = {category.key: forms.category_name(category) or category.key for category in own}
    table = filing.table_of(site)
    have = set(site.services.values_list("key", flat=True))
    given = request.POST
    return show(
        request,
        "dashboard/inbox.html",
        site,
        page=page,
        rows=[] if dismissed else [_row(row, table, names, have, given) for row in page],
        dismissed=dismissed,
        count=len(open_rows),
        dismissed_count=rows.count(),
        categories=[(c.key, forms.category_label(c)) for c in own],
        undo=request.session.get(_undo_key(site)),
        full=stats.REPORTS_PER_SITE if counted.reports_full(site.pk) else 0,
        chosen=given.get("category", ""),
        kept="dismissed=1&" if dismissed else "",
    )


def _undo_key(site: Site) -> str:
    return f"inbox-undo-{site.pk}"


def _here(site: Site, request: HttpRequest) -> str:
    query = request.GET.urlencode()
    return reverse("dashboard:inbox", kwargs={"uuid": site.uuid}) + (f"?{query}" if query else "")


def _row(row: GateReport, table: Any, names: dict[str, str], have: set[str], given: Any) -> dict[str, Any]:
    """One host as the page shows it; `given` is what was typed, when it is shown again."""
    found = filing.proposal(row.subject, table)
    choices = [
        (
            one["key"],
            gettext("%(name)s (yours)") % {"name": one["name"]} if one["key"] in have else one["name"],
            names.get(one["category"], ""),
        )
        for one in found.choices
    ]
    default = found.service["key"] if found.service else filing.OWN if not choices else ""
    return {
        "report": row,
        "choices": choices,
        "service": given.get(f"service-{row.pk}", default),
        "category": given.get(f"category-{row.pk}", ""),
        "query": urlencode({"pattern": row.subject, "name": row.subject}),
        "companions": [
            (
                one["key"],
                one["name"],
                gettext(" and ").join(s["name"] for s in found.choices if one["key"] in s["companions"]),
            )
            for one in found.companions
        ],
        "also": given.getlist(f"also-{row.pk}") if given else [one["key"] for one in found.companions],
        "selected": str(row.pk) in given.getlist("rows") if given else False,
        "suggestion": names.get(found.service["category"], "") if found.service else "",
    }


def _act(request: HttpRequest, site: Site) -> bool:
    """Does what the pressed button says; False when something must be chosen first."""
    given, who = request.POST, actor(request)
    if "undo" in given:
        if given["undo"]:
            _bring_back(site, request.session.get(_undo_key(site), {}).get("rows", []), who)
        request.session.pop(_undo_key(site), None)
        return True
    one = next((given[name] for name in ("add_one", "dismiss_one", "restore_one") if name in given), "")
    wanted = [one] if one else given.getlist("rows")
    numbers = [int(text) for text in wanted if text.isascii() and text.isdigit() and len(text) < 19]
    rows = list(site.gate_reports.filter(kind=GateReport.Kind.UNKNOWN_HOST, pk__in=numbers))
    if not rows:
        messages.error(request, gettext("Select at least one host."), "bad")
        return False
    if "restore" in given or "restore_one" in given:
        _bring_back(site, [row.pk for row in rows], who)
        return True
    if "dismiss" in given or "dismiss_one" in given:
        for row in rows:
            stats.dismiss_report(row, who)
        request.session[_undo_key(site)] = {"rows": [row.pk for row in rows], "hosts": [row.subject for row in rows]}
        return True
    return _add(request, site, rows)


def _bring_back(site: Site, rows: list[int], who: str) -> None:
    for row in site.gate_reports.filter(pk__in=rows):
        stats.restore_report(row, who)


def _add(request: HttpRequest, site: Site, rows: list[GateReport]) -> bool:
    """Files each; those that can be filed are, the others are told. True when none is left over."""
    given, who = request.POST, actor(request)
    for_all = given.get("category", "") if "add" in given else ""
    done: list[str] = []
    failed: list[str] = []
    for row in sorted(rows, key=lambda row: -row.count):
        service = given.get(f"service-{row.pk}", "")
        category = given.get(f"category-{row.pk}", "") or for_all
        if category == SUGGESTED:
            category = _suggested(service)
        try:
            added = filing.file_host(
                site, who, row.subject, service=service, category=category, companions=given.getlist(f"also-{row.pk}")
            )
        except InvalidChange as error:
            failed.append(str(error))
            continue
        done += [one.name for one in added]
        if not filing.covered(filing.table_of(site), row.subject):
            stats.dismiss_report(row, who)  # what else is on this host belongs to others
    if done:
        messages.success(
            request,
            gettext("In the draft: %(services)s. Publish to hold them.") % {"services": ", ".join(dict.fromkeys(done))},
            "good",
        )
    for text in dict.fromkeys(failed):
        messages.error(request, text, "bad")
    return not failed


def _suggested(service: str) -> str:
    entry = known.by_key().get(service)
    return str(entry["category"]) if entry else ""
