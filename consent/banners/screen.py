"""A release → what the banner's script is given for one language. Pure; the other end is banner/src/ui/screen.js.

`screen.json` says what stands where. The stub of a later version reads the screens of earlier releases (the look's
position, names of categories, cookies of services): a row gets new fields at its end only, and no letter changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from consent.banners import arms, languages, packing, texts, theme
from fairgate_enforce import signals

STATUTORY = ("link_", "notice_", "gpc_")
# What the first layer says; statutory texts come on top.
FIRST_TEXTS = frozenset(
    ("title", "body", "policy", "imprint", "services", "accept", "reject", "manage", "pc_title", "exempt", "object",
     "close_reject")
)  # fmt: skip
FIRST = ("language", "direction", "conjunction")
FIRST_OF_VARIANT = ("policy", "imprint", "look", "exempt", "sells_sensitive")
SESSION = 0
FORMAT = packing.load(Path(__file__).parent / "screen.json")
UNITS: dict[str, str] = FORMAT["units"]
PLACEHOLDER = re.compile(r"\{(\w+)\}")
LIFETIME = re.compile(rf"(\d+) ({'|'.join(UNITS)})s?", re.IGNORECASE)


def data(snapshot: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Texts, categories, services and look, packed: `ui.<language>.js` carries it as `fairgate._.texts`.

    Purposes are those that stand alone; a lifetime is that of `_lifetime`.
    """
    named = _named_data(arms.arm(snapshot, arms.A), language)
    if arms.tested(snapshot):
        named["other"] = _other(named, _named_data(arms.arm(snapshot, arms.B), language))
    return _packed(named | _why(snapshot, language))


def _why(snapshot: Mapping[str, Any], language: str) -> dict[str, list[str]]:
    """Why people are asked again, of the newest change of a document: the owner's sentence, the document's title, its
    name in addresses. In the language, else in the original's, which comes first."""
    changes = snapshot.get("asked_again") or ()
    if not changes:
        return {}
    said = changes[0]["texts"]
    nearest = languages.nearest(tuple(said), language) or next(iter(said))
    return {"why": [said[nearest]["why"], said[nearest]["title"], changes[0]["document"]]}


def _other(of_a: Mapping[str, Any], of_b: Mapping[str, Any]) -> dict[str, Any]:
    """What banner B of a test has otherwise; its words of a law whole, since they lie over all others."""
    differing = {key: text for key, text in of_b["texts"].items() if of_a["texts"].get(key) != text}
    found = {"texts": differing} if differing else {}
    return _packed(found | {name: of_b[name] for name in ("regime_texts", "look") if of_b.get(name) != of_a.get(name)})


def first(snapshot: Mapping[str, Any], language: str) -> dict[str, dict[str, Any]]:
    """What the first layer says in a language, packed the same way: {"": everywhere, regime or variant: there}.

    Its texts are whole, without placeholders of the site, since what they are filled from is not there. What does not
    depend on the language comes from `first_of_variants`. With a test of two banners each says what B has otherwise.
    """
    screens = _first(arms.arm(snapshot, arms.A), language)
    if not arms.tested(snapshot):
        return screens
    of_b = _first(arms.arm(snapshot, arms.B), language)
    look = _look(arms.arm(snapshot, arms.B)["banner"])
    both = {}
    for where in sorted({*screens, *of_b}):
        mine, other = _at(screens, where), _at(of_b, where)
        texts_of, looks = FORMAT["screen"]["texts"], look != _look(snapshot["banner"])
        words = {key: text for key, text in other[texts_of].items() if mine[texts_of].get(key) != text}
        differing = ({texts_of: words} if words else {}) | ({FORMAT["screen"]["look"]: look} if looks else {})
        both[where] = {**mine, FORMAT["screen"]["other"]: differing}
    return both


def _at(screens: Mapping[str, dict[str, Any]], where: str) -> dict[str, Any]:
    """The screen of a regime or variant, or what it shares."""
    return screens.get(where) or screens.get(where.partition("-")[0]) or screens[""]


