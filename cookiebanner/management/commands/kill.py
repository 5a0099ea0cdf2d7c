from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from consent.common import InvalidChange
from consent.sites.actions import kill_site, revive_site
from cookiebanner.management.common import ACTOR, site_or_error


class Command(BaseCommand):
    help = "Makes a site's gate inert within a minute, or revives it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--site", required=True, help="the site's id (UUID)")
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--reason", help="kept in the audit trail")
        what.add_argument("--revive", action="store_true")

    def handle(self, *arguments: Any, **options: Any) -> None:
        site = site_or_error(options["site"])
        try:
            if options["revive"]:
                revive_site(site, ACTOR)
            else:
                kill_site(site, ACTOR, options["reason"])
        except InvalidChange as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{site.name} is {'on again' if options['revive'] else 'switched off'}.")
