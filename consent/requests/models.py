from __future__ import annotations

from datetime import date

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy

from consent.requests.deadlines import Kind
from consent.sites.models import Site
from consent.sites.names import validate_one_line

LARGEST_FILE = 10 * 1024 * 1024  # bytes
MOST_FILES = 10  # of one request
LONGEST_DETAILS = 5000  # characters


class SubjectRequest(models.Model):
    """What one person asked a site for. `number` is what people call it; nothing can be guessed from it.

    `due` is the last day to answer, `receipt_due` the last to confirm receipt (null = no law asks for it), both by
    `deadlines.json` as it was on the day of receipt. What is personal (PERSONAL) goes when the log's time is over.
    """

    class Status(models.TextChoices):
        UNCONFIRMED = "unconfirmed", gettext_lazy("Address not confirmed")
        OPEN = "open", gettext_lazy("Open")
        CLOSED = "closed", gettext_lazy("Answered")
        WITHDRAWN = "withdrawn", gettext_lazy("Withdrawn")
        LAPSED = "lapsed", gettext_lazy("Never confirmed")

    class Channel(models.TextChoices):
        FORM = "form", gettext_lazy("Form")
        TELEPHONE = "telephone", gettext_lazy("Telephone")
        LETTER = "letter", gettext_lazy("Letter")
        MAIL = "mail", gettext_lazy("E-mail")
        IN_PERSON = "in_person", gettext_lazy("In person")

    class Outcome(models.TextChoices):
        COMPLIED = "complied", gettext_lazy("Done")
        PARTLY = "partly", gettext_lazy("Done in part")
        DENIED = "denied", gettext_lazy("Denied")

    class Because(models.TextChoices):  # 11 CCR 7102(a)(2)
        UNVERIFIABLE = "unverifiable", gettext_lazy("We could not verify who asks")
        NOT_OURS = "not_ours", gettext_lazy("We hold no data of this person")
        EXEMPT = "exempt", gettext_lazy("The law exempts these data")
        UNFOUNDED = "unfounded", gettext_lazy("The request is manifestly unfounded or excessive")
        OTHER = "other", gettext_lazy("Another reason")

    PERSONAL = ("name", "email", "details", "agent", "reference", "extension_reason")

    site = models.ForeignKey(Site, models.CASCADE, related_name="requests")
    number = models.CharField(max_length=12, unique=True)
    kind = models.CharField(max_length=16, choices=[(kind.value, kind.value) for kind in Kind])
    place = models.CharField(max_length=10, help_text="Where the person lives: an id of the table of laws.")
    law = models.CharField(max_length=20, help_text="A key of deadlines.json.")
    channel = models.CharField(max_length=10, choices=Channel, default=Channel.FORM)
    language = models.CharField(max_length=20)
    name = models.CharField(max_length=200, blank=True, validators=[validate_one_line])
    email = models.EmailField(max_length=254, blank=True)
    details = models.TextField(max_length=LONGEST_DETAILS, blank=True)
    agent = models.CharField(max_length=200, blank=True, validators=[validate_one_line], help_text="Who asks for them.")
    reference = models.CharField(max_length=100, blank=True, help_text="A consent record, or its number elsewhere.")
    status = models.CharField(max_length=12, choices=Status)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True)
    because = models.CharField(max_length=12, choices=Because, blank=True)
    received_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True, help_text="When the address was confirmed.")
    acknowledged_at = models.DateTimeField(null=True, blank=True, help_text="When receipt was confirmed.")
    receipt_due = models.DateField(null=True, blank=True)
    due = models.DateField()
    extended_at = models.DateTimeField(null=True, blank=True)
    extension_reason = models.CharField(max_length=500, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    keep_until = models.DateField(null=True, blank=True, help_text="The last day of its log, once it is closed.")
    reminded_on = models.DateField(null=True, blank=True, help_text="When its owner was last told of its due day.")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    log_key = models.UUIDField(
        null=True, blank=True, editable=False, help_text="Makes the ids of its entries in the ledger; goes with it."
    )
    appeal_of = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="appeals")

    class Meta:
        ordering = ("due", "pk")
        indexes = [
            models.Index(fields=("site", "status", "due", "id"), name="request_queue"),
            models.Index(fields=("site", "email"), name="request_by_address"),
        ]

    def __str__(self) -> str:
        return self.number

    def days_left(self, today: date) -> int:
        """Until the last day to answer; negative = too late."""
        return (self.due - today).days


