"""What a page's contents mean: services of our catalogue, strangers, and what to change in the page. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit
from uuid import UUID

from django.utils.translation import gettext

from consent.catalogue import known
from consent.scanner import onetrust_code
from consent.scanner.page import NECESSARY, Page, Request
from consent.sites import snippets
from fairgate_enforce import patterns

LONGEST_KEY = 40  # characters of a category's id
ONETRUST = ("cookielaw.org", "onetrust.com", "cookiepro.com")
OTHER_BANNERS = (
    "cookiebot.com", "usercentrics.eu", "trustarc.com", "truste.com", "consentmanager.net", "didomi.io", "iubenda.com",
    "cookieyes.com", "osano.com", "termly.io", "quantcast.mgr.consensu.org", "cookie-script.com", "privacy-center.org",
    "transcend.io", "ketch.com", "axept.io", "sirdata.io", "civiccomputing.com", "cookiefirst.com", "evidon.com",
)  # fmt: skip
TAKEN_OVER = ("cookiebot.com", "usercentrics.eu")
PRIVACY = re.compile(
    r"privacy.?(policy|notice|statement)|datenschutz|confidentialit|privacidad|/privacy/?$", re.IGNORECASE
)
IMPRINT = re.compile(r"\bimpressum\b|\bimprint\b|mentions.l.gales|aviso.legal|legal.notice", re.IGNORECASE)


@dataclass(slots=True)
class Sighting:
    """A known service on the page: the evidence, and the category the page parked it under ("" = none)."""

    service: known.Known
    evidence: list[str] = field(default_factory=list)
    parked: str = ""


@dataclass(slots=True)
class Findings:
    """What `examine` found. `strangers` are third-party hosts that nothing knows: {host: evidence}; `parked` are those
    of them that the page parked under a category: {host: category}; `named` are all categories that it names by id."""

    site_id: UUID | None = None
    sightings: dict[str, Sighting] = field(default_factory=dict)
    strangers: dict[str, list[str]] = field(default_factory=dict)
    parked: dict[str, str] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)
    onetrust: list[Request] = field(default_factory=list)
    banners: dict[str, list[str]] = field(default_factory=dict)
    noscript: list[tuple[int, str, str]] = field(default_factory=list)
    policy_url: str = ""
    imprint_url: str = ""


def examine(page: Page, hosts: Sequence[str]) -> Findings:
    """Files what the page loads. `hosts` are the site's own: they and their subdomains are no third parties."""
    found = Findings(site_id=_site_id(page))
    for request in page.requests:
        _request(found, request, hosts, loaded=True)
    for request in page.mentions:
        _request(found, request, hosts, loaded=False)
    for code in page.code:
        for service in known.of_code(code.text):
            _see(found, service, f"line {code.line}: inline code", code.parked)
    found.named = {request.parked for request in (*page.requests, *page.mentions)}
    found.named |= page.ids | {code.parked for code in page.code}
    for code in page.code:
        found.named |= onetrust_code.ids(code.text)
    found.named = {key for key in found.named if key and len(key) <= LONGEST_KEY}
    found.policy_url = _link(page, PRIVACY, hosts)
    found.imprint_url = _link(page, IMPRINT, hosts)
    return found


def _request(found: Findings, request: Request, hosts: Sequence[str], *, loaded: bool) -> None:
    parts = patterns.split(request.url, hosts[0])
    if parts is None:
        return
    host = parts[1]
    evidence = f"line {request.line}: {request.tag} {request.url[:120]}"
    if is_onetrust(request.url):
        if loaded:
            found.onetrust.append(request)
        return
    if banner := other_banner(host):
        found.banners.setdefault(banner, []).append(evidence)
        return
    service = known.of_url(request.url, hosts[0])
    if service and request.noscript:
        found.noscript.append((request.line, request.tag, service["name"]))
    if service:
        _see(found, service, evidence, request.parked)
    elif loaded and not is_own(host, hosts):
        found.strangers.setdefault(host, []).append(evidence)
        if request.parked:
            found.parked[host] = _optional(found.parked.get(host, ""), request.parked)
        if request.noscript:
            found.noscript.append((request.line, request.tag, host))


def _see(found: Findings, service: known.Known, evidence: str, parked: str) -> None:
    sighting = found.sightings.setdefault(service["key"], Sighting(service))
    if evidence not in sighting.evidence:
        sighting.evidence.append(evidence)
    sighting.parked = _optional(sighting.parked, parked)


def _optional(before: str, parked: str) -> str:
    """Of two categories that one service waits for, the first that is not strictly necessary."""
    return parked if before in ("", NECESSARY) and parked else before


def other_banner(host: str) -> str:
    """The other banner that a host belongs to, OneTrust's apart; "" for any other host."""
    return next((name for name in OTHER_BANNERS if patterns.is_under(host, name)), "")


def is_own(host: str, hosts: Sequence[str]) -> bool:
    """Whether a host is one of the site's, or a subdomain of one, or the same without `www.`."""
    return any(host == own or host.endswith("." + own.removeprefix("www.")) or "www." + host == own for own in hosts)


def is_onetrust(url: str) -> bool:
    """Whether an address is OneTrust's, or one of its two tags on somebody's own host."""
    parts = patterns.split(url, "")
    if parts is None:
        return False
    _, host, path, _ = parts
    tag = path.endswith(("/otSDKStub.js", "/OtAutoBlock.js"))
    return tag or any(patterns.is_under(host, name) for name in ONETRUST)


