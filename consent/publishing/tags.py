"""Short names for a site and for a release's content, as browsers store them beside an answer. Pure."""

from __future__ import annotations

import hashlib

PREVIEW = "fairgate_preview"  # what a preview on the site itself keeps, in the place of the state cookie
DIGITS = 8  # hexadecimal; a parent domain has a handful of sites, a visitor one release at a time


def cookie_name(site_uuid: str) -> str:
    """The name of the site's state cookie, `fairgate_` and the site's tag: what else a browser keeps begins with it.

    The tag is made of the whole id, because ids of one day (version 7) begin alike and those of one machine (version 1)
    end alike.
    """
    return f"fairgate_{hashlib.sha256(site_uuid.lower().encode()).hexdigest()[:DIGITS]}"


def content_tag(sha256: str) -> str:
    """What a stored answer says of the release it was given to: the beginning of its hash. A number alone does not name
    the content: a restored server counts again from an earlier one."""
    return sha256[:DIGITS]
