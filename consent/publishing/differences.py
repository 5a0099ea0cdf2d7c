"""What a release changes, in the words of the people who publish it. Pure.

No key of ours, no JSON: what has no words here is told as "changed", and a test walks everything that a snapshot holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from django.utils import translation

from consent.banners.theme import ACCENT
from consent.jurisdictions import table
from consent.jurisdictions import words as law_words
from consent.publishing.slots import name_of, names_of

AGAIN = "visitors will be asked again"
IDENTIFIER = re.compile(r"\b[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*(?:-[A-Z]{2}(?:-[A-Z]{2})?)?\b")
SHA256 = re.compile(r"[0-9a-f]{64}")
LONGEST = 200  # characters of a value
YES_NO = {True: "yes", False: "no"}
LEVELS = {"drop_in": "Drop-in", "snippet": "Snippet", "strict": "Strict snippet", "server": "Server"}
KINDS = {"cookie": "cookie", "local": "local storage", "session": "session storage", "indexeddb": "browser database"}
# Of a site, a service, a category, a banner: what a form calls it.
LABELS = {
    "name": "Name", "hosts": "Hosts", "languages": "Languages", "level": "Blocking level",
    "unknown": "Third parties no service covers", "unknown_third_parties": "Third parties no service covers",
    "reload": "Reload after the visitor accepts", "reload_after_accept": "Reload after the visitor accepts",
    "record_path": "Keep the page's path in records", "child_directed": "Directed at children",
    "membership": "Subscribers are not asked",
    "controller": "Who is responsible", "controller_contact": "How to reach them",
    "policy_url": "Privacy policy", "imprint_url": "Imprint", "webhook_url": "Webhook for opt-outs",
    "first_party_endpoint": "Endpoint on the site's own host", "tiles": "Ledger tiles for outside monitors",
    "advanced": "Laws with advanced consent mode", "ads_advanced_consent_mode": "Laws with advanced consent mode",
    "publish_needs_approval": "Publishing needs a second person", "company": "Provider", "description": "Description",
    "category": "Category", "container": "Loads other services", "sells_or_shares": "Sells or shares personal data",
    "targeted_ads": "Serves targeted advertising", "sensitive": "Touches sensitive data",
    "statistics": "Only measures audiences", "exempt_in": "Places whose exemption could apply",
    "exemption_confirmed": "Places whose exemption is confirmed", "inline": "Signatures of inline code",
    "adapter": "Vendor signal", "necessary_reason": "Why it is strictly necessary", "necessary": "Always active",
    "rules": "Requests to hold", "patterns": "Requests to hold", "cookies": "Cookies and storage",
    "consent_mode": "Google's consent signals", "position": "Position", "texts": "Words", "legal_basis": "Legal basis",
    "layout": "Layout", "theme": "Look", "floating_button": "Round button", "accent": "Accent colour",
    "background": "Background", "text": "Text colour", "radius": "Corners", "scheme": "Light or dark",
    "added_since": "Added since the move; a yes to the earlier banner does not cover it",
    "earlier_category": "Its category in the earlier banner",
    "button": "Colour of buttons", "border": "Colour of borders", "link": "Colour of links",
    "focus": "Colour of the focus", "dark_accent": "Accent colour in the dark",
    "dark_button": "Colour of buttons in the dark", "dark_background": "Background in the dark",
    "dark_text": "Text colour in the dark", "dark_border": "Colour of borders in the dark",
    "dark_link": "Colour of links in the dark", "dark_focus": "Colour of the focus in the dark",
    "button_radius": "Corners of buttons", "density": "Room", "font": "Font", "order": "First button",
    "style": "Style of buttons", "buttons": "Buttons stand", "backdrop": "The page behind the banner",
    "logo": "Logo", "logo_height": "Height of the logo", "font_file": "Uploaded font", "css": "Style sheet",
    "files": "Uploaded files",
    "lifetime": "Lifetime", "lifetime_days": "Lifetime in days", "ends": "Last day", "winner": "Chosen",
    "purpose": "Purpose", "kind": "Kind", "asked_again": "Asked again since",
}  # fmt: skip
WORDS = {
    "allow": "let through", "hold": "held until granted", "opt_in": "opt-in", "opt_out": "opt-out", "bar": "Bar",
    "corner": "Corner", "auto": "as the visitor's device", "light": "light", "dark": "dark", "off": "off",
    "token": "with an auditor's token", "public": "public", "roomy": "roomy", "compact": "compact", "filled": "filled",
    "outline": "outlined", "beside": "beside each other", "stacked": "one above the other", "dim": "dimmed",
    "card": "Card", "center": "In the middle", "bottom": "bottom", "top": "top",
    "bottom-left": "bottom left", "bottom-right": "bottom right", "bottom-center": "bottom middle",
    "top-left": "top left", "top-right": "top right",
    "ad_storage": "advertising storage", "ad_user_data": "user data for advertising",
    "ad_personalization": "personalised advertising", "analytics_storage": "analytics storage",
    "functionality_storage": "functionality storage", "personalization_storage": "personalisation storage",
    "security_storage": "security storage", **LEVELS, **KINDS,
}  # fmt: skip

# Of the table of laws, as its notes name them.
COLUMNS = {
    "reprompt_after_refusal_min_days": "the number of days after a refusal",
    "consent_lifetime_days": "the number of days of a consent",
    "effective_date": "the day it came into force", "minor_rule": "the rule for minors",
}  # fmt: skip


class Line(NamedTuple):
    """One difference: `kind` add, gone or change; `what` is a sentence's beginning, `before` and `after` its values."""

    kind: str
    what: str
    before: str = ""
    after: str = ""


