"""Settings of a site, and its kill switch."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext

from consent.answers import feeds, optouts
from consent.common import InvalidChange
from consent.sites import actions
from consent.sites.models import Site
from consent.sites.roles import May
from cookiebanner.dashboard import forms
from cookiebanner.staff.pages import actor, on_site, show


@on_site(May.MANAGE)
def settings(request: HttpRequest, site: Site) -> HttpResponse:
    """One form for all settings; visitors get them with the next release."""
    hosts = sorted(site.hosts.values_list("name", flat=True))
    # A fresh object: an invalid form writes into its instance, which the page around it shows.
    form = forms.Settings(
        request.POST if request.method == "POST" else None,
        instance=Site.objects.get(pk=site.pk),
        initial={"hosts": hosts},
    )
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        data.pop("first_language")
        try:
            with transaction.atomic():
                actions.set_hosts(site, data.pop("hosts"), actor(request))
                actions.change_settings(site, actor(request), **data)
        except InvalidChange as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request, gettext("The settings are saved. Visitors get them with the next release."), "good"
            )
            return redirect("dashboard:settings", uuid=site.uuid)
    return show(request, "dashboard/settings.html", site, form=form)


@on_site(May.MANAGE)
def webhook(request: HttpRequest, site: Site) -> HttpResponse:
    """What is told, how deliveries fare, and the secret that signs them: shown once, or a new one."""
    made = error = None
    form = forms.Listen(request.POST if request.POST.get("what") == "listen" else None)
    if request.method == "POST":
        try:
            made = _webhook_change(request, site, form)
        except InvalidChange as refused:
            error = str(refused)
    context: dict[str, Any] = {"made": made, "error": error, "now": timezone.now(), "waiting": optouts.waiting(site)}
    if site.webhook_url:
        context["hook"] = hook = actions.webhook_of(site)
        given = {"events": hook.events, "batch": hook.batch}
        context["form"] = form if form.errors else forms.Listen(initial=given)
        context["deliveries"] = Paginator(site.webhook_deliveries.all(), 20).get_page(request.GET.get("page"))
    return show(request, "dashboard/webhook.html", site, **context)


def _webhook_change(request: HttpRequest, site: Site, form: forms.Listen) -> str | None:
    """Does what a button of the page asks for; a secret that is to be shown. Raises InvalidChange."""
    what = request.POST.get("what")
    if what == "listen":
        if form.is_valid():
            feeds.listen(site, actor(request), **form.cleaned_data)
            messages.success(request, gettext("The webhook is told what you chose, from now on."), "good")
    elif what == "again":
        wanted = request.POST.get("delivery", "")
        row = get_object_or_404(site.webhook_deliveries, pk=int(wanted) if wanted.isdecimal() else 0)
        feeds.send_again(row, actor(request))
        messages.success(request, gettext("It is sent again in a moment."), "good")
    elif what == "change":
        return actions.rotate_webhook_secret(site, actor(request))
    else:
        return actions.reveal_webhook_secret(site, actor(request))
    return None


@on_site(May.KILL)
def kill(request: HttpRequest, site: Site) -> HttpResponse:
    """Makes the gate inert within a minute, with a reason."""
    form = forms.Kill(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.kill_site(site, actor(request), form.cleaned_data["reason"])
        except InvalidChange as error:
            form.add_error(None, str(error))
        else:
            return redirect("dashboard:overview", uuid=site.uuid)
    return show(request, "dashboard/kill.html", site, form=form)


@on_site(May.KILL, "POST")
def revive(request: HttpRequest, site: Site) -> HttpResponse:
    """Takes the kill switch back."""
    try:
        actions.revive_site(site, actor(request))
    except InvalidChange as error:
        messages.error(request, str(error), "bad")
    else:
        messages.success(request, gettext("The gate works again, within a minute."), "good")
    return redirect("dashboard:overview", uuid=site.uuid)
