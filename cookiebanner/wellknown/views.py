"""`/.well-known/` on the site's own origin, by a rule of its web server (docs/first-party.md)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from consent.answers.errors import RejectedSubmission
from consent.answers.published import among
from consent.jurisdictions.table import VERSION
from consent.models import Host, Release, Site
from consent.publishing.tags import cookie_name
from consent.sites.queries import clean_host, suffixes
from cookiebanner.problems import problem
from cookiebanner.visitors import door, rate_limit
from cookiebanner.visitors.django import requested_host
from cookiebanner.visitors.first_party import LEGACY_COOKIE, LIMIT, gpc_json, named, store_state
from cookiebanner.visitors.published import Entry, published


@csrf_exempt  # guarded by Origin and Sec-Fetch-Site, see door.admit and store_state
@require_http_methods(["GET", "POST"])
def state(request: HttpRequest) -> HttpResponse:
    """GET: is the endpoint there? POST: sets the consent cookie that the page's gate asks for."""
    if request.method == "GET":
        answer: HttpResponse = JsonResponse({"fairgate": True})
        answer["Cache-Control"] = "no-store"
        return answer
    headers = {name.lower(): value for name, value in request.headers.items()}
    host = requested_host(request)
    try:
        body, peer = request.read(LIMIT + 1), request.META.get("REMOTE_ADDR", "")
        content_type, origin = headers.get("content-type"), headers.get("origin")
        door.admit(rate_limit.STATE, body, content_type, origin, headers, peer, limit=LIMIT)
        name = _name(host)
        asked_name = named(body)[0]
        site = _site(name, asked_name) or _unpublished(name, asked_name)
        own = cookie_name(str(site.uuid)) if site else LEGACY_COOKIE
        cookie = store_state(headers, host, body, _hosts(site, name), own)
    except RejectedSubmission as refused:
        status, content, problem_headers = door.refusal(refused)
        return HttpResponse(content, status=status, headers=problem_headers)
    answer = HttpResponse(status=204)
    answer["Set-Cookie"] = cookie
    answer["Cache-Control"] = "no-store"
    return answer


@require_GET
def gpc(request: HttpRequest) -> HttpResponse:
    """The site's statement that it honours Global Privacy Control, dated by its latest release."""
    name = _name(requested_host(request))
    site = _site(name) or _unpublished(name)
    if site is None:
        return problem(404, "unknown_site", "No site of this server has this host.")
    answer = JsonResponse(gpc_json(gpc_date(site.id)))
    answer["Cache-Control"] = "public, max-age=3600"
    answer["Access-Control-Allow-Origin"] = "*"
    return answer


def gpc_date(site_id: int) -> str:
    """The day of the site's latest release, ISO 8601; the table's own day before the first."""
    latest = Release.objects.filter(site=site_id).values_list("published_at", flat=True).first()
    return latest.date().isoformat() if latest else VERSION


def _name(host: str) -> str:
    try:
        return clean_host(host)
    except ValueError:
        return ""


def _site(name: str, cookie: str = LEGACY_COOKIE) -> Entry | None:
    """The published site of this host: of several the one whose state cookie it is, else that of the longest name."""
    sites = published.sites_of_host(name) if name else []
    owners = [site for site in sites if cookie_name(str(site.uuid)) == cookie]
    return next(iter(owners or sites), None)


def _hosts(site: Entry | Site | None, name: str) -> list[str]:
    """The site's hosts, sorted as in a release: the gate takes the first that fits."""
    if isinstance(site, Entry):
        return sorted(site.current if among(name, site.current) else site.hosts)
    return sorted(site.hosts.values_list("name", flat=True)) if site else []


def _unpublished(name: str, cookie: str = LEGACY_COOKIE) -> Site | None:
    """The same among drafts: an installation can be tried before the first release."""
    found = Host.objects.filter(name__in=suffixes(name)).select_related("site") if name else ()
    sites = [one.site for one in sorted(found, key=lambda one: (-len(one.name), one.site_id))]
    owners = [site for site in sites if cookie_name(str(site.uuid)) == cookie]
    return next(iter(owners or sites), None)


urlpatterns = [
    path(".well-known/fairgate/", state),
    path(".well-known/fairgate/state", state),
    path(".well-known/fairgate/gpc.json", gpc),
    path(".well-known/gpc.json", gpc),
]
