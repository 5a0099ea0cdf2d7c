"""Who may log in: people invited by an owner; the demo account only in demo mode."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from cookiebanner.adapt import lower_headers
from cookiebanner.visitors.proxies import login_key

DEMO_EMAIL = "demo@example.org"


def refused(user: Any) -> bool:
    """True for the demo's account outside demo mode."""
    return user.email.lower() == DEMO_EMAIL and not settings.FAIRGATE_DEMO


class Adapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request):
        return False

    def get_client_ip(self, request):
        """What allauth counts as one client; `proxies` answers it for all of us."""
        return login_key(lower_headers(request), request.META.get("REMOTE_ADDR", ""))

    def pre_login(self, request, user, **kwargs):
        """Whatever the way in (password, passkey), the demo's account ends here."""
        if refused(user):
            return self.respond_user_inactive(request, user)
        return super().pre_login(request, user, **kwargs)


class Backend(AuthenticationBackend):
    """Login by e-mail address; `demo@example.org` is refused, and its sessions end, unless FAIRGATE_DEMO is set."""

    def user_can_authenticate(self, user) -> bool:
        return not refused(user) and super().user_can_authenticate(user)


@transaction.atomic
def add_person(email: str, password: str | None = None, *, operator: bool = False) -> Any:
    """A new account; without a password it logs in only after setting one. Raises ValueError for the demo address,
    ValidationError for a weak password."""
    email = email.strip().lower()
    if email == DEMO_EMAIL and not settings.FAIRGATE_DEMO:
        raise ValueError(f"{DEMO_EMAIL} is the demo's account; use an address of your own.")
    people = get_user_model()
    user = people(username=email[:150], email=email, is_superuser=operator, is_staff=operator)
    if password is None:
        user.set_unusable_password()
    else:
        validate_password(password, user)
        user.set_password(password)
    user.save()
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def invite(email: str) -> tuple[Any, str | None]:
    """The account of this address, made when there is none, and the path of its one-time link to set a password
    (None for somebody who has one)."""
    email = email.strip().lower()
    user = get_user_model().objects.filter(email__iexact=email).first() or add_person(email)
    return user, None if user.has_usable_password() else password_path(user)


def password_path(user: Any) -> str:
    """A path that sets the password once; it lapses after PASSWORD_RESET_TIMEOUT (three days)."""
    key = {"uidb64": urlsafe_base64_encode(force_bytes(user.pk)), "token": default_token_generator.make_token(user)}
    return reverse("set_password", kwargs=key)
