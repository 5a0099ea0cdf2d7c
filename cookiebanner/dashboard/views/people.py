"""Team, API tokens, and the audit trail."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.core.mail import send_mail
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone

from consent.sites import actions
from consent.sites.actions import Refused
from consent.sites.models import Membership, Site
from consent.sites.roles import May
from cookiebanner import accounts
from cookiebanner.dashboard import forms
from cookiebanner.pages import actor, on_site, show

User = get_user_model()


@on_site(May.MANAGE)
def team(request: HttpRequest, site: Site) -> HttpResponse:
    """Members and their roles; invites by e-mail."""
    form = forms.Invite(request.POST or None)
    link = None
    if request.method == "POST" and form.is_valid():
        user, link = accounts.invite(form.cleaned_data["email"])
        try:
            actions.set_role(site, user, form.cleaned_data["role"], actor(request))
        except Refused as error:
            form.add_error(None, str(error))
        else:
            link = link and request.build_absolute_uri(link)
            _tell(request, site, user.email, form.cleaned_data["role"], link)
            form = forms.Invite()
    return show(
        request,
        "dashboard/team.html",
        site,
        form=form,
        link=link,
        roles=Membership.Role.choices,
        members=site.memberships.select_related("user").order_by("user__email"),
    )


def _tell(request: HttpRequest, site: Site, email: str, role: str, link: str | None) -> None:
    """Mails the invitation; where mail does not work the page shows the link to pass on."""
    address = link or request.build_absolute_uri(reverse("dashboard:overview", kwargs={"uuid": site.uuid}))
    text = f"You are now {role} of {site.name} on Fairgate.\n\n{address}\n"
    if link:
        text += "\nThe link sets your password. It works once, for three days.\n"
    try:
        send_mail(f"{site.name} on Fairgate", text, settings.DEFAULT_FROM_EMAIL, [email])
    except OSError:
        messages.warning(request, f"The mail to {email} could not be sent.", "warn")
    else:
        messages.success(request, f"{email} is {role} of this site.", "good")


@on_site(May.MANAGE, "POST")
def member(request: HttpRequest, site: Site, user: int) -> HttpResponse:
    """Changes a member's role, or removes them."""
    person = get_object_or_404(User, pk=user, memberships__site=site)
    try:
        if "remove" in request.POST:
            actions.remove_member(site, person, actor(request))
            messages.success(request, f"{person.email} is no longer a member.", "good")
        else:
            actions.set_role(site, person, request.POST.get("role", ""), actor(request))
            messages.success(request, f"{person.email} is now {request.POST['role']}.", "good")
    except Refused as error:
        messages.error(request, str(error), "bad")
    return redirect("dashboard:team", uuid=site.uuid)


@on_site(May.MANAGE)
def tokens(request: HttpRequest, site: Site) -> HttpResponse:
    """API tokens; a new one's text is shown once."""
    form = forms.Token(request.POST or None)
    made = None
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        expires = timezone.now() + timedelta(days=data["days"]) if data["days"] else None
        try:
            _, made = actions.create_token(site, data["name"], data["scopes"], actor(request), expires)
        except Refused as error:
            form.add_error(None, str(error))
        else:
            form = forms.Token()
    rows = site.tokens.order_by("-created_at")
    return show(request, "dashboard/tokens.html", site, form=form, made=made, rows=rows, now=timezone.now())


@on_site(May.MANAGE, "POST")
def revoke(request: HttpRequest, site: Site, token: int) -> HttpResponse:
    """Ends a token at once."""
    actions.revoke_token(get_object_or_404(site.tokens, pk=token), actor(request))
    return redirect("dashboard:tokens", uuid=site.uuid)


@on_site(May.VIEW, "GET")
def trail(request: HttpRequest, site: Site) -> HttpResponse:
    """Who changed what, newest first."""
    events = site.audit_events.all()
    if person := request.GET.get("actor"):
        events = events.filter(actor=person)
    page = Paginator(events, 50).get_page(request.GET.get("page"))
    rows = [(event, WORDS.get(event.verb, event.verb), detail_words(event.detail)) for event in page]
    actors = site.audit_events.order_by("actor").values_list("actor", flat=True).distinct()
    return show(request, "dashboard/trail.html", site, page=page, rows=rows, actors=actors, person=person)


WORDS = {
    "site.create": "made the site",
    "site.settings": "changed settings",
    "site.hosts": "changed the hosts",
    "site.kill": "switched the gate off",
    "site.revive": "switched the gate on again",
    "member.role": "gave a role",
    "member.remove": "removed a member",
    "webhook.secret_shown": "was shown the webhook's secret",
    "webhook.secret_changed": "made a new secret for the webhook",
    "webhook.paused": "paused the webhook after failures",
    "webhook.resumed": "found the webhook working again",
    "webhook.dropped": "gave up opt-outs for the webhook",
    "token.create": "made an API token",
    "token.revoke": "revoked an API token",
    "service.add": "added a service",
    "service.update": "changed a service",
    "service.delete": "deleted a service",
    "service.override": "set an override",
    "category.add": "added a category",
    "category.update": "changed a category",
    "category.delete": "deleted a category",
    "purpose.add": "added a purpose",
    "purpose.update": "changed a purpose",
    "purpose.delete": "deleted a purpose",
    "edit_banner": "changed the banner",
    "edit_texts": "changed banner texts",
    "release.publish": "published a release",
    "release.rollback": "rolled back",
    "lint.waive": "signed off a rule",
    "lint.revoke": "took a sign-off back",
    "jurisdiction.overridden": "corrected a place",
    "jurisdiction.override_removed": "took the correction of a place back",
    "export": "made an export",
    "record.erase": "erased records",
    "report.dismiss": "dismissed a report",
}


def detail_words(detail: dict[str, Any]) -> list[tuple[str, str]]:
    """The detail of an event as pairs a person reads; long values are cut."""
    pairs = []
    for key, value in detail.items():
        if key == "changed" and isinstance(value, dict):
            for field, change in value.items():
                pairs.append(
                    (field, " → ".join(_short(v) for v in change) if isinstance(change, list) else _short(change))
                )
        elif value not in ("", None, [], {}):
            pairs.append((key, _short(value)))
    return pairs


def _short(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and all(isinstance(v, str) for v in value):
        text = ", ".join(value) or "nothing"
    else:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = text or "nothing"
    return text if len(text) <= 160 else text[:157] + "…"
