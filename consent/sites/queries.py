from __future__ import annotations

from urllib.parse import urlsplit

from consent.sites.models import Host


def host_of(origin: str) -> str:
    """The lower-case host name of an Origin header or URL; "" when there is none."""
    try:
        return (urlsplit(origin).hostname or "").rstrip(".")
    except ValueError:
        return ""


def suffixes(host: str) -> list[str]:
    """`a.b.c` → `["a.b.c", "b.c", "c"]`."""
    parts = host.split(".")
    return [".".join(parts[i:]) for i in range(len(parts))]


def origin_belongs_to_a_site(origin: str) -> bool:
    """Whether the Origin is a host of any site, or a subdomain of one. One query."""
    host = host_of(origin)
    return bool(host) and Host.objects.filter(name__in=suffixes(host)).exists()
