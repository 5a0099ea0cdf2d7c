"""Team, API tokens, and the audit trail."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth import get_user_model
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext

from consent.common import InvalidChange
from consent.sites import actions
from consent.sites.models import Membership, Site
from consent.sites.roles import May, name_of
from consent.trail import queries
from consent.trail.verbs import words_of
from cookiebanner.dashboard import forms
from cookiebanner.dashboard.trail_words import category_names, detail_words
from cookiebanner.staff import invitations, links, logins, mail
from cookiebanner.staff.pages import actor, on_site, show

User = get_user_model()


@on_site(May.MANAGE)
def team(request: HttpRequest, site: Site) -> HttpResponse:
    """Members, their roles, and who is invited. An invitation is mailed; nobody here sees its link."""
    form = forms.Invite(request.POST or None)
    missing = mail.missing()
    # Whoever runs the server can hand a link over by other ways: they can make one on its terminal, too.
    by_hand = request.user.is_superuser
    if request.method == "POST" and (by_hand or not missing) and form.is_valid():
        data = form.cleaned_data
        try:
            with transaction.atomic():
                invitation = actions.invite(site, data["email"], data["role"], actor(request), request.user)
                if not missing:
                    invitations.send_soon(invitation)
        except InvalidChange as error:
            form.add_error(None, str(error))
        else:
            if missing:
                text = gettext(
                    "%(email)s is invited. They are a member once they follow the link: show it, and hand it over."
                )
            else:
                text = gettext("%(email)s is invited. They are a member once they follow the link in the mail.")
            messages.success(request, text % {"email": invitation.email}, "good")
            return redirect("dashboard:team", uuid=site.uuid)
    return _team(request, site, form)


def _team(request: HttpRequest, site: Site, form: forms.Invite, **more: Any) -> HttpResponse:
    members = list(site.memberships.select_related("user").order_by("user__email"))
    where = logins.of_people(one.user for one in members)
    return show(
        request,
        "dashboard/team.html",
        site,
        form=form,
        missing=[] if request.user.is_superuser else mail.missing(),
        by_hand=request.user.is_superuser,
        folder=mail.folder(),
        roles=Membership.Role.choices,
        members=[(one, where[one.user_id]) for one in members],
        invited=site.invitations.filter(accepted_at=None, withdrawn_at=None).select_related("inviter"),
        **more,
    )


@on_site(May.MANAGE, "POST")
def invitation(request: HttpRequest, site: Site, invitation: int) -> HttpResponse:
    """Mails an invitation again, with a new link, or withdraws it; for whoever runs the server, shows a link to hand
    over: who has the link makes the account, so that the owner of a site alone must not have it."""
    row = get_object_or_404(site.invitations, pk=invitation)
    try:
        if "withdraw" in request.POST:
            actions.withdraw_invitation(row, actor(request))
            messages.success(
                request,
                gettext("The invitation of %(email)s is withdrawn; its link does nothing now.") % {"email": row.email},
                "good",
            )
        elif "link" in request.POST:
            if not request.user.is_superuser:
                return show(request, "refused.html", site, status=403)
            renewed, token = actions.renew_invitation(row, actor(request))
            made = {"email": renewed.email, "link": links.base(request) + invitations.path(token)}
            return _team(request, site, forms.Invite(), link=made)  # no row may hold it
        elif missing := mail.missing():
            messages.error(
                request,
                gettext("No mail can be sent: %(missing)s not set on this server.")
                % {"missing": gettext(" and ").join(missing)},
                "bad",
            )
        else:
            with transaction.atomic():
                invitations.send_soon(actions.resend_invitation(row, actor(request), request.user))
            messages.success(
                request,
                gettext("%(email)s gets another mail. The link of the last one ends.") % {"email": row.email},
                "good",
            )
    except InvalidChange as error:
        messages.error(request, str(error), "bad")
    return redirect("dashboard:team", uuid=site.uuid)


@on_site(May.MANAGE, "POST")
def member(request: HttpRequest, site: Site, user: int) -> HttpResponse:
    """Changes a member's role, or removes them."""
    person = get_object_or_404(User, pk=user, memberships__site=site)
    try:
        if "remove" in request.POST:
            actions.remove_member(site, person, actor(request))
            messages.success(request, gettext("%(email)s is no longer a member.") % {"email": person.email}, "good")
        else:
            actions.set_role(site, person, request.POST.get("role", ""), actor(request))
            messages.success(
                request,
                gettext("%(email)s is now %(role)s.") % {"email": person.email, "role": name_of(request.POST["role"])},
                "good",
            )
    except InvalidChange as error:
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
            _, made = actions.create_token(
                site, data["name"], data["scopes"], actor(request), expires, made_by=request.user
            )
        except InvalidChange as error:
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
    person = request.GET.get("actor", "")
    events = site.audit_events.filter(actor=person) if person else site.audit_events.all()
    page = queries.page(events, _line(request, "before"), _line(request, "after"))
    # How many lines one person has is not counted: it costs more the more there are.
    number, pages = (0, 0) if person else queries.place(site, page.rows)
    names = category_names(site)
    rows = [(event, gettext(words_of(event.verb)), detail_words(event.detail, names)) for event in page.rows]
    found = queries.actors(site)
    actors = found[: queries.MOST_ACTORS]
    if person and person not in actors:
        actors.append(person)
    return show(
        request, "dashboard/trail.html", site, page=page, number=number, num_pages=pages, rows=rows, person=person,
        actors=actors, listed=len(found) <= queries.MOST_ACTORS, most=queries.MOST_ACTORS,
    )  # fmt: skip


def _line(request: HttpRequest, name: str) -> int | None:
    """The id of a line that the address names."""
    text = request.GET.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 19 else None
