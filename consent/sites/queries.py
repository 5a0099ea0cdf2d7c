from __future__ import annotations

import hashlib
import hmac
import re
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone

from consent.sites.models import ApiToken, Host, Membership, Site
from consent.sites.names import LONGEST_URL, host_of, origin_host, suffixes

__all__ = ["host_of", "suffixes"]  # asked for here by those who also ask for sites

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")


def origin_belongs_to_a_site(origin: str) -> bool:
    """Whether the Origin is a host of any site, or a subdomain of one. One query."""
    host = origin_host(origin)
    return bool(host) and Host.objects.filter(name__in=suffixes(host)).exists()


def clean_host(text: str) -> str:
    """A host as people paste it (`https://Example.com:8000/`) → `example.com`. Raises ValueError in words."""
    given = text
    text = text.strip().lower()
    try:
        host = (urlsplit((text if "//" in text else "//" + text)[:LONGEST_URL]).hostname or "").rstrip(".")
    except ValueError:
        host = ""
    host = host.removeprefix("*.")
    if not host.isascii():
        try:
            host = host.encode("idna").decode()
        except UnicodeError:
            host = ""
    if ":" not in host and not (len(host) <= 253 and all(map(_LABEL.fullmatch, host.split(".")))):
        raise ValueError(f"{given[:100]!r} is not a host name, such as example.com.")
    return host


def site_by_uuid(uuid: Any) -> Site | None:
    """The site with this public id; None for an unknown one or for text that is no id."""
    try:
        return Site.objects.filter(uuid=uuid).first()
    except ValidationError:
        return None


def role_of(user: Any, site: Site) -> str | None:
    """The person's role on a site, None for a stranger; a superuser is owner everywhere."""
    if not user.is_active:
        return None
    if user.is_superuser:
        return Membership.Role.OWNER
    return Membership.objects.filter(user=user, site=site).values_list("role", flat=True).first()


def sites_of(user: Any) -> QuerySet[Site]:
    """The sites a person may see, by name."""
    if not user.is_active:
        return Site.objects.none()
    return Site.objects.all() if user.is_superuser else Site.objects.filter(memberships__user=user)


def token_of(text: str) -> ApiToken | None:
    """The living token behind `fg_<prefix>_<secret>`, with its site; None for anything else."""
    kind, _, rest = text.strip().partition("_")
    prefix, _, secret = rest.partition("_")
    if kind != "fg" or not secret:
        return None
    living = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    token = ApiToken.objects.select_related("site").filter(living, prefix=prefix, revoked_at=None).first()
    if token and hmac.compare_digest(token.secret_sha256, hashlib.sha256(secret.encode()).hexdigest()):
        return token
    return None
