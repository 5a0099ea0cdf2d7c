"""Writes on a site's catalogue: categories, purposes, services with their cookies and block rules. Drafts only."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import transaction
from django.utils.translation import gettext, gettext_noop

from consent.catalogue import necessary
from consent.catalogue.cookie_db import CookieEntry
from consent.catalogue.models import BlockRule, Category, Cookie, Purpose, RuleOverride, Service
from consent.common import InvalidChange, check
from consent.sites.models import Site
from consent.sites.queries import locked
from consent.trail.actions import audit
from fairgate_enforce import patterns as pattern_language

FACTS = (
    "name", "company", "policy_url", "description", "necessary_reason", "container", "sells_or_shares", "targeted_ads",
    "sensitive", "statistics", "exempt_in", "exemption_confirmed", "inline", "adapter",
    "earlier_category",
)  # fmt: skip
COOKIE_FIELDS = ("name", "kind", "lifetime", "lifetime_days", "purpose", "texts")
# Kind → one of it, and what a name that fits everything would stand for.
ALL_OF: dict[str, tuple[str, str]] = {
    Cookie.Kind.COOKIE: (gettext_noop("A cookie"), gettext_noop("cookie")),
    Cookie.Kind.LOCAL: (gettext_noop("A localStorage key"), gettext_noop("key in localStorage")),
    Cookie.Kind.SESSION: (gettext_noop("A sessionStorage key"), gettext_noop("key in sessionStorage")),
    Cookie.Kind.INDEXED_DB: (gettext_noop("A database"), gettext_noop("database in IndexedDB")),
}
SHORTEST_MARK = 5  # characters of an inline signature
CATEGORY_FIELDS = ("position", "necessary", "texts", "consent_mode", "used_by_page")
PURPOSE_FIELDS = ("legal_basis", "texts")


class ReasonMissing(InvalidChange):
    """A service was filed as strictly necessary without a reason that says something."""


def key_of(name: str) -> str:
    """`Google Analytics 4` → `google-analytics-4`. Raises InvalidChange when nothing is left."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    key = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:80].rstrip("-")
    if not key:
        raise InvalidChange(
            gettext("%(name)r holds no letter or digit for a key; give a key of your own.") % {"name": name}
        )
    return key


def category_of(site: Site, key: str) -> Category:
    """Raises InvalidChange with the keys that the site has."""
    if found := site.categories.filter(key=key).first():
        return found
    keys = ", ".join(site.categories.values_list("key", flat=True))
    raise InvalidChange(
        gettext("%(name)s has no category %(key)r; it has %(categories)s.")
        % {"name": site.name, "key": key, "categories": keys or "none"}
    )


# --- Services -------------------------------------------------------------------------------------------------------


@transaction.atomic
def add_service(
    site: Site,
    actor: str,
    *,
    name: str,
    category: str,
    patterns: Iterable[str] = (),
    cookies: Iterable[str | Mapping[str, Any]] = (),
    key: str = "",
    restored: bool = False,
    **facts: Any,
) -> Service:
    """Adds a service with its block rules and cookies (a name, or a mapping of `COOKIE_FIELDS`).

    `facts` are those of `FACTS`; `key` is made from the name when it is not given. An always active category needs a
    `necessary_reason` (`consent.catalogue.necessary`); elsewhere it is dropped. `restored` brings a service back as it
    was, without a reason too. Raises InvalidChange, and ReasonMissing.
    """
    site = locked(site)
    name = name.strip()
    key = key or key_of(name)
    if site.services.filter(key=key).exists():
        raise InvalidChange(
            gettext("%(name)s already has a service %(key)s; change that one, or choose another name.")
            % {"name": site.name, "key": key}
        )
    service = Service(site=site, key=key, name=name, category=category_of(site, category))
    _apply(service, facts)
    _file(service, decided=not restored)
    check(service)
    service.save()
    _set_rules(service, patterns)
    _set_cookies(service, cookies)
    why = {"necessary_reason": service.necessary_reason} if service.necessary_reason else {}
    audit(site, actor, "service.add", key=key, name=service.name, category=category, **why)
    return service


@transaction.atomic
def update_service(
    service: Service,
    actor: str,
    *,
    category: str | None = None,
    patterns: Iterable[str] | None = None,
    cookies: Iterable[str | Mapping[str, Any]] | None = None,
    **facts: Any,
) -> Service:
    """Changes what is given and leaves the rest; patterns and cookies are replaced as a whole.

    Whoever gives a category or a reason decides it: then an always active category needs its reason. Raises
    InvalidChange, and ReasonMissing.
    """
    site = locked(service.site)
    service = site.services.get(pk=service.pk)
    before = service.necessary_reason
    changed = _apply(service, facts)
    if category is not None and service.category.key != category:
        changed["category"] = [service.category.key, category]
        service.category = category_of(site, category)
    _file(service, decided=category is not None or "necessary_reason" in facts)
    changed.pop("necessary_reason", None)
    if before != service.necessary_reason:
        changed["necessary_reason"] = [before, service.necessary_reason]
    check(service)
    service.save()
    if patterns is not None:
        changed |= _set_rules(service, patterns)
    if cookies is not None:
        changed |= _set_cookies(service, cookies)
    if changed:
        audit(site, actor, "service.update", key=service.key, changed=changed)
    return service


