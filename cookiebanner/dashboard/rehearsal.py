"""A page of somebody's site with our gate on it, as a document that runs nowhere but in a sandboxed frame.

Of the page's own scripts none runs: its policy knows our scripts by their nonce and nothing else. Style sheets,
pictures and fonts come from the site's own hosts alone, so that no third party hears of whoever rehearses; style sheets
of others are read by the server (foreign_styles.py). Nothing can be sent.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.template.loader import render_to_string

from consent.publishing.snapshot import Snapshot, canonical, sha256_of
from consent.scanner.findings import is_own
from consent.sites.models import Site
from cookiebanner.releases.compile import LATE
from cookiebanner.releases.publish import compile  # noqa: A004
from cookiebanner.visitors.delivery import first_part
from fairgate_enforce.defaults import before_answer

# What would take the frame elsewhere, or is the document's to say.
DROPPED = re.compile(
    r"<base\b[^<>]{0,2000}>|<meta\b(?=[^<>]{0,2000}http-equiv)[^<>]{0,2000}>"
    r"|<script\b(?=[^<>]{0,2000}(?:otSDKStub|OtAutoBlock)\.js)[^<>]{0,2000}>\s{0,200}</script>",
    re.IGNORECASE,
)
HEAD = re.compile(r"<head\b[^<>]{0,2000}>", re.IGNORECASE)
LANGUAGE = re.compile(r"<html\b[^<>]{0,2000}?\blang\s*=\s*[\"']?([A-Za-z]{2,3})", re.IGNORECASE)


@dataclass(slots=True)
class Rehearsal:
    """The document, and what its gate would do with the services of the draft before an answer."""

    document: str
    waits: list[str] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)
    not_drawn: list[str] = field(default_factory=list)  # hosts whose style sheets are not in it


def policy(hosts: Sequence[str], nonce: str) -> str:
    """The Content-Security-Policy of the page around the frame, which a document without an address inherits."""
    own = " ".join(f"https://{host} https://*.{host.removeprefix('www.')}" for host in hosts)
    return (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self' 'unsafe-inline' {own}; "
        f"img-src 'self' data: {own}; font-src 'self' data: {own}; connect-src 'none'; form-action 'self'; "
        f"frame-src 'self'; frame-ancestors 'none'; base-uri {own}"
    )


def base_of(url: str, hosts: Sequence[str]) -> str:
    """What the page's relative addresses begin with: its own address, when it is on one of the site's hosts."""
    own = url and is_own(urlsplit(url).hostname or "", hosts)
    return url if own else f"https://{hosts[0]}/"


def before(page: str, base: str) -> Rehearsal:
    """The page as it was saved; nothing on it runs."""
    return Rehearsal(_with(page, f'<base href="{escape(base)}">'))


def after(page: str, base: str, snapshot: Snapshot, variant: str, request: HttpRequest) -> Rehearsal:
    """The page with the gate of a draft in a variant."""
    found = LANGUAGE.search(page)
    language = found[1].lower() if found and found[1].lower() in snapshot["languages"] else snapshot["languages"][0]
    # The document's own policy lets nothing run: the markup tricks of the snippet levels would only hide it.
    snapshot = {**snapshot, "site": {**snapshot["site"], "level": Site.Level.SERVER.value}}
    files = {name: body.decode() for name, _, body in compile(snapshot, 1, sha256_of(canonical(snapshot)))}
    name = f"gate.{variant}.js"
    # The parts that a gate fetches are there before it asks for them.
    parts = [files[name] + files[first_part(files, name, language)], files[LATE], files[f"ui.{language}.js"]]
    nonce = str(request.csp_nonce)  # type: ignore[attr-defined]
    server = escape(settings.FAIRGATE_URL)
    head = [f'<base href="{escape(base)}">', render_to_string("preview_stand_ins.html", request=request)]
    for part in parts:
        code = re.sub(r"</(?=script)|<!--", lambda mark: mark[0].replace("<", "\\x3c"), part, flags=re.IGNORECASE)
        head.append(f'<script nonce="{nonce}" data-base="{server}" data-language="{language}">{code}</script>')
    head.append(render_to_string("preview_asks.html", request=request))
    terms = snapshot["variants"][variant]
    necessary = {category["key"] for category in snapshot["categories"] if category["necessary"]}
    rehearsal = Rehearsal(_with(page, "".join(head)))
    for service in snapshot["services"]:
        granted = before_answer(service, service["category"] in necessary, terms) == "granted"
        (rehearsal.runs if granted else rehearsal.waits).append(service["name"])
    return rehearsal


def _with(page: str, head: str) -> str:
    page = DROPPED.sub("", page)
    found = HEAD.search(page)
    if found:
        return page[: found.end()] + head + page[found.end() :]
    return f"<!DOCTYPE html><head>{head}</head>{page}"
