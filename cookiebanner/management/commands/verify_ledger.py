from __future__ import annotations

import sys
from hashlib import sha256
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from consent.ledger.verify import orphans, verify
from consent.models import ConsentRecord, LogEntry, Release, Site
from cookiebanner.management.common import site_or_error


class Command(BaseCommand):
    help = "Recomputes the ledger: every leaf, tile, head, checkpoint and total. Exit code 1 when something is wrong."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--site", help="the site's id (UUID); without it, every site")

    def handle(self, *arguments: Any, **options: Any) -> None:
        sites = [site_or_error(options["site"])] if options["site"] is not None else list(Site.objects.order_by("pk"))
        wrong = 0 if options["site"] is not None else self.print_findings(orphans())
        for site in sites:
            report = verify(site, self.bar(site))
            findings = report.wrong + releases(site)
            for repair in report.repairs:
                self.stdout.write(f"{site.name}: {repair}")
            self.print_findings(f"{site.name}: {finding}" for finding in findings)
            wrong += len(findings)
            if not findings:
                self.stdout.write(
                    f"{site.name}: {report.size} entries hold together: {report.records} answers, "
                    f"{report.erased} of them erased, {report.checkpoints} checkpoints."
                )
        if wrong:
            raise CommandError("The ledger does not hold together.", returncode=1)

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


def releases(site: Site) -> list[str]:
    """What is wrong with the site's releases: a text that is not its hash's, one without an entry, one that is gone."""
    entries = LogEntry.objects.filter(site_id=site.pk, type="release").exclude(type="consent")  # the small index
    hashes: dict[int, str] = dict(entries.values_list("index", "release_hash"))
    records = ConsentRecord.objects.filter(site_id=site.pk, index__in=list(hashes)).values_list("index", "release")
    logged = {(number, hashes[index]) for index, number in records}
    there = list(Release.objects.filter(site=site).order_by("number").values_list("number", flat=True))
    gone = {number for number, _ in logged if number} - set(there)
    found = [f"Release {number} is in the ledger and nowhere else." for number in sorted(gone)]
    for number in there:
        try:
            stored_hash, snapshot = Release.objects.values_list("sha256", "snapshot").get(site=site, number=number)
        except (DatabaseError, ValueError) as error:
            found.append(f"Release {number} cannot be read: {error}.")
            continue
        if sha256(snapshot.encode()).hexdigest() != stored_hash:
            found.append(f"Release {number}: its text was changed, it does not have its hash.")
        elif (number, stored_hash) not in logged:
            found.append(f"Release {number}: the ledger has no entry for it.")
    return found