@transaction.atomic
def delete_service(service: Service, actor: str) -> None:
    """Takes a service out of the draft; releases keep it."""
    site = locked(service.site)
    service.delete()
    audit(site, actor, "service.delete", key=service.key, name=service.name)


@transaction.atomic
def set_override(service: Service, regime: str, state: str | None, reason: str, actor: str) -> None:
    """Holds a service, or lets it run, in one regime against the regime's default; None takes it back.

    Raises InvalidChange without a reason.
    """
    site = locked(service.site)
    if state is None:
        service.overrides.filter(regime=regime).delete()
    else:
        override = service.overrides.filter(regime=regime).first() or RuleOverride(service=service, regime=regime)
        override.state, override.reason = state, reason.strip()
        check(override)
        override.save()
    audit(site, actor, "service.override", key=service.key, regime=regime, state=state, reason=reason)


@transaction.atomic
def complete_cookies(site: Site, rows: Iterable[CookieEntry], actor: str, *, add: bool = False) -> tuple[int, int]:
    """Fills purposes and lifetimes that the site's cookies lack from rows of a cookie database; never overwrites.

    `add` also adds the cookies of platforms that are called like a service of the site. Returns (filled, added).
    """
    site = locked(site)
    rows = list(rows)
    by_name: dict[str, list[CookieEntry]] = {}
    for row in rows:
        by_name.setdefault(row.name, []).append(row)
    filled = added = 0
    for service in site.services.prefetch_related("cookies"):
        names = {service.name.casefold(), service.key, service.company.casefold()} - {""}
        cookies = [{field: getattr(cookie, field) for field in COOKIE_FIELDS} for cookie in service.cookies.all()]
        for cookie in cookies:
            candidates = by_name.get(cookie["name"], [])
            # A name that several platforms use says something only where the platform is this service.
            own = [row for row in candidates if row.platform.casefold() in names] or candidates
            if len({row.platform for row in own}) == 1:
                filled += _fill(cookie, own[0])
        there = {cookie["name"] for cookie in cookies}
        for row in rows if add else ():
            if row.platform.casefold() in names and row.name not in there:
                there.add(row.name)
                added += 1
                new = {"name": row.name, "purpose": row.purpose, "lifetime": row.lifetime}
                cookies.append({**new, "kind": Cookie.Kind.COOKIE, "lifetime_days": row.lifetime_days})
        update_service(service, actor, cookies=cookies)
    return filled, added


@transaction.atomic
def merge_cookies(site: Site, cookies: Mapping[str, Iterable[Mapping[str, Any]]], actor: str) -> tuple[int, int]:
    """Adds cookies to services, {key: [fields]}; of one that is there, what is given is changed and the rest stays.

    Returns (added, changed). Raises InvalidChange, and writes nothing then.
    """
    site = locked(site)
    added = changed = 0
    for service in site.services.filter(key__in=list(cookies)).prefetch_related("cookies"):
        rows = {(c.kind, c.name): {field: getattr(c, field) for field in COOKIE_FIELDS} for c in service.cookies.all()}
        for given in cookies[service.key]:
            about = (given.get("kind", Cookie.Kind.COOKIE), given["name"])
            before = rows.get(about)
            texts = {**(before or {}).get("texts", {}), **given.get("texts", {})}
            rows[about] = {**(before or {}), **given, "texts": texts}
            added += before is None
            changed += before is not None and before != rows[about]
        update_service(service, actor, cookies=rows.values())
    return added, changed


def _fill(cookie: dict[str, Any], row: CookieEntry) -> bool:
    before = dict(cookie)
    cookie["purpose"] = cookie["purpose"] or row.purpose
    if not cookie["lifetime"] and cookie["lifetime_days"] is None:
        cookie["lifetime"], cookie["lifetime_days"] = row.lifetime, row.lifetime_days
    return cookie != before


def _apply(service: Service, facts: dict[str, Any]) -> dict[str, Any]:
    if unknown := set(facts) - set(FACTS):
        raise InvalidChange(f"A service has no {', '.join(sorted(unknown))}.")
    for mark in facts.get("inline", ()):
        if not isinstance(mark, str) or len(mark.strip()) < SHORTEST_MARK:
            raise InvalidChange(
                gettext("%(mark)r is too short for inline code: it would hold scripts that are not meant.")
                % {"mark": mark}
            )
    changed = {}
    for field, value in facts.items():
        before = getattr(service, field)
        if before != value:
            changed[field] = [before, value]
            setattr(service, field, value)
    return changed


def _file(service: Service, *, decided: bool) -> None:
    """Keeps a reason where it belongs. Raises InvalidChange when one is missing and somebody decides on the
    category."""
    service.necessary_reason = necessary.clean(service.necessary_reason) if service.category.necessary else ""
    if decided and service.category.necessary and not necessary.enough(service.necessary_reason):
        raise ReasonMissing(necessary.complaint(service.name))


