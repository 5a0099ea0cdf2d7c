from __future__ import annotations

import hashlib
import hmac
import re
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone

from consent.sites.hosts import clean_host as clean_host  # part of this module for its callers
from consent.sites.models import ApiToken, Invitation, Membership, Site
from consent.sites.origins import host_of as host_of
from consent.sites.origins import suffixes as suffixes
from consent.sites.roles import May, can


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


MOST_OWN = 100  # sites that one page can lead to


class OwnSite(NamedTuple):
    """A site that a person may see, and as what."""

    uuid: Any
    name: str
    role: str


def own_sites(user: Any) -> list[OwnSite]:
    """The first sites that a person may see, by name. One query."""
    if not user.is_active:
        return []
    if user.is_superuser:
        rows = Site.objects.order_by("name", "pk").values_list("uuid", "name")[:MOST_OWN]
        return [OwnSite(uuid, name, Membership.Role.OWNER) for uuid, name in rows]
    mine = Membership.objects.filter(user=user).order_by("site__name", "site_id")
    return [OwnSite(*row) for row in mine.values_list("site__uuid", "site__name", "role")[:MOST_OWN]]


def sites_of(user: Any) -> QuerySet[Site]:
    """The sites a person may see, by name."""
    if not user.is_active:
        return Site.objects.none()
    return Site.objects.all() if user.is_superuser else Site.objects.filter(memberships__user=user)


def invitation_of(token: str) -> Invitation | None:
    """The invitation that a mailed link opens; None when it was used, withdrawn, lapsed, or sent again since, and when
    whoever sent it may invite nobody any more."""
    if not token or len(token) > 100:
        return None
    sha256 = hashlib.sha256(token.encode()).hexdigest()
    found = (
        Invitation.objects.select_related("site", "inviter")
        .filter(token_sha256=sha256, accepted_at=None, withdrawn_at=None, expires_at__gt=timezone.now())
        .first()
    )
    if found and (found.inviter is None or can(role_of(found.inviter, found.site), May.MANAGE)):
        return found
    return None


def token_of(text: str) -> ApiToken | None:
    """The living token behind `fg_<prefix>_<secret>`, with its site; None for anything else."""
    kind, _, rest = text.strip().partition("_")
    prefix, _, secret = rest.partition("_")
    if kind != "fg" or not secret:
        return None
    living = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    token = ApiToken.objects.select_related("site", "made_by").filter(living, prefix=prefix, revoked_at=None).first()
    if token and hmac.compare_digest(token.secret_sha256, hashlib.sha256(secret.encode()).hexdigest()):
        return token
    return None


def token_may(token: ApiToken, what: May) -> bool:
    """Whether a token opens it: its scopes hold it, and whoever made it may do it today."""
    role = role_of(token.made_by, token.site) if token.made_by else Membership.Role.OWNER
    return str(what) in token.scopes and can(role, what)


def actor_of(token: ApiToken) -> str:
    """The name of a token in the audit trail."""
    return f"{token.name} (token fg_{token.prefix})"


def person_of(actor: str) -> str:
    """The address of the person behind an actor of the trail: of a token whoever made it; else the actor itself."""
    if found := re.search(r"\(token fg_([0-9a-f]{12})\)$", actor):
        token = ApiToken.objects.select_related("made_by").filter(prefix=found[1]).first()
        if token and token.made_by:
            return str(token.made_by.email).lower()
    return actor.lower()


def locked(site: Site) -> Site:
    """The site's row, locked until the transaction ends: edits of one site queue behind it."""
    return Site.objects.select_for_update(of=("self",)).get(pk=site.pk)
