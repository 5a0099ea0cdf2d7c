"""What every request to Django meets first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.middleware.security import SecurityMiddleware

from cookiebanner.visitors import proxies

NO_HOST = "The request names no Host, or more than one."


class Security(SecurityMiddleware):
    """Django's, but Strict-Transport-Security only for the host of FAIRGATE_URL.

    A site may pass `/.well-known/fairgate/` on to us under its own host, whose promises are its own to make.
    """

    def process_response(self, request: HttpRequest, response: Any) -> Any:
        response = super().process_response(request, response)
        if "Strict-Transport-Security" in response and _name(request) != urlsplit(settings.FAIRGATE_URL).hostname:
            del response["Strict-Transport-Security"]
        return response


def _name(request: HttpRequest) -> str:
    return request.headers.get("Host", "").rpartition("]")[2].partition(":")[0].lower()


class NamesProxies:
    """Notices a proxy that the operator did not name; nothing else looks at the address of most pages."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if any(f"HTTP_{name.upper().replace('-', '_')}" in request.META for name in proxies.FORWARDING):
            proxies.client_address(
                {name.lower(): value for name, value in request.headers.items()}, request.META.get("REMOTE_ADDR", "")
            )
        return self._get_response(request)


def with_host(application: Callable[..., Any]) -> Callable[..., Any]:
    """A WSGI application that refuses HTTP/1.1 without a Host (RFC 9112 §3.2), as the lane does."""

    def checked(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        if environ.get("SERVER_PROTOCOL") == "HTTP/1.1" and "HTTP_HOST" not in environ:
            headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(NO_HOST)))]
            start_response("400 Bad Request", headers)
            return [NO_HOST.encode()]
        return application(environ, start_response)

    return checked