Lines = list[Line]


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, Lines]]:
    """What visitors get other than before, under headings; [] when it is the same."""
    parts: list[tuple[str, Callable[[Mapping[str, Any], Mapping[str, Any]], Lines]]] = [
        ("Services", _services),
        ("Categories", _categories),
        ("Purposes", _purposes),
        ("Banner", _banner),
        ("Words", _texts),
        ("Test of two banners", _test),
        ("Languages", _languages),
        ("Settings", _site),
        ("Laws", _laws),
        ("Sign-offs", _waivers),
        ("Asked again", _asked_again),
        ("Cookies of the banner itself", _own_cookies),
    ]
    found = [(title, part(before, after)) for title, part in parts]
    return [(title, lines) for title, lines in found if lines]


def label(key: str) -> str:
    """What people call a field; a key that nobody named reads as words."""
    return LABELS.get(key) or key.replace("_", " ").replace(".", " ").capitalize()


def text_name(key: str) -> str:
    """A text of the banner, as the editor calls it."""
    return key.replace("_", " ").replace("pc ", "preferences ").capitalize()


def language_name(code: str) -> str:
    """A language in English; its code where nobody knows the name."""
    try:
        return str(translation.get_language_info(code)["name"])
    except KeyError:
        return code


def law(variant: str) -> str:
    """A regime or variant by its name: `us_optout-US-TX` → the regime's, and Texas."""
    base, _, place = variant.partition("-")
    terms = table.REGIMES.get(base)
    name = terms["name"] if terms else base.replace("_", " ")
    return f"{name}, {place_name(place)}" if place else name


def place_name(place: str) -> str:
    """A place by its name; "everywhere else" for the rest of the world."""
    row = table.ROWS.get(place)
    return row.name if row else "unknown place" if place in ("", "*") else place


def value(given: Any, names: Mapping[str, str] | None = None) -> str:
    """A value in words: yes and no, lists with commas, categories by name; at most `LONGEST` characters."""
    if given is None:
        return ""
    if isinstance(given, bool):
        return YES_NO[given]
    if isinstance(given, Mapping):
        pairs = (f"{label(str(key))} {value(inner, names)}" for key, inner in given.items() if inner not in ("", None))
        text = "; ".join(pairs) or "nothing"
    elif isinstance(given, list | tuple):
        text = ", ".join(value(inner, names) for inner in given) or "nothing"
    else:
        text = str(given) or "nothing"
        text = "an uploaded file" if SHA256.fullmatch(text) and text not in (names or {}) else text
        text = (
            (names or {}).get(text) or WORDS.get(text) or (law(text) if "_" in text and text in table.REGIMES else text)
        )
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def in_words(text: str, names: Mapping[str, str] | None = None) -> str:
    """A sentence of ours with the ids in it by their names: laws, Google's signals, columns of the table, and the
    categories of `names`. An id that is a plain word stays: it may be one."""
    known = names or {}

    def said(found: re.Match[str]) -> str:
        one = found[0]
        if one in known and one != known[one] and (one != one.lower() or "_" in one):
            return f"“{known[one]}”"
        if "_" not in one:
            return one
        return law(one) if one.partition("-")[0] in table.REGIMES else WORDS.get(one) or COLUMNS.get(one, one)

    return IDENTIFIER.sub(said, text)


