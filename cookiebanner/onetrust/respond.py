"""The addresses that a page written for OneTrust asks for, on our host instead of theirs.

    /consent/<site>/OtAutoBlock.js                                      the gate
    /scripttemplates/otSDKStub.js, /consent/<site>/otSDKStub.js         the stub, the same for every site
    /consent/<site>/<site>.json                                         what the page may read about the site
    /dsarwebform/<tenant>/<form>.html                                   to the site's own privacy page

Everything after `scripttemplates/<version>/` is part of the stub here and answered by an empty script.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import brotli
from django.conf import settings

from consent.sites.origins import host_of
from cookiebanner.visitors.delivery import HOURLY, PRIVATE, SCRIPT, RawResponse, empty_script, entry_of, gate, send
from cookiebanner.visitors.published import Entry, File, NotInMemory, published

PATH = re.compile(
    r"^(?:.*/)?(?:"
    r"consent/(?P<site>[^/]{1,80})/(?:(?P<block>OtAutoBlock\.js)|(?P<own_stub>otSDKStub\.js)|(?P<json>[^/]{1,80})\.json)"
    r"|scripttemplates/(?:(?P<stub>otSDKStub\.js)|(?P<part>[0-9][^/]{0,30}/[A-Za-z]+\.js))"
    r"|dsarwebform/(?P<form>[^/]{1,80}/[^/]{1,80}\.html)"
    r")$"
)


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
        return ("json", site) if found["json"].lower() == site.lower() else None
    for what in ("block", "own_stub", "stub", "part", "form"):
        if found[what]:
            return what.removeprefix("own_"), site
    return None


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
        return empty_script(method, headers, "part of the stub")
    if what == "json":
        return _domain_data(site, method, headers, memory_only)
    return _privacy_page(headers, memory_only)


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


def _file(body: bytes, content_type: str) -> File:
    return File(
        hashlib.sha256(body).hexdigest(), content_type, body, gzip.compress(body, mtime=0), brotli.compress(body)
    )


def _domain_data(site: str, method: str, headers: dict[str, str], memory_only: bool) -> RawResponse:
    """What integrations read of the domain data (docs/reference/onetrust.md, Domain data); `{}` for no site."""
    entry, _testing = entry_of(site, memory_only)
    data = domain_data(entry) if entry and entry.number and not entry.killed else {}
    body = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    return send(_file(body, "application/json"), method, headers, PRIVATE)


def domain_data(entry: Entry) -> dict[str, Any]:
    """One rule for everywhere: our gate carries the regime, so no geolocation is asked for."""
    languages = entry.languages or ["en"]
    return {
        "Domain": next(iter(entry.site.get("hosts", [])), ""),
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
                "Type": "GDPR",
            }
        ],
    }


def _privacy_page(headers: dict[str, str], memory_only: bool) -> RawResponse:
    """To the privacy policy of the site that linked here; a page of one sentence when we can't tell which that is."""
    if memory_only:
        raise NotInMemory
    host = host_of(headers.get("referer", ""))
    entry = published.site_of_host(host) if host else None
    policy = entry.site.get("policy_url", "") if entry else ""
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
