from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from consent.sites.models import Site

LONGEST_TITLE = 200
LONGEST_TEXT = 200_000
LONGEST_SUMMARY = 1_000
LONGEST_WHY = 300


class Document(models.Model):
    """A document of a site. Its draft is a `DocumentText` a language; visitors read only its versions."""

    class Kind(models.TextChoices):
        PRIVACY = "privacy", _("Privacy policy")
        COOKIES = "cookies", _("Cookie policy")
        TERMS = "terms", _("Terms")
        OTHER = "other", _("Another document")

    site = models.ForeignKey(Site, models.CASCADE, related_name="documents")
    key = models.CharField(
        max_length=40,
        validators=[RegexValidator(r"^[a-z][a-z0-9]*(-[a-z0-9]+)*\Z", _("Use small letters, digits and hyphens."))],
        help_text="Its name in addresses; never changed.",
    )
    kind = models.CharField(max_length=10, choices=Kind)
    original = models.CharField(max_length=20, help_text="The language of the text that counts.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("pk",)
        constraints = [models.UniqueConstraint(fields=("site", "key"), name="document_key_once")]

    def __str__(self) -> str:
        return str(self.get_kind_display())


class DocumentText(models.Model):
    """The draft of a document in one language, as Markdown, and what its next version changes in a few words."""

    document = models.ForeignKey(Document, models.CASCADE, related_name="drafts")
    language = models.CharField(max_length=20)
    title = models.CharField(max_length=LONGEST_TITLE)
    text = models.TextField(max_length=LONGEST_TEXT, blank=True)
    summary = models.TextField(max_length=LONGEST_SUMMARY, blank=True)
    why = models.CharField(
        max_length=LONGEST_WHY, blank=True, help_text="Of a material change: why people are asked again."
    )
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("pk",)
        constraints = [models.UniqueConstraint(fields=("document", "language"), name="document_text_once")]


class DocumentVersion(models.Model):
    """What was published, for ever: the database refuses every change (`consent.ledger.guards`).

    `texts` is {language: {title, text, summary, why}}; `entry` is its place in the ledger, which holds the hash of each
    text. In force from `effective_at` until a later number is.
    """

    document = models.ForeignKey(Document, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    original = models.CharField(max_length=20)
    texts = models.JSONField()
    material = models.JSONField(
        default=list, blank=True, help_text="Keys of the categories and purposes that are asked again."
    )
    published_by = models.CharField(max_length=254)
    published_at = models.DateTimeField()
    effective_on = models.DateField(null=True, blank=True, help_text="null = from its publication on")
    effective_at = models.DateTimeField()
    entry = models.BigIntegerField()

    class Meta:
        ordering = ("document_id", "number")
        constraints = [models.UniqueConstraint(fields=("document", "number"), name="document_version_once")]

    @property
    def title(self) -> str:
        """That of its original."""
        return str(self.texts[self.original]["title"])
