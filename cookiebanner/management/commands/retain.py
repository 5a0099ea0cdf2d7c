from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from consent.ledger import retention
from consent.ledger.append import Stopped
from consent.models import Site
from cookiebanner.management.common import ACTOR, site_or_error


class Command(BaseCommand):
    help = (
        "Erases answers that are older than they must be kept: grants after their life and 36 months, refusals after "
        "their life, opt-outs after 24 months and when they are no longer in force. The worker does it daily."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--site", help="the site's id (UUID); without it, every site")
        parser.add_argument("--dry-run", action="store_true", help="only count")

    def handle(self, *arguments: Any, **options: Any) -> None:
        sites = [site_or_error(options["site"])] if options["site"] is not None else list(Site.objects.order_by("pk"))
        for site in sites:
            try:
                done = retention.retain(site, actor=ACTOR, dry=options["dry_run"])
            except Stopped as error:
                self.stderr.write(str(error))
                continue
            verb = "would be erased" if options["dry_run"] else "erased"
            self.stdout.write(f"{site.name}: {done.count} records {verb}.")
            if done.exports:
                self.stdout.write(f"{site.name}: {done.exports} exports that held one of them were removed.")
