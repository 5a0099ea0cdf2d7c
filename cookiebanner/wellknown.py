"""`/.well-known/` on the site's own origin, by a rule of its web server (docs/first-party.md)."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from consent.jurisdictions.table import VERSION
from consent.models import Release, Site
from consent.sites.queries import clean_host, suffixes
from cookiebanner.firstparty import LIMIT, Refusal, gpc_json, store_state
from cookiebanner.problems import problem
from cookiebanner.visitors.proxies import trusted


@csrf_exempt  # guarded by Origin and Sec-Fetch-Site, see firstparty.store_state
@require_http_methods(["GET", "POST"])
def state(request: HttpRequest) -> HttpResponse:
    """GET: is the endpoint there? POST: sets the consent cookie that the page's gate asks for."""
    if request.method == "GET":
        answer: HttpResponse = JsonResponse({"fairgate": True})
        answer["Cache-Control"] = "no-store"
        return answer
    headers = {name.lower(): value for name, value in request.headers.items()}
    host = _host(request)
    body = request.read(LIMIT + 1)
    result = store_state(headers, host, body, _hosts(host))
    if isinstance(result, Refusal):
        return problem(result.status, result.code, result.title)
    answer = HttpResponse(status=204)
    answer["Set-Cookie"] = result
    answer["Cache-Control"] = "no-store"
    return answer


@require_GET
def gpc(request: HttpRequest) -> HttpResponse:
    """The site's statement that it honours Global Privacy Control, dated by its latest release."""
    site = Site.objects.filter(hosts__name__in=suffixes(_name(_host(request)))).first()
    if site is None:
        return problem(404, "unknown_site", "No site of this server has this host.")
    answer = JsonResponse(gpc_json(gpc_date(site)))
    answer["Cache-Control"] = "public, max-age=3600"
    answer["Access-Control-Allow-Origin"] = "*"
    return answer


def gpc_date(site: Site) -> str:
    """The day of the site's latest release, ISO 8601; the table's own day before the first."""
    latest = Release.objects.filter(site=site).values_list("published_at", flat=True).first()
    return latest.date().isoformat() if latest else VERSION


def _host(request: HttpRequest) -> str:
    """The host that the visitor's browser asked: what a trusted proxy says, else the Host header."""
    forwarded = request.headers.get("X-Forwarded-Host", "").split(",")[0].strip()
    if forwarded and trusted(request.META.get("REMOTE_ADDR", "")):
        return forwarded
    return request.headers.get("Host", "")


def _name(host: str) -> str:
    try:
        return clean_host(host)
    except ValueError:
        return ""


def _hosts(host: str) -> list[str]:
    """The hosts of the site that `host` belongs to, sorted as in a release: the gate takes the first that fits."""
    name = _name(host)
    if not name:
        return []
    site = Site.objects.filter(hosts__name__in=suffixes(name)).first()
    return sorted(site.hosts.values_list("name", flat=True)) if site else []


urlpatterns = [
    path(".well-known/fairgate/", state),
    path(".well-known/fairgate/state", state),
    path(".well-known/fairgate/gpc.json", gpc),
    path(".well-known/gpc.json", gpc),
]
