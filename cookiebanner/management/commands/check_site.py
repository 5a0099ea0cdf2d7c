from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from consent.jobs.outgoing import ForbiddenAddress
from cookiebanner.releases import live_page, pictures

IMPOSSIBLE = 2  # exit code: nothing was checked
INSTALL = "apt-get install -y chromium && pip install 'playwright>=1.49' (of a wheel: pip install 'fairgate[pictures]')"


class Command(BaseCommand):
    help = (
        "Opens a page of a site in Chromium as a visitor who has not answered, who refuses and who accepts, and says "
        "what is wrong with it. Nothing is recorded. Exit code 0: nothing must be mended, 1: something must, 2: the "
        "page could not be checked."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("url", help="the page's address, such as https://shop.example/")
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of words")

    def handle(self, *arguments: Any, **options: Any) -> None:
        if why := pictures.missing():
            raise CommandError(f"{why}. Install it: {INSTALL}", returncode=IMPOSSIBLE)
        try:
            report = live_page.check(options["url"], lambda words: self.stderr.write(f"Opening {words} …"))
        except (ForbiddenAddress, live_page.Unreachable) as error:
            raise CommandError(str(error), returncode=IMPOSSIBLE) from None
        if options["json"]:
            content = {**asdict(report), "passed": not report.blocks}
            self.stdout.write(json.dumps(content, ensure_ascii=False, indent=2))
        else:
            self.print_report(report)
        if report.blocks:
            must = sum(finding.blocks for finding in report.findings)
            raise CommandError(f"{must} of {len(report.findings)} findings must be mended.", returncode=1)

    def print_report(self, report: live_page.Report) -> None:
        where = f"site {report.site}, release {report.release}, {report.regime}" if report.site else "no gate of ours"
        self.stdout.write(f"{report.url}: {where}.")
        counted = ", ".join(f"{count} {moment}" for moment, count in report.requests.items())
        self.stdout.write(f"Requests of a page view: {counted}.")
        for finding in report.findings:
            self.stdout.write(f"{'MEND   ' if finding.blocks else 'remark '} {finding}")
        for note in report.notes:
            self.stdout.write(f"note    {note}")
        if not report.findings:
            self.stdout.write("Nothing was found.")
