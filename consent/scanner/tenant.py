"""Reads what a OneTrust tenant publishes or exports of its own configuration, when its operator hands the files over
(docs/reference/onetrust.md: domain JSON, the JSON of a language; the cookie list as CSV or XLSX). Pure, no network.

Taken: ids and names of categories, the customer's own texts, names and lifetimes of cookies, hosts, Google's mapping.
Left out: what the vendor's database says of cookies and hosts.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from consent.catalogue.cookie_db import days
from consent.scanner import tables

FILES, LARGEST = 60, 10_000_000  # how many, and bytes of one
GROUPS, COOKIES, HOSTS = 200, 5_000, 2_000
LONGEST = 2_000  # characters of a text, as the banner has them
LEVELS = 40  # of groups in groups
# Fields of a language's JSON → our texts.
TEXTS = {
    "BannerTitle": "title",
    "AlertNoticeText": "body",
    "AlertAllowCookiesText": "accept",
    "BannerRejectAllButtonText": "reject",
    "CookieSettingButtonText": "reopen",
}
SIGNALS = (
    "ad_storage", "ad_user_data", "ad_personalization", "analytics_storage", "functionality_storage",
    "personalization_storage", "security_storage",
)  # fmt: skip
# What a column of the cookie list may be called, in lower case without anything but letters.
COLUMNS = {
    "name": ("cookiename", "cookie", "cookies", "name"),
    "host": ("host", "hostname", "cookiehost", "domain"),
    "category": ("category", "categoryname", "cookiecategory", "group", "groupname", "categoryid", "groupid"),
    "lifetime": ("lifespan", "lifetime", "duration", "expiration", "expiry", "retention"),
}
USUAL = (
    ("strictlynecessary", "C0001"), ("performance", "C0002"), ("functional", "C0003"), ("targeting", "C0004"),
    ("socialmedia", "C0005"),
)  # fmt: skip
ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
KEY = re.compile(r"[A-Za-z0-9_]{1,40}")
COOKIE_NAME = re.compile(r"[^\s=;,\"\\\x00-\x1f\x7f]{1,200}")
HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}")


@dataclass(slots=True)
class Group:
    """A category of the tenant: {language: {"name", "description"}}, and whether it is always active."""

    texts: dict[str, dict[str, str]] = field(default_factory=dict)
    necessary: bool = False


@dataclass(frozen=True, slots=True)
class TenantCookie:
    """A cookie of the tenant's list; `host` is who sets it. No lifetime = not told."""

    name: str
    host: str
    category: str
    lifetime: str = ""
    lifetime_days: int | None = None


@dataclass(slots=True)
class Tenant:
    """What all files say together. `rules` and `left_out` are sentences for whoever moves."""

    site_id: UUID | None = None
    domain: str = ""
    groups: dict[str, Group] = field(default_factory=dict)
    texts: dict[str, dict[str, str]] = field(default_factory=dict)
    signals: dict[str, list[str]] = field(default_factory=dict)
    hosts: dict[str, tuple[str, str, str]] = field(default_factory=dict)  # host → (name, category, policy)
    cookies: dict[tuple[str, str], TenantCookie] = field(default_factory=dict)  # by name and host
    rules: list[str] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)

    def leave(self, what: str, count: int = 1) -> None:
        """Counts what was not taken."""
        self.left_out[what] = self.left_out.get(what, 0) + count


def read(files: Sequence[tuple[str, bytes]]) -> Tenant:
    """What the files say, each given as (name, bytes). Raises ValueError, with a sentence that names the file."""
    if len(files) > FILES:
        raise ValueError(f"These are {len(files)} files; {FILES} is the most.")
    tenant = Tenant()
    exports = []
    for name, body in files:
        short = re.sub(r"[^\w.() -]", "?", name.rpartition("/")[2])[:80]
        try:
            if len(body) > LARGEST:
                raise ValueError(f"it is larger than {LARGEST // 1_000_000} MB")
            if body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"{":
                _published(tenant, short, _json(body))
            else:
                exports.append((short, tables.rows(body)))
        except ValueError as error:
            raise ValueError(f"{short} can't be read: {error}.") from None
    # Its categories may be called as the published files call them.
    for name, rows in exports:
        try:
            _export(tenant, rows)
        except ValueError as error:
            raise ValueError(f"{name} can't be read: {error}.") from None
    return tenant


