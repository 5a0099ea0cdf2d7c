"""A sample release snapshot: the usual five categories and twenty well-known services."""

from __future__ import annotations

import copy
import hashlib
import json
from typing import Any

from consent.banners import texts as words
from consent.catalogue import known
from consent.jurisdictions import table
from consent.publishing.own_cookies import own_cookies

SITE_UUID = "6f1b0b3e-52a4-4c6e-9d5a-0c8f5a2b7e11"
TWENTY = (
    "google-tag-manager", "google-analytics", "google-ads", "meta-pixel", "microsoft-ads", "microsoft-clarity", "hotjar",
    "hubspot", "linkedin-insight", "tiktok-pixel", "pinterest-tag", "youtube", "vimeo", "intercom", "plausible", "segment",
    "google-fonts", "stripe", "new-relic", "x-embeds",
)  # fmt: skip
CATEGORIES = {
    "C0001": ("Strictly necessary", []),
    "C0002": ("Performance", ["analytics_storage"]),
    "C0003": ("Functional", ["functionality_storage", "personalization_storage"]),
    "C0004": ("Targeting", ["ad_storage", "ad_user_data", "ad_personalization"]),
    "C0005": ("Social media", []),
}
FIELDS = (
    "key", "name", "company", "policy_url", "category", "description", "container", "sells_or_shares", "targeted_ads",
    "sensitive", "statistics", "exempt_in", "inline", "adapter", "rules", "cookies",
)  # fmt: skip


def service(key: str, **fields: Any) -> dict[str, Any]:
    """A service of the catalogue as a snapshot holds it; one of one's own when the catalogue has no such key."""
    found = copy.deepcopy(known.by_key().get(key) or {**known.DEFAULTS, "key": key, "name": key, "category": "C0004"})
    base = {name: found.get(name, "") for name in FIELDS}
    return {**base, "exemption_confirmed": [], "overrides": {}, **fields}


def snapshot(
    *,
    hosts: tuple[str, ...] = ("shop.example",),
    services: list[dict[str, Any]] | None = None,
    languages: tuple[str, ...] = ("en",),
    variants: tuple[str, ...] | None = None,
    purposes: list[dict[str, Any]] | None = None,
    banner: dict[str, Any] | None = None,
    **site: Any,
) -> dict[str, Any]:
    """A release snapshot. `site` fields lie over the defaults; `variants` = ids to keep, all by default."""
    given = [service(key) for key in TWENTY] if services is None else services
    every = table.variants()
    uuid, level = site.get("uuid", SITE_UUID), site.get("level", "snippet")
    return {
        "format": "fairgate-release/1",
        "site": {
            "uuid": SITE_UUID,
            "name": "Sample shop",
            "hosts": sorted(hosts),
            "level": "snippet",
            "unknown": "allow",
            "reload": False,
            "record_path": False,
            "child_directed": False,
            "controller": "Sample Ltd",
            "controller_contact": "privacy@shop.example",
            "policy_url": "https://shop.example/privacy",
            "imprint_url": "https://shop.example/imprint",
            "first_party_endpoint": False,
            "advanced": [],
            **site,
        },
        "languages": list(languages),
        "categories": [
            {
                "key": key,
                "necessary": key == "C0001",
                "texts": {lang: {"name": name, "description": f"{name} cookies."} for lang in languages},
                "consent_mode": signals,
            }
            for key, (name, signals) in CATEGORIES.items()
        ],
        "purposes": purposes or [],
        "services": sorted(given, key=lambda s: s["key"]),
        "own_cookies": own_cookies(uuid, level == "drop_in", languages),
        "banner": {
            "layout": "bar",
            "position": "bottom",
            "theme": {},
            "floating_button": False,
            "texts": {lang: words.resolve(lang) for lang in languages},
            "regime_texts": {},
            **(banner or {}),
        },
        "variants": {id: terms for id, terms in every.items() if variants is None or id in variants},
        "jurisdictions": {"version": table.VERSION, "overrides": {}},
        "waivers": [],
    }


def sha256_of(snapshot: dict[str, Any]) -> str:
    """The release hash of a snapshot."""
    text = json.dumps(snapshot, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
