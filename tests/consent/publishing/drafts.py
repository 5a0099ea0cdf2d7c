"""Drafts for the rules: a shop's, built once, and copies of it with other words. What is changed is what a draft with
these words holds, so one site serves many cases."""

from __future__ import annotations

import copy
from typing import Any

from consent.catalogue.actions import add_service
from consent.publishing import lint, queries
from consent.sites.actions import create_site
from consent.sites.models import Site

Draft = dict[str, Any]


def shop(languages: list[str], host: str = "shop.example") -> Site:
    """A site of which the rules have nothing to say, with a service in each optional category."""
    site = create_site(
        host, "x", languages=languages, controller="Shop Ltd", policy_url="https://shop.example/privacy",
        imprint_url="https://shop.example/imprint", first_party_endpoint=True,
    )  # fmt: skip
    for name, category in (("Ad Net", "C0004"), ("Counter", "C0002"), ("Player", "C0003")):
        key = name.split()[0].lower()
        cookie = {"name": f"_{key}", "lifetime": "90 days", "lifetime_days": 90}
        add_service(
            site, "x", name=name, category=category, patterns=[f"{key}.example"], cookies=[cookie],
            targeted_ads=category == "C0004",
        )  # fmt: skip
    return site


def draft(site: Site) -> Draft:
    """What would be published."""
    return queries.draft(site)


def saying(base: Draft, language: str, **own: str) -> Draft:
    """The draft in one language, with texts of its own there."""
    banner = base["banner"]
    texts = {language: {**banner["texts"][language], **own}}
    return {**base, "languages": [language], "banner": {**banner, "texts": texts, "regime_texts": {}}}


def with_category(base: Draft, key: str, language: str, **own: str) -> Draft:
    """The draft with other words for a category."""
    changed = copy.deepcopy(base)
    next(c for c in changed["categories"] if c["key"] == key)["texts"][language].update(own)
    return changed


def with_service(base: Draft, **own: Any) -> Draft:
    """The draft with another service, or with one of its own changed."""
    changed = copy.deepcopy(base)
    row = next((s for s in changed["services"] if s["key"] == own["key"]), None)
    if row is None:
        row = {**copy.deepcopy(changed["services"][0]), "targeted_ads": False, "cookies": [], "rules": []}
        changed["services"].append(row)
    row.update(own)
    row["cookies"] = [
        {"kind": "cookie", "lifetime": "1 day", "lifetime_days": 1, "purpose": "", **c} for c in row["cookies"]
    ]
    return changed


def found(base: Draft) -> set[tuple[str, str]]:
    """(rule, severity) of all that the rules say."""
    return {(one.rule, one.severity) for one in lint.check(base)}
