from __future__ import annotations

from typing import Any

from consent.jurisdictions.models import JurisdictionOverride
from consent.sites.models import Site


def overrides_of(site: Site) -> dict[str, dict[str, Any]]:
    """A site's draft overrides as a snapshot holds them: {row id: {"fields": {…}, "reason": "…"}}."""
    rows = JurisdictionOverride.objects.filter(site=site).order_by("jurisdiction")
    return {row.jurisdiction: {"fields": row.fields, "reason": row.reason} for row in rows}
