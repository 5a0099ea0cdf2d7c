"""The ledger's tables. No AutoField, no foreign keys, never updated (see `guards`)."""

from __future__ import annotations

from django.db import models


class LogEntry(models.Model):
    """One leaf of a site's tree, for ever. Nothing personal is in it.

    The leaf input is `E = "fairgate/v1\\n" type "\\n" site uuid "\\n" day "\\n" release hash "\\n" base64(commitment)`.
    """

    class Type(models.TextChoices):
        CONSENT = "consent"
        RELEASE = "release"
        SCREENSHOT = "screenshot"  # only in logs of earlier versions: their pictures were blank
        ERASURE = "erasure"
        WAIVER = "waiver"
        KEY_ROTATION = "key_rotation"
        RESTART = "restart"
        CLOCK_REPAIR = "clock_repair"
        PICTURES = "pictures"  # what a release's banners look like
        VOID = "void"  # entries that logged pictures which show nothing
        SCAN = "scan"  # the report of a scan of the site
        REQUEST = "request"  # what became of what somebody asked about their data
        DOCUMENT = "document"  # a version of a document that was published
        TRAIL = "trail"  # where the audit trail ends
        WORDING = "wording"  # what people are asked about a purpose without cookies
        CHOICE = "choice"  # one person's yes or no to it

    pk = models.CompositePrimaryKey("site_id", "index")
    site_id = models.BigIntegerField()
    index = models.BigIntegerField(db_column="leaf_index")
    record_id = models.UUIDField()
    request_hash = models.BinaryField(max_length=32, help_text="SHA-256 of the canonical client body")
    type = models.CharField(max_length=12, choices=Type)
    day = models.DateField()
    release_hash = models.CharField(max_length=64)
    commitment = models.BinaryField(max_length=32)

    class Meta:
        # Replays are looked up here; this key also makes an answer land once.
        constraints = [models.UniqueConstraint(fields=("site_id", "record_id"), name="log_entry_record_once")]
        # The entries that are not answers, by their type: releases, erasures, key rotations, restarts, choices.
        indexes = [
            models.Index(
                fields=("site_id", "type", "index"), name="log_entry_by_type", condition=~models.Q(type="consent")
            )
        ]


# What people said: alone these may lose their payload.
ERASABLE = (LogEntry.Type.CONSENT, LogEntry.Type.CHOICE)


class ConsentRecord(models.Model):
    """The erasable payload of a leaf of any type: `payload` is the canonical JSON that was committed to.

    On PostgreSQL partitioned by month of `received_at` (migration 0002). Erasing nulls `visitor`, `replaces`,
    `payload` and `salt` and keeps the rest, so that totals recompute.
    """

    pk = models.CompositePrimaryKey("site_id", "index")
    site_id = models.BigIntegerField()
    index = models.BigIntegerField(db_column="leaf_index")
    received_at = models.DateTimeField()
    record_id = models.UUIDField()
    type = models.CharField(max_length=12, choices=LogEntry.Type)
    day = models.DateField()
    release = models.PositiveIntegerField(null=True)
    regime = models.CharField(max_length=40, blank=True)
    jurisdiction = models.CharField(max_length=10, blank=True)
    language = models.CharField(max_length=20, blank=True)
    action = models.CharField(max_length=12, blank=True)
    visitor = models.UUIDField(null=True)
    replaces = models.UUIDField(null=True)
    payload = models.TextField(null=True)  # noqa: DJ001 - null means erased, empty never occurs
    salt = models.BinaryField(max_length=32, null=True)

    class Meta:
        indexes = [
            # A visitor's records, and who replaced a record: for the present state and for erasure.
            models.Index(fields=("site_id", "visitor"), name="record_by_visitor"),
            models.Index(fields=("site_id", "replaces"), name="record_by_replaces"),
            # Exports and retention walk a period of one site.
            models.Index(fields=("site_id", "received_at"), name="record_by_time"),
        ]


class LogHead(models.Model):
    """The end of a site's tree: its size and right edge (one hash per set bit of size, largest subtree first)."""

    site_id = models.BigIntegerField(primary_key=True)
    size = models.BigIntegerField(default=0)
    edge = models.BinaryField(default=b"")
    last_received_at = models.DateTimeField(null=True)


class LogTile(models.Model):
    """A full tile of 256 hashes at height 8 (C2SP tlog-tiles); partial tiles are cut from LogEntry on read."""

    pk = models.CompositePrimaryKey("site_id", "level", "number")
    site_id = models.BigIntegerField()
    level = models.PositiveSmallIntegerField()
    number = models.BigIntegerField()
    hashes = models.BinaryField(help_text="256 x 32 bytes")
    root = models.BinaryField(max_length=32, help_text="Root of the 256 hashes: what the level above holds")


class Checkpoint(models.Model):
    """A signed tree head, as a C2SP signed note. `created_at` is the time of the last entry it covers. `chain` is
    SHA-256 of the chain of the checkpoint before and the note, so that none can be taken out of the middle."""

    pk = models.CompositePrimaryKey("site_id", "size")
    site_id = models.BigIntegerField()
    size = models.BigIntegerField()
    root = models.BinaryField(max_length=32)
    note = models.TextField()
    created_at = models.DateTimeField()
    chain = models.BinaryField(max_length=32, null=True, help_text="null in checkpoints of earlier versions")


class IssuedCheckpoint(models.Model):
    """A checkpoint that left the house (receipt, endpoint, the last one of a bundle): whoever has it may come back with
    it, so bundles leave it out only where there are too many. Anchored ones are in `Anchor`."""

    pk = models.CompositePrimaryKey("site_id", "size")
    site_id = models.BigIntegerField()
    size = models.BigIntegerField()


class LastSignature(models.Model):
    """When a log was last signed, so that strangers get a signature at most once a second. It proves nothing."""

    site_id = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()


class Anchor(models.Model):
    """Proof that a checkpoint was kept outside the operator's hands."""

    site_id = models.BigIntegerField()
    size = models.BigIntegerField()
    method = models.CharField(max_length=12, help_text="rfc3161, witness, email, webhook")
    target = models.CharField(max_length=500)
    evidence = models.BinaryField(default=b"")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=("site_id", "size"), name="anchor_by_site")]
