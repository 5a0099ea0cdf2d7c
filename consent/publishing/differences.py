"""What a release changes, in the words of the people who publish it. Pure.

No key of ours, no JSON: what has no words here is told as "changed", and a test walks everything that a snapshot holds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from django.utils import translation
from django.utils.translation import gettext, gettext_noop

from consent.banners.theme import ACCENT
from consent.jurisdictions import table
from consent.jurisdictions import words as law_words
from consent.publishing.slots import name_of, names_of

AGAIN = gettext_noop("visitors will be asked again")
IDENTIFIER = re.compile(r"\b[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*(?:-[A-Z]{2}(?:-[A-Z]{2})?)?\b")
SHA256 = re.compile(r"[0-9a-f]{64}")
LONGEST = 200  # characters of a value
YES_NO = {True: gettext_noop("yes"), False: gettext_noop("no")}
LEVELS = {
    "drop_in": gettext_noop("Drop-in"),
    "snippet": gettext_noop("Snippet"),
    "strict": gettext_noop("Strict snippet"),
    "server": gettext_noop("Server"),
}
KINDS = {
    "cookie": gettext_noop("cookie"),
    "local": gettext_noop("local storage"),
    "session": gettext_noop("session storage"),
    "indexeddb": gettext_noop("browser database"),
}
# Of a site, a service, a category, a banner: what a form calls it.
LABELS = {
    "name": gettext_noop("Name"),
    "hosts": gettext_noop("Hosts"),
    "languages": gettext_noop("Languages"),
    "level": gettext_noop("Blocking level"),
    "unknown": gettext_noop("Third parties no service covers"),
    "unknown_third_parties": gettext_noop("Third parties no service covers"),
    "reload": gettext_noop("Reload after the visitor accepts"),
    "reload_after_accept": gettext_noop("Reload after the visitor accepts"),
    "record_path": gettext_noop("Keep the page's path in records"),
    "child_directed": gettext_noop("Directed at children"),
    "membership": gettext_noop("Subscribers are not asked"),
    "controller": gettext_noop("Who is responsible"),
    "controller_contact": gettext_noop("How to reach them"),
    "policy_url": gettext_noop("Privacy policy"),
    "imprint_url": gettext_noop("Imprint"),
    "webhook_url": gettext_noop("Webhook for opt-outs"),
    "first_party_endpoint": gettext_noop("Endpoint on the site's own host"),
    "tiles": gettext_noop("Ledger tiles for outside monitors"),
    "advanced": gettext_noop("Laws with advanced consent mode"),
    "ads_advanced_consent_mode": gettext_noop("Laws with advanced consent mode"),
    "publish_needs_approval": gettext_noop("Publishing needs a second person"),
    "company": gettext_noop("Provider"),
    "description": gettext_noop("Description"),
    "category": gettext_noop("Category"),
    "container": gettext_noop("Loads other services"),
    "sells_or_shares": gettext_noop("Sells or shares personal data"),
    "targeted_ads": gettext_noop("Serves targeted advertising"),
    "sensitive": gettext_noop("Touches sensitive data"),
    "statistics": gettext_noop("Only measures audiences"),
    "exempt_in": gettext_noop("Places whose exemption could apply"),
    "exemption_confirmed": gettext_noop("Places whose exemption is confirmed"),
    "inline": gettext_noop("Signatures of inline code"),
    "adapter": gettext_noop("Vendor signal"),
    "necessary_reason": gettext_noop("Why it is strictly necessary"),
    "necessary": gettext_noop("Always active"),
    "rules": gettext_noop("Requests to hold"),
    "patterns": gettext_noop("Requests to hold"),
    "cookies": gettext_noop("Cookies and storage"),
    "consent_mode": gettext_noop("Google's consent signals"),
    "position": gettext_noop("Position"),
    "texts": gettext_noop("Words"),
    "legal_basis": gettext_noop("Legal basis"),
    "layout": gettext_noop("Layout"),
    "theme": gettext_noop("Look"),
    "floating_button": gettext_noop("Round button"),
    "accent": gettext_noop("Accent colour"),
    "background": gettext_noop("Background"),
    "text": gettext_noop("Text colour"),
    "radius": gettext_noop("Corners"),
    "scheme": gettext_noop("Light or dark"),
    "added_since": gettext_noop("Added since the move; a yes to the earlier banner does not cover it"),
    "earlier_category": gettext_noop("Its category in the earlier banner"),
    "button": gettext_noop("Colour of buttons"),
    "border": gettext_noop("Colour of borders"),
    "link": gettext_noop("Colour of links"),
    "focus": gettext_noop("Colour of the focus"),
    "dark_accent": gettext_noop("Accent colour in the dark"),
    "dark_button": gettext_noop("Colour of buttons in the dark"),
    "dark_background": gettext_noop("Background in the dark"),
    "dark_text": gettext_noop("Text colour in the dark"),
    "dark_border": gettext_noop("Colour of borders in the dark"),
    "dark_link": gettext_noop("Colour of links in the dark"),
    "dark_focus": gettext_noop("Colour of the focus in the dark"),
    "button_radius": gettext_noop("Corners of buttons"),
    "density": gettext_noop("Room"),
    "font": gettext_noop("Font"),
    "order": gettext_noop("First button"),
    "style": gettext_noop("Style of buttons"),
    "buttons": gettext_noop("Buttons stand"),
    "backdrop": gettext_noop("The page behind the banner"),
    "logo": gettext_noop("Logo"),
    "logo_height": gettext_noop("Height of the logo"),
    "font_file": gettext_noop("Uploaded font"),
    "css": gettext_noop("Style sheet"),
    "files": gettext_noop("Uploaded files"),
    "lifetime": gettext_noop("Lifetime"),
    "lifetime_days": gettext_noop("Lifetime in days"),
    "ends": gettext_noop("Last day"),
    "winner": gettext_noop("Chosen"),
    "purpose": gettext_noop("Purpose"),
    "kind": gettext_noop("Kind"),
    "asked_again": gettext_noop("Asked again since"),
}
WORDS = {
    "allow": gettext_noop("let through"),
    "hold": gettext_noop("held until granted"),
    "opt_in": gettext_noop("opt-in"),
    "opt_out": gettext_noop("opt-out"),
    "bar": gettext_noop("Bar"),
    "corner": gettext_noop("Corner"),
    "auto": gettext_noop("as the visitor's device"),
    "light": gettext_noop("light"),
    "dark": gettext_noop("dark"),
    "off": gettext_noop("off"),
    "token": gettext_noop("with an auditor's token"),
    "public": gettext_noop("public"),
    "roomy": gettext_noop("roomy"),
    "compact": gettext_noop("compact"),
    "filled": gettext_noop("filled"),
    "outline": gettext_noop("outlined"),
    "beside": gettext_noop("beside each other"),
    "stacked": gettext_noop("one above the other"),
    "dim": gettext_noop("dimmed"),
    "card": gettext_noop("Card"),
    "center": gettext_noop("In the middle"),
    "bottom": gettext_noop("bottom"),
    "top": gettext_noop("top"),
    "bottom-left": gettext_noop("bottom left"),
    "bottom-right": gettext_noop("bottom right"),
    "bottom-center": gettext_noop("bottom middle"),
    "top-left": gettext_noop("top left"),
    "top-right": gettext_noop("top right"),
    "ad_storage": gettext_noop("advertising storage"),
    "ad_user_data": gettext_noop("user data for advertising"),
    "ad_personalization": gettext_noop("personalised advertising"),
    "analytics_storage": gettext_noop("analytics storage"),
    "functionality_storage": gettext_noop("functionality storage"),
    "personalization_storage": gettext_noop("personalisation storage"),
    "security_storage": gettext_noop("security storage"),
    **LEVELS,
    **KINDS,
}

# Texts of the banner, as the editor calls them.
TEXT_NAMES = {
    "accept": gettext_noop("Accept"),
    "always": gettext_noop("Always"),
    "body": gettext_noop("Body"),
    "change": gettext_noop("Change"),
    "close": gettext_noop("Close"),
    "close_reject": gettext_noop("Close reject"),
    "cookie": gettext_noop("Cookie"),
    "exempt": gettext_noop("Exempt"),
    "exempt_note": gettext_noop("Exempt note"),
    "gpc": gettext_noop("Gpc"),
    "hold_always": gettext_noop("Hold always"),
    "hold_once": gettext_noop("Hold once"),
    "hold_text": gettext_noop("Hold text"),
    "imprint": gettext_noop("Imprint"),
    "lifetime": gettext_noop("Lifetime"),
    "limit_text": gettext_noop("Limit text"),
    "manage": gettext_noop("Manage"),
    "no_cookies": gettext_noop("No cookies"),
    "not_stored": gettext_noop("Not stored"),
    "object": gettext_noop("Object"),
    "optout": gettext_noop("Optout"),
    "optout_done": gettext_noop("Optout done"),
    "optout_text": gettext_noop("Optout text"),
    "pc_body": gettext_noop("Preferences body"),
    "pc_title": gettext_noop("Preferences title"),
    "policy": gettext_noop("Policy"),
    "provider": gettext_noop("Provider"),
    "purpose": gettext_noop("Purpose"),
    "record": gettext_noop("Record"),
    "reject": gettext_noop("Reject"),
    "reopen": gettext_noop("Reopen"),
    "save": gettext_noop("Save"),
    "services": gettext_noop("Services"),
    "session": gettext_noop("Session"),
    "stored": gettext_noop("Stored"),
    "stored_at": gettext_noop("Stored at"),
    "stored_no": gettext_noop("Stored no"),
    "stored_yes": gettext_noop("Stored yes"),
    "title": gettext_noop("Title"),
}
# Of the table of laws, as its notes name them.
COLUMNS = {
    "reprompt_after_refusal_min_days": gettext_noop("the number of days after a refusal"),
    "consent_lifetime_days": gettext_noop("the number of days of a consent"),
    "effective_date": gettext_noop("the day it came into force"),
    "minor_rule": gettext_noop("the rule for minors"),
}


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
        (gettext("Services"), _services),
        (gettext("Categories"), _categories),
        (gettext("Purposes"), _purposes),
        (gettext("Banner"), _banner),
        (gettext("Words"), _texts),
        (gettext("Test of two banners"), _test),
        (gettext("Languages"), _languages),
        (gettext("Settings"), _site),
        (gettext("Laws"), _laws),
        (gettext("Sign-offs"), _waivers),
        (gettext("Asked again"), _asked_again),
        (gettext("Cookies of the banner itself"), _own_cookies),
    ]
    found = [(title, part(before, after)) for title, part in parts]
    return [(title, lines) for title, lines in found if lines]


def label(key: str) -> str:
    """What people call a field; a key that nobody named reads as words."""
    return gettext(LABELS[key]) if key in LABELS else key.replace("_", " ").replace(".", " ").capitalize()


def text_name(key: str) -> str:
    """A text of the banner, as the editor calls it."""
    return gettext(TEXT_NAMES[key]) if key in TEXT_NAMES else key.replace("_", " ").capitalize()


def language_name(code: str) -> str:
    """A language in the language of whoever reads it; its code where nobody knows the name."""
    try:
        return str(translation.get_language_info(code)["name_translated"])
    except KeyError:
        return code


def law(variant: str) -> str:
    """A regime or variant by its name: `us_optout-US-TX` → the regime's, and Texas."""
    base, _, place = variant.partition("-")
    terms = table.REGIMES.get(base)
    name = gettext(terms["name"]) if terms else base.replace("_", " ")
    return f"{name}, {place_name(place)}" if place else name


