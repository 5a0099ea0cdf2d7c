from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from consent.ledger.append import Stopped
from consent.ledger.models import LogEntry
from consent.publishing import pictures as kept
from cookiebanner.management.common import ACTOR, site_or_error
from cookiebanner.releases import pictures


class Command(BaseCommand):
    help = "Takes the pictures of a release's banners now and names them in the ledger; with --void declares some void."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--site", required=True, help="the site's id (UUID)")
        parser.add_argument("--release", type=int, help="its number; without it, the current one")
        parser.add_argument("--void", type=int, nargs="+", metavar="ENTRY", help="declare the pictures of entries void")
        parser.add_argument("--reason", default="", help="why they are void: it is kept in the ledger")

    def handle(self, *arguments: Any, **options: Any) -> None:
        site = site_or_error(options["site"])
        try:
            if options["void"]:
                if not options["reason"].strip():
                    raise CommandError("Say why: the reason is kept in the ledger.")
                of = LogEntry.Type.PICTURES.value
                index = kept.void(site, options["void"], of, options["reason"].strip(), ACTOR)
                self.stdout.write(f"{site.name}: entry {index} declares the pictures void.")
                return
            if (blank := kept.void_blank(site, ACTOR)) is not None:
                self.stdout.write(f"{site.name}: entry {blank} declares void what an earlier version logged.")
            releases = site.releases.order_by("-number")
            release = releases.filter(number=options["release"]).first() if options["release"] else releases.first()
            if release is None:
                raise CommandError(f"{site.name} has no such release.")
            if why := pictures.unavailable() or pictures.nothing_to_see(release):
                raise CommandError(f"No pictures can be taken: {why}.")
            record = pictures.log(release)
        except (ValueError, Stopped, pictures.Unseen) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{site.name}: release {release.number} has {len(record['pictures'])} pictures; "
            f"{len(record['missing'])} could not be taken."
        )
        for one in record["missing"][:5]:
            where = ", ".join(one[name] for name in ("variant", "language", "form", "scheme"))
            self.stderr.write(f"{where}: {one['why']}")
