"""The banner's look and words, beside the real banner, which is drawn anew as one types."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext

from consent.banners import actions, reviews, texts, theme
from consent.banners.models import Banner, BannerFile
from consent.common import InvalidChange
from consent.jurisdictions import table
from consent.jurisdictions.words import named_regimes
from consent.publishing.differences import text_name
from consent.sites.models import Site
from consent.sites.roles import May
from cookiebanner.dashboard import forms
from cookiebanner.dashboard.look_form import Look
from cookiebanner.staff import preview as previews
from cookiebanner.staff.pages import actor, on_site, show
from cookiebanner.templatetags.fairgate import regime as regime_name

# The texts a marketer edits first; the rest is folded below them.
FIRST = ("title", "body", "accept", "reject", "manage", "save", "pc_title", "pc_body", "reopen", "stored", "change")
LONG = 60  # a text of ours longer than this gets a larger field
TABS = ("look", "words")


@on_site(May.VIEW)
def edit(request: HttpRequest, site: Site) -> HttpResponse:
    """Two forms: the look, and the words of one language (for all regimes or for one)."""
    banner = draft_of(site)
    language, regime = _where(request, site)
    typed = request.POST if request.POST.get("what") == "look" else None
    form = Look(files_of(site, banner), typed, initial=Look.initial_of(banner))
    wrong: dict[str, str] = {}
    errors: list[str] = []
    if request.method == "POST":
        try:
            if request.POST.get("what") == "words":
                wrong = actions.text_faults(_words(request))
                actions.edit_texts(site, actor(request), language, _words(request), regime=regime)
            elif form.is_valid():
                actions.edit_banner(site, actor(request), **form.changes(banner))
            else:
                errors = [gettext("Some fields are not right.")]
        except InvalidChange as error:
            errors = [str(error)]
        if not errors:
            messages.success(request, gettext("The draft of the banner is saved."), "good")
            return redirect(_page(site, language=language, regime=regime, tab=request.POST.get("what", "look")))
    tab = request.POST.get("what") or request.GET.get("tab", "look")
    visitor = previews.Visitor.read(request.GET, place=_place(regime), language=language)
    return show(
        request,
        "dashboard/banner.html",
        site,
        form=form,
        errors=[] if form.errors else errors,
        tab=tab if tab in TABS else "look",
        language=language,
        regime=regime,
        regimes=named_regimes().values(),
        direction=texts.direction(language),
        words=_rows(banner, language, regime, request, wrong),
        wrong=wrong,
        locked=sorted(texts.LOCKED.values()),
        adapted=theme.adapted(banner.theme),
        address=previews.address(site, visitor=visitor),
        opened="read" in request.GET,
        statuses=[(one, forms.LANGUAGE_NAMES.get(one.code, one.code)) for one in reviews.status(site, banner.texts)],
        **switches(site, visitor),
    )


def draft_of(site: Site) -> Banner:
    """The site's draft, or one as ours that is not stored."""
    return Banner.objects.filter(site=site).first() or Banner(site=site)


def files_of(site: Site, banner: Banner) -> QuerySet[BannerFile]:
    """What may be chosen: all that was not removed, and what the draft shows."""
    shown = Q(removed_at=None) | Q(sha256__in=[str(banner.theme.get(token, "")) for token in theme.FILES])
    return BannerFile.objects.filter(shown, site=site).order_by("name").defer("body")


def switches(site: Site, visitor: previews.Visitor) -> dict[str, Any]:
    """What the page needs for the switches beside a preview."""
    decision = previews.decision(site, visitor.place)
    return {
        "visitor": visitor,
        "law": decision.variant,
        "places": previews.places(),
        "devices": [(name, *size) for name, size in previews.DEVICES.items()],
        "languages": [(code, forms.LANGUAGE_NAMES.get(code, code)) for code in site.languages],
    }


@on_site(May.EDIT, "POST")
def draft(request: HttpRequest, site: Site) -> HttpResponse:
    """The address of a preview of what is in the form now, saved or not; 422 with what is wrong, by field."""
    language, regime = _where(request, site)
    banner = draft_of(site)
    visitor = previews.Visitor.read(request.POST, place=_place(regime), language=language)
    adapted: list[str] = []
    if request.POST.get("what") == "words":
        where = f"{language}@{regime}" if regime else language
        before = banner.texts.get(where, {})
        wrong = actions.text_faults(_words(request))
        words = {key: text for key, text in _words(request).items() if text.strip() != before.get(key, "")}
        unsaved: dict[str, Any] = {"where": where, "texts": words}
        errors = {f"t-{key}": [says] for key, says in wrong.items()}
    else:
        form = Look(files_of(site, banner), request.POST)
        errors = {} if form.is_valid() else {name: [str(one) for one in says] for name, says in form.errors.items()}
        unsaved = form.changes(banner) if not errors else {}
        adapted = theme.adapted(unsaved.get("theme", {}))
    if errors:
        return JsonResponse({"errors": errors}, status=422)
    url = previews.address(site, visitor=visitor, unsaved=unsaved)
    law = previews.decision(site, visitor.place).variant
    return JsonResponse({"url": url, "adapted": adapted, "law": regime_name(law)})


@on_site(May.PUBLISH, "POST")
def review(request: HttpRequest, site: Site) -> HttpResponse:
    """Says who has read our words in a language, or takes that back."""
    language = request.POST.get("language", "")
    try:
        if "undo" in request.POST:
            actions.unsign_texts(site, actor(request), language)
        else:
            actions.sign_texts(site, actor(request), language, request.POST.get("signed_by", ""))
    except InvalidChange as error:
        messages.error(request, str(error), "bad")
    return redirect(_page(site, tab="words", read="1", language=language))


def _page(site: Site, **query: str) -> str:
    return f"{reverse('dashboard:banner', kwargs={'uuid': site.uuid})}?{urlencode(query)}"


def _where(request: HttpRequest, site: Site) -> tuple[str, str]:
    given = request.POST if request.method == "POST" else request.GET
    language = given.get("language", "")
    regime = given.get("regime", "")
    return (
        language if language in site.languages else (site.languages or ["en"])[0],
        regime if regime in table.REGIMES else "",
    )


def _words(request: HttpRequest) -> dict[str, str]:
    return {key[2:]: text for key, text in request.POST.items() if key.startswith("t-") and isinstance(text, str)}


def _place(regime: str) -> str:
    """A place where the regime is the law; Germany for all."""
    return next((place for place, row in table.ROWS.items() if row.preset == regime), "DE") if regime else "DE"


def _rows(
    banner: Banner, language: str, regime: str, request: HttpRequest, wrong: dict[str, str]
) -> list[dict[str, Any]]:
    """Every text that may be edited: ours, and the site's own over it; and what is wrong with what was typed."""
    where = f"{language}@{regime}" if regime else language
    own = banner.texts.get(where, {})
    typed = _words(request) if request.POST.get("what") == "words" else {}
    under = {w: t for w, t in banner.texts.items() if w != where}
    ours = texts.resolve(language, under, regime)
    order = {key: number for number, key in enumerate(FIRST)}
    keys = sorted(texts.keys() - set(texts.LOCKED), key=lambda key: (order.get(key, 99), key))
    return [
        {
            "key": key,
            "label": text_name(key),
            "ours": ours.get(key, ""),
            "value": typed.get(key, own.get(key, "")),
            "long": len(ours.get(key, "")) > LONG,
            "first": key in order or key in wrong,
            "placeholders": ", ".join(f"{{{p}}}" for p in texts.placeholders(key)),
            "error": wrong.get(key, ""),
        }
        for key in keys
    ]
