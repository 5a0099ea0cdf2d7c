"""Adopting a page: the site, its services and categories, from what the page holds."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext

from consent.banners import texts
from consent.banners.actions import edit_texts
from consent.banners.models import Banner
from consent.catalogue import known
from consent.catalogue.actions import COOKIE_FIELDS, FACTS, add_service, set_category, update_service
from consent.catalogue.known import COOKIE_DEFAULTS, Known
from consent.catalogue.models import Service
from consent.common import InvalidChange
from consent.scanner import findings
from consent.scanner.page import NECESSARY, read
from consent.scanner.tenant import Tenant
from consent.scanner.tenant import read as read_tenant
from consent.sites.actions import LANGUAGES, as_uuid, change_settings, create_site, set_hosts
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
    taken: list[str] = field(default_factory=list)  # what came from the tenant's files, and what did not
    filed: dict[str, str] = field(default_factory=dict)  # service → its category in the tenant's files
    before_move: bool = True  # the page is as it was under the earlier banner: nothing of ours was published yet


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
    taken: list[str]
    names: dict[str, str]  # of its categories, in the site's first language that has one


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
    onetrust = bool(found.onetrust)
    names: dict[str, str] = {}
    for category in site.categories.all():
        own = (category.texts.get(language, {}).get("name", "") for language in site.languages)
        if name := next(filter(None, own), ""):
            names[category.key] = name
    return Report(site.uuid, site.name, hosts, adoption.created, onetrust, rows, adoption.advice, adoption.taken, names)


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
        raise InvalidChange(
            gettext("There is already a site with this id or host, and you may not change it. Ask its owner.")
        )
    made = report(adoption)
    if rehearsal:
        transaction.set_rollback(True)
    return made


@transaction.atomic
def adopt(
    html: str,
    hosts: Sequence[str],
    actor: str,
    *,
    files: Sequence[tuple[str, bytes]] = (),
    site_id: UUID | str | None = None,
    server: str = "",
    **settings: Any,
) -> Adoption:
    """Makes the site of a page, or completes it: adopting again adds what is new and changes no decision of its owner.

    `files` are (name, bytes) of what a OneTrust tenant publishes or exports of itself (tenant.py); the page may be ""
    then. The site's id is `site_id`, else the page's `data-domain-script`, else the files', else a new one. `server`
    is our public address, for the advice. Raises InvalidChange.
    """
    try:
        tenant = read_tenant(files)
        hosts = [site_host(host) for host in hosts or filter(None, [tenant.domain])]
    except ValueError as error:
        raise InvalidChange(str(error)) from None
    if not hosts:
        raise InvalidChange(gettext("Name the host that serves the page, such as example.com."))
    page = read(html)
    found = findings.examine(page, hosts)
    if not site_id and found.site_id and tenant.site_id and found.site_id != tenant.site_id:
        raise InvalidChange(
            gettext("The files are of %(site_id)s, the page is of %(other)s.")
            % {"site_id": tenant.site_id, "other": found.site_id}
        )
    uuid = as_uuid(site_id) if site_id else found.site_id or tenant.site_id
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
                "languages": _languages(page.language, tenant),
                "level": Site.Level.DROP_IN if found.onetrust or tenant.site_id else Site.Level.SNIPPET,
                **settings,
            },
        )
    else:
        before = list(site.hosts.values_list("name", flat=True))
        set_hosts(site, [*before, *hosts], actor, share_host=uuid is not None)
        if settings.get("moved_from"):
            change_settings(site, actor, moved_from=settings["moved_from"])
    adoption = Adoption(site, created, found, findings.advice(page, found, site.uuid, server or "https://YOUR-SERVER"))
    adoption.before_move = not site.releases.exists()
    _categories(site, found, tenant, actor, created=created)
    theirs = _tenant_services(site, tenant, hosts)
    adoption.filed = {seen["key"]: category for seen, category in theirs}
    for sighting in found.sightings.values():
        _service(adoption, sighting.service, sighting.parked, actor)
    for host, category in found.parked.items():
        _service(adoption, _stranger(host, host), category, actor)
    if files:
        _take_along(adoption, tenant, theirs, actor)
    audit(
        site, actor, "page.adopt", services=sorted(found.sightings), strangers=sorted(found.strangers),
        added=sorted(service.key for service in adoption.added), files=len(files),
    )  # fmt: skip
    return adoption


def _stranger(host: str, name: str) -> Known:
    """A service of which no more is known than its host."""
    return {"key": host.replace(".", "-")[:80].strip("-"), "name": name, "rules": [host], "category": ""}


# --- A tenant's files -----------------------------------------------------------------------------------------------


def _take_along(adoption: Adoption, tenant: Tenant, services: Sequence[tuple[Known, str]], actor: str) -> None:
    """Hosts and cookies become services, texts the banner's, where its owner has said nothing yet."""
    for seen, category in services:
        _service(adoption, seen, category, actor)
    languages = _take_texts(adoption.site, tenant, actor)
    filed = sum(service.cookies.count() for service in (*adoption.added, *adoption.updated))
    pairs = (
        [f"{key} {' '.join(signals)}" for key, signals in sorted(tenant.signals.items())] if adoption.created else []
    )
    untold = sorted(set(tenant.texts) - set(languages))
    for said, sentence in (
        (tenant.groups, gettext("Categories: %(groups)s.") % {"groups": ", ".join(sorted(tenant.groups))}),
        (
            languages,
            gettext(
                "The banner's own texts in: %(languages)s. A release is refused for texts that break a rule; "
                "the list is under Releases."
            )
            % {"languages": ", ".join(languages)},
        ),
        (
            tenant.cookies,
            gettext("%(count)s cookies; %(filed)s stand with their services now.")
            % {"count": len(tenant.cookies), "filed": filed},
        ),
        (pairs, gettext("Google's consent mode: %(pairs)s.") % {"pairs": ", ".join(pairs)}),
        (
            tenant.rules,
            gettext("Its rules, for comparison; the law of each place decides here: %(rules)s.")
            % {"rules": "; ".join(tenant.rules)},
        ),
        (
            untold,
            gettext("Texts that were not taken (no such language here, or there are some): %(untold)s.")
            % {"untold": ", ".join(untold)},
        ),
    ):
        if said:
            adoption.taken.append(sentence)
    adoption.taken += [
        gettext("Left out: %(count)s %(what)s.") % {"count": count, "what": what}
        for what, count in sorted(tenant.left_out.items())
        if count
    ]


