"""Who asks: the token, what it may, and how often it may ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from consent.sites.actions import token_used
from consent.sites.models import ApiToken
from consent.sites.queries import token_of
from cookiebanner.admin_api.errors import Refusal
from cookiebanner.visitors import rate_limit
from cookiebanner.visitors.proxies import client_key

POLICY, WINDOW = "token", 60  # of the RateLimit fields (draft-ietf-httpapi-ratelimit-headers)
CHALLENGE = 'Bearer realm="Fairgate"'


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer fg_<prefix>_<secret>`; nothing else: a browser's session opens nothing here."""

    def authenticate(self, request: Request) -> tuple[Any, ApiToken]:
        """Raises Refusal, always with a challenge (RFC 6750)."""
        kind, _, text = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer" or not text.strip():
            raise Refusal("token_needed", headers={"WWW-Authenticate": CHALLENGE})
        token = token_of(text)
        if token is None:
            raise Refusal("invalid_token", headers={"WWW-Authenticate": f'{CHALLENGE}, error="invalid_token"'})
        token_used(token)
        return token.made_by or AnonymousUser(), token

    def authenticate_header(self, request: Request) -> str:
        return CHALLENGE


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "An API token of one site: fg_…"}


def count(token: ApiToken | None, headers: Mapping[str, str], peer: str) -> dict[str, str]:
    """Counts a request, and says in headers what is left. Without a token it is the client's. Raises Refusal."""
    limit: int = settings.FAIRGATE_API_LIMIT
    if limit <= 0:
        return {}
    whose = f"api token {token.pk}" if token else f"api {client_key(headers, peer)}"
    wait, left = rate_limit.count(whose, limit)
    fields = {
        "RateLimit-Policy": f'"{POLICY}";q={limit};w={WINDOW}',
        "RateLimit": f'"{POLICY}";r={left};t={wait or WINDOW}',
    }
    if wait:
        raise Refusal("rate_limited", headers={**fields, "Retry-After": str(wait)})
    return fields
