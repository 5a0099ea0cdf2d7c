"""Services, categories and purposes of the draft."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import urlencode
from django.utils.translation import gettext

from consent.catalogue import actions, known, necessary
from consent.catalogue import inbox as filing
from consent.catalogue.models import Service
from consent.catalogue.offered import offered
from consent.common import InvalidChange
from consent.publishing.snapshot import is_added_since
from consent.sites.models import Site
from consent.sites.roles import May
from cookiebanner.dashboard import cookie_forms, forms
from cookiebanner.staff.pages import actor, on_site, show

FACTS = (
    "name", "company", "policy_url", "description", "necessary_reason", "inline", "container", "sells_or_shares",
    "targeted_ads", "sensitive", "statistics", "exempt_in", "exemption_confirmed", "adapter",
    "earlier_category",
)  # fmt: skip
PAGE = 25  # services of the catalogue


@on_site(May.VIEW, "GET")
def services(request: HttpRequest, site: Site) -> HttpResponse:
    """The services of the draft, by category."""
    rows: list[Any] = list(site.services.select_related("category").prefetch_related("rules", "cookies"))
    for row in rows:
        row.added_since = is_added_since(row, site)
        row.reason_missing = row.category.necessary and not necessary.enough(row.necessary_reason)
    groups = [
        (category, forms.category_name(category), [row for row in rows if row.category_id == category.pk])
        for category in site.categories.all()
    ]
    undo = request.session.get(f"undo-{site.pk}")
    return show(request, "dashboard/services.html", site, groups=groups, count=len(rows), undo=undo)


@on_site(May.EDIT)
def service_new(request: HttpRequest, site: Site) -> HttpResponse:
    """Adds a service: from our catalogue, or of one's own."""
    if request.method == "POST" and request.POST.get("catalogue"):
        return _add_known(request, site)
    if request.method == "GET" and not {"pattern", "own"} & set(request.GET):
        return _catalogue(request, site)
    pattern = request.GET.getlist("pattern")
    initial = {"patterns": pattern, "name": request.GET.get("name", "")}
    form, rows = _service_forms(request, site, initial, [])
    cookies = cookie_forms.given(rows)
    if _typed(request) and form.is_valid() and cookies is not None:
        try:
            added = actions.add_service(site, actor(request), **cookies, **form.cleaned_data)
        except InvalidChange as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, gettext("%(name)s is in the draft.") % {"name": added.name}, "good")
            return redirect("dashboard:services", uuid=site.uuid)
    ours = next(filter(None, map(known.of_pattern, pattern)), None)
    return show(request, "dashboard/service_new.html", site, form=form, rows=rows, own=True, known=ours)


def _add_known(request: HttpRequest, site: Site) -> HttpResponse:
    """A service of our catalogue, as it stands there; with its companions when they were asked for."""
    try:
        key = request.POST["catalogue"]
        first, *others = filing.add_known(site, actor(request), key, companions=request.POST.getlist(f"with-{key}"))
    except InvalidChange as error:
        messages.error(request, str(error), "bad")
        return redirect("dashboard:service_new", uuid=site.uuid)
    text = gettext("%(name)s is in the draft. Check what it stores, then publish.") % {"name": first.name}
    if first.necessary_reason:
        text = gettext("%(name)s is in the draft as strictly necessary: %(reason)s Check that this holds.") % {
            "name": first.name,
            "reason": first.necessary_reason,
        }
    if others:
        more = gettext("With it came %(names)s.") % {"names": ", ".join(one.name for one in others)}
        text = f"{text} {more}"
    messages.success(request, text, "good")
    return redirect("dashboard:services", uuid=site.uuid)


def _catalogue(request: HttpRequest, site: Site) -> HttpResponse:
    """What of our catalogue the site does not have: found by text, category and kind, a page at a time."""
    text, category, kind = (request.GET.get(name, "").strip()[:100] for name in ("q", "category", "kind"))
    have = set(site.services.values_list("key", flat=True))
    found = [entry for entry in known.search(text, category, kind) if entry["key"] not in have]
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    table = filing.table_of(site)
    names = {category.key: forms.category_name(category) for category in site.categories.all()}
    kept = urlencode({name: value for name, value in (("q", text), ("category", category), ("kind", kind)) if value})
    return show(
        request, "dashboard/service_new.html", site, own=False, page=page, names=names, text=text, category=category,
        kind=kind, kinds={key: gettext(name) for key, name in known.KINDS.items()}, kept=f"{kept}&" if kept else "",
        ours=[(entry, filing.missing_companions([entry], table)) for entry in page],
        there=[entry["name"] for entry in known.search(text) if entry["key"] in have][:5] if text else [],
        categories=sorted({entry["category"] for entry in known.services()}),
    )  # fmt: skip