def _first(snapshot: Mapping[str, Any], language: str) -> dict[str, dict[str, Any]]:
    whole = _named_data(snapshot, language)
    # As the site's first language has them: the law wants them in English, word for word.
    common = _statutory_texts(_named_data(snapshot, snapshot["languages"][0]))
    optional = [_named(c, language)["name"] for c in snapshot["categories"] if not c["necessary"]]
    values = {"controller": whole["controller"], "count": str(len(snapshot["services"]))}
    if optional:
        values["purposes"] = _listed(optional, whole["conjunction"])

    # What our button is called, which is drawn without more than this.
    wanted = FIRST_TEXTS | {"reopen"} if snapshot["banner"]["floating_button"] else FIRST_TEXTS

    def packed(words: Mapping[str, str]) -> dict[str, Any]:
        kept = {
            key: PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), text)
            for key, text in words.items()
            if key in wanted or (key.startswith(STATUTORY) and common.get(key) != text)
        }
        return _packed({**{name: whole[name] for name in FIRST}, "texts": kept} | _why(snapshot, language))

    own: dict[str, dict[str, str]] = {}
    for regimes, given in whole["regime_texts"]:
        for where in regimes:
            own.setdefault(where, {}).update(given)
    screens = {"": packed(whole["texts"])}
    for variant, terms in snapshot["variants"].items():
        matching = [where for where in sorted({terms["regime"], variant}) if where in own]
        if matching:
            words = dict(whole["texts"])
            for where in matching:
                words |= own[where]
            screens[matching[-1]] = packed(words)
    return {where: given for where, given in screens.items() if not where or given != screens[""]}


