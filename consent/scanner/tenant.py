"""Reads what a OneTrust tenant publishes or exports of its own configuration, when its operator hands the files over
(docs/reference/onetrust.md: domain JSON, the JSON of a language; the cookie list as CSV or XLSX). Pure, no network.

Taken: ids and names of categories, the customer's own texts, names and lifetimes of cookies, hosts, Google's mapping.
Left out: what the vendor's database says of cookies and hosts.
"""

from __future__ import annotations

import html
import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.utils.translation import gettext

from consent import csv_text
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
# What a column of the cookie list may be called, in lower case without accents and anything but letters: in English,
# then in German, French, Spanish, Italian, Dutch and Portuguese.
COLUMNS = {
    "name": (
        "cookiename", "nameofcookie", "namedescookies", "nomducookie", "nombredelacookie", "nomedelcookie",
        "cookienaam", "naamvandecookie", "nomedocookie", "cookie", "cookies", "name", "nom", "nombre", "nome", "naam",
    ),
    "host": (
        "host", "hostname", "cookiehost", "domain", "cookiedomain", "domane", "hote", "domaine", "dominio", "domein",
    ),
    "category": (
        "category", "categoryname", "cookiecategory", "group", "groupname", "categoryid", "groupid", "kategorie",
        "cookiekategorie", "categorie", "categoria", "categoriedecookies", "categoriadecookies", "cookiecategorie",
        "groupe", "grupo", "gruppe", "gruppo", "groep",
    ),
    "lifetime": (
        "lifespan", "lifetime", "duration", "durationdays", "expiration", "expiry", "expires", "retention",
        "retentionperiod", "maxage", "laufzeit", "lebensdauer", "speicherdauer", "dureedevie", "duree",
        "dureedeconservation", "duracion", "caducidad", "durata", "scadenza", "levensduur", "bewaartermijn", "duracao",
        "validade",
    ),
}  # fmt: skip
HEADS = 10  # rows in which the one that names the columns is looked for; a title may stand above it
# Lengths of time, as `days` knows them.
UNITS = {
    "second": ("sekunden", "sekunde", "secondes", "seconde", "segundos", "segundo", "secondi", "secondo", "seconden"),
    "minute": ("minuten", "minutos", "minuto", "minuti", "minuut"),
    "hour": ("stunden", "stunde", "heures", "heure", "horas", "hora", "ore", "ora", "uren", "uur"),
    "day": ("tage", "tagen", "tag", "jours", "jour", "dias", "dia", "giorni", "giorno", "dagen", "dag"),
    "week": ("wochen", "woche", "semaines", "semaine", "semanas", "semana", "settimane", "settimana", "weken"),
    "month": ("monate", "monaten", "monat", "mois", "meses", "mes", "mesi", "mese", "maanden", "maand"),
    "year": ("jahre", "jahren", "jahr", "ans", "an", "annees", "annee", "anos", "ano", "anni", "anno", "jaren", "jaar"),
    "session": ("sitzung", "sitzungscookie", "sesion", "sessione", "sessie", "sessao"),
}
_UNIT = {word: unit for unit, words in UNITS.items() for word in words}
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
        raise ValueError(
            gettext("These are %(files)s files; %(most)s is the most.") % {"files": len(files), "most": FILES}
        )
    tenant = Tenant()
    exports = []
    for name, body in files:
        short = re.sub(r"[^\w.() -]", "?", name.rpartition("/")[2])[:80]
        try:
            if len(body) > LARGEST:
                raise ValueError(gettext("it is larger than %(largest)s MB") % {"largest": LARGEST // 1_000_000})
            start = "" if body.startswith(b"PK") else csv_text.decode(body[:1000])
            if start.lstrip("\ufeff \t\r\n")[:1] == "{":
                _published(tenant, short, _json(body))
            else:
                exports.append((short, tables.rows(body)))
        except ValueError as error:
            raise ValueError(
                gettext("%(short)s can't be read: %(error)s.") % {"short": short, "error": error}
            ) from None
    # Its categories may be called as the published files call them.
    for name, rows in exports:
        try:
            _export(tenant, rows)
        except ValueError as error:
            raise ValueError(gettext("%(name)s can't be read: %(error)s.") % {"name": name, "error": error}) from None
    return tenant


def _json(body: bytes) -> dict[str, Any]:
    try:
        given = json.loads(body)  # by its byte order mark, else UTF-8
    except RecursionError:
        raise ValueError(gettext("it is nested too deep")) from None
    except UnicodeDecodeError:
        raise ValueError(gettext("it is not in UTF-8")) from None
    except ValueError as error:
        raise ValueError(gettext("it is no JSON (%(error)s)") % {"error": str(error)[:100]}) from None
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
        raise ValueError(
            gettext("it is neither a domain's JSON (with RuleSet) nor that of a language (with DomainData)")
        )
    tenant.domain = tenant.domain or _text(data.get("Domain"))[:253]


def _same_site(tenant: Tenant, text: str) -> None:
    found = ID.search(text)
    if found and tenant.site_id and UUID(found.group()) != tenant.site_id:
        raise ValueError(
            gettext("it is of %(group)s, the files before it of %(site_id)s")
            % {"group": found.group(), "site_id": tenant.site_id}
        )
    tenant.site_id = tenant.site_id or (UUID(found.group()) if found else None)


def _language(tenant: Tenant, data: dict[str, Any]) -> None:
    spoken = data.get("Language")
    language = _text(spoken.get("Culture") if isinstance(spoken, dict) else "").replace("_", "-")
    language = language if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,2}", language) else "en"
    own = {ours: text for theirs, ours in TEXTS.items() if (text := _plain(data.get(theirs)))}
    tenant.leave(gettext("texts longer than a banner has"), sum(len(text) > LONGEST for text in own.values()))
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
            tenant.leave(gettext("categories without an id"))
            continue
        if len(tenant.groups) >= GROUPS and key not in tenant.groups:
            raise ValueError(gettext("it has more than %(groups)s categories") % {"groups": GROUPS})
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
        tenant.leave(gettext("hosts whose name is none"))
        return
    if len(tenant.hosts) >= HOSTS and name not in tenant.hosts:
        raise ValueError(gettext("it has more than %(hosts)s hosts") % {"hosts": HOSTS})
    policy = _text(given.get("PrivacyPolicy"))
    policy = policy if re.fullmatch(r"https?://[^\s<>\"]{4,480}", policy) else ""
    tenant.hosts.setdefault(name, (_plain(given.get("DisplayName"))[:200] or name, category, policy))
    if given.get("Description"):
        tenant.leave(gettext("descriptions of the vendor's database"))
    for cookie in _objects(given.get("Cookies")):
        _cookie(tenant, cookie, name, category)


def _cookie(tenant: Tenant, given: dict[str, Any], host: str, category: str) -> None:
    if given.get("description") or given.get("Description"):
        tenant.leave(gettext("descriptions of the vendor's database"))
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
        tenant.leave(gettext("cookies whose name is none"))
        return
    if len(tenant.cookies) >= COOKIES:
        raise ValueError(gettext("there are more than %(cookies)s cookies") % {"cookies": COOKIES})
    words = lifetime[:60] or ("session" if lasts == 0 else f"{lasts} days" if lasts else "")
    cookie = TenantCookie(name, host if HOST.fullmatch(host) else "", category, words, lasts)
    before = tenant.cookies.get((name, cookie.host))
    if before is None or (before.lifetime_days is None and lasts is not None):
        tenant.cookies[name, cookie.host] = cookie


def _bare(text: str) -> str:
    """In lower case, without accents."""
    return "".join(one for one in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(one))


def _places(row: Sequence[str]) -> dict[str, list[int]]:
    """Where the columns are that we read, the likeliest first, by a row that names them."""
    letters = [re.sub(r"[^a-z]", "", _bare(cell)) for cell in row]
    found = {what: [letters.index(one) for one in names if one in letters] for what, names in COLUMNS.items()}
    return {what: places for what, places in found.items() if places}


def _lifetime(text: str) -> tuple[str, int | None]:
    """The words and the days of a lifetime as its owner wrote it; a number alone is days, a date is neither."""
    if text.isascii() and text.isdigit():
        return "", int(text) if len(text) < 6 else None
    if re.fullmatch(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}.*", text) or text.startswith(("=", "+", "-", "@")):
        return "", None
    english = re.sub(r"[a-z]+", lambda word: _UNIT.get(word[0], word[0]), _bare(text))
    return text, days(re.sub(r"(\d),(\d)", r"\1.\2", english))


def _export(tenant: Tenant, rows: list[list[str]]) -> None:
    heads = (number for number, row in enumerate(rows[:HEADS]) if {"name", "category"} <= set(_places(row)))
    head = next(heads, None)
    if head is None:
        raise ValueError(gettext("it has no columns for a cookie's name and category in its first row"))
    places = _places(rows[head])
    for row in rows[head + 1 :]:
        cells = {what: [row[place] for place in given if place < len(row)] for what, given in places.items()}
        name, host, lifetime = (next(iter(cells.get(what, ())), "") for what in ("name", "host", "lifetime"))
        if not any(map(any, cells.values())):
            continue
        category = next(filter(None, (_category(tenant, text) for text in cells["category"])), "")
        if not category:
            tenant.leave(gettext("cookies of categories that no file explains"))
            continue
        tenant.groups.setdefault(category, Group())
        words, lasts = _lifetime(lifetime)
        # No cookie's name holds a comma, a semicolon or a line's end: these stand between names.
        for one in re.split(r"[,;\n]", name):
            if one.strip() or not name.strip():
                _file(tenant, one, host, category, words, lasts)


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
        where = (
            gettext("everywhere else")
            if rule.get("Global")
            else gettext("%(countries)s countries, %(parts)s states")
            % {"countries": len(countries), "parts": len(parts)}
        )
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
