"""An operator's corrections of the table, one site at a time. They reach visitors with the next release."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from consent.jurisdictions import table
from consent.jurisdictions.models import JurisdictionOverride
from consent.jurisdictions.validate import row_problems
from consent.sites.models import Site
from consent.trail.actions import audit


@transaction.atomic
def override(site: Site, actor: str, jurisdiction: str, fields: dict[str, Any], reason: str) -> JurisdictionOverride:
    """Replaces columns of one row for one site. ValueError in words for an unknown row or column, a value that the
    table can't hold, no change, or no reason."""
    reason = reason.strip()
    if jurisdiction not in table.ROWS:
        raise ValueError(
            gettext("There is no jurisdiction %(jurisdiction)r in the table.") % {"jurisdiction": jurisdiction}
        )
    if not reason:
        raise ValueError(gettext("Say why the row is overridden; the reason is part of the release."))
    if len(reason) > 500:
        raise ValueError(gettext("The reason is longer than 500 characters."))
    if not fields:
        raise ValueError(gettext("Name at least one column to replace."))
    refused = sorted(set(fields) - table.OVERRIDABLE)
    if refused:
        raise ValueError(f"These are no columns that can be overridden: {', '.join(refused)}.")
    kept = {column: "" if value is None else str(value).strip() for column, value in fields.items()}
    wrong = row_problems(table.row(jurisdiction, {jurisdiction: {"fields": kept}}))
    if wrong:
        raise ValueError(" ".join(wrong))
    made, _ = JurisdictionOverride.objects.update_or_create(
        site=site, jurisdiction=jurisdiction, defaults={"fields": kept, "reason": reason}
    )
    audit(site, actor, "jurisdiction.overridden", jurisdiction=jurisdiction, fields=kept, reason=reason)
    return made


@transaction.atomic
def remove_override(site: Site, actor: str, jurisdiction: str) -> bool:
    """Back to the shipped row. False when there was no override."""
    deleted, _ = JurisdictionOverride.objects.filter(site=site, jurisdiction=jurisdiction).delete()
    if deleted:
        audit(site, actor, "jurisdiction.override_removed", jurisdiction=jurisdiction)
    return bool(deleted)
