"""The one place that makes whole links: from FAIRGATE_URL, never from what a request says its host is."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from consent.sites.models import Site


class NoAddress(ValueError):
    """FAIRGATE_URL is not set, so nothing of ours has a link that may leave this server."""

    def __init__(self) -> None:
        super().__init__("FAIRGATE_URL is not set: no link can be made. Set it to https://YOUR-HOST.")


def absolute(path: str) -> str:
    """`/accounts/…` → `https://consent.example.com/accounts/…`. Raises NoAddress."""
    if not settings.FAIRGATE_URL:
        raise NoAddress
    return f"{settings.FAIRGATE_URL}{path}"


def printed(path: str) -> str:
    """The same for a terminal, where a person puts the right host in."""
    return f"{settings.FAIRGATE_URL or 'https://YOUR-SERVER'}{path}"


def base(request: HttpRequest) -> str:
    """Our address on a page of the one who asks, without a slash at the end: only they see what their request said."""
    return settings.FAIRGATE_URL or request.build_absolute_uri("/").rstrip("/")


def receipt(site: Site, record: UUID, language: str = "") -> str:
    """The path of the receipt of an answer or of a choice; of a choice, its page in a language of the reader."""
    path = f"{reverse('receipt', kwargs={'record_id': record})}?site={site.uuid}"
    return f"{path}&lang={language}" if language else path
