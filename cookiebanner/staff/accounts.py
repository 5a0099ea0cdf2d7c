"""Who may log in: people invited by an owner; the demo account only in demo mode."""

from __future__ import annotations

import logging
import secrets
from typing import Any
from urllib.parse import quote

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django.utils.translation import gettext

from consent.sites.names import one_line
from cookiebanner.staff import links
from cookiebanner.visitors.django import lower_headers
from cookiebanner.visitors.proxies import login_key

DEMO_EMAIL = "demo@example.org"


def refused(user: Any) -> bool:
    """True for the demo's account outside demo mode."""
    return user.email.lower() == DEMO_EMAIL and not settings.FAIRGATE_DEMO


class Adapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """What allauth counts as one client; `proxies` answers it for all of us."""
        return login_key(lower_headers(request), request.META.get("REMOTE_ADDR", ""))

    def pre_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse | None:
        """Whatever the way in (password, passkey), the demo's account ends here."""
        if refused(user):
            return self.respond_user_inactive(request, user)
        return super().pre_login(request, user, **kwargs)

    def format_email_subject(self, subject: str) -> str:
        """Without allauth's prefix, which is the Host of the request."""
        return one_line(str(subject))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Mails of allauth's pages (a new address to confirm). Their links and words come from FAIRGATE_URL, and a mail
        that can't go out is a message on the page."""
        here = {"name": "Fairgate", "domain": settings.FAIRGATE_URL}
        try:
            links.absolute("")
            self.render_mail(template_prefix, email, {"email": email, **context, "current_site": here}).send()
        except (OSError, links.NoAddress) as error:
            if self.request:
                text = gettext("No mail could be sent to %(email)s. Ask whoever runs this server.") % {"email": email}
                messages.warning(self.request, text, "warn")
            logging.getLogger("fairgate.mail").warning("A mail could not be sent: %s", error)

    def _get_login_attempts_cache_key(self, request: Any, **credentials: Any) -> str:
        """By the address alone. allauth adds the Host of the request, and another Host would be another try."""
        return str(credentials.get("email") or credentials.get("username") or "").lower()

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Raises NoAddress."""
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return links.absolute(path.replace("UID-KEY", quote(key)))

    def get_email_confirmation_url(self, request: Any, emailconfirmation: Any) -> str:
        """The link that proves an address; "" when FAIRGATE_URL is missing, where `send_mail` sends nothing."""
        path = reverse("account_confirm_email", args=[emailconfirmation.key])
        return links.absolute(path) if settings.FAIRGATE_URL else ""

    def send_account_already_exists_mail(self, email: str) -> None:
        """Nobody signs up here, so nobody is told."""


class Backend(AuthenticationBackend):
    """Login by e-mail address; `demo@example.org` is refused, and its sessions end, unless FAIRGATE_DEMO is set."""

    def get_user(self, user_id: Any) -> Any | None:
        """With the language of the account, which every page needs."""
        found = get_user_model().objects.select_related("account_language").filter(pk=user_id).first()
        return found if found and self.user_can_authenticate(found) else None

    def user_can_authenticate(self, user: Any) -> bool:
        return not refused(user) and super().user_can_authenticate(user)


@transaction.atomic
def add_person(email: str, password: str | None = None, *, name: str = "", operator: bool = False) -> Any:
    """A new account; without a password it logs in only after setting one. Raises ValueError for the demo address,
    ValidationError for a weak password, IntegrityError when the address has an account."""
    email = email.strip().lower()
    if email == DEMO_EMAIL and not settings.FAIRGATE_DEMO:
        raise ValueError(f"{DEMO_EMAIL} is the demo's account; use an address of your own.")
    people = get_user_model()
    # A login goes by the address. The user's name only must be another one: a person who changed the address keeps it.
    username = email[:150]
    if people.objects.filter(username=username).exists():
        username = f"{email[:117]}-{secrets.token_hex(16)}"
    user = people(username=username, email=email, first_name=name, is_superuser=operator, is_staff=operator)
    if password is None:
        user.set_unusable_password()
    else:
        validate_password(password, user)
        user.set_password(password)
    user.save()
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def account_of(email: str) -> Any | None:
    """The account that this address is proved to be of, if any. What somebody only typed in proves nothing.

    Accounts that a command made have their address in the user's row alone.
    """
    proved = EmailAddress.objects.select_related("user").filter(email__iexact=email, verified=True).first()
    if proved:
        return proved.user
    user = get_user_model().objects.filter(email__iexact=email).order_by("pk").first()
    return user if user and email.lower() in addresses_of(user) else None


def addresses_of(user: Any) -> set[str]:
    """The addresses that are proved to be a person's, in lower case."""
    rows = EmailAddress.objects.filter(user=user)
    return {row.email.lower() for row in rows if row.verified} or {user.email.lower()}


def password_path(user: Any) -> str:
    """A path that sets the password once; it lapses after PASSWORD_RESET_TIMEOUT (three days)."""
    key = {"uidb64": urlsafe_base64_encode(force_bytes(user.pk)), "token": default_token_generator.make_token(user)}
    return reverse("set_password", kwargs=key)
