"""A test of two banners: the draft of B beside A, what was counted of both, and the winner."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from consent.banners import arms, banner_tests, texts, theme
from consent.banners.models import Banner
from consent.common import InvalidChange
from consent.jurisdictions import table
from consent.jurisdictions.words import named_regimes
from consent.publishing import actions, queries, rendered
from consent.publishing.models import Release
from consent.publishing.snapshot import Snapshot
from consent.sites.models import Site
from consent.sites.roles import May
from consent.stats import banner_test as judging
from cookiebanner.dashboard import forms
from cookiebanner.dashboard.look_form import SecondBanner
from cookiebanner.releases import publish as publisher
from cookiebanner.staff import preview as previews
from cookiebanner.staff.pages import actor, on_site, show

LABELS = {
    "title": gettext_noop("Title"),
    "body": gettext_noop("Body"),
    "accept": gettext_noop("Accept"),
    "reject": gettext_noop("Reject"),
    "manage": gettext_noop("Manage"),
}
LONG = 60  # a text longer than this gets a larger field


@on_site(May.VIEW)
def edit(request: HttpRequest, site: Site) -> HttpResponse:
    """The draft of B, previews of both, and what the published test has come to."""
    language, regime = _where(request, site)
    test = banner_tests.of(site)
    look = test or Banner.objects.filter(site=site).first() or Banner(site=site)
    initial = {
        "ends": test.ends if test else timezone.now().date() + timedelta(days=28),
        "place": f"{look.layout} {look.position}",
        "accent": look.theme.get("accent", theme.ACCENT),
    }
    form = SecondBanner(request.POST if request.POST.get("what") == "look" else None, initial=initial)
    errors: list[str] = []
    if request.method == "POST":
        errors = _saved(request, site, form, language, regime)
        if not errors:
            messages.success(request, gettext("The draft of the test is saved."), "good")
            where = reverse("dashboard:banner_test", kwargs={"uuid": site.uuid})
            return redirect(f"{where}?language={quote(language)}&regime={quote(regime)}")
    findings = [f for f in rendered.check(site, queries.draft(site)) if f.field == "test"] if test else []
    simulated: dict[str, Any] = {"place": _place(regime), "language": language}
    return show(
        request,
        "dashboard/banner_test.html",
        site,
        test=test,
        form=form,
        errors=errors,
        findings=findings,
        language=language,
        regime=regime,
        languages=[(code, forms.LANGUAGE_NAMES.get(code, code)) for code in site.languages],
        regimes=named_regimes().values(),
        direction=texts.direction(language),
        words=_rows(site, language, regime) if test else [],
        previews=[(name, previews.address(site, arm=name, **simulated)) for name in arms.ARMS] if test else [],
        **_result(site),
    )


def _saved(request: HttpRequest, site: Site, form: SecondBanner, language: str, regime: str) -> list[str]:
    """Saves what was sent; what is wrong with it, in words. `on_site` has seen to it that a POST may edit."""
    try:
        if "drop" in request.POST:
            banner_tests.choose(site, actor(request), arms.A)
        elif request.POST.get("what") == "words":
            words = {key: request.POST.get(f"t-{key}", "") for key in arms.TEXTS}
            banner_tests.edit_texts(site, actor(request), language, words, regime=regime)
        elif form.is_valid():
            banner_tests.save(site, actor(request), **form.changes())
        else:
            return [gettext("Some fields are not right.")]
    except InvalidChange as error:
        return [str(error)]
    return []


@on_site(May.PUBLISH, "POST")
def winner(request: HttpRequest, site: Site) -> HttpResponse:
    """Makes one of the two the only banner, and publishes that: through the same gates as every release."""
    chosen = request.POST.get("winner", "")
    published = queries.snapshot_of(site)
    try:
        banner_tests.choose(site, actor(request), chosen)
        if published is None or _content(queries.draft(site)) != _content(arms.arm(published, chosen)):
            message = gettext(
                "It is the draft's only banner. The draft has other changes, too: look at them and publish."
            )
            messages.warning(request, message, "warn")
            return redirect("dashboard:releases", uuid=site.uuid)
        note = f"Banner {chosen} won the test."
        ask = publisher.ask if site.publish_needs_approval else publisher.publish
        made = ask(site, actor(request), note)
        live = (
            gettext("Release %(number)s is live with banner %(chosen)s alone.")
            % {"number": made.number, "chosen": chosen}
            if isinstance(made, Release)
            else ""
        )
        messages.success(request, live or gettext("Asked. Another member has to approve it."), "good")
    except actions.Blocked as error:
        messages.error(
            request,
            gettext("Not published: %(finding)s") % {"finding": next(str(f) for f in error.findings if f.blocks)},
            "bad",
        )
    except InvalidChange as error:
        messages.error(request, str(error).splitlines()[0], "bad")
    return redirect("dashboard:releases", uuid=site.uuid)


def _content(snapshot: Snapshot) -> str:
    return rendered.content(snapshot)


def _result(site: Site) -> dict[str, Any]:
    """What was counted of the published test under laws that ask for a yes, and what that shows."""
    releases = queries.tested_releases(site)
    if not releases:
        return {"live": None}
    asking = [id for id, terms in table.REGIMES.items() if terms["model"] == "opt_in"]
    days = judging.days_of(site.pk, releases, asking)
    published = queries.snapshot_of(site)
    ends = arms.last_day(published) if published else None
    verdict = judging.judge(days)
    return {
        "live": verdict,
        "rows": [
            ("A", verdict.shown_a, verdict.yes_a, verdict.rate_a),
            ("B", verdict.shown_b, verdict.yes_b, verdict.rate_b),
        ],
        "days": days,
        "ends": ends,
        "ended": ends is not None and ends < timezone.now().date(),
        "alpha": judging.ALPHA,
        "points": {
            name: f"{value * 100:+.1f}"
            for name, value in (("difference", verdict.difference), ("low", verdict.low), ("high", verdict.high))
            if value is not None
        },
    }


def _where(request: HttpRequest, site: Site) -> tuple[str, str]:
    given = request.POST if request.method == "POST" else request.GET
    language, regime = given.get("language", ""), given.get("regime", "")
    first = (site.languages or ["en"])[0]
    return language if language in site.languages else first, regime if regime in table.REGIMES else ""


def _place(regime: str) -> str:
    """A place where the regime is the law; Germany for all."""
    return next((place for place, row in table.ROWS.items() if row.preset == regime), "DE") if regime else "DE"


def _rows(site: Site, language: str, regime: str) -> list[dict[str, Any]]:
    """The words that may differ: A's, and B's own over them."""
    banner = Banner.objects.filter(site=site).first() or Banner(site=site)
    test = banner_tests.of(site)
    where = f"{language}@{regime}" if regime else language
    own = test.texts.get(where, {}) if test else {}
    of_a = texts.resolve(language, banner.texts, regime)
    return [
        {
            "key": key,
            "label": gettext(LABELS[key]),
            "ours": of_a.get(key, ""),
            "value": own.get(key, ""),
            "long": len(of_a.get(key, "")) > LONG,
            "placeholders": ", ".join(f"{{{p}}}" for p in texts.placeholders(key)),
        }
        for key in arms.TEXTS
    ]
