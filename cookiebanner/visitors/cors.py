"""CORS: the sites' hosts may call the public API, nobody else. Used by django-cors-headers and by the lane."""

from __future__ import annotations

from typing import Any

from corsheaders.signals import check_request_enabled
from django.http import HttpRequest

from consent.sites.origins import origin_host
from cookiebanner.visitors.published import published


def allow_sites_hosts(sender: Any, request: HttpRequest, **kwargs: Any) -> bool:
    """True when the request's Origin is a host (or a subdomain of one) of a release that may be answered to."""
    return published.allows_host(origin_host(request.headers.get("Origin", "")))


check_request_enabled.connect(allow_sites_hosts, dispatch_uid="fairgate-sites-hosts")
