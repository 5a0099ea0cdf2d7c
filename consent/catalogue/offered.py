"""Which categories a visitor is asked about: those that have something in them. Pure; rows of a draft come in."""

from __future__ import annotations

from collections.abc import Iterable

from consent.catalogue.models import Category, Purpose, Service


def offered(
    categories: Iterable[Category], purposes: Iterable[Purpose], services: Iterable[Service]
) -> tuple[list[Category], list[Category]]:
    """(what a release has, what it leaves out because nothing is in it), in the order that came in.

    Something is in a category when it is always active, has a service or a purpose, or pages ask for it by its id
    (`used_by_page`). A container of Google's loads what we do not see and asks by signals: then what governs one stays.
    """
    rows = list(services)
    filled = {service.category.key for service in rows}
    filled |= {purpose.category.key for purpose in purposes if purpose.category}
    signals = any(service.container and service.adapter == "google" for service in rows)
    kept: list[Category] = []
    left: list[Category] = []
    for category in categories:
        asked = category.key in filled or category.used_by_page
        governs = signals and category.consent_mode
        (kept if category.necessary or asked or governs else left).append(category)
    return kept, left
