"""A service's cookies as rows of fields; without scripts, too."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext, gettext_lazy

from consent.catalogue import cookie_db
from consent.catalogue.models import Cookie, Service
from consent.sites.models import Site
from cookiebanner.dashboard.forms import LANGUAGE_NAMES

PREFIX = "cookies"
MOST = 500  # rows of a service


class CookieForm(forms.Form):
    """One cookie, or a key of the browser's storage."""

    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=200, required=False, widget=forms.TextInput(attrs={"class": "mono"})
    )
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=Cookie.Kind.choices, required=False)
    lifetime = forms.CharField(label=gettext_lazy("Lifetime"), max_length=60, required=False)
    purpose = forms.CharField(max_length=500, required=False, label=gettext_lazy("Description"))
    remove = forms.BooleanField(required=False, label=gettext_lazy("Remove it"))

    def __init__(self, *args: Any, languages: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.languages = languages
        for language in languages:
            self.fields[f"text_{language}"] = forms.CharField(
                max_length=500,
                required=False,
                label=LANGUAGE_NAMES.get(language, language),
                widget=forms.TextInput(attrs={"lang": language, "dir": "auto"}),
            )

    def texts(self) -> list[Any]:
        """The fields of the descriptions per language."""
        return [self[f"text_{language}"] for language in self.languages]

    def clean(self) -> dict[str, Any]:
        super().clean()
        data = self.cleaned_data
        typed = any(text for name, text in data.items() if name != "kind")
        if typed and not data.get("name") and not data.get("remove"):
            self.add_error("name", gettext("Give it a name, or remove it."))
        return data


def initial_of(service: Service) -> list[dict[str, Any]]:
    """What the rows show for a service of the draft."""
    return [
        {"name": c.name, "kind": c.kind, "lifetime": c.lifetime, "purpose": c.purpose}
        | {f"text_{language}": text for language, text in c.texts.items()}
        for c in service.cookies.all()
    ]


def rows_of(request: HttpRequest, site: Site, initial: list[dict[str, Any]]) -> Any:
    """The rows as posted, else those of `initial` and an empty one."""
    if request.method == "POST" and f"{PREFIX}-TOTAL_FORMS" in request.POST and "add_row" not in request.POST:
        return _factory(0)(request.POST, prefix=PREFIX, form_kwargs={"languages": site.languages})
    empty = 1
    if "add_row" in request.POST:
        posted = _factory(0)(request.POST, prefix=PREFIX, form_kwargs={"languages": site.languages})
        typed = [{name: form[name].value() for name in form.fields} for form in posted]
        initial = [row for row in typed if any(value for name, value in row.items() if name != "kind")]
        empty = len(typed) - len(initial) + 1
    return _factory(empty)(initial=initial, prefix=PREFIX, form_kwargs={"languages": site.languages})


def _factory(empty: int) -> Any:
    return forms.formset_factory(CookieForm, extra=empty, max_num=MOST, absolute_max=MOST, validate_max=True)


def given(rows: Any, service: Service | None = None) -> dict[str, Any] | None:
    """The argument `cookies` of the verbs; none when no rows were sent, None when a row is wrong."""
    if not rows.is_bound:
        return {}
    return {"cookies": cookies_of(rows, service)} if rows.is_valid() else None


def cookies_of(rows: Any, service: Service | None = None) -> list[dict[str, Any]]:
    """The cookies of valid rows, as the verbs take them. How long one lives in days follows its words; where these stay
    as they were, so do the days."""
    before = {(c.kind, c.name): c for c in service.cookies.all()} if service else {}
    found = []
    for form in rows:
        data = form.cleaned_data
        if not data.get("name") or data["remove"]:
            continue
        kind = data["kind"] or Cookie.Kind.COOKIE
        old = before.get((kind, data["name"]))
        same = old and old.lifetime == data["lifetime"]
        # Languages that the site does not have are not shown; what is said in them fits an unchanged description alone.
        hidden = old.texts if old and old.purpose == data["purpose"] else {}
        texts = {**hidden, **{language: data[f"text_{language}"] for language in form.languages}}
        found.append(
            {
                "name": data["name"],
                "kind": kind,
                "lifetime": data["lifetime"],
                "lifetime_days": old.lifetime_days if old and same else cookie_db.days(data["lifetime"]),
                "purpose": data["purpose"],
                "texts": {language: text for language, text in texts.items() if text},
            }
        )
    return found