class RequestEvent(models.Model):
    """One line of a request's log: what happened, what was written to the person, what was noted among colleagues."""

    class Kind(models.TextChoices):
        STATUS = "status", gettext_lazy("Status")
        MAIL = "mail", gettext_lazy("Mail to the person")
        NOTE = "note", gettext_lazy("Internal note")

    class Step(models.TextChoices):
        """What webhooks are told."""

        RECEIVED = "received", "Received"
        EXTENDED = "extended", "More time taken"
        DUE_SOON = "due_soon", "Due within a week"
        LATE = "late", "Late"
        ANSWERED = "answered", "Answered"
        WITHDRAWN = "withdrawn", "Taken back"

    request = models.ForeignKey(SubjectRequest, models.CASCADE, related_name="events")
    kind = models.CharField(max_length=8, choices=Kind)
    actor = models.CharField(
        max_length=254, help_text="Who did it; empty = the person, or the house by itself.", blank=True
    )
    text = models.TextField()
    at = models.DateTimeField()
    step = models.CharField(
        max_length=10, choices=Step, blank=True, help_text="Empty = nothing that webhooks are told."
    )
    told_at = models.DateTimeField(null=True, blank=True, help_text="When the site's webhook knew it.")

    class Meta:
        ordering = ("pk",)
        indexes = [
            models.Index(
                fields=("request", "id"),
                name="request_step_untold",
                condition=~models.Q(step="") & models.Q(told_at=None),
            )
        ]


class RequestFile(models.Model):
    """A file that came with a request, or that is handed out with its answer. Handed out only with the code, whose
    SHA-256 alone is stored, until `expires_at` or too many wrong codes."""

    WRONG_CODES = 5

    request = models.ForeignKey(SubjectRequest, models.CASCADE, related_name="files")
    for_person = models.BooleanField(help_text="Handed out to the person; else it came from them.")
    name = models.CharField(max_length=150, validators=[validate_one_line])
    media_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField(help_text="bytes")
    content = models.BinaryField()
    code_sha256 = models.CharField(max_length=64, blank=True)
    wrong_codes = models.PositiveSmallIntegerField(default=0)
    expires_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("pk",)


class PreparedAnswer(models.Model):
    """Words that a site answers with again and again, in one language. Whoever answers may change them before they go
    out. A deleted one can be brought back for some days."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="prepared_answers")
    name = models.CharField(max_length=80, validators=[validate_one_line])
    kind = models.CharField(
        max_length=16, blank=True, choices=[(kind.value, kind.value) for kind in Kind], help_text="Empty = any kind."
    )
    language = models.CharField(max_length=20)
    text = models.TextField(max_length=LONGEST_DETAILS)
    deleted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("language", "kind", "name", "pk")

    def __str__(self) -> str:
        return self.name


class SuppressedAddress(models.Model):
    """An address that was erased and must not be mailed, or sold, again: a keyed hash of it and nothing else."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="suppressed")
    address_hash = models.CharField(max_length=64)
    since = models.DateTimeField(help_text="What was asked before may still be answered.")
    until = models.DateField(help_text="After it the hash goes as well.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=("site", "address_hash"), name="suppressed_once_per_site")]


class RequestForm(models.Model):
    """How a site takes requests; without a row, or switched off, it has no form."""

    site = models.OneToOneField(Site, models.CASCADE, primary_key=True, related_name="request_form")
    enabled = models.BooleanField(default=False)
    notify = models.EmailField(max_length=254, blank=True, help_text="Who is mailed of new requests and due days.")
    sells = models.BooleanField(
        default=True, help_text="Data are sold, shared or used for targeted advertising, so people can say no to it."
    )
    old_forms = models.JSONField(default=list, blank=True, help_text='Paths of OneTrust\'s forms: "<tenant>/<form>".')
    reviews = models.JSONField(default=dict, blank=True, help_text="Who has read our words, by language (reviews.py).")
