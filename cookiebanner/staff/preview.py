"""A draft or a release as a visitor gets it, at a simulated place: a sandboxed page under a signed address.

The page runs in an origin of its own (CSP `sandbox`), so that it can touch neither the dashboard's session nor a
cookie, and it can't send anything (`connect-src 'none'`): a preview is never recorded. Its scripts come from the same
signed address, which lapses after an hour; the gate finds its files below it as it finds them on a real page.

`on_site` makes the other kind of link: the draft's banner on the site's own pages, for seven days. A published gate
that finds one in the page's address, or in the window's name, lets the gate of that link start in its place. What waits
there is what waits for visitors: only the look and the words are the draft's. Nothing is recorded.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import UUID

from django.core import signing
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.clickjacking import xframe_options_sameorigin

from consent.banners import arms, texts
from consent.banners.models import Banner, BannerContent, BannerDraft
from consent.jurisdictions import locate, table
from consent.jurisdictions.locate import Decision, Place
from consent.jurisdictions.words import name_of_place
from consent.publishing import queries, tags
from consent.publishing.snapshot import Snapshot, canonical, sha256_of
from consent.sites.models import Site
from cookiebanner.releases.compile import SCRIPT, built, safe_json
from cookiebanner.releases.publish import compile  # noqa: A004
from cookiebanner.visitors.delivery import first_language, first_part, wishes
from cookiebanner.visitors.place import place_of

SALT = "fairgate.preview"
LIFE = 3600  # seconds
SITE_SALT = "fairgate.preview.on-site"
SITE_DAYS = 7


def places() -> list[tuple[str, str]]:
    """(id, name) of all places that a preview can be seen from."""
    named = [(place, name_of_place(place)) for place in table.ROWS if place not in ("EU", "*")]
    return [("*", gettext("Unknown place")), *sorted(named, key=lambda pair: pair[1])]


class Visitor(NamedTuple):
    """Whom a preview shows the banner to: where, in which language, on what screen; what the browser says and keeps."""

    place: str = "DE"
    language: str = ""
    scheme: str = ""  # "" = as the reader's own screen
    layer: str = "banner"
    device: str = "desktop"
    gpc: bool = False
    returning: bool = False

    @classmethod
    def read(cls, given: Mapping[str, Any], **otherwise: Any) -> Visitor:
        """What the switches say, each called `see_…`; what they don't is `otherwise`."""
        base = cls(**otherwise)
        said = {name: str(given[f"see_{name}"]) for name in cls._fields if f"see_{name}" in given}
        return base._replace(
            place=said["place"] if said.get("place") in table.ROWS else base.place,
            language=said.get("language", base.language),
            scheme=said["scheme"] if said.get("scheme") in ("light", "dark") else base.scheme,
            layer=said["layer"] if said.get("layer") in LAYERS else base.layer,
            device=said["device"] if said.get("device") in DEVICES else base.device,
            gpc=said.get("gpc") == "1",
            returning=said.get("returning") == "1",
        )


LAYERS = ("banner", "preferences")
DEVICES = {"phone": (360, 740), "tablet": (768, 1024), "desktop": (1280, 800)}  # CSS pixels


def address(
    site: Site,
    *,
    release: int | None = None,
    variant: str = "",
    unsaved: dict[str, Any] | None = None,
    draft: BannerDraft | None = None,
    visitor: Visitor | None = None,
    arm: str = arms.A,
    **more: Any,
) -> str:
    """The path of a preview page: the draft in use (or another), or a release, for a `Visitor` (or its fields; or under
    a `variant`). `unsaved` lays banner settings, or the texts of one language, over the draft. `arm`: which banner of a
    test."""
    shown = {"s": site.pk, "r": release, "u": unsaved or {}, "d": draft.pk if draft else None, "a": arm}
    token = signing.dumps(shown, salt=SALT, compress=True)
    seen = (visitor or Visitor())._replace(**more)
    query = {
        "place": seen.place, "language": seen.language, "gpc": "1" if seen.gpc else "", "variant": variant,
        "scheme": seen.scheme, "returning": "1" if seen.returning else "",
        "open": seen.layer if seen.layer != "banner" else "",
    }  # fmt: skip
    return reverse("preview", kwargs={"token": token}) + "?" + urlencode({k: v for k, v in query.items() if v})


def decision(site: Site, place: str, snapshot: Snapshot | None = None) -> Decision:
    """What the law of a place asks for, with the site's corrections."""
    snapshot = snapshot or queries.draft(site)
    overrides = snapshot["jurisdictions"]["overrides"]
    if place not in table.ROWS or place == table.WORLD:
        return locate.decide(locate.UNKNOWN, timezone.now().date(), overrides)
    row = table.ROWS[place]
    located = Place(row.iso_country or place, row.iso_subdivision.rpartition("-")[2] or None, "header")
    return locate.decide(located, timezone.now().date(), overrides)


