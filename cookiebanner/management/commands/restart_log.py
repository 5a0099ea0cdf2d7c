from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from consent.ledger import checkpoint
from cookiebanner.management.common import ACTOR, site_or_error


class Command(BaseCommand):
    help = (
        "Lets a log go on that is behind its last checkpoint, because the database was restored from an older dump. "
        "The log goes on as a new one and says so; the abandoned checkpoint is kept in FAIRGATE_DATA as evidence."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--site", help="the site's id (UUID); without it, every site whose log is behind")
        parser.add_argument("--reason", default="The database was restored from an older dump.")

    def handle(self, *arguments: Any, **options: Any) -> None:
        sites = [site_or_error(options["site"])] if options["site"] is not None else checkpoint.behind()
        if not sites:
            self.stdout.write("No log is behind its last checkpoint.")
        for site in sites:
            try:
                aside = checkpoint.restart(site, ACTOR, options["reason"])
            except ValueError as error:
                raise CommandError(str(error)) from None
            self.stdout.write(f"{site.name}: the log goes on. The abandoned checkpoint is in {aside}.")
