"""Answers of framework-free code as Django responses."""

from __future__ import annotations

from collections.abc import Callable

from csp.decorators import csp_exempt
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.csrf import csrf_exempt

from cookiebanner.visitors.delivery import RawResponse
from cookiebanner.visitors.proxies import trusted

Responder = Callable[..., RawResponse | None]


def lower_headers(request: HttpRequest) -> dict[str, str]:
    """The request's headers with lower-case names."""
    return {name.lower(): value for name, value in request.headers.items()}


def requested_host(request: HttpRequest) -> str:
    """The host that the visitor's browser asked: what a trusted proxy says, else the Host header."""
    forwarded = request.headers.get("X-Forwarded-Host", "").split(",")[0].strip()
    if forwarded and trusted(request.META.get("REMOTE_ADDR", "")):
        return forwarded
    return request.headers.get("Host", "")


def as_view(respond: Responder) -> Callable[..., HttpResponseBase]:
    """A Django view that asks `respond`."""

    @csrf_exempt
    @xframe_options_exempt
    @csp_exempt()
    def view(request: HttpRequest, **kwargs: str) -> HttpResponse:
        peer, query = (request.META.get(name, "") for name in ("REMOTE_ADDR", "QUERY_STRING"))
        response = respond(request.method or "", request.path, lower_headers(request), peer, query=query)
        if response:
            return to_django(response)
        if request.method in ("GET", "HEAD"):
            raise Http404
        return HttpResponseNotAllowed(["GET", "HEAD"])

    return view


def raw_body(request: HttpRequest) -> bytes:
    """At most one byte more than an answer may have: one too many tells that it was too large."""
    return request.read(settings.FAIRGATE_BODY_LIMIT + 1)


def to_django(response: RawResponse) -> HttpResponse:
    """The same status, headers and body."""
    made = HttpResponse(response.body, status=response.status)
    if response.status == 304:
        del made["Content-Type"]
    for name, value in response.headers:
        made[name.decode("latin-1").title()] = value.decode("latin-1")
    return made
