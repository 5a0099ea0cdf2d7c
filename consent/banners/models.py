from __future__ import annotations

from django.db import models

from consent.sites.models import Site
from consent.sites.names import validate_one_line


class Banner(models.Model):
    """The draft of what a site shows: layout and theme, and texts per language and regime."""

    site = models.OneToOneField(Site, models.CASCADE, related_name="banner")
    layout = models.CharField(max_length=20, default="card", help_text="card, bar or center")
    position = models.CharField(max_length=20, default="bottom-left")
    theme = models.JSONField(default=dict, blank=True, help_text="{accent, background, text, radius, scheme}")
    texts = models.JSONField(
        default=dict, blank=True, help_text="{language: {key: text}} over our own; {language}@{regime} over both"
    )
    floating_button = models.BooleanField(default=True)
    updated_at = models.DateTimeField(auto_now=True)


class TextReview(models.Model):
    """A named person has read the words that we ship in one language, for one site."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="text_reviews")
    language = models.CharField(max_length=35)
    signed_by = models.CharField(max_length=200, validators=[validate_one_line])
    texts = models.CharField(max_length=64, help_text="SHA-256 of the words that were read; others are read anew")
    at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=("site", "language"), condition=models.Q(revoked_at=None), name="one_text_review_per_language"
            )
        ]


class BannerTest(models.Model):
    """The draft of a second banner, B, beside the site's own, A: which of them is answered yes more often?"""

    site = models.OneToOneField(Site, models.CASCADE, related_name="banner_test")
    ends = models.DateField(help_text="The last day (UTC) on which B is shown.")
    layout = models.CharField(max_length=20)
    position = models.CharField(max_length=20)
    theme = models.JSONField(default=dict, blank=True)
    texts = models.JSONField(default=dict, blank=True, help_text="{language: {key: text}} over those of A")
    created_at = models.DateTimeField(auto_now_add=True)
