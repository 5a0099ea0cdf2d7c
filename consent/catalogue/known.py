"""The catalogue we ship: common services, written by us from the vendors' public pages (services.json). Read-only.

Facts, not advice: a site's owner confirms category and facts of each service.
"""

from __future__ import annotations

import json
import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_noop

from fairgate_enforce import patterns

Known = dict[str, Any]
DEFAULTS: Known = {
    "description": "", "necessary_reason": "", "rules": [], "cookies": [], "inline": [], "signs": [],
    "calls": [], "exempt_in": [], "companions": [], "source": "", "kind": "", "adapter": "",
    "container": False, "sells_or_shares": False, "targeted_ads": False,
    "sensitive": False, "statistics": False,
}  # fmt: skip
# What a service is for, as people look for it.
KINDS = {
    "analytics": gettext_noop("Analytics"),
    "replay": gettext_noop("Session recording"),
    "testing": gettext_noop("A/B tests and personalisation"),
    "monitoring": gettext_noop("Errors and speed"),
    "tags": gettext_noop("Tag managers and data platforms"),
    "advertising": gettext_noop("Advertising"),
    "affiliate": gettext_noop("Affiliate networks"),
    "companies": gettext_noop("Company recognition"),
    "marketing": gettext_noop("E-mail marketing and CRM"),
    "social": gettext_noop("Social media"),
    "chat": gettext_noop("Chat and help"),
    "forms": gettext_noop("Forms, surveys and bookings"),
    "reviews": gettext_noop("Reviews"),
    "video": gettext_noop("Video and audio"),
    "maps": gettext_noop("Maps"),
    "fonts": gettext_noop("Fonts and icons"),
    "libraries": gettext_noop("Script libraries (CDN)"),
    "security": gettext_noop("Sign-in and protection"),
    "payments": gettext_noop("Payments"),
    "shop": gettext_noop("Shops and search"),
    "push": gettext_noop("Push messages"),
    "accessibility": gettext_noop("Accessibility and translation"),
}
COOKIE_DEFAULTS: Known = {"kind": "cookie", "lifetime": "", "lifetime_days": None, "purpose": "", "texts": {}}


@cache
def services() -> list[Known]:
    """Every service with every field of `DEFAULTS`, sorted by key. Shared: don't change it.

    `rules` are patterns; `inline` are plain substrings of code that is itself the tracker, or `after:name`: code that
    calls this name of the service's library, which waits when it stands behind the held library; `signs` are substrings
    that show the service is set up on a page, whose code does no harm while its requests are held; `calls` are names
    that pages call it by and neither of these says: too common to find it by, enough to know it by; `companions` are
    the keys of services that load its code, without which it holds too little; `source` is the vendor's page or code
    that its facts were held against, where they were. `kind` is one of `KINDS`.
    """
    words = purposes()
    rows = _json("services.json")
    for row in rows:
        row["cookies"] = [
            {**COOKIE_DEFAULTS, "texts": words.get(cookie["purpose"], {}), **cookie}
            for cookie in row.get("cookies", ())
        ]
    return [{**DEFAULTS, **row} for row in rows]


@cache
def purposes() -> dict[str, dict[str, str]]:
    """What is said of most cookies, in the languages of the banner: {English: {language: words}}."""
    found: dict[str, dict[str, str]] = _json("purposes.json")
    return found


def _json(name: str) -> Any:
    return json.loads((Path(__file__).parent / name).read_text(encoding="utf-8"))


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


def of_host(host: str) -> tuple[Known | None, list[Known]]:
    """(the known service that has the whole host, those that have a path on it)."""
    whole = of_url(f"https://{host}/")
    places = set(patterns.host_suffixes(host.lower()))
    parts = [service for service, hosts in zip(services(), _hosts(), strict=True) if hosts & places]
    return whole, [service for service in parts if service is not whole]


@cache
def _hosts() -> list[set[str]]:
    """Of each service, the hosts on which its rules name a path."""
    parsed = [[patterns.parse(rule) for rule in service["rules"]] for service in services()]
    return [{rule.host for rule in rules if rule.host and (rule.path or rule.query)} for rules in parsed]


def search(text: str = "", category: str = "", kind: str = "") -> list[Known]:
    """The services that fit, by name: `text` is in the name, the company, a host or what it does."""
    words = text.casefold().split()
    found = [
        service
        for service in services()
        if category in ("", service["category"])
        and kind in ("", service["kind"])
        and all(word in _searched()[service["key"]] for word in words)
    ]
    return sorted(found, key=lambda service: service["name"].casefold())


@cache
def _searched() -> dict[str, str]:
    def text(s: Known) -> str:
        return " ".join((s["name"], s["company"], s["description"], KINDS.get(s["kind"], ""), *s["rules"]))

    return {service["key"]: text(service).casefold() for service in services()}


def of_code(code: str) -> list[Known]:
    """The known services whose own code (`inline`) or set-up (`signs`) is in a piece of inline JavaScript."""
    return [s for s in services() if any(mark in code for mark in (*s["inline"], *s["signs"]))]


@lru_cache(4096)
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


@lru_cache(4096)
def of_cookie(name: str) -> tuple[Known, ...]:
    """The known services that set a cookie of this name; none for names too common to tell."""
    return tuple(service for pattern, service in _cookies() if pattern.fullmatch(name))


def tracks(service: Known) -> bool:
    """Whether a service measures, advertises, sells or loads others: what can never be strictly necessary."""
    return any(service[fact] for fact in ("statistics", "targeted_ads", "sells_or_shares", "container"))
