"""A site's draft → the content of a release: one dict, canonical JSON, its hash. Pure: no query, no clock.

Number and time are not in it, so the same content always has the same hash. Services are sorted by key, categories by
position and key; a service's place in the list is what the compiled pattern table and the gate call it by.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from consent.banners.models import BannerContent, BannerFile
from consent.catalogue.models import Category, Purpose, Service
from consent.catalogue.offered import offered
from consent.jurisdictions.models import JurisdictionOverride
from consent.publishing.models import LintWaiver
from consent.publishing.own_cookies import own_cookies
from consent.sites.models import Site

FORMAT = "fairgate-release/1"
Snapshot = dict[str, Any]
Texts = Mapping[str, Mapping[str, str]]
Marks = Mapping[str, tuple[int, str]]


def canonical(value: Any) -> str:
    """Compact JSON with sorted keys. With ASCII keys and without floats, which are refused, this is RFC 8785.

    Raises ValueError, naming the place, for anything else.
    """
    _check(value, "release")
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def sha256_of(text: str) -> str:
    """The release hash: SHA-256 of the canonical JSON in UTF-8, hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def build(
    site: Site,
    *,
    hosts: Iterable[str],
    categories: Iterable[Category],
    purposes: Iterable[Purpose],
    services: Iterable[Service],
    banner: BannerContent,
    files: Sequence[BannerFile] = (),
    texts: Texts,
    regime_texts: Texts,
    category_texts: Mapping[str, Mapping[str, Mapping[str, str]]],
    variants: Mapping[str, Any],
    jurisdictions_version: str,
    overrides: Iterable[JurisdictionOverride],
    waivers: Iterable[LintWaiver],
    test: Mapping[str, Any] | None = None,
    asked_again: Sequence[Mapping[str, Any]] = (),
) -> Snapshot:
    """The release of a draft. Rows come with their relations fetched; `texts` are resolved per language, `regime_texts`
    per `language@regime`, `category_texts` = {category key: {language: {name, description}}}, `test` is what a second
    banner has otherwise, `asked_again` the material changes of documents, the newest first."""
    again = _marks(asked_again)
    return {
        "format": FORMAT,
        "site": {
            "uuid": str(site.uuid),
            "name": site.name,
            "hosts": sorted(hosts),
            "level": site.level,
            "unknown": site.unknown_third_parties,
            "reload": site.reload_after_accept,
            "record_path": site.record_path,
            "child_directed": site.child_directed,
            "controller": site.controller,
            "controller_contact": site.controller_contact,
            "policy_url": site.policy_url,
            "imprint_url": site.imprint_url,
            "first_party_endpoint": site.first_party_endpoint,
            "advanced": sorted(site.ads_advanced_consent_mode),
            # Only where it says something (see `_service`).
            **({"moved_from": dict(site.moved_from)} if site.moved_from else {}),
            **({"membership": True} if site.membership else {}),
        },
        "languages": list(site.languages),
        "categories": [
            {
                "key": c.key,
                "necessary": c.necessary,
                "texts": {lang: dict(own) for lang, own in category_texts.get(c.key, {}).items()},
                "consent_mode": list(c.consent_mode),
                **_again(again, f"category {c.key}"),
            }
            for c in sorted(offered(categories, purposes, services)[0], key=lambda c: (c.position, c.key))
        ],
        "purposes": [_purpose(p, site, again) for p in sorted(purposes, key=lambda p: p.key)],
        "services": [_service(s, site, again) for s in sorted(services, key=lambda s: s.key)],
        "own_cookies": own_cookies(str(site.uuid), site.level == Site.Level.DROP_IN, site.languages),
        "banner": {
            "layout": banner.layout,
            "position": banner.position,
            "theme": banner.theme,
            "floating_button": banner.floating_button,
            "texts": {lang: dict(own) for lang, own in texts.items()},
            "regime_texts": {where: dict(own) for where, own in regime_texts.items()},
            **({"test": dict(test)} if test else {}),
            **_own_look(banner, files),
        },
        "variants": dict(variants),
        "jurisdictions": {
            "version": jurisdictions_version,
            "overrides": {o.jurisdiction: {"fields": o.fields, "reason": o.reason} for o in overrides},
        },
        "waivers": [
            waiver(w)
            for w in sorted(waivers, key=lambda w: (w.rule, w.regime, w.subject, w.text, w.signed_by, w.reason))
        ],
        **({"asked_again": [dict(one) for one in asked_again]} if asked_again else {}),
    }


def asking_again(content: Snapshot, asked_again: Sequence[Mapping[str, Any]]) -> Snapshot:
    """The content of a release with these material changes of documents, and otherwise as it is."""
    again = _marks(asked_again)

    def marked(row: Mapping[str, Any], *things: str) -> dict[str, Any]:
        return {**_without_mark(row), **_again(again, *things)}

    return {
        **_without_mark(content),
        "categories": [marked(one, f"category {one['key']}") for one in content["categories"]],
        "purposes": [
            marked(one, f"purpose {one['key']}", *([f"category {one['category']}"] if one["category"] else []))
            for one in content["purposes"]
        ],
        "services": [marked(one, f"category {one['category']}") for one in content["services"]],
        **({"asked_again": [dict(one) for one in asked_again]} if asked_again else {}),
    }