def place_name(place: str) -> str:
    """A place by its name."""
    return gettext("unknown place") if place == "" else law_words.name_of_place(place)


def _word(key: str) -> str:
    return gettext(WORDS[key]) if key in WORDS else ""


def value(given: Any, names: Mapping[str, str] | None = None) -> str:
    """A value in words: yes and no, lists with commas, categories by name; at most `LONGEST` characters."""
    if given is None:
        return ""
    if isinstance(given, bool):
        return gettext(YES_NO[given])
    if isinstance(given, Mapping):
        pairs = (f"{label(str(key))} {value(inner, names)}" for key, inner in given.items() if inner not in ("", None))
        text = "; ".join(pairs) or gettext("nothing")
    elif isinstance(given, list | tuple):
        text = ", ".join(value(inner, names) for inner in given) or gettext("nothing")
    else:
        text = str(given) or gettext("nothing")
        text = gettext("an uploaded file") if SHA256.fullmatch(text) and text not in (names or {}) else text
        text = (names or {}).get(text) or _word(text) or (law(text) if "_" in text and text in table.REGIMES else text)
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
        if one.partition("-")[0] in table.REGIMES:
            return law(one)
        return _word(one) or (gettext(COLUMNS[one]) if one in COLUMNS else one)

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
        again = f"; {gettext(AGAIN)}" if new and _asks_again(before, after, "service", new) else ""
        if old is None:
            found.append(
                Line(
                    "add",
                    gettext("%(name)s: new, under %(category)s%(again)s")
                    % {"name": new["name"], "category": names.get(new["category"], ""), "again": again},
                )
            )
        elif new is None:
            found.append(
                Line(
                    "gone",
                    gettext("%(name)s: gone, was under %(category)s")
                    % {"name": old["name"], "category": names.get(old["category"], "")},
                )
            )
        else:
            found += _service(old, new, names, again)
    return found


