"""How a site's back end says who is signed in: a subject token, which the page hands to the banner.

It is a JWT in a compact JWE (RFC 7516) with `dir` and `A256GCM` under a key of the site: encrypted, so that no page,
log or extension reads an id out of it, and authenticated by the same key. No other algorithm is known here, and the
header decides nothing but which of the site's keys it is.

    {"sub": your id of the person, "aud": the site's id, "iat": …, "exp": at most LONGEST_LIFE later, "email": optional}

Keys are derived from SECRET_KEY, so that no dump of the database makes tokens; what is stored is their name.
"""

from __future__ import annotations

import base64
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from consent.common import InvalidChange
from consent.preferences import subjects
from consent.preferences.models import SubjectKey
from consent.sites.models import Site
from consent.sites.queries import locked
from consent.trail.actions import audit

LONGEST_LIFE = 15 * 60  # seconds from `iat` to `exp`
CLOCK = 60  # seconds by which a back end's clock may be ahead
LONGEST = 2_048  # characters
MOST_KEYS = 2  # in force: the one that is used, and the one that follows it
_SALT = "fairgate.subject-token"
_HEADER = {"alg": "dir", "enc": "A256GCM"}
_PART = re.compile(r"[A-Za-z0-9_-]+")
_IV, _TAG = 12, 16  # bytes


class InvalidToken(ValueError):
    """The token proves nothing; why is for the log of the site's developers, and names nobody."""


@dataclass(frozen=True, slots=True)
class Claims:
    """Who is signed in, as the site's back end says. `email`: where a double opt-in is mailed to, or ""."""

    identifier: str
    email: str
    key: str


# --- keys -------------------------------------------------------------------------------------------------------------


def make_key(site: Site, actor: str) -> tuple[SubjectKey, str]:
    """A new key, and its text `<name>.<43 digits of base64url>` for the back end, which is shown once. Raises
    InvalidChange while MOST_KEYS are in force."""
    with transaction.atomic():
        site = locked(site)
        if keys(site).count() >= MOST_KEYS:
            raise InvalidChange(_("There are two keys already. End the one that your server no longer uses."))
        row = SubjectKey(site=site, name=secrets.token_hex(4), by=actor)
        row.save(force_insert=True)
        audit(site, actor, "subject_key.make", key=row.name)
    return row, f"{row.name}.{_encode(_secret(site, row.name, subjects.secrets()[0]))}"


def end_key(site: Site, actor: str, name: str) -> bool:
    """Ends a key: from now on its tokens prove nothing. False when it had ended, or there is none."""
    with transaction.atomic():
        site = locked(site)
        ended = keys(site).filter(name=name).update(ended_at=timezone.now())
        if ended:
            audit(site, actor, "subject_key.end", key=name)
    return bool(ended)


def keys(site: Site) -> Any:
    """The keys of a site that are in force, the oldest first."""
    return SubjectKey.objects.filter(site=site, ended_at=None)


def _secret(site: Site, name: str, under: str | bytes) -> bytes:
    key = under.encode() if isinstance(under, str) else bytes(under)
    return hmac.digest(key, f"{_SALT} {site.uuid} {name}".encode(), "sha256")


# --- tokens -----------------------------------------------------------------------------------------------------------


def read(site: Site, token: str, now: datetime) -> Claims:
    """What a token says. Raises InvalidToken."""
    if len(token) > LONGEST:
        raise InvalidToken("It is too long.")
    parts = token.split(".")
    if len(parts) != 5:
        raise InvalidToken("It is no compact JWE: five parts with dots between them.")
    name = _key_of(parts[0])
    if parts[1]:
        raise InvalidToken("With `dir` there is no encrypted key.")
    iv, text, tag = (_decode(part) for part in parts[2:])
    if (len(iv), len(tag)) != (_IV, _TAG):
        raise InvalidToken("A256GCM has 12 bytes of IV and 16 of tag.")
    if not keys(site).filter(name=name).exists():
        raise InvalidToken("Its key (kid) is none of the site’s, or was ended.")
    for under in subjects.secrets():
        try:
            opened = AESGCM(_secret(site, name, under)).decrypt(iv, text + tag, parts[0].encode())
        except InvalidTag:
            continue
        return _claims(site, name, opened, now.timestamp())
    raise InvalidToken("It was made with another key, or changed.")


def _key_of(part: str) -> str:
    """The name of the key that a header says; whatever else it says must be as we know it."""
    header = _object(_decode(part))
    name = header.get("kid")
    if {key: header.get(key) for key in _HEADER} != _HEADER or not isinstance(name, str):
        raise InvalidToken("Its header must say alg dir, enc A256GCM, and kid.")
    if unknown := set(header) - {*_HEADER, "kid", "typ", "cty"}:
        raise InvalidToken(f"Its header says what is not known here: {', '.join(sorted(unknown))[:60]}.")
    return name[:16]


def _claims(site: Site, name: str, opened: bytes, now: float) -> Claims:
    said = _object(opened)
    if said.get("aud") != str(site.uuid):
        raise InvalidToken("Its audience (aud) is not this site’s id.")
    made, until = said.get("iat"), said.get("exp")
    if type(made) is not int or type(until) is not int:
        raise InvalidToken("It must say when it was made (iat) and when it ends (exp), in whole seconds.")
    if not 0 < until - made <= LONGEST_LIFE:
        raise InvalidToken(f"It lives longer than {LONGEST_LIFE} seconds, or not at all.")
    if made > now + CLOCK:
        raise InvalidToken("It was made in the future.")
    if until <= now:
        raise InvalidToken("It has expired.")
    identifier, email = said.get("sub"), said.get("email", "")
    if not isinstance(identifier, str) or not isinstance(email, str):
        raise InvalidToken("It must say who is signed in (sub), as a text.")
    try:
        known = subjects.normalised(identifier)
        if email:
            validate_email(email)
    except (InvalidChange, ValidationError):
        raise InvalidToken("Its sub is no id, or its email is no address.") from None
    return Claims(known, email, name)


def _object(text: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        raise InvalidToken("It holds no JSON.") from None
    if not isinstance(found, dict):
        raise InvalidToken("It holds no JSON object.")
    return found


def _decode(part: str) -> bytes:
    """Base64url as JOSE writes it; what could be written otherwise is refused, so that a token has one form."""
    if not _PART.fullmatch(part):
        raise InvalidToken("It is no base64url.")
    try:
        found = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        raise InvalidToken("It is no base64url.") from None
    if _encode(found) != part:
        raise InvalidToken("It is no base64url.")
    return found


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
