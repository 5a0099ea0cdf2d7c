from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from consent.common import InvalidChange
from consent.publishing import queries, rendered
from consent.publishing.actions import waive
from cookiebanner.management.common import ACTOR, site_or_error


class Command(BaseCommand):
    help = "Lists what a named person may answer for in a site's draft, or signs one of these findings off."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--site", required=True, help="the site's id (UUID)")
        parser.add_argument("--finding", type=int, help="its number in the list; without it the list is printed")
        parser.add_argument("--by", default="", metavar="NAME", help="who answers for it")
        parser.add_argument("--reason", default="")

    def handle(self, *arguments: Any, **options: Any) -> None:
        site = site_or_error(options["site"])
        findings = [finding for finding in rendered.check(site, queries.draft(site)) if finding.can_be_signed_off]
        number = options["finding"]
        if number is None:
            for position, finding in enumerate(findings, 1):
                self.stdout.write(f"{position}. {finding}")
            if not findings:
                self.stdout.write(f"Nothing in the draft of {site.name} needs a sign-off.")
            return
        if not 1 <= number <= len(findings):
            raise CommandError(f"There is no finding {number}; there are {len(findings)}.")
        found = findings[number - 1]
        about = {"subject": found.subject, "text": found.text}
        try:
            waive(site, found.rule, found.regime, options["by"], options["reason"], ACTOR, **about)
        except InvalidChange as error:
            raise CommandError(f"{error} Give them with --by and --reason.") from None
        self.stdout.write(f"{found.rule} is signed off by {options['by'].strip()}: {found.message}")
