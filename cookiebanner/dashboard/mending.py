"""Where a finding of the rules is mended: the address of the page and the field on it."""

from __future__ import annotations

from urllib.parse import urlencode

from django.urls import reverse

from consent.publishing.lint import Finding
from consent.sites.models import Site


def address(site: Site, finding: Finding) -> str:
    """The address with the field as its fragment; "" where nothing on the dashboard mends it. See `Finding.field`."""
    kind, *rest = finding.field.split(" ")
    match kind, rest:
        case "settings", [field]:
            return _page(site, "settings", f"id_{field}")
        case "text", [where, key]:
            language, _, regime = where.partition("@")
            return _page(
                site, "banner", f"t-{key}", query={"tab": "words", "language": language, "regime": regime.split("-")[0]}
            )
        case "banner", [field]:
            return _page(site, "banner", f"id_{field}", query={"tab": "look"})
        case "service", [key, field]:
            return _page(site, "service", f"id_{field}", key=key)
        case "category", [key, field]:
            return _page(site, "category", field if "-" in field else f"id_{field}", key=key)
        case "purpose", [key, field]:
            return _page(site, "purpose", field if "-" in field else f"id_purpose-{field}", key=key)
        case "override", [key]:
            return _page(site, "rule", key=key)
        case "test", []:
            return _page(site, "banner_test")
        case "law", [place]:
            return _page(site, "jurisdiction", place=place)
        case ("categories" | "services") as page, []:
            return _page(site, page)
    return ""


def _page(site: Site, name: str, field: str = "", query: dict[str, str] | None = None, **keys: str) -> str:
    asked = f"?{urlencode(query)}" if query else ""
    return reverse(f"dashboard:{name}", kwargs={"uuid": site.uuid, **keys}) + asked + (f"#{field}" if field else "")
