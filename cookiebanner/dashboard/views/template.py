"""This site as the template of others: first what would change in each, then, when somebody says so, changed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext, gettext_lazy, ngettext

from consent.publishing import template as templates
from consent.publishing.template import Outcome
from consent.sites.models import Site
from consent.sites.queries import role_of
from consent.sites.roles import May, can
from cookiebanner.staff.pages import actor, on_site, show, sites_with

MOST = 200  # sites at a time


def _parts() -> list[tuple[str, str]]:
    return [(part, gettext(words)) for part, words in templates.PARTS.items()]


class Choose(forms.Form):
    """What is taken over, and by whom."""

    parts = forms.MultipleChoiceField(label=gettext_lazy("What"), widget=forms.CheckboxSelectMultiple, choices=_parts)
    groups = forms.MultipleChoiceField(
        label=gettext_lazy("Groups"), required=False, widget=forms.CheckboxSelectMultiple
    )
    sites = forms.MultipleChoiceField(label=gettext_lazy("Sites"), required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, others: list[Site], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.others = others
        names = sorted({site.group for site in others if site.group})
        counts = {name: sum(site.group == name for site in others) for name in names}
        found = {
            "groups": [
                (
                    name,
                    ngettext("%(group)s (%(count)s site)", "%(group)s (%(count)s sites)", counts[name])
                    % {"group": name, "count": counts[name]},
                )
                for name in names
            ],
            "sites": [(str(site.uuid), site.name) for site in others],
        }
        for name, choices in found.items():
            field = self.fields[name]
            assert isinstance(field, forms.MultipleChoiceField)
            field.choices = choices
        if not names:
            del self.fields["groups"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors and not self.chosen():
            raise forms.ValidationError(gettext("Tick at least one site or group."))
        if not self.errors and len(self.chosen()) > MOST:
            raise forms.ValidationError(gettext("Tick %(most)s sites at most at a time.") % {"most": MOST})
        return data

    def chosen(self) -> list[Site]:
        """The sites that were ticked, one by one or by their group."""
        data = self.cleaned_data
        ids, groups = set(data.get("sites", ())), set(data.get("groups", ()))
        return [site for site in self.others if str(site.uuid) in ids or (site.group and site.group in groups)]


@on_site(May.EDIT)
def template(request: HttpRequest, site: Site) -> HttpResponse:
    """Shows what each site would get other than now; with `apply`, does what was shown."""
    others = list(sites_with(request.user, May.EDIT).exclude(pk=site.pk).order_by("group", "name"))
    form = Choose(others, request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return show(request, "dashboard/template.html", site, form=form, others=others)
    parts = form.cleaned_data["parts"]
    does = "apply" in request.POST
    outcomes = [_outcome(request, site, other, parts, does) for other in form.chosen()]
    changed = [one for one in outcomes if one.groups]
    return show(
        request,
        "dashboard/template.html",
        site,
        form=form,
        others=others,
        outcomes=outcomes,
        done=does,
        changed=changed,
        same=[one for one in outcomes if not one.groups and not one.problem],
        refusing=[one for one in outcomes if one.problem],
        asked=[("parts", part) for part in parts] + [("sites", str(one.site.uuid)) for one in changed],
    )


def _outcome(request: HttpRequest, source: Site, target: Site, parts: list[str], does: bool) -> Outcome:
    if "settings" in parts and not can(role_of(request.user, target), May.MANAGE):
        return Outcome(target, [], gettext("Only an owner changes its settings."))
    if not does:
        return templates.trial(source, target, parts, actor(request))
    return templates.apply(source, target, parts, actor(request), request.POST.get(f"digest-{target.uuid}", ""))
