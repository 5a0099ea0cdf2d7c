"""The list of sites, and a new one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from consent.banners import texts
from consent.common import InvalidChange
from consent.jurisdictions import table
from consent.publishing import queries
from consent.publishing.models import Release
from consent.requests.actions import name_old_forms
from consent.scanner import actions as scanner
from consent.sites import actions
from consent.sites.models import Host, Membership, Site, SiteSighting
from consent.sites.queries import role_of, sites_of
from consent.sites.roles import May, can
from consent.stats import queries as stats
from cookiebanner.dashboard import charts, foreign_styles, forms, rehearsal
from cookiebanner.staff import preview as previews
from cookiebanner.staff.pages import HOMES, actor, home_of, may_add_sites, show, signed_in
from cookiebanner.templatetags.glossary import explained

PAGE = 48


@signed_in("GET")
def sites(request: HttpRequest) -> HttpResponse:
    """The sites the person belongs to, with their last 30 days; `?q=` finds a part of a name or of a host."""
    search = request.GET.get("q", "")[:254].strip()
    latest = Release.objects.filter(site=OuterRef("pk")).order_by("-number").values("number")[:1]
    seen = SiteSighting.objects.filter(site=OuterRef("pk")).order_by("-last_seen").values("last_seen")[:1]
    mine = sites_of(request.user).annotate(release=Subquery(latest), seen=Subquery(seen)).order_by("name", "pk")
    if search:
        on_host = Exists(Host.objects.filter(site=OuterRef("pk"), name__icontains=search))
        mine = mine.filter(Q(name__icontains=search) | on_host)
    page = Paginator(mine, PAGE).get_page(request.GET.get("page"))
    rows = list(page)
    roles: dict[int, str] = {}
    if not request.user.is_superuser:
        roles = dict(Membership.objects.filter(user=request.user.pk).values_list("site_id", "role"))
    today = timezone.now().date()
    month = stats.answers_per_site([site.pk for site in rows], today - timedelta(days=29), today)
    # Today has only begun: as the last point of a line it would look like a collapse.
    cards = [
        (site, stats.total(days), charts.spark([row.answers for row in days[:-1]]), *_begin(site, roles.get(site.pk)))
        for site, days in ((site, month[site.pk]) for site in rows)
    ]
    kept = urlencode({"q": search}) + "&" if search else ""
    return show(
        request, "dashboard/sites.html", cards=cards, page=page, search=search, kept=kept,
        may_add=may_add_sites(request.user),
    )  # fmt: skip


def _begin(site: Site, role: str | None) -> tuple[str, str | None]:
    """Where a card leads, and the role of whoever it shows no figures to."""
    address = reverse(home_of(role), kwargs={"uuid": site.uuid})
    return address, role if role in HOMES else None


@signed_in("GET", "POST")
def new(request: HttpRequest) -> HttpResponse:
    """Makes a site with the five usual categories."""
    if not may_add_sites(request.user):
        raise PermissionDenied
    form = forms.NewSite(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            site = actions.create_site(
                data["hosts"], actor(request), uuid=data["uuid"], name=data["name"], owners=[request.user],
                cover_apex=True,
            )  # fmt: skip
        except actions.InvalidChange as error:
            form.add_error(None, str(error))
        else:
            return redirect("dashboard:guide", uuid=site.uuid)
    return show(request, "dashboard/site_new.html", form=form)


@signed_in("GET", "POST")
def move(request: HttpRequest) -> HttpResponse:
    """A page with another banner becomes a site: first what would be done, then, when somebody says so, done."""
    if not may_add_sites(request.user):
        raise PermissionDenied
    form = forms.Move(request.POST or None, request.FILES or None)
    found, done = None, "make" in request.POST
    if request.method == "POST" and form.is_valid():
        try:
            found = _adopt(request, form.cleaned_data, rehearsal=not done)
            if done:
                site = Site.objects.get(uuid=found.site_id)
                name_old_forms(site, actor(request), form.cleaned_data["html"])
        except InvalidChange as error:
            form.add_error(None, str(error))
    words = {
        "added": gettext("filed"),
        "completed": gettext("completed"),
        "there": gettext("there already"),
        "undecided": gettext("choose a category"),
        "unknown": gettext("not known to us"),
    }
    # A rehearsal's site is gone again: then the usual names are what it would have had.
    names = {key: text["name"] for key, text in texts.categories("en").items()}
    names |= found.names if found else {}
    rows = [(row, names.get(row.category, ""), words[row.state]) for row in (found.rows if found else [])]
    steps = [step.split("\n", 1) for step in (found.advice if found else [])]
    done = done and found is not None
    return show(
        request, "dashboard/move.html", form=form, found=found, rows=rows, steps=steps, done=done, again=_again(form)
    )


@signed_in("POST")
def rehearse(request: HttpRequest) -> HttpResponse:
    """The page with our gate on it, as it would be after the move: nothing of it is kept, and nothing sent."""
    if not may_add_sites(request.user):
        raise PermissionDenied
    form = forms.Move(request.POST)
    if not form.is_valid() or not form.cleaned_data["html"]:
        return redirect("dashboard:move")
    data, place, part = form.cleaned_data, request.POST.get("place", "DE"), request.POST.get("part", "after")
    try:
        with transaction.atomic():
            found = _adopt(request, data, rehearsal=False)
            site = Site.objects.get(uuid=found.site_id)
            snapshot = queries.draft(site)
            variant = previews.decision(site, place, snapshot).variant
            transaction.set_rollback(True)
        if variant not in snapshot["variants"]:
            variant = table.regime_of(variant)
        base = rehearsal.base_of(data["url"], found.hosts)
        page, not_drawn = foreign_styles.inlined(data["html"], base, found.hosts)
        drawn = (
            rehearsal.before(page, base)
            if part == "before"
            else rehearsal.after(page, base, snapshot, variant, request)
        )
        drawn.not_drawn = not_drawn
    except (InvalidChange, ValueError) as error:
        form.add_error(None, str(error))
        return show(request, "dashboard/move.html", form=form, found=None, rows=[], steps=[], done=False)
    response = show(
        request, "dashboard/rehearsal.html", drawn=drawn, found=found, variant=variant, places=previews.places(),
        place=place, part=part, again=_again(form),
    )  # fmt: skip
    response["Content-Security-Policy"] = rehearsal.policy(found.hosts, str(request.csp_nonce))  # type: ignore[attr-defined]
    response["Referrer-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"
    return response


def _adopt(request: HttpRequest, data: dict[str, Any], *, rehearsal: bool) -> scanner.Report:
    """Raises InvalidChange."""
    return scanner.adopt_reported(
        data["html"],
        data["hosts"],
        actor(request),
        lambda site: can(role_of(request.user, site), May.EDIT),
        rehearsal=rehearsal,
        files=data["files"],
        server=settings.FAIRGATE_URL,
        owners=[request.user],
        moved_from=data["moved_from"],
    )


def _again(form: forms.Move) -> list[tuple[str, str]]:
    """What the next step is sent, as hidden fields."""
    if not form.is_bound or not form.is_valid():
        return []
    data = form.cleaned_data
    kept = forms.MovedFrom.initial_of(data["moved_from"])
    lines = {"hosts": data["hosts"], "names": kept["names"]}
    values = {
        "source": data["html"],
        "url": data["url"],
        "carried": data["carried"],
        "manager": kept["manager"],
        "key": kept["key"],
        "days": f"{kept['days'] or ''}",
    }
    return [*((name, "\n".join(value)) for name, value in lines.items()), *values.items()]


@signed_in("GET")
def glossary(request: HttpRequest) -> HttpResponse:
    """What our own words mean."""
    return show(request, "dashboard/glossary.html", words=explained())
