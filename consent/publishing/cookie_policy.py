"""A release → its cookie policy in one language: what it stores, grouped as the preference center groups it. Pure.

It is unpacked from what the banner is given (`consent.banners.screen`), so that it can't say anything else. Our own
words are `cookie_policy_texts/<language>.json`; lengths of time are Django's translations, which `lengths_of_time`
mends.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import global_settings
from django.utils import timesince, translation

from consent.banners import cldr, languages, screen, texts
from consent.publishing.lengths_of_time import length_of_time
from consent.publishing.tags import cookie_name

FOLDER = Path(__file__).parent / "cookie_policy_texts"
LIFETIME = re.compile(r"(\d+)([a-z])")
UNITS = {letter: unit for unit, letter in screen.UNITS.items()}
UNKNOWN = "–"


def cookie_policy(snapshot: Mapping[str, Any], number: int, published_at: datetime, language: str) -> dict[str, Any]:
    """{language, direction, words, version, published_at, date, categories, …}: plain values, nothing escaped."""
    data = screen.data(snapshot, language)
    shown = {name: data[place] for name, place in screen.FORMAT["screen"].items() if place in data}
    date = cldr.long_date(published_at.date(), language)
    with translation.override(_django_language(language) or texts.FALLBACK):
        categories = _categories(snapshot, shown, language)
    site = snapshot["site"]
    values = {
        "site": site["name"],
        "controller": shown["controller"],
        "number": str(number),
        "date": date,
        "cookie": cookie_name(site["uuid"]),
        "contact": site.get("controller_contact", ""),
    }
    own = {key: _filled(text, values) for key, text in words(language).items()}
    if not values["contact"]:
        own["contact"] = ""
    return {
        "language": language,
        "direction": shown["direction"],
        "site": site["name"],
        "controller": shown["controller"],
        "policy_url": _whole(shown["policy"], site),
        "imprint_url": _whole(shown["imprint"], site),
        "version": number,
        "published_at": published_at,
        "date": date,
        "words": shown["texts"] | {f"own_{key}": text for key, text in own.items()},
        "categories": categories,
    }


def words(language: str) -> dict[str, str]:
    """Our own words of the page; English for a language that has none."""
    return dict(_load(languages.nearest(_languages(), language) or texts.FALLBACK))


def _categories(snapshot: Mapping[str, Any], shown: Mapping[str, Any], language: str) -> list[dict[str, Any]]:
    """The categories that have something in them."""
    listed = [
        _row("service", row, key="", company="", policy="", description="", cookies=[]) for row in shown["services"]
    ]
    stored = [service["cookies"] for service in snapshot["services"]]
    stored += [snapshot.get("own_cookies", [])] * (len(listed) - len(stored))
    found = []
    for place, row in enumerate(shown["categories"]):
        category = _row("category", row, description="", necessary=0)
        services = [
            _service(service, kept, snapshot["site"], shown["texts"], language)
            for service, kept in zip(listed, stored, strict=True)
            if service.get("category", 0) == place
        ]
        if services:
            found.append(
                {
                    "name": category["name"],
                    "description": category["description"],
                    "always_active": bool(category["necessary"]),
                    "services": services,
                }
            )
    return found


def _service(
    service: Mapping[str, Any],
    kept: list[dict[str, Any]],
    site: Mapping[str, Any],
    shown: Mapping[str, str],
    language: str,
) -> dict[str, Any]:
    return {
        "name": service["name"],
        "provider": service["company"] or service["name"],
        "policy_url": _whole(service["policy"], site),
        "description": service["description"],
        "cookies": [
            {
                "name": row["name"],
                "kind": stored["kind"],
                "kind_name": words(language)[stored["kind"]],
                "lifetime": _lifetime(row["lifetime"], shown["session"], language),
                "purpose": row["purpose"],
            }
            for row, stored in zip(
                [_row("cookie", one, purpose="", lifetime="") for one in service["cookies"]], kept, strict=True
            )
        ],
    }


def _row(kind: str, row: list[Any], **empty: Any) -> dict[str, Any]:
    """A packed row by its fields; `empty` are those that may have been cut off."""
    return empty | dict(zip(screen.FORMAT[kind], row, strict=False))


def _lifetime(life: int | str, session: str, language: str) -> str:
    """`13m` in words of the language that is switched on; see `consent.banners.screen`."""
    if life == screen.SESSION:
        return session
    match = LIFETIME.fullmatch(str(life))
    if not match or match[2] not in UNITS:
        return str(life) or UNKNOWN
    number, unit = int(match[1]), UNITS[match[2]]
    if ours := length_of_time(number, unit, (languages.nearest(_languages(), language) or "").lower()):
        return ours
    return str(timesince.TIME_STRINGS[unit] % {"num": number}).replace("\xa0", " ").strip()


def _filled(text: str, values: Mapping[str, str]) -> str:
    return texts.PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)


def _whole(url: str, site: Mapping[str, Any]) -> str:
    """An address that holds wherever the policy is read: `/privacy` is one of the site."""
    host = next(iter(site["hosts"]), "")
    return f"https://{host}{url}" if url.startswith("/") and not url.startswith("//") and host else url


def _django_language(language: str) -> str | None:
    """The nearest language that Django speaks; `settings.LANGUAGES` are those of the dashboard."""
    return languages.nearest(tuple(code for code, _ in global_settings.LANGUAGES), language)


@lru_cache(1)
def _languages() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in FOLDER.glob("*.json")))


@lru_cache(64)
def _load(language: str) -> dict[str, str]:
    found: dict[str, str] = json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return found
