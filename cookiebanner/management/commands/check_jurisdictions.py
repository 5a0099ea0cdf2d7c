from __future__ import annotations

import csv
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from consent.jurisdictions import history, review, table, validate
from consent.models import JurisdictionOverride
from cookiebanner.visitors.place import country_file


class Command(BaseCommand):
    help = "Checks the table of jurisdictions: ISO 3166 codes, dates, regimes, numbers; overrides; the country file."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--file", help="another jurisdictions.csv to check instead of the shipped one")
        parser.add_argument(
            "--keep",
            action="store_true",
            help="also keeps this version of the table, to compare later ones with",
        )
        parser.add_argument("--page", help="also writes the review page (docs/jurisdictions.md) to this file")
        parser.add_argument("--today", type=date.fromisoformat, help="the day to look at, YYYY-MM-DD (default: now)")

    def handle(self, *arguments: Any, **options: Any) -> None:
        today = options["today"] or datetime.now(UTC).date()
        rows = _read(options["file"]) if options["file"] else list(table.ROWS.values())
        wrong = validate.problems(rows)
        if not options["file"]:
            wrong += _overrides() + [text for text in [country_file.problem(settings.MMDB)] if text]
        for row in rows:
            if row.effective_date > today.isoformat():
                self.stdout.write(f"{row.id}: {row.law} holds from {row.effective_date} on.")
        low = [row.id for row in validate.low_confidence(rows)]
        self.stdout.write(f"{len(low)} rows of low confidence need a lawyer's look: {', '.join(low)}.")
        if options["keep"] and not wrong:
            try:
                self.stdout.write(f"Kept in {history.keep(today)}.")
            except ValueError as error:
                raise CommandError(str(error)) from error
        if options["page"]:
            Path(options["page"]).write_text(review.page(date.fromisoformat(table.VERSION)), encoding="utf-8")
        if wrong:
            raise CommandError("\n".join(wrong))
        self.stdout.write(
            self.style.SUCCESS(f"{len(rows)} rows, {len(table.REGIMES)} regimes, reviewed {table.VERSION}: sound.")
        )


def _read(path: str) -> list[table.Jurisdiction]:
    try:
        with Path(path).open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            missing = [name for name in table.COLUMNS if name not in (reader.fieldnames or ())]
            extra = validate.unknown_columns(reader.fieldnames or ())
            if missing or extra:
                raise CommandError(
                    f"{path}: columns missing: {', '.join(missing) or 'none'}; unknown: {', '.join(extra) or 'none'}."
                )
            lines = list(reader)
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{path}: {error}") from error
    ragged = [str(number) for number, line in enumerate(lines, 2) if None in line or None in line.values()]
    if ragged:
        raise CommandError(f"{path}: too few or too many fields in line {', '.join(ragged)}.")
    return [table.Jurisdiction(**line) for line in lines]


def _overrides() -> list[str]:
    found: list[str] = []
    if "consent_jurisdictionoverride" not in connection.introspection.table_names():
        return found  # not migrated yet
    for kept in JurisdictionOverride.objects.select_related("site"):
        where = f"override of site {kept.site.name}"
        if kept.jurisdiction not in table.ROWS:
            found.append(f"{where}: there is no jurisdiction {kept.jurisdiction!r}.")
            continue
        overrides = {kept.jurisdiction: {"fields": kept.fields}}
        found += [f"{where}: {text}" for text in validate.row_problems(table.row(kept.jurisdiction, overrides))]
    return found