def _tenant_services(site: Site, tenant: Tenant, own: Sequence[str]) -> list[tuple[Known, str]]:
    """(service, category) of each host and cookie: those of the catalogue, one of each stranger, one of the site's own
    cookies in each category."""
    made: dict[str, tuple[Known, str]] = {}

    def file(seen: Known, category: str) -> Known:
        # Of two categories that one service is in, the first that is not strictly necessary.
        before = made.get(seen["key"])
        if before is None:
            made[seen["key"]] = ({**seen, "cookies": list(seen.get("cookies", ()))}, category)
        elif before[1] == NECESSARY:
            made[seen["key"]] = (before[0], category)
        return made[seen["key"]][0]

    for host, (name, category, policy) in tenant.hosts.items():
        if not findings.is_onetrust(f"https://{host}/") and not findings.is_own(host, own):
            stranger = _stranger(host, name) | ({"policy_url": policy} if policy else {})
            file(known.of_url(f"https://{host}/") or stranger, category)
    for cookie in tenant.cookies.values():
        if cookie.name.startswith(("Optanon", "OneTrust", "eupubconsent")) or findings.is_onetrust(
            f"https://{cookie.host}/"
        ):
            continue
        candidates = known.of_cookie(cookie.name)
        third = cookie.host and not findings.is_own(cookie.host, own)
        if third:
            seen = file(known.of_url(f"https://{cookie.host}/") or _stranger(cookie.host, cookie.host), cookie.category)
        elif len(candidates) == 1:
            seen = file(candidates[0], cookie.category)
        else:
            key = f"own-{cookie.category}".lower().replace("_", "-")
            seen = file(
                {"key": key, "name": f"Own cookies, {cookie.category}", "rules": [], "category": ""}, cookie.category
            )
        if not any(re.fullmatch(re.escape(one["name"]).replace(r"\*", ".*"), cookie.name) for one in seen["cookies"]):
            where = f" ({cookie.host})" if third else ""
            lasts = {"lifetime": cookie.lifetime, "lifetime_days": cookie.lifetime_days}
            seen["cookies"].append({**COOKIE_DEFAULTS, "name": f"{cookie.name}{where}"[:200], **lasts})
    return list(made.values())