def _service_forms(request: HttpRequest, site: Site, initial: Any, cookies: list[dict[str, Any]]) -> tuple[Any, Any]:
    """The form of a service and the rows of its cookies; after "Add a cookie" as they were typed, and not judged."""
    form = forms.ServiceForm(site, request.POST or None, initial=initial)
    if "add_row" in request.POST:
        form = forms.ServiceForm(site, initial={name: form[name].value() for name in form.fields})
    return form, cookie_forms.rows_of(request, site, cookies)


def _typed(request: HttpRequest) -> bool:
    """Whether a service was sent to be saved."""
    return request.method == "POST" and "add_row" not in request.POST


@on_site(May.VIEW)
def service(request: HttpRequest, site: Site, key: str) -> HttpResponse:
    """One service: what is held, what it stores, what the law asks about it."""
    row = get_object_or_404(site.services.select_related("category"), key=key)
    form, rows = _service_forms(request, site, forms.ServiceForm.initial_of(row), cookie_forms.initial_of(row))
    cookies = cookie_forms.given(rows, row)
    if _typed(request) and form.is_valid() and cookies is not None:
        data = form.cleaned_data
        try:
            actions.update_service(row, actor(request), **cookies, **data)
        except InvalidChange as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, gettext("%(name)s is changed in the draft.") % {"name": data["name"]}, "good")
            return redirect("dashboard:services", uuid=site.uuid)
    return show(request, "dashboard/service.html", site, form=form, rows=rows, service=row)


@on_site(May.EDIT, "POST")
def service_delete(request: HttpRequest, site: Site, key: str) -> HttpResponse:
    """Takes a service out of the draft; `service_undo` brings the last one back."""
    row = get_object_or_404(site.services, key=key)
    request.session[f"undo-{site.pk}"] = _keep(row)
    actions.delete_service(row, actor(request))
    return redirect("dashboard:services", uuid=site.uuid)


@on_site(May.EDIT, "POST")
def service_undo(request: HttpRequest, site: Site) -> HttpResponse:
    """Brings back the service that was deleted last in this session."""
    kept = request.session.pop(f"undo-{site.pk}", None)
    if kept and "dismiss" not in request.POST:
        overrides = kept.pop("overrides")
        try:
            row = actions.add_service(site, actor(request), restored=True, **kept)
            for regime, state, reason in overrides:
                actions.set_override(row, regime, state, reason, actor(request))
        except InvalidChange as error:
            messages.error(request, str(error), "bad")
        else:
            messages.success(request, gettext("%(name)s is back.") % {"name": row.name}, "good")
    return redirect("dashboard:services", uuid=site.uuid)


def _keep(row: Service) -> dict[str, Any]:
    """All of a service, as `add_service` takes it."""
    return {field: getattr(row, field) for field in FACTS} | {
        "key": row.key,
        "category": row.category.key,
        "patterns": [rule.pattern for rule in row.rules.all()],
        "cookies": [{field: getattr(c, field) for field in actions.COOKIE_FIELDS} for c in row.cookies.all()],
        "overrides": [(o.regime, o.state, o.reason) for o in row.overrides.all()],
    }


@on_site(May.VIEW)
def categories(request: HttpRequest, site: Site) -> HttpResponse:
    """Categories and purposes, with a form for a new one of each."""
    which = request.POST.get("what")
    category_form = forms.NewCategory(
        request.POST if which == "category" else None, initial={"position": site.categories.count()}
    )
    purpose_form = forms.PurposeForm(site, request.POST if which == "purpose" else None, prefix="purpose")
    if which == "category" and category_form.is_valid():
        data = category_form.cleaned_data
        if site.categories.filter(key=data["key"]).exists():
            category_form.add_error("key", gettext("There is a category with this id."))
        elif _set(request, category_form, lambda: _new_category(site, request, data)):
            return redirect("dashboard:category", uuid=site.uuid, key=data["key"])
    if which == "purpose" and purpose_form.is_valid():
        data = purpose_form.cleaned_data
        if site.purposes.filter(key=data["key"]).exists():
            purpose_form.add_error("key", gettext("There is a purpose with this id."))
        elif _set(request, purpose_form, lambda: _set_purpose(site, request, data)):
            return redirect("dashboard:purpose", uuid=site.uuid, key=data["key"])
    own = list(site.categories.all())
    services = list(site.services.select_related("category"))
    empty = offered(own, site.purposes.select_related("category"), services)[1]
    counts = Counter(service.category.key for service in services)
    rows = [(c, forms.category_name(c), counts[c.key], c in empty) for c in own]
    return show(
        request,
        "dashboard/categories.html",
        site,
        rows=rows,
        purposes=site.purposes.select_related("category"),
        category_form=category_form,
        purpose_form=purpose_form,
    )


