"""What the dashboard's and the auditor's pages share: who may see a page, and the frame around it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods

from consent.sites.models import Membership, Site
from consent.sites.queries import MOST_OWN, OwnSite, own_sites, role_of, site_by_uuid, sites_of
from consent.sites.roles import MATRIX, May, can
from cookiebanner.staff import logins
from cookiebanner.staff.again import log_in_first
from cookiebanner.visitors.proxies import unnamed

# Where a member begins whose role is only for some of the pages.
HOMES = {Membership.Role.AUDITOR: "audit:search", Membership.Role.CLERK: "dashboard:requests"}


def home_of(role: str | None) -> str:
    """The name of a site's first page for a role; takes the site's `uuid`."""
    return HOMES.get(Membership.Role(role), "dashboard:overview") if role else "dashboard:overview"


class PageRequest(HttpRequest):
    """What a view below `on_site` gets."""

    role: str
    own_sites: list[OwnSite]


def sites_with(user: Any, what: May) -> QuerySet[Site]:
    """The sites on which the user may do it."""
    if user.is_superuser:
        return sites_of(user)
    roles = [role for role, may in MATRIX.items() if what in may]
    return sites_of(user).filter(memberships__user=user, memberships__role__in=roles)


def may_add_sites(user: Any) -> bool:
    """Operators, and owners of some site."""
    return user.is_superuser or Membership.objects.filter(user=user, role=Membership.Role.OWNER).exists()


def signed_in(*methods: str) -> Callable:
    """A page for anybody who is logged in."""

    def decorate(view: Callable) -> Callable:
        @wraps(view)
        def known(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not request.user.is_authenticated:
                return log_in_first(request)
            logins.used(request)
            return view(request, *args, **kwargs)

        return require_http_methods(methods or ("GET", "POST"))(cache_control(private=True, no_store=True)(known))

    return decorate


def on_site(what: May, *methods: str, auditors: bool = False) -> Callable:
    """A page of one site: the view gets `(request, site, …)` and `request.role`.

    A stranger gets 404, so that site ids tell nothing; a member without the right gets 403 in words. An auditor is sent
    to the audit pages from every page that is not theirs, a clerk to people's requests.
    """

    def decorate(view: Callable) -> Callable:
        @wraps(view)
        def guarded(request: PageRequest, uuid: Any, *args: Any, **kwargs: Any) -> HttpResponse:
            site = site_by_uuid(uuid)
            request.own_sites = own_sites(request.user) if site else []
            role = _role(request, site) if site else None
            if not role:
                raise Http404
            request.role = role
            if _is_elsewhere(role, what, auditors):
                if request.method == "GET":
                    return redirect(home_of(role), uuid=uuid)
                return show(request, "refused.html", site, status=403)
            needed = what if request.method in ("GET", "HEAD") or what != May.VIEW else May.EDIT
            if not can(role, needed):
                return show(request, "refused.html", site, status=403)
            return view(request, site, *args, **kwargs)

        guarded.__dict__.update(needed=what, auditors=auditors)  # the view's, whatever is wrapped around it
        return signed_in(*methods)(guarded)

    return decorate


def _is_elsewhere(role: str, what: May, auditors: bool) -> bool:
    """Whether a page is of a part of the site that the role has nothing to do with."""
    if role == Membership.Role.AUDITOR:
        return not auditors
    return role == Membership.Role.CLERK and not can(role, what)


def _role(request: PageRequest, site: Site) -> str | None:
    """The person's role, of the list that was read for the switcher; it may be too short."""
    listed = next((own.role for own in request.own_sites if own.uuid == site.uuid), None)
    return listed or (role_of(request.user, site) if len(request.own_sites) == MOST_OWN else None)


def _switcher(request: HttpRequest, site: Site) -> list[tuple[str, str]]:
    """(name, address) of the other sites: the same page there, or the first that this person may see."""
    match = request.resolver_match
    view = getattr(match, "func", None)
    path = _without_things_of(request, site)
    rows = []
    for own in getattr(request, "own_sites", ()):
        if own.uuid == site.uuid:
            continue
        needed, auditors = getattr(view, "needed", May.VIEW), getattr(view, "auditors", False)
        may = can(own.role, needed) and not _is_elsewhere(own.role, needed, auditors)
        first = reverse(home_of(own.role), kwargs={"uuid": own.uuid})
        rows.append((own.name, path.replace(str(site.uuid), str(own.uuid)) if may else first))
    return rows


def _without_things_of(request: HttpRequest, site: Site) -> str:
    """The page's path, or that of the nearest page above it that names nothing of this site."""
    path, first = request.path, request.path.partition(str(site.uuid))[0] + f"{site.uuid}/"
    asked = request.method in ("GET", "HEAD")
    while path.startswith(first) and path != first:
        try:
            match = resolve(path)
        except Resolver404:
            match = None
        if asked and match and set(match.kwargs) <= {"uuid", "place"}:
            return path
        path, asked = path.rstrip("/").rpartition("/")[0] + "/", True
    return first


def show(
    request: HttpRequest, template: str, site: Site | None = None, /, *, status: int = 200, **context: Any
) -> HttpResponse:
    """Renders a page. `may` in the template holds what this person may do on the site."""
    role = getattr(request, "role", None)
    context |= {
        "site": site,
        "role": role,
        "may": {str(what): can(role, what) for what in May},
        "auditor": role == Membership.Role.AUDITOR,
        "proxies": unnamed.addresses(),
        "other_sites": _switcher(request, site) if site else [],
        "here": request.resolver_match.url_name if request.resolver_match else "",
    }
    response = render(request, template, context, status=status)
    response["Cross-Origin-Opener-Policy"] = "same-origin"
    return response


def actor(request: HttpRequest) -> str:
    """The name that actions write into the audit trail."""
    person: Any = request.user  # all of these pages ask for a login first
    return person.email or person.get_username()