def _without_mark(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "asked_again"}


def _marks(asked_again: Sequence[Mapping[str, Any]]) -> Marks:
    """Thing → (how new, which version) of the newest change that touches it."""
    found: dict[str, tuple[int, str]] = {}
    for age, one in enumerate(asked_again):
        for thing in one["things"]:
            found.setdefault(thing, (-age, f"{one['document']}/{one['version']}"))
    return found


def _again(marks: Marks, *things: str) -> dict[str, str]:
    """The newest of the marks of these things: with another one, an answer of before holds no more (`slots`)."""
    touching = [marks[thing] for thing in things if thing in marks]
    return {"asked_again": max(touching)[1]} if touching else {}


def _own_look(banner: BannerContent, files: Iterable[BannerFile]) -> dict[str, Any]:
    """Rules of the site's own, and its logo and font by their hashes: their bytes are artifacts of the release. Only
    where they say something (see `_service`)."""
    facts = ("name", "content_type", "width", "height")
    named = {row.sha256: {fact: getattr(row, fact) for fact in facts} for row in files}
    return ({"css": banner.css} if banner.css else {}) | ({"files": named} if named else {})


def waiver(row: LintWaiver) -> dict[str, str]:
    """A sign-off as the rules read it. Subject and text only where they say something (see `_service`)."""
    about = {"subject": row.subject, "text": row.text} if row.subject else {}
    return {"rule": row.rule, "regime": row.regime, "signed_by": row.signed_by, "reason": row.reason, **about}


def _purpose(purpose: Purpose, site: Site, again: Marks) -> dict[str, Any]:
    category = purpose.category
    return {
        "key": purpose.key,
        "category": category.key if category else None,
        "legal_basis": purpose.legal_basis,
        "texts": purpose.texts,
        # No earlier banner asked for purposes of ours.
        **({"added_since": True} if _moved(site) and category and not category.necessary else {}),
        **_again(again, f"purpose {purpose.key}", *([f"category {category.key}"] if category else [])),
    }


def _service(service: Service, site: Site, again: Marks) -> dict[str, Any]:
    return {
        "key": service.key,
        "name": service.name,
        "company": service.company,
        "policy_url": service.policy_url,
        "category": service.category.key,
        "description": service.description,
        "container": service.container,
        "sells_or_shares": service.sells_or_shares,
        "targeted_ads": service.targeted_ads,
        "sensitive": service.sensitive,
        "statistics": service.statistics,
        "exempt_in": sorted(service.exempt_in),
        "exemption_confirmed": sorted(service.exemption_confirmed),
        "inline": list(service.inline),
        "adapter": service.adapter,
        "rules": sorted(rule.pattern for rule in service.rules.all()),
        "cookies": [
            {
                "name": c.name,
                "kind": c.kind,
                "lifetime": c.lifetime,
                "lifetime_days": c.lifetime_days,
                "purpose": c.purpose,
                **_texts(c.texts, site.languages),
            }
            for c in sorted(service.cookies.all(), key=lambda c: (c.kind, c.name))
        ],
        "overrides": {o.regime: {"state": o.state, "reason": o.reason} for o in service.overrides.all()},
        # Only where it says something, so that the content of every other service keeps its hash.
        **({"necessary_reason": service.necessary_reason} if service.category.necessary else {}),
        **({"added_since": True} if is_added_since(service, site) else {}),
        **_again(again, f"category {service.category.key}"),
    }


def _moved(site: Site) -> bool:
    """Whether answers to an earlier banner are taken over."""
    return site.level == Site.Level.DROP_IN or bool(site.moved_from)


def is_added_since(service: Service, site: Site) -> bool:
    """Whether a yes to the banner that the site moved from does not cover it: it was not there, or elsewhere there.

    A container goes with any category, and is never answered about by itself.
    """
    optional = not service.category.necessary and not service.container
    return _moved(site) and optional and service.earlier_category != service.category.key


def _texts(own: Mapping[str, str], languages: Sequence[str]) -> dict[str, Any]:
    """What a cookie is for, in languages of the site; only where it says something, as `necessary_reason`."""
    kept = {language: text for language, text in own.items() if language in languages}
    return {"texts": kept} if kept else {}


def _check(value: Any, where: str) -> None:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise ValueError(f"{where}: the key {key!r} is not ASCII text.")
            _check(inner, f"{where}.{key}")
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for number, inner in enumerate(value):
            _check(inner, f"{where}[{number}]")
    elif isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise ValueError(f"{where} holds half a surrogate pair.") from None
    elif value is not None and not isinstance(value, int):
        raise ValueError(
            f"{where} is {value!r}; a release holds text, whole numbers, true, false, null, lists, objects."
        )