def _json(body: bytes) -> dict[str, Any]:
    try:
        given = json.loads(body.decode("utf-8-sig"))
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    except UnicodeDecodeError:
        raise ValueError("it is not in UTF-8") from None
    except ValueError as error:
        raise ValueError(f"it is no JSON ({str(error)[:100]})") from None
    return given if isinstance(given, dict) else {}


def _published(tenant: Tenant, name: str, given: dict[str, Any]) -> None:
    data = given["DomainData"] if isinstance(given.get("DomainData"), dict) else given
    if isinstance(data.get("Groups"), list):
        _same_site(tenant, f"{data.get('cctId')}")
        _language(tenant, data)
    elif isinstance(given.get("RuleSet"), list):
        _same_site(tenant, name)
        tenant.rules += _rules(given["RuleSet"])
    else:
        raise ValueError("it is neither a domain's JSON (with RuleSet) nor that of a language (with DomainData)")
    tenant.domain = tenant.domain or _text(data.get("Domain"))[:253]


def _same_site(tenant: Tenant, text: str) -> None:
    found = ID.search(text)
    if found and tenant.site_id and UUID(found.group()) != tenant.site_id:
        raise ValueError(f"it is of {found.group()}, the files before it of {tenant.site_id}")
    tenant.site_id = tenant.site_id or (UUID(found.group()) if found else None)


def _language(tenant: Tenant, data: dict[str, Any]) -> None:
    spoken = data.get("Language")
    language = _text(spoken.get("Culture") if isinstance(spoken, dict) else "").replace("_", "-")
    language = language if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}", language) else "en"
    own = {ours: text for theirs, ours in TEXTS.items() if (text := _plain(data.get(theirs)))}
    tenant.leave("texts longer than a banner has", sum(len(text) > LONGEST for text in own.values()))
    tenant.texts.setdefault(language, {}).update({key: text for key, text in own.items() if len(text) <= LONGEST})
    _groups(tenant, data["Groups"], language, LEVELS)
    mapping = data.get("GoogleConsent")
    for signal in SIGNALS if isinstance(mapping, dict) and mapping.get("GCEnable") else ():
        theirs = "GC" + "".join(word.capitalize() for word in signal.split("_"))
        key = _text(mapping.get(theirs)) if isinstance(mapping, dict) else ""
        if key in tenant.groups and signal not in tenant.signals.setdefault(key, []):
            tenant.signals[key].append(signal)


def _groups(tenant: Tenant, groups: Any, language: str, levels: int) -> None:
    for group in _objects(groups):
        key = _text(group.get("CustomGroupId") or group.get("OptanonGroupId"))
        if not KEY.fullmatch(key):
            tenant.leave("categories without an id")
            continue
        if len(tenant.groups) >= GROUPS and key not in tenant.groups:
            raise ValueError(f"it has more than {GROUPS} categories")
        made = tenant.groups.setdefault(key, Group())
        made.necessary = made.necessary or _text(group.get("Status")).lower() == "always active"
        name, description = _plain(group.get("GroupName"))[:200], _plain(group.get("GroupDescription"))[:LONGEST]
        texts = {"name": name, "description": description}
        made.texts.setdefault(language, {}).update({name: text for name, text in texts.items() if text})
        for cookie in _objects(group.get("FirstPartyCookies")):
            _cookie(tenant, cookie, "", key)
        for host in _objects(group.get("Hosts")):
            _host(tenant, host, key)
        if levels:
            _groups(tenant, group.get("SubGroups"), language, levels - 1)


def _host(tenant: Tenant, given: dict[str, Any], category: str) -> None:
    name = _text(given.get("HostName") or given.get("DisplayName")).lower().strip(".")
    if not HOST.fullmatch(name):
        tenant.leave("hosts whose name is none")
        return
    if len(tenant.hosts) >= HOSTS and name not in tenant.hosts:
        raise ValueError(f"it has more than {HOSTS} hosts")
    policy = _text(given.get("PrivacyPolicy"))
    policy = policy if re.fullmatch(r"https?://[^\s<>\"]{4,480}", policy) else ""
    tenant.hosts.setdefault(name, (_plain(given.get("DisplayName"))[:200] or name, category, policy))
    if given.get("Description"):
        tenant.leave("descriptions of the vendor's database")
    for cookie in _objects(given.get("Cookies")):
        _cookie(tenant, cookie, name, category)


def _cookie(tenant: Tenant, given: dict[str, Any], host: str, category: str) -> None:
    if given.get("description") or given.get("Description"):
        tenant.leave("descriptions of the vendor's database")
    length = _text(given.get("Length"))
    lasts = int(length) if length.isascii() and length.isdigit() and len(length) < 6 else None
    if given.get("IsSession") is True:
        lasts = 0
    elif f"{given.get('DurationType') or 1}" != "1":
        lasts = None  # its unit is not documented
    _file(tenant, _text(given.get("Name")), host or _text(given.get("Host")), category, "", lasts)


