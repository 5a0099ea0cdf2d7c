"""Who somebody is, without saying it: the operator's id for a person goes in, a keyed hash comes out."""

from __future__ import annotations

import hmac
from collections.abc import Collection, Sequence
from functools import lru_cache
from uuid import UUID

from django.conf import settings

from consent.common import InvalidChange
from consent.sites.models import Site

LONGEST_ID = 254  # characters
_SALT = b"fairgate.subject"


def normalised(identifier: str) -> str:
    """An id as it is hashed: without blanks around it, addresses in lower case. Raises InvalidChange for none."""
    text = identifier.strip()
    if not text or len(text) > LONGEST_ID or not text.isprintable():
        raise InvalidChange(f"An id has 1 to {LONGEST_ID} printable characters.")
    return text.lower() if is_address(text) else text


def subject_of(site: Site, identifier: str) -> UUID:
    """The subject of an id: 128 bits of HMAC-SHA256 under SECRET_KEY; another site's differs. Raises InvalidChange."""
    return _hashed(str(site.uuid), normalised(identifier), _key(settings.SECRET_KEY))


def subjects_of(site: Site, identifier: str) -> list[UUID]:
    """The same under SECRET_KEY and under each of SECRET_KEY_FALLBACKS: under which of them somebody is known."""
    text = normalised(identifier)
    return [_hashed(str(site.uuid), text, _key(secret)) for secret in secrets()]


def main(candidates: Sequence[UUID], known: Collection[UUID]) -> UUID:
    """Which of a person's subjects (those of `subjects_of`) is theirs: that of the oldest key under which they are
    known, else that of SECRET_KEY."""
    return next((one for one in reversed(candidates) if one in known), candidates[0])


def reference(text: str) -> UUID | None:
    """A subject's own reference, where a text is one."""
    try:
        return UUID(text.strip())
    except ValueError:
        return None


def is_address(identifier: str) -> bool:
    """Whether an id is a mail address, so that what was erased by an address is found by it."""
    return "@" in identifier


def secrets() -> Sequence[str | bytes]:
    """The keys, the one that is used for new rows first."""
    return (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


@lru_cache(8)
def _key(secret: str | bytes) -> bytes:
    return hmac.digest(secret.encode() if isinstance(secret, str) else bytes(secret), _SALT, "sha256")


def _hashed(site_uuid: str, text: str, key: bytes) -> UUID:
    found = hmac.digest(key, f"{site_uuid} {text}".encode(), "sha256")
    return UUID(bytes=found[:16], version=5)
