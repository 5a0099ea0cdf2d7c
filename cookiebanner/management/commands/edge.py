"""`manage.py edge --site ID --for nginx|worker --out DIR`: the server level for sites that are not Python."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from consent.publishing.tags import content_tag, cookie_name
from cookiebanner.enforce import edge
from cookiebanner.management.common import site_or_error


class Command(BaseCommand):
    help = "Writes the rewriter with a site's latest release for nginx (njs) or an edge worker; see docs/enforce.md."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--site", required=True, help="id of the site")
        parser.add_argument("--for", required=True, choices=sorted(edge.KINDS), dest="kind")
        parser.add_argument("--out", required=True, help="folder to write into; made when it is not there")
        parser.add_argument("--server", default="", help="address of this server; needed for the CSP header")

    def handle(self, *args: Any, site: str, kind: str, out: str, server: str, **options: Any) -> None:
        found = site_or_error(site)
        latest = found.releases.order_by("-number").first()
        if latest is None:
            raise CommandError("Publish the site first.")
        made = None
        if not found.killed_at:
            snapshot = json.loads(latest.snapshot)
            places = edge.places_of_the_world(datetime.now(UTC).date(), snapshot["jurisdictions"]["overrides"])
            names = {"content": content_tag(latest.sha256), "cookie": cookie_name(str(found.uuid))}
            made = edge.data({**snapshot, "release": latest.number, **names}, server, places)
        folder = Path(out)
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in edge.files(kind, made).items():
            # Whole or not at all: a server may read it this moment.
            beside = folder / f".{name}.new"
            beside.write_text(text, encoding="utf-8")
            beside.replace(folder / name)
            self.stdout.write(str(folder / name))
