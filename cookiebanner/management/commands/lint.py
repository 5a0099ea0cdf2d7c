from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from consent.publishing import queries, rendered
from cookiebanner.management.common import site_or_error


class Command(BaseCommand):
    help = "Says whether a site's draft may be published; exit code 1 when something blocks it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--site", required=True, help="the site's id (UUID)")

    def handle(self, *arguments: Any, **options: Any) -> None:
        site = site_or_error(options["site"])
        findings = rendered.check(site, queries.draft(site))
        for finding in findings:
            self.stdout.write(f"{'BLOCKS ' if finding.blocks else 'warning'} {finding}")
        blocking = sum(finding.blocks for finding in findings)
        if blocking:
            raise CommandError(f"{blocking} of {len(findings)} findings forbid publishing {site.name}.")
        self.stdout.write(f"{site.name} may be published ({len(findings)} warnings).")
