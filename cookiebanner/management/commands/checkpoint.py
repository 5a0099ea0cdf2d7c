from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from consent.ledger import checkpoint
from consent.ledger.append import Stopped
from consent.models import Site
from cookiebanner.management.common import ACTOR, site_or_error


class Command(BaseCommand):
    help = "Signs the head of each log and prints it; with --key the public key; with --rotate-key replaces the key."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--site", help="the site's id (UUID); without it, every site")
        parser.add_argument("--key", action="store_true", help="print the verifier key (vkey) instead")
        parser.add_argument("--rotate-key", metavar="REASON", help="make a new signing key, for all sites")

    def handle(self, *arguments: Any, **options: Any) -> None:
        if options["rotate_key"]:
            self.rotate(options["rotate_key"])
            return
        sites = [site_or_error(options["site"])] if options["site"] is not None else list(Site.objects.order_by("pk"))
        for site in sites:
            if options["key"]:
                self.stdout.write(checkpoint.verifier_key(site))
                continue
            try:
                made = checkpoint.make(site)
            except Stopped as error:
                raise CommandError(f"{error} See manage.py restart_log.") from None
            if made:
                checkpoint.hand_out(site.pk, [made.size])
                self.stdout.write(made.note)

    def rotate(self, reason: str) -> None:
        try:
            text = checkpoint.rotate(ACTOR, reason)
        except Stopped as error:
            raise CommandError(f"{error} See manage.py restart_log.") from None
        self.stdout.write("The old key has signed the new one into every log.")
        if settings.FAIRGATE_SIGNING_KEY:
            self.stdout.write(f"Set this and restart every server:\nFAIRGATE_SIGNING_KEY={text}")
