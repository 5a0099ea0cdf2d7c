from __future__ import annotations

import sys
from pathlib import Path
from shlex import join
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from consent.common import InvalidChange
from consent.publishing.actions import Blocked, Unchanged
from consent.requests.actions import name_old_forms
from consent.scanner.actions import Adoption, adopt, evidence_of
from consent.scanner.page import decode
from consent.scanner.tenant import LARGEST
from consent.sites.actions import change_settings
from consent.sites.moved_from import MANAGERS
from cookiebanner.management.common import ACTOR, HOW
from cookiebanner.releases.publish import publish

SETTINGS = {
    "controller": "who is responsible for the data",
    "policy_url": "the privacy policy's address",
    "imprint_url": "the imprint's address",
}


class Command(BaseCommand):
    help = (
        "Reads a saved page, and files of a OneTrust tenant; makes the site with the services, categories and texts in "
        "them, and says what to change in the page."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("page", nargs="?", default="", help="an HTML file, or - for standard input")
        parser.add_argument("--host", action="append", default=[], help="the host that serves it; may be repeated")
        parser.add_argument(
            "--file",
            action="append",
            default=[],
            help="what the tenant publishes (a domain's or a language's JSON) or exports (cookies as CSV or XLSX); may "
            "be repeated",
        )
        parser.add_argument(
            "--from", dest="manager", choices=list(MANAGERS), help="take over what visitors answered to this one"
        )
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="NAME=CATEGORY",
            help="a service of it, and a category of ours",
        )
        parser.add_argument("--days", type=int, help="klaro's cookieExpiresAfterDays")
        parser.add_argument("--site-id", help="else the page's data-domain-script, else a new one")
        for name, help in SETTINGS.items():
            parser.add_argument(f"--{name.replace('_', '-')}", help=f"{help}; else what the page says")
        parser.add_argument("--publish", action="store_true", help="publish the site afterwards")

    def handle(self, *arguments: Any, **options: Any) -> None:
        if not options["page"] and not options["file"]:
            raise CommandError("Name a saved page, or files with --file.")
        try:
            page = options["page"] and decode(
                sys.stdin.buffer.read() if options["page"] == "-" else read(options["page"])
            )
            files = [(Path(name).name, read(name)) for name in options["file"]]
            own = {name: options[name] for name in SETTINGS if options[name]}
            if options["manager"]:
                names = [
                    (name.strip(), key.strip()) for name, _, key in (one.rpartition("=") for one in options["map"])
                ]
                own["moved_from"] = {"manager": options["manager"], "names": names, "days": options["days"]}
            adoption = adopt(
                page,
                options["host"],
                ACTOR,
                files=files,
                site_id=options["site_id"],
                server=settings.FAIRGATE_URL,
                **own,
            )
            name_old_forms(adoption.site, ACTOR, page)
            if own and not adoption.created:
                change_settings(adoption.site, ACTOR, **own)
        except InvalidChange as error:
            raise CommandError(str(error)) from None
        self.report(adoption)
        if options["publish"]:
            try:
                release = publish(adoption.site, ACTOR, "adopted")
            except Unchanged as error:
                self.stdout.write(str(error))
            except Blocked as error:
                raise CommandError(f"{error}\n{HOW.format(site=adoption.site.uuid)}") from None
            except (InvalidChange, ValueError) as error:
                raise CommandError(str(error)) from None
            else:
                self.stdout.write(f"Release {release.number} is published ({release.sha256}).")
        else:
            self.stdout.write(f"Publish it: manage.py publish --site {adoption.site.uuid}")

    def report(self, adoption: Adoption) -> None:
        site, found, write = adoption.site, adoption.found, self.stdout.write
        hosts = ", ".join(site.hosts.values_list("name", flat=True))
        write(f"Site {site.uuid} ({site.name}, {hosts}) {'is made' if adoption.created else 'was there already'}.")
        if adoption.created and site.controller:
            write(
                f"Controller, from the page, to be checked: {site.controller}. Policy: {site.policy_url or 'not found'}"
            )
        for title, services in (
            ("Services added", adoption.added),
            ("Services completed from our catalogue", adoption.updated),
            ("Services that were there", adoption.known),
        ):
            if services:
                write(f"\n{title}:")
            for service in sorted(services, key=lambda service: (service.category.key, service.name)):
                evidence = evidence_of(found, service.key, service.name)
                more = f" (and {len(evidence) - 1} more)" if len(evidence) > 1 else ""
                write(f"  {service.category.key}  {service.name}: {evidence[0] if evidence else ''}{more}")
        if adoption.undecided:
            write("\nNot filed, since their usual category is not there or always active; choose one for each:")
        for _, seen in sorted(adoption.undecided.items()):
            words = ["--name", seen["name"], "--category", "CATEGORY", "--pattern", *seen["rules"]]
            write(f"  {seen['name']}")
            write(f"    manage.py service --site {site.uuid} {join(words)}")
        for line in adoption.taken:
            write(f"\n{line}")
        strangers = {host: seen for host, seen in found.strangers.items() if host not in found.parked}
        write("\nNot recognised:" if strangers else "\nNothing on the page is unrecognised.")
        for host, addresses in sorted(strangers.items()):
            write(f"  {host}: {addresses[0]}")
            write(f"    manage.py service --site {site.uuid} --name {host} --category CATEGORY --pattern {host}")
        write("\nChange in the page:")
        for number, advice in enumerate(adoption.advice, 1):
            write(f"{number}. {advice}")
        write("")


def read(path: str) -> bytes:
    """The bytes of a file, and one more than may be read. Raises CommandError."""
    try:
        with Path(path).open("rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        raise CommandError(f"{path}: {error.strerror}.") from None
