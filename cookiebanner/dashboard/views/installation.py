"""What to paste into the page, what we saw of it, and what gates reported."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext

from consent.publishing import queries as publishing
from consent.sites import actions as sites
from consent.sites import snippets as lines
from consent.sites.models import Site
from consent.sites.roles import May
from consent.stats import actions as stats
from cookiebanner.dashboard import faults, snippets, too_late
from cookiebanner.dashboard.views import inbox
from cookiebanner.staff import links
from cookiebanner.staff.pages import actor, on_site, show


@on_site(May.VIEW)
def installation(request: HttpRequest, site: Site) -> HttpResponse:
    """The lines of every level, the chosen one open; sightings; reports."""
    if request.method == "POST":
        wanted = request.POST.get("level", "")
        if wanted in Site.Level.values:
            sites.change_settings(site, actor(request), level=wanted)
            messages.success(
                request, gettext("The draft has another blocking level. Publish, then change the page."), "good"
            )
        return redirect("dashboard:installation", uuid=site.uuid)
    base = links.base(request)
    reported = site.gate_reports.filter(dismissed_at=None).exclude(kind="unknown").order_by("-last_seen")
    late, others = too_late.sort_out(reported)
    return show(
        request,
        "dashboard/installation.html",
        site,
        levels=snippets.levels(site, base),
        sightings=site.sightings.order_by("-last_seen")[:20],
        unknown=len(inbox.waiting(site)),
        late=late[:20],
        faults=[(one, faults.words(one.kind, one.subject)) for one in others[:50]],
        release=publishing.current_release(site),
        endpoint=snippets.endpoint(base),
        policy=lines.cookie_policy(base, site.uuid),
    )


@on_site(May.EDIT, "POST")
def report(request: HttpRequest, site: Site, report: int) -> HttpResponse:
    """Dismisses a report."""
    row = get_object_or_404(site.gate_reports, pk=report)
    stats.dismiss_report(row, actor(request))
    return redirect("dashboard:installation", uuid=site.uuid)
