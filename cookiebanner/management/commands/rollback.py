from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from consent.common import InvalidChange
from consent.publishing.actions import Unchanged
from cookiebanner.management.common import ACTOR, site_or_error
from cookiebanner.releases.publish import rollback


class Command(BaseCommand):
    help = "Publishes the content of an old release again, as a new release. The draft stays as it is."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--site", required=True, help="the site's id (UUID)")
        parser.add_argument("--to", "--release", "--number", dest="number", type=int, required=True, help="its number")
        parser.add_argument("--note", default="")

    def handle(self, *arguments: Any, **options: Any) -> None:
        site = site_or_error(options["site"])
        try:
            release = rollback(site, options["number"], ACTOR, options["note"])
        except Unchanged as error:
            self.stdout.write(str(error))
            return
        except (InvalidChange, ValueError) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(
            f"Release {release.number} of {site.name} is published, with the content of release {options['number']}."
        )
