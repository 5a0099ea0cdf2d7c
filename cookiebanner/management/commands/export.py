from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from consent.exports import actions
from consent.exports.verify import verify as verifier
from consent.sites.models import Site
from cookiebanner.management.common import site_or_error
from cookiebanner.management.configuration import text_of


class Command(BaseCommand):
    help = (
        "Writes a site's answers of a period to a file: csv, jsonl, parquet, jsonld, or a bundle for a regulator. With "
        "a name like site.yaml and no more: the site's configuration (docs/configuration.md)."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("configuration", nargs="?", help="such as site.yaml; - = to the terminal")
        parser.add_argument("--site", required=True, help="the site's id (UUID)")
        parser.add_argument("--from", dest="from", help="first day, YYYY-MM-DD (UTC)")
        parser.add_argument("--to", help="last day, YYYY-MM-DD (UTC), included")
        parser.add_argument("--format", default="csv", choices=sorted(actions.FORMATS))
        parser.add_argument("--out", help="the file to write")
        parser.add_argument("--separator", default=",", choices=[",", ";"], help="of CSV; Excel in German wants ;")
        parser.add_argument(
            "--checkpoint", action="append", default=[], metavar="FILE",
            help="a checkpoint that the auditor kept: the bundle will prove that the log grew out of it",
        )  # fmt: skip

    def handle(self, *arguments: Any, **options: Any) -> None:
        site = site_or_error(options["site"])
        if options["configuration"]:
            self._configuration(site, options["configuration"])
            return
        if missing := [f"--{name}" for name in ("from", "to", "out") if not options[name]]:
            raise CommandError(f"Name {', '.join(missing)}; or a file like site.yaml for the site's configuration.")
        start, end = day(options["from"], "--from"), day(options["to"], "--to")
        out = Path(options["out"])
        columns = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()]
        with Progress(*columns, disable=not self.stderr.isatty()) as bar:
            task = bar.add_task(f"{options['format']} of {site.name}", total=None)

            def progress(done: int, total: int) -> None:
                bar.update(task, completed=done, total=total)

            try:
                kept = [verifier.plain_text(Path(name).read_bytes()) for name in options["checkpoint"]]
                written = actions.export(
                    site,
                    start,
                    end,
                    options["format"],
                    out,
                    "command",
                    progress,
                    separator=options["separator"],
                    kept=kept,
                )
            except (ValueError, OSError) as error:
                raise CommandError(str(error)) from error
        size = out.stat().st_size
        self.stdout.write(f"{written} records from {start} to {end} in {out} ({size} bytes).")

    def _configuration(self, site: Site, name: str) -> None:
        text = text_of(site)
        if name == "-":
            self.stdout.write(text, ending="")
            return
        try:
            Path(name).write_text(text, encoding="utf-8")
        except OSError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{site.name} is in {name}.")


def day(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except (ValueError, TypeError) as error:
        raise CommandError(f"{option} must be a day like 2026-11-21, not {text!r}.") from error