def _file(tenant: Tenant, name: str, host: str, category: str, lifetime: str, lasts: int | None) -> None:
    # What a pattern stands for is written as a row of x.
    name = re.sub(r"x{4,}.*$", "*", name.strip(), flags=re.IGNORECASE)
    host = host.strip().lower().strip(".")
    if not COOKIE_NAME.fullmatch(name) or not name.strip("*"):
        tenant.leave("cookies whose name is none")
        return
    if len(tenant.cookies) >= COOKIES:
        raise ValueError(f"there are more than {COOKIES} cookies")
    words = lifetime[:60] or ("session" if lasts == 0 else f"{lasts} days" if lasts else "")
    cookie = TenantCookie(name, host if HOST.fullmatch(host) else "", category, words, lasts)
    before = tenant.cookies.get((name, cookie.host))
    if before is None or (before.lifetime_days is None and lasts is not None):
        tenant.cookies[name, cookie.host] = cookie


def _export(tenant: Tenant, rows: list[list[str]]) -> None:
    head, body = rows[:1], rows[1:]
    places: dict[str, int] = {}
    for what, names in COLUMNS.items():
        letters = [re.sub(r"[^a-z]", "", cell.lower()) for cell in (head or [[]])[0]]
        found = next((letters.index(name) for name in names if name in letters), None)
        if found is not None:
            places[what] = found
    if not {"name", "category"} <= set(places):
        raise ValueError("it has no columns for a cookie's name and category in its first row")
    for row in body:
        cells = {what: row[place] if place < len(row) else "" for what, place in places.items()}
        if not any(cells.values()):
            continue
        category = _category(tenant, cells["category"])
        if not category:
            tenant.leave("cookies of categories that no file explains")
            continue
        tenant.groups.setdefault(category, Group())
        lifetime = cells.get("lifetime", "")
        lasts = int(lifetime) if lifetime.isascii() and lifetime.isdigit() and len(lifetime) < 6 else days(lifetime)
        words = "" if lifetime.isdigit() or lifetime.startswith(("=", "+", "-", "@")) else lifetime
        _file(tenant, cells["name"], cells.get("host", ""), category, words, lasts)


def _category(tenant: Tenant, text: str) -> str:
    """The id that a category is called by: as it is, by its name in any language, by a usual name."""
    if text in tenant.groups or re.fullmatch(r"C\d{4}", text):
        return text
    for key, group in tenant.groups.items():
        if any(text.casefold() == texts.get("name", "").casefold() for texts in group.texts.values()):
            return key
    letters = re.sub(r"[^a-z]", "", text.lower())
    return next((key for usual, key in USUAL if letters.startswith(usual)), "")


def _rules(given: Any) -> list[str]:
    """The tenant's rules, in words: which law applies where is ours to say."""
    found = []
    for rule in _objects(given)[:50]:
        countries = [text for one in _list(rule.get("Countries"))[:300] if re.fullmatch("[a-z]{2}", text := _text(one))]
        given_states = rule.get("States")
        states = given_states if isinstance(given_states, dict) else {}
        parts = [f"{cc}-{_text(one)}"[:8] for cc, ones in list(states.items())[:300] for one in _list(ones)[:100]]
        where = "everywhere else" if rule.get("Global") else f"{len(countries)} countries, {len(parts)} states"
        found.append(f"{_plain(rule.get('Name'))[:80] or 'A rule'}: {_plain(rule.get('Type'))[:20] or '?'}, {where}")
    return found


def _text(given: Any) -> str:
    return given.strip() if isinstance(given, str) else f"{given}" if type(given) is int and abs(given) < 10**9 else ""


def _plain(given: Any) -> str:
    """A text without its HTML."""
    tags = r"<(script|style)\b.*?(</\1>|$)|</?[a-z!][^<>]{0,2000}>"
    without = re.sub(tags, " ", _text(given)[:20_000], flags=re.DOTALL | re.IGNORECASE)
    return " ".join(html.unescape(without).replace("{", "(").replace("}", ")").split())


def _list(given: Any) -> list[Any]:
    return given if isinstance(given, list) else []


def _objects(given: Any) -> list[dict[str, Any]]:
    return [one for one in _list(given) if isinstance(one, dict)]