def _service(old: Mapping[str, Any], new: Mapping[str, Any], names: Mapping[str, str], again: str) -> Lines:
    name, found = new["name"], []
    if old["category"] != new["category"]:
        moved = {"old": names.get(old["category"], ""), "new": names.get(new["category"], "")}
        text = gettext("%(name)s: moves from %(old)s to %(new)s%(again)s")
        found.append(Line("change", text % {"name": name, "again": again, **moved}))
    for rule in new["rules"]:
        if rule not in old["rules"]:
            found.append(Line("add", gettext("%(name)s: holds requests to %(rule)s") % {"name": name, "rule": rule}))
    for rule in old["rules"]:
        if rule not in new["rules"]:
            found.append(
                Line("gone", gettext("%(name)s: no longer holds requests to %(rule)s") % {"name": name, "rule": rule})
            )
    found += _cookies(name, old["cookies"], new["cookies"])
    for regime, was, now in _pairs(old["overrides"], new["overrides"]):
        where = law(regime)
        if now is None:
            found.append(
                Line("gone", gettext("%(name)s: as the law says again, in %(law)s") % {"name": name, "law": where})
            )
        else:
            does = gettext("%(name)s: let run in %(law)s")
            if now["state"] != "allow":
                does = gettext("%(name)s: held in %(law)s")
            said = does % {"name": name, "law": where}
            found.append(Line("change" if was else "add", said, after=now["reason"]))
    return found + _fields(name, old, new, ("category", "rules", "cookies", "overrides"), names=names)


