"""`manage.py setup`: a real installation's tables, secrets, signing key and first owner. Safe to run again."""

from __future__ import annotations

import getpass
import sys
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email

from consent.ledger import signing
from cookiebanner import data, env
from cookiebanner.staff import accounts


class Command(BaseCommand):
    help = "Makes the tables, SECRET_KEY, the signing key and the first owner."
    # The check that refuses demo credentials reads tables, which may not be there yet; handle() runs it after migrate.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", help="the first owner's address (or FAIRGATE_OWNER_EMAIL)")
        parser.add_argument("--password", help="at least 12 characters (or FAIRGATE_OWNER_PASSWORD[_FILE]); else asked")

    def handle(self, *args: Any, email: str | None, password: str | None, **options: Any) -> None:
        if settings.FAIRGATE_DEMO:
            raise CommandError("FAIRGATE_DEMO is set: this is a demo. Unset it to make a real installation.")
        data.make_private()
        call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
        self.stdout.write("The tables are there.")
        people = get_user_model().objects
        if people.filter(email=accounts.DEMO_EMAIL, is_active=True).exists():
            raise CommandError("The demo account is in this database. Use another FAIRGATE_DATA or DATABASE_URL.")
        self.stdout.write(
            f"SECRET_KEY is {'given' if env.text('SECRET_KEY') else f'in {settings.FAIRGATE_DATA}/secret_key'}."
        )
        signing.private_key()
        where = "given" if settings.FAIRGATE_SIGNING_KEY else f"in {signing.key_path()}"
        self.stdout.write(f"The signing key of the ledgers is {where}. Back it up.")
        email = email or env.text("FAIRGATE_OWNER_EMAIL")
        if not email and people.filter(is_superuser=True, is_active=True).exists():
            self.stdout.write("There is an owner already.")
            return
        self._owner(email, password or env.text("FAIRGATE_OWNER_PASSWORD"))

    def _owner(self, email: str | None, password: str | None) -> None:
        if not email:
            if not sys.stdin.isatty():
                raise CommandError("Give the first owner: --email (or FAIRGATE_OWNER_EMAIL), and a password.")
            email = input("E-mail address of the first owner: ").strip()
        try:
            validate_email(email)
        except ValidationError as error:
            raise CommandError(f"{email!r} is not an e-mail address.") from error
        if get_user_model().objects.filter(email__iexact=email).exists():
            self.stdout.write(f"{email} has an account already; its password stays.")
            return
        if not password:
            if not sys.stdin.isatty():
                raise CommandError("Give a password: --password or FAIRGATE_OWNER_PASSWORD.")
            password = getpass.getpass("Password (12 characters or more): ")
            if getpass.getpass("Again: ") != password:
                raise CommandError("The two passwords differ.")
        try:
            accounts.add_person(email, password, operator=True)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except ValueError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{email} is the first owner. Log in at {settings.FAIRGATE_URL or ''}/dashboard/")
