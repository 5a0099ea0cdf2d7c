"""The addresses that a page written for OneTrust asks for, on our host instead of theirs.

    /consent/<site>/OtAutoBlock.js                                      the gate
    /scripttemplates/otSDKStub.js, /consent/<site>/otSDKStub.js         the stub, the same for every site
    /consent/<site>.js, /langswitch/<site>.js                           the stub, as older tags ask for it
    /consent/<site>/<site>.json                                         what the page may read about the site
    /consent/<site>/<rule>/…/<language>.json                            in which language it is
    /cookieconsentpub/v1/geo/location                                   where the visitor is
    /dsarwebform/<tenant>/<form>.html                                   to the site's request form, or its policy

What else stands under `scripttemplates/`, `consent/<site>/`, `vendorlist/` and `logos/` is part of the stub here:
answered by an empty file of its kind, which harms no page that asks for it.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import brotli
from django.conf import settings

from consent.jurisdictions.locate import Decision
from consent.requests import queries as requests
from consent.sites.origins import host_of
from cookiebanner.visitors.delivery import (
    HOURLY,
    PRIVATE,
    SCRIPT,
    RawResponse,
    decision,
    empty_script,
    entry_of,
    first_language,
    gate,
    send,
)
from cookiebanner.visitors.place import codes, place_of
from cookiebanner.visitors.published import Entry, File, NotInMemory, published

_ID = r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?:-test)?"
_KINDS = "(?:js|json|css|gif|ico|jpg|png|svg)"
PATH = re.compile(
    r"^(?:.*/)?(?:"
    r"consent/(?P<site>[^/]{1,80})/(?:(?P<block>OtAutoBlock\.js)|(?P<own_stub>otSDKStub\.js)|(?P<json>[^/]{1,80})\.json)"
    rf"|consent/(?P<id>{_ID})/(?:[^/]{{1,80}}/){{1,3}}(?P<texts>[A-Za-z]{{2,3}}(?:[-_][A-Za-z0-9]{{2,8}})*)\.json"
    rf"|consent/{_ID}/(?:[^/]{{1,80}}/){{0,3}}(?P<file>[^/]{{1,80}}\.{_KINDS})"
    rf"|(?:consent|langswitch)/(?P<old_stub>{_ID})\.js"
    r"|(?P<place>cookieconsentpub/v1/geo/location)"
    r"|scripttemplates/(?P<stub>otSDKStub\.js)"
    r"|(?:scripttemplates|vendorlist|logos)/(?:[^/]{1,80}/){0,6}(?P<part>[^/]{1,80}\."
    rf"{_KINDS})"
    r"|dsarwebform/(?P<form>[^/]{1,80}/[^/]{1,80}\.html)"
    r")$"
)
# The one form of each kind that says nothing.
PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
EMPTY = {"json": ("application/json", b"{}"), "css": ("text/css; charset=utf-8", b"")}
# The types of OneTrust's rules, by our regimes (docs/reference/onetrust.md, Domain data).
RULE_TYPES = {
    "eu_opt_in": "GDPR", "uk_pecr": "GDPR", "ch": "GDPR", "opt_in_generic": "GENERIC", "us_ca": "CPRA",
    "us_optout": "USNATIONAL", "us_optout_gpc": "USNATIONAL",
}  # fmt: skip
RULE_TYPES_BY_ROW = {"US-VA": "CDPA", "US-CO": "COLORADO", "US-CT": "CTDPA", "US-UT": "UCPA", "BR": "LGPD"}


LONGEST = 500  # characters of a path that may be ours


def parse(path: str) -> tuple[str, str] | None:
    """(what, site), or None when the path is not one of OneTrust's."""
    return _parse(path) if len(path) <= LONGEST else None


@lru_cache(maxsize=2048)
def _parse(path: str) -> tuple[str, str] | None:
    found = PATH.search(path)
    if not found:
        return None
    site = found["site"] or ""
    if found["json"] is not None:
        return ("json", site) if found["json"].lower() == site.lower() else ("part", "json")
    if found["texts"] is not None:
        return "texts", f"{found['id']}/{found['texts']}"
    if found["form"]:
        return "form", found["form"]
    for what in ("block", "own_stub", "old_stub", "stub", "place"):
        if found[what]:
            return what.rpartition("_")[2], site
    return "part", (found["part"] or found["file"]).rpartition(".")[2]


def respond(
    method: str, path: str, headers: dict[str, str], peer: str, memory_only: bool = False, query: str = ""
) -> RawResponse | None:
    """The answer to a GET or HEAD; None when the path or the method is not ours. Raises NotInMemory."""
    asked = parse(path)
    if asked is None or method not in ("GET", "HEAD"):
        return None
    what, site = asked
    if what == "stub":
        return send(stub(), method, headers, HOURLY)
    if what == "block":
        # The stub has more to say before the banner comes.
        return gate(site, method, headers, peer, memory_only=memory_only, query=None)
    if what == "part":
        return _empty(site, method, headers)
    if what == "place":
        return _send_json(_place(headers, peer), method, headers)
    if what == "json":
        return _domain_data(site, method, headers, peer, memory_only)
    if what == "texts":
        return _texts(site, method, headers, memory_only)
    return _request_page(site, headers, memory_only)