def _site_id(page: Page) -> UUID | None:
    """OneTrust's domain id, without the `-test` of its testing script."""
    addresses = [r.url for r in page.requests if is_onetrust(r.url) and ("/consent/" in r.url or "did=" in r.url)]
    for text in [*page.domain_scripts, *addresses]:
        if found := re.search(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", text, re.IGNORECASE):
            return UUID(found.group())
    return None


def _link(page: Page, about: re.Pattern[str], hosts: Sequence[str]) -> str:
    """The site's own page about something: rather one that is called just that, then the shortest address."""
    found = [
        (not about.fullmatch(label), len(url), url)
        for href, label, _ in page.links
        if (about.search(href) or about.search(label)) and (url := _own_link(href, hosts))
    ]
    return min(found)[2] if found else ""


def _own_link(href: str, hosts: Sequence[str]) -> str:
    url = urljoin(f"https://{hosts[0]}/", href)
    try:
        return url if url.startswith("https://") and is_own(urlsplit(url).hostname or "", hosts) else ""
    except ValueError:
        return ""


def advice(page: Page, found: Findings, site_id: UUID, server: str) -> list[str]:
    """What to change in the page, one sentence or block each, most important first."""
    lines = [_tags(page, found, site_id, server)]
    for name, evidence in found.banners.items():
        keep = (
            gettext(" What its visitors answered is taken over when you say where you move from.")
            if name in TAKEN_OVER
            else ""
        )
        lines.append(
            gettext("Remove the other consent banner, %(name)s (%(evidence)s).%(keep)s")
            % {"name": name, "evidence": "; ".join(evidence[:3]), "keep": keep}
        )
    for line, tag, name in found.noscript:
        what = (
            gettext("the Google Tag Manager noscript iframe")
            if name == "Google Tag Manager"
            else gettext("the noscript %(tag)s of %(name)s") % {"tag": tag, "name": name}
        )
        lines.append(
            gettext("Line %(line)s: remove %(what)s. It is only used without JavaScript, where nobody can ask.")
            % {"line": line, "what": what}
        )
    if "google-tag-manager" in found.sightings:
        lines.append(
            gettext(
                "In Google Tag Manager: tags that load no address of their own (custom HTML that sets "
                "cookies, tags of custom templates) cannot be told apart from outside. Give each one consent "
                "settings (Admin > Container settings > Consent overview > Require additional consent), with "
                "analytics_storage or ad_storage, and turn off any tag that sets its own consent default. "
                "What the container loads cannot be read from the page: add those services too (the "
                "dashboard lists the hosts that the gate meets and no service claims)."
            )
        )
    if fonts := [s.service["name"] for s in found.sightings.values() if s.service["category"] == "C0001"]:
        lines.append(
            gettext(
                "These load from a third party before any answer, because the page breaks without them: "
                "%(fonts)s. Host fonts and libraries yourself (LG München I, 20.01.2022, 3 O 17493/20), or "
                "move the service to another category."
            )
            % {"fonts": ", ".join(fonts)}
        )
    return lines + _onetrust_left(page, server)


def _onetrust_left(page: Page, server: str) -> list[str]:
    """What of OneTrust the page goes on asking for."""
    lines = []
    if missing := onetrust_code.missing(code.text for code in page.code):
        lines.append(
            gettext(
                "The page's code asks for what is not here: %(missing)s. It finds nothing under these names; "
                "look at what it does then."
            )
            % {"missing": ", ".join(missing)}
        )
    for href, _, line in page.links:
        if "/dsarwebform/" in href:
            lines.append(
                gettext(
                    "Line %(line)s: links to OneTrust's request form. Change its host: %(server)s%(path)s leads "
                    "to your own form once it is switched on (Requests), before that to your privacy policy."
                )
                % {"line": line, "server": server, "path": _path(href)}
            )
    if page.settings_links:
        where = ", ".join(map(str, page.settings_links))
        lines.append(
            gettext("Keep the settings links (line %(where)s): they open the preference center.") % {"where": where}
        )
    else:
        lines.append(gettext("The page has no settings link; our floating button opens the preference center."))
    return lines


def _tags(page: Page, found: Findings, site_id: UUID, server: str) -> str:
    one = snippets.snippet(server, site_id)
    if not found.onetrust:
        return gettext("Put this first into <head>, before any other script:\n%(one)s") % {"one": one}
    tags = [r for r in found.onetrust if r.tag == "script"]
    two = "\n".join(f"  line {r.line}: {r.url}\n    becomes {server}{_path(r.url)}" for r in tags)
    blocks = [r for r in tags if r.url.partition("?")[0].endswith("/OtAutoBlock.js")]
    if not blocks:
        block = snippets.script(f"{server}/consent/{site_id}/OtAutoBlock.js")
        why = gettext("since the stub alone may come too late for what stands near it")
        two += "\n  " + gettext("and add this before them, %(why)s:\n    %(block)s") % {"why": why, "block": block}
    elif blocks[0].late or page.first_script < blocks[0].line:
        two += "\n  " + gettext(
            "keep line %(line)s, but as the first script of the page and without async or defer: what "
            "runs before it can't be held"
        ) % {"line": blocks[0].line}
    else:
        two += "\n  " + gettext("keep line %(line)s: the stub alone may come too late for what stands near it") % {
            "line": blocks[0].line
        }
    return gettext(
        "Change the host of OneTrust's tags and nothing else (drop-in):\n%(two)s\nor better, put this "
        "in their place, first into <head>; it also stops requests that the browser sends before any "
        "script runs:\n%(one)s"
    ) % {"two": two, "one": one}


def _path(url: str) -> str:
    path = urlsplit(url if "//" in url else "//" + url).path
    for mark in ("/scripttemplates/", "/consent/", "/langswitch/", "/dsarwebform/"):
        if mark in path:
            return path[path.index(mark) :]
    return path
