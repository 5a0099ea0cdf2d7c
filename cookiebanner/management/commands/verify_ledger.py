from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from consent.exports.verify import verify as verifier
from consent.ledger.verify import common, orphans, verify
from consent.models import Site
from consent.preferences import verify as choices
from consent.publishing import verify as publishing
from cookiebanner.management.common import site_or_error


class Command(BaseCommand):
    help = (
        "Recomputes the ledger: every leaf, tile, head, checkpoint and total; what lies beside it (releases, their "
        "files, sign-offs, pictures, anchors, audit trail); the triggers. Exit code 1 when something is wrong."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--site", help="the site's id (UUID); without it, every site")
        parser.add_argument(
            "--since", metavar="FILE",
            help="a checkpoint that was kept: checks that the log goes on from it, and only what follows",
        )  # fmt: skip

    def handle(self, *arguments: Any, **options: Any) -> None:
        sites = [site_or_error(options["site"])] if options["site"] is not None else list(Site.objects.order_by("pk"))
        since = self.checkpoint(options["since"], options["site"]) if options["since"] else ""
        wrong = self.print_findings(common() if options["site"] is not None else common() + orphans())
        for site in sites:
            report, beside = verify(site, self.bar(site), since), publishing.verify(site)
            findings = report.wrong + beside.wrong + choices.wrong(site)
            for repair in report.repairs:
                self.stdout.write(f"{site.name}: {repair}")
            for event in report.events:
                self.stdout.write(f"{site.name}: {event}")
            self.print_findings(f"{site.name}: {finding}" for finding in findings)
            wrong += len(findings)
            if not findings:
                begun = f" since entry {report.first} (checkpoint of size {report.since})" if since else ""
                self.stdout.write(
                    f"{site.name}: {report.size} entries hold together{begun}: {report.records} answers, "
                    f"{report.erased} of them erased, {report.checkpoints} checkpoints, {beside.artifacts} files of "
                    f"releases, {beside.pictures} pictures."
                )
            for unproved in report.unproved + beside.unproved:
                self.stdout.write(f"{site.name}: not proved: {unproved}")
        if wrong:
            raise CommandError("The ledger does not hold together.", returncode=1)

    def checkpoint(self, name: str, site: str | None) -> str:
        """The note in a file, whatever an editor or a mail made of it."""
        if site is None:
            raise CommandError("--since needs --site: a checkpoint is of one log.")
        try:
            note: str = verifier.note_in(Path(name).read_bytes())
        except (OSError, verifier.WrongOption) as error:
            raise CommandError(f"{name}: {error}") from error
        return note

    def print_findings(self, findings: Any) -> int:
        count = 0
        for finding in findings:
            self.stdout.write(finding)
            count += 1
        return count

    def bar(self, site: Site) -> Any:
        """A progress bar on a terminal, nothing elsewhere."""
        if not sys.stderr.isatty():
            return lambda done, total: None
        progress = Progress(
            TextColumn(site.name), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
            console=Console(stderr=True), transient=True,
        )  # fmt: skip
        task = progress.add_task(site.name)
        progress.start()

        def show(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)
            if done >= total:
                progress.stop()

        return show