def on_site(site: Site, draft: BannerDraft | None = None) -> str:
    """What makes a page of the site show the draft in use (or another), behind the page's address."""
    token = signing.dumps({"s": site.pk, "d": draft.pk if draft else None}, salt=SITE_SALT, compress=True)
    return "#" + reverse("preview", kwargs={"token": token}).strip("/")


def _read(token: str) -> dict[str, Any]:
    """What an address says. Raises Http404 for one that we did not sign, or that lapsed."""
    try:
        given: dict[str, Any] = signing.loads(token, salt=SALT, max_age=LIFE)
    except signing.BadSignature:
        raise Http404(gettext("This preview has lapsed. Open it again from the dashboard.")) from None
    return given


def _opened(token: str) -> tuple[Site, Snapshot, int]:
    """Site, content and number of what an address shows. Raises Http404."""
    given = _read(token)
    site = Site.objects.filter(pk=given["s"]).first()
    if site is None:
        raise Http404
    arm = given.get("a", arms.A)
    if given["r"]:
        snapshot = queries.snapshot_of(site, given["r"])
        if snapshot is None:
            raise Http404
        return site, _of_variant(arms.arm(snapshot, arm), given.get("v")), given["r"]
    named = BannerDraft.objects.filter(site=site, pk=given["d"]).first() if given.get("d") else None
    if given.get("d") and named is None:
        raise Http404
    banner = named or Banner.objects.filter(site=site).first() or Banner(site=site)
    for field in BannerContent.CONTENT:
        if field != "texts" and field in given["u"]:
            setattr(banner, field, given["u"][field])
    snapshot = arms.arm(queries.draft(site, banner), arm)
    _lay_over(snapshot, given["u"])
    current = queries.current_release(site)
    return site, _of_variant(snapshot, given.get("v")), (current.number if current else 0) + 1


def _opened_on_site(token: str) -> tuple[Site, Snapshot, int, str] | None:
    """Site, content, number and the draft's name of a link for the site itself; None when it is another address. The
    content is the current release's with the draft's banner, so that nothing runs that would not. Raises Http404."""
    try:
        given = signing.loads(token, salt=SITE_SALT, max_age=SITE_DAYS * 86400)
    except signing.BadSignature:
        return None
    site = Site.objects.filter(pk=given["s"]).first()
    current = queries.current_release(site) if site else None
    snapshot = queries.snapshot_of(site, current.number) if site and current else None
    if site is None or current is None or snapshot is None:
        raise Http404
    draft: BannerContent | None = Banner.objects.filter(site=site).first()
    if given["d"]:
        draft = BannerDraft.objects.filter(site=site, pk=given["d"]).first()
        if draft is None:
            raise Http404
    published = arms.arm(snapshot, arms.A)
    drawn = arms.arm(queries.draft(site, draft), arms.A)["banner"]
    words = {part: {**published["banner"][part], **drawn[part]} for part in ("texts", "regime_texts")}
    known = {name: value for name, value in published["site"].items() if name != "moved_from"}
    content = {**published, "site": {**known, "preview": True}, "banner": {**drawn, **words}}
    return site, content, current.number, getattr(draft, "name", "")


def _of_variant(snapshot: Snapshot, variant: str | None) -> Snapshot:
    """With the terms of that variant only: of 42 gates one is looked at, and each press of a key asks for another
    content."""
    return {**snapshot, "variants": {variant: snapshot["variants"][variant]}} if variant else snapshot


def _lay_over(snapshot: Snapshot, unsaved: dict[str, Any]) -> None:
    """Puts words that are not yet saved over the draft."""
    banner = snapshot["banner"]
    if where := unsaved.get("where"):
        language, _, regime = where.partition("@")
        known = texts.keys()
        kept = {key: text for key, text in unsaved["texts"].items() if key in known and text.strip()}
        if not regime:
            banner["texts"].setdefault(language, {}).update(kept)
        for variant in snapshot["variants"]:
            if regime and table.regime_of(variant) == regime:
                for name in (regime, variant):
                    banner["regime_texts"].setdefault(f"{language}@{name}", {}).update(kept)


def _files(site: Site, snapshot: Snapshot, number: int) -> dict[str, tuple[str, bytes]]:
    """{name: (content type, bytes)} of the compiled snapshot; kept for minutes, as a preview asks several times."""
    # The page is ours and holds no trackers: the markup tricks of the snippet levels would only hide it.
    return _compiled(site, {**snapshot, "site": {**snapshot["site"], "level": Site.Level.SERVER.value}}, number)


def _compiled(site: Site, snapshot: Snapshot, number: int) -> dict[str, tuple[str, bytes]]:
    sha256 = sha256_of(canonical(snapshot))
    key = f"fairgate-preview-{number}-{sha256}"
    files = cache.get(key)
    if files is None:
        files = {name: (kind, body) for name, kind, body in compile(queries.with_files(site, snapshot), number, sha256)}
        cache.set(key, files, 600)
    return files


