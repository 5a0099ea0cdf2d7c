"""Every model of the house, re-exported for Django and for `from consent.models import …`."""

from consent.banners.models import Banner, TextReview
from consent.catalogue.models import BlockRule, Category, Cookie, Purpose, RuleOverride, Service
from consent.jobs.models import Job
from consent.jurisdictions.models import JurisdictionOverride, LawSubscription
from consent.ledger.models import (
    Anchor,
    Checkpoint,
    ConsentRecord,
    IssuedCheckpoint,
    LastSignature,
    LogEntry,
    LogHead,
    LogTile,
)
from consent.publishing.models import Artifact, LintWaiver, PublishRequest, Release
from consent.scanner.models import Scan, ScanNotice, ScanPlan
from consent.sites.models import (
    ApiToken,
    Host,
    IdempotencyKey,
    Invitation,
    Membership,
    Site,
    SiteSighting,
    Webhook,
    WebhookDelivery,
)
from consent.stats.models import AnsweredTotal, DailyTotal, GateReport, ImpressionTotal, ShownTotal
from consent.trail.models import AuditEvent, TrailHead

__all__ = [
    "Anchor",
    "AnsweredTotal",
    "ApiToken",
    "Artifact",
    "AuditEvent",
    "Banner",
    "BlockRule",
    "Category",
    "Checkpoint",
    "ConsentRecord",
    "Cookie",
    "DailyTotal",
    "GateReport",
    "Host",
    "IdempotencyKey",
    "ImpressionTotal",
    "Invitation",
    "IssuedCheckpoint",
    "Job",
    "JurisdictionOverride",
    "LastSignature",
    "LawSubscription",
    "LintWaiver",
    "LogEntry",
    "LogHead",
    "LogTile",
    "Membership",
    "PublishRequest",
    "Purpose",
    "Release",
    "RuleOverride",
    "Scan",
    "ScanNotice",
    "ScanPlan",
    "Service",
    "ShownTotal",
    "Site",
    "SiteSighting",
    "TextReview",
    "TrailHead",
    "Webhook",
    "WebhookDelivery",
]
