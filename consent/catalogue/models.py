from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy

from consent.catalogue import necessary
from consent.sites.models import Site
from consent.sites.names import validate_one_line

category_key = RegexValidator(r"^[A-Za-z0-9_]{1,40}$", gettext_lazy("Use letters, digits and underscores."))
slug_key = RegexValidator(r"^[a-z0-9][a-z0-9_-]{0,79}$", gettext_lazy("Use lower-case letters, digits, - and _."))


class Category(models.Model):
    """What a visitor switches. `key` is opaque (C0001, SPD_BG, 2 …); names are per language."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="categories")
    key = models.CharField(max_length=40, validators=[category_key])
    position = models.PositiveSmallIntegerField(default=0)
    necessary = models.BooleanField(default=False, help_text="Always active; never asked.")
    texts = models.JSONField(default=dict, blank=True, help_text="{language: {name, description}}; empty = ours")
    consent_mode = models.JSONField(default=list, blank=True, help_text="Google consent signals it governs.")
    used_by_page = models.BooleanField(
        default=False, help_text="Offered with nothing filed in it: pages or a tag manager ask for it by its id."
    )

    class Meta:
        ordering = ("position", "key")
        constraints = [models.UniqueConstraint(fields=("site", "key"), name="category_key_once_per_site")]

    def __str__(self) -> str:
        return self.key


class Purpose(models.Model):
    """Why data is processed (GDPR sense). Belongs to a category, or stands alone (email marketing)."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="purposes")
    key = models.CharField(max_length=80, validators=[slug_key])
    category = models.ForeignKey(Category, models.SET_NULL, null=True, blank=True, related_name="purposes")
    legal_basis = models.CharField(max_length=40, default="consent")
    texts = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ("key",)
        constraints = [models.UniqueConstraint(fields=("site", "key"), name="purpose_key_once_per_site")]


class Service(models.Model):
    """A vendor or tracker on a site, with the facts the law asks about."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="services")
    key = models.CharField(max_length=80, validators=[slug_key])
    name = models.CharField(max_length=200, validators=[validate_one_line])
    company = models.CharField(max_length=200, blank=True, validators=[validate_one_line])
    policy_url = models.URLField(max_length=500, blank=True)
    category = models.ForeignKey(Category, models.PROTECT, related_name="services")
    description = models.TextField(blank=True)
    necessary_reason = models.CharField(
        max_length=necessary.LONGEST, blank=True, help_text="Why it may run unasked; only in an always active category."
    )
    container = models.BooleanField(default=False, help_text="Loads others (Google Tag Manager).")
    sells_or_shares = models.BooleanField(default=False)
    targeted_ads = models.BooleanField(default=False)
    sensitive = models.BooleanField(default=False)
    statistics = models.BooleanField(default=False, help_text="Audience measurement, for exemptions.")
    exempt_in = models.JSONField(default=list, blank=True, help_text="Jurisdictions whose exemption could apply.")
    exemption_confirmed = models.JSONField(
        default=list, blank=True, help_text="Jurisdictions where the owner confirmed the exemption's conditions."
    )
    inline = models.JSONField(default=list, blank=True, help_text="Signatures (plain substrings) of inline code.")
    adapter = models.CharField(max_length=40, blank=True, help_text="Vendor consent interface: google, uet …")
    earlier_category = models.CharField(
        max_length=40, blank=True, help_text="Where the banner had it that the site moved from; empty = it had not."
    )

    class Meta:
        ordering = ("name",)
        constraints = [models.UniqueConstraint(fields=("site", "key"), name="service_key_once_per_site")]

    def __str__(self) -> str:
        return self.name


class Cookie(models.Model):
    """A cookie or storage key of a service. `name` may hold `*`."""

    class Kind(models.TextChoices):
        COOKIE = "cookie", gettext_lazy("Cookie")
        LOCAL = "local", "localStorage"
        SESSION = "session", "sessionStorage"
        INDEXED_DB = "indexeddb", "IndexedDB"

    service = models.ForeignKey(Service, models.CASCADE, related_name="cookies")
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.COOKIE)
    lifetime = models.CharField(max_length=60, blank=True, help_text="In words a visitor reads: 13 months, session.")
    lifetime_days = models.PositiveIntegerField(null=True, blank=True, help_text="0 = session, empty = unknown")
    purpose = models.CharField(max_length=500, blank=True)
    texts = models.JSONField(default=dict, blank=True, help_text="{language: purpose}; empty = `purpose` in each")

    class Meta:
        ordering = ("name",)
        constraints = [models.UniqueConstraint(fields=("service", "kind", "name"), name="cookie_once_per_service")]


class BlockRule(models.Model):
    """A request pattern of a service, in the language of `fairgate_enforce.patterns`."""

    service = models.ForeignKey(Service, models.CASCADE, related_name="rules")
    pattern = models.CharField(max_length=500)

    class Meta:
        ordering = ("pattern",)
        constraints = [models.UniqueConstraint(fields=("service", "pattern"), name="rule_once_per_service")]


class RuleOverride(models.Model):
    """A service held or let run in one regime against the regime's default, with the reason."""

    class Verdict(models.TextChoices):
        HOLD = "hold", gettext_lazy("Hold until granted")
        ALLOW = "allow", gettext_lazy("Let it run")

    service = models.ForeignKey(Service, models.CASCADE, related_name="overrides")
    regime = models.CharField(max_length=40)
    state = models.CharField(max_length=10, choices=Verdict)
    reason = models.CharField(max_length=500)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("service", "regime"), name="override_once_per_regime")]
