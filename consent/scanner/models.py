from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy

from consent.jobs.models import Job
from consent.sites.models import Site

MOST_PAGES = 200
DEEPEST = 10


class ScanPlan(models.Model):
    """How a site is scanned, and how often."""

    class Schedule(models.TextChoices):
        OFF = "off", gettext_lazy("Only when asked for")
        WEEKLY = "weekly", gettext_lazy("Every week")
        MONTHLY = "monthly", gettext_lazy("Every month")

    site = models.OneToOneField(Site, models.CASCADE, primary_key=True, related_name="scan_plan")
    start = models.URLField(max_length=500, blank=True, help_text="A page or a sitemap; empty = the first host.")
    pages = models.PositiveSmallIntegerField(
        default=30, validators=[MinValueValidator(1), MaxValueValidator(MOST_PAGES)]
    )
    depth = models.PositiveSmallIntegerField(default=4, validators=[MaxValueValidator(DEEPEST)])
    delay = models.PositiveSmallIntegerField(
        default=1, validators=[MaxValueValidator(30)], help_text="Seconds between two pages."
    )
    obey_robots = models.BooleanField(default=True)
    schedule = models.CharField(max_length=10, choices=Schedule, default=Schedule.OFF)


class Scan(models.Model):
    """One look at a site. `report` is what was found (docs/scanner.md), `sha256` of its canonical form, `entry` its
    place in the ledger; all are empty until it is over."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="scans")
    job = models.ForeignKey(Job, models.SET_NULL, null=True, blank=True, related_name="+")
    plan = models.JSONField(default=dict, help_text="The plan as it was then.")
    actor = models.CharField(max_length=254, help_text="Who asked for it; empty = the schedule.", blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    stop_asked = models.BooleanField(default=False)
    finished_at = models.DateTimeField(null=True, blank=True)
    report = models.JSONField(default=dict)
    sha256 = models.CharField(max_length=64, blank=True)
    entry = models.BigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ("-pk",)

    @property
    def status(self) -> str:
        """done, or the word of its job; stopped when it never began, failed when its job is gone."""
        if self.finished_at:
            return "done"
        if self.job is None:
            return "failed"
        return "stopped" if self.job.state == Job.Status.CANCELLED else self.job.state

    @property
    def going_on(self) -> bool:
        """Whether it waits or runs."""
        return self.status in (Job.Status.WAITING, Job.Status.RUNNING)
