from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy

from consent.sites.names import validate_one_line


class Site(models.Model):
    """One property that shows the banner. `uuid` is public: it equals OneTrust's `data-domain-script`."""

    class Level(models.TextChoices):
        DROP_IN = "drop_in", gettext_lazy("Drop-in")
        SNIPPET = "snippet", gettext_lazy("Snippet")
        STRICT = "strict", gettext_lazy("Strict snippet")
        SERVER = "server", gettext_lazy("Server")

    class UnknownThirdParties(models.TextChoices):
        ALLOW = "allow", gettext_lazy("Allow")
        HOLD = "hold", gettext_lazy("Hold until any optional category is granted")

    class Tiles(models.TextChoices):
        OFF = "off", gettext_lazy("Off")
        TOKEN = "token", gettext_lazy("With an auditor's token")
        PUBLIC = "public", gettext_lazy("Public")

    uuid = models.UUIDField(unique=True, default=uuid.uuid4)
    name = models.CharField(max_length=200, validators=[validate_one_line])
    group = models.CharField(max_length=100, blank=True, validators=[validate_one_line], help_text="Of sites.")
    level = models.CharField(max_length=10, choices=Level, default=Level.SNIPPET)
    unknown_third_parties = models.CharField(
        max_length=10, choices=UnknownThirdParties, default=UnknownThirdParties.ALLOW
    )
    reload_after_accept = models.BooleanField(default=False)
    record_path = models.BooleanField(default=False, help_text="Keep the page's path in records; never its query.")
    child_directed = models.BooleanField(default=False)
    ads_advanced_consent_mode = models.JSONField(default=list, blank=True, help_text="Regimes in advanced mode.")
    moved_from = models.JSONField(default=dict, blank=True, help_text="Whose answers are taken over: moved_from.py.")
    tiles = models.CharField(max_length=10, choices=Tiles, default=Tiles.TOKEN)
    languages = models.JSONField(default=list, help_text="BCP 47 codes, the first one is the default.")
    controller = models.CharField(max_length=200, blank=True, validators=[validate_one_line])
    controller_contact = models.CharField(max_length=300, blank=True, validators=[validate_one_line])
    policy_url = models.URLField(max_length=500, blank=True)
    imprint_url = models.URLField(max_length=500, blank=True)
    webhook_url = models.URLField(max_length=500, blank=True, help_text="Told about opt-outs.")
    first_party_endpoint = models.BooleanField(default=False, help_text="/.well-known/fairgate/ answers on the site.")
    membership = models.BooleanField(default=False, help_text="Pay or consent: pages may say that one is a member.")
    publish_needs_approval = models.BooleanField(default=False, help_text="Of another member than the one who asks.")
    killed_at = models.DateTimeField(null=True, blank=True)
    kill_reason = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Host(models.Model):
    """A host name that shows the site's banner; its subdomains count too."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="hosts")
    name = models.CharField(max_length=253)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("site", "name"), name="host_once_per_site")]
        # "Does any site have this host?"
        indexes = [models.Index(fields=("name",), name="host_by_name")]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """What a person may do on a site; the matrix is in `consent.sites.roles`."""

    class Role(models.TextChoices):
        OWNER = "owner", gettext_lazy("Owner")
        EDITOR = "editor", gettext_lazy("Editor")
        AUDITOR = "auditor", gettext_lazy("Auditor")
        VIEWER = "viewer", gettext_lazy("Viewer")
        CLERK = "clerk", gettext_lazy("Clerk")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    site = models.ForeignKey(Site, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("user", "site"), name="one_role_per_user_and_site")]


class AccountLanguage(models.Model):
    """The language in which a person wants the dashboard and mails; without a row it is the browser's."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="account_language"
    )
    language = models.CharField(max_length=10, help_text="A code of settings.LANGUAGES.")


class Invitation(models.Model):
    """A role on a site, offered to an address and taken up only with the token that was mailed to it.

    No account is made, or told of, before that. Only SHA-256 of the token is stored; each mail has a new one.
    """

    LIFE = timedelta(days=7)  # of a link, and of an invitation that waits for its mail

    site = models.ForeignKey(Site, models.CASCADE, related_name="invitations")
    email = models.EmailField(max_length=254, help_text="lower case")
    role = models.CharField(max_length=10, choices=Membership.Role)
    # Whoever goes takes their open invitations along; None = a command on the server.
    inviter = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+")
    token_sha256 = models.CharField(max_length=64, blank=True, help_text='"" = no link is out')
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("email", "-id")
        indexes = [models.Index(fields=("token_sha256",), name="invitation_by_token")]
        constraints = [
            models.UniqueConstraint(
                fields=("site", "email"),
                condition=models.Q(accepted_at=None, withdrawn_at=None),
                name="one_open_invitation_per_address",
            )
        ]

    @property
    def lapsed(self) -> bool:
        """Whether its link is too old."""
        return self.expires_at <= timezone.now()

    @property
    def waiting(self) -> bool:
        """Whether the mail that it is to have is not out."""
        return self.sent_at is None or self.sent_at < self.expires_at - self.LIFE


