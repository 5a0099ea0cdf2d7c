from __future__ import annotations

from argparse import BooleanOptionalAction
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from consent.catalogue.actions import ReasonMissing, add_service, key_of, update_service
from consent.catalogue.models import Cookie
from consent.common import InvalidChange
from cookiebanner.management.common import ACTOR, site_or_error

STORAGE = {
    "local-storage": Cookie.Kind.LOCAL,
    "session-storage": Cookie.Kind.SESSION,
    "indexeddb": Cookie.Kind.INDEXED_DB,
}
LASTS = {
    Cookie.Kind.LOCAL: "Until deleted",
    Cookie.Kind.SESSION: "Session",
    Cookie.Kind.INDEXED_DB: "Until deleted",
}
WHAT = {
    Cookie.Kind.LOCAL: "a key in localStorage",
    Cookie.Kind.SESSION: "a key in sessionStorage",
    Cookie.Kind.INDEXED_DB: "the name of a database in IndexedDB",
}
FACTS = ("container", "sells_or_shares", "targeted_ads", "sensitive", "statistics")


def named(text: str) -> dict[str, str]:
    """`NAME=LIFETIME` as a row; a visitor must be told a lifetime (L18), but may be told later."""
    name, _, lifetime = text.partition("=")
    return {"name": name.strip(), "lifetime": lifetime.strip()}


class Command(BaseCommand):
    help = "Adds a service to a site's draft. Nothing reaches visitors before manage.py publish."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--site", required=True, help="the site's id (UUID)")
        parser.add_argument("--name", required=True)
        parser.add_argument("--category", required=True, help="C0001 …")
        parser.add_argument(
            "--pattern",
            action="extend",
            nargs="+",
            default=[],
            help="HOST[/PATH][?PARAM[=VALUE]], or /PATH; may be repeated",
        )
        parser.add_argument(
            "--cookie",
            action="extend",
            nargs="+",
            default=[],
            metavar="NAME=LIFETIME",
            help="a name, may hold *, and how long it lives, such as '_ga*=2 years'; may be repeated",
        )
        for option, kind in STORAGE.items():
            parser.add_argument(
                f"--{option}",
                action="extend",
                nargs="+",
                default=[],
                metavar="NAME",
                help=f"{WHAT[kind]}, may hold *; may be repeated",
            )
        parser.add_argument(
            "--inline", action="extend", nargs="+", default=[], help="a piece of its inline code; may be repeated"
        )
        parser.add_argument("--key", default="", help="else made from the name")
        parser.add_argument("--company", default="")
        parser.add_argument("--policy-url", default="")
        parser.add_argument("--description", default="")
        parser.add_argument(
            "--necessary-reason",
            default=None,
            metavar="TEXT",
            help="why it may run before an answer; needed in an always active category, and kept in the release",
        )
        parser.add_argument("--container", action="store_true", help="loads other services")
        for name, dest, help in (
            ("--sells", "sells_or_shares", "sells or shares data; assumed for C0004 and C0005"),
            ("--targeted", "targeted_ads", "advertises by interest; assumed for C0004"),
        ):
            parser.add_argument(name, action=BooleanOptionalAction, dest=dest, help=help)
        parser.add_argument("--sensitive", action="store_true", help="handles sensitive data")
        parser.add_argument("--statistics", action="store_true", help="measures the audience")
        parser.add_argument("--exempt-in", action="extend", nargs="+", default=[], help="GB, FR …: may be exempt there")
        parser.add_argument(
            "--exemption-confirmed", action="extend", nargs="+", default=[], help="GB …: its conditions are met"
        )
        parser.add_argument("--adapter", default="", help="vendor interface: google, uet, clarity, meta")
        parser.add_argument("--replace", action="store_true", help="change the service of this name when there is one")

    def handle(self, *arguments: Any, **options: Any) -> None:
        site = site_or_error(options["site"])
        facts = {name: options[name] for name in FACTS} | {
            "name": options["name"],
            "company": options["company"],
            "policy_url": options["policy_url"],
            "description": options["description"],
            "inline": options["inline"],
            "adapter": options["adapter"],
            "exempt_in": options["exempt_in"],
            "exemption_confirmed": options["exemption_confirmed"],
        }
        if options["necessary_reason"] is not None:
            facts["necessary_reason"] = options["necessary_reason"]
        # What is filed under advertising is taken for advertising, so that an opt-out signal holds it.
        for name, categories in (("sells_or_shares", ("C0004", "C0005")), ("targeted_ads", ("C0004",))):
            if facts[name] is None:
                facts[name] = options["category"] in categories and not options["container"]
        cookies = [named(text) for text in options["cookie"]] + [
            {"name": name, "kind": kind, "lifetime": LASTS[kind]}
            for option, kind in STORAGE.items()
            for name in options[option.replace("-", "_")]
        ]
        rest = {"category": options["category"], "patterns": options["pattern"], "cookies": cookies}
        try:
            key = options["key"] or key_of(options["name"])
            there = site.services.filter(key=key).first() if options["replace"] else None
            if there:
                service = update_service(there, ACTOR, **rest, **facts)
            else:
                service = add_service(site, ACTOR, key=key, **rest, **facts)
        except ReasonMissing as error:
            raise CommandError(f"{error} Give it with --necessary-reason.") from None
        except InvalidChange as error:
            raise CommandError(str(error)) from None
        self.stdout.write(
            f"{service.name} ({service.key}) is in the draft of {site.name} under {service.category.key}."
        )
        if not options["pattern"] and not options["inline"]:
            self.stdout.write("It has no request pattern and no inline signature: nothing of it can be held.")
