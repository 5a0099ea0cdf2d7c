"""The banner's look and words, beside a live preview."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse

from consent.banners import actions, reviews, texts, theme
from consent.banners.models import Banner
from consent.common import InvalidChange
from consent.jurisdictions import table
from consent.sites.models import Site
from consent.sites.roles import May
from cookiebanner.dashboard import forms
from cookiebanner.staff import preview as previews
from cookiebanner.staff.pages import actor, on_site, show

# The texts a marketer edits first; the rest is folded below them.
FIRST = ("title", "body", "accept", "reject", "manage", "save", "pc_title", "pc_body", "reopen", "stored", "change")
LONG = 60  # a text of ours longer than this gets a larger field


@on_site(May.VIEW)
def edit(request: HttpRequest, site: Site) -> HttpResponse:
    """Two forms: the look, and the words of one language (for all regimes or for one)."""
    banner = Banner.objects.filter(site=site).first() or Banner(site=site)
    language, regime = _where(request, site)
    look = banner.theme
    initial = {
        "accent": look.get("accent", theme.ACCENT),
        "radius": look.get("radius", 12),
        "scheme": look.get("scheme", "auto"),
        "place": f"{banner.layout} {banner.position}",
        "floating_button": banner.floating_button,
    }
    form = forms.Look(request.POST if request.POST.get("what") == "look" else None, initial=initial)
    errors: list[str] = []
    if request.method == "POST":
        try:
            if request.POST.get("what") == "words":
                actions.edit_texts(site, actor(request), language, _words(request), regime=regime)
            elif form.is_valid():
                actions.edit_banner(site, actor(request), **form.changes(banner))
            else:
                errors = ["Some fields are not right."]
        except InvalidChange as error:
            errors = [str(error)]
        if not errors:
            messages.success(request, "The draft of the banner is saved.", "good")
            query = f"?language={language}&regime={regime}&tab={request.POST.get('what', 'look')}"
            response = redirect("dashboard:banner", uuid=site.uuid)
            response["Location"] += query
            return response
    tab = request.POST.get("what") or request.GET.get("tab", "look")
    simulated: dict[str, Any] = {"place": _place(regime), "language": language, "gpc": False}
    return show(
        request,
        "dashboard/banner.html",
        site,
        form=form,
        errors=errors,
        tab=tab if tab in ("look", "words") else "look",
        language=language,
        regime=regime,
        languages=[(code, forms.LANGUAGE_NAMES.get(code, code)) for code in site.languages],
        regimes=table.REGIMES.values(),
        direction=texts.direction(language),
        words=_rows(banner, language, regime, request),
        locked=sorted(texts.LOCKED.values()),
        address=previews.address(site, **simulated),
        opened="read" in request.GET,
        statuses=[(one, forms.LANGUAGE_NAMES.get(one.code, one.code)) for one in reviews.status(site, banner.texts)],
    )


@on_site(May.EDIT, "POST")
def draft(request: HttpRequest, site: Site) -> HttpResponse:
    """The address of a preview of what is in the form now, saved or not."""
    language, regime = _where(request, site)
    unsaved: dict[str, Any] = {}
    if request.POST.get("what") == "words":
        where = f"{language}@{regime}" if regime else language
        banner = Banner.objects.filter(site=site).first() or Banner(site=site)
        before = banner.texts.get(where, {})
        words = {key: text for key, text in _words(request).items() if text.strip() != before.get(key, "")}
        unsaved = {"where": where, "texts": words}
    else:
        form = forms.Look(request.POST)
        if not form.is_valid():
            return JsonResponse({"errors": form.errors}, status=422)
        unsaved = form.changes(Banner(site=site))
    url = previews.address(site, place=_place(regime), language=language, unsaved=unsaved)
    return JsonResponse({"url": url})


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
    return redirect(
        f"{reverse('dashboard:banner', kwargs={'uuid': site.uuid})}?tab=words&read=1&language={quote(language)}"
    )


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


def _rows(banner: Banner, language: str, regime: str, request: HttpRequest) -> list[dict[str, Any]]:
    """Every text that may be edited: ours, and the site's own over it."""
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
            "label": key.replace("_", " ").replace("pc ", "preferences ").capitalize(),
            "ours": ours.get(key, ""),
            "value": typed.get(key, own.get(key, "")),
            "long": len(ours.get(key, "")) > LONG,
            "first": key in order,
            "placeholders": ", ".join(f"{{{p}}}" for p in texts.placeholders(key)),
        }
        for key in keys
    ]
