from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy


class DailyTotal(models.Model):
    """Answers counted a day. Written only by the intake; recomputable from the records."""

    pk = models.CompositePrimaryKey("site_id", "day", "release", "regime", "jurisdiction", "language", "action")
    site_id = models.BigIntegerField()
    day = models.DateField()
    release = models.PositiveIntegerField()
    regime = models.CharField(max_length=40)
    jurisdiction = models.CharField(max_length=10)
    language = models.CharField(max_length=20)
    action = models.CharField(max_length=12)
    count = models.PositiveBigIntegerField(default=0)


class ImpressionTotal(models.Model):
    """Banners shown a day, flushed from memory; a lost minute is a lost count, never a lost record."""

    pk = models.CompositePrimaryKey("site_id", "day", "release", "regime", "jurisdiction", "language", "kind")
    site_id = models.BigIntegerField()
    day = models.DateField()
    release = models.PositiveIntegerField()
    regime = models.CharField(max_length=40)
    jurisdiction = models.CharField(max_length=10)
    language = models.CharField(max_length=20)
    kind = models.CharField(max_length=12, help_text="view, banner or preferences")
    count = models.PositiveBigIntegerField(default=0)


class AnsweredTotal(models.Model):
    """Answers counted a day by how they came about, flushed from memory once they are stored."""

    pk = models.CompositePrimaryKey("site_id", "day", "release", "device", "layer", "action", "waited", "gpc", "asked")
    site_id = models.BigIntegerField()
    day = models.DateField()
    release = models.PositiveIntegerField()
    device = models.CharField(max_length=8, help_text="phone, tablet or desktop")
    layer = models.CharField(max_length=12, help_text="banner, preferences, api, signal or other")
    action = models.CharField(max_length=12)
    waited = models.CharField(max_length=8, help_text="Time to answer: <1s, <3s … <300s, more, unknown")
    gpc = models.BooleanField(help_text="Global Privacy Control was on.")
    asked = models.BooleanField(help_text="The answer to a banner that was up.")
    count = models.PositiveBigIntegerField(default=0)


class ShownTotal(models.Model):
    """Views and layers shown a day, by device and signal; flushed from memory like `ImpressionTotal`."""

    pk = models.CompositePrimaryKey("site_id", "day", "release", "device", "kind", "gpc")
    site_id = models.BigIntegerField()
    day = models.DateField()
    release = models.PositiveIntegerField()
    device = models.CharField(max_length=8, help_text="phone, tablet or desktop")
    kind = models.CharField(max_length=12, help_text="view, banner or preferences")
    gpc = models.BooleanField(help_text="Global Privacy Control was on.")
    count = models.PositiveBigIntegerField(default=0)


class AskedTotal(models.Model):
    """Banners shown a day and what was decided at them, in one dimension at a time; flushed from memory like
    `ImpressionTotal`. Without imports, receipts, signals, later changes and the testing script."""

    pk = models.CompositePrimaryKey("site_id", "by", "day", "name", "regime", "release", "arm", "what")
    site_id = models.BigIntegerField()
    by = models.CharField(max_length=8, help_text="all, place, language, device or layer")
    day = models.DateField()
    name = models.CharField(max_length=20, help_text='Of the dimension; "" where by is all.')
    regime = models.CharField(max_length=40)
    release = models.PositiveIntegerField()
    arm = models.CharField(max_length=1, help_text='A or B of a test; "" without one.')
    what = models.CharField(max_length=84, help_text="See consent/stats/asked.py.")
    count = models.PositiveBigIntegerField(default=0)


class GateReport(models.Model):
    """What gates reported: an unknown third-party host, a patch that could not be armed … No visitor data."""

    class Kind(models.TextChoices):
        UNKNOWN_HOST = "unknown", gettext_lazy("Unknown host")
        DISARMED = "disarmed", gettext_lazy("Patch not armed")
        LATE = "late", gettext_lazy("The gate runs too late")
        BEFORE = "before", gettext_lazy("A tracker stands before the gate")
        DESIGN = "design", gettext_lazy("Site CSS made the buttons unequal")
        UNKNOWN_ID = "unknown_id", gettext_lazy("The page names an unknown category or service")
        BROKEN = "broken", gettext_lazy("A file of ours did not do its work")
        MISSING = "missing", gettext_lazy("Code of the page missed a held library")
        UNKEPT = "unkept", gettext_lazy("A browser kept no answer")

    site = models.ForeignKey("consent.Site", models.CASCADE, related_name="gate_reports")
    kind = models.CharField(max_length=10, choices=Kind)
    subject = models.CharField(max_length=253)
    page_host = models.CharField(max_length=253, blank=True)
    count = models.PositiveBigIntegerField(default=0)
    first_seen = models.DateTimeField(auto_now_add=True)
    last_seen = models.DateTimeField()
    dismissed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("site", "kind", "subject"), name="one_gate_report_per_subject")]
