from __future__ import annotations

from django.conf import settings
from django.db import models


class Job(models.Model):
    """One piece of background work, leased by a worker that keeps its heartbeat."""

    class Status(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    kind = models.CharField(max_length=40)
    site = models.ForeignKey("consent.Site", models.CASCADE, null=True, blank=True, related_name="jobs")
    params = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=Status, default=Status.WAITING)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(null=True)
    message = models.CharField(max_length=1000, blank=True)
    result = models.JSONField(default=dict)
    cursor = models.JSONField(default=dict, help_text="Where to resume.")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True)
    run_after = models.DateTimeField()
    leased_until = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True, help_text="Of the last attempt: whose turn is it?")
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        # The worker's question: what waits, oldest first?
        indexes = [
            models.Index(fields=("state", "run_after"), name="job_queue"),
            # What of a kind still waits for a site?
            models.Index(fields=("site", "kind", "state"), name="job_by_site"),
            # What of a kind is over, and since when?
            models.Index(fields=("kind", "state", "created_at"), name="job_by_kind"),
        ]


class Turn(models.Model):
    """When a queue last began a job of a site. A row each, since a site's jobs of a month may be millions."""

    site = models.ForeignKey("consent.Site", models.CASCADE, related_name="turns")
    queue = models.CharField(max_length=12)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=("site", "queue"), name="one_turn_per_queue")]
