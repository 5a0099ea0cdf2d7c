"""The one place that mails people, and says in words when this server can't."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from consent.requests.actions import may_write
from consent.sites.models import Site
from consent.sites.names import one_line

BACKEND = "cookiebanner.staff.mail.NotSetUp"
LONGEST_SUBJECT = 150  # characters


class MailNotSetUp(OSError):
    """There is no mail server to send with."""

    def __init__(self) -> None:
        super().__init__("Mail is not set up: EMAIL_HOST is empty.")


class NotSetUp(BaseEmailBackend):
    """Without EMAIL_HOST nothing is sent, and nothing is written to a log either: mails hold live links."""

    def send_messages(self, email_messages: Sequence[Any]) -> int:
        """Raises MailNotSetUp."""
        raise MailNotSetUp


def missing() -> list[str]:
    """The settings without which no link can be mailed; [] when mail works, as far as settings can tell."""
    return [
        name
        for name, absent in (
            ("EMAIL_HOST", settings.EMAIL_BACKEND == BACKEND),
            ("FAIRGATE_URL", not settings.FAIRGATE_URL),
        )
        if absent
    ]


def folder() -> str:
    """Where the demo puts mails instead of sending them; "" anywhere else."""
    kept = settings.EMAIL_BACKEND == "django.core.mail.backends.filebased.EmailBackend"
    return str(settings.EMAIL_FILE_PATH) if kept else ""


def send(subject: str, text: str, to: str, headers: Mapping[str, str] | None = None) -> None:
    """Sends a plain mail now; `subject` may hold what people typed. Raises OSError when it can't be sent."""
    automatic = {"Auto-Submitted": "auto-generated", **(headers or {})}
    EmailMessage(one_line(subject)[:LONGEST_SUBJECT].strip(), text, to=[to], headers=automatic).send()


def send_to_person(site: Site, subject: str, text: str, to: str, *, asked_at: datetime | None = None) -> bool:
    """Mails somebody who has no account here; False, and nothing is sent, where the site must not write to the address.
    `asked_at`: it answers what they asked then. Every mail to such people goes through here. Raises OSError."""
    if not may_write(site, to, asked_at):
        return False
    send(subject, text, to)
    return True
