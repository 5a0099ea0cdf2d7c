"""Topics, their wordings, and what people's choices add up to. The choices themselves are entries of the ledger."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from consent.sites.models import Site
from consent.sites.names import validate_one_line


class Topic(models.Model):
    """A purpose that is no cookie category: what people can say yes or no to.

    `basis` is what holds of somebody who has said nothing. A topic is ended, never deleted: its entries stay.
    """

    class Kind(models.TextChoices):
        EMAIL = "email", _("E-mail marketing")
        SMS = "sms", _("Text messages")
        PHONE = "phone", _("Telephone calls")
        POST = "post", _("Letters")
        PUSH = "push", _("Push notifications")
        CONTACTS = "contacts", _("Access to contacts")
        LOCATION = "location", _("Access to the location")
        STORAGE = "storage", _("Access to storage")
        PROFILING = "profiling", _("Profiling")
        SHARING = "sharing", _("Sharing with others")
        CPNI = "cpni", _("Use of telephone records (CPNI)")
        PARENTAL = "parental", _("A parent's consent: collection and use")
        PARENTAL_SHARING = "parent_share", _("A parent's consent: disclosure to third parties")
        OTHER = "other", _("Another purpose")

    class Basis(models.TextChoices):
        OPT_IN = "opt_in", _("Only after a yes")
        OPT_OUT = "opt_out", _("Until a no")

    class Channel(models.TextChoices):
        NONE = "", _("None")
        EMAIL = "email", _("E-mail")
        SMS = "sms", _("Text message")
        PHONE = "phone", _("Telephone")
        POST = "post", _("Letter")
        APP = "app", _("App")

    site = models.ForeignKey(Site, models.CASCADE, related_name="topics")
    key = models.SlugField(max_length=40, help_text="What programs call it.")
    kind = models.CharField(max_length=12, choices=Kind)
    basis = models.CharField(max_length=7, choices=Basis, default=Basis.OPT_IN)
    channel = models.CharField(max_length=5, choices=Channel, blank=True, default=Channel.NONE)
    double_opt_in = models.BooleanField(default=False, help_text="A yes counts once the mailed link was confirmed.")
    order = models.PositiveSmallIntegerField(default=0)
    ended_at = models.DateTimeField(null=True, blank=True, help_text="Since when nobody is asked any more.")
    # What the states of the topic add up to, so that no page counts them.
    yes = models.BigIntegerField(default=0)
    no = models.BigIntegerField(default=0)

    class Meta:
        ordering = ("order", "pk")
        constraints = [models.UniqueConstraint(fields=("site", "key"), name="topic_key_once_per_site")]

    def __str__(self) -> str:
        return self.key


class TopicWording(models.Model):
    """What people were asked, in one version: `texts` is {language: {"name", "text"}}. An entry of the ledger holds the
    same, so that a choice proves which words it answered."""

    topic = models.ForeignKey(Topic, models.CASCADE, related_name="wordings")
    version = models.PositiveSmallIntegerField()
    texts = models.JSONField()
    sha256 = models.CharField(max_length=64)
    asks_again = models.BooleanField(
        default=False, help_text="It asks for something else: a yes to the versions before it counts no more."
    )
    entry = models.BigIntegerField(help_text="Its place in the site's log")
    by = models.CharField(max_length=254)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ("version",)
        constraints = [models.UniqueConstraint(fields=("topic", "version"), name="wording_version_once_per_topic")]

    def __str__(self) -> str:
        return f"{self.topic}, version {self.version}"


class ChoiceState(models.Model):
    """What one person's choices about one topic add up to now. `subject` is a keyed hash of the operator's id for them.

    A row is what the log's entries make of it: the later act wins, of acts of the same moment the no.
    """

    class Value(models.TextChoices):
        YES = "yes", _("Yes")
        NO = "no", _("No")
        NONE = "", _("Nothing yet")

    pk = models.CompositePrimaryKey("site", "subject", "topic")
    site = models.ForeignKey(Site, models.CASCADE, related_name="+", db_index=False)
    subject = models.UUIDField()
    topic = models.ForeignKey(Topic, models.CASCADE, related_name="+", db_index=False)
    value = models.CharField(max_length=3, choices=Value, blank=True)
    acted_at = models.DateTimeField(null=True, help_text="When the person acted.")
    noticed_at = models.DateTimeField(null=True, help_text="When the notice of CPNI was last sent.")
    notice_by = models.CharField(max_length=5, choices=Topic.Channel, blank=True)
    wording = models.PositiveSmallIntegerField(default=0, help_text="0 = asked in another system's words")
    language = models.CharField(max_length=20, blank=True)
    method = models.CharField(max_length=16)
    source = models.CharField(max_length=100, blank=True)
    entry = models.BigIntegerField(help_text="Place in the site's log of the last entry that changed the row")

    class Meta:
        indexes = [
            # Lists, the latest change first; of one topic; of one topic and value.
            models.Index(fields=("site", "entry"), name="choice_by_entry"),
            models.Index(fields=("topic", "entry"), name="choice_of_topic"),
            models.Index(fields=("topic", "value", "entry"), name="choice_of_value"),
            # Whose notice is older than two years.
            models.Index(
                fields=("topic", "noticed_at"), name="choice_notices", condition=models.Q(noticed_at__isnull=False)
            ),
        ]


class PendingChoice(models.Model):
    """A yes that waits for the link that was mailed. The only row that holds an address, which goes with it."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="+")
    subject = models.UUIDField()
    topic = models.ForeignKey(Topic, models.CASCADE, related_name="+")
    address = models.EmailField(max_length=254)
    language = models.CharField(max_length=20)
    wording = models.PositiveSmallIntegerField()
    source = models.CharField(max_length=100, blank=True)
    evidence = models.CharField(max_length=300, blank=True)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    mailed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("site", "subject", "topic"), name="pending_once_per_topic")]


class SubjectKey(models.Model):
    """A key by which a site's back end says who is signed in (`subject_tokens`). What is stored is its name; the key
    itself follows from it and SECRET_KEY."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="subject_keys")
    name = models.CharField(max_length=16, unique=True, help_text="`kid` of its tokens.")
    by = models.CharField(max_length=254)
    at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("pk",)

    def __str__(self) -> str:
        return self.name


class ChoiceImport(models.Model):
    """A file of choices that is read in by a background job. `source` says where its evidence lies."""

    class Format(models.TextChoices):
        CSV = "csv", "CSV"
        JSONL = "jsonl", "JSON Lines"

    site = models.ForeignKey(Site, models.CASCADE, related_name="choice_imports")
    name = models.CharField(max_length=150, validators=[validate_one_line])
    format = models.CharField(max_length=5, choices=Format)
    source = models.CharField(max_length=100, validators=[validate_one_line], help_text="Where the choices were given.")
    evidence = models.CharField(max_length=300, blank=True, validators=[validate_one_line])
    size = models.BigIntegerField(help_text="bytes")
    by = models.CharField(max_length=254)
    at = models.DateTimeField(default=timezone.now)
    job = models.BigIntegerField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    # How its rows ended; together they are all of its rows.
    rows = models.BigIntegerField(default=0)
    stored = models.BigIntegerField(default=0)
    replayed = models.BigIntegerField(default=0, help_text="Known already, word for word")
    older = models.BigIntegerField(default=0, help_text="Stored, and the person has acted later")
    refused = models.BigIntegerField(default=0)

    class Meta:
        ordering = ("-pk",)

    def __str__(self) -> str:
        return self.name