def _take_texts(site: Site, tenant: Tenant, actor: str) -> list[str]:
    """The customer's own texts, in languages that the site has; nothing of its owner's is replaced."""
    taken = []
    draft = Banner.objects.filter(site=site).first()
    for language, own in sorted(tenant.texts.items()):
        where = language if language in site.languages else language.partition("-")[0]
        there = (draft.texts if draft else {}).get(where, {})
        changes = {key: text for key, text in own.items() if key not in there}
        if where in site.languages and changes:
            edit_texts(site, actor, where, changes)
            taken.append(language)
    return taken


def _languages(page: str, tenant: Tenant) -> list[str]:
    """Ours and those of the files that we have words in, the page's own first."""
    first = page.lower().replace("_", "-").partition("-")[0]
    given = [language.partition("-")[0].lower() for language in tenant.texts]
    offered = dict.fromkeys([*LANGUAGES, *(language for language in given if language in texts.shipped())])
    return sorted(offered, key=lambda language: (language != first, bool(given) and language not in given))


def _categories(site: Site, found: findings.Findings, tenant: Tenant, actor: str, *, created: bool) -> None:
    """The page's own categories, and the tenant's: pages ask for them by key, so the site must have them."""
    settled = site.categories.filter(Q(used_by_page=True) | Q(necessary=True)).values_list("key", flat=True)
    for key in sorted(found.named - set(settled)):
        set_category(site, key, actor, used_by_page=True)
    for key, group in sorted(tenant.groups.items()):
        category = site.categories.filter(key=key).first()
        fields: dict[str, Any] = {} if category and category.used_by_page else {"used_by_page": True}
        own = dict(category.texts) if category else {}
        for language, words in group.texts.items():
            where = language if language in site.languages else language.partition("-")[0]
            if where in site.languages and where not in own and words.get("name"):
                own[where] = words
        if own != (category.texts if category else {}):
            fields["texts"] = own
        if group.necessary and category is None:
            fields["necessary"] = True
        if created and tenant.signals:
            fields["consent_mode"] = tenant.signals.get(key, category.consent_mode if category else [])
        if fields:
            set_category(site, key, actor, **fields)


def _earlier_category(adoption: Adoption, key: str, parked: str, filed: str) -> str:
    """Where the earlier banner had a service that stands in `filed` here; "" when nothing says that it had it.

    Its own files know. Without them, what its page parks, or loads, was asked about there in its category.
    """
    if adoption.filed:
        return adoption.filed.get(key, parked if adoption.before_move else "")
    return (parked or filed) if adoption.before_move else ""


def _service(adoption: Adoption, seen: Known, parked: str, actor: str) -> None:
    site = adoption.site
    parked = parked or adoption.filed.get(seen["key"], "")
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
        facts["earlier_category"] = _earlier_category(adoption, seen["key"], parked, key)
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
    earlier = service.earlier_category or _earlier_category(adoption, service.key, parked, service.category.key)
    if not (new_rules or new_cookies or new_inline or earlier != service.earlier_category):
        adoption.known.append(service)
        return
    update_service(
        service,
        actor,
        patterns=[*rules, *new_rules],
        cookies=[*own, *new_cookies],
        inline=[*service.inline, *new_inline],
        earlier_category=earlier,
    )
    adoption.updated.append(service)
