"""The catalogue we ship: common services, written by us from the vendors' public pages (services.json). Read-only.

Facts, not advice: a site's owner confirms category and facts of each service.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from fairgate_enforce import patterns

Known = dict[str, Any]
DEFAULTS: Known = {
    "description": "", "necessary_reason": "", "rules": [], "cookies": [], "inline": [], "signs": [],
    "exempt_in": [], "adapter": "", "container": False, "sells_or_shares": False, "targeted_ads": False,
    "sensitive": False, "statistics": False,
}  # fmt: skip
COOKIE_DEFAULTS: Known = {"kind": "cookie", "lifetime": "", "lifetime_days": None, "purpose": ""}


@cache
def services() -> list[Known]:
    """Every service with every field of `DEFAULTS`, sorted by key. Shared: don't change it.

    `rules` are patterns; `inline` are plain substrings of code that is itself the tracker, or `after:name`: code that
    calls this name of the service's library, which waits when it stands behind the held library; `signs` are substrings
    that show the service is set up on a page, whose code does no harm while its requests are held.
    """
    rows = json.loads((Path(__file__).parent / "services.json").read_text(encoding="utf-8"))
    return [{**DEFAULTS, **row, "cookies": [{**COOKIE_DEFAULTS, **c} for c in row.get("cookies", ())]} for row in rows]


@cache
def by_key() -> dict[str, Known]:
    """{key: service}"""
    return {service["key"]: service for service in services()}


@cache
def _table() -> patterns.Table:
    return patterns.compile([service["rules"] for service in services()])


def of_url(url: str, page_host: str = "") -> Known | None:
    """The known service a request belongs to."""
    index = patterns.match(_table(), url, page_host)
    return services()[index] if index >= 0 else None


def of_code(code: str) -> list[Known]:
    """The known services whose own code (`inline`) or set-up (`signs`) is in a piece of inline JavaScript."""
    return [s for s in services() if any(mark in code for mark in (*s["inline"], *s["signs"]))]


def of_pattern(pattern: str) -> Known | None:
    """The known service that a block rule would hold, by its host and path."""
    try:
        parsed = patterns.parse(pattern)
    except ValueError:
        return None
    if not parsed.host:
        return next((s for s in services() if pattern in s["rules"]), None)
    query = f"?{parsed.query}" if parsed.query else ""
    return of_url(f"https://{parsed.host}{parsed.path or '/'}{query}")


@cache
def _cookies() -> list[tuple[re.Pattern[str], Known]]:
    # Short or common names (uid, ts, m) say nothing about who set them.
    return [
        (re.compile(".*".join(map(re.escape, cookie["name"].split("*")))), service)
        for service in services()
        for cookie in service["cookies"]
        if len(cookie["name"].rstrip("*")) >= 3 and re.match(r"_|[A-Za-z]+_|AMP_|ajs_|mp_", cookie["name"])
    ]


def of_cookie(name: str) -> list[Known]:
    """The known services that set a cookie of this name; [] for names too common to tell."""
    return [service for pattern, service in _cookies() if pattern.fullmatch(name)]


def tracks(service: Known) -> bool:
    """Whether a service measures, advertises, sells or loads others: what can never be strictly necessary."""
    return any(service[fact] for fact in ("statistics", "targeted_ads", "sells_or_shares", "container"))
