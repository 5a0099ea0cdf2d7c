from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from consent.jobs.actions import put_right
from consent.ledger import clock
from consent.ledger.append import Stopped, utc_text
from cookiebanner.management.common import ACTOR, site_or_error


class Command(BaseCommand):
    help = (
        "Lets the times of a log go on from the true clock after the machine's clock had jumped ahead. An entry of the "
        "log says so, for every auditor to see; what was dated ahead stays as it is. Put the clock right first."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--site", help="the site's id (UUID); without it, every site whose log is ahead")
        parser.add_argument("--reason", default="The server's clock had jumped ahead.", help="kept in the ledger")

    def handle(self, *arguments: Any, **options: Any) -> None:
        found = [site for site, _ in clock.ahead()]
        sites = [site_or_error(options["site"])] if options["site"] is not None else found
        self.stdout.write(f"The clock says {utc_text(datetime.now(UTC))}.")
        if not sites:
            self.stdout.write("No log is ahead of the clock.")
        for site in sites:
            try:
                done = clock.repair(site, ACTOR, options["reason"])
            except (ValueError, Stopped) as error:
                raise CommandError(str(error)) from None
            self.stdout.write(
                f"{site.name}: the log went back from {utc_text(done.before)} to {utc_text(done.after)}; "
                f"entry {done.index} says so."
            )
        if jobs := put_right():
            self.stdout.write(f"{jobs} background jobs that were dated ahead are due now.")
