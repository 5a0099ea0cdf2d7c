"""Adopting a page: the site, its services and categories, from what the page holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from consent.catalogue.actions import COOKIE_FIELDS, FACTS, add_service, set_category, update_service
from consent.catalogue.known import Known
from consent.catalogue.models import Service
from consent.common import InvalidChange
from consent.scanner import findings
from consent.scanner.page import read
from consent.sites.actions import LANGUAGES, as_uuid, create_site, set_hosts
from consent.sites.hosts import site_host
from consent.sites.models import Site
from consent.sites.names import one_line
from consent.sites.queries import site_by_uuid
from consent.trail.actions import audit

# What we know of a service that the page parks as always active, and no more.
ADOPTED = "Necessary in the adopted OneTrust configuration, which has it as {}. Not checked yet."


@dataclass(slots=True)
class Adoption:
    """What adopting a page did."""

    site: Site
    created: bool
    found: findings.Findings
    advice: list[str]
    added: list[Service] = field(default_factory=list)
    updated: list[Service] = field(default_factory=list)
    known: list[Service] = field(default_factory=list)
    undecided: dict[str, Known] = field(default_factory=dict)  # by name: somebody has to choose the category


@dataclass(frozen=True, slots=True)
class ReportedService:
    """A service of a page, or a stranger: its category ("" = somebody has to choose), what became of it, and where the
    page names it."""

    name: str
    category: str
    state: str  # added, completed, there, undecided, unknown
    evidence: list[str]


@dataclass(frozen=True, slots=True)
class Report:
    """What adopting did, or would do, in plain values: it outlives a rehearsal's rows."""

    site_id: UUID
    name: str
    hosts: list[str]
    created: bool
    onetrust: bool
    rows: list[ReportedService]
    advice: list[str]


def report(adoption: Adoption) -> Report:
    """The whole of it, services by category, then what nobody filed."""
    found = adoption.found
    rows = [
        ReportedService(service.name, service.category.key, state, evidence_of(found, service.key, service.name))
        for state, services in (("added", adoption.added), ("completed", adoption.updated), ("there", adoption.known))
        for service in services
    ]
    rows.sort(key=lambda row: (row.category, row.name))
    rows += [
        ReportedService(name, "", "undecided", evidence_of(found, seen["key"], name))
        for name, seen in adoption.undecided.items()
    ]
    rows += [
        ReportedService(host, "", "unknown", seen)
        for host, seen in sorted(found.strangers.items())
        if host not in found.parked
    ]
    site = adoption.site
    hosts = list(site.hosts.order_by("name").values_list("name", flat=True))
    return Report(site.uuid, site.name, hosts, adoption.created, bool(found.onetrust), rows, adoption.advice)


def evidence_of(found: findings.Findings, key: str, name: str) -> list[str]:
    """Where a page names a service; of one made for a parked stranger, where it names that host."""
    sighting = found.sightings.get(key)
    return sighting.evidence if sighting else found.strangers.get(name, [])


@transaction.atomic
def adopt_reported(
    html: str,
    hosts: Sequence[str],
    actor: str,
    may: Callable[[Site], bool],
    *,
    rehearsal: bool = False,
    **settings: Any,
) -> Report:
    """`adopt`, and what it did, or what it would do: nothing of a `rehearsal` stays.

    `may` says whether a site that is there already may be changed. Raises InvalidChange, also where it refuses; then
    nothing stays either.
    """
    adoption = adopt(html, hosts, actor, **settings)
    if not adoption.created and not may(adoption.site):
        # Not whose: a stranger is not told of sites.
        raise InvalidChange("There is already a site with this id or host, and you may not change it. Ask its owner.")
    made = report(adoption)
    if rehearsal:
        transaction.set_rollback(True)
    return made


