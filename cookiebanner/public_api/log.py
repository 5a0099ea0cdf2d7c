"""A site's log for auditors: a read-only C2SP tlog-tiles endpoint under `/v1/<site>/log/`.

Off, behind a token with the scope `audit` (default), or public; a setting of the site.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from consent.ledger import checkpoint, merkle
from consent.ledger.proofs import Tree
from consent.sites.actions import token_used
from consent.sites.models import Site
from consent.sites.queries import site_by_uuid, token_of
from cookiebanner.problems import problem

FRESH = timedelta(seconds=60)  # how old a checkpoint may be before a reader gets a new one


@require_safe
def log(request: HttpRequest, site: UUID, path: str) -> HttpResponse:
    """`checkpoint`, `tile/<L>/<N>[.p/<W>]` or `tile/entries/<N>[.p/<W>]`."""
    found = site_by_uuid(site)
    if found is None or found.tiles == Site.Tiles.OFF:
        return problem(404, "not_found", "There is no such log.")
    if found.tiles == Site.Tiles.TOKEN and not _is_auditor(request, found):
        response = problem(401, "token_needed", "This log needs an auditor's token.")
        response["WWW-Authenticate"] = "Bearer"
        return response
    answer = _checkpoint(found) if path == "checkpoint" else _tile(found, path)
    answer["Access-Control-Allow-Origin"] = "*"
    answer["X-Content-Type-Options"] = "nosniff"
    if found.tiles != Site.Tiles.PUBLIC and answer.status_code == 200:
        answer["Cache-Control"] = "private, " + answer["Cache-Control"].partition(", ")[2]
    return answer


def _is_auditor(request: HttpRequest, site: Site) -> bool:
    kind, _, text = request.headers.get("Authorization", "").partition(" ")
    token = token_of(text) if kind.lower() == "bearer" else None
    if token is None or token.site_id != site.pk or "audit" not in token.scopes:
        return False
    token_used(token)
    return True


def _checkpoint(site: Site) -> HttpResponse:
    newest = checkpoint.fresh(site, FRESH)
    if newest is None:
        return problem(404, "not_found", "The log is empty.")
    return HttpResponse(
        newest.note, content_type="text/plain; charset=utf-8", headers={"Cache-Control": "public, no-cache"}
    )


def _tile(site: Site, path: str) -> HttpResponse:
    try:
        level, number, width = parse(path)
        tree = Tree(site.pk, site.uuid)
        if level is None:
            entries = tree.entries(number << 8, (number << 8) + width)
            if len(entries) != width:
                raise ValueError("The log has no such entries.")
            body = b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)
        else:
            body = b"".join(tree.hashes(level, number, width))
    except ValueError as error:
        return problem(404, "not_found", str(error))
    return HttpResponse(
        body, content_type="application/octet-stream", headers={"Cache-Control": "public, max-age=31536000, immutable"}
    )


def parse(path: str) -> tuple[int | None, int, int]:
    """(level, None for entries; number; width) of a tile's path, `tile/0/x001/067.p/12`. Raises ValueError."""
    kind, *rest = path.split("/")
    if kind != "tile" or len(rest) < 2:
        raise ValueError("This is no tile's path.")
    level = None if rest[0] == "entries" else _number(rest[0], 63)
    width = merkle.WIDTH
    numbers = rest[1:]
    if len(numbers) > 1 and numbers[-2].endswith(".p"):
        width = _number(numbers.pop(), 255)
        numbers[-1] = numbers[-1].removesuffix(".p")
        if width == 0:
            raise ValueError("A tile is never empty.")
    number = 0
    for place, part in enumerate(numbers):
        last = place == len(numbers) - 1
        digits = part if last else part.removeprefix("x")
        if len(digits) != 3 or not (digits.isascii() and digits.isdecimal()) or (not last and part[:1] != "x"):
            raise ValueError("A tile's number is written in groups of three digits.")
        number = number * 1000 + int(digits)
    if (len(numbers) > 1 and numbers[0] == "x000") or number >= 2**40:
        raise ValueError("There is no such tile.")
    return level, number, width


def _number(text: str, most: int) -> int:
    if not (text.isascii() and text.isdecimal()) or str(int(text)) != text or int(text) > most:
        raise ValueError("This is no tile's path.")
    return int(text)
