"""A site at a glance: what visitors answered, where, and what to do next."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext

from consent.jurisdictions import table
from consent.ledger import clock, events
from consent.ledger.models import LogEntry
from consent.publishing import queries as publishing
from consent.scanner import scans
from consent.sites.models import Site
from consent.sites.roles import May
from consent.stats import queries as stats
from cookiebanner.dashboard import charts
from cookiebanner.dashboard.views import inbox
from cookiebanner.dashboard.views.notices import with_words
from cookiebanner.staff.pages import on_site, show

PERIODS = (7, 30, 90)


@on_site(May.VIEW, "GET")
def overview(request: HttpRequest, site: Site) -> HttpResponse:
    """Answers a day, shares, and places over the chosen number of days."""
    days = next((n for n in PERIODS if str(n) == request.GET.get("days")), 30)
    last = timezone.now().date()
    first = last - timedelta(days=days - 1)
    rows = stats.by_day(site.pk, first, last)
    columns = stats.by_columns(site.pk, first, last, ("jurisdiction", "regime"))
    places = columns["jurisdiction"]
    sighting = site.sightings.order_by("-last_seen").first()
    release = publishing.current_release(site)
    services = set(site.services.values_list("key", flat=True))
    scanned, news = scans.latest_news(site, request.user, services)
    return show(
        request,
        "dashboard/overview.html",
        site,
        days=days,
        periods=PERIODS,
        first=first,
        last=last,
        rows=rows,
        total=stats.total(rows),
        gpc_share=stats.gpc_share(site.pk, first, last),
        chart=charts.answers_a_day(rows),
        labels={kind: gettext(name) for kind, name in charts.LABELS.items()},
        places=[(row, charts.shares(row)) for row in places[:12]],
        more_places=max(len(places) - 12, 0),
        regimes=[(row, charts.shares(row)) for row in by_regime(columns["regime"])],
        release=release,
        sighting=sighting,
        services=len(services),
        restarts=[event.words for event in events.of_log(site.pk, [LogEntry.Type.RESTART])],
        ahead=next((clock.words(by) for _, by in clock.ahead(site)), ""),
        notices=with_words(site, request),
        scanned=scanned,
        news=news,
        reports=len(inbox.waiting(site)),
    )


def by_regime(variants: list[stats.AnswerTotals]) -> list[stats.AnswerTotals]:
    """Variants of one regime (`eu_opt_in-DE`, `eu_opt_in-FR`) as one row, most answers first."""
    merged: dict[str, stats.AnswerTotals] = {}
    for row in variants:
        name = table.regime_of(row.name)
        merged.setdefault(name, stats.AnswerTotals(name)).merge(row)
    return sorted(merged.values(), key=lambda row: -row.answers)