@transaction.atomic
def adopt(
    html: str, hosts: Sequence[str], actor: str, *, site_id: UUID | str | None = None, server: str = "", **settings: Any
) -> Adoption:
    """Makes the site of a page, or completes it: adopting again adds what is new and changes no decision of its owner.

    The site's id is `site_id`, else the page's `data-domain-script`, else a new one. `server` is our public address,
    for the advice. Raises InvalidChange.
    """
    try:
        hosts = [site_host(host) for host in hosts]
    except ValueError as error:
        raise InvalidChange(str(error)) from None
    if not hosts:
        raise InvalidChange("Name the host that serves the page, such as example.com.")
    page = read(html)
    found = findings.examine(page, hosts)
    uuid = as_uuid(site_id) if site_id else found.site_id
    site = site_by_uuid(uuid) if uuid else Site.objects.filter(hosts__name=hosts[0]).first()
    created = site is None
    organization = one_line(page.organization or page.rights)[:200].strip()
    if site is None:
        site = create_site(
            hosts,
            actor,
            uuid=uuid,
            share_host=uuid is not None,
            **{
                "name": organization or hosts[0],
                "controller": organization,
                "policy_url": found.policy_url[:500],
                "imprint_url": found.imprint_url[:500],
                "languages": _languages(page.language),
                "level": Site.Level.DROP_IN if found.onetrust else Site.Level.SNIPPET,
                **settings,
            },
        )
    else:
        before = list(site.hosts.values_list("name", flat=True))
        set_hosts(site, [*before, *hosts], actor, share_host=uuid is not None)
    adoption = Adoption(site, created, found, findings.advice(page, found, site.uuid, server or "https://YOUR-SERVER"))
    _categories(site, found, actor)
    for sighting in found.sightings.values():
        _service(adoption, sighting.service, sighting.parked, actor)
    for host, category in found.parked.items():
        _service(
            adoption, {"key": host.replace(".", "-"), "name": host, "rules": [host], "category": ""}, category, actor
        )
    audit(
        site, actor, "page.adopt", services=sorted(found.sightings), strangers=sorted(found.strangers),
        added=sorted(service.key for service in adoption.added),
    )  # fmt: skip
    return adoption


def _languages(page: str) -> list[str]:
    """Ours, the page's own first."""
    first = page.lower().replace("_", "-").partition("-")[0]
    return sorted(LANGUAGES, key=lambda language: language != first)


def _categories(site: Site, found: findings.Findings, actor: str) -> None:
    """The page's own categories: it asks for them by key, so the site must have them."""
    settled = site.categories.filter(Q(used_by_page=True) | Q(necessary=True)).values_list("key", flat=True)
    for key in sorted(found.named - set(settled)):
        set_category(site, key, actor, used_by_page=True)


def _service(adoption: Adoption, seen: Known, parked: str, actor: str) -> None:
    site = adoption.site
    cookies = [{name: cookie[name] for name in COOKIE_FIELDS} for cookie in seen.get("cookies", ())]
    service = site.services.filter(key=seen["key"]).first()
    if service is None:
        key = parked or seen["category"]
        facts = {fact: seen[fact] for fact in FACTS if fact in seen}
        if parked:
            facts["necessary_reason"] = ADOPTED.format(key)
        category = site.categories.filter(key=key).first()
        if category is None or (category.necessary and not facts.get("necessary_reason")):
            # Its owner deleted one of the five, or made it always active: that is no answer for this service.
            adoption.undecided[seen["name"]] = seen
            return
        added = add_service(
            site, actor, key=seen["key"], category=key, patterns=seen["rules"], cookies=cookies, **facts
        )
        adoption.added.append(added)
        return
    rules = list(service.rules.values_list("pattern", flat=True))
    own = [{name: getattr(cookie, name) for name in COOKIE_FIELDS} for cookie in service.cookies.all()]
    names = {(cookie["kind"], cookie["name"]) for cookie in own}
    new_rules = [rule for rule in seen["rules"] if rule not in rules]
    new_cookies = [cookie for cookie in cookies if (cookie["kind"], cookie["name"]) not in names]
    new_inline = [mark for mark in seen.get("inline", ()) if mark not in service.inline]
    if not (new_rules or new_cookies or new_inline):
        adoption.known.append(service)
        return
    update_service(
        service,
        actor,
        patterns=[*rules, *new_rules],
        cookies=[*own, *new_cookies],
        inline=[*service.inline, *new_inline],
    )
    adoption.updated.append(service)
