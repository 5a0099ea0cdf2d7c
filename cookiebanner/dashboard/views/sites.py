"""The list of sites, and a new one."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db.models import Max, OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from consent.banners import texts
from consent.catalogue.models import Category
from consent.common import InvalidChange
from consent.publishing.models import Release
from consent.scanner import actions as scanner
from consent.sites import actions
from consent.sites.models import Membership
from consent.sites.queries import role_of, sites_of
from consent.sites.roles import May, can
from consent.stats import queries as stats
from cookiebanner.dashboard import charts, forms
from cookiebanner.staff.pages import actor, may_add_sites, show, signed_in
from cookiebanner.templatetags.glossary import WORDS, anchor


@signed_in("GET")
def sites(request: HttpRequest) -> HttpResponse:
    """Every site the person belongs to, with its last 30 days."""
    latest = Release.objects.filter(site=OuterRef("pk")).order_by("-number").values("number")[:1]
    rows = list(
        sites_of(request.user).annotate(release=Subquery(latest), seen=Max("sightings__last_seen")).order_by("name")
    )
    audited = set()
    if not request.user.is_superuser:
        mine = Membership.objects.filter(user=request.user.pk, role=Membership.Role.AUDITOR)
        audited = set(mine.values_list("site_id", flat=True))
    today = timezone.now().date()
    month = stats.answers_per_site([site.pk for site in rows], today - timedelta(days=29), today)
    # Today has only begun: as the last point of a line it would look like a collapse.
    cards = [
        (site, stats.total(days), charts.spark([row.answers for row in days[:-1]]), site.pk in audited)
        for site, days in ((site, month[site.pk]) for site in rows)
    ]
    return show(request, "dashboard/sites.html", cards=cards, may_add=may_add_sites(request.user))


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
                data["hosts"], actor(request), uuid=data["uuid"], name=data["name"], owners=[request.user]
            )
        except actions.InvalidChange as error:
            form.add_error(None, str(error))
        else:
            return redirect("dashboard:installation", uuid=site.uuid)
    return show(request, "dashboard/site_new.html", form=form)


@signed_in("GET", "POST")
def move(request: HttpRequest) -> HttpResponse:
    """A page with another banner becomes a site: first what would be done, then, when somebody says so, done."""
    if not may_add_sites(request.user):
        raise PermissionDenied
    form = forms.Move(request.POST or None, request.FILES or None)
    found, done = None, "make" in request.POST
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            found = scanner.adopt_reported(
                data["html"],
                data["hosts"],
                actor(request),
                lambda site: can(role_of(request.user, site), May.EDIT),
                rehearsal=not done,
                server=settings.FAIRGATE_URL,
                owners=[request.user],
            )
        except InvalidChange as error:
            form.add_error(None, str(error))
    words = {"added": "filed", "completed": "completed", "there": "there already", "undecided": "choose a category",
             "unknown": "not known to us"}  # fmt: skip
    # A rehearsal's site is gone again: then the usual names are what it would have had.
    names = {key: text["name"] for key, text in texts.categories("en").items()}
    if found:
        own = Category.objects.filter(site__uuid=found.site_id).select_related("site")
        names |= {one.key: name for one in own if (name := forms.category_name(one))}
    rows = [(row, names.get(row.category, ""), words[row.state]) for row in (found.rows if found else [])]
    steps = [step.split("\n", 1) for step in (found.advice if found else [])]
    done = done and found is not None
    return show(request, "dashboard/move.html", form=form, found=found, rows=rows, steps=steps, done=done)


@signed_in("GET")
def glossary(request: HttpRequest) -> HttpResponse:
    """What our own words mean."""
    words = [(word, meaning, anchor(word)) for word, meaning in WORDS.items()]
    return show(request, "dashboard/glossary.html", words=words)
