from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from consent.ledger import erasure
from consent.ledger.append import Stopped
from cookiebanner.management.common import ACTOR, site_or_error


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise CommandError(f"{text!r} is not an id (UUID).") from None


class Command(BaseCommand):
    help = "Erases one visitor's answers, or notes why that is refused. Their leaves stay in the tree, and say nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--site", required=True, help="the site's id (UUID)")
        whom = parser.add_mutually_exclusive_group(required=True)
        whom.add_argument("--visitor", help="the visitor's id (UUID)")
        whom.add_argument("--record", help="the id of any of the visitor's records (UUID)")
        parser.add_argument(
            "--reason", default="The visitor asked for it.", help="kept in the ledger: nothing personal"
        )
        parser.add_argument("--ground", choices=erasure.REQUESTS, default="", help="the law that the request rests on")
        parser.add_argument("--refuse", choices=erasure.GROUNDS, help="do not erase: GDPR ground of the refusal")

    def handle(self, *arguments: Any, **options: Any) -> None:
        site = site_or_error(options["site"])
        whom = {
            "visitor": _uuid(options["visitor"]) if options["visitor"] else None,
            "record_id": _uuid(options["record"]) if options["record"] else None,
        }
        try:
            if options["refuse"]:
                erasure.refuse(site, **whom, ground=options["refuse"], reason=options["reason"], actor=ACTOR)
                self.stdout.write(f"Refused under art. {options['refuse']} GDPR; noted in the audit trail.")
                return
            reason, ground = options["reason"], options["ground"]
            done = erasure.erase(site, **whom, actor=ACTOR, reason=reason, ground=ground)
        except (erasure.NotFound, Stopped, ValueError) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"Erased {done.count} records; ledger entries {', '.join(map(str, done.entries))} say so.")
        if done.exports:
            self.stdout.write(f"{done.exports} exports that held one of them were removed; ask for them again.")
        if site.webhook_url:
            self.stdout.write(
                f"What was already sent of them to {site.webhook_url} is still there: erase it there too. "
                "What waits is not sent."
            )
        self.stdout.write("Backups, and exports that were handed over, still hold them: see docs/operate.md, Erasure.")
