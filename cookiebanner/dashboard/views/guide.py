"""Setting a site up, step by step. What is done is read from the site itself, so it can be left and taken up at any
time, and by anybody of the team."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext, ngettext

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
        "host",
        gettext("Name the site's hosts"),
        gettext("Answers are taken from these hosts, and from no other."),
        ", ".join(hosts),
        bool(hosts),
        _url(site, "settings"),
        gettext("Change the hosts"),
    )


def _scan(site: Site) -> Step:
    last, newest = site.scans.select_related("job").first(), scans.newest(site)
    url, label = _url(site, "scans"), gettext("See how a scan is made")
    state = gettext("Nobody has looked yet.")
    if last and last.going_on:
        url, label, state = (
            _url(site, "scan", scan=last.pk),
            gettext("See how far it is"),
            gettext("A scan is under way."),
        )
    elif last and not newest:
        url, label, state = (
            _url(site, "scan", scan=last.pk),
            gettext("See what went wrong"),
            gettext("The last scan saw no page."),
        )
    elif newest:
        url, label = _url(site, "scan", scan=newest.pk), gettext("See the report")
        found = newest.report
        known, unknown = len(found["services"]), len(found["hosts"])
        state = gettext("Found: %(services)s, %(hosts)s.") % {
            "services": ngettext("%(count)s service", "%(count)s services", known) % {"count": known},
            "hosts": ngettext("%(count)s unknown host", "%(count)s unknown hosts", unknown) % {"count": unknown},
        }
    return Step(
        "scan",
        gettext("Look at the site"),
        gettext("What nobody knows of can't wait for an answer: a scan tells which trackers your pages have."),
        state,
        newest is not None,
        url,
        label,
    )


def _file(site: Site) -> Step:
    newest, count = scans.newest(site), site.services.count()
    have = list(site.services.values_list("key", flat=True))
    open_ = len(reports.unfiled(newest.report, have)) if newest else 0
    url = _url(site, "scan", scan=newest.pk) + "#file" if newest else _url(site, "service_new")
    state = gettext("%(count)s in the draft.") % {"count": count}
    if open_:
        state = gettext("%(count)s in the draft; %(open)s that were found are not.") % {"count": count, "open": open_}
    # A site may really have none: then a scan has said so.
    done = not open_ and (count > 0 or newest is not None)
    return Step(
        "file",
        gettext("File the services"),
        gettext("Each service waits with its category, and the banner asks about what is filed, and nothing else."),
        state,
        done,
        url,
        gettext("File what was found") if newest else gettext("Add from the catalogue"),
    )


def _look(site: Site) -> Step:
    return Step(
        "look",
        gettext("See how the banner looks"),
        gettext("It stands on every page, so it should look like yours. The law decides which buttons it has."),
        gettext("As a visitor of each place sees it."),
        publishing.current_release(site) is not None,
        _url(site, "banner"),
        gettext("Colours, layout and words"),
        optional=True,
    )


def _languages(site: Site) -> Step:
    names = ", ".join(LANGUAGE_NAMES.get(code, code) for code in site.languages)
    return Step(
        "languages",
        gettext("Choose the languages"),
        gettext("A consent counts only when the visitor understands the question."),
        names,
        publishing.current_release(site) is not None,
        _url(site, "settings"),
        gettext("Change the languages"),
        optional=True,
    )


def _publish(site: Site) -> Step:
    release = publishing.current_release(site)
    return Step(
        "publish",
        gettext("Publish"),
        gettext(
            "Visitors get a numbered copy of the draft, which the ledger keeps; what the law refuses "
            "can't be published."
        ),
        gettext("Release %(number)s is live.") % {"number": release.number}
        if release
        else gettext("Nothing is published yet."),
        release is not None,
        _url(site, "releases"),
        gettext("See the releases") if release else gettext("Check and publish"),
    )


def _install(site: Site) -> Step:
    sighting = site.sightings.order_by("-last_seen").first()
    state = (
        gettext("We see your site: %(host)s.") % {"host": sighting.host}
        if sighting
        else gettext("No page has reported yet.")
    )
    return Step(
        "install",
        gettext("Put two lines into your pages"),
        gettext("First in the head, before any other script: what comes earlier can't be held."),
        state,
        sighting is not None,
        _url(site, "installation"),
        gettext("Other levels, and help"),
    )
