"""Drafts of the banner by name: one is in use, and is what a publish would make a release of."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext

from consent.banners import actions
from consent.banners.models import BannerDraft
from consent.common import InvalidChange
from consent.publishing import queries
from consent.publishing.differences import differences
from consent.sites.models import Site
from consent.sites.roles import May
from cookiebanner.dashboard.views.banner import draft_of
from cookiebanner.staff import preview as previews
from cookiebanner.staff.pages import actor, on_site, show

MOST_HOSTS = 5  # whose pages are linked
LOCAL = ("127.0.0.1", "localhost")  # where the demo's shop is


@on_site(May.VIEW)
def drafts(request: HttpRequest, site: Site) -> HttpResponse:
    """All of them; a copy is made, another is taken into use, one that is not in use is deleted."""
    error = ""
    if request.method == "POST":
        try:
            said = _done(request, site)
        except InvalidChange as refused:
            error = str(refused)
        else:
            messages.success(request, said, "good")
            return redirect("dashboard:banner_drafts", uuid=site.uuid)
    return show(
        request,
        "dashboard/drafts.html",
        site,
        tab="drafts",
        used=draft_of(site),
        drafts=BannerDraft.objects.filter(site=site).order_by("name"),
        error=error,
        typed=request.POST.get("name", ""),
        **links_on_site(request, site),
    )


def links_on_site(request: HttpRequest, site: Site, draft: BannerDraft | None = None) -> dict[str, Any]:
    """What templates/dashboard/on_site.html needs: addresses of the site on which a draft (the one in use) is shown."""
    hosts = site.hosts.order_by("pk").values_list("name", flat=True)[:MOST_HOSTS]
    published = queries.current_release(site) is not None
    mark = previews.on_site(site, draft)
    return {
        "shown_on": [f"{_page_of(request, host)}{mark}" for host in hosts] if published else [],
        "preview_days": previews.SITE_DAYS,
        "published": published,
    }


def _page_of(request: HttpRequest, host: str) -> str:
    """The first page of a host; that of the demo's shop is served by this server itself."""
    if settings.FAIRGATE_DEMO and host in LOCAL:
        return f"http://{host}:{request.get_port()}{reverse('demo_shop')}"
    return f"https://{host}/"


@on_site(May.VIEW, "GET")
def compare(request: HttpRequest, site: Site, named: int) -> HttpResponse:
    """A draft beside the one in use: the differences in words, and both as a visitor gets them."""
    draft = _draft(site, named)
    visitor = previews.Visitor.read(request.GET, language=(site.languages or ["en"])[0])
    used = draft_of(site)
    parts = differences(*queries.drafts(site, [used, draft]))
    return show(
        request,
        "dashboard/draft.html",
        site,
        tab="drafts",
        used=used,
        draft=draft,
        groups=parts,
        **links_on_site(request, site, draft),
        addresses=[
            (used.name, previews.address(site, visitor=visitor)),
            (draft.name, previews.address(site, visitor=visitor, draft=draft)),
        ],
    )


def _done(request: HttpRequest, site: Site) -> str:
    """What was done, in a sentence. Raises InvalidChange and Http404."""
    if "copy" in request.POST:
        return gettext("“%(name)s” is a copy of the draft.") % {
            "name": actions.copy_draft(site, actor(request), request.POST.get("name", "")).name
        }
    if "use" in request.POST:
        return gettext("“%(name)s” is in use now.") % {
            "name": actions.use_draft(site, actor(request), _draft(site, request.POST["use"])).name
        }
    draft = _draft(site, request.POST.get("delete", ""))
    actions.delete_draft(site, actor(request), draft)
    return gettext("“%(name)s” is deleted.") % {"name": draft.name}


def _draft(site: Site, key: int | str) -> BannerDraft:
    """Raises Http404."""
    found = BannerDraft.objects.filter(site=site, pk=key).first() if str(key).isdigit() else None
    if found is None:
        raise Http404
    return found
