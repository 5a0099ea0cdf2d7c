"""Documents of a site, as visitors read them.

    /v1/<site>/read/<name>/                   the version in force
    /v1/<site>/read/<name>/<number>/          a version, for ever
    /v1/<site>/read/<name>/<number>/changes/  what it changed, word by word
    /v1/<site>/read/<name>/versions/          all versions

The first two also as `part.html` (without a head, to put into a page of the site) and `text.json`. Each of them with
`<language>/` behind; without it in a language of `?lang=`, else of Accept-Language, else in the original's. As with
scripts, a path may precede `/v1/`. No address has a word that lists of ad blockers name.
"""

from __future__ import annotations

import base64
import hashlib
import json
from functools import lru_cache

from csp.decorators import csp_exempt
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from consent.banners import languages
from consent.policies.models import DocumentVersion
from consent.publishing import streams
from cookiebanner.policies.content import Reading, changes_of, data_of, page_of, versions_of
from cookiebanner.visitors import delivery
from cookiebanner.visitors.delivery import LANGUAGE
from cookiebanner.visitors.django import lower_headers, to_django
from cookiebanner.visitors.published import Entry, File

PATH = (
    r"^(?!fairgate-preview/)(?:.*/)?v1/(?P<site>[^/]{1,80})/read/(?P<key>[a-z][a-z0-9-]{0,39})/"
    r"(?:(?P<place>versions|[0-9]{1,6}(?:/changes)?)/)?"
    rf"(?:(?P<language>{LANGUAGE.pattern})/)?(?P<form>part\.html|text\.json)?$"
)
HTML = "text/html; charset=utf-8"
CACHE = ("public, max-age=300", False)
QUALITY = 5  # of brotli: a page is compressed while somebody waits for it


@require_safe
@csp_exempt()
@xframe_options_exempt
def respond(request: HttpRequest, **parts: str | None) -> HttpResponse:
    """A document in one of its forms; 404 for what was never published. The kill switch does not hide it."""
    entry, _ = delivery.entry_of(parts["site"] or "")
    place, language, form = (parts.get(name) or "" for name in ("place", "language", "form"))
    if entry is None or (form and (place == "versions" or place.endswith("changes"))):
        raise Http404
    version, state = _version(entry, parts["key"] or "", place)
    headers = lower_headers(request)
    asked = language or request.GET.get("lang") or request.GET.get("l") or ""
    wanted = (asked[:35].replace("_", "-").lower(),) if asked else delivery.wishes(headers, "")
    offered = _offered(version)
    chosen = next((found for wish in wanted if (found := languages.nearest(offered, wish))), "")
    reading = Reading(version, chosen or offered[0], bool(wanted) and not chosen, place, form, bool(language))
    file = _file(reading, state)
    vary = delivery.BY_ENCODING if asked else delivery.BY_LANGUAGE
    response = to_django(delivery.send(file, request.method or "", headers, CACHE, vary=vary))
    response["Content-Language"] = reading.language
    if form != "text.json":
        response["Content-Security-Policy"] = _security_policy(entry)
    return response


def _version(entry: Entry, key: str, place: str) -> tuple[str, str]:
    """The version that an address means (its primary key and its time, which name it for ever), and what its page
    follows from beside it: which one is in force, how many there are. Raises Http404. One query."""
    versions = DocumentVersion.objects.filter(document__site_id=entry.id, document__key=key).order_by("number")
    now = timezone.now()
    rows = list(versions.values_list("pk", "number", "effective_at", "published_at"))
    names = {number: f"{pk} {published_at.isoformat()}" for pk, number, _, published_at in rows}
    in_force = max((number for _, number, effective_at, _ in rows if effective_at <= now), default=0)
    if place in ("", "versions"):
        number = in_force or (max(names, default=0) if place else 0)
    else:
        number = int(place.partition("/")[0])
    if number not in names:
        raise Http404
    coming = sum(effective_at > now for _, _, effective_at, _ in rows)
    return names[number], f"{in_force} {coming} {names[max(names)]}"


@lru_cache(maxsize=512)
def _offered(version: str) -> tuple[str, ...]:
    """The languages of a version, its original first; they never change."""
    found = DocumentVersion.objects.only("texts", "original").get(pk=_pk(version))
    return tuple(dict.fromkeys([found.original, *found.texts]))


def _pk(version: str) -> int:
    return int(version.partition(" ")[0])


@lru_cache(maxsize=64)
def _file(reading: Reading, state: str) -> File:
    """One form of one version, as it is while `state` holds."""
    version = DocumentVersion.objects.select_related("document__site").get(pk=_pk(reading.version))
    every = list(DocumentVersion.objects.filter(document=version.document).order_by("number"))
    if reading.form == "text.json":
        kind, body = "application/json", json.dumps(data_of(version, every, reading), ensure_ascii=False)
    else:
        kind, body = HTML, _html(version, every, reading)
    data = body.encode()
    sha256 = hashlib.sha256(data).hexdigest()
    return File(sha256, kind, data, streams.to_gzip(data), streams.to_brotli(data, QUALITY))


def _html(version: DocumentVersion, every: list[DocumentVersion], reading: Reading) -> str:
    if reading.place == "versions":
        name, context = "versions.html", versions_of(version, every, reading)
    elif reading.place.endswith("changes"):
        name, context = "changes.html", changes_of(version, every, reading)
    else:
        name, context = ("part.html" if reading.form else "page.html"), page_of(version, every, reading)
    return render_to_string(f"policies/{name}", {**context, "style": _style()})


@lru_cache(1)
def _style() -> str:
    return render_to_string("policies/style.css")


def _security_policy(entry: Entry) -> str:
    """Nothing but the page's style; the site's own pages may frame it."""
    style = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    hosts = [f"{host} *.{host}" for host in sorted(entry.current)]
    framed = " ".join(["frame-ancestors 'self'", *hosts])
    return f"default-src 'none'; style-src 'sha256-{style}'; {framed}; base-uri 'none'; form-action 'none'"
