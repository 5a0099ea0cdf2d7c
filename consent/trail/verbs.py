"""What can be done to a site, each with the words that a person reads after a name: "Ada changed the hosts"."""

from __future__ import annotations

from django.db import models


class Verb(models.TextChoices):
    """The value is what is stored: it stays as it is for ever. The label may be said better."""

    CATEGORY_ADD = "category.add", "added a category"
    CATEGORY_DELETE = "category.delete", "deleted a category"
    CATEGORY_UPDATE = "category.update", "changed a category"
    EDIT_BANNER = "edit_banner", "changed the banner"
    EDIT_TEXTS = "edit_texts", "changed banner texts"
    ERASURE_ERASE = "erasure.erase", "erased records"
    ERASURE_REFUSE = "erasure.refuse", "refused an erasure"
    EXPORT = "export", "made an export"
    EXPORT_CANCEL = "export.cancel", "stopped an export"
    EXPORT_DOWNLOAD = "export.download", "downloaded an export"
    EXPORT_REQUEST = "export.request", "asked for an export"
    INVITATION_ACCEPT = "invitation.accept", "accepted an invitation"
    INVITATION_CREATE = "invitation.create", "invited somebody"
    INVITATION_RESEND = "invitation.resend", "sent an invitation again"
    INVITATION_WITHDRAW = "invitation.withdraw", "withdrew an invitation"
    JURISDICTION_OVERRIDDEN = "jurisdiction.overridden", "corrected a place"
    JURISDICTION_OVERRIDE_REMOVED = "jurisdiction.override_removed", "took the correction of a place back"
    LEDGER_REPAIR_CLOCK = "ledger.repair_clock", "put the ledger's clock right"
    LEDGER_RESTART = "ledger.restart", "let a ledger go on that was behind its checkpoint"
    LEDGER_ROTATE_KEY = "ledger.rotate_key", "replaced the signing key"
    LINT_REVOKE = "lint.revoke", "took a sign-off back"
    LINT_WAIVE = "lint.waive", "signed off a rule"
    MEMBER_REMOVE = "member.remove", "removed a member"
    MEMBER_ROLE = "member.role", "gave a role"
    PAGE_ADOPT = "page.adopt", "took a page over from OneTrust"
    PERSON_RESET_PASSWORD = "person.reset_password", "made a link for a new password"
    PURPOSE_ADD = "purpose.add", "added a purpose"
    PURPOSE_DELETE = "purpose.delete", "deleted a purpose"
    PURPOSE_UPDATE = "purpose.update", "changed a purpose"
    RELEASE_PUBLISH = "release.publish", "published a release"
    RELEASE_ROLLBACK = "release.rollback", "rolled back"
    REPORT_DISMISS = "report.dismiss", "dismissed a report"
    SERVICE_ADD = "service.add", "added a service"
    SERVICE_DELETE = "service.delete", "deleted a service"
    SERVICE_OVERRIDE = "service.override", "set an override"
    SERVICE_UPDATE = "service.update", "changed a service"
    SITE_CREATE = "site.create", "made the site"
    SITE_HOSTS = "site.hosts", "changed the hosts"
    SITE_KILL = "site.kill", "switched the gate off"
    SITE_REVIVE = "site.revive", "switched the gate on again"
    SITE_SETTINGS = "site.settings", "changed settings"
    TOKEN_CREATE = "token.create", "made an API token"
    TOKEN_REVOKE = "token.revoke", "revoked an API token"
    WEBHOOK_DROPPED = "webhook.dropped", "gave up opt-outs for the webhook"
    WEBHOOK_PAUSED = "webhook.paused", "paused the webhook after failures"
    WEBHOOK_RESUMED = "webhook.resumed", "found the webhook working again"
    WEBHOOK_SECRET_CHANGED = "webhook.secret_changed", "made a new secret for the webhook"
    WEBHOOK_SECRET_SHOWN = "webhook.secret_shown", "was shown the webhook's secret"


def words_of(verb: str) -> str:
    """The words of a stored verb; one of another version reads as it was written, without its signs."""
    return Verb(verb).label if verb in Verb.values else verb.replace("_", " ").replace(".", ": ")
