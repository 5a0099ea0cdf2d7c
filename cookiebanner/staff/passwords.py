"""A forgotten password: the page asks for an address, and a job does the rest after the answer.

The page does the same work for every address and looks nobody up, so that neither its text nor its time tells who has
an account.
"""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import ResetPasswordForm, default_token_generator
from allauth.account.internal.flows.login import perform_login
from allauth.account.models import Login
from allauth.account.utils import user_pk_to_url_str
from allauth.account.views import PasswordResetView
from django.contrib.auth.views import PasswordResetConfirmView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext

from consent.jobs.actions import enqueue
from cookiebanner.staff import accounts, languages, links, mail

JOB = "mail.password_reset"


class ResetForm(ResetPasswordForm):
    """Asks for the address and queues the mail."""

    def clean_email(self) -> str:
        """The address in lower case, whoever has it."""
        return str(get_adapter().clean_email(self.cleaned_data["email"].lower()))

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        """The same single row for every address; an equal one that waits is enough."""
        email = str(self.cleaned_data["email"])
        enqueue(JOB, params={"email": email}, once=True)
        return email


class ResetView(PasswordResetView):
    """allauth's page, as long as this server can mail a link; else a page that says who can help, and how."""

    form_class = ResetForm

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if missing := mail.missing():
            return render(request, "account/password_reset_without_mail.html", {"missing": missing})
        return super().dispatch(request, *args, **kwargs)

    def get_form_class(self) -> type[ResetForm]:
        return ResetForm


class SetPasswordView(PasswordResetConfirmView):
    """A first or a new password by a link that works once, and the login that the button promises.

    allauth's way in decides: a second factor is asked for, and the demo's account ends here.
    """

    template_name = "account/set_password.html"

    def form_valid(self, form: Any) -> HttpResponse:
        super().form_valid(form)
        login = Login(user=form.user, email_verification="none", redirect_url="/dashboard/")
        response: HttpResponse = perform_login(self.request, login)
        return response

    def get_success_url(self) -> str:
        return "/accounts/login/"


def send_now(email: str) -> bool:
    """Mails a link to whoever has this address; False when nobody does. Raises OSError or NoAddress."""
    user = accounts.account_of(email)
    if user is None or not user.is_active or accounts.refused(user):
        return False
    keys = {"uidb36": user_pk_to_url_str(user), "key": default_token_generator.make_token(user)}
    link = links.absolute(reverse("account_reset_password_from_key", kwargs=keys))
    with languages.in_language_of(user):
        first = gettext(
            "Somebody, you perhaps, asked for a new password for %(email)s on Fairgate. This link sets it, once:"
        )
        last = gettext("If it was not you, do nothing: the password stays as it is.")
        text = "\n\n".join([first % {"email": email}, link, last]) + "\n"
        mail.send(gettext("A new password for Fairgate"), text, email)
    return True