class ApiToken(models.Model):
    """A bearer token `fg_<prefix>_<secret>`; only SHA-256 of the secret is stored."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=100, validators=[validate_one_line])
    prefix = models.CharField(max_length=12, unique=True)
    secret_sha256 = models.CharField(max_length=64)
    scopes = models.JSONField(default=list, help_text="out of consent.sites.actions.SCOPES")
    # It may at most what this person may by now; None = a command on the server made it.
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)


class IdempotencyKey(models.Model):
    """A POST that a program named, with what was answered to it: sent again it is answered, not done again."""

    token = models.ForeignKey(ApiToken, models.CASCADE, related_name="idempotency_keys")
    key = models.CharField(max_length=255)
    request_sha256 = models.CharField(max_length=64, help_text="of method, path and body")
    status = models.PositiveSmallIntegerField(null=True, help_text="empty = still being done")
    body = models.TextField(blank=True, help_text="without secrets")
    headers = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("token", "key"), name="idempotency_key_once_per_token")]
        indexes = [models.Index(fields=("created_at",), name="idempotency_key_by_age")]


class Webhook(models.Model):
    """How deliveries to a site's webhook are signed, and how they fare. The address is the site's `webhook_url`.

    `failures` in a row; from the fifth on the webhook is paused (`paused_at`): one delivery is tried at `next_try`, the
    rest waits.
    """

    site = models.OneToOneField(Site, models.CASCADE, primary_key=True, related_name="webhook")
    secret = models.CharField(max_length=80, help_text="Standard Webhooks secret, whsec_…")
    revealed_at = models.DateTimeField(null=True, help_text="When somebody was shown the secret; it is shown once.")
    older_secret = models.CharField(max_length=80, blank=True, help_text="Signs too until older_until.")
    older_until = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    paused_at = models.DateTimeField(null=True)
    next_try = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=300, blank=True)
    delivered_at = models.DateTimeField(null=True)
    dropped = models.BigIntegerField(default=0, help_text="Opt-outs that were given up.")
    dropped_at = models.DateTimeField(null=True)
    events = models.JSONField(default=list, blank=True, help_text="Told besides opt-outs: out of EVENTS")
    batch = models.PositiveSmallIntegerField(default=100, help_text="Events of one delivery at most; 1 = singly")
    # What is told next. The log and the trail are the queue, so that nothing is lost while the receiver is away.
    next_answer = models.BigIntegerField(null=True, help_text="Place in the site's log")
    next_change = models.BigIntegerField(null=True, help_text="Number in the site's trail")
    next_choice = models.BigIntegerField(null=True, help_text="Place in the site's log")

    def __str__(self) -> str:
        return f"Webhook of {self.site}"


class WebhookDelivery(models.Model):
    """What was sent to a webhook, and what came of it. It names places in the log, the trail or the logs of requests,
    and nothing of anybody: sent again, it is read anew."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="webhook_deliveries")
    kind = models.CharField(max_length=10, help_text="optout, answers, changes, notices, requests")
    message = models.CharField(max_length=60, help_text="webhook-id")
    places = models.JSONField(default=list)
    status = models.PositiveSmallIntegerField(null=True, help_text="of the answer; empty = none came")
    error = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(default=timezone.now)
    again = models.BooleanField(default=False, help_text="Somebody asked for it to be sent again.")

    class Meta:
        ordering = ("-id",)
        indexes = [models.Index(fields=("site", "-id"), name="delivery_by_site")]

    @property
    def words(self) -> str:
        """What it told: 3 answers, 1 opt-out."""
        names = {"optout": "opt-out", "answers": "answer", "notices": "notice", "choices": "choice"}
        name = {**names, "requests": "step of a request"}.get(self.kind, "change")
        if len(self.places) != 1:
            name = name.replace("step", "steps") if self.kind == "requests" else f"{name}s"
        return f"{len(self.places)} {name}"


class SiteSighting(models.Model):
    """Where the gate was last seen running: answers "is it installed?"."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="sightings")
    host = models.CharField(max_length=253)
    level = models.CharField(max_length=10)
    release = models.PositiveIntegerField(null=True)
    detail = models.JSONField(default=dict)
    first_seen = models.DateTimeField(auto_now_add=True)
    last_seen = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=("site", "host"), name="one_sighting_per_host")]


class Session(AbstractBaseSession):
    """A browser's session, with whose it is: what Django keeps of one must be decoded to know that."""

    # No foreign key: a session outlives its account, and says nothing then.
    user = models.BigIntegerField(null=True, db_index=True)

    @classmethod
    def get_session_store_class(cls) -> Any:
        from consent.sites.sessions import SessionStore

        return SessionStore
