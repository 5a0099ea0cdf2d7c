"""A release → what the banner's script is given for one language. Pure; the other end is banner/src/ui/index.js."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from consent.banners import texts, theme

STATUTORY = ("link_", "notice_", "gpc_")
SESSION = 0
UNITS = {"minute": "n", "hour": "h", "day": "d", "week": "w", "month": "m", "year": "y"}
LIFETIME = re.compile(rf"(\d+) ({'|'.join(UNITS)})s?", re.IGNORECASE)


def data(snapshot: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Texts, categories, services and look, packed: `ui.<language>.js` carries it as `fairgate._.texts`.

    c: [key, necessary, name, description][] · p: [key, name, description][] (purposes that stand alone)
    s: [key, name, company, policy, category index, description, facts, cookies, exemptions][]
    facts: 1 sells or shares or targets, 2 sensitive · cookies: [name, lifetime, purpose][] · r: [[regimes], texts][]
    """
    site, banner = snapshot["site"], snapshot["banner"]
    own = _counted(banner["texts"].get(language) or texts.resolve(language), snapshot)
    used = _statutory(snapshot["variants"].values(), any(_facts(service) == 3 for service in snapshot["services"]))
    unused = _unused(snapshot)
    words = {
        key: text for key, text in own.items() if key not in unused and (not key.startswith(STATUTORY) or key in used)
    }
    categories = snapshot["categories"]
    place = {category["key"]: number for number, category in enumerate(categories)}
    return {
        "l": language,
        "d": texts.direction(language),
        "and": texts.conjunction(language),
        "t": words,
        "r": _regimes({at: _counted(given, snapshot) for at, given in banner["regime_texts"].items()}, language, words),
        "c": [[c["key"], int(c["necessary"]), *_named(c, language)] for c in categories],
        "p": [[p["key"], *_named(p, language)] for p in snapshot["purposes"] if p["category"] is None],
        "s": [*(_service(service, place) for service in snapshot["services"]), *_own(snapshot, language)],
        "who": site["controller"] or site["name"],
        "policy": _link(site["policy_url"]),
        "imprint": _link(site["imprint_url"]),
        "look": [
            banner["layout"],
            banner["position"],
            banner["theme"].get("scheme", "auto"),
            banner["theme"].get("radius", 12),
            int(banner["floating_button"]),
            *(" ".join(palette.values()) for palette in theme.palettes(banner["theme"])),
        ],
    }


def _statutory(variants: Iterable[Mapping[str, Any]], sensitive: bool) -> set[str]:
    """The statutory texts that any variant shows; `sensitive`: a service sells what is sensitive."""
    used: set[str] = set()
    for terms in variants:
        used.update(terms.get("links", ()))
        if sensitive:
            used.update(key for key in terms.get("notices", ()) if "sensitive" in key)
        if terms.get("gpc_status"):
            used.add("gpc_honored")
    return used


def _unused(snapshot: Mapping[str, Any]) -> set[str]:
    """Texts of what this release does not have."""
    unused = (
        set() if any(s["exemption_confirmed"] for s in snapshot["services"]) else {"exempt", "exempt_note", "object"}
    )
    return unused if _link(snapshot["site"]["imprint_url"]) else unused | {"imprint"}


def _regimes(special: Mapping[str, Mapping[str, str]], language: str, words: Mapping[str, str]) -> list[Any]:
    """Regimes with the same texts of their own share one entry."""
    found: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for where, own in sorted(special.items()):
        of, _, regime = where.partition("@")
        differing = tuple(sorted((key, text) for key, text in own.items() if key in words and words[key] != text))
        if of == language and differing:
            found.setdefault(differing, []).append(regime)
    return [[regimes, dict(own)] for own, regimes in found.items()]


def _service(service: Mapping[str, Any], place: Mapping[str, int]) -> list[Any]:
    company = service["company"]
    cookies = [[c["name"], _lifetime(c), c["purpose"]] for c in service["cookies"]]
    packed = [
        service["key"], service["name"], "" if company == service["name"] else company, _link(service["policy_url"]),
        place[service["category"]], service["description"], _facts(service), cookies, service["exemption_confirmed"],
    ]  # fmt: skip
    while packed[-1] in ("", 0, []):
        packed.pop()
    return packed


def _counted(words: Mapping[str, str], snapshot: Mapping[str, Any]) -> dict[str, str]:
    """With the number of the site's services filled in: the banner itself is none of them."""
    count = str(len(snapshot["services"]))
    return {key: text if key == "services" else text.replace("{count}", count) for key, text in words.items()}


def _own(snapshot: Mapping[str, Any], language: str) -> list[list[Any]]:
    """What the banner itself keeps, as a service of the first necessary category: after the others, which gates call by
    their place. Older releases do not say it."""
    rows = snapshot.get("own_cookies")
    at = next((number for number, category in enumerate(snapshot["categories"]) if category["necessary"]), None)
    if not rows or at is None:
        return []
    cookies = [
        [
            row["name"],
            _lifetime({**row, "lifetime": row["lifetime"].get(language, "")}),
            row["purpose"].get(language, ""),
        ]
        for row in rows
    ]
    site = snapshot["site"]
    return [["fairgate", "Fairgate", site["controller"] or site["name"], _link(site["policy_url"]), at, "", 0, cookies]]


def _facts(service: Mapping[str, Any]) -> int:
    return int(service["sells_or_shares"] or service["targeted_ads"]) | 2 * int(service["sensitive"])


def _lifetime(cookie: Mapping[str, Any]) -> int | str:
    """`13m` for 13 months: what every language can say of itself; 0 = session; else the words that were given."""
    words, days = cookie["lifetime"].strip(), cookie["lifetime_days"]
    if match := LIFETIME.fullmatch(words):
        return match[1] + UNITS[match[2].lower()]
    if words.lower() == "session" or (days == 0 and not words):
        return SESSION
    if words or days is None:
        return words
    years, months = days / 365, days / 30.4
    if abs(years - round(years)) < 0.02 and days >= 365:
        return f"{round(years)}y"
    return f"{round(months)}m" if days >= 60 else f"{days}d"


def _named(item: Mapping[str, Any], language: str) -> tuple[str, str]:
    given = item.get("texts") or {}
    own: Mapping[str, str] = given.get(language) or given.get(texts.nearest(language)) or next(iter(given.values()), {})
    return own.get("name") or item["key"], own.get("description") or ""


def _link(url: str) -> str:
    """Only addresses a link may have: never `javascript:`."""
    return url if url.startswith(("https://", "http://", "/")) else ""
