"""`manage.py artifacts --to DIR`: every published script as a static file, for a CDN or a plain web server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from consent.models import Artifact, Site
from consent.publishing import streams
from consent.publishing.contents import compress_well
from cookiebanner.management.common import site_or_error
from cookiebanner.onetrust.respond import stub
from cookiebanner.releases.compile import halves
from cookiebanner.visitors.delivery import HOURLY, IMMUTABLE, SHORT_LIVED, STRICTEST, first_language, with_first
from cookiebanner.visitors.published import published

COMMON = (
    "Access-Control-Allow-Origin: *\n  Cross-Origin-Resource-Policy: cross-origin\n  X-Content-Type-Options: nosniff"
)
HEADERS = f"""\
/v1/*/a/*
  Cache-Control: {IMMUTABLE[0]}
  {COMMON}
/v1/*/r/*
  Cache-Control: {IMMUTABLE[0]}
  {COMMON}
/v1/*/regime/*
  Cache-Control: {SHORT_LIVED[0]}
  {COMMON}
/v1/*/gate.js
  Cache-Control: {SHORT_LIVED[0]}
  {COMMON}
/consent/*
  Cache-Control: {SHORT_LIVED[0]}
  {COMMON}
/scripttemplates/*
  Cache-Control: {HOURLY[0]}
  {COMMON}
"""


class Command(BaseCommand):
    help = "Writes the published scripts as static files, each with .gz and .br beside it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", required=True, help="folder to write into; made when it is not there")
        parser.add_argument("--site", action="append", help="id of a site (may be given again); all by default")

    def handle(self, *args: Any, to: str, site: list[str] | None, **options: Any) -> None:
        root = Path(to)
        sites = Site.objects.filter(releases__isnull=False).distinct()
        if site:
            chosen = [site_or_error(text) for text in site]
            sites = sites.filter(pk__in=[one.pk for one in chosen])
            if missing := [one.name for one in chosen if not sites.filter(pk=one.pk).exists()]:
                raise CommandError(f"Publish first: {', '.join(missing)}.")
        count = 0
        for one in sites:
            compress_well(one)  # a worker may not have come to it yet
            count += write_site(root, one)
        file = stub()
        write(root / "scripttemplates" / "otSDKStub.js", file.identity, file.gzip, file.br)
        # Netlify and Cloudflare Pages read this; docs/operate.md has the same for nginx and Caddy.
        (root / "_headers").write_text(HEADERS)
        self.stdout.write(f"{count} files of {len(sites)} site{'' if len(sites) == 1 else 's'} written to {root}")


def write_site(root: Path, site: Site) -> int:
    """The site's files; a killed site gets empty gates.

    A static host knows no places and no languages: its gate.js is the strictest, and the first layer behind the latest
    gates is in the site's first language. Pages in others get their banner with a second request.
    """
    entry = published.site(site.uuid)
    latest = site.releases.order_by("-number").first()
    folder, count = root / "v1" / str(site.uuid), 0
    old = (
        Artifact.objects.filter(release__site=site)
        .select_related("release", "content__base__base")
        .order_by("release__number")
    )
    for artifact in old.iterator(chunk_size=50):
        body = artifact.content.body
        forms = (body, streams.to_gzip(body), artifact.content.for_browsers())
        # Gates name 16 digits of it; those published before that, all.
        paths = [folder / "a" / address / artifact.name for address in (artifact.sha256[:16], artifact.sha256)]
        if artifact.name.startswith("gate."):
            variant = artifact.name.removeprefix("gate.").removesuffix(".js")
            paths.append(folder / "r" / str(artifact.release.number) / "regime" / variant / "gate.js")
            if latest and artifact.release_id == latest.pk:
                served = (b"", b"", b"") if site.killed_at else forms
                alone = served
                joined = with_first(entry, artifact.name, first_language(entry.languages, ())) if entry else None
                if joined and not site.killed_at:
                    served = (joined.identity, joined.gzip, joined.br)
                write(folder / "regime" / variant / "gate.js", *served)
                write_halves(folder / "regime" / variant, served[0])
                if variant == STRICTEST:
                    write(folder / "gate.js", *served)
                    write_halves(folder, served[0])
                    write(root / "consent" / str(site.uuid) / "OtAutoBlock.js", *alone)
        for path in paths:
            write(path, *forms)
            count += 1
    return count


def write_halves(folder: Path, gate: bytes) -> None:
    """`gate.1.js` and `gate.2.js` for pages that carry the gate themselves; of an older one all is in the second."""
    first, second = halves(gate) or (b"", gate)
    write(folder / "gate.1.js", first, b"", b"")
    write(folder / "gate.2.js", second, b"", b"")


def write(path: Path, body: bytes, gzip: bytes, brotli: bytes) -> None:
    """Each file whole or not at all, so that a host that reads meanwhile never sends half a script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for suffix, content in (("", body), (".gz", gzip), (".br", brotli)):
        target = path.with_name(path.name + suffix)
        if suffix and not content:
            target.unlink(missing_ok=True)
            continue
        if target.exists() and target.read_bytes() == content:
            continue
        beside = target.with_name(f".{target.name}.new")
        beside.write_bytes(content)
        beside.replace(target)
