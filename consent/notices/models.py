from __future__ import annotations

from django.conf import settings
from django.db import models

from consent.sites.models import Site


class Notice(models.Model):
    """Something a site's people are to know; open until it is no longer true. Told once in each way."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=20)
    subject = models.CharField(max_length=253, blank=True)
    detail = models.JSONField(default=dict)
    since = models.DateTimeField(auto_now_add=True)
    mailed_at = models.DateTimeField(null=True, blank=True)
    hooked_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-pk",)
        constraints = [
            models.UniqueConstraint(
                fields=("site", "kind", "subject"), condition=models.Q(ended_at=None), name="one_open_notice"
            )
        ]


class NoticeChoice(models.Model):
    """How a person wants to be told of a kind on a site, where it differs from what holds without a row; without a
    person it is the site's webhook."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="notice_choices")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+")
    kind = models.CharField(max_length=20)
    channel = models.CharField(max_length=10, help_text="mail, dashboard or webhook")
    wanted = models.BooleanField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=("site", "user", "kind", "channel"), name="one_notice_choice")]
