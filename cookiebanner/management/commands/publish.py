from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from consent.common import InvalidChange
from consent.publishing import queries, rendered
from consent.publishing.actions import Blocked, Unchanged
from cookiebanner.management.common import ACTOR, HOW, site_or_error
from cookiebanner.releases.publish import publish


class Command(BaseCommand):
    help = "Publishes a site's draft as its next release."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--site", required=True, help="the site's id (UUID)")
        parser.add_argument("--note", default="", help="what changed, for the list of releases")
        parser.add_argument("--force", action="store_true", help="also when nothing changed, to compile again")

    def handle(self, *arguments: Any, **options: Any) -> None:
        site = site_or_error(options["site"])
        try:
            release = publish(site, ACTOR, options["note"], force=options["force"])
        except Unchanged as error:
            self.stdout.write(str(error))
            return
        except Blocked as error:
            raise CommandError(f"{error}\n{HOW.format(site=site.uuid)}") from None
        except (InvalidChange, ValueError) as error:
            raise CommandError(str(error)) from None
        if site.killed_at:
            self.stderr.write(f"{site.name} is switched off: visitors get nothing until manage.py kill --revive.")
        for finding in rendered.check(site, queries.draft(site)):
            self.stderr.write(f"warning: {finding}")
        self.stdout.write(f"Release {release.number} of {site.name} is published ({release.sha256}).")
