from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from consent.common import InvalidChange
from consent.configuration import actions
from consent.publishing.actions import Blocked, Unchanged
from cookiebanner.management import configuration
from cookiebanner.management.common import ACTOR, site_or_error
from cookiebanner.releases import publish
from cookiebanner.staff.accounts import account_of


class Command(BaseCommand):
    help = "Makes a site's draft what a configuration file says, all of it or nothing (docs/configuration.md)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="such as site.yaml; - = what is piped in")
        parser.add_argument("--site", help="the site's id (UUID), in place of the file's")
        parser.add_argument(
            "--delete", action="store_true", help="delete what only the site has, in the file's sections"
        )
        parser.add_argument("--owner", help="the address of an account that owns a site which is new")
        parser.add_argument(
            "--publish", action="store_true", help="publish then; nothing is changed when that can't be"
        )
        parser.add_argument("--note", default="", help="of the release")

    def handle(self, *arguments: Any, **options: Any) -> None:
        site = site_or_error(options["site"]) if options["site"] is not None else None
        owner = account_of(options["owner"]) if options["owner"] else None
        if options["owner"] and owner is None:
            raise CommandError(f"Nobody has an account {options['owner']}.")
        owners = [owner] if owner else []
        try:
            document = configuration.read(options["file"])
            with transaction.atomic():
                plan = actions.apply(document, ACTOR, site=site, delete=options["delete"], owners=owners)
                for line in configuration.shown(plan):
                    self.stdout.write(line)
                if options["publish"] and any(finding.blocks for finding in plan.findings):
                    raise Blocked(plan.findings)
        except (InvalidChange, OSError) as error:
            raise CommandError(f"Nothing was changed. {error}") from None
        if not options["publish"]:
            return
        try:
            release = publish.publish(plan.site, ACTOR, options["note"])
        except Unchanged as error:
            self.stdout.write(str(error))
        except InvalidChange as error:
            raise CommandError(f"The draft is changed, and not published. {error}") from None
        else:
            self.stdout.write(f"Release {release.number} is live.")
