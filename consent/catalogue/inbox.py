"""Hosts that gates met and no service covers: which known service each belongs to, and filing them. A category is only
suggested; whoever files a host names it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext

from consent.catalogue import actions, known
from consent.catalogue.models import BlockRule, Service
from consent.common import InvalidChange
from consent.sites.models import Site
from consent.sites.queries import locked
from fairgate_enforce import patterns

OWN = "own"  # of a host: none of the catalogue's services, but one of the site's own


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a host may be: `service` is the known one that has the whole host, `others` have a path on it."""

    host: str
    service: known.Known | None
    others: Sequence[known.Known]
    companions: Sequence[known.Known]

    @property
    def choices(self) -> list[known.Known]:
        """Every known service that uses the host, the likeliest first."""
        return [*([self.service] if self.service else []), *self.others]


def table_of(site: Site) -> patterns.Table:
    """The block rules of a site's draft, compiled."""
    return patterns.compile([list(BlockRule.objects.filter(service__site=site).values_list("pattern", flat=True))])


def covered(table: patterns.Table, host: str) -> bool:
    """Whether a service of the draft has the whole host."""
    return patterns.match(table, f"https://{host}/") >= 0


def proposal(host: str, table: patterns.Table) -> Proposal:
    """What the catalogue knows of a host; companions are those of `choices` that `table` holds nothing of."""
    whole, others = known.of_host(host)
    services = [*([whole] if whole else []), *others]
    return Proposal(host, whole, others, missing_companions(services, table))


def missing_companions(services: Iterable[known.Known], table: patterns.Table) -> list[known.Known]:
    """The services that these need beside them, and of which `table` holds nothing."""
    wanted = dict.fromkeys(key for service in services for key in service["companions"])
    return [
        one
        for one in map(known.by_key().__getitem__, wanted)
        if not any(covered_pattern(table, rule) for rule in one["rules"])
    ]


def covered_pattern(table: patterns.Table, rule: str) -> bool:
    """Whether `table` holds what this rule would."""
    parsed = patterns.parse(rule)
    return bool(parsed.host) and patterns.match(table, f"https://{parsed.host}{parsed.path or '/'}") >= 0


@transaction.atomic
def add_known(site: Site, actor: str, key: str, *, category: str = "", companions: Iterable[str] = ()) -> list[Service]:
    """Adds a service of our catalogue with all we know of it, and its companions of these keys; returns what was added.

    `category` is that of all of them; empty = the one that the catalogue has for each. A companion that the site has is
    left as it is. Raises InvalidChange.
    """
    site = locked(site)
    entry = known.by_key().get(key)
    if entry is None:
        raise InvalidChange(gettext("Our catalogue has no such service."))
    wanted = [entry, *(known.by_key()[one] for one in entry["companions"] if one in set(companions))]
    have = set(site.services.values_list("key", flat=True))
    added = []
    for one in wanted:
        if one is not entry and one["key"] in have:
            continue
        facts = {field: one[field] for field in actions.FACTS if field in one}
        added.append(
            actions.add_service(
                site, actor, key=one["key"], category=category or one["category"], patterns=one["rules"],
                cookies=one["cookies"], **facts,
            )
        )  # fmt: skip
    return added


@transaction.atomic
def file_host(
    site: Site, actor: str, host: str, *, service: str, category: str, companions: Iterable[str] = ()
) -> list[Service]:
    """Files a host: as the known service of this key, or as one of the site's own (`OWN`). Returns what was added or
    got the host.

    A service that the site has already gets the host as another pattern, and keeps its category. Raises InvalidChange
    without a service or a category.
    """
    site = locked(site)
    if not service:
        raise InvalidChange(gettext("Choose what %(host)s is.") % {"host": host})
    there = site.services.filter(key=service).first() if service != OWN else None
    if there:
        kept = [rule.pattern for rule in there.rules.all()]
        if not covered(patterns.compile([kept]), host):
            actions.update_service(there, actor, patterns=[*kept, host])
        return [there]
    if not category:
        raise InvalidChange(gettext("Choose a category for %(host)s.") % {"host": host})
    if service == OWN:
        return [actions.add_service(site, actor, name=host, category=category, patterns=[host])]
    return add_known(site, actor, service, category=category, companions=companions)
