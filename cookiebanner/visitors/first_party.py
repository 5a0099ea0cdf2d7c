"""The first-party endpoint: the site's own origin sets the consent cookie, so that it outlives seven days in Safari.

Pure: a request's parts in, a header out, after `door.admit` has let the request pass. Only a request of the page itself
may use it: same origin, by Origin and Sec-Fetch-Site; only a well-formed consent cookie of this site is set, and
nothing else about the answer is chosen by the caller.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from consent.answers.errors import RejectedSubmission
from consent.jurisdictions.table import REGIMES
from consent.sites.origins import host_of, origin_host
from fairgate_enforce import patterns

LEGACY_COOKIE = "fairgate"  # the state cookie of every site, before its name said whose it is
LIMIT = 3800  # bytes; browsers drop cookies of more than 4,096 with name and attributes
LONGEST = 400  # days; browsers keep no cookie longer
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_CHOICES = r"(?:[\w-]{1,80}:[01](?:\.[\w-]{1,80}:[01])*)?"
_FIELDS = {
    "v": r"1", "r": r"\d{1,9}", "h": r"[0-9a-f]{0,64}",
    "id": rf"(?:{_UUID})?", "u": rf"(?:{_UUID})?", "t": r"\d{1,11}", "g": r"[a-z_]{1,40}",
    "c": _CHOICES, "s": _CHOICES, "p": _CHOICES, "x": r"[01]", "m": r"[\w.,:~-]{0,2000}", "o": r"[01]",
}  # fmt: skip
_SHORT = r"[\w-]{0,22}"  # a UUID in base64url
_STEP = r"\d{1,5}\.[\w-]{4}"
_COMPACT_FIELDS = {
    "v": r"2", "id": _SHORT, "u": _SHORT, "t": r"[0-9a-z]{1,9}", "g": _FIELDS["g"],
    "n": rf"{_STEP}(?:\.{_STEP}){{0,2}}", "b": r"[0-9a-q]*", "x": r"[01]", "o": r"[01]",
}  # fmt: skip
# By version; of the first, from gates before slots, some fields may be missing. `banner/src/core` writes the second.
_PATTERNS = {
    fields["v"]: {name: re.compile(pattern, re.ASCII) for name, pattern in fields.items()}
    for fields in (_FIELDS, _COMPACT_FIELDS)
}
_REQUIRED = {"1": ("v", "r", "t", "g", "c"), "2": tuple(_COMPACT_FIELDS)}
_GRANT = re.compile(r"[^01349acd]")  # a digit of base 27 that holds a 2 in base 3


def store_state(
    headers: Mapping[str, str], host: str, body: bytes, site_hosts: Iterable[str], cookie: str = LEGACY_COOKIE
) -> str:
    """The Set-Cookie value for a POST to `/.well-known/fairgate/state`.

    `headers` by lower-case name, `host` as the visitor's browser sees it (no port needed), `body` the state cookie as
    `name=value`, `site_hosts` the site's registered hosts, `cookie` the name of its state cookie. Gates that were
    published before sites had a name of their own send `fairgate=…`, or no name. Raises RejectedSubmission:
    unknown_site, origin_not_allowed, invalid_field.
    """
    host = host_of(f"//{host}")
    under = [name for name in site_hosts if patterns.is_under(host, name)]
    if not under:
        raise RejectedSubmission("unknown_site", "No site of this server has this host.")
    origin = headers.get("origin", "")
    if origin_host(origin) != host or headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise RejectedSubmission("origin_not_allowed", "Only a page of this very host may do this.")
    name, state = named(body)
    fields = parse(state) if name in (cookie, LEGACY_COOKIE) else None
    if fields is None:
        raise RejectedSubmission("invalid_field", "This is not a consent state.")
    domain = "" if _is_address(host) else f"; Domain={under[0]}"
    secure = "; Secure" if origin.lower().startswith("https:") else ""
    return f"{name}={state}; Max-Age={seconds(fields)}{domain}; Path=/; SameSite=Lax{secure}"


def named(body: bytes) -> tuple[str, str]:
    """The name and the value of the state cookie that a gate asks for."""
    text = body.decode("ascii", "replace")
    name, equals, state = text.partition("=")
    return (name, state) if equals and name.startswith(LEGACY_COOKIE) else (LEGACY_COOKIE, text)


def parse(state: str) -> dict[str, str] | None:
    """The fields of a state cookie (`v=2&id=…`); None when any is unknown, missing, doubled or malformed."""
    version = state[2:3] if state.startswith("v=") else "1"
    patterns = _PATTERNS.get(version, {})
    fields: dict[str, str] = {}
    for pair in state.split("&"):
        name, equals, value = pair.partition("=")
        pattern = patterns.get(name)
        if not equals or pattern is None or name in fields or not pattern.fullmatch(value):
            return None
        fields[name] = value
    if any(name not in fields for name in _REQUIRED[version]) or fields["g"] not in REGIMES or fields.get("c") == "":
        return None
    return fields


def seconds(fields: Mapping[str, str]) -> int:
    """How long the cookie lives: an objection as long as browsers allow, a choice as long as its regime says."""
    terms = REGIMES[fields["g"]]
    granted = bool(_GRANT.search(fields["b"])) if fields["v"] == "2" else ":1" in fields["c"]
    days = (terms["consent_days"] if granted else terms["refusal_days"]) or LONGEST
    days = LONGEST if fields.get("x") == "1" else max(days, terms["reask_days"])
    return int(min(days, LONGEST)) * 86400


def gpc_json(day: str) -> dict[str, object]:
    """`/.well-known/gpc.json` (W3C GPC): this site honours the signal, as stated on `day` (ISO 8601)."""
    return {"gpc": True, "lastUpdate": day}


def _is_address(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit() or "." not in host