def category_names(snapshot: Mapping[str, Any]) -> dict[str, str]:
    """{key: name in the site's first language}."""
    first = next(iter(snapshot.get("languages") or ["en"]))
    return {one["key"]: _name(one, first) for one in snapshot.get("categories", ())}


def _name(row: Mapping[str, Any], language: str) -> str:
    texts = row.get("texts") or {}
    own: Mapping[str, Any] = texts.get(language) or next(iter(texts.values()), {})
    return own.get("name") or row.get("name") or row["key"]


def _by(rows: Iterable[Mapping[str, Any]], key: str = "key") -> dict[str, Mapping[str, Any]]:
    return {row[key]: row for row in rows}


def _fields(
    what: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    without: Iterable[str],
    names: Mapping[str, str] | None = None,
) -> Lines:
    """A line for each field that differs, of those that are told in no other way."""
    keys = [key for key in {**before, **after} if key not in without and before.get(key) != after.get(key)]
    prefix = f"{what}: " if what else ""
    return [
        Line("change", f"{prefix}{label(key)}", *(value(side.get(key), names) for side in (before, after)))
        for key in keys
    ]


def _pairs(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """(key, before, after) of all that differs; None where it is not."""
    keys = dict.fromkeys((*before, *after))
    return [(key, before.get(key), after.get(key)) for key in keys if before.get(key) != after.get(key)]


def _asks_again(before: Mapping[str, Any], after: Mapping[str, Any], kind: str, row: Mapping[str, Any]) -> bool:
    """Whether the gate asks those who answered before (`interpret` of banner/src/core/vector.js): something optional is
    on offer that their answer can't hold, and that is no purpose standing alone."""
    necessary = {one["key"] for one in after["categories"] if one["necessary"]}
    if kind == "category":
        return not row["necessary"] and name_of(kind, row) not in names_of(before)
    known = name_of(kind, row) in names_of(before)
    return bool(row["category"]) and row["category"] not in necessary and not known


def _asked_again(before: Mapping[str, Any], after: Mapping[str, Any]) -> Lines:
    """Material changes of documents, of which people who have answered are asked once more."""
    sides = []
    for side in (before, after):
        names = {f"category {key}": name for key, name in category_names(side).items()}
        lines = {}
        for one in side.get("asked_again", ()):
            words: dict[str, str] = next(iter(one["texts"].values()), {})
            about = ", ".join(names.get(thing) or thing.partition(" ")[2] for thing in one["things"])
            lines[f"{words.get('title') or one['document']}, version {one['version']}"] = (
                f"{about}: {words.get('why', '')}"
            )
        sides.append(lines)
    old, new = sides
    kinds = [(name, "add" if name not in old else "gone" if name not in new else "change") for name in {**old, **new}]
    return [
        Line(kind, f"{name}; {AGAIN}" if kind == "add" else name, old.get(name, ""), new.get(name, ""))
        for name, kind in kinds
        if old.get(name) != new.get(name)
    ]


def _services(before: Mapping[str, Any], after: Mapping[str, Any]) -> Lines:
    names = category_names(before) | category_names(after)
    found = []
    for _, old, new in _pairs(_by(before["services"]), _by(after["services"])):
        again = f"; {AGAIN}" if new and _asks_again(before, after, "service", new) else ""
        if old is None:
            found.append(Line("add", f"{new['name']}: new, under {names.get(new['category'], '')}{again}"))
        elif new is None:
            found.append(Line("gone", f"{old['name']}: gone, was under {names.get(old['category'], '')}"))
        else:
            found += _service(old, new, names, again)
    return found


def _service(old: Mapping[str, Any], new: Mapping[str, Any], names: Mapping[str, str], again: str) -> Lines:
    name, found = new["name"], []
    if old["category"] != new["category"]:
        moved = (names.get(side["category"], "") for side in (old, new))
        found.append(Line("change", f"{name}: moves from {' to '.join(moved)}{again}"))
    for rule in new["rules"]:
        if rule not in old["rules"]:
            found.append(Line("add", f"{name}: holds requests to {rule}"))
    for rule in old["rules"]:
        if rule not in new["rules"]:
            found.append(Line("gone", f"{name}: no longer holds requests to {rule}"))
    found += _cookies(name, old["cookies"], new["cookies"])
    for regime, was, now in _pairs(old["overrides"], new["overrides"]):
        where = law(regime)
        if now is None:
            found.append(Line("gone", f"{name}: as the law says again, in {where}"))
        else:
            does = "let run" if now["state"] == "allow" else "held"
            found.append(Line("change" if was else "add", f"{name}: {does} in {where}", after=now["reason"]))
    return found + _fields(name, old, new, ("category", "rules", "cookies", "overrides"), names=names)


def _cookies(name: str, old: list[Any], new: list[Any]) -> Lines:
    def by_kind(rows: list[Any]) -> dict[str, Any]:
        return {f"{KINDS.get(row['kind'], row['kind'])} {row['name']}": row for row in rows}

    found = []
    for which, was, now in _pairs(by_kind(old), by_kind(new)):
        if was is None:
            found.append(Line("add", f"{name}: {which}, new", after=_lives(now)))
        elif now is None:
            found.append(Line("gone", f"{name}: {which}, gone"))
        else:
            found += [
                Line("change", f"{name}: {which}, {label(key).lower()}", value(was.get(key)), value(now.get(key)))
                for key in ("lifetime", "lifetime_days", "purpose")
                if was.get(key) != now.get(key)
            ]
            found += [
                Line("change", f"{name}: {which}, purpose, {language_name(language)}", before or "", after or "")
                for language, before, after in _pairs(was.get("texts", {}), now.get("texts", {}))
            ]
    return found


def _lives(cookie: Mapping[str, Any]) -> str:
    return ", ".join(part for part in (cookie.get("lifetime"), cookie.get("purpose")) if part)


def _categories(before: Mapping[str, Any], after: Mapping[str, Any]) -> Lines:
    names = category_names(before) | category_names(after)
    return _offers(before, after, "categories", "category", names)


def _purposes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Lines:
    first = next(iter(after["languages"] or ["en"]))
    names = {one["key"]: _name(one, first) for one in (*before["purposes"], *after["purposes"])}
    return _offers(before, after, "purposes", "purpose", names | category_names(before) | category_names(after))


def _offers(
    before: Mapping[str, Any], after: Mapping[str, Any], part: str, kind: str, names: Mapping[str, str]
) -> Lines:
    found: Lines = []
    old_order, new_order = ([one["key"] for one in side[part]] for side in (before, after))
    for key, old, new in _pairs(_by(before[part]), _by(after[part])):
        name = names[key]
        again = f"; {AGAIN}" if new and _asks_again(before, after, kind, new) else ""
        if old is None:
            found.append(Line("add", f"{name}: new{again}"))
        elif new is None:
            found.append(Line("gone", f"{name}: gone"))
        else:
            found += _fields(name, old, new, ("texts",), names=names)
            for language in after["languages"]:
                both = [(side["texts"] or {}).get(language) for side in (old, new)]
                if both[0] and both[1]:
                    found += _fields(f"{name}, {language_name(language)}", both[0], both[1], ())
    if not found and old_order != new_order:
        found.append(Line("change", "Order", *(value(order, names) for order in (old_order, new_order))))
    return found


def _banner(before: Mapping[str, Any], after: Mapping[str, Any]) -> Lines:
    old, new = before["banner"], after["banner"]
    look = [{"accent": ACCENT, **side["theme"]} for side in (old, new)]
    names = {sha256: file["name"] for side in (old, new) for sha256, file in side.get("files", {}).items()}
    rules = [Line("change", LABELS["css"])] if old.get("css") != new.get("css") else []
    elsewhere = ("texts", "regime_texts", "theme", "files", "css", "test")
    return _fields("", old, new, elsewhere) + _fields("", look[0], look[1], (), names) + rules


def _texts(before: Mapping[str, Any], after: Mapping[str, Any]) -> Lines:
    found: Lines = []
    for part in ("texts", "regime_texts"):
        for where, old, new in _pairs(before["banner"][part], after["banner"][part]):
            language, _, regime = where.partition("@")
            if language not in before["languages"] or language not in after["languages"]:
                continue  # the language itself is new, or gone
            of = f"{language_name(language)}, {law(regime)}" if regime else language_name(language)
            for key, was, now in _pairs(old or {}, new or {}):
                found.append(Line("change", f"{of}: {text_name(key)}", value(was), value(now)))
    return found


def _test(before: Mapping[str, Any], after: Mapping[str, Any]) -> Lines:
    old, new = (side["banner"].get("test") for side in (before, after))
    if new is None:
        return [Line("gone", "Banner B: no longer shown")] if old else []
    if old is None:
        return [Line("add", "Banner B: shown to half of all views until the end of", after=new["ends"])]
    found = _fields("Banner B", old, new, ("texts", "regime_texts", "theme"))
    found += _fields("Banner B", old["theme"], new["theme"], ())
    for part in ("texts", "regime_texts"):
        for where, was, now in _pairs(old[part], new[part]):
            language, _, regime = where.partition("@")
            of = f"Banner B, {language_name(language)}" + (f", {law(regime)}" if regime else "")
            for key, one, other in _pairs(was or {}, now or {}):
                found.append(Line("change", f"{of}: {text_name(key)}", value(one), value(other)))
    return found


def _languages(before: Mapping[str, Any], after: Mapping[str, Any]) -> Lines:
    old, new = before["languages"], after["languages"]
    found = [Line("add", f"{language_name(code)}: new") for code in new if code not in old]
    found += [Line("gone", f"{language_name(code)}: gone") for code in old if code not in new]
    if not found and old != new:
        orders = (", ".join(map(language_name, codes)) for codes in (old, new))
        found.append(Line("change", "Order; the first is for visitors whose language is not here", *orders))
    return found


def _site(before: Mapping[str, Any], after: Mapping[str, Any]) -> Lines:
    old, new = before["site"], after["site"]
    found = [Line("add", f"{host}: new host") for host in new["hosts"] if host not in old["hosts"]]
    found += [Line("gone", f"{host}: no longer a host") for host in old["hosts"] if host not in new["hosts"]]
    return found + _fields("", old, new, ("hosts", "uuid"))


def _laws(before: Mapping[str, Any], after: Mapping[str, Any]) -> Lines:
    found: Lines = []
    for variant, old, new in _pairs(before["variants"], after["variants"]):
        name = law(variant)
        if old is None or new is None:
            found.append(Line("add" if new else "gone", f"{name}: {'new' if new else 'gone'}"))
            continue
        terms = [dict(law_words.terms_in_words(side, table.TEXTS)) for side in (old, new)]
        changed = [Line("change", f"{name}: {what}", was or "", now or "") for what, was, now in _pairs(*terms)]
        found += changed or [Line("change", f"{name}: where it comes from")]
    old_table, new_table = before["jurisdictions"], after["jurisdictions"]
    if old_table["version"] != new_table["version"]:
        found.append(Line("change", "Table of laws", old_table["version"], new_table["version"]))
    for place, was, now in _pairs(old_table["overrides"], new_table["overrides"]):
        name = place_name(place)
        if now is None:
            found.append(Line("gone", f"{name}: correction taken back"))
        else:
            found.append(Line("change" if was else "add", f"{name}: corrected", after=now["reason"]))
    return found


def _waivers(before: Mapping[str, Any], after: Mapping[str, Any]) -> Lines:
    def line(kind: str, row: Mapping[str, Any]) -> Line:
        where = f" for {law(row['regime'])}" if row["regime"] else ""
        done = "signed off" if kind == "add" else "no longer signed off"
        return Line(kind, f"{row['rule']}{where}: {done} by {row['signed_by']}", after=row["reason"])

    old, new = before["waivers"], after["waivers"]
    return [line("add", row) for row in new if row not in old] + [line("gone", row) for row in old if row not in new]


def _own_cookies(before: Mapping[str, Any], after: Mapping[str, Any]) -> Lines:
    old, new = (_by(side.get("own_cookies", ()), "name") for side in (before, after))
    found: Lines = []
    for name, was, now in _pairs(old, new):
        if was is None or now is None:
            found.append(Line("add" if now else "gone", f"{name}: {'new' if now else 'gone'}"))
        elif {key: one for key, one in was.items() if not isinstance(one, dict)} != {
            key: one for key, one in now.items() if not isinstance(one, dict)
        }:
            found.append(Line("change", f"{name}: changed"))
    return found
