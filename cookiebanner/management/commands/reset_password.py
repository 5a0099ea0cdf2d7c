"""`manage.py reset_password`: a forgotten password where mail does not work. The link is printed."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from consent.trail.actions import audit
from cookiebanner.management.common import ACTOR
from cookiebanner.staff import accounts, links


class Command(BaseCommand):
    help = "Prints a link that sets a person's password, once, within three days."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *arguments: Any, **options: Any) -> None:
        user = accounts.account_of(options["email"].strip())
        if user is None or not user.is_active or accounts.refused(user):
            raise CommandError(f"{options['email']} has no account that may log in.")
        audit(None, ACTOR, "person.reset_password", user=user.email)
        self.stdout.write(links.printed(accounts.password_path(user)))
