from __future__ import annotations

import json
from typing import Any

import brotli
from django.db import models
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy

from consent.publishing import streams
from consent.sites.models import Site
from consent.sites.names import validate_one_line

LONGEST_NOTE = 500


class Release(models.Model):
    """An immutable, numbered, content-addressed snapshot of all that a site shows and blocks."""

    site = models.ForeignKey(Site, models.PROTECT, related_name="releases")
    number = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64, help_text="SHA-256 of `snapshot`, hexadecimal")
    snapshot = models.TextField(help_text="Canonical JSON (RFC 8785) of the whole release")
    # So that "is this one of our hosts?" needs no snapshot to be read; never another list than the snapshot's.
    hosts = models.JSONField(default=list, editable=False, help_text="The snapshot's hosts")
    # Not in the snapshot: it is how browsers write answers down, and a rollback has the content of before with the
    # numbers of today.
    numbering = models.JSONField(default=dict, editable=False, help_text="Slots of all that was offered so far")
    note = models.CharField(max_length=LONGEST_NOTE, blank=True)
    published_by = models.CharField(max_length=254)
    published_at = models.DateTimeField()
    rolled_back_to = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering = ("site", "-number")
        constraints = [models.UniqueConstraint(fields=("site", "number"), name="release_number_once_per_site")]

    def __str__(self) -> str:
        return f"{self.site} release {self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Copies the hosts out of the snapshot of a new release."""
        if self._state.adding:
            self.hosts = hosts_of(self.snapshot)
        super().save(*args, **kwargs)


def hosts_of(snapshot: str) -> list[str]:
    """The hosts that a snapshot names; [] when it names none."""
    hosts: list[str] = json.loads(snapshot).get("site", {}).get("hosts", [])
    return hosts


class Content(models.Model):
    """The bytes of artifacts, kept once for all releases of all sites that have them.

    Only compressed: the body is read out of it, and the form for browsers without brotli made of that, when the memory
    of published sites loads a file. Whoever may read an artifact is asked before; a hash alone gets nobody a body.
    """

    sha256 = models.CharField(max_length=64, primary_key=True, help_text="of the body, hexadecimal")
    size = models.PositiveIntegerField(help_text="of the body, in bytes")
    brotli = models.BinaryField(help_text="as `streams.to_brotli` makes it")
    effort = models.PositiveSmallIntegerField(help_text="brotli's quality, 0 to 11")
    base = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="longer", help_text="what the body begins with; not in `brotli`"
    )

    @cached_property
    def body(self) -> bytes:
        """Raises brotli.error when the stored form is none."""
        rest = bytes(brotli.decompress(bytes(self.brotli)))
        return self.base.body + rest if self.base else rest

    def for_browsers(self) -> bytes:
        """The whole body in brotli; made anew, quickly, where it is stored apart."""
        return streams.to_brotli(self.body, streams.QUICK) if self.base_id else bytes(self.brotli)


class Artifact(models.Model):
    """A file that browsers load, compiled and compressed when its release was published."""

    release = models.ForeignKey(Release, models.CASCADE, related_name="artifacts")
    name = models.CharField(max_length=120, help_text="gate.eu_opt_in.js, ui.de.js …")
    content_type = models.CharField(max_length=80)
    content = models.ForeignKey(Content, models.PROTECT, related_name="artifacts")

    class Meta:
        constraints = [models.UniqueConstraint(fields=("release", "name"), name="artifact_once_per_release")]

    @property
    def sha256(self) -> str:
        """Of the body; the ETag and the immutable URL."""
        return self.content_id


class PublishRequest(models.Model):
    """A content that somebody wants to publish: at a time, or once another member has approved it, or both.

    It holds the content itself, so that what is approved is what goes live, whatever becomes of the draft. One is open
    at a time.
    """

    class Outcome(models.TextChoices):
        PUBLISHED = "published", "Published"
        WITHDRAWN = "withdrawn", "Withdrawn"
        DECLINED = "declined", "Declined"
        FAILED = "failed", "Not published"

    site = models.ForeignKey(Site, models.CASCADE, related_name="publish_requests")
    snapshot = models.TextField(help_text="Canonical JSON of the content")
    sha256 = models.CharField(max_length=64)
    base = models.PositiveIntegerField(help_text=gettext_lazy("The release that it was made to follow; 0 = none"))
    note = models.CharField(max_length=500, blank=True)
    publish_at = models.DateTimeField(null=True, blank=True, help_text=gettext_lazy("empty = as soon as it may be"))
    requested_by = models.CharField(max_length=254)
    requested_at = models.DateTimeField(auto_now_add=True)
    approved_by = models.CharField(max_length=254, blank=True)
    approved_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)
    why = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=("site",), condition=models.Q(ended_at=None), name="one_open_publish_request_per_site"
            )
        ]


class LintWaiver(models.Model):
    """A named legal sign-off for one lint rule of one site; also a ledger entry."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="lint_waivers")
    rule = models.CharField(max_length=8)
    regime = models.CharField(max_length=40, blank=True)
    subject = models.CharField(
        max_length=200, blank=True, help_text=gettext_lazy("what of the rule; empty = all of it")
    )
    text = models.CharField(
        max_length=400, blank=True, help_text=gettext_lazy("the words that were signed off, and no others")
    )
    signed_by = models.CharField(max_length=200, validators=[validate_one_line])
    reason = models.CharField(max_length=1000)
    at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
