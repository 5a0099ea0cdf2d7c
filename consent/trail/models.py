from __future__ import annotations

from django.db import models
from django.utils import timezone


class AuditEvent(models.Model):
    """Who changed what, written in the transaction of the change. Never updated; `number` and `hash` chain the lines of
    one site (`consent.trail.chain`)."""

    site = models.ForeignKey("consent.Site", models.CASCADE, null=True, related_name="audit_events")
    actor = models.CharField(max_length=254, help_text="e-mail address, token name or command")
    verb = models.CharField(max_length=60)
    detail = models.JSONField(default=dict)
    at = models.DateTimeField(default=timezone.now)
    number = models.BigIntegerField(null=True, editable=False, help_text="1, 2, 3 … in the site's trail")
    hash = models.CharField(max_length=64, blank=True, editable=False)

    class Meta:
        ordering = ("-id",)
        # The site's history page, newest first: all of it, what one person did, what was done of one kind.
        indexes = [
            models.Index(fields=("site", "-id"), name="audit_by_site"),
            models.Index(fields=("site", "actor", "-id"), name="audit_by_actor"),
            models.Index(fields=("site", "verb", "-id"), name="audit_by_verb"),
        ]
        constraints = [models.UniqueConstraint(fields=("site", "number"), name="audit_number_once_per_site")]


class TrailHead(models.Model):
    """The end of a site's audit trail; 0 is what belongs to no site."""

    site_id = models.BigIntegerField(primary_key=True)
    count = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, blank=True)
