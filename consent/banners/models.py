from __future__ import annotations

from django.db import models

from consent.sites.models import Site
from consent.sites.names import validate_one_line


class BannerContent(models.Model):
    """What a draft of a banner is made of: layout and theme, texts per language and regime, a style sheet."""

    name = models.CharField(max_length=80, default="Main", validators=[validate_one_line])
    layout = models.CharField(max_length=20, default="card", help_text="card, bar or center")
    position = models.CharField(max_length=20, default="bottom-left")
    theme = models.JSONField(default=dict, blank=True, help_text="tokens of consent/banners/theme.py")
    texts = models.JSONField(
        default=dict, blank=True, help_text="{language: {key: text}} over our own; {language}@{regime} over both"
    )
    floating_button = models.BooleanField(default=True)
    css = models.TextField(blank=True, help_text="rules of the site's own, as they were typed")
    updated_at = models.DateTimeField(auto_now=True)

    CONTENT = ("layout", "position", "theme", "texts", "floating_button", "css")

    class Meta:
        abstract = True


class Banner(BannerContent):
    """The draft in use: what a site would publish now."""

    site = models.OneToOneField(Site, models.CASCADE, related_name="banner")


class BannerDraft(BannerContent):
    """A draft that lies beside the one in use, under a name of its own."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="banner_drafts")

    class Meta:
        constraints = [models.UniqueConstraint(fields=("site", "name"), name="banner_draft_name_once_per_site")]


class BannerFile(models.Model):
    """A logo or a font that was uploaded, as it is served. It is kept when it is removed: releases may name it."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="banner_files")
    sha256 = models.CharField(max_length=64, help_text="of `body`")
    name = models.CharField(max_length=60, help_text="logo.png, brand.woff2: how a style sheet and an address call it")
    content_type = models.CharField(max_length=40)
    body = models.BinaryField()
    width = models.PositiveIntegerField(null=True, blank=True)
    height = models.PositiveIntegerField(null=True, blank=True)
    uploaded_by = models.CharField(max_length=254)
    uploaded_at = models.DateTimeField(auto_now_add=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("site", "sha256"), name="banner_file_once_per_site"),
            models.UniqueConstraint(
                fields=("site", "name"), condition=models.Q(removed_at=None), name="banner_file_name_once_per_site"
            ),
        ]


class TextReview(models.Model):
    """A named person has read words in one language, for one site: those of ours in the banner (`about` ""), or what
    `about` names (`consent/banners/reviews.py`)."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="text_reviews")
    about = models.CharField(max_length=80, blank=True, default="")
    language = models.CharField(max_length=35)
    signed_by = models.CharField(max_length=200, validators=[validate_one_line])
    texts = models.CharField(max_length=64, help_text="SHA-256 of the words that were read; others are read anew")
    at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=("site", "about", "language"),
                condition=models.Q(revoked_at=None),
                name="one_text_review_per_language",
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
