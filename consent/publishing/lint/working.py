"""What would break a site, or not work: not law, so nobody can sign it off; and what vendors' signals need."""

from __future__ import annotations

from collections.abc import Iterator

from consent.publishing.lint.finding import BLOCK, WARN, Finding, Snapshot, necessary
from consent.sites.hosts import site_host
from fairgate_enforce import patterns

GOOGLE_SIGNALS = frozenset({"ad_storage", "ad_user_data", "ad_personalization", "analytics_storage"})


def workable(snapshot: Snapshot) -> Iterator[Finding]:
    hosts = snapshot["site"]["hosts"]
    owner: dict[str, str] = {}
    kept = necessary(snapshot)
    for host in hosts:
        try:
            site_host(f"[{host}]" if ":" in host else host)
        except ValueError as error:
            yield Finding(
                "F08",
                BLOCK,
                str(error),
                "publicsuffix.org",
                "Take it away in the site's settings.",
                subject=host,
                field="settings hosts",
            )
    if not kept:
        yield Finding(
            "F04", WARN, "No category is strictly necessary.", "configuration", "Mark one as always active.",
            field="categories",
        )  # fmt: skip
    for service in snapshot["services"]:
        for pattern in service["rules"]:
            try:
                parsed = patterns.parse(pattern)
            except ValueError as error:
                yield Finding(
                    "F01", BLOCK, str(error), "configuration", "Correct the pattern.", subject=service["key"],
                    field=f"service {service['key']} patterns",
                )  # fmt: skip
                continue
            if parsed.host and not parsed.path and not parsed.query and service["category"] not in kept:
                own = [h for h in hosts if patterns.is_under(h, parsed.host)]
                if own:
                    yield Finding(
                        "F02", BLOCK, f"The pattern {pattern} of {service['name']} holds the site's own host {own[0]}.",
                        "configuration", "Add a path to it.", subject=service["key"],
                        field=f"service {service['key']} patterns",
                    )  # fmt: skip
            if owner.setdefault(pattern, service["name"]) != service["name"]:
                yield Finding(
                    "F05", WARN, f"{service['name']} and {owner[pattern]} share the pattern {pattern}.",
                    "configuration", "Keep it with one of them; the first by key has it.", subject=service["key"],
                    field=f"service {service['key']} patterns",
                )  # fmt: skip
        if service["category"] not in kept and not service["rules"] and not service["inline"]:
            yield Finding(
                "L26", WARN, f"{service['name']} has no request pattern and no inline signature: nothing can be held.",
                "Directive 2002/58/EC art. 5(3)", "Add the host that it loads from.", subject=service["key"],
                field=f"service {service['key']} patterns",
            )  # fmt: skip
    yield from signals_governed(snapshot)
    if not snapshot["site"]["first_party_endpoint"]:
        yield Finding(
            "L22", WARN, "The site itself does not answer /.well-known/fairgate/ and /.well-known/gpc.json; "
            "Safari keeps an answer for seven days only.", "11 CCR 7025; WebKit",
            "Set up the reverse proxy rule of docs/first-party.md.",
            field="settings first_party_endpoint",
        )  # fmt: skip


def signals_governed(snapshot: Snapshot) -> Iterator[Finding]:
    """Google's tags obey signals: each needs a category that governs one; a container, which may load any, all four."""
    governed = {category["key"]: GOOGLE_SIGNALS & {*category["consent_mode"]} for category in snapshot["categories"]}
    google = [service for service in snapshot["services"] if service["adapter"] == "google"]
    missing = GOOGLE_SIGNALS.difference(*governed.values())
    if missing and any(service["container"] for service in google):
        yield Finding(
            "L28", WARN, f"No category governs Google's {', '.join(sorted(missing))}.", "Google Consent Mode v2",
            "Assign them to a category; until then they stay denied.",
            field="categories",
        )  # fmt: skip
    for service in google:
        if not service["container"] and not governed[service["category"]]:
            yield Finding(
                "L28", WARN, f"{service['name']} is in {service['category']}, which governs none of Google's signals.",
                "Google Consent Mode v2", "Assign a signal to that category; until then Google is told a no.",
                subject=service["key"], field=f"category {service['category']} consent_mode",
            )  # fmt: skip


RULES = (workable,)
