from __future__ import annotations

from django.db import models

from consent.sites.models import Site


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
