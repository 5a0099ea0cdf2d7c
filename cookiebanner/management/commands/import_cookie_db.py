from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from consent.catalogue.actions import complete_cookies
from consent.catalogue.cookie_db import keep, read
from consent.common import InvalidChange
from cookiebanner.management.common import ACTOR, site_or_error


class Command(BaseCommand):
    help = "Completes a site's cookies from the Open Cookie Database (a CSV or JSON file of it, Apache-2.0)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="open-cookie-database.csv or .json")
        parser.add_argument("--site", required=True, help="the site's id (UUID)")
        parser.add_argument(
            "--add", action="store_true", help="add the cookies of platforms called like a service, too"
        )

    def handle(self, *arguments: Any, **options: Any) -> None:
        site = site_or_error(options["site"])
        try:
            text = Path(options["file"]).read_text(encoding="utf-8")
            rows = read(text)
            filled, added = complete_cookies(site, rows, ACTOR, add=options["add"])
            keep(text)
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}.") from None
        except (InvalidChange, ValueError) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{len(rows)} cookies read; {filled} of {site.name} completed, {added} added to its draft.")