def _empty(kind: str, method: str, headers: dict[str, str]) -> RawResponse:
    if kind == "js":
        return empty_script(method, headers, "part of the stub")
    content_type, body = EMPTY.get(kind, ("image/gif", PIXEL))
    return send(_file(body, content_type), method, headers, HOURLY)


def _send_json(data: dict[str, Any], method: str, headers: dict[str, str]) -> RawResponse:
    body = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    return send(_file(body, "application/json"), method, headers, PRIVATE)


def _place(headers: dict[str, str], peer: str) -> dict[str, str]:
    """What their geolocation service says: ISO 3166 codes, "" for what is not known."""
    country, state = codes(place_of(headers, peer))
    return {"country": country, "state": state, "stateName": ""}


def stub() -> File:
    """`static/banner/stub.js`, read and compressed again whenever it changes."""
    path = settings.FAIRGATE_FILES / "static" / "banner" / "stub.js"
    try:
        return _stub(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        return _file(b"", SCRIPT)


@lru_cache(maxsize=2)
def _stub(path: Path, changed_ns: int) -> File:
    return _file(path.read_bytes(), SCRIPT)


@lru_cache(maxsize=256)  # all sites' domain data, and the empty files
def _file(body: bytes, content_type: str) -> File:
    return File(
        hashlib.sha256(body).hexdigest(), content_type, body, gzip.compress(body, mtime=0), brotli.compress(body)
    )


def _published(site: str, memory_only: bool) -> Entry | None:
    entry, _testing = entry_of(site, memory_only)
    return entry if entry and entry.number and not entry.killed else None


def _domain_data(site: str, method: str, headers: dict[str, str], peer: str, memory_only: bool) -> RawResponse:
    """What integrations read of the domain data (docs/reference/onetrust.md, Domain data); `{}` for no site."""
    entry = _published(site, memory_only)
    return _send_json(domain_data(entry, decision(entry, headers, peer)[0]) if entry else {}, method, headers)


def _texts(site_and_language: str, method: str, headers: dict[str, str], memory_only: bool) -> RawResponse:
    """The nearest of the site's languages; its texts come with the banner. `{}` for no site."""
    site, _, language = site_and_language.partition("/")
    entry = _published(site, memory_only)
    if entry is None:
        return _send_json({}, method, headers)
    culture = first_language(entry.languages, [language.replace("_", "-").lower()])
    data = {"cctId": str(entry.uuid), "Domain": _domain(entry), "Language": {"Culture": culture}}
    return _send_json({"DomainData": data}, method, headers)


def _domain(entry: Entry) -> str:
    return next(iter(entry.site.get("hosts", [])), "")


def domain_data(entry: Entry, found: Decision) -> dict[str, Any]:
    """One rule, that of the visitor's own law: our gate carries the regime, so no geolocation is asked for."""
    languages = entry.languages or ["en"]
    return {
        "Domain": _domain(entry),
        "TenantFeatures": {},
        "RuleSet": [
            {
                "Id": str(entry.uuid),
                "Name": entry.site.get("name", ""),
                "Countries": [],
                "States": {},
                "LanguageSwitcherPlaceholder": {"default": languages[0], **{code: code for code in languages}},
                "Default": True,
                "Global": True,
                "Type": RULE_TYPES_BY_ROW.get(found.jurisdiction) or RULE_TYPES.get(found.regime, "GENERIC"),
            }
        ],
    }


def _request_page(form: str, headers: dict[str, str], memory_only: bool) -> RawResponse:
    """To the request form of the site that names this one as its own, or that linked here; to its privacy policy when
    it has none; a page of one sentence when we can't tell which site that is."""
    if memory_only:
        raise NotInMemory
    host = host_of(headers.get("referer", ""))
    entry = published.site_of_host(host) if host else None
    site = requests.site_of_old_form(form.removesuffix(".html")) or (requests.with_form(entry.uuid) if entry else None)
    policy = f"/v1/{site.uuid}/requests/" if site else entry.site.get("policy_url", "") if entry else ""
    if policy:
        return RawResponse(302, [(b"location", policy.encode("ascii", "ignore")), (b"cache-control", b"no-store")], b"")
    body = (
        b'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        b"<title>Privacy request</title><h1>Privacy request</h1><p>To ask what is stored about you, or to have it "
        b"corrected or erased, write to the contact that the website names in its privacy policy.</p></html>"
    )
    pairs = [("content-type", "text/html; charset=utf-8"), ("cache-control", "no-store"),
             ("content-security-policy", "default-src 'none'"), ("x-content-type-options", "nosniff")]  # fmt: skip
    return RawResponse(200, [(name.encode(), value.encode()) for name, value in pairs], body)
