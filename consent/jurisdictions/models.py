from __future__ import annotations

from django.conf import settings
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


class LawSubscription(models.Model):
    """A person who wants to be told of new versions of the table, and of laws that start soon."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="law_subscription")
    version = models.CharField(max_length=10, help_text="The newest version of the table that the person knows.")
    notified = models.JSONField(default=list, help_text="Days and rows of the starts that the person was mailed.")
    created_at = models.DateTimeField(auto_now_add=True)
