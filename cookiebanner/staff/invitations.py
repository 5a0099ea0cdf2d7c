"""Invitations: the mail, the page that its link opens, and who the invited person is."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import get_user_model, login
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods

from consent.common import InvalidChange
from consent.jobs.actions import enqueue
from consent.sites import actions, roles
from consent.sites.models import Invitation, Membership
from consent.sites.names import validate_one_line
from consent.sites.queries import invitation_of
from cookiebanner.staff import accounts, languages, links, mail
from cookiebanner.staff.pages import home_of, show

JOB = "mail.invitation"


def send_soon(invitation: Invitation) -> None:
    """Queues the mail. Call it in the transaction that made or readied the invitation."""
    enqueue(JOB, site=invitation.site, params={"invitation": invitation.pk}, once=True)


def send_now(invitation: Invitation) -> None:
    """Mails a new link. Raises InvalidChange when the invitation is over, OSError or NoAddress when no mail can go
    out."""
    links.absolute("")  # before the old link ends
    invitation, token = actions.renew_invitation(invitation)
    site, inviter = invitation.site, invitation.inviter
    with languages.in_language_of(accounts.account_of(invitation.email)):
        if inviter:
            first = gettext(
                "%(inviter)s invites you to be %(role)s of %(site)s on Fairgate, which keeps the consent of the site's "
                "visitors."
            )
        else:
            first = gettext(
                "You are invited to be %(role)s of %(site)s on Fairgate, which keeps the consent of the site's "
                "visitors."
            )
        role = roles.name_of(invitation.role)
        who = {"inviter": inviter.email if inviter else "", "role": role, "site": site.name}
        last = gettext(
            "The link is for %(email)s, works once and for seven days. It makes your account, or asks you to log in if "
            "you have one.\nIf you expected no invitation, do nothing: without the link nothing happens."
        )
        text = "\n\n".join([first % who, links.absolute(path(token)), last % {"email": invitation.email}]) + "\n"
        mail.send(gettext("Invitation to %(site)s on Fairgate") % {"site": site.name}, text, invitation.email)
    actions.invitation_sent(invitation)


def path(token: str) -> str:
    """The path of the page that accepts."""
    return reverse("invitation", kwargs={"token": token})


class Join(forms.Form):
    name = forms.CharField(
        max_length=150,
        label=gettext_lazy("Your name"),
        help_text=gettext_lazy("For the people you work with."),
        validators=[validate_one_line],
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("12 characters or more."),
    )
    again = forms.CharField(
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}), label=gettext_lazy("The password again")
    )

    def __init__(self, email: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        password = data.get("password")
        if password and data.get("again") and password != data["again"]:
            self.add_error("again", gettext("The two passwords differ."))
        if password:
            try:
                validate_password(password, get_user_model()(username=self.email, email=self.email))
            except ValidationError as error:
                self.add_error("password", error)
        return data


@require_http_methods(["GET", "POST"])
@cache_control(private=True, no_store=True)
def accept(request: HttpRequest, token: str) -> HttpResponse:
    """Takes an invitation up. The token proves the mailbox; who has an account proves that, too, by logging in."""
    invitation = invitation_of(token)
    if invitation is None:
        return show(request, "staff/invitation_over.html", status=404)
    person = accounts.account_of(invitation.email)
    form = Join(invitation.email, request.POST or None) if person is None else None
    if request.method == "POST":
        if form is not None:
            if not request.user.is_authenticated and form.is_valid():
                return _join(request, invitation, token, form)
        elif request.user == person:
            return _accept(request, token, request.user)
    context: dict[str, Any] = {"invitation": invitation, "invited_to": invitation.site, "form": form, "person": person}
    return show(request, "staff/invitation.html", here_again=path(token), **context)


def _join(request: HttpRequest, invitation: Invitation, token: str, form: Join) -> HttpResponse:
    """A new account, and its membership, or neither."""
    try:
        with transaction.atomic():
            user = accounts.add_person(invitation.email, form.cleaned_data["password"], name=form.cleaned_data["name"])
            member = actions.accept_invitation(token, user, [invitation.email])
    except IntegrityError:  # an account for this address was made meanwhile
        return redirect("invitation", token=token)
    except InvalidChange:
        return show(request, "staff/invitation_over.html", status=404)
    login(request, user, backend="cookiebanner.staff.accounts.Backend")
    return _welcome(member)


def _accept(request: HttpRequest, token: str, user: Any) -> HttpResponse:
    try:
        member = actions.accept_invitation(token, user, accounts.addresses_of(user))
    except InvalidChange:
        return show(request, "staff/invitation_over.html", status=404)
    return _welcome(member)


def _welcome(member: Membership) -> HttpResponse:
    return redirect(home_of(member.role), uuid=member.site.uuid)
