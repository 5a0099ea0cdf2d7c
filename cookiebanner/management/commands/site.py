from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from consent.common import InvalidChange
from consent.models import Site
from consent.sites.actions import LANGUAGES, change_settings, create_site
from cookiebanner.management.common import ACTOR, site_or_error


class Command(BaseCommand):
    help = "Makes an empty site with the five usual categories, changes who is responsible for one, or lists the sites."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", action="append", default=[], help="a host of the site; may be repeated")
        parser.add_argument("--site-id", help="the id that pages carry (OneTrust's data-domain-script); else a new one")
        parser.add_argument("--name", default="", help="else the first host")
        parser.add_argument(
            "--language", action="append", help=f"may be repeated, the first is the default; else {LANGUAGES}"
        )
        parser.add_argument("--level", choices=Site.Level.values, default=Site.Level.SNIPPET)
        parser.add_argument("--unknown", choices=Site.UnknownThirdParties.values, default="allow", help="third parties")
        parser.add_argument("--controller", default="", help="who is responsible for the data")
        parser.add_argument("--policy-url", default="")
        parser.add_argument("--imprint-url", default="")
        parser.add_argument("--owner", action="append", default=[], help="e-mail of an account; may be repeated")
        parser.add_argument("--change", metavar="ID", help="the site whose controller and addresses are changed")
        parser.add_argument("--list", action="store_true", help="only list the sites")

    def handle(self, *arguments: Any, **options: Any) -> None:
        if options["list"]:
            for site in Site.objects.prefetch_related("hosts"):
                hosts = ", ".join(host.name for host in site.hosts.all())
                self.stdout.write(f"{site.uuid}  {site.name}  {hosts}{'  (switched off)' if site.killed_at else ''}")
            return
        if options["change"]:
            site = site_or_error(options["change"])
            given = {name: options[name] for name in ("controller", "policy_url", "imprint_url") if options[name]}
            try:
                change_settings(site, ACTOR, **given)
            except InvalidChange as error:
                raise CommandError(str(error)) from None
            self.stdout.write(f"Changed in the draft of {site.name}: {', '.join(given) or 'nothing'}.")
            return
        people = get_user_model().objects
        owners = []
        for email in options["owner"]:
            if (person := people.filter(email__iexact=email).first()) is None:
                raise CommandError(f"There is no account {email}.")
            owners.append(person)
        try:
            site = create_site(
                options["host"],
                ACTOR,
                uuid=options["site_id"],
                name=options["name"],
                owners=owners,
                languages=options["language"] or LANGUAGES,
                share_host=bool(options["site_id"]),
                level=options["level"],
                unknown_third_parties=options["unknown"],
                controller=options["controller"],
                policy_url=options["policy_url"],
                imprint_url=options["imprint_url"],
            )
        except InvalidChange as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"Site {site.uuid} ({site.name}) is made.")
        self.stdout.write(
            f"Add services: manage.py service --site {site.uuid} --name NAME --category CATEGORY --pattern HOST"
        )
        self.stdout.write(f"Publish it:   manage.py publish --site {site.uuid}")
