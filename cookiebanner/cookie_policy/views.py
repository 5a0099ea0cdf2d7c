"""The cookie policy of a site's current release.

    /v1/<site>/stored/             a page
    /v1/<site>/stored/part.html    the same without a head, to put into a page of the site
    /v1/<site>/stored/list.json    the same as data

Each of them with `<language>/` behind `stored/`; without it in a language of `?lang=` (or `?l=`), else of
Accept-Language. As with scripts, a path may precede `/v1/`. No address has a word that lists of ad blockers name.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from functools import lru_cache
from typing import Any

from csp.decorators import csp_exempt
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import translation
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from consent.answers.published import among
from consent.publishing import streams
from consent.publishing.cookie_policy import cookie_policy
from consent.publishing.models import Release
from consent.sites import snippets
from consent.sites.models import Site
from consent.sites.origins import host_of
from cookiebanner.visitors import delivery
from cookiebanner.visitors.delivery import LANGUAGE
from cookiebanner.visitors.django import lower_headers, requested_host, to_django
from cookiebanner.visitors.published import Entry, File

PATH = (
    r"^(?!fairgate-preview/)(?:.*/)?v1/(?P<site>[^/]{1,80})/stored/"
    rf"(?:(?P<language>{LANGUAGE.pattern})/)?(?P<form>part\.html|list\.json)?$"
)
TYPES = {"": "text/html; charset=utf-8", "part.html": "text/html; charset=utf-8", "list.json": "application/json"}
CACHE = ("public, max-age=300", False)
QUALITY = 5  # of brotli: a page is compressed while somebody waits for it
MOST_HOSTS = 10  # that the page links to
OWN_NAMES = {"mt": "Malti"}  # of languages that Django does not know
# `#fairgate-open` opens the preferences of a page with the gate (banner/src/late.js).
OPEN = "#fairgate-open"


@require_safe
@csp_exempt()
@xframe_options_exempt
def respond(request: HttpRequest, **parts: str) -> HttpResponse:
    """The policy in one of its three forms; 404 for a site without a release. The kill switch does not hide it."""
    language, form = parts.get("language", ""), parts.get("form", "")
    entry, _ = delivery.entry_of(parts["site"])
    if entry is None or not entry.number:
        raise Http404
    headers = lower_headers(request)
    asked = language or request.GET.get("lang") or request.GET.get("l") or ""
    wanted = (asked[:35].replace("_", "-").lower(),) if asked else delivery.wishes(headers, "")
    chosen = delivery.first_language(entry.languages, wanted) or "en"
    own_host = not form and among(host_of(f"//{requested_host(request)}"), entry.current)
    file = _file(entry.latest, chosen, form, bool(language), _nonce() if own_host else "")
    vary = delivery.BY_ENCODING if asked else delivery.BY_LANGUAGE
    cache = delivery.PRIVATE if own_host else CACHE
    response = to_django(delivery.send(file, request.method or "", headers, cache, vary=vary))
    response["Content-Language"] = chosen
    if not form:
        response["Content-Security-Policy"] = _security_policy(entry, own_host)
    return response


def _security_policy(entry: Entry, own_host: bool) -> str:
    """Nothing but the page's style; on a host of the site also the gate, whose banner brings styles of its own."""
    style = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    allowed = (
        f"script-src 'self' 'nonce-{_nonce()}'; style-src 'unsafe-inline'; img-src 'self' data:; connect-src 'self'"
        if own_host
        else f"style-src 'sha256-{style}'"
    )
    hosts = " ".join(f"{host} *.{host}" for host in sorted(entry.current))
    return f"default-src 'none'; {allowed}; frame-ancestors 'self' {hosts}; base-uri 'none'; form-action 'none'"


@lru_cache(1)
def _nonce() -> str:
    """Of the gate, which writes a script of its own; one for all pages of this process, so that they can be cached."""
    return secrets.token_urlsafe(16)


@lru_cache(1)
def _style() -> str:
    return render_to_string("cookie_policy/style.css")


@lru_cache(maxsize=64)
def _file(latest: str, language: str, form: str, in_path: bool, nonce: str) -> File:
    """One form of one release; `latest` names it for ever, so that what was made once is good."""
    release = Release.objects.get(pk=int(latest.partition(" ")[0]))
    snapshot = json.loads(release.snapshot)
    policy = cookie_policy(snapshot, release.number, release.published_at, language)
    if form == "list.json":
        body = json.dumps(_data(policy, snapshot), ensure_ascii=False).encode()
    else:
        body = _html(policy, snapshot, form, in_path, nonce).encode()
    sha256 = hashlib.sha256(body).hexdigest()
    return File(sha256, TYPES[form], body, streams.to_gzip(body), streams.to_brotli(body, QUALITY))


def _html(policy: dict[str, Any], snapshot: dict[str, Any], form: str, in_path: bool, nonce: str) -> str:
    hosts = [host for host in snapshot["site"]["hosts"] if "." in host or host == "localhost"][:MOST_HOSTS]
    up = "../" if in_path else ""
    more = snippets.POLICY if snapshot["site"]["level"] == Site.Level.STRICT else snippets.SWALLOW
    attributes = f'data-language="{policy["language"]}" nonce="{nonce}"'
    gate = snippets.script(f"{up}../gate.js", attributes) + more
    context = {
        "policy": policy,
        "words": policy["words"],
        "gate": gate if nonce else "",
        "links": [(host, f"https://{host}/{OPEN}") for host in hosts],
        "languages": [(code, _own_name(code), f"{up}{code}/") for code in snapshot["languages"]],
        "style": _style(),
    }
    return render_to_string("cookie_policy/part.html" if form else "cookie_policy/page.html", context)


def _own_name(code: str) -> str:
    """A language as its speakers call it."""
    try:
        return str(translation.get_language_info(code.lower())["name_local"])
    except KeyError:
        return OWN_NAMES.get(code.lower(), code)


def _data(policy: dict[str, Any], snapshot: dict[str, Any]) -> dict[str, Any]:
    return {
        "site": policy["site"],
        "controller": policy["controller"],
        "version": policy["version"],
        "published_at": policy["published_at"].isoformat(),
        "language": policy["language"],
        "languages": snapshot["languages"],
        "privacy_policy": policy["policy_url"],
        "imprint": policy["imprint_url"],
        "categories": policy["categories"],
    }
