"""Where Django keeps sessions (SESSION_ENGINE): in a table that says whose each is."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db

from consent.sites.models import Session


class SessionStore(db.SessionStore):
    # The name goes into the signature, so that sessions of the table before stay good.

    @classmethod
    def get_model_class(cls) -> Any:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        row: Any = super().create_model_instance(data)
        user = str(data.get(SESSION_KEY, ""))  # "" before a login
        row.user = int(user) if user.isdecimal() else None
        return row
