"""Block lists per regime, and the table of laws."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext

from consent.catalogue import actions as catalogue
from consent.common import InvalidChange
from consent.exports import law
from consent.jurisdictions import actions, history, notices, table
from consent.jurisdictions.queries import overrides_of
from consent.jurisdictions.table import Overrides
from consent.jurisdictions.words import named_regimes, terms_in_words
from consent.publishing import queries as publishing
from consent.publishing.differences import category_names
from consent.sites.models import Site
from consent.sites.queries import role_of, site_by_uuid
from consent.sites.roles import May, can
from cookiebanner.dashboard import forms, law_pdf
from cookiebanner.staff import mail
from cookiebanner.staff.pages import actor, on_site, show, signed_in
from fairgate_enforce.defaults import before_answer, exempt

FIRST = ("eu_opt_in", "uk_pecr", "us_ca")


class Cell(NamedTuple):
    """What one service does under one regime before an answer, and why."""

    regime: str
    granted: bool
    why: str
    overridden: bool


def cell(service: Mapping[str, Any], necessary: bool, terms: Mapping[str, Any], *, gpc: bool, child: bool) -> Cell:
    """One cell of the block lists."""
    granted = before_answer(service, necessary, terms, gpc=gpc, child=child) == "granted"
    override = service["overrides"].get(terms["regime"])
    advertises = service["sells_or_shares"] or service["targeted_ads"]
    if necessary:
        why = gettext("strictly necessary")
    elif advertises and gpc:
        why = gettext("browser signal")
    elif advertises and child:
        why = gettext("site for children")
    elif override:
        why = gettext("your override")
    elif exempt(service, terms):
        why = gettext("exemption you confirmed")
    elif service["container"] and not granted:
        why = gettext("until any category is granted")
    else:
        why = (
            gettext("until objection")
            if granted and terms["model"] != "notice"
            else gettext("notice only")
            if granted
            else gettext("until granted")
        )
    return Cell(terms["regime"], granted, why, bool(override))


def _necessary(draft: Mapping[str, Any]) -> dict[str, bool]:
    return {category["key"]: category["necessary"] for category in draft["categories"]}


@on_site(May.VIEW, "GET")
def rules(request: HttpRequest, site: Site) -> HttpResponse:
    """The draft's block lists of the chosen regimes, side by side."""
    chosen = [key for key in table.REGIMES if key in request.GET.getlist("r")][:6] or list(FIRST)
    gpc = request.GET.get("gpc") == "1"
    draft = publishing.draft(site)
    necessary = _necessary(draft)
    named = named_regimes()
    columns = [named[key] for key in chosen]
    rows = [
        (
            service,
            [
                cell(service, necessary[service["category"]], terms, gpc=gpc, child=site.child_directed)
                for terms in columns
            ],
        )
        for service in draft["services"]
    ]
    return show(
        request,
        "dashboard/rules.html",
        site,
        rows=rows,
        columns=columns,
        regimes=named.values(),
        chosen=chosen,
        gpc=gpc,
        names=category_names(draft),
    )


@on_site(May.VIEW)
def rule(request: HttpRequest, site: Site, key: str) -> HttpResponse:
    """Overrides of one service per regime, with the reason."""
    service = get_object_or_404(site.services, key=key)
    regime = request.GET.get("regime", "")
    existing = service.overrides.filter(regime=regime).first()
    form = forms.Override(
        request.POST or None,
        initial={
            "regime": regime,
            "state": existing.state if existing else "hold",
            "reason": existing.reason if existing else "",
        },
    )
    forms.set_choices(form, "regime", [(key, gettext(terms["name"])) for key, terms in table.REGIMES.items()])
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            catalogue.set_override(service, data["regime"], data["state"] or None, data["reason"], actor(request))
        except InvalidChange as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request, gettext("The draft of %(name)s is changed for one regime.") % {"name": service.name}, "good"
            )
            return redirect("dashboard:rules", uuid=site.uuid)
    return show(
        request, "dashboard/rule.html", site, form=form, service=service, overrides=service.overrides.order_by("regime")
    )


@on_site(May.VIEW, "GET")
def jurisdictions(request: HttpRequest, site: Site) -> HttpResponse:
    """The shipped table, what this site's draft does in each place, what changed and what starts."""
    overrides = overrides_of(site)
    draft = publishing.draft(site)
    necessary = _necessary(draft)
    optional = [s for s in draft["services"] if not necessary[s["category"]]]
    held: dict[str, int] = {}
    today = timezone.now().date()
    rows: list[dict[str, Any]] = []
    for place in table.ROWS:
        row = table.row(place, overrides)
        variant, terms = table.variant_and_terms(row)
        if variant not in held:
            states = [before_answer(s, False, terms, child=site.child_directed) for s in optional]
            held[variant] = states.count("denied")
        rows.append(
            {
                "row": row,
                "terms": terms,
                "held": held[variant],
                "in_force": row.in_force(today),
                "override": overrides.get(place),
            }
        )
    return show(
        request,
        "dashboard/jurisdictions.html",
        site,
        rows=rows,
        optional=len(optional),
        low=sum(1 for r in rows if r["row"].confidence == "low"),
        subscription=notices.subscription_of(request.user),
        no_mail=gettext(" and ").join(mail.missing()),
        no_pdf=law_pdf.missing(),
        **_news(today, overrides),
    )


