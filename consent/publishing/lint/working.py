"""What would break a site, or not work: not law, so nobody can sign it off; and what vendors' signals need."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext

from consent.publishing.lint.finding import BLOCK, WARN, Finding, Snapshot, necessary
from consent.sites.hosts import site_host
from fairgate_enforce import patterns

GOOGLE_SIGNALS = frozenset({"ad_storage", "ad_user_data", "ad_personalization", "analytics_storage"})


def workable(snapshot: Snapshot) -> Iterator[Finding]:
    for host in snapshot["site"]["hosts"]:
        try:
            site_host(f"[{host}]" if ":" in host else host)
        except ValueError as error:
            yield Finding(
                "F08",
                BLOCK,
                str(error),
                "publicsuffix.org",
                gettext("Take it away in the site's settings."),
                subject=host,
                field="settings hosts",
            )
    if not necessary(snapshot):
        yield Finding(
            "F04",
            WARN,
            gettext("No category is strictly necessary."),
            "configuration",
            gettext("Mark one as always active."),
            field="categories",
        )
    yield from _patterns(snapshot)
    yield from signals_governed(snapshot)
    if not snapshot["site"]["first_party_endpoint"]:
        yield Finding(
            "L22",
            WARN,
            gettext(
                "The site itself does not answer /.well-known/fairgate/ and /.well-known/gpc.json; Safari "
                "keeps an answer for seven days only."
            ),
            "11 CCR 7025; WebKit",
            gettext("Set up the reverse proxy rule of docs/first-party.md."),
            field="settings first_party_endpoint",
        )


def _patterns(snapshot: Snapshot) -> Iterator[Finding]:
    """What is wrong with what holds a service: nothing is, it can't be read, or it holds what it should not."""
    hosts, kept = snapshot["site"]["hosts"], necessary(snapshot)
    owner: dict[str, str] = {}
    for service in snapshot["services"]:
        for pattern in service["rules"]:
            try:
                parsed = patterns.parse(pattern)
            except ValueError as error:
                yield Finding(
                    "F01",
                    BLOCK,
                    str(error),
                    "configuration",
                    gettext("Correct the pattern."),
                    subject=service["key"],
                    field=f"service {service['key']} patterns",
                )
                continue
            if parsed.host and not parsed.path and not parsed.query and service["category"] not in kept:
                own = [h for h in hosts if patterns.is_under(h, parsed.host)]
                if own:
                    yield Finding(
                        "F02",
                        BLOCK,
                        gettext("The pattern %(pattern)s of %(name)s holds the site's own host %(own)s.")
                        % {"pattern": pattern, "name": service["name"], "own": own[0]},
                        "configuration",
                        gettext("Add a path to it."),
                        subject=service["key"],
                        field=f"service {service['key']} patterns",
                    )
            if owner.setdefault(pattern, service["name"]) != service["name"]:
                yield Finding(
                    "F05",
                    WARN,
                    gettext("%(name)s and %(owner)s share the pattern %(pattern)s.")
                    % {"name": service["name"], "owner": owner[pattern], "pattern": pattern},
                    "configuration",
                    gettext("Keep it with one of them; the first by key has it."),
                    subject=service["key"],
                    field=f"service {service['key']} patterns",
                )
        if service["category"] not in kept and not service["rules"] and not service["inline"]:
            yield Finding(
                "L26",
                WARN,
                gettext("%(name)s has no request pattern and no inline signature: nothing can be held.")
                % {"name": service["name"]},
                "Directive 2002/58/EC art. 5(3)",
                gettext("Add the host that it loads from."),
                subject=service["key"],
                field=f"service {service['key']} patterns",
            )


def signals_governed(snapshot: Snapshot) -> Iterator[Finding]:
    """Google's tags obey signals: each needs a category that governs one; a container, which may load any, all four."""
    governed = {category["key"]: GOOGLE_SIGNALS & {*category["consent_mode"]} for category in snapshot["categories"]}
    google = [service for service in snapshot["services"] if service["adapter"] == "google"]
    missing = GOOGLE_SIGNALS.difference(*governed.values())
    if missing and any(service["container"] for service in google):
        yield Finding(
            "L28",
            WARN,
            gettext("No category governs Google's %(missing)s.") % {"missing": ", ".join(sorted(missing))},
            "Google Consent Mode v2",
            gettext("Assign them to a category; until then they stay denied."),
            field="categories",
        )
    for service in google:
        if not service["container"] and not governed[service["category"]]:
            yield Finding(
                "L28",
                WARN,
                gettext("%(name)s is in %(category)s, which governs none of Google's signals.")
                % {"name": service["name"], "category": service["category"]},
                "Google Consent Mode v2",
                gettext("Assign a signal to that category; until then Google is told a no."),
                subject=service["key"],
                field=f"category {service['category']} consent_mode",
            )


RULES = (workable,)