@on_site(May.VIEW)
def category(request: HttpRequest, site: Site, key: str) -> HttpResponse:
    """One category: place, signals, names and descriptions per language."""
    row = get_object_or_404(site.categories, key=key)
    if request.method == "POST" and "delete" in request.POST:
        try:
            actions.delete_category(row, actor(request))
        except InvalidChange as error:
            messages.error(request, str(error), "bad")
            return redirect("dashboard:category", uuid=site.uuid, key=key)
        return redirect("dashboard:categories", uuid=site.uuid)
    initial = {
        "key": row.key, "position": row.position, "necessary": row.necessary, "consent_mode": row.consent_mode,
        "used_by_page": row.used_by_page,
    }  # fmt: skip
    form = forms.CategoryForm(request.POST or None, initial=initial)
    form.fields["key"].disabled = True
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        data.pop("key")
        texts = _texts(request, site)
        if _set(request, form, lambda: actions.set_category(site, key, actor(request), texts=texts, **data)):
            messages.success(request, gettext("%(key)s is changed in the draft.") % {"key": key}, "good")
            bare = [
                s.name for s in row.services.all() if data["necessary"] and not necessary.enough(s.necessary_reason)
            ]
            if bare:
                text = gettext("It is always active now: say of %(services)s why, before you publish.") % {
                    "services": ", ".join(bare[:10])
                }
                messages.warning(request, text, "warn")
            return redirect("dashboard:categories", uuid=site.uuid)
    return show(
        request,
        "dashboard/category.html",
        site,
        form=form,
        row=row,
        name=forms.category_name(row),
        languages=_language_rows(site, row.texts, key),
    )


@on_site(May.VIEW)
def purpose(request: HttpRequest, site: Site, key: str) -> HttpResponse:
    """One purpose: its category, legal basis, names per language."""
    row = get_object_or_404(site.purposes, key=key)
    if request.method == "POST" and "delete" in request.POST:
        actions.delete_purpose(row, actor(request))
        return redirect("dashboard:categories", uuid=site.uuid)
    initial = {
        "key": row.key,
        "category": row.category.key if row.category else "",
        "legal_basis": row.legal_basis,
    }
    form = forms.PurposeForm(site, request.POST or None, initial=initial, prefix="purpose")
    form.fields["key"].disabled = True
    if request.method == "POST" and form.is_valid():
        texts = _texts(request, site)
        if _set(request, form, lambda: _set_purpose(site, request, form.cleaned_data, texts=texts)):
            messages.success(request, gettext("%(key)s is changed in the draft.") % {"key": key}, "good")
            return redirect("dashboard:categories", uuid=site.uuid)
    return show(
        request, "dashboard/purpose.html", site, form=form, row=row, languages=_language_rows(site, row.texts, "")
    )


def _new_category(site: Site, request: HttpRequest, data: dict[str, Any]) -> Any:
    fields = {name: value for name, value in data.items() if name not in ("key", "name")}
    texts = {(site.languages or ["en"])[0]: {"name": data["name"]}}
    return actions.set_category(site, data["key"], actor(request), texts=texts, **fields)


def _set_purpose(site: Site, request: HttpRequest, data: dict[str, Any], **fields: Any) -> Any:
    return actions.set_purpose(
        site, data["key"], actor(request), category=data["category"] or None, legal_basis=data["legal_basis"], **fields
    )


def _set(request: HttpRequest, form: Any, act: Any) -> bool:
    """Does it; a refusal becomes the form's error."""
    try:
        act()
    except InvalidChange as error:
        form.add_error(None, str(error))
        return False
    return True


def _texts(request: HttpRequest, site: Site) -> dict[str, dict[str, str]]:
    """`name-de`, `description-de` … of the form, without the empty ones."""
    found: dict[str, dict[str, str]] = {}
    for language in site.languages:
        for part in ("name", "description"):
            text = request.POST.get(f"{part}-{language}", "").strip()
            if text:
                found.setdefault(language, {})[part] = text[:2000]
    return found


def _language_rows(site: Site, own: dict[str, Any], key: str) -> list[dict[str, Any]]:
    from consent.banners import texts

    rows = []
    for language in site.languages:
        ours = texts.categories(language).get(key, {})
        rows.append(
            {
                "code": language,
                "label": forms.LANGUAGE_NAMES.get(language, language),
                "dir": texts.direction(language),
                "name": own.get(language, {}).get("name", ""),
                "description": own.get(language, {}).get("description", ""),
                "our_name": ours.get("name", ""),
                "our_description": ours.get("description", ""),
            }
        )
    return rows