def _news(today: date, overrides: Overrides) -> dict[str, Any]:
    """What the page and the PDF say of the table's versions and of what starts."""
    soon = history.starting(today, overrides)
    return {
        "version": table.VERSION,
        "today": today,
        "starts": soon,
        "later": [start for start in history.starts(today, overrides) if start not in soon],
        "changes": history.all_changes(),
        "first": history.versions()[0],
    }


@on_site(May.VIEW, "GET")
def jurisdictions_csv(request: HttpRequest, site: Site) -> HttpResponse:
    """The table with the site's corrections, for a spreadsheet."""
    separator = ";" if request.GET.get("separator") == ";" else ","
    today = timezone.now().date()
    body = law.to_csv(today, overrides_of(site), separator)
    return _file(body, "text/csv; charset=utf-8", f"laws-and-places-{today}.csv")


@on_site(May.VIEW, "GET")
def jurisdictions_pdf(request: HttpRequest, site: Site) -> HttpResponse:
    """The same page for paper. Back to the page, with a reason, where no PDF can be made."""
    overrides = overrides_of(site)
    today = timezone.now().date()
    rows = [table.row(place, overrides) for place in table.ROWS]
    lines = [
        (row, gettext(table.REGIMES[row.preset]["name"]), overrides.get(row.id), row.in_force(today)) for row in rows
    ]
    html = render_to_string(
        "dashboard/jurisdictions_pdf.html", {"lines": lines, "site": site, **_news(today, overrides)}
    )
    try:
        if reason := law_pdf.missing():
            raise law_pdf.NotMade(f"{reason[0].upper()}{reason[1:]}.")
        body = law_pdf.made_of(html)
    except law_pdf.NotMade as error:
        messages.error(request, gettext("No PDF could be made. %(error)s") % {"error": error}, "bad")
        return redirect("dashboard:jurisdictions", uuid=site.uuid)
    return _file(body, "application/pdf", f"laws-and-places-{today}.pdf")


def _file(body: bytes, kind: str, name: str) -> HttpResponse:
    return HttpResponse(body, kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


@signed_in("POST")
def law_notices(request: HttpRequest, uuid: Any) -> HttpResponse:
    """Begins or ends the person's own notices. Whoever sees the page may: it changes nothing of the site."""
    site = site_by_uuid(uuid)
    role = role_of(request.user, site) if site else None
    if site is None or role is None:
        raise Http404
    if not can(role, May.VIEW):
        raise PermissionDenied
    if "subscribe" in request.POST:
        notices.subscribe(request.user)
        messages.success(request, gettext("You will be told by mail."), "good")
    elif notices.unsubscribe(cast(int, request.user.pk)):
        messages.success(request, gettext("You get no more notices."), "good")
    return redirect("dashboard:jurisdictions", uuid=site.uuid)


@on_site(May.VIEW)
def jurisdiction(request: HttpRequest, site: Site, place: str) -> HttpResponse:
    """One place: its law, its source, what the site does there, and a correction of one's own."""
    if place not in table.ROWS:
        raise Http404
    overrides = overrides_of(site)
    row = table.row(place, overrides)
    override = overrides.get(place)
    initial = {"preset": row.preset, "reason": override["reason"] if override else ""}
    form = forms.PlaceOverride(request.POST if "preset" in request.POST else None, initial=initial)
    if request.method == "POST" and "remove" in request.POST:
        actions.remove_override(site, actor(request), place)
        messages.success(
            request,
            gettext("%(name)s follows the shipped table again, from the next release on.") % {"name": row.name},
            "good",
        )
        return redirect("dashboard:jurisdiction", uuid=site.uuid, place=place)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            actions.override(site, actor(request), place, {"preset": data["preset"]}, data["reason"])
        except ValueError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, gettext("%(name)s is corrected in the draft.") % {"name": row.name}, "good")
            return redirect("dashboard:jurisdiction", uuid=site.uuid, place=place)
    draft = publishing.draft(site)
    necessary = _necessary(draft)
    variant, terms = table.variant_and_terms(row)
    services = [
        (s, cell(s, necessary[s["category"]], terms, gpc=False, child=site.child_directed)) for s in draft["services"]
    ]
    return show(
        request,
        "dashboard/jurisdiction.html",
        site,
        row=row,
        shipped=table.ROWS[place],
        terms=terms,
        variant=variant,
        override=override,
        form=form,
        services=services,
        terms_in_words=terms_in_words(terms, table.TEXTS),
        in_force=row.in_force(timezone.now().date()),
        version=table.VERSION,
        why=table.why(place),
    )
