"""Fairgate's own script addresses → answers. No framework, no database when `memory_only`.

    /v1/<site>/gate.js                              regime decided from the request
    /v1/<site>/enforce.json                         the rules, for servers that rewrite HTML
    /v1/<site>/regime/<variant>/gate.js             regime named by the page
    /v1/<site>/r/<number>/regime/<variant>/gate.js  the same of one release, for ever
    /v1/<site>/a/<hash>/<name>                      any artifact by its SHA-256 or 16 digits of it, for ever

`?l=<language>` behind a gate's address says in which language its first layer comes; of one release it has none.

A path may precede `/v1/`: a site's reverse proxy can put us anywhere. Only below `/fairgate-preview/` drafts are
answered instead (cookiebanner.staff.preview).
"""

from __future__ import annotations

import re
from functools import lru_cache

from cookiebanner.visitors.delivery import IMMUTABLE, NO_STORE, RawResponse, entry_of, gate, not_found, rules, send
from cookiebanner.visitors.published import TooManyMisses, published

PATH = re.compile(
    r"^(?!/?fairgate-preview/)(?:.*/)?v1/(?P<site>[^/]{1,80})/(?:"
    r"gate\.js|(?P<enforce>enforce\.json)"
    r"|(?:r/(?P<number>[1-9]\d{0,8})/)?regime/(?P<variant>[A-Za-z0-9_-]{1,60})/gate\.js"
    r"|a/(?P<sha256>[0-9a-f]{16,64})/(?P<name>[A-Za-z0-9._@-]{1,120})"
    r")$"
)


LONGEST = 500  # characters of a path that may be ours


def parse(path: str) -> tuple[str, str, int, str, str, str] | None:
    """(site, "enforce.json" or "", release number or 0, variant, sha256, name), or None when the path is not ours."""
    return _parse(path) if len(path) <= LONGEST else None


@lru_cache(maxsize=2048)
def _parse(path: str) -> tuple[str, str, int, str, str, str] | None:
    found = PATH.search(path)
    if not found:
        return None
    site, enforce, number, variant, sha256, name = found.groups("")
    return site, enforce, int(number or 0), variant, sha256, name


def respond(
    method: str, path: str, headers: dict[str, str], peer: str, memory_only: bool = False, query: str = ""
) -> RawResponse | None:
    """The answer to a GET or HEAD; None when the path or the method is not ours. Raises NotInMemory."""
    asked = parse(path)
    if asked is None or method not in ("GET", "HEAD"):
        return None
    site, enforce, number, variant, sha256, name = asked
    if enforce:
        return rules(site, method, headers, memory_only)
    if not sha256:
        return gate(site, method, headers, peer, variant, number, memory_only, query)
    entry, testing = entry_of(site, memory_only)
    try:
        file = published.file(entry, name, sha256, memory_only) if entry else None
    except TooManyMisses:
        file = None
    if file is None:
        return not_found()
    return send(file, method, headers, NO_STORE if testing else IMMUTABLE)
