"""Team, API tokens, and the audit trail."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone

from consent.common import Refused
from consent.sites import actions
from consent.sites.models import Membership, Site
from consent.sites.roles import May
from cookiebanner.dashboard import forms
from cookiebanner.staff import invitations, mail
from cookiebanner.staff.pages import actor, on_site, show

User = get_user_model()


@on_site(May.MANAGE)
def team(request: HttpRequest, site: Site) -> HttpResponse:
    """Members, their roles, and who is invited. An invitation is mailed; nobody here sees its link."""
    form = forms.Invite(request.POST or None)
    missing = mail.missing()
    if request.method == "POST" and not missing and form.is_valid():
        data = form.cleaned_data
        try:
            with transaction.atomic():
                invitation = actions.invite(site, data["email"], data["role"], actor(request), request.user)
                invitations.send_soon(invitation)
        except Refused as error:
            form.add_error(None, str(error))
        else:
            text = f"{invitation.email} is invited. They are a member once they follow the link in the mail."
            messages.success(request, text, "good")
            return redirect("dashboard:team", uuid=site.uuid)
    return show(
        request,
        "dashboard/team.html",
        site,
        form=form,
        missing=missing,
        folder=mail.folder(),
        roles=Membership.Role.choices,
        members=site.memberships.select_related("user").order_by("user__email"),
        invited=site.invitations.filter(accepted_at=None, withdrawn_at=None).select_related("inviter"),
    )


@on_site(May.MANAGE, "POST")
def invitation(request: HttpRequest, site: Site, invitation: int) -> HttpResponse:
    """Mails an invitation again, with a new link, or withdraws it."""
    row = get_object_or_404(site.invitations, pk=invitation)
    try:
        if "withdraw" in request.POST:
            actions.withdraw_invitation(row, actor(request))
            messages.success(request, f"The invitation of {row.email} is withdrawn; its link does nothing now.", "good")
        elif missing := mail.missing():
            messages.error(request, f"No mail can be sent: {' and '.join(missing)} not set on this server.", "bad")
        else:
            with transaction.atomic():
                invitations.send_soon(actions.resend_invitation(row, actor(request), request.user))
            messages.success(request, f"{row.email} gets another mail. The link of the last one ends.", "good")
    except Refused as error:
        messages.error(request, str(error), "bad")
    return redirect("dashboard:team", uuid=site.uuid)


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
    "invitation.create": "invited somebody",
    "invitation.resend": "sent an invitation again",
    "invitation.withdraw": "withdrew an invitation",
    "invitation.accept": "accepted an invitation",
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
    "export.request": "asked for an export",
    "export.cancel": "cancelled an export",
    "export.download": "downloaded an export",
    "page.adopt": "took over a page with OneTrust",
    "person.reset_password": "made a link for a new password",
    "erasure.erase": "erased records",
    "erasure.refuse": "refused an erasure",
    "ledger.repair_clock": "put the ledger's clock right",
    "ledger.restart": "let a ledger go on that was behind its checkpoint",
    "ledger.rotate_key": "replaced the signing key",
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
