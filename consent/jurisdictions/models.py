from __future__ import annotations

from django.db import models

from consent.sites.models import Site


class JurisdictionOverride(models.Model):
    """An operator's correction of one row of the shipped table for one site, with the reason."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="jurisdiction_overrides")
    jurisdiction = models.CharField(max_length=10)
    fields = models.JSONField(help_text="Columns of the row to replace, e.g. {'preset': 'eu_opt_in'}")
    reason = models.CharField(max_length=500)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("site", "jurisdiction"), name="jurisdiction_override_once_per_site")
        ]
