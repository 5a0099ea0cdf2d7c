"""Setting a site up, step by step. What is done is read from the site itself, so it can be left and taken up at any
time, and by anybody of the team."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from consent.publishing import queries as publishing
from consent.scanner import report as reports
from consent.scanner import scans
from consent.sites import snippets
from consent.sites.models import Site
from consent.sites.roles import May
from cookiebanner.dashboard.forms import LANGUAGE_NAMES
from cookiebanner.staff import links
from cookiebanner.staff.pages import on_site, show


@dataclass
class Step:
    """One step: why it is there, how it stands, and where it is taken. `optional`: nothing waits for it."""

    key: str
    title: str
    why: str
    state: str
    done: bool
    url: str
    label: str
    optional: bool = False


@on_site(May.VIEW, "GET")
def guide(request: HttpRequest, site: Site) -> HttpResponse:
    """The steps, the next one open."""
    steps = _steps(site)
    following = next((step.key for step in steps if not step.done and not step.optional), "")
    going_on = any(one.going_on for one in site.scans.select_related("job")[:1])
    return show(
        request,
        "dashboard/guide.html",
        site,
        steps=steps,
        following=following,
        waits=going_on or following == "install",
        lines=snippets.snippet(links.base(request), site.uuid),
    )


def _steps(site: Site) -> list[Step]:
    return [_host(site), _scan(site), _file(site), _look(site), _languages(site), _publish(site), _install(site)]


def _url(site: Site, name: str, **keys: object) -> str:
    return reverse(f"dashboard:{name}", kwargs={"uuid": site.uuid, **keys})


def _host(site: Site) -> Step:
    hosts = list(site.hosts.order_by("pk").values_list("name", flat=True))
    return Step(
        "host", "Name the site's hosts", "Answers are taken from these hosts, and from no other.", ", ".join(hosts),
        bool(hosts), _url(site, "settings"), "Change the hosts",
    )  # fmt: skip


def _count(rows: list[object], what: str) -> str:
    return f"{len(rows)} {what}{'' if len(rows) == 1 else 's'}"


def _scan(site: Site) -> Step:
    last, newest = site.scans.select_related("job").first(), scans.newest(site)
    url, label = _url(site, "scans"), "See how a scan is made"
    state = "Nobody has looked yet."
    if last and last.going_on:
        url, label, state = _url(site, "scan", scan=last.pk), "See how far it is", "A scan is under way."
    elif last and not newest:
        url, label, state = _url(site, "scan", scan=last.pk), "See what went wrong", "The last scan saw no page."
    elif newest:
        url, label = _url(site, "scan", scan=newest.pk), "See the report"
        found = newest.report
        state = f"Found: {_count(found['services'], 'service')}, {_count(found['hosts'], 'unknown host')}."
    return Step(
        "scan", "Look at the site", "What nobody knows of can't wait for an answer: a scan tells which trackers your "
        "pages have.",
        state, newest is not None, url, label,
    )  # fmt: skip


def _file(site: Site) -> Step:
    newest, count = scans.newest(site), site.services.count()
    have = list(site.services.values_list("key", flat=True))
    open_ = len(reports.unfiled(newest.report, have)) if newest else 0
    url = _url(site, "scan", scan=newest.pk) + "#file" if newest else _url(site, "service_new")
    state = f"{count} in the draft" + (f"; {open_} that were found are not." if open_ else ".")
    # A site may really have none: then a scan has said so.
    done = not open_ and (count > 0 or newest is not None)
    return Step(
        "file", "File the services", "Each service waits with its category, and the banner asks about what is "
        "filed, and nothing else.",
        state, done, url, "File what was found" if newest else "Add from the catalogue",
    )  # fmt: skip


def _look(site: Site) -> Step:
    return Step(
        "look", "See how the banner looks", "It stands on every page, so it should look like yours. The law decides "
        "which buttons it has.", "As a visitor of each place sees it.", publishing.current_release(site) is not None,
        _url(site, "banner"), "Colours, layout and words", optional=True,
    )  # fmt: skip


def _languages(site: Site) -> Step:
    names = ", ".join(LANGUAGE_NAMES.get(code, code) for code in site.languages)
    return Step(
        "languages", "Choose the languages", "A consent counts only when the visitor understands the question.", names,
        publishing.current_release(site) is not None, _url(site, "settings"), "Change the languages", optional=True,
    )  # fmt: skip


def _publish(site: Site) -> Step:
    release = publishing.current_release(site)
    return Step(
        "publish", "Publish", "Visitors get a numbered copy of the draft, which the ledger keeps; what the law refuses "
        "can't be published.",
        f"Release {release.number} is live." if release else "Nothing is published yet.", release is not None,
        _url(site, "releases"), "See the releases" if release else "Check and publish",
    )  # fmt: skip


def _install(site: Site) -> Step:
    sighting = site.sightings.order_by("-last_seen").first()
    state = f"We see your site: {sighting.host}." if sighting else "No page has reported yet."
    return Step(
        "install", "Put two lines into your pages", "First in the head, before any other script: what comes earlier "
        "can't be held.",
        state, sighting is not None, _url(site, "installation"), "Other levels, and help",
    )  # fmt: skip
