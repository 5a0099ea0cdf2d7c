"""What is open on a site, and how each person, and the webhook, is told of what."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext

from consent.jurisdictions import notices as law
from consent.notices import actions
from consent.notices.kinds import CHANNELS, KINDS, WEBHOOK
from consent.sites.models import Site
from consent.sites.roles import May, can
from cookiebanner.staff import mail
from cookiebanner.staff.pages import PageRequest, actor, on_site, show


@on_site(May.VIEW)
def notices(request: PageRequest, site: Site) -> HttpResponse:
    """Open notices; a person's own choices, and an owner's for the webhook."""
    manages = can(request.role, May.MANAGE)
    hears = bool(site.webhook_url) and manages
    if request.method == "POST":
        _choose(request, site, hears)
        messages.success(request, gettext("Saved: this is what you are told of."), "good")
        return redirect("dashboard:notices", uuid=site.uuid)
    channels = [*CHANNELS] + [WEBHOOK] * hears
    on = {channel: actions.wanted(site, None if channel == WEBHOOK else request.user, channel) for channel in channels}
    names = {channel: gettext(words) for channel, words in CHANNELS.items()} | {WEBHOOK: gettext("To the webhook")}
    rows = [
        (gettext(kind.title), [(f"{channel}-{key}", names[channel], key in on[channel], _offered(key, channel))
                      for channel in channels])
        for key, kind in KINDS.items()
    ]  # fmt: skip
    return show(
        request,
        "dashboard/notices.html",
        site,
        open=with_words(site, request),
        rows=rows,
        channels=[names[channel] for channel in channels],
        no_mail=mail.missing(),
        law=law.subscription_of(request.user),
        told=request.role in actions.TOLD,
    )


def _offered(kind: str, channel: str) -> bool:
    """A scan tells what it finds by mail and on the overview."""
    return channel != WEBHOOK or not KINDS[kind].by_scan


def with_words(site: Site, request: HttpRequest) -> list[tuple[str, str, bool, str]]:
    """(title, text, grave, page) of what is open and shown to the person."""
    found = []
    for row in actions.open_for(site, request.user):
        if kind := KINDS.get(row.kind):
            found.append((gettext(kind.title), actions.text_of(row), kind.grave, f"dashboard:{kind.page}"))
    return found


def _choose(request: HttpRequest, site: Site, hears: bool) -> None:
    for channel in CHANNELS:
        actions.choose(site, request.user, channel, _ticked(request, channel))
    if hears:
        actions.choose_for_webhook(site, actor(request), _ticked(request, WEBHOOK))


def _ticked(request: HttpRequest, channel: str) -> list[str]:
    return [key for key in KINDS if f"{channel}-{key}" in request.POST and _offered(key, channel)]
