from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from consent.common import InvalidChange
from consent.preferences import imports
from consent.preferences.models import ChoiceImport
from cookiebanner.management.common import site_or_error


class Command(BaseCommand):
    help = "Queues a file of choices beyond cookies (docs/choices.md), however large; the worker reads it in."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--site", required=True, help="the site's id (UUID)")
        parser.add_argument("--source", required=True, help="where the choices were given, for rows that do not say it")
        parser.add_argument("--evidence", default="", help="where the evidence lies; kept with each choice")
        parser.add_argument("--format", choices=ChoiceImport.Format.values, default="csv")

    def handle(self, *arguments: Any, **options: Any) -> None:
        site, path = site_or_error(options["site"]), options["file"]
        try:
            with path.open("rb") as content:
                row = imports.start(
                    site, "command", content, name=path.name, form=options["format"], source=options["source"],
                    evidence=options["evidence"],
                )  # fmt: skip
        except (OSError, InvalidChange) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"Import {row.pk} of {row.size:,} bytes is queued; the dashboard shows how far it is.")
