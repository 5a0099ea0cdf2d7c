"""`manage.py invite`: invites somebody where mail does not work, or there is no owner yet. The link is printed."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from consent.common import InvalidChange
from consent.sites.actions import invite, renew_invitation
from consent.sites.models import Membership
from cookiebanner.management.common import ACTOR, site_or_error
from cookiebanner.staff import invitations, links


class Command(BaseCommand):
    help = "Invites an address to a site and prints the link. Whoever has it becomes a member: pass it on with care."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--site", required=True, help="the site's id (UUID)")
        parser.add_argument("--email", required=True)
        parser.add_argument("--role", required=True, choices=Membership.Role.values)

    def handle(self, *arguments: Any, **options: Any) -> None:
        site = site_or_error(options["site"])
        try:
            with transaction.atomic():
                invitation, token = renew_invitation(invite(site, options["email"], options["role"], ACTOR))
        except InvalidChange as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{invitation.email} is invited to be {invitation.role} of {site.name}.")
        self.stdout.write("The link works once, for seven days:")
        self.stdout.write(links.printed(invitations.path(token)))