class NonceRequest(HttpRequest):
    """What django-csp's middleware makes of a request."""

    csp_nonce: Any  # a lazy string: asking for it puts it into the header


@xframe_options_sameorigin
def page(request: NonceRequest, token: str) -> HttpResponse:
    """A quiet page with the gate on it."""
    site, snapshot, _ = _opened(token)
    languages = snapshot["languages"]
    language = request.GET.get("language", "")
    language = language if language in languages else (languages or ["en"])[0]
    variant = request.GET.get("variant", "")
    if variant not in snapshot["variants"]:
        found = decision(site, request.GET.get("place", "DE"), snapshot)
        variant = found.variant if found.variant in snapshot["variants"] else found.regime
    files = signing.dumps({**_read(token), "v": variant}, salt=SALT, compress=True)
    gate = f"{reverse('preview', kwargs={'token': files})}v1/{site.uuid}/regime/{variant}/gate.js"
    response: HttpResponse = render(
        request,
        "preview.html",
        {
            "snapshot": snapshot,
            "language": language,
            "direction": texts.direction(language),
            "gate": gate,
            "gpc": request.GET.get("gpc") == "1",
            "opened": request.GET.get("open") == "preferences",
            "returning": request.GET.get("returning") == "1",
            "scheme": scheme if (scheme := request.GET.get("scheme", "")) in ("light", "dark") else "",
        },
    )
    nonce = str(request.csp_nonce)
    here = f"{request.scheme}://{request.get_host()}"  # 'self' would be the sandbox, which is nowhere
    response["Content-Security-Policy"] = (
        "default-src 'none'; sandbox allow-scripts allow-forms allow-modals; "
        f"script-src 'nonce-{nonce}' 'strict-dynamic'; style-src 'unsafe-inline'; img-src data: {here}; "
        f"font-src {here}; connect-src 'none'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
    )
    response["Cache-Control"] = "private, no-store"
    response["Referrer-Policy"] = "same-origin"
    return response


def gate(request: HttpRequest, token: str, uuid: UUID) -> HttpResponse:
    """The gate of a link for the site itself, at the visitor's place. 404 when it lapsed: the published one goes on."""
    opened = _opened_on_site(token)
    if opened is None or opened[0].uuid != uuid:
        raise Http404("This preview has lapsed. Ask for another link.")
    site, snapshot, number, name = opened
    headers = {key.lower(): value for key, value in request.headers.items()}
    place = place_of(headers, request.META.get("REMOTE_ADDR", ""))
    found = locate.decide(place, timezone.now().date(), snapshot["jurisdictions"]["overrides"])
    files = _compiled(site, snapshot, number)
    wanted = next((one for v in (found.variant, found.regime) if (one := f"gate.{v}.js") in files), "")
    if not wanted:
        raise Http404
    language = first_language(snapshot["languages"], wishes(headers, ""))
    first = first_part(files, wanted, language)
    badge_texts = {
        "said": f"Preview of “{name}”: nothing is recorded." if name else "Preview of a draft: nothing is recorded.",
        "end": "End the preview",
        "path": reverse("preview", kwargs={"token": token}).strip("/"),
        "keep": [tags.PREVIEW, f"{tags.PREVIEW}_http"],
    }
    badge = f"(function(__preview){{{built('preview').decode()}}})({safe_json(badge_texts)});".encode()
    parts = [files[wanted][1], files[first][1] if first else b"", b";", badge]
    return _sent(SCRIPT, b"".join(parts))


def file(request: HttpRequest, token: str, uuid: UUID, name: str, variant: str = "", sha256: str = "") -> HttpResponse:
    """The gate of a variant, or an artifact of the compiled snapshot by its name."""
    if on_its_site := _opened_on_site(token):
        site, snapshot, number, _ = on_its_site
        files = _compiled(site, snapshot, number)
    else:
        site, snapshot, number = _opened(token)
        files = _files(site, snapshot, number)
    if site.uuid != uuid:
        raise Http404
    wanted = name if sha256 else f"gate.{variant}.js"
    if wanted not in files:
        raise Http404
    return _sent(*files[wanted])


def _sent(kind: str, body: bytes) -> HttpResponse:
    response = HttpResponse(body, content_type=kind)
    # The page's origin is opaque, so every script of it comes from another origin.
    response["Access-Control-Allow-Origin"] = "*"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    response["Cache-Control"] = "private, no-store"
    return response


urlpatterns = [
    path("<str:token>/", page, name="preview"),
    path("<str:token>/v1/<uuid:uuid>/gate.js", gate),
    path("<str:token>/v1/<uuid:uuid>/regime/<str:variant>/<str:name>", file),
    path("<str:token>/v1/<uuid:uuid>/a/<str:sha256>/<str:name>", file),
]
