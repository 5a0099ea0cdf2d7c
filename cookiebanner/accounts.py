"""Who may log in: people invited by an owner; the demo account only in demo mode."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from django.conf import settings

DEMO_EMAIL = "demo@example.org"


class Adapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request):
        return False


class Backend(AuthenticationBackend):
    """Login by e-mail address; `demo@example.org` is refused unless FAIRGATE_DEMO is set."""

    def user_can_authenticate(self, user) -> bool:
        if user.email.lower() == DEMO_EMAIL and not settings.FAIRGATE_DEMO:
            return False
        return super().user_can_authenticate(user)