def _set_rules(service: Service, patterns: Iterable[str]) -> dict[str, Any]:
    wanted = list(dict.fromkeys(text.strip() for text in patterns))
    before = sorted(service.rules.values_list("pattern", flat=True))
    if before == sorted(wanted):
        return {}
    for text in wanted:
        try:
            pattern_language.parse(text)
        except ValueError as error:
            raise InvalidChange(str(error)) from None
    service.rules.exclude(pattern__in=wanted).delete()
    for text in set(wanted) - set(before):
        rule = BlockRule(service=service, pattern=text)
        check(rule)
        rule.save()
    return {"patterns": [before, sorted(wanted)]}


def _set_cookies(service: Service, cookies: Iterable[str | Mapping[str, Any]]) -> dict[str, Any]:
    wanted: dict[tuple[str, str], Cookie] = {}
    for given in cookies:
        values = {"name": given} if isinstance(given, str) else dict(given)
        if unknown := set(values) - set(COOKIE_FIELDS):
            raise InvalidChange(f"A cookie has no {', '.join(sorted(unknown))}.")
        cookie = Cookie(service=service, **values)
        cookie.texts = _texts(cookie)
        if cookie.kind in ALL_OF and not cookie.name.strip("* "):
            one, every = ALL_OF[cookie.kind]
            raise InvalidChange(
                gettext("%(one)s called %(name)r would stand for every %(every)s; name at least its beginning.")
                % {"one": gettext(one), "name": cookie.name, "every": gettext(every)}
            )
        wanted[cookie.kind, cookie.name] = cookie
    before = {(c.kind, c.name): c for c in service.cookies.all()}
    if {k: _values(c) for k, c in before.items()} == {k: _values(c) for k, c in wanted.items()}:
        return {}
    service.cookies.all().delete()
    for cookie in wanted.values():
        check(cookie)
        cookie.save()
    return {"cookies": [_labels(before), _labels(wanted)]}


def _texts(cookie: Cookie) -> dict[str, str]:
    """Descriptions per language, those that say something."""
    longest = Cookie._meta.get_field("purpose").max_length or 0
    kept = {language: " ".join(str(text).split()) for language, text in cookie.texts.items()}
    if long := [language for language, text in kept.items() if len(text) > longest]:
        raise InvalidChange(
            gettext("The description of %(name)s (%(long)s) has more than %(longest)s characters.")
            % {"name": cookie.name, "long": long[0], "longest": longest}
        )
    return {language: text for language, text in sorted(kept.items()) if text}


def _labels(keys: Iterable[tuple[str, str]]) -> list[str]:
    return sorted(name if kind == Cookie.Kind.COOKIE else f"{name} ({kind})" for kind, name in keys)


def _values(cookie: Cookie) -> tuple[Any, ...]:
    return tuple(getattr(cookie, field) for field in COOKIE_FIELDS)


# --- Categories and purposes ----------------------------------------------------------------------------------------


@transaction.atomic
def set_category(site: Site, key: str, actor: str, **fields: Any) -> Category:
    """Adds a category, or changes what is given of it (`CATEGORY_FIELDS`). Raises InvalidChange."""
    site = locked(site)
    category = site.categories.filter(key=key).first()
    verb = "category.update" if category else "category.add"
    category = category or Category(site=site, key=key, position=site.categories.count())
    _set_fields(category, fields, CATEGORY_FIELDS)
    audit(site, actor, verb, key=key, fields=fields)
    return category


@transaction.atomic
def delete_category(category: Category, actor: str) -> None:
    """Raises InvalidChange while services belong to it."""
    site = locked(category.site)
    if names := list(category.services.values_list("name", flat=True)):
        raise InvalidChange(gettext("Move %(names)s to another category first.") % {"names": ", ".join(names)})
    category.delete()
    audit(site, actor, "category.delete", key=category.key)


@transaction.atomic
def set_purpose(site: Site, key: str, actor: str, category: str | None = None, **fields: Any) -> Purpose:
    """Adds a purpose, or changes it; `category` None makes it stand alone. Raises InvalidChange."""
    site = locked(site)
    purpose = site.purposes.filter(key=key).first()
    verb = "purpose.update" if purpose else "purpose.add"
    purpose = purpose or Purpose(site=site, key=key)
    purpose.category = category_of(site, category) if category else None
    _set_fields(purpose, fields, PURPOSE_FIELDS)
    audit(site, actor, verb, key=key, category=category, fields=fields)
    return purpose


@transaction.atomic
def delete_purpose(purpose: Purpose, actor: str) -> None:
    """Takes a purpose out of the draft; releases keep it."""
    site = locked(purpose.site)
    purpose.delete()
    audit(site, actor, "purpose.delete", key=purpose.key)


def _set_fields(row: Category | Purpose, fields: dict[str, Any], known: tuple[str, ...]) -> None:
    if unknown := set(fields) - set(known):
        raise InvalidChange(f"There is no field {', '.join(sorted(unknown))}.")
    for field, value in fields.items():
        setattr(row, field, value)
    check(row)
    row.save()