# In the middle of a line.
COOKIE_FIELDS = {
    "lifetime": gettext_noop("lifetime"),
    "lifetime_days": gettext_noop("lifetime in days"),
    "purpose": gettext_noop("purpose"),
}


def _cookies(name: str, old: list[Any], new: list[Any]) -> Lines:
    def by_kind(rows: list[Any]) -> dict[str, Any]:
        return {f"{_word(row['kind']) or row['kind']} {row['name']}": row for row in rows}

    found = []
    for which, was, now in _pairs(by_kind(old), by_kind(new)):
        if was is None:
            found.append(
                Line("add", gettext("%(name)s: %(cookie)s, new") % {"name": name, "cookie": which}, after=_lives(now))
            )
        elif now is None:
            found.append(Line("gone", gettext("%(name)s: %(cookie)s, gone") % {"name": name, "cookie": which}))
        else:
            found += [
                Line("change", f"{name}: {which}, {gettext(field)}", value(was.get(key)), value(now.get(key)))
                for key, field in COOKIE_FIELDS.items()
                if was.get(key) != now.get(key)
            ]
            found += [
                Line(
                    "change",
                    gettext("%(name)s: %(cookie)s, purpose, %(language)s")
                    % {"name": name, "cookie": which, "language": language_name(language)},
                    before or "",
                    after or "",
                )
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
        again = f"; {gettext(AGAIN)}" if new and _asks_again(before, after, kind, new) else ""
        if old is None:
            found.append(Line("add", gettext("%(name)s: new%(again)s") % {"name": name, "again": again}))
        elif new is None:
            found.append(Line("gone", gettext("%(name)s: gone") % {"name": name}))
        else:
            found += _fields(name, old, new, ("texts",), names=names)
            for language in after["languages"]:
                both = [(side["texts"] or {}).get(language) for side in (old, new)]
                if both[0] and both[1]:
                    found += _fields(f"{name}, {language_name(language)}", both[0], both[1], ())
    if not found and old_order != new_order:
        found.append(Line("change", gettext("Order"), *(value(order, names) for order in (old_order, new_order))))
    return found


def _banner(before: Mapping[str, Any], after: Mapping[str, Any]) -> Lines:
    old, new = before["banner"], after["banner"]
    look = [{"accent": ACCENT, **side["theme"]} for side in (old, new)]
    names = {sha256: file["name"] for side in (old, new) for sha256, file in side.get("files", {}).items()}
    rules = [Line("change", label("css"))] if old.get("css") != new.get("css") else []
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
        return [Line("gone", gettext("Banner B: no longer shown"))] if old else []
    if old is None:
        return [Line("add", gettext("Banner B: shown to half of all views until the end of"), after=new["ends"])]
    found = _fields(gettext("Banner B"), old, new, ("texts", "regime_texts", "theme"))
    found += _fields(gettext("Banner B"), old["theme"], new["theme"], ())
    for part in ("texts", "regime_texts"):
        for where, was, now in _pairs(old[part], new[part]):
            language, _, regime = where.partition("@")
            of = f"{gettext('Banner B')}, {language_name(language)}" + (f", {law(regime)}" if regime else "")
            for key, one, other in _pairs(was or {}, now or {}):
                found.append(Line("change", f"{of}: {text_name(key)}", value(one), value(other)))
    return found


def _languages(before: Mapping[str, Any], after: Mapping[str, Any]) -> Lines:
    old, new = before["languages"], after["languages"]
    found = [
        Line("add", gettext("%(language)s: new") % {"language": language_name(code)}) for code in new if code not in old
    ]
    found += [
        Line("gone", gettext("%(language)s: gone") % {"language": language_name(code)})
        for code in old
        if code not in new
    ]
    if not found and old != new:
        orders = (", ".join(map(language_name, codes)) for codes in (old, new))
        found.append(Line("change", gettext("Order; the first is for visitors whose language is not here"), *orders))
    return found


def _site(before: Mapping[str, Any], after: Mapping[str, Any]) -> Lines:
    old, new = before["site"], after["site"]
    found = [
        Line("add", gettext("%(host)s: new host") % {"host": host}) for host in new["hosts"] if host not in old["hosts"]
    ]
    found += [
        Line("gone", gettext("%(host)s: no longer a host") % {"host": host})
        for host in old["hosts"]
        if host not in new["hosts"]
    ]
    return found + _fields("", old, new, ("hosts", "uuid"))


def _new_or_gone(name: str, new: bool) -> Line:
    if new:
        return Line("add", gettext("%(name)s: new") % {"name": name})
    return Line("gone", gettext("%(name)s: gone") % {"name": name})


def _laws(before: Mapping[str, Any], after: Mapping[str, Any]) -> Lines:
    found: Lines = []
    for variant, old, new in _pairs(before["variants"], after["variants"]):
        name = law(variant)
        if old is None or new is None:
            found.append(_new_or_gone(name, bool(new)))
            continue
        terms = [dict(law_words.terms_in_words(side, table.TEXTS)) for side in (old, new)]
        changed = [Line("change", f"{name}: {what}", was or "", now or "") for what, was, now in _pairs(*terms)]
        found += changed or [Line("change", gettext("%(name)s: where it comes from") % {"name": name})]
    old_table, new_table = before["jurisdictions"], after["jurisdictions"]
    if old_table["version"] != new_table["version"]:
        found.append(Line("change", gettext("Table of laws"), old_table["version"], new_table["version"]))
    for place, was, now in _pairs(old_table["overrides"], new_table["overrides"]):
        name = place_name(place)
        if now is None:
            found.append(Line("gone", gettext("%(name)s: correction taken back") % {"name": name}))
        else:
            found.append(
                Line("change" if was else "add", gettext("%(name)s: corrected") % {"name": name}, after=now["reason"])
            )
    return found


def _waivers(before: Mapping[str, Any], after: Mapping[str, Any]) -> Lines:
    def line(kind: str, row: Mapping[str, Any]) -> Line:
        rule = row["rule"]
        if row["regime"]:
            rule = gettext("%(rule)s for %(law)s") % {"rule": rule, "law": law(row["regime"])}
        done = gettext("%(rule)s: signed off by %(who)s")
        if kind != "add":
            done = gettext("%(rule)s: no longer signed off by %(who)s")
        return Line(kind, done % {"rule": rule, "who": row["signed_by"]}, after=row["reason"])

    old, new = before["waivers"], after["waivers"]
    return [line("add", row) for row in new if row not in old] + [line("gone", row) for row in old if row not in new]


def _own_cookies(before: Mapping[str, Any], after: Mapping[str, Any]) -> Lines:
    old, new = (_by(side.get("own_cookies", ()), "name") for side in (before, after))
    found: Lines = []
    for name, was, now in _pairs(old, new):
        if was is None or now is None:
            found.append(_new_or_gone(name, bool(now)))
        elif {key: one for key, one in was.items() if not isinstance(one, dict)} != {
            key: one for key, one in now.items() if not isinstance(one, dict)
        }:
            found.append(Line("change", gettext("%(name)s: changed") % {"name": name}))
    return found
