from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from consent.common import InvalidChange
from consent.configuration import actions
from consent.configuration.document import schema
from cookiebanner.management import configuration
from cookiebanner.management.common import ACTOR, site_or_error

DIFFERS = 2


class Command(BaseCommand):
    help = "Says what a configuration file would change on a site, and changes nothing (docs/configuration.md)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", help="such as site.yaml; - = what is piped in")
        parser.add_argument("--site", help="the site's id (UUID), in place of the file's")
        parser.add_argument("--delete", action="store_true", help="as apply --delete")
        parser.add_argument("--drift", action="store_true", help=f"exit with {DIFFERS} when site and file differ")
        parser.add_argument("--schema", action="store_true", help="print the JSON Schema of the file, for editors")

    def handle(self, *arguments: Any, **options: Any) -> None:
        if options["schema"]:
            self.stdout.write(json.dumps(schema(), indent=2))
            return
        if not options["file"]:
            raise CommandError("Name the file.")
        site = site_or_error(options["site"]) if options["site"] is not None else None
        try:
            document = configuration.read(options["file"])
            plan = actions.plan(document, ACTOR, site=site, delete=options["delete"])
        except (InvalidChange, OSError) as error:
            raise CommandError(str(error)) from None
        for line in configuration.shown(plan):
            self.stdout.write(line)
        if options["drift"] and not plan.empty:
            raise CommandError("Site and file differ.", returncode=DIFFERS)
