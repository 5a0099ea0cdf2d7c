from __future__ import annotations

from django.db import models


class AuditEvent(models.Model):
    """Who changed what, written in the transaction of the change. Never updated."""

    site = models.ForeignKey("consent.Site", models.CASCADE, null=True, related_name="audit_events")
    actor = models.CharField(max_length=254, help_text="e-mail address, token name or command")
    verb = models.CharField(max_length=60)
    detail = models.JSONField(default=dict)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-id",)
        # The site's history page, newest first.
        indexes = [models.Index(fields=("site", "-id"), name="audit_by_site")]