def first_of_variants(snapshot: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What the first layer of each variant needs and no language changes; the gate's config carries it."""
    whole = _named_data(snapshot, snapshot["languages"][0])
    statutory = _statutory_texts(whole)
    everywhere = {name: whole[name] for name in FIRST_OF_VARIANT if whole.get(name)}
    made = {}
    for variant, terms in snapshot["variants"].items():
        used = _statutory([terms], "sells_sensitive" in whole)
        words = {key: text for key, text in statutory.items() if key in used}
        made[variant] = _packed({**everywhere, "texts": words} if words else everywhere)
    return made


def _statutory_texts(whole: Mapping[str, Any]) -> dict[str, str]:
    return {key: text for key, text in whole["texts"].items() if key.startswith(STATUTORY)}


def _named_data(snapshot: Mapping[str, Any], language: str) -> dict[str, Any]:
    site, banner = snapshot["site"], snapshot["banner"]
    own = _counted(banner["texts"].get(language) or texts.resolve(language), snapshot)
    sensitive = any(_sells(service) and service["sensitive"] for service in snapshot["services"])
    used = _statutory(snapshot["variants"].values(), sensitive)
    unused = _unused(snapshot)
    words = {
        key: text for key, text in own.items() if key not in unused and (not key.startswith(STATUTORY) or key in used)
    }
    categories = snapshot["categories"]
    place = {category["key"]: number for number, category in enumerate(categories)}
    named: dict[str, Any] = {
        "language": language,
        "direction": texts.direction(language),
        "conjunction": texts.conjunction(language),
        "texts": words,
        "regime_texts": _regimes(
            {at: _counted(given, snapshot) for at, given in banner["regime_texts"].items()}, language, words
        ),
        "categories": [
            _row("category", {"key": c["key"], "necessary": int(c["necessary"]), **_named(c, language)})
            for c in categories
        ],
        "purposes": [
            _row("purpose", {"key": p["key"], **_named(p, language)})
            for p in snapshot["purposes"]
            if p["category"] is None
        ],
        "services": [
            *(_service(service, place, language) for service in snapshot["services"]),
            *_own(snapshot, language),
        ],
        "controller": site["controller"] or site["name"],
        "policy": _link(site["policy_url"]),
        "imprint": _link(site["imprint_url"]),
        "look": _look(banner),
        "signals": {signal.key: signal.name for signal in signals.in_force()},
    }
    if exempt := _exempt(snapshot):
        named["exempt"] = exempt
    if sensitive:
        named["sells_sensitive"] = 1
    return named


def _packed(named: Mapping[str, Any]) -> dict[str, Any]:
    return {FORMAT["screen"][name]: value for name, value in named.items()}


def _exempt(snapshot: Mapping[str, Any]) -> list[list[Any]]:
    """Services that may run unasked somewhere, which the banner there names."""
    necessary = {category["key"] for category in snapshot["categories"] if category["necessary"]}
    return [
        _row("exempt", {"key": s["key"], "name": s["name"], "exemptions": s["exemption_confirmed"]})
        for s in snapshot["services"]
        if s["exemption_confirmed"] and s["category"] not in necessary
    ]


def _listed(names: list[str], conjunction: str) -> str:
    """As listOf of banner/src/ui/screen.js."""
    *others, last = names
    return ", ".join(others) + conjunction + last if others else last


def _row(kind: str, values: Mapping[str, Any], empty: Iterable[Any] = ()) -> list[Any]:
    return packing.row(FORMAT[kind], values, tuple(empty))


def _look(banner: Mapping[str, Any]) -> list[Any]:
    chosen = banner["theme"]
    light, dark = (" ".join(_row("palette", palette)) for palette in theme.palettes(chosen))
    return _row(
        "look",
        {
            "layout": banner["layout"],
            "position": banner["position"],
            "scheme": chosen.get("scheme", "auto"),
            "radius": chosen.get("radius", 12),
            "button": int(banner["floating_button"]),
            "light": light,
            "dark": dark,
            "order": int(chosen.get("order") == "reject"),
        },
        empty=(0,),
    )


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
    return [_row("regime_texts", {"regimes": regimes, "texts": dict(own)}) for own, regimes in found.items()]


def _service(service: Mapping[str, Any], place: Mapping[str, int], language: str) -> list[Any]:
    company = service["company"]
    facts = {"sells": _sells(service), "sensitive": service["sensitive"]}
    cookies = [
        _row("cookie", {"name": c["name"], "lifetime": _lifetime(c), "purpose": purpose_of(c, language)})
        for c in service["cookies"]
    ]
    return _row(
        "service",
        {
            "key": service["key"],
            "name": service["name"],
            "company": "" if company == service["name"] else company,
            "policy": _link(service["policy_url"]),
            "category": place[service["category"]],
            "description": service["description"],
            "facts": sum(FORMAT["facts"][name] for name, true in facts.items() if true),
            "cookies": cookies,
            "exemptions": service["exemption_confirmed"],
        },
        empty=("", 0, []),
    )


def purpose_of(cookie: Mapping[str, Any], language: str) -> str:
    """What a cookie of a snapshot is for, in this language as far as somebody said it."""
    return str(cookie.get("texts", {}).get(language) or cookie["purpose"])


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
        _row(
            "cookie",
            {
                "name": row["name"],
                "lifetime": _lifetime({**row, "lifetime": row["lifetime"].get(language, "")}),
                "purpose": row["purpose"].get(language, ""),
            },
        )
        for row in rows
    ]
    site = snapshot["site"]
    values = {
        "key": "fairgate",
        "name": "Fairgate",
        "company": site["controller"] or site["name"],
        "policy": _link(site["policy_url"]),
        "category": at,
        "description": "",
        "facts": 0,
        "cookies": cookies,
        "exemptions": [],
    }
    return [_row("service", values, empty=("", 0, []))]


def _sells(service: Mapping[str, Any]) -> bool:
    return bool(service["sells_or_shares"] or service["targeted_ads"])


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


def _named(item: Mapping[str, Any], language: str) -> dict[str, str]:
    given = item.get("texts") or {}
    own: Mapping[str, str] = given.get(language) or given.get(texts.nearest(language)) or next(iter(given.values()), {})
    return {"name": own.get("name") or item["key"], "description": own.get("description") or ""}


def _link(url: str) -> str:
    """Only addresses a link may have: never `javascript:`."""
    return url if url.startswith(("https://", "http://", "/")) else ""
